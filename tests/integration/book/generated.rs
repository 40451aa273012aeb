//! The pages that are generated from the library. `WIREPROOF_UPDATE=1 cargo test --test integration book::` writes them.

use std::{env, fmt::Write as _, fs};

use rstest::rstest;
use wireproof::internals::{
    cli::SCHEMAS,
    judge::check::CHECKS,
    model::kebab_case,
    run::exit::ExitStatus,
    suite::{matcher::MATCHERS, requirement::Requirement},
};

use crate::support::{self, SUITE};

const CHECKS_HEAD: &str = "# Checks

Each finding carries the code of the check that made it. This page says what each check requires, and why;
`wireproof explain CODE` prints the same. For the severity of each rule, see [Severities](severities.md).

This page is generated. To update it, run `WIREPROOF_UPDATE=1 cargo test --test integration book::`.
";

const REQUIREMENTS_HEAD: &str = "# Requirements

The requirements that the documents state for the bundled operations, paraphrased and numbered. Reports cite them by
number, and `wireproof explain SD-17` prints one with its source and the scenarios that cite it. If documents contradict
each other, the requirement says so, and says which responses are accepted.

This page is generated from `fixtures/`. To update it, run `WIREPROOF_UPDATE=1 cargo test --test integration book::`.
";

fn checks() -> String {
    let mut page = CHECKS_HEAD.to_owned();
    for check in CHECKS {
        let rules = check.severities.iter().filter_map(|row| row.rule);
        let rules: Vec<String> = rules.map(|rule| format!("`{}`", rule.name())).collect();
        let _ = write!(page, "\n## {}\n\nRequires {}.\n\n{}\n", check.code, check.wants, check.why);
        if !rules.is_empty() {
            let _ = write!(page, "\nRules: {}.\n", rules.join(", "));
        }
    }
    page
}

fn requirements() -> String {
    let mut page = REQUIREMENTS_HEAD.to_owned();
    for service in SUITE.services() {
        let _ =
            write!(page, "\n## {}\n\n| number | requirement | evidence | source |\n|---|---|---|---|\n", service.name);
        for requirement in service.requirements.iter() {
            let document = service.requirements.document(requirement);
            let document = document.map(|document| format!("[{}]({}), ", document.title, document.url));
            let ground = format!("{}{}", document.unwrap_or_default(), requirement.section);
            let (id, evidence) = (&requirement.id, requirement.evidence);
            let _ = writeln!(page, "| {id} | {} | {evidence} | {} |", cell(&says(requirement)), cell(&ground));
        }
    }
    page
}

fn says(requirement: &Requirement) -> String {
    let contradiction = requirement.contradiction.as_ref();
    let contradiction = contradiction
        .map(|other| format!(" *{}: {} Policy: {}*", other.id, other.with, other.policy))
        .unwrap_or_default();
    let untestable = requirement.untestable.as_ref();
    let untestable = untestable.map(|why| format!(" *Not testable: {why}*")).unwrap_or_default();
    format!("{}{contradiction}{untestable}", requirement.says)
}

/// The text as a table cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[rstest]
#[case("checks.md", checks())]
#[case("requirements.md", requirements())]
fn the_page_is_what_the_library_knows(#[case] name: &str, #[case] page: String) {
    let path = support::package().join("docs").join(name);
    if env::var_os("WIREPROOF_UPDATE").is_some_and(|value| !value.is_empty()) {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "docs/{name} differs: write it with WIREPROOF_UPDATE=1 cargo test --test integration book::"
    );
}

/// Fails if a page that is written by hand lacks one of these names.
fn assert_names(page: &str, names: impl IntoIterator<Item = String>) {
    let text = fs::read_to_string(support::package().join(page)).unwrap();
    let missing: Vec<String> = names.into_iter().filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{page} lacks {missing:?}");
}

#[test]
fn the_page_of_fixtures_describes_every_field() {
    let source = fs::read_to_string(support::package().join("src/suite/raw.rs")).unwrap();
    let renamed = regex::Regex::new(r#"rename = "([^"]+)""#).unwrap();
    let mut names: Vec<String> = renamed.captures_iter(&source).map(|found| found[1].to_owned()).collect();
    let field = regex::Regex::new(r"((?:#\[serde.*\]\s+)*)pub\(super\) (\w+):").unwrap();
    let plain = field.captures_iter(&source).filter(|found| !found[1].contains("rename"));
    names.extend(plain.map(|found| found[2].to_owned()));
    assert!(names.len() > 30, "{names:?}");
    assert_names("docs/fixtures.md", names);
    assert_names("docs/fixtures.md", MATCHERS.map(str::to_owned));
}

#[test]
fn the_page_of_fixtures_describes_every_field_of_requirements() {
    let source = fs::read_to_string(support::package().join("src/suite/requirement.rs")).unwrap();
    let form = regex::Regex::new(r"deny_unknown_fields\)\]\s+(?:pub )?struct (\w+) \{([^}]*)\}").unwrap();
    let field = regex::Regex::new(r"(?m)^    (?:pub )?(\w+):").unwrap();
    let page = fs::read_to_string(support::package().join("docs/fixtures.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("Requirements\n")).unwrap();
    let row = regex::Regex::new(r"(?m)^\| `([^`]+)` \|").unwrap();
    let mut described: Vec<&str> = row.captures_iter(section).map(|found| found.extract::<1>().1[0]).collect();
    for form in form.captures_iter(&source) {
        for field in field.captures_iter(&form[2]).map(|found| found[1].to_owned()) {
            assert!(section.contains(&format!("`{field}`")), "{}: {field} is not described", &form[1]);
            described.retain(|name| *name != field);
        }
    }
    assert!(described.is_empty(), "no form has {described:?}");
    let kinds = regex::Regex::new(r"pub enum RequirementKind \{([^}]*)\}").unwrap().captures(&source).unwrap();
    let kind = regex::Regex::new(r"(?m)^    ([A-Z]\w+),").unwrap();
    let kinds: Vec<_> = kind.captures_iter(&kinds[1]).map(|found| kebab_case(&found[1])).collect();
    assert!(kinds.len() > 5, "{kinds:?}");
    let missing: Vec<_> = kinds.iter().filter(|kind| !section.contains(&format!("`{kind}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

const STATUSES: [ExitStatus; 6] = [
    ExitStatus::Conforms,
    ExitStatus::Deviates,
    ExitStatus::Usage,
    ExitStatus::Incomplete,
    ExitStatus::Internal,
    ExitStatus::Interrupted,
];

#[test]
fn the_pages_name_every_schema_and_every_exit_status() {
    assert_names("docs/reports.md", SCHEMAS.iter().map(|schema| schema.name.to_owned()));
    assert_names("docs/exit-statuses.md", STATUSES.map(|status| status.code().to_string()));
}

#[test]
fn the_readme_counts_what_the_suite_has() {
    let readme = fs::read_to_string(support::package().join("README.md")).unwrap();
    let (cases, requirements) =
        (SUITE.cases().len(), SUITE.services().map(|service| service.requirements.iter().count()));
    assert!(readme.contains(&format!("{cases} cases selected = {cases} conform + 0 deviate")), "{cases} cases");
    assert!(readme.contains(&format!("{} requirements = ", requirements.sum::<usize>())));
}
