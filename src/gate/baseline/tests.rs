use rstest::rstest;

use super::*;
use crate::{
    judge::{
        code::Code,
        verdict::{Finding, FindingRole, Severity, Verdict},
    },
    run::event::CaseReport,
    suite::{CaseAim, CaseId, requirement::Evidence},
};

const TODAY: &str = "2026-11-22";

fn finding(code: Code, actual: &str) -> Finding {
    Finding {
        code,
        rule: None,
        severity: Severity::Error,
        evidence: Evidence::Modelled,
        step: 1,
        role: FindingRole::Step,
        pointer: String::new(),
        expected: "a refusal".to_owned(),
        actual: actual.to_owned(),
        cites: Vec::new(),
    }
}

fn case_report(id: &str, verdict: Verdict, findings: Vec<Finding>) -> CaseReport {
    CaseReport {
        id: CaseId(id.to_owned()),
        service: "s".to_owned(),
        operation: "O".to_owned(),
        title: "t".to_owned(),
        aim: CaseAim::default(),
        verdict,
        reason: String::new(),
        findings,
        checks: 1,
        alternatives: Vec::new(),
        cites: Vec::new(),
        position: String::new(),
        exchange: None,
        duration_ms: 1,
    }
}

/// A run in which these cases deviate by the outcome, or have another verdict.
fn seen(cases: &[(&str, Verdict)]) -> SeenDeviations {
    let mut seen = SeenDeviations::default();
    for (id, verdict) in cases {
        let found = (*verdict == Verdict::Deviates).then(|| finding(Code::OUTCOME, "a success (200)"));
        seen.enter(&case_report(id, *verdict, found.into_iter().collect()));
    }
    seen
}

fn by(code: Code, actual: &str) -> SeenDeviations {
    let mut seen = SeenDeviations::default();
    seen.enter(&case_report("x", Verdict::Deviates, vec![finding(code, actual)]));
    seen
}

fn nobody() -> BTreeSet<String> {
    BTreeSet::new()
}

/// A baseline that accepts that, for a reason.
fn accepting(seen: &SeenDeviations) -> Baseline {
    Baseline::default().updated(seen, &nobody(), Some("we know"))
}

fn reported(baseline: &Baseline, seen: &SeenDeviations, today: &str) -> Vec<(Difference, String)> {
    baseline.compare(seen, today, &nobody()).into_iter().map(|one| (one.difference, one.case)).collect()
}

#[test]
fn known_deviations_do_not_fail_the_run() {
    let seen = seen(&[("a/b", Verdict::Deviates), ("a/c", Verdict::Conforms)]);
    let baseline = accepting(&seen);
    assert_eq!((baseline.len(), seen.count()), (1, 1));
    assert_eq!(reported(&baseline, &seen, TODAY), []);
    assert_eq!(reported(&Baseline::default(), &seen, TODAY), [(Difference::New, "a/b".to_owned())]);
}

