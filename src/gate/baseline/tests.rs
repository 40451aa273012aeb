use std::collections::BTreeMap;

use rstest::rstest;

use super::*;
use crate::{
    judge::{
        code::Code,
        verdict::{Finding, FindingRole, Severity},
    },
    run::event::ShownExchange,
    suite::{CaseAim, CaseId, RequestGroup, requirement::Evidence},
};

pub(super) const TODAY: &str = "2026-11-22";

pub(super) fn finding(code: Code, actual: &str) -> Finding {
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

/// A case of an operation, `s.Put/location/family/variant`.
pub(super) fn case_report(id: &str, verdict: Verdict, findings: Vec<Finding>) -> CaseReport {
    let parts: Vec<&str> = id.split('/').collect();
    let aim = CaseAim {
        group: RequestGroup::Sdk,
        valid: false,
        location: parts.get(1).map(|location| (*location).to_owned()),
        family: parts.get(2).map(|family| (*family).to_owned()),
    };
    let exchange = ShownExchange { request: format!("> {id}"), response: String::new(), curl: String::new() };
    CaseReport {
        id: CaseId(id.to_owned()),
        service: "s".to_owned(),
        operation: parts[0].trim_start_matches("s.").to_owned(),
        title: "t".to_owned(),
        aim,
        verdict,
        reason: String::new(),
        findings,
        checks: 1,
        alternatives: Vec::new(),
        errors: BTreeSet::new(),
        cites: Vec::new(),
        position: String::new(),
        exchange: (verdict == Verdict::Deviates).then_some(exchange),
        duration_ms: 1,
    }
}

/// A run: each case is rejected with a wrong error of this name, or has another verdict.
fn seen(cases: &[(&str, Result<&str, Verdict>)]) -> SeenCases {
    let mut seen = SeenCases::default();
    for (id, result) in cases {
        seen.enter(&match result {
            Ok(error) => case_report(id, Verdict::Deviates, vec![finding(Code::ERROR_IDENTITY, error)]),
            Err(verdict) => case_report(id, *verdict, Vec::new()),
        });
    }
    seen
}

const A: &str = "s.Put/a/length/max";
const B: &str = "s.Put/b/length/max";
const C: &str = "s.Get/c/length/max";

pub(super) fn nothing() -> BTreeSet<String> {
    BTreeSet::new()
}

pub(super) fn once(seen: &SeenCases) -> SeenRuns<'_> {
    SeenRuns { first: seen, repeated: None }
}

/// A baseline that accepts that, for a reason.
pub(super) fn accepting(seen: &SeenCases) -> Baseline {
    Baseline::default().updated(once(seen), &nothing(), Some("we know"))
}

pub(super) fn text(baseline: &Baseline) -> String {
    baseline.text_over("b", "").unwrap()
}

pub(super) fn reported(baseline: &Baseline, seen: &SeenCases) -> Vec<(Difference, String)> {
    let differences = baseline.compare(seen, TODAY, &nothing());
    differences.into_iter().map(|one| (one.difference, one.cases.join(" "))).collect()
}

#[test]
fn an_entry_is_a_cause_with_its_cases_as_patterns() {
    let run = seen(&[(A, Ok("Odd (400)")), (B, Ok("Odd (400)")), (C, Err(Verdict::Conforms))]);
    let baseline = accepting(&run);
    let expected = "schema = \"wireproof/baseline/v2\"\nimplemented = [\"s.{Get,Put}\"]\nblocked = []\nwarning = []\n\n[[cause]]\n\
        headline = \"Put: Odd (400) instead of a validation error\"\nreason = \"we know\"\nrank = \"wrong-error\"\n\
        kind = \"wrong-error\"\nscope = \"s: Odd (400)\"\n\
        cases.\"error-identity: Odd (400)\" = [\"s.Put/{a,b}/length/max\"]\n";
    assert_eq!(text(&baseline), expected);
    assert_eq!(Baseline::read("b", expected).unwrap(), baseline);
    assert_eq!(reported(&baseline, &run), []);
}

