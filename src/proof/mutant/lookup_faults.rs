//! Faults in looking up a resource: an identifier that is nearly right finds it. These look-ups are common in code.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    Mutant, MutantFamily, MutantSubject,
    known_resources::{KnownResources, key_member},
    misread_input::{InputReading, misreading, on_text},
};
use crate::judge::code::Code;

const KIND: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::SIDE_EFFECT];

/// Returns whether a text that is not a name finds the resource of that name.
type Finds = fn(&str, &str) -> bool;

/// A name, the look-up in words, and its comparison of a text with the name of a resource.
const LOOKUPS: &[(&str, &str, Finds)] = &[
    ("case-insensitive", "is compared without regard to case", |text, name| text.eq_ignore_ascii_case(name)),
    ("first-letter-case", "is compared without regard to the case of its first letter", |text, name| {
        let tail =
            |text: &str| text.split_at_checked(1).map(|(first, rest)| (first.to_ascii_lowercase(), rest.to_owned()));
        tail(text).is_some_and(|read| Some(read) == tail(name))
    }),
    ("repeated-hyphens", "is compared without repeated hyphens", |text, name| {
        text.contains("--") && text.replace("--", "-") == name
    }),
    ("start", "is found by the start of its value", |text, name| text.len() > 2 && name.starts_with(text)),
    ("end", "is found by the end of its value", |text, name| text.len() > 2 && name.ends_with(text)),
    ("middle", "is found by a part of its value", |text, name| text.len() > 2 && name.contains(text)),
    ("longer", "is found by a text that starts with its value", |text, name| text.starts_with(name)),
    ("longer-start", "is found by a text that ends with its value", |text, name| text.ends_with(name)),
    ("longer-middle", "is found by a text that contains its value", |text, name| text.contains(name)),
    ("without-first-word", "is found without the word before its first hyphen", |text, name| {
        name.split_once('-').is_some_and(|(_, rest)| rest == text)
    }),
    ("hyphen-insensitive", "is compared without hyphens", |text, name| without(text, '-') == without(name, '-')),
    ("underscore-as-hyphen", "is compared with hyphens for underscores", |text, name| text.replace('_', "-") == name),
    ("trimmed-ascii", "is compared without ASCII white space around it", |text, name| text.trim_ascii() == name),
    ("trimmed-unicode", "is compared without any white space around it", |text, name| text.trim() == name),
    ("trimmed-end", "is compared without white space after it", |text, name| text.trim_end() == name),
    ("trimmed-start", "is compared without white space before it", |text, name| text.trim_start() == name),
    ("to-nul", "is read up to the first NUL", |text, name| text.split('\0').next() == Some(name)),
    ("to-line-end", "is read up to the end of its first line", |text, name| text.lines().next() == Some(name)),
    ("to-comma", "is read up to the first comma", |text, name| text.split(',').next() == Some(name)),
    ("to-semicolon", "is read up to the first semicolon", |text, name| text.split(';').next() == Some(name)),
    ("to-blank", "is read up to the first blank", |text, name| text.split(' ').next() == Some(name)),
    ("to-query", "is read as a path with a query string", |text, name| text.split(['?', '#']).next() == Some(name)),
    ("to-at-sign", "is read up to the first at sign", |text, name| text.split('@').next() == Some(name)),
    ("to-pipe", "is read up to the first vertical bar", |text, name| text.split('|').next() == Some(name)),
    ("to-dot", "is read up to the first dot", |text, name| text.split('.').next() == Some(name)),
    ("to-slash", "is read up to the first slash", |text, name| text.split('/').next() == Some(name)),
    ("to-colon", "is read up to the first colon", |text, name| text.split(':').next() == Some(name)),
    ("to-equals-sign", "is read up to the first equals sign", |text, name| text.split('=').next() == Some(name)),
    ("after-equals-sign", "is read after the last equals sign", |text, name| text.rsplit('=').next() == Some(name)),
    ("plus-decoded", "is read with blanks for plus signs, and trimmed", |text, name| {
        text.replace('+', " ").trim() == name
    }),
    ("unescaped", "is read without backslashes", |text, name| text.replace('\\', "") == name),
    ("without-accents", "is compared without accents", |text, name| {
        text.replace(|c: char| ('\u{300}'..'\u{370}').contains(&c), "") == name
    }),
    ("last-of-path", "is read as the last part of a path or an ARN", |text, name| {
        text.rsplit(['/', ':']).next() == Some(name)
    }),
    ("unquoted", "is compared without quotes around it", |text, name| text.trim_matches(['"', '\'']) == name),
    ("bracketed", "is compared without brackets around it", |text, name| text.trim_matches(['[', ']']) == name),
    ("percent-decoded", "is percent-decoded", |text, name| percent_decoded(text) == name),
    ("html-decoded", "is decoded as HTML", |text, name| html_decoded(text) == name),
    ("compatibility-form", "is compared in Unicode's compatibility form", |text, name| half_width(text) == name),
    ("sanitized", "is compared without the characters that are not valid", |text, name| {
        text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_', "") == name
    }),
    ("glob", "is read as a glob", |text, name| has_wildcards(text, ['*', '?'], name)),
    ("sql-like", "is read as a pattern of SQL's LIKE", |text, name| has_wildcards(text, ['%', '_'], name)),
    ("regular-expression", "is read as a regular expression", |text, name| {
        text.contains('.') && has_wildcards(&text.replace(".*", "*"), ['*', '.'], name)
    }),
];

