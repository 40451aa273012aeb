//! Only `src/wire/protocol/` names the literals of a protocol.
//!
//! Tests and comments are exempt. A use that belongs to no AWS protocol has a row in [`OTHER_USES`].

use crate::source_tree::SourceTree;

/// Parts of string literals that a protocol owns, in lower case.
const PARTS: [&str; 9] = [
    "x-amz-target",
    "x-amzn-errortype",
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-amzn-query-error",
    "__type",
    "application/x-amz-",
    "wireproofunknownoperation",
    "wireproofunknown_",
];

/// Whole string literals that a protocol owns, in lower case.
const WHOLE: [&str; 3] = ["application/json", "application/xml", "post"];

/// Uses that belong to no AWS protocol: the file, the literal, the reason.
const OTHER_USES: [(&str, &str, &str); 5] = [
    ("src/wire/curl.rs", "post", "the method that curl uses for a body by itself"),
    ("src/wire/sigv4/mod.rs", "x-amz-target", "the header that a fault leaves out of the signature"),
    ("src/proof/mutant/elsewhere_faults.rs", "x-amz-target", "a parameter of the query string that a mutant reads"),
    ("src/proof/mutant/signature_faults.rs", "x-amz-target", "the header that a mutant does not require to be signed"),
    ("src/model/botocore/shapes.rs", "application/json", "the media type that botocore's jsonvalue stands for"),
];

/// The literals of a protocol in the text of one string literal.
fn literals(text: &str) -> Vec<&'static str> {
    let text = text.to_ascii_lowercase();
    let parts = PARTS.into_iter().filter(|part| text.contains(part));
    parts.chain(WHOLE.into_iter().filter(|whole| text == *whole)).collect()
}

fn is_allowed(file: &str, literal: &str) -> bool {
    file.starts_with("src/wire/protocol/") || OTHER_USES.iter().any(|(other, one, _)| (*other, *one) == (file, literal))
}

/// Every literal of a protocol in the sources: the file, the line, the literal.
fn found() -> impl Iterator<Item = (&'static str, usize, &'static str)> {
    SourceTree::get().files.iter().flat_map(|file| {
        let of_text = |(line, text): &'static (usize, String)| literals(text).into_iter().map(|one| (*line, one));
        file.texts.iter().flat_map(of_text).map(|(line, literal)| (file.path.as_str(), line, literal))
    })
}

#[test]
fn no_other_folder_names_a_literal_of_a_protocol() {
    let wrong: Vec<String> = found()
        .filter(|(file, _, literal)| !is_allowed(file, literal))
        .map(|(file, line, literal)| format!("{file}:{line}: {literal}"))
        .collect();
    assert!(wrong.is_empty(), "only src/wire/protocol/ names these:\n{}", wrong.join("\n"));
}

#[test]
fn each_exemption_is_used_and_the_protocols_name_their_literals() {
    for (file, literal, _) in OTHER_USES {
        assert!(found().any(|(at, _, one)| (at, one) == (file, literal)), "{file} does not name {literal}");
    }
    assert!(found().any(|(file, _, literal)| file.starts_with("src/wire/protocol/") && literal == "x-amz-target"));
}

#[test]
fn a_literal_is_found_in_any_letter_case_and_a_longer_word_is_another() {
    assert_eq!(literals("X-Amz-Target: a"), ["x-amz-target"]);
    assert_eq!(literals("POST"), ["post"]);
    assert_eq!(literals("poster"), Vec::<&str>::new());
    assert!(!is_allowed("src/wire/message.rs", "__type") && is_allowed("src/wire/protocol/aws_json.rs", "__type"));
}