/// A run in which the case conforms, after an error with that status.
fn rejected(case: &str, error: &str) -> CaseReport {
    let errors = [error.to_owned()].into();
    CaseReport { errors, ..case_report(case, Verdict::Conforms, Vec::new()) }
}

pub(super) fn run_of(cases: impl IntoIterator<Item = CaseReport>) -> SeenCases {
    let mut seen = SeenCases::default();
    cases.into_iter().for_each(|case| seen.enter(&case));
    seen
}

#[rstest]
#[case::same("Odd (400)", &[])]
#[case::other_status("Odd (409)", &[(Difference::ErrorStatus, B)])]
#[case::other_error("Even (409)", &[])]
fn a_known_error_with_another_status_differs(#[case] error: &str, #[case] expected: &[(Difference, &str)]) {
    let baseline = accepting(&run_of([rejected(A, "Odd (400)"), rejected(B, "Odd (400)")]));
    assert_eq!(Baseline::read("b", &text(&baseline)).unwrap(), baseline);
    assert!(text(&baseline).contains("errors = [\"s: Odd (400)\"]"), "{}", text(&baseline));
    let differs = reported(&baseline, &run_of([rejected(A, "Odd (400)"), rejected(B, error)]));
    let expected: Vec<_> = expected.iter().map(|(difference, case)| (*difference, (*case).to_owned())).collect();
    assert_eq!(differs, expected);
}

#[test]
fn an_update_accepts_another_status_and_forgets_the_older_one_after_a_whole_run() {
    let (older, newer) = (run_of([rejected(A, "Odd (400)")]), run_of([rejected(A, "Odd (409)")]));
    let baseline = accepting(&older).updated(once(&newer), &nothing(), None);
    assert_eq!(reported(&baseline, &newer), []);
    assert_eq!(reported(&baseline, &older), [(Difference::ErrorStatus, A.to_owned())]);
    // A case of an entry did not run.
    let partial = accepting(&run_of([
        rejected(A, "Odd (400)"),
        case_report(B, Verdict::Deviates, vec![finding(Code::ERROR_IDENTITY, "Even (400)")]),
    ]));
    let baseline = partial.updated(once(&newer), &nothing(), None);
    assert_eq!(reported(&baseline, &older), []);
}

#[rstest]
#[case::as_before(&[(A, Verdict::Blocked), (B, Verdict::Conforms)], &[])]
#[case::one_more(&[(A, Verdict::Blocked), (B, Verdict::Blocked)], &[(Difference::NewlyBlocked, B)])]
#[case::a_new_case(&[(C, Verdict::Blocked)], &[(Difference::NewlyBlocked, C)])]
#[case::one_less(&[(A, Verdict::Conforms), (B, Verdict::Conforms)], &[])]
#[case::not_judged(&[(A, Verdict::Inconclusive), (B, Verdict::NotApplicable)], &[])]
fn a_case_that_is_newly_blocked_differs(#[case] cases: &[(&str, Verdict)], #[case] expected: &[(Difference, &str)]) {
    let run =
        |cases: &[(&str, Verdict)]| run_of(cases.iter().map(|(id, verdict)| case_report(id, *verdict, Vec::new())));
    let baseline = accepting(&run(&[(A, Verdict::Blocked), (B, Verdict::Conforms)]));
    assert_eq!(Baseline::read("b", &text(&baseline)).unwrap(), baseline);
    let expected: Vec<_> = expected.iter().map(|(difference, case)| (*difference, (*case).to_owned())).collect();
    assert_eq!(reported(&baseline, &run(cases)), expected);
    // An update of a part keeps what did not run.
    let updated = baseline.updated(once(&run(&[(B, Verdict::Conforms)])), &nothing(), None);
    assert_eq!(reported(&updated, &run(&[(A, Verdict::Blocked)])), []);
    assert_eq!(
        reported(
            &updated.updated(once(&run(&[(A, Verdict::Conforms)])), &nothing(), None),
            &run(&[(A, Verdict::Blocked)])
        ),
        [(Difference::NewlyBlocked, A.to_owned())]
    );
}