/// A wrong name of a member and its value, as an endpoint reads them.
type Alias = fn(&str, &str, &Value) -> Option<Value>;

/// A name, the reading in words, and the value that a member of another name gives. `None` for a member that does not
/// count.
const ALIASES: &[(&str, &str, Alias)] = &[
    ("short-member", "the last word of its name", |key, name, value| (name == last_word(key)).then(|| value.clone())),
    ("first-word-member", "the first word of its name", |key, name, value| {
        (name == first_word(key)).then(|| value.clone())
    }),
    ("snake-case-member", "its name in snake case", |key, name, value| {
        (name == separated(key, '_')).then(|| value.clone())
    }),
    ("kebab-case-member", "its name in kebab case", |key, name, value| {
        (name == separated(key, '-')).then(|| value.clone())
    }),
    ("lower-case-member", "its name in lower case", |key, name, value| {
        (name == key.to_ascii_lowercase()).then(|| value.clone())
    }),
    ("upper-case-member", "its name in upper case", |key, name, value| {
        (name == key.to_ascii_uppercase()).then(|| value.clone())
    }),
    ("pascal-case-member", "its name in Pascal case", |key, name, value| {
        (name == capitalized(key)).then(|| value.clone())
    }),
    ("any-case-member", "its name in any case", |key, name, value| {
        (name != key && name.eq_ignore_ascii_case(key)).then(|| value.clone())
    }),
    ("trimmed-member", "its name with blanks around it", |key, name, value| {
        (name != key && name.trim() == key).then(|| value.clone())
    }),
    ("plural-member", "its name in the plural", |key, name, value| {
        let first = value.as_array().map_or(Some(value), |items| items.first());
        (name == format!("{key}s")).then(|| first.cloned()).flatten()
    }),
    ("nested-member", "a member of an object inside the input", |key, _, value| value.get(key).cloned()),
    ("any-member", "the first string of the input", |key, name, value| {
        (name != key && value.is_string()).then(|| value.clone())
    }),
];

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let Some(key) = key_member(subject.contract, subject.operation) else { return Vec::new() };
    let lookups = LOOKUPS.iter().map(|&(name, says, finds)| {
        let reading = on_text(&key, move |text, known| found(text, known, finds));
        mutant(subject, &key, name, format!("{key} {says}"), reading)
    });
    let aliases = ALIASES.iter().map(|&(name, says, alias)| {
        let member = key.clone();
        let reading: InputReading = Arc::new(move |given, _| aliased(given, &member, alias));
        mutant(subject, &key, name, format!("{key} is read from {says}"), reading)
    });
    lookups.chain(aliases).collect()
}

