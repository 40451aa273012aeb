//! The pages that are written from what the library knows. `WIREPROOF_UPDATE=1 cargo test --test book` writes them.

use std::{env, fmt::Write as _, fs};

use rstest::rstest;
use wireproof::internals::{
    cli::SCHEMAS,
    judge::{check::CHECKS, verdict::SEVERITIES},
    model::kebab_case,
    run::exit::ExitStatus,
    suite::{matcher::MATCHERS, requirement::Requirement},
};

use crate::support::{self, SUITE};

const CHECKS_HEAD: &str = "# Checks

What each check wants, and why; `wireproof explain CODE` says it too. What breaking a rule weighs, and why, is a page of
its own: [severities](severities.md). Written from the program by `WIREPROOF_UPDATE=1 cargo test --test book`.
";

const REQUIREMENTS_HEAD: &str = "# Requirements

What the documents say of the bundled operations, in our own words, each with its ground; `wireproof explain SD-17` says
where it is written and which scenarios cite it. Where documents contradict each other, the policy is told.
Written from `fixtures/` by `WIREPROOF_UPDATE=1 cargo test --test book`.
";

fn checks() -> String {
    let mut page = CHECKS_HEAD.to_owned();
    for check in CHECKS {
        let rules = SEVERITIES.iter().filter(|row| row.code == check.code).filter_map(|row| row.rule);
        let rules: Vec<String> = rules.map(|rule| format!("`{}`", rule.name())).collect();
        let _ = write!(page, "\n## {}\n\nWants: {}.\n\n{}\n", check.code, check.wants, check.why);
        if !rules.is_empty() {
            let _ = write!(page, "\nIts rules: {}.\n", rules.join(", "));
        }
    }
    page
}

fn requirements() -> String {
    let mut page = REQUIREMENTS_HEAD.to_owned();
    for service in SUITE.services() {
        let _ = write!(page, "\n## {}\n\n| | says | evidence | written in |\n|---|---|---|---|\n", service.name);
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
    let untestable = untestable.map(|why| format!(" *Cannot be tested: {why}*")).unwrap_or_default();
    format!("{}{contradiction}{untestable}", requirement.says)
}

/// A text as a cell of a table.
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
    assert!(there == page, "docs/{name} differs: write it with WIREPROOF_UPDATE=1 cargo test --test book");
}

/// What is written by hand names everything that there is.
fn assert_names(page: &str, names: impl IntoIterator<Item = String>) {
    let text = fs::read_to_string(support::package().join(page)).unwrap();
    let missing: Vec<String> = names.into_iter().filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{page} lacks {missing:?}");
}

#[test]
fn the_form_of_fixtures_is_told_field_by_field() {
    let source = fs::read_to_string(support::package().join("src/scenario/raw.rs")).unwrap();
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
fn the_form_of_requirements_is_told_field_by_field() {
    let source = fs::read_to_string(support::package().join("src/requirement.rs")).unwrap();
    let form = regex::Regex::new(r"deny_unknown_fields\)\]\s+(?:pub )?struct (\w+) \{([^}]*)\}").unwrap();
    let field = regex::Regex::new(r"(?m)^    (?:pub )?(\w+):").unwrap();
    let page = fs::read_to_string(support::package().join("docs/fixtures.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("Requirements\n")).unwrap();
    let row = regex::Regex::new(r"(?m)^\| `([^`]+)` \|").unwrap();
    let mut told: Vec<&str> = row.captures_iter(section).map(|found| found.extract::<1>().1[0]).collect();
    for form in form.captures_iter(&source) {
        for field in field.captures_iter(&form[2]).map(|found| found[1].to_owned()) {
            assert!(section.contains(&format!("`{field}`")), "{}: {field} is not told", &form[1]);
            told.retain(|name| *name != field);
        }
    }
    assert!(told.is_empty(), "no form has {told:?}");
    let kinds = regex::Regex::new(r"pub enum Kind \{([^}]*)\}").unwrap().captures(&source).unwrap();
    let kind = regex::Regex::new(r"(?m)^    ([A-Z]\w+),").unwrap();
    let kinds: Vec<_> = kind.captures_iter(&kinds[1]).map(|found| kebab_case(&found[1])).collect();
    assert!(kinds.len() > 5, "{kinds:?}");
    let untold: Vec<_> = kinds.iter().filter(|kind| !section.contains(&format!("`{kind}`"))).collect();
    assert!(untold.is_empty(), "{untold:?}");
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
fn every_schema_and_every_exit_status_is_told() {
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
