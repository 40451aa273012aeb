//! Placeholders for sensitive strings: the string cannot be read from its placeholder, and checks still work on it.
//!
//! A placeholder has characters of the same kinds as its string (letters in their case, digits, everything else as it
//! is), and so the same length in characters and in bytes; nearly every pattern matches both or neither. The last few
//! letters and digits depend on the string and the key: equal strings have equal placeholders, different strings have
//! different ones. With the key, a guess can be verified.

use crate::wire::digest::Sha256;

/// The number of letters and digits at the end that depend on the string.
const TELLING: usize = 8;

/// The placeholder of `text`: the same one for the same key.
#[must_use]
pub fn placeholder(key: &str, text: &str) -> String {
    let digest = digest(key, text.as_bytes());
    let telling: Vec<bool> = {
        let mut left = TELLING;
        let mut marks: Vec<bool> = text
            .chars()
            .rev()
            .map(|c| {
                let tells = c.is_ascii_alphanumeric() && left > 0;
                left -= usize::from(tells);
                tells
            })
            .collect();
        marks.reverse();
        marks
    };
    let mut noise = digest.iter().copied();
    let character =
        |(c, tells): (char, bool)| if tells { telling_one(c, noise.next().unwrap_or_default()) } else { blank(c) };
    text.chars().zip(telling).map(character).collect()
}

/// A placeholder of as many bytes: the same one for the same key and bytes.
#[must_use]
pub fn placeholder_bytes(key: &str, bytes: &[u8]) -> Vec<u8> {
    digest(key, bytes).iter().copied().cycle().take(bytes.len()).collect()
}

fn digest(key: &str, bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(key).chain_update([0]).chain_update(bytes).finalize()
}

/// A character of the same kind that depends on nothing else.
fn blank(c: char) -> char {
    match c {
        'a'..='z' => 'x',
        'A'..='Z' => 'X',
        '0'..='9' => '0',
        c => match c.len_utf8() {
            1 => c,
            2 => 'é',
            3 => '文',
            _ => '𝄞',
        },
    }
}

/// A letter of the same case, or a digit, by a byte of noise.
fn telling_one(c: char, noise: u8) -> char {
    let (first, count) = match c {
        'a'..='z' => (b'a', 26),
        'A'..='Z' => (b'A', 26),
        _ => (b'0', 10),
    };
    char::from(first + noise % count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_sentence("User initiated it.", "Xxxx xxx")]
    #[case::a_password("hunter2-canary-77", "xxxxxx0-")]
    #[case::no_letter("-- !", "-- !")]
    #[case::nothing("", "")]
    fn only_the_end_tells_texts_apart(#[case] text: &str, #[case] begins: &str) {
        assert!(placeholder("7/a", text).starts_with(begins), "{}", placeholder("7/a", text));
    }

    #[test]
    fn equal_texts_have_equal_placeholders_and_different_texts_different_ones() {
        assert_eq!(placeholder("7/a", "before the end"), placeholder("7/a", "before the end"));
        assert_ne!(placeholder("7/a", "before the end"), placeholder("7/a", "before the fnd"));
        assert_ne!(placeholder("7/a", "before the end"), placeholder("8/a", "before the end"));
        assert_ne!(placeholder_bytes("7/a", b"one"), placeholder_bytes("7/a", b"two"));
    }

    proptest! {
        #[test]
        fn a_placeholder_has_the_length_and_the_kinds_of_characters_of_its_text(text in ".{0,60}") {
            let other = placeholder("1/c", &text);
            prop_assert_eq!((other.len(), other.chars().count()), (text.len(), text.chars().count()));
            for (a, b) in text.chars().zip(other.chars()) {
                prop_assert_eq!((a.is_ascii_lowercase(), a.is_ascii_uppercase(), a.is_ascii_digit(), a.len_utf8()),
                    (b.is_ascii_lowercase(), b.is_ascii_uppercase(), b.is_ascii_digit(), b.len_utf8()));
                prop_assert!(!a.is_ascii() || a.is_ascii_alphanumeric() || a == b);
            }
        }

        #[test]
        fn a_placeholder_does_not_contain_the_head_of_its_text(text in "[a-w]{9,40}") {
            let head = &text[..text.len() - TELLING];
            prop_assert!(placeholder("1/c", &text).starts_with(&"x".repeat(head.len())));
        }
    }
}