fn mutant(subject: &MutantSubject<'_>, key: &str, name: &str, says: String, reading: InputReading) -> Mutant {
    misreading(subject, MutantFamily::Lookup, key, &format!("{key}/{name}"), KIND, says, reading)
}

/// The name of the resource that a text finds, although no resource has it as a name.
fn found(text: &str, known: &KnownResources, finds: Finds) -> Option<String> {
    if known.find(text).is_some() {
        return None;
    }
    known.find_by(|name| finds(text, name)).map(|resource| resource.name.clone())
}

/// The input with the value of an alias, if its own member is absent.
fn aliased(given: &Map<String, Value>, key: &str, alias: Alias) -> Option<Map<String, Value>> {
    if given.contains_key(key) {
        return None;
    }
    let value = given.iter().find_map(|(name, value)| alias(key, name, value))?;
    let mut read = given.clone();
    read.insert(key.to_owned(), json!(value));
    Some(read)
}

fn without(text: &str, character: char) -> String {
    text.replace(character, "")
}

/// `deployment_id` for `deploymentId`.
fn separated(name: &str, separator: char) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push(separator);
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `DeploymentId` for `deploymentId`.
fn capitalized(name: &str) -> String {
    let (first, rest) = name.split_at_checked(1).unwrap_or_default();
    format!("{}{rest}", first.to_ascii_uppercase())
}

fn first_word(name: &str) -> String {
    separated(name, '-').split('-').next().unwrap_or_default().to_owned()
}

fn last_word(name: &str) -> String {
    separated(name, '-').rsplit('-').next().unwrap_or_default().to_owned()
}

fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (code, part.get(2..)) {
            (Some(code), Some(rest)) => out.extend([char::from(code)].into_iter().chain(rest.chars())),
            _ => out.extend(['%'].into_iter().chain(part.chars())),
        }
    }
    out
}

/// The text with the characters that decimal references of HTML stand for.
fn html_decoded(text: &str) -> String {
    let mut parts = text.split("&#");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let reference = part.split_once(';');
        let character = reference.and_then(|(code, _)| char::from_u32(code.parse().ok()?));
        match (character, reference) {
            (Some(character), Some((_, rest))) => out.extend([character].into_iter().chain(rest.chars())),
            _ => out.extend("&#".chars().chain(part.chars())),
        }
    }
    out
}

/// The text with ASCII for its full-width characters.
fn half_width(text: &str) -> String {
    let half = |c: char| match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(half).collect()
}

