//! The page of severities says what the program does.

use std::{env, fs};

use crate::support;
use wireproof::internals::proof::corpus::corpus_report::{FalsePositives, page};

#[test]
fn the_page_of_severities_is_written_from_the_programs_tables() {
    let docs = support::package().join("docs");
    let positives: FalsePositives =
        serde_json::from_str(&fs::read_to_string(docs.join("false-positives.json")).unwrap()).unwrap();
    let written = page(&positives);
    let path = docs.join("severities.md");
    if env::var_os("WIREPROOF_UPDATE").is_some_and(|value| !value.is_empty()) {
        fs::write(&path, &written).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == written,
        "docs/severities.md differs: write it with WIREPROOF_UPDATE=1 cargo test --test integration severities::"
    );
}
