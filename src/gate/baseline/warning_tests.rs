use proptest::prelude::*;
use rstest::rstest;

use super::{
    tests::{TODAY, accepting, case_report, finding, nothing, once, reported, run_of, text},
    *,
};
use crate::{
    judge::{
        code::Code,
        verdict::{Finding, Severity},
    },
    suite::{RequestGroup, requirement::Evidence},
};

const A: &str = "s.Put/a/round-trip/x";
const B: &str = "s.Put/b/round-trip/x";

fn warning(code: Code, pointer: &str, evidence: Evidence) -> Finding {
    Finding { severity: Severity::Warning, pointer: pointer.to_owned(), evidence, ..finding(code, "absent") }
}

/// A value that is not read back.
fn lost(pointer: &str) -> Finding {
    warning(Code::EVENTUALLY, pointer, Evidence::Inferred)
}

/// A value of the response that its shape does not allow.
fn odd(pointer: &str) -> Finding {
    warning(Code::RESPONSE_SHAPE, pointer, Evidence::Modelled)
}

fn conforming(id: &str, findings: &[Finding]) -> CaseReport {
    let mut case = case_report(id, Verdict::Conforms, findings.to_vec());
    (case.aim.group, case.aim.valid) = (RequestGroup::Behavior, true);
    case
}

#[test]
fn warnings_have_entries_that_need_no_reason_and_are_read_back() {
    let run = run_of([conforming(A, &[lost("/A")]), conforming(B, &[odd("/Items/0/B"), odd("/Items/1/B")])]);
    let baseline = accepting(&run);
    let expected = "schema = \"wireproof/baseline/v2\"\nimplemented = [\"s.{a,b}\"]\nblocked = []\n\n\
        [[warning]]\nheadline = \"Put: `a`, a value that is set and read back: `A`: expected a refusal, got absent (eventually)\"\n\
        rank = \"wrong-behavior\"\nkind = \"behaviour\"\nscope = \"s: a: round-trip: eventually, expected \"\n\
        cases.\"eventually at /A\" = [\"s.Put/a/round-trip/x\"]\n\n\
        [[warning]]\nheadline = \"Put: `Items/B`: expected a refusal, got absent (response-shape)\"\n\
        rank = \"wrong-response\"\nkind = \"response\"\nscope = \"s: response-shape of Items/B, expected a refusal\"\n\
        cases.\"response-shape at /Items/*/B\" = [\"s.Put/b/round-trip/x\"]\n";
    assert_eq!(text(&baseline), expected.replace("s.{a,b}", "s.Put"));
    assert_eq!(Baseline::read("b", &text(&baseline)).unwrap(), baseline);
    assert_eq!((reported(&baseline, &run), baseline.unexplained()), (Vec::new(), 0));
}

#[rstest]
#[case::same(&[("/A", "/R")], &[])]
#[case::new_value_is_lost(&[("/A", "/R"), ("/B", "")], &[(Difference::NewWarning, B)])]
#[case::another_member_is_lost(&[("/C", "/R")], &[(Difference::NewWarning, A)])]
#[case::another_member_is_odd(&[("/A", "/S")], &[(Difference::NewWarning, A)])]
#[case::another_case_has_the_odd_member(&[("/A", ""), ("", "/R")], &[])]
#[case::nothing_is_lost(&[("", "/R")], &[(Difference::WarningGone, A)])]
#[case::nothing_at_all(&[("", "")], &[(Difference::WarningGone, A), (Difference::WarningGone, A)])]
fn a_new_warning_is_red_and_so_is_one_that_is_gone(
    #[case] now: &[(&str, &str)],
    #[case] expected: &[(Difference, &str)],
) {
    let run = |cases: &[(&str, &str)]| {
        let all = |(lost_one, odd_one): &(&str, &str)| -> Vec<Finding> {
            let lost = Some(lost(lost_one)).filter(|_| !lost_one.is_empty());
            lost.into_iter().chain(Some(odd(odd_one)).filter(|_| !odd_one.is_empty())).collect()
        };
        run_of(
            [A, B].iter().enumerate().map(|(index, id)| conforming(id, &cases.get(index).map(all).unwrap_or_default())),
        )
    };
    let baseline = accepting(&run(&[("/A", "/R")]));
    let now = run(now);
    let expected: Vec<_> = expected.iter().map(|(kind, case)| (*kind, (*case).to_owned())).collect();
    assert_eq!(reported(&baseline, &now), expected);
    let updated = baseline.updated(once(&now), &nothing(), None);
    assert_eq!(reported(&updated, &now), [], "an update settles it");
    // Without the entries, nothing is compared.
    let older = Baseline { warnings: None, ..baseline };
    assert_eq!(reported(&older, &now), []);
}