#[test]
fn a_baseline_that_lists_no_blocked_cases_says_nothing_about_them() {
    let baseline = Baseline::read("b", "schema = \"wireproof/baseline/v2\"\n").unwrap();
    assert_eq!(reported(&baseline, &run_of([case_report(A, Verdict::Blocked, Vec::new())])), []);
}

#[rstest]
#[case::same(&[(A, Ok("Odd (400)")), (B, Ok("Odd (400)"))], &[])]
#[case::grown(&[(A, Ok("Odd (400)")), (B, Ok("Odd (400)")), (C, Ok("Odd (400)"))], &[(Difference::Grown, C)])]
#[case::new(&[(A, Ok("Odd (400)")), (B, Ok("Odd (400)")), (C, Ok("Even (400)"))], &[(Difference::NewCause, C)])]
#[case::changed(&[(A, Ok("Odd (400)")), (B, Ok("Even (400)"))], &[(Difference::Changed, B)])]
#[case::shrunk(&[(A, Ok("Odd (400)")), (B, Err(Verdict::Conforms))], &[(Difference::Shrunk, B)])]
#[case::gone(&[(A, Err(Verdict::Conforms)), (B, Err(Verdict::Conforms))], &[(Difference::Gone, "s.Put/{a,b}/length/max")])]
#[case::vanished(&[(A, Err(Verdict::NotImplemented)), (B, Err(Verdict::NotImplemented))], &[(Difference::OperationVanished, "s.Put")])]
#[case::not_implemented_in_one_case(&[(A, Ok("Odd (400)")), (B, Err(Verdict::NotImplemented))], &[])]
#[case::blocked(&[(A, Err(Verdict::Blocked)), (B, Err(Verdict::Inconclusive))], &[(Difference::NewlyBlocked, A)])]
#[case::not_run(&[], &[])]
fn each_way_to_differ_has_its_kind(
    #[case] now: &[(&str, Result<&str, Verdict>)],
    #[case] expected: &[(Difference, &str)],
) {
    let baseline = accepting(&seen(&[(A, Ok("Odd (400)")), (B, Ok("Odd (400)"))]));
    let expected: Vec<_> = expected.iter().map(|(kind, cases)| (*kind, (*cases).to_owned())).collect();
    assert_eq!(reported(&baseline, &seen(now)), expected);
    let updated = baseline.updated(once(&seen(now)), &nothing(), Some("as it is"));
    assert_eq!(reported(&updated, &seen(now)), [], "an update settles it");
}

#[test]
fn a_changed_response_is_shown_with_the_one_that_is_known_and_an_exchange() {
    let baseline = accepting(&seen(&[(A, Ok("Odd (400)"))]));
    let one = baseline.compare(&seen(&[(A, Ok("Even (400)"))]), TODAY, &nothing()).remove(0);
    assert_eq!(
        (one.known, one.found),
        (vec!["error-identity: Odd (400)".to_owned()], vec!["error-identity: Even (400)".to_owned()])
    );
    assert_eq!(one.exchange.unwrap().request, format!("> {A}"));
}

#[rstest]
#[case("2026-11-21", &[Difference::Expired])]
#[case("2026-11-22", &[])]
fn an_acceptance_holds_until_the_end_of_its_last_day(#[case] expires: &str, #[case] expected: &[Difference]) {
    let deviating = seen(&[(A, Ok("Odd (400)"))]);
    for day in [format!("\"{expires}\""), expires.to_owned()] {
        let text =
            text(&accepting(&deviating)).replace("reason =", &format!("issue = \"#7\"\nexpires = {day}\nreason ="));
        let differing = Baseline::read("b", &text).unwrap().compare(&deviating, TODAY, &nothing());
        assert_eq!(differing.iter().map(|one| one.difference).collect::<Vec<_>>(), expected);
        assert!(differing.iter().all(|one| one.issue.as_deref() == Some("#7") && one.expires.is_some()));
    }
}

