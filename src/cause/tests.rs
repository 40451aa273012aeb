use super::{
    testing::{control, of_operation, probe, report, with},
    *,
};
use crate::{
    judge::{code::Code, verdict::Severity},
    run::event::ShownExchange,
    suite::{CaseAim, RequestGroup, requirement::Evidence},
};

const SUCCESS: &str = "a success (200)";
const CRASH: &str = "server error: HTTP 500 with an HTML page";

fn accepted(case: CaseReport) -> CaseReport {
    with(case, Code::OUTCOME, None, "", SUCCESS)
}

fn crashed(case: CaseReport) -> CaseReport {
    with(case, Code::SERVER_ERROR, None, "", CRASH)
}

/// The causes of a run of these cases.
fn of_run(cases: &[CaseReport]) -> Vec<Cause> {
    let mut judged = JudgedLocations::default();
    for case in cases {
        judged.enter(case);
    }
    causes(&judged, cases)
}

/// The rank, the number of cases and the headline of each cause.
fn found(cases: &[CaseReport]) -> Vec<(CauseRank, usize, String)> {
    of_run(cases).into_iter().map(|cause| (cause.rank, cause.cases.len(), cause.headline)).collect()
}

#[test]
fn a_run_without_deviations_has_no_cause() {
    assert_eq!(found(&[probe("name", "length"), control("")]), []);
}

#[test]
fn a_server_error_for_a_valid_member_explains_those_for_the_members_in_it_and_for_the_full_input() {
    let cases = [control("Filters"), control("Filters[]/Key"), probe("", "legal")].map(crashed);
    let expected = (CauseRank::ValidCrashes, 3, "Put: server error for a valid `Filters`".to_owned());
    assert_eq!(found(&cases), [expected]);
}

#[test]
fn a_server_error_for_the_least_input_explains_those_of_the_other_controls_but_none_of_a_probe() {
    let cases = [control(""), control("a"), control("b"), probe("c", "legal")].map(crashed);
    let least = (CauseRank::ValidCrashes, 3, "Put: server error for a valid request".to_owned());
    let other = (CauseRank::ValidCrashes, 1, "Put: server error for a valid `c`".to_owned());
    assert_eq!(found(&cases), [least, other]);
}

#[test]
fn the_same_member_of_several_operations_is_one_cause() {
    let cases = ["Get", "List"].map(|operation| crashed(of_operation(operation, "NextToken", "legal")));
    let cause = &of_run(&cases)[0];
    assert_eq!(cause.headline, "Get, List: server error for a valid `NextToken`");
    assert_eq!(cause.operations, BTreeMap::from([("s.Get".to_owned(), 1), ("s.List".to_owned(), 1)]));
}

#[test]
fn a_constraint_that_most_locations_lack_is_not_enforced() {
    let mut cases = ["a", "b", "c"].map(|location| accepted(probe(location, "pattern"))).to_vec();
    cases.push(probe("d", "pattern"));
    let expected = "`pattern` is not enforced: invalid values are accepted at 3 of 4 locations".to_owned();
    assert_eq!(found(&cases), [(CauseRank::InvalidAccepted, 3, expected)]);
}

#[test]
fn a_constraint_that_most_locations_enforce_is_missing_at_the_others() {
    let mut cases = ["a", "b", "c"].map(|location| accepted(probe(location, "pattern"))).to_vec();
    cases.extend(["d", "e", "f", "g"].map(|location| probe(location, "pattern")));
    let expected = "`pattern` is enforced at 4 of 7 locations, but not at `a`, `b`, `c`".to_owned();
    assert_eq!(found(&cases), [(CauseRank::InvalidAccepted, 3, expected)]);
}

#[test]
fn a_kind_of_constraint_is_one_cause_at_any_share_of_its_locations() {
    let names: Vec<String> = (0..40).map(|number| format!("l{number:02}")).collect();
    for open in [1, 2, 16, 19, 20, 40] {
        let case = |(index, name): (usize, &String)| {
            let probe = probe(name, "required");
            if index < open { accepted(probe) } else { probe }
        };
        let cases: Vec<CaseReport> = names.iter().enumerate().map(case).collect();
        let causes = of_run(&cases);
        assert_eq!(causes.iter().map(|cause| cause.cases.len()).collect::<Vec<_>>(), [open]);
        assert_eq!((causes[0].key.kind.as_str(), causes[0].key.scope.as_str()), ("unenforced", "s: required"));
        assert_eq!(causes[0].locations.len(), open, "its members are listed");
    }
}

#[test]
fn members_that_accept_whatever_their_constraints_exclude_are_one_cause() {
    let mut cases = Vec::new();
    for family in ["pattern", "length"] {
        cases.extend(["a", "b", "c", "d"].map(|location| accepted(probe(location, family))));
        cases.extend(["e", "f", "g", "h", "i"].map(|location| probe(location, family)));
    }
    let expected = "4 members are not validated (length, pattern): `a`, `b`, `c` and 1 more".to_owned();
    assert_eq!(found(&cases), [(CauseRank::InvalidAccepted, 8, expected)]);
}

