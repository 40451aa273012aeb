//! The forms of an identifier that the documents of a member list, such as "the name or ARN of the function".

use std::collections::BTreeSet;

use crate::probe::relations::IdentityForm;

/// Words that stand between the forms and say nothing of them.
const FILLERS: [&str; 14] = [
    "the", "a", "an", "its", "full", "complete", "friendly", "short", "string", "specific", "either", "amazon",
    "resource", "service",
];

/// The forms that a text says are alternatives: two with "or" or a comma between them, and an ARN that may "also" be given.
pub(super) fn documented_forms(text: &str, noun: &str) -> BTreeSet<IdentityForm> {
    let words = words(text, noun);
    let mut found = BTreeSet::new();
    for (at, window) in words.windows(3).enumerate() {
        let [first, between, last] = window else { continue };
        let is_negated = at > 0 && words.get(at - 1).is_some_and(|word| word == "not");
        match (form(first), between.as_str(), form(last)) {
            (Some(first), "or" | ",", Some(last)) if !is_negated => found.extend([first, last]),
            (None, "provide" | "specify" | "use", Some(IdentityForm::Arn)) if first == "also" => {
                found.insert(IdentityForm::Arn);
            }
            _ => {}
        }
    }
    found
}

fn form(word: &str) -> Option<IdentityForm> {
    match word {
        "arn" => Some(IdentityForm::Arn),
        "name" => Some(IdentityForm::Name),
        "id" | "identifier" => Some(IdentityForm::Id),
        _ => None,
    }
}

/// The words of a text and its commas, without tags, fillers and the noun of the resource, and with one word for an ARN.
fn words(text: &str, noun: &str) -> Vec<String> {
    let lower = without_tags(text).to_lowercase();
    let lower = lower.replace("(arn)", " ").replace("amazon resource name", "arn").replace(", or ", " or ");
    let noun = noun.to_lowercase();
    let spaced = lower.replace(',', " , ").replace(['.', ';', ':', '(', ')'], " . ");
    let words = spaced.split_whitespace().filter(|word| !FILLERS.contains(word) && !is_of_noun(word, &noun));
    words.map(str::to_owned).collect()
}

/// Returns whether a word is the noun of a resource, or the end of it.
fn is_of_noun(word: &str, noun: &str) -> bool {
    word.len() > 2 && noun.ends_with(word) && form(word).is_none()
}

fn without_tags(text: &str) -> String {
    let mut is_tag = false;
    let outside = text.chars().filter_map(|c| match c {
        '<' => {
            is_tag = true;
            Some(' ')
        }
        '>' => {
            is_tag = false;
            Some(' ')
        }
        _ => (!is_tag).then_some(c),
    });
    outside.collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::name_or_arn("<p>The name or <b>Amazon Resource Name (ARN)</b> of the thing.</p>", &[IdentityForm::Name, IdentityForm::Arn])]
    #[case::arn_or_name("The ARN or the friendly name of the thing.", &[IdentityForm::Name, IdentityForm::Arn])]
    #[case::with_the_noun("To specify a thing, use its thing ID or thing ARN.", &[IdentityForm::Id, IdentityForm::Arn])]
    #[case::a_list("Use its thing ID, thing ARN, alias name, or alias ARN.", &[IdentityForm::Id, IdentityForm::Arn])]
    #[case::also("The name of the thing. You can also provide the Amazon Resource Name (ARN).", &[IdentityForm::Arn])]
    #[case::not_an_arn("The name (friendly name, not ARN) of the thing.", &[])]
    #[case::neither("Provide not the name or ARN, but the path.", &[])]
    #[case::of_something_else("The name of the thing whose ARN is returned.", &[])]
    #[case::in_two_sentences("The name. ARN formats differ.", &[])]
    #[case::nothing("", &[])]
    fn forms_with_or_between_them_are_alternatives(#[case] text: &str, #[case] expected: &[IdentityForm]) {
        assert_eq!(documented_forms(text, "Thing"), expected.iter().copied().collect());
    }
}