/// Returns whether a text with one of the two wildcards, for any characters and for one, matches a name.
fn has_wildcards(text: &str, [any, one]: [char; 2], name: &str) -> bool {
    fn matches(pattern: &[char], name: &[char], any: char, one: char) -> bool {
        match (pattern, name) {
            ([], name) => name.is_empty(),
            ([first, rest @ ..], name) if *first == any => {
                (0..=name.len()).any(|at| matches(rest, &name[at..], any, one))
            }
            ([first, rest @ ..], [next, names @ ..]) => {
                (first == next || *first == one) && matches(rest, names, any, one)
            }
            _ => false,
        }
    }
    let chars = |text: &str| text.chars().collect::<Vec<char>>();
    // A wildcard alone would find a resource of any case.
    text.len() > 4 && text.contains([any, one]) && matches(&chars(text), &chars(name), any, one)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    const ID: &str = "d-ABC12";

    #[rstest]
    #[case("case-insensitive", "D-abc12")]
    #[case("first-letter-case", "D-ABC12")]
    #[case("repeated-hyphens", "d--ABC12")]
    #[case("start", "d-ABC")]
    #[case("end", "BC12")]
    #[case("middle", "-AB")]
    #[case("longer", "d-ABC123")]
    #[case("longer-start", "xd-ABC12")]
    #[case("longer-middle", "xd-ABC12x")]
    #[case("without-first-word", "ABC12")]
    #[case("hyphen-insensitive", "dABC12")]
    #[case("underscore-as-hyphen", "d_ABC12")]
    #[case("trimmed-ascii", "\td-ABC12 ")]
    #[case("trimmed-unicode", "\u{a0}d-ABC12")]
    #[case("trimmed-end", "d-ABC12\n")]
    #[case("trimmed-start", " d-ABC12")]
    #[case("to-nul", "d-ABC12\0x")]
    #[case("to-line-end", "d-ABC12\r\n")]
    #[case("to-comma", "d-ABC12,x")]
    #[case("to-semicolon", "d-ABC12;x")]
    #[case("to-blank", "d-ABC12 x")]
    #[case("to-query", "d-ABC12?x")]
    #[case("to-at-sign", "d-ABC12@1")]
    #[case("to-pipe", "d-ABC12|x")]
    #[case("to-dot", "d-ABC12.0")]
    #[case("to-slash", "d-ABC12/x")]
    #[case("to-colon", "d-ABC12:x")]
    #[case("to-equals-sign", "d-ABC12=x")]
    #[case("after-equals-sign", "id=d-ABC12")]
    #[case("plus-decoded", "+d-ABC12+")]
    #[case("unescaped", "d\\-ABC12")]
    #[case("without-accents", "d-A\u{301}BC12")]
    #[case("last-of-path", "a:b/d-ABC12")]
    #[case("unquoted", "\"d-ABC12\"")]
    #[case("bracketed", "[d-ABC12]")]
    #[case("percent-decoded", "d%2DABC12")]
    #[case("html-decoded", "d&#45;ABC12")]
    #[case("compatibility-form", "d\u{ff0d}ABC12")]
    #[case("sanitized", "d-ABC\u{200b}12")]
    #[case("glob", "d-AB*")]
    #[case("sql-like", "d-AB%")]
    #[case("regular-expression", "d-AB.*")]
    fn a_look_up_finds_what_it_says_and_no_other_name(#[case] name: &str, #[case] text: &str) {
        let (_, _, finds) = LOOKUPS.iter().find(|(lookup, ..)| *lookup == name).unwrap();
        assert!(finds(text, ID));
        assert!(!finds(text, "d-XYZ99") && !finds("", ID));
    }

    #[test]
    fn every_look_up_and_alias_has_its_own_name() {
        let names = LOOKUPS.iter().map(|(name, ..)| name).chain(ALIASES.iter().map(|(name, ..)| name));
        assert_eq!(names.collect::<BTreeSet<_>>().len(), LOOKUPS.len() + ALIASES.len());
    }

    #[rstest]
    #[case("short-member", json!({"id": "x"}))]
    #[case("first-word-member", json!({"deployment": "x"}))]
    #[case("snake-case-member", json!({"deployment_id": "x"}))]
    #[case("kebab-case-member", json!({"deployment-id": "x"}))]
    #[case("lower-case-member", json!({"deploymentid": "x"}))]
    #[case("upper-case-member", json!({"DEPLOYMENTID": "x"}))]
    #[case("pascal-case-member", json!({"DeploymentId": "x"}))]
    #[case("any-case-member", json!({"DeploymentID": "x"}))]
    #[case("trimmed-member", json!({"deploymentId ": "x"}))]
    #[case("plural-member", json!({"deploymentIds": ["x"]}))]
    #[case("nested-member", json!({"input": {"deploymentId": "x"}}))]
    #[case("any-member", json!({"other": "x"}))]
    fn an_alias_counts_only_without_the_member_itself(#[case] name: &str, #[case] given: Value) {
        let (_, _, alias) = ALIASES.iter().find(|(alias, ..)| *alias == name).unwrap();
        let mut given = given.as_object().unwrap().clone();
        assert_eq!(aliased(&given, "deploymentId", *alias).unwrap()["deploymentId"], "x");
        given.insert("deploymentId".to_owned(), json!("y"));
        assert_eq!(aliased(&given, "deploymentId", *alias), None);
    }

    #[test]
    fn references_that_are_not_closed_decimal_ones_stay() {
        assert_eq!(html_decoded("&#65;&#x41;&#45&#;&#45;&"), "A&#x41;&#45&#;-&");
    }

    #[test]
    fn percent_signs_without_two_digits_stay() {
        assert_eq!(percent_decoded("100%,%4x%2d%"), "100%,%4x-%");
    }
}
