//! What stands for a sensitive text: nobody can read the text from it, and yet it can be judged.
//!
//! A pseudonym has the same characters as its text, kind by kind (letters in their case, digits, all else as it is),
//! and so the same length in characters and in bytes; nearly every pattern holds for both or for neither. The last few
//! letters and digits hang on the text and the key: equal texts have equal pseudonyms, others have others. Who knows
//! the key can try a guess; nobody can read.

use crate::wire::digest::Sha256;

/// So many letters and digits at the end tell texts apart.
const TELLING: usize = 8;

/// What stands for `text`, for one key always the same.
#[must_use]
pub fn pseudonym(key: &str, text: &str) -> String {
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
    let stand_in =
        |(c, tells): (char, bool)| if tells { telling_one(c, noise.next().unwrap_or_default()) } else { blank(c) };
    text.chars().zip(telling).map(stand_in).collect()
}

/// Bytes that stand for others: as many, and other ones for other bytes.
#[must_use]
pub fn pseudonymous_bytes(key: &str, bytes: &[u8]) -> Vec<u8> {
    digest(key, bytes).iter().copied().cycle().take(bytes.len()).collect()
}

fn digest(key: &str, bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(key).chain_update([0]).chain_update(bytes).finalize()
}

/// A character of the same kind that says nothing.
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
        assert!(pseudonym("7/a", text).starts_with(begins), "{}", pseudonym("7/a", text));
    }

    #[test]
    fn equal_texts_have_equal_pseudonyms_and_others_have_others() {
        assert_eq!(pseudonym("7/a", "before the end"), pseudonym("7/a", "before the end"));
        assert_ne!(pseudonym("7/a", "before the end"), pseudonym("7/a", "before the fnd"));
        assert_ne!(pseudonym("7/a", "before the end"), pseudonym("8/a", "before the end"));
        assert_ne!(pseudonymous_bytes("7/a", b"one"), pseudonymous_bytes("7/a", b"two"));
    }

    proptest! {
        #[test]
        fn a_pseudonym_is_as_long_as_its_text_and_of_the_same_kinds(text in ".{0,60}") {
            let other = pseudonym("1/c", &text);
            prop_assert_eq!((other.len(), other.chars().count()), (text.len(), text.chars().count()));
            for (a, b) in text.chars().zip(other.chars()) {
                prop_assert_eq!((a.is_ascii_lowercase(), a.is_ascii_uppercase(), a.is_ascii_digit(), a.len_utf8()),
                    (b.is_ascii_lowercase(), b.is_ascii_uppercase(), b.is_ascii_digit(), b.len_utf8()));
                prop_assert!(!a.is_ascii() || a.is_ascii_alphanumeric() || a == b);
            }
        }

        #[test]
        fn what_does_not_tell_is_not_in_it(text in "[a-w]{9,40}") {
            let head = &text[..text.len() - TELLING];
            prop_assert!(pseudonym("1/c", &text).starts_with(&"x".repeat(head.len())));
        }
    }
}
