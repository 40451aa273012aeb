//! Replaces one JSON token by another with the same number of bytes and of characters.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::suite::placeholder_text::{placeholder, placeholder_bytes};

/// The token of a string, with its quotes, rewritten to another string whose characters are of the same kinds. Escapes
/// stay escapes, so that the length in bytes stays.
pub(super) fn recoded(token: &str, other: &str) -> String {
    let mut out = String::with_capacity(token.len());
    let mut source = token.chars().peekable();
    let mut others = other.chars();
    while let Some(c) = source.next() {
        match c {
            '"' => out.push(c),
            '\\' => match source.next() {
                Some('u') => {
                    let units = others.next().map(|other| other.encode_utf16(&mut [0; 2]).to_vec()).unwrap_or_default();
                    for (index, unit) in units.iter().enumerate() {
                        // Writing to a String cannot fail.
                        let _ = write!(out, "\\u{unit:04x}");
                        // The first unit replaces what has been begun; a second one, a whole escape of its own.
                        let characters = if index == 0 { 4 } else { 6 };
                        source.by_ref().take(characters).for_each(drop);
                    }
                }
                Some(escaped) => {
                    out.extend(['\\', escaped]);
                    others.next();
                }
                None => out.push('\\'),
            },
            _ => out.extend(others.next()),
        }
    }
    out
}

/// The token of a base64 string, rewritten to other bytes; `None` where it is not base64.
pub(super) fn recoded_blob(token: &str, key: &str) -> Option<String> {
    let bytes = STANDARD.decode(token.trim_matches('"')).ok()?;
    Some(format!("\"{}\"", STANDARD.encode(placeholder_bytes(key, &bytes)))).filter(|other| other.len() == token.len())
}

/// A number of the same sign and length.
pub(super) fn recoded_number(token: &str, key: &str) -> String {
    let noise = placeholder(key, &"0".repeat(token.len()));
    let mut leads = true;
    let digits = token.chars().zip(noise.chars()).map(|(c, noise)| match c {
        '1'..='9' if leads => {
            leads = false;
            '1'
        }
        '0'..='9' if !leads => noise,
        '.' => {
            leads = false;
            c
        }
        c => c,
    });
    let whole = digits.collect::<String>();
    // Another exponent could leave the range of a number.
    match token.find(['e', 'E']) {
        Some(at) => format!("{}{}", &whole[..at], &token[at..]),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::Value;

    use super::*;

    #[rstest]
    #[case::plain(r#""secret one""#, "xxxxxx xyz", r#""xxxxxx xyz""#)]
    #[case::short_escapes(r#""a\n\"b\"""#, "x\n\"y\"", r#""x\n\"y\"""#)]
    #[case::code_point(r#""\u0041b""#, "Xy", r#""\u0058y""#)]
    #[case::pair(r#""\ud83d\ude00!""#, "𝄞!", r#""\ud834\udd1e!""#)]
    fn a_token_is_rewritten_in_its_own_way(#[case] token: &str, #[case] other: &str, #[case] expected: &str) {
        assert_eq!(recoded(token, other), expected);
    }

    proptest! {
        #[test]
        fn a_string_and_its_placeholder_have_tokens_of_one_length(text in ".{0,40}") {
            let token = Value::from(text.clone()).to_string();
            let other = placeholder("1/c", &text);
            let recoded = recoded(&token, &other);
            prop_assert_eq!(recoded.len(), token.len());
            prop_assert_eq!(serde_json::from_str::<String>(&recoded).unwrap(), other);
        }

        #[test]
        fn a_number_stays_a_number_of_its_length(number in proptest::num::f64::NORMAL) {
            let token = serde_json::to_string(&number).unwrap();
            let other = recoded_number(&token, "1/c");
            prop_assert_eq!(other.len(), token.len());
            prop_assert!(serde_json::from_str::<f64>(&other).is_ok(), "{}", other);
        }
    }

    #[test]
    fn a_blob_stays_a_blob() {
        let token = r#""d2lyZXByb29m""#;
        let other = recoded_blob(token, "1/c").unwrap();
        assert!(other != token && STANDARD.decode(other.trim_matches('"')).unwrap().len() == 9);
        assert_eq!(recoded_blob(r#""no base64!""#, "1/c"), None);
    }
}