#[test]
fn an_unknown_case_is_reported_and_removed() {
    let baseline = accepting(&seen(&[(A, Ok("Odd (400)")), (B, Ok("Odd (400)"))]));
    let now = seen(&[(B, Ok("Odd (400)"))]);
    let missing = baseline.unseen(&now);
    assert_eq!(missing, BTreeSet::from([A.to_owned()]));
    let differing = baseline.compare(&now, TODAY, &missing);
    assert_eq!(differing.iter().map(|one| one.difference).collect::<Vec<_>>(), [Difference::UnknownCase]);
    assert_eq!(baseline.updated(once(&now), &missing, None), accepting(&now));
}

#[test]
fn an_entry_without_a_reason_fails_the_run() {
    let deviating = seen(&[(A, Ok("Odd (400)"))]);
    let baseline = Baseline::default().updated(once(&deviating), &nothing(), None);
    assert_eq!(reported(&baseline, &deviating), [(Difference::Unexplained, A.to_owned())]);
    let explained = Baseline::read("b", &text(&baseline).replace(UNEXPLAINED, "we know")).unwrap();
    assert_eq!((explained.unexplained(), reported(&explained, &deviating)), (0, Vec::new()));
}

#[test]
fn an_update_keeps_reasons_and_cases_that_were_not_judged() {
    let first = accepting(&seen(&[(A, Ok("Odd (400)")), (B, Ok("Odd (400)"))]));
    let now = seen(&[(A, Ok("Odd (400)")), (B, Err(Verdict::Blocked)), (C, Ok("Odd (400)"))]);
    let next = first.updated(once(&now), &nothing(), None);
    let entries: Vec<(&str, usize)> =
        next.entries.iter().map(|entry| (entry.reason.as_str(), entry.pairs().count())).collect();
    assert_eq!(entries, [("we know", 3)]);
    assert_eq!(Baseline::read("b", &text(&next)).unwrap(), next);
}

#[test]
fn a_case_stays_in_the_entry_that_explains_it_although_another_cause_has_it_now() {
    // The member `a` is not validated; later, `b` and `c` lack a maximum, too.
    let run = |open: &[&str]| {
        let cases = ["a", "b", "c", "d", "e"].iter().flat_map(|location| {
            ["length", "pattern"].map(|family| {
                let accepts = open.contains(location) && (family == "length" || *location == "a");
                let findings = accepts.then(|| finding(Code::OUTCOME, "a success (200)")).into_iter().collect();
                let verdict = if accepts { Verdict::Deviates } else { Verdict::Conforms };
                case_report(&format!("s.Put/{location}/{family}/x"), verdict, findings)
            })
        });
        run_of(cases)
    };
    let next = accepting(&run(&["a"])).updated(once(&run(&["a", "b", "c"])), &nothing(), None);
    let kinds: BTreeMap<&str, usize> =
        next.entries.iter().map(|entry| (entry.key.kind.as_str(), entry.pairs().count())).collect();
    assert_eq!(kinds, BTreeMap::from([("unvalidated", 2), ("unenforced", 2)]));
}

#[test]
fn an_update_keeps_comments_and_unchanged_members() {
    let before = seen(&[(A, Ok("Odd (400)")), (B, Ok("Even (400)"))]);
    let old = text(&accepting(&before));
    let old = format!("# Ours.\n{old}").replace("reason = \"we know\"", "reason = 'it is' # so\nissue = '#7'");
    let now = seen(&[(A, Ok("Odd (400)")), (C, Ok("Odd (400)")), (B, Err(Verdict::Conforms))]);
    let next = Baseline::read("b", &old).unwrap().updated(once(&now), &nothing(), None);
    let expected = "# Ours.\nschema = \"wireproof/baseline/v2\"\nimplemented = [\"s.{Get,Put}\"]\nblocked = []\nwarning = []\n\n[[cause]]\n\
        headline = \"Get, Put: Odd (400) instead of a validation error\"\nreason = 'it is' # so\nissue = '#7'\n\
        rank = \"wrong-error\"\nkind = \"wrong-error\"\nscope = \"s: Odd (400)\"\n\
        cases.\"error-identity: Odd (400)\" = [\n  \"s.Get/c/length/max\",\n  \"s.Put/a/length/max\",\n]\n";
    let text = next.text_over("b", &old).unwrap();
    assert_eq!(text, expected);
    let again = Baseline::read("b", &text).unwrap().updated(once(&now), &nothing(), None);
    assert_eq!(again.text_over("b", &text).unwrap(), text, "a second update changes nothing");
}