#[rstest]
#[case::note(Finding { severity: Severity::Note, ..lost("/A") })]
#[case::deviation(Finding { severity: Severity::Error, ..lost("/A") })]
fn notes_and_errors_are_no_warnings(#[case] finding: Finding) {
    let baseline = accepting(&run_of([conforming(A, &[])]));
    assert_eq!(reported(&baseline, &run_of([conforming(A, &[finding])])), []);
}

#[test]
fn a_case_that_does_not_conform_anymore_has_no_warnings_to_compare() {
    let baseline = accepting(&run_of([conforming(A, &[lost("/A")])]));
    for verdict in [Verdict::Blocked, Verdict::Inconclusive, Verdict::NotImplemented, Verdict::Deviates] {
        let now = run_of([case_report(A, verdict, Vec::new())]);
        let differences = baseline.compare(&now, TODAY, &nothing());
        assert!(differences.iter().all(|one| one.difference != Difference::WarningGone), "{verdict}");
    }
}

#[test]
fn a_case_alone_says_nothing_about_the_others_of_its_operation() {
    let baseline = accepting(&run_of([conforming(A, &[lost("/A"), odd("/R")])]));
    let alone = SeenCases::alone(&conforming(A, &[]));
    assert_eq!(reported(&baseline, &alone), [(Difference::WarningGone, A.to_owned())]);
}

#[test]
fn a_new_warning_is_shown_with_what_was_and_what_is() {
    let baseline = accepting(&run_of([conforming(A, &[lost("/A")])]));
    let one = baseline.compare(&run_of([conforming(A, &[lost("/C")])]), TODAY, &nothing()).remove(0);
    assert_eq!((one.known, one.found), (vec!["eventually at /A".to_owned()], vec!["eventually at /C".to_owned()]));
    assert_eq!(one.representative.unwrap().0, A);
}

#[test]
fn an_entry_keeps_its_headline_and_what_a_person_wrote_until_its_cases_change() {
    let run = |lost_value: &str| {
        let lost = Finding { actual: lost_value.to_owned(), ..lost("/A") };
        run_of([conforming(A, &[lost])])
    };
    let written =
        text(&accepting(&run("\"wp-one\""))).replace("kind =", "reason = \"we know\"\nissue = \"#7\"\nkind =");
    let known = Baseline::read("b", &written).unwrap();
    assert_eq!(known.updated(once(&run("\"wp-two\"")), &nothing(), None).text_over("b", &written).unwrap(), written);
}

/// The warnings of three cases of one operation.
fn any_run() -> impl Strategy<Value = Vec<Vec<Finding>>> {
    let finding = prop::sample::select(vec![lost("/A"), lost("/B"), odd("/A"), odd("/B")]);
    prop::collection::vec(prop::collection::vec(finding, 0..3), 3)
}

fn seen_of(run: &[Vec<Finding>]) -> SeenCases {
    run_of(
        ["s.Put/a/round-trip/x", "s.Put/b/round-trip/x", "s.Get/a/listed/y"]
            .iter()
            .zip(run)
            .map(|(id, findings)| conforming(id, findings)),
    )
}

proptest! {
    #[test]
    fn what_two_runs_have_is_accepted_in_any_order(first in any_run(), second in any_run()) {
        let runs = [seen_of(&first), seen_of(&second)];
        let both = SeenRuns { first: &runs[0], repeated: Some(&runs[1]) };
        let baseline = Baseline::default().updated(both, &nothing(), None);
        for run in &runs {
            prop_assert_eq!(reported(&baseline, run), []);
        }
        let read = Baseline::read("b", &text(&baseline)).unwrap();
        prop_assert_eq!(&read, &baseline);
        let turned = SeenRuns { first: &runs[1], repeated: Some(&runs[0]) };
        let again = read.updated(turned, &nothing(), None);
        prop_assert_eq!(again.text_over("b", &text(&baseline)).unwrap(), text(&baseline));
    }

    #[test]
    fn any_other_run_differs_unless_it_has_the_same_warnings(first in any_run(), second in any_run()) {
        let set = |run: &[Vec<Finding>]| -> BTreeSet<(usize, String)> {
            let of = |(case, findings): (usize, &Vec<Finding>)| {
                // A warning about a response belongs to its operation.
                let place = |one: &Finding| if one.evidence == Evidence::Inferred { case } else { 3 + case / 2 };
                findings.iter().map(|one| (place(one), one.pointer.clone())).collect::<Vec<_>>()
            };
            run.iter().enumerate().flat_map(of).collect()
        };
        let differs = !reported(&accepting(&seen_of(&first)), &seen_of(&second)).is_empty();
        prop_assert_eq!(differs, set(&first) != set(&second));
    }
}
