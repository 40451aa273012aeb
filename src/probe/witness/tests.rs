use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn witness(pattern: &str, min: u64, max: Option<u64>) -> Witness {
    Witness::new(&TextRule { pattern: Some(pattern), min, max }, &Patterns::default()).unwrap()
}

fn rejects(pattern: &str, text: &str) -> bool {
    Pattern::full(pattern).unwrap().matches(text) == Matched::No
}

#[rstest]
#[case::name("[a-zA-Z0-9-]{1,64}", 1, Some(64))]
#[case::account(r"\d{12}", 12, Some(12))]
#[case::role(r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+", 20, Some(2048))]
#[case::java_classes(r"[\p{Alnum}&&x]+|\p{Upper}{3}", 0, None)]
#[case::look_ahead(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[!-/]).{12,}", 0, None)]
#[case::look_behind("[a-z0-9-]{3,}(?<!-)", 3, Some(63))]
#[case::back_reference(r"(['x]?)[a-z]+\1", 4, Some(9))]
#[case::dotted_quad(r"(?:(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])(\.(?!$)|$)){4}", 7, Some(15))]
#[case::insensitive("(?i)abc[x-z]", 0, None)]
#[case::multiples("([0-9A-F]{2}:){5}[0-9A-F]{2}", 0, None)]
#[case::empty_or_more("^$|^[A-Z]{3,5}_x$", 0, None)]
#[case::no_ascii("[α-ω]{3,5}", 0, None)]
fn every_salt_gives_a_valid_and_reproducible_text(#[case] pattern: &str, #[case] min: u64, #[case] max: Option<u64>) {
    let witness = witness(pattern, min, max);
    for salt in 0..20 {
        let text = witness.text(salt);
        assert!(witness.is_valid(&text), "{text}");
        assert_eq!(text, witness.text(salt));
    }
}

#[rstest]
#[case::pattern(Some("[a-z]+"))]
#[case::no_pattern(None)]
#[case::account(Some(r"\d{12}"))]
fn other_salts_give_other_texts(#[case] pattern: Option<&str>) {
    let witness = Witness::new(&TextRule { pattern, min: 0, max: None }, &Patterns::default()).unwrap();
    let texts: BTreeSet<String> = (0..100).map(|salt| witness.text(salt)).collect();
    assert!(texts.len() > 95, "{texts:?}");
}

#[rstest]
#[case::class("[a-z]{0,100000}", 100_000)]
#[case::names("[a-z]+(-[a-z]+)*", 1000)]
#[case::look_ahead("(?!aws:).+", 5000)]
#[case::pairs("([0-9A-F]{2})+", 512)]
fn a_text_of_a_length_has_it_and_keeps_the_pattern(#[case] pattern: &str, #[case] length: usize) {
    let text = witness(pattern, 0, None).of_length(length as u64, 3).unwrap();
    assert_eq!(text.chars().count(), length);
    assert_eq!(Pattern::full(pattern).unwrap().matches(&text), Matched::Yes);
}

#[test]
fn a_length_that_the_pattern_has_not_gives_no_text() {
    assert_eq!(witness("[a-z]{3,5}", 3, Some(5)).of_length(6, 0), None);
    assert_eq!(witness("([0-9a-f]{2})+", 0, None).of_length(7, 0), None);
}

#[test]
fn without_a_pattern_every_length_has_a_text() {
    let free = Witness::new(&TextRule::default(), &Patterns::default()).unwrap();
    for length in [0, 1, 4096, 100_001] {
        assert_eq!(free.of_length(length, 1).unwrap().chars().count() as u64, length);
    }
}

#[rstest]
#[case::bounds_apart("[a-z]{3}", 4, None)]
#[case::bounds_crossed("[a-z]*", 5, Some(4))]
#[case::anchor_inside("/^[a-z]+$/", 0, None)]
#[case::nothing_at_all(r"[^\s\S]", 0, None)]
fn a_contradictory_rule_is_reported(#[case] pattern: &str, #[case] min: u64, #[case] max: Option<u64>) {
    let error = Witness::new(&TextRule { pattern: Some(pattern), min, max }, &Patterns::default()).unwrap_err();
    assert!(matches!(error, WitnessError::Impossible { .. }), "{error}");
}

#[test]
fn a_pattern_that_no_engine_accepts_is_an_error() {
    let error =
        Witness::new(&TextRule { pattern: Some("a("), ..TextRule::default() }, &Patterns::default()).unwrap_err();
    assert!(matches!(error, WitnessError::NotCheckable(_)), "{error}");
}

#[test]
fn a_rule_without_a_matching_string_is_an_error() {
    let error =
        Witness::new(&TextRule { pattern: Some("(?!a)a"), ..TextRule::default() }, &Patterns::default()).unwrap_err();
    assert!(matches!(error, WitnessError::NotFound { .. }), "{error}");
}

/// Pieces of patterns, put together without regard to sense.
fn patterns() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[a-z]", "[^a-z]", r"\d", r"\S", r"\p{L}", "a", "é", ".", "*", "+", "?", "{2}", "{0,1000}", "{3,}", "(", ")",
        "(?:", "(?!", "(?=", "(?<!", "|", "^", "$", r"\1", "-", "[", "]", r"\\", "(?i)", "x{2,9}",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// All texts of up to four of these characters.
fn short_texts() -> Vec<String> {
    let longer = |texts: &Vec<String>| -> Vec<String> {
        texts.iter().flat_map(|text| ["a", "0", "x", "-"].map(|c| format!("{text}{c}"))).collect()
    };
    let sizes = std::iter::successors(Some(vec![String::new()]), |texts| Some(longer(texts)));
    sizes.take(5).flatten().collect()
}

proptest! {
    #[test]
    fn a_length_that_is_excluded_is_the_length_of_no_match(pattern in patterns()) {
        let Ok(full) = Pattern::full(&pattern) else { return Ok(()) };
        let Some(grammar) = Grammar::parse(&full.translated()) else { return Ok(()) };
        let lengths = &grammar.root.lengths;
        for text in short_texts().iter().filter(|text| length(text) <= grammar.sure_to) {
            prop_assert!(full.matches(text) != Matched::Yes || lengths.contains(length(text)), "{:?} of {}", text, pattern);
        }
    }

    #[test]
    fn no_rule_makes_it_panic_or_hang_and_what_it_gives_is_verified(
        pattern in prop_oneof![patterns(), ".{0,16}"],
        min in 0_u64..20,
        more in prop::option::of(0_u64..40),
        salt: u64,
    ) {
        let rule = TextRule { pattern: Some(&pattern), min, max: more.map(|more| min + more) };
        if let Ok(witness) = Witness::new(&rule, &Patterns::default()) {
            prop_assert!(witness.is_valid(&witness.text(salt)));
            prop_assert!(!witness.excludes_length(length(&witness.text(salt))));
            if let Some(text) = witness.of_length(min, salt) {
                prop_assert_eq!(length(&text), min);
                prop_assert!(witness.pattern_allows(&text));
            }
            for (_, miss) in witness.near_misses(salt) {
                prop_assert!(witness.length_is_valid(&miss) && rejects(&pattern, &miss));
            }
        }
    }
}
