//! What the documents of a member state and its traits do not: the least number of items of a page, and that a value is
//! valid only together with others.

/// Words after which documents state the least number.
const BEFORE: [&str; 5] = ["min:", "minimum", "between", "valid range is", "valid values are"];

/// Words of documents that say that the number is not used.
const IGNORED: [&str; 3] = ["automatically set to", "reserved for future use", "not currently supported"];

/// Words of documents that say that a member is valid under a condition, or that nobody should use it.
const CONDITIONS: [&str; 21] = [
    "applicable only",
    "applies only",
    "can't specify",
    "cannot specify",
    "deprecated",
    "must be omitted",
    "no longer supported",
    "only applicable",
    "only applies",
    "only available",
    "only for",
    "only if",
    "only returned",
    "only supported",
    "only valid",
    "only used",
    "only when",
    "reserved for future use",
    "used only",
    "valid only",
    "you must also",
];

/// Returns whether the documents of a member say that its value is valid only together with others, or is not used.
pub(super) fn has_condition(documentation: &str) -> bool {
    let text = plain(documentation);
    CONDITIONS.iter().any(|words| text.contains(words))
}

/// Words of documents that say that a part of a member goes with others, which its structure does not require.
const DEPENDENCES: [&str; 17] = [
    "can't change",
    "can't modify",
    "cannot be used",
    "if you specify",
    "in conjunction with",
    "must be enabled",
    "must be specified",
    "must provide",
    "must specify",
    "mutually exclusive",
    "provide this when",
    "required for",
    "required if",
    "required when",
    "requires that",
    "together with",
    "with durability enabled",
];

/// Returns whether the documents say that a part of a member goes with others.
pub(super) fn has_dependence(documentation: &str) -> bool {
    let text = plain(documentation);
    DEPENDENCES.iter().any(|words| text.contains(words))
}

/// Words before the only texts that a member may be.
const CHOICES: [&str; 4] = ["allowed values", "possible values", "valid names", "valid values"];

/// Returns whether the documents of a member list the texts that it may be.
pub(super) fn has_choices(documentation: &str) -> bool {
    let text = plain(documentation);
    CHOICES.iter().any(|words| text.contains(words))
}

/// Words of documents that say that a structure has one of its members.
const ALTERNATIVES: [&str; 5] = ["exactly one", "either", "mutually exclusive", "one of the following", "only one of"];

/// Returns whether the documents of a structure say that it has one of its members.
pub(super) fn has_alternatives(documentation: &str) -> bool {
    let text = plain(documentation);
    ALTERNATIVES.iter().any(|words| text.contains(words))
}

/// Returns whether a number may be one, by the documents of the member, such as one that limits pages.
pub(super) fn allows_one(documentation: &str) -> bool {
    let text = plain(documentation);
    let least = BEFORE.iter().find_map(|words| number_after(&text, words));
    least.is_none_or(|least| least <= 1) && !IGNORED.iter().any(|words| text.contains(words))
}

/// The text without tags, in lower case.
fn plain(documentation: &str) -> String {
    let mut is_tag = false;
    let kept = documentation.chars().filter(|c| {
        let is_text = !is_tag && *c != '<';
        is_tag = *c == '<' || (is_tag && *c != '>');
        is_text
    });
    kept.collect::<String>().to_ascii_lowercase()
}

/// The number that follows words at once, or after a colon or one of the words of a sentence between them.
fn number_after(text: &str, words: &str) -> Option<u64> {
    let (_, rest) = text.split_once(words)?;
    let rest = rest.trim_start_matches([':', ' ', '=']);
    let rest = ["value of ", "value: ", "value is ", "of ", "is ", "value "]
        .iter()
        .find_map(|between| rest.strip_prefix(between))
        .unwrap_or(rest);
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("<p>The most records.</p> <p>Constraints: Minimum 20, maximum 100</p>", false)]
    #[case("Constraints: minimum 20; maximum 100.", false)]
    #[case("The value must be between 5 and 1000.", false)]
    #[case("<p>Minimum value of <code>5</code>.</p>", false)]
    #[case("The timeout in seconds. Min: 60 seconds. Max: 432000 seconds.", false)]
    #[case("This number is automatically set to 100.", false)]
    #[case("The value must be between 1 and 1000.", true)]
    #[case("The default value is 50 and the maximum value is 100.", true)]
    #[case("The minimum is the default.", true)]
    #[case("", true)]
    fn documents_may_state_the_least_number_of_items(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(allows_one(text), expected);
    }

    #[rstest]
    #[case::a_condition(has_condition, "<p>This parameter is <i>only</i> valid for global tables.</p>", true)]
    #[case::a_type(has_condition, "This parameter applies only if the type is <code>A</code>.", true)]
    #[case::deprecation(has_condition, "This field is deprecated.", true)]
    #[case::a_return(has_condition, "This element is only returned if it was configured.", true)]
    #[case::no_condition(has_condition, "A description of the table.", false)]
    #[case::exclusion(has_dependence, "<p>The count. It is <i>mutually</i> exclusive with the size.</p>", true)]
    #[case::another_member(has_dependence, "If you use this parameter, you must specify the other one.", true)]
    #[case::no_dependence(has_dependence, "The number of days for which backups are kept.", false)]
    #[case::choices(has_choices, "The name. Valid names are <code>cores</code> and <code>threads</code>.", true)]
    #[case::no_choices(has_choices, "The name of the tag.", false)]
    #[case::alternatives(has_alternatives, "A filter can have <b>exactly one</b> of a prefix and a tag.", true)]
    #[case::no_alternatives(has_alternatives, "A filter for objects.", false)]
    fn documents_may_say_that_a_member_depends_on_more(
        #[case] says_so: fn(&str) -> bool,
        #[case] text: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(says_so(text), expected);
    }
}