#[test]
fn a_crash_at_one_location_is_one_cause_whether_a_model_or_a_behavior_is_probed() {
    let alike = [
        crashed(probe("Id", "legal")),
        crashed(of_behavior("Put", "Id", "absent", false)),
        crashed(of_behavior("Put", "", "pages", true)),
    ];
    let expected = (CauseRank::ValidCrashes, 3, "Put: server error for a valid `Id`".to_owned());
    assert_eq!(found(&alike), [expected]);
}

#[rstest::rstest]
#[case::another_location(crashed(of_behavior("Put", "Name", "absent", false)))]
#[case::another_operation(crashed(of_behavior("Get", "Id", "absent", false)))]
#[case::another_page(with(
    of_behavior("Put", "Id", "absent", false),
    Code::SERVER_ERROR,
    None,
    "",
    "server error: HTTP 502"
))]
#[case::no_crash(accepted(of_behavior("Put", "Id", "absent", false)))]
fn another_crash_is_another_cause(#[case] other: CaseReport) {
    assert_eq!(found(&[crashed(probe("Id", "legal")), other]).len(), 2);
}

#[test]
fn a_member_that_accepts_whatever_its_constraints_exclude_is_not_validated() {
    let mut cases = ["pattern", "length"].map(|family| accepted(probe("a", family))).to_vec();
    cases.extend(["pattern", "length"].map(|family| probe("b", family)));
    let expected = "Put: `a` is not validated (length, pattern)".to_owned();
    assert_eq!(found(&cases), [(CauseRank::InvalidAccepted, 2, expected)]);
}

#[test]
fn a_wrong_error_is_one_cause_in_all_operations() {
    let missing = |case| with(case, Code::ERROR_IDENTITY, None, "", "NotFound (404)");
    let cases = ["A", "B", "C", "D"].map(|operation| missing(of_operation(operation, "Id", "length")));
    let expected = "4 operations: NotFound (404) instead of a validation error".to_owned();
    assert_eq!(found(&cases), [(CauseRank::WrongError, 4, expected)]);
}

#[test]
fn a_fault_of_a_response_is_one_cause_wherever_the_member_appears() {
    let lacking = |case, pointer: &str| with(case, Code::RESPONSE_SHAPE, Some("required"), pointer, "absent");
    let cases = [
        lacking(control(""), "/Table/Id"),
        lacking(probe("a", "legal"), "/Table/Id"),
        lacking(probe("a", "legal"), "/Tables/0/Table/Id"),
    ];
    let expected = "Put: `Table/Id`: expected what is documented, got absent (response-shape/required)".to_owned();
    assert_eq!(found(&cases), [(CauseRank::WrongResponse, 2, expected)]);
}

#[test]
fn a_stored_invalid_value_that_later_responses_repeat_belongs_to_the_cause_that_stored_it() {
    let repeated = with(control(""), Code::RESPONSE_SHAPE, Some("pattern"), "/Item/Name", "\"-\"");
    let other = with(control("b"), Code::RESPONSE_SHAPE, Some("pattern"), "/Item/Other", "\"-\"");
    let cases = [accepted(probe("Item/Name", "pattern")), repeated, other];
    let found = found(&cases);
    assert_eq!(
        found.iter().map(|(rank, cases, _)| (*rank, *cases)).collect::<Vec<_>>(),
        [(CauseRank::WrongResponse, 1), (CauseRank::InvalidAccepted, 2)]
    );
}

#[test]
fn what_follows_in_a_case_is_a_consequence_of_the_first_fault() {
    let case = with(accepted(probe("a", "length")), Code::RESPONSE_SHAPE, Some("length"), "/a", "\"\"");
    assert_eq!(found(&[case]).len(), 1);
}

#[test]
fn all_signatures_that_are_not_verified_are_one_cause_and_the_last() {
    let mut unsigned = accepted(probe("", "signing"));
    unsigned.aim.group = RequestGroup::Signing;
    let mut other = with(of_operation("Get", "", "signing"), Code::ERROR_IDENTITY, None, "", "NotFound (404)");
    other.aim.group = RequestGroup::Signing;
    let found = found(&[unsigned, other, accepted(probe("a", "length"))]);
    assert_eq!(found[1], (CauseRank::Signing, 2, "signatures are not verified".to_owned()));
}