#[test]
fn a_case_with_another_result_in_the_repetition_is_unstable_and_each_of_its_results_is_accepted() {
    let (first, second) = (
        seen(&[(A, Ok("Odd (400)")), (B, Ok("Odd (400)"))]),
        seen(&[(A, Err(Verdict::Blocked)), (B, Ok("Odd (400)"))]),
    );
    let runs = SeenRuns { first: &first, repeated: Some(&second) };
    let baseline = Baseline::default().updated(runs, &nothing(), Some("we know"));
    assert_eq!(baseline.unstable(), 1);
    assert_eq!((reported(&baseline, &first), reported(&baseline, &second)), (Vec::new(), Vec::new()));
    assert_eq!(baseline.unstable_with(Verdict::Blocked, &second), 1);
    let other = seen(&[(A, Ok("Even (400)")), (B, Ok("Odd (400)"))]);
    assert_eq!(reported(&baseline, &other), [(Difference::Unstable, A.to_owned())]);
    let read = Baseline::read("b", &text(&baseline)).unwrap();
    assert_eq!(read, baseline);
    // It stays unstable, although two runs agree.
    let again = SeenRuns { first: &other, repeated: Some(&other) };
    let updated = read.updated(again, &nothing(), None);
    assert_eq!(
        (updated.unstable(), reported(&updated, &first), reported(&updated, &other)),
        (1, Vec::new(), Vec::new())
    );
}

#[test]
fn an_operation_that_was_never_there_does_not_vanish_and_one_that_did_not_run_stays() {
    let (there, gone) = (seen(&[(A, Err(Verdict::Conforms))]), seen(&[(A, Err(Verdict::NotImplemented))]));
    assert_eq!(reported(&accepting(&gone), &gone), []);
    let baseline = accepting(&there);
    assert_eq!(baseline.updated(once(&SeenCases::default()), &nothing(), None), baseline);
}

#[test]
fn an_empty_baseline_is_read_back() {
    let text = text(&Baseline::default());
    assert_eq!(text, "schema = \"wireproof/baseline/v2\"\n");
    assert_eq!(Baseline::read("b", &text).unwrap(), Baseline::default());
}

#[rstest]
#[case::no_form("schema = 1", "b: ")]
#[case::no_schema("", "b has no schema")]
#[case::older("schema = \"wireproof/baseline/v1\"\n[[deviation]]\n", "b is a baseline of an older version")]
#[case::schema("schema = \"x\"", "b: unknown schema \"x\"")]
#[case::reason(&entry(" ", ""), "b: the entry wrong-error \"s\" has no reason")]
#[case::no_day(&entry("r", "expires = \"soon\""), "b: the entry wrong-error \"s\" has no valid date in expires")]
#[case::no_such_day(&entry("r", "expires = \"2026-02-30\""), "b: the entry wrong-error \"s\" has no valid date in expires")]
#[case::number(&entry("r", "expires = 2026"), "b: ")]
#[case::pattern(&entry("r", "cases.y = [\"s.*\"]"), "b: the entry wrong-error \"s\" has the pattern \"s.*\", which has a *")]
#[case::twice(&format!("{}{}", entry("r", ""), of("r", "")), "b: the entry wrong-error \"s\" is a duplicate")]
fn a_broken_baseline_says_what_is_wrong(#[case] text: &str, #[case] starts: &str) {
    let error = Baseline::read("b", text).unwrap_err().to_string();
    assert!(error.starts_with(starts), "{error}");
}

fn entry(reason: &str, more: &str) -> String {
    format!("schema = \"wireproof/baseline/v2\"\n{}", of(reason, more))
}

fn of(reason: &str, more: &str) -> String {
    format!(
        "[[cause]]\nheadline = \"h\"\nrank = \"wrong-error\"\nkind = \"wrong-error\"\nscope = \"s\"\nreason = \"{reason}\"\ncases.x = [\"a\"]\n{more}\n"
    )
}