#[rstest]
#[case::stale(seen(&[("x", Verdict::Conforms)]), Some(Difference::Stale))]
#[case::changed(by(Code::OUTCOME, "a success (201)"), Some(Difference::Changed))]
#[case::another_id(by(Code::OUTCOME, "a success (200)"), None)]
#[case::blocked(seen(&[("x", Verdict::Blocked)]), None)]
#[case::inconclusive(seen(&[("x", Verdict::Inconclusive)]), None)]
#[case::not_implemented(seen(&[("x", Verdict::NotImplemented)]), Some(Difference::Vanished))]
#[case::not_implemented_in_one_case(seen(&[("x", Verdict::NotImplemented), ("y", Verdict::Conforms)]), None)]
#[case::not_run(seen(&[]), None)]
fn an_entry_is_red_where_it_is_no_longer_true(#[case] seen_now: SeenDeviations, #[case] expected: Option<Difference>) {
    let baseline = accepting(&seen(&[("x", Verdict::Deviates)]));
    let found: Vec<Difference> = reported(&baseline, &seen_now, TODAY).into_iter().map(|(found, _)| found).collect();
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_replaced_check_is_reported_with_the_new_one() {
    let baseline = accepting(&by(Code::OUTCOME, "a success (200)"));
    let differing = baseline.compare(&by(Code::JSON, "the JSON value null"), TODAY, &nobody());
    let reported: Vec<(Difference, &str)> = differing.iter().map(|one| (one.difference, one.code.as_str())).collect();
    assert_eq!(reported, [(Difference::New, "json"), (Difference::Replaced, "outcome")]);
    assert_eq!(differing[1].details(), ["found now: json", "reason: we know"]);
}

#[rstest]
#[case("2026-11-21", &[Difference::Expired])]
#[case("2026-11-22", &[])]
fn an_acceptance_holds_until_the_end_of_its_last_day(#[case] expires: &str, #[case] expected: &[Difference]) {
    let deviating = seen(&[("x", Verdict::Deviates)]);
    for day in [format!("\"{expires}\""), expires.to_owned()] {
        let text = format!("{}issue = \"#7\"\nexpires = {day}\n", accepting(&deviating).text());
        let differing = Baseline::read("b", &text).unwrap().compare(&deviating, TODAY, &nobody());
        let found: Vec<Difference> = differing.iter().map(|one| one.difference).collect();
        assert_eq!(found, expected);
        let details = differing.first().map(Differing::details).unwrap_or_default();
        assert!(expected.is_empty() || details.contains(&"issue: #7".to_owned()), "{details:?}");
    }
}

#[test]
fn an_unknown_case_is_reported_and_removed() {
    let baseline = accepting(&seen(&[("x", Verdict::Deviates), ("y", Verdict::Deviates)]));
    let now = seen(&[("y", Verdict::Deviates)]);
    let missing = baseline.unseen(&now);
    assert_eq!(missing, BTreeSet::from(["x".to_owned()]));
    let differing = baseline.compare(&now, TODAY, &missing);
    assert_eq!(differing.iter().map(|one| one.difference).collect::<Vec<_>>(), [Difference::UnknownCase]);
    assert_eq!(baseline.updated(&now, &missing, None), accepting(&now));
}

#[test]
fn an_entry_without_a_reason_fails_the_run() {
    let deviating = seen(&[("x", Verdict::Deviates)]);
    let baseline = Baseline::default().updated(&deviating, &nobody(), None);
    assert_eq!((baseline.unexplained(), reported(&baseline, &deviating, TODAY)[0].0), (1, Difference::Unexplained));
    let explained = Baseline::read("b", &baseline.text().replace(UNEXPLAINED, "we know")).unwrap();
    assert_eq!((explained.unexplained(), reported(&explained, &deviating, TODAY)), (0, Vec::new()));
}

#[test]
fn an_update_keeps_reasons_and_entries_of_cases_that_were_not_judged() {
    let first = accepting(&seen(&[("a", Verdict::Deviates), ("b", Verdict::Deviates), ("d", Verdict::Deviates)]));
    let now = seen(&[("a", Verdict::Deviates), ("c", Verdict::Deviates), ("d", Verdict::Blocked)]);
    let next = first.updated(&now, &nobody(), None);
    let reasons: Vec<(&str, &str)> =
        next.entries.values().map(|entry| (entry.case.as_str(), entry.reason.as_str())).collect();
    assert_eq!(reasons, [("a", "we know"), ("b", "we know"), ("c", UNEXPLAINED), ("d", "we know")]);
    assert_eq!(Baseline::read("b", &next.text()).unwrap(), next);
}

#[test]
fn an_update_keeps_comments_and_unchanged_entries() {
    let old = "# Ours.\nschema = \"wireproof/baseline/v1\"\n\n# Since the rewrite.\n[[deviation]]\ncase   = \"x\" # odd\n\
        code = \"outcome\"\nfingerprint = \"0\"\nreason = 'it''s'\n\n# Gone soon.\n[[deviation]]\ncase = \"b\"\n\
        code = \"json\"\nfingerprint = \"1\"\nreason = \"r\"\n";
    let old = old.replace("''s'", "s'");
    let now = seen(&[("a", Verdict::Deviates), ("b", Verdict::Conforms), ("x", Verdict::Deviates)]);
    let next = Baseline::read("b", &old).unwrap().updated(&now, &nobody(), Some("new"));
    let fingerprint = next.entries.values().next().unwrap().fingerprint.clone();
    let expected = format!(
        "# Ours.\nschema = \"wireproof/baseline/v1\"\nimplemented = [\n  \"s.O\"\n]\n\n[[deviation]]\ncase = \"a\"\ncode = \"outcome\"\n\
         fingerprint = \"{fingerprint}\"\nreason = \"new\"\n\n# Since the rewrite.\n[[deviation]]\ncase   = \"x\" # odd\n\
         code = \"outcome\"\nfingerprint = \"{fingerprint}\"\nreason = 'its'\n"
    );
    let text = next.text_over("b", &old).unwrap();
    assert_eq!(text, expected);
    let again = Baseline::read("b", &text).unwrap().updated(&now, &nobody(), None);
    assert_eq!(again.text_over("b", &text).unwrap(), text, "a second update changes nothing");
}

#[test]
fn an_operation_that_vanished_is_red_until_an_update_and_one_that_was_never_there_is_not() {
    let (there, gone) = (seen(&[("x", Verdict::Conforms)]), seen(&[("x", Verdict::NotImplemented)]));
    let baseline = accepting(&there);
    assert_eq!(reported(&baseline, &gone, TODAY), [(Difference::Vanished, "s.O".to_owned())]);
    assert_eq!(reported(&accepting(&gone), &gone, TODAY), []);
    let updated = baseline.updated(&gone, &nobody(), None);
    assert_eq!(reported(&updated, &gone, TODAY), []);
    // An operation that the run did not include stays in the list.
    assert_eq!(baseline.updated(&seen(&[]), &nobody(), None), baseline);
}

#[test]
fn an_empty_baseline_is_read_back() {
    let text = Baseline::default().text();
    assert_eq!(text, "schema = \"wireproof/baseline/v1\"\n");
    assert!(Baseline::read("b", &text).unwrap().is_empty());
    let emptied = Baseline::default().text_over("b", "schema = \"wireproof/baseline/v1\"\ndeviation = []\n").unwrap();
    assert_eq!(emptied, text);
}

#[rstest]
#[case::no_form("schema = 1", "b: ")]
#[case::schema("schema = \"x\"", "b: unknown schema \"x\"")]
#[case::reason(&entry("json", " ", ""), "b: the entry of a (json) has no reason")]
#[case::no_day(&entry("json", "r", "expires = \"soon\""), "b: the entry of a (json) has no valid date in expires")]
#[case::no_such_day(&entry("json", "r", "expires = \"2026-02-30\""), "b: the entry of a (json) has no valid date in expires")]
#[case::number(&entry("json", "r", "expires = 2026"), "b: ")]
#[case::code(&entry("jsno", "r", ""), "b: the entry of a (jsno) names an unknown check: did you mean json?")]
#[case::twice(&format!("{}{}", entry("json", "r", ""), of_a("json", "s", "")), "b: the entry of a (json) is a duplicate")]
fn a_broken_baseline_says_what_is_wrong(#[case] text: &str, #[case] starts: &str) {
    let error = Baseline::read("b", text).unwrap_err().to_string();
    assert!(error.starts_with(starts), "{error}");
}

fn entry(code: &str, reason: &str, more: &str) -> String {
    format!("schema = \"wireproof/baseline/v1\"\n{}", of_a(code, reason, more))
}

fn of_a(code: &str, reason: &str, more: &str) -> String {
    format!("[[deviation]]\ncase = \"a\"\ncode = \"{code}\"\nfingerprint = \"1\"\nreason = \"{reason}\"\n{more}\n")
}