#[test]
fn a_control_represents_its_cause_and_causes_are_numbered_from_one() {
    let cases = [crashed(probe("a", "legal")), crashed(control("a")), accepted(probe("b", "length"))];
    let causes = of_run(&cases);
    assert_eq!(causes[0].representative.0, "s.Put/a/control");
    assert_eq!(causes.iter().map(|cause| cause.number).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_exchange_of_a_case_is_kept_if_it_represents_its_cause_or_the_cause_has_few_cases() {
    let exchange = ShownExchange { request: "q".to_owned(), response: "p".to_owned(), curl: "c".to_owned() };
    let shown = |case: CaseReport| CaseReport { exchange: Some(exchange.clone()), ..case };
    let mut cases: Vec<CaseReport> =
        (0..11).map(|location| shown(accepted(probe(&format!("l{location}"), "length")))).collect();
    cases.push(shown(crashed(control("a"))));
    cases.push(shown(crashed(control("a/b"))));
    let (causes, _) = condense(&mut cases);
    let kept: Vec<&str> = cases.iter().filter(|case| case.exchange.is_some()).map(|case| case.id.0.as_str()).collect();
    assert_eq!(kept, ["s.Put/l0/length/x", "s.Put/a/control", "s.Put/a/b/control"]);
    assert_eq!(causes[1].representative.0, kept[0]);
}

#[test]
fn each_fault_of_one_response_has_its_own_values() {
    let case = with(control(""), Code::STATUS, None, "", "202");
    let case = with(case, Code::RESPONSE_SHAPE, Some("enum"), "/Item/State", "\"Odd\"");
    let headlines: Vec<String> = found(&[case]).into_iter().map(|(.., headline)| headline).collect();
    assert_eq!(
        headlines,
        [
            "Put: `Item/State`: expected what is documented, got \"Odd\" (response-shape/enum)",
            "Put: expected what is documented, got 202 (status)"
        ]
    );
}

/// A probe of several calls.
fn of_behavior(operation: &str, location: &str, family: &str, valid: bool) -> CaseReport {
    let mut case = of_operation(operation, location, family);
    case.aim = CaseAim { group: RequestGroup::Behavior, valid, ..case.aim };
    case
}

#[test]
fn operations_that_accept_an_identifier_of_nothing_are_one_cause() {
    let cases = ["Get", "Tag"].map(|operation| accepted(of_behavior(operation, "Id", "absent", false)));
    let expected = "Get, Tag: `Id`, an identifier of nothing: a success".to_owned();
    assert_eq!(found(&cases), [(CauseRank::WrongBehavior, 2, expected)]);
}

#[test]
fn a_crash_on_an_identifier_of_nothing_is_one_on_a_request_that_the_model_allows() {
    let cases = [crashed(of_behavior("Get", "Id", "absent", false))];
    let expected = "Get: `Id`, an identifier of nothing: server error".to_owned();
    assert_eq!(found(&cases), [(CauseRank::ValidCrashes, 1, expected)]);
}

#[test]
fn a_crash_in_scenarios_names_what_they_expect() {
    let aim = CaseAim { valid: true, ..CaseAim::default() };
    let cases = ["s/put/a", "s/put/b"].map(|id| crashed(report(id, "Put", &aim)));
    let expected = "Put: server error instead of what is documented".to_owned();
    assert_eq!(found(&cases), [(CauseRank::ValidCrashes, 2, expected)]);
}

#[test]
fn values_that_are_not_read_back_are_one_cause_whatever_they_are() {
    let lost = |operation: &str, value: &str| {
        let case = of_behavior(operation, "Color", "round-trip", true);
        with(case, Code::EVENTUALLY, None, "/Thing/Color", value)
    };
    let found = found(&[lost("Create", "\"red\""), lost("Update", "absent")]);
    assert_eq!(
        found.iter().map(|(rank, cases, _)| (*rank, *cases)).collect::<Vec<_>>(),
        [(CauseRank::WrongBehavior, 2)]
    );
}

#[test]
fn a_response_that_breaks_its_shape_is_no_fault_of_behavior() {
    let broken = |case| with(case, Code::RESPONSE_SHAPE, Some("required"), "/Table/Id", "absent");
    let found = found(&[broken(of_behavior("Create", "", "listed", true)), broken(control(""))]);
    assert_eq!(
        found.iter().map(|(rank, cases, _)| (*rank, *cases)).collect::<Vec<_>>(),
        [(CauseRank::WrongResponse, 2)]
    );
}

#[test]
fn warnings_about_what_is_inferred_have_likely_causes_and_no_others_have() {
    let lost = |operation: &str, evidence: Evidence| {
        let case = of_behavior(operation, "Color", "round-trip", true);
        let mut case = with(case, Code::EVENTUALLY, None, "/Thing/Color", "absent");
        case.verdict = Verdict::Conforms;
        case.findings.iter_mut().for_each(|one| (one.severity, one.evidence) = (Severity::Warning, evidence));
        case
    };
    let cases = [
        lost("Create", Evidence::Inferred),
        lost("Update", Evidence::Inferred),
        lost("Tag", Evidence::Modelled),
        accepted(of_behavior("Get", "Id", "absent", false)),
    ];
    let likely: Vec<(CauseRank, usize)> =
        likely_causes(&cases, 0).into_iter().map(|cause| (cause.rank, cause.cases.len())).collect();
    assert_eq!(likely, [(CauseRank::WrongBehavior, 2)]);
    // Warnings are not deviations.
    assert_eq!(found(&cases).len(), 1);
}
