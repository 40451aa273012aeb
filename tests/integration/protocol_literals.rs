//! Only `src/wire/protocol/` names the literals of a protocol.
//!
//! Tests and comments are exempt. A use that belongs to no AWS protocol has a row in [`OTHER_USES`].

use std::fs;

use crate::{layering, support};

/// The literals that a protocol owns, in lower case.
const LITERALS: [&str; 12] = [
    "x-amz-target",
    "x-amzn-errortype",
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-amzn-query-error",
    "__type",
    "application/x-amz-",
    "\"application/json\"",
    "\"application/xml\"",
    "\"post\"",
    "wireproofunknownoperation",
    "wireproofunknown_",
];

/// Uses that belong to no AWS protocol: the file, the literal, the reason.
const OTHER_USES: [(&str, &str, &str); 2] = [
    ("wire/curl.rs", "\"post\"", "the method that curl uses for a body by itself"),
    ("model/botocore/shapes.rs", "\"application/json\"", "the media type that botocore's jsonvalue stands for"),
];

/// The literals in a text, each with its line.
fn literals(text: &str) -> Vec<(usize, &'static str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.to_ascii_lowercase()));
    lines
        .flat_map(|(number, line)| {
            LITERALS.into_iter().filter(move |one| line.contains(one)).map(move |one| (number, one))
        })
        .collect()
}

fn is_allowed(file: &str, literal: &str) -> bool {
    file.starts_with("wire/protocol/") || OTHER_USES.iter().any(|(other, one, _)| (*other, *one) == (file, literal))
}

#[test]
fn no_other_folder_names_a_literal_of_a_protocol() {
    let sources = layering::sources_without_tests();
    let found =
        sources.iter().flat_map(|(file, text)| literals(text).into_iter().map(move |found| (file.as_str(), found)));
    let wrong: Vec<String> = found
        .filter(|(file, (_, literal))| !is_allowed(file, literal))
        .map(|(file, (line, literal))| format!("src/{file}:{line}: {literal}"))
        .collect();
    assert!(wrong.is_empty(), "only src/wire/protocol/ names these:\n{}", wrong.join("\n"));
}

#[test]
fn each_exemption_is_used_and_each_literal_is_named_by_a_protocol() {
    for (file, literal, _) in OTHER_USES {
        let text = fs::read_to_string(support::package().join("src").join(file)).unwrap();
        assert!(literals(&text).iter().any(|(_, found)| *found == literal), "{file} does not name {literal}");
    }
    assert!(!is_allowed("wire/message.rs", "__type") && is_allowed("wire/protocol/aws_json.rs", "__type"));
}

#[test]
fn a_literal_is_found_in_any_letter_case_with_its_line() {
    let text =
        "fn f() {}\nlet target = headers.get(\"X-Amz-Target\");\nif method == \"POST\" || body[\"__type\"] == 1 {}\n";
    assert_eq!(literals(text), [(2, "x-amz-target"), (3, "__type"), (3, "\"post\"")]);
    assert_eq!(literals("let posted = \"poster\";"), []);
}

#[test]
fn comments_and_tests_do_not_count() {
    let text = "/// The header `x-amz-target`.\nlet a = \"__type\"; // x-amz-target\n#[cfg(test)]\nmod tests { const A: &str = \"x-amz-target\"; }\n";
    let text = layering::without_comments_and_tests(text);
    assert_eq!(literals(&text), [(2, "__type")]);
}
