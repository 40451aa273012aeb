//! Probes of several calls conform on a model server that keeps states, and each fault of the states is found by its
//! families.

use std::collections::BTreeSet;

use rstest::rstest;
use wireproof::internals::{
    gate::baseline::{Baseline, Difference, SeenCases, SeenRuns},
    judge::verdict::Verdict,
    probe::{RelationRole, Relations, Resource},
    reference::{ModelFault, StateFault},
    run::judged_case::JudgedCase,
    suite::requirement::Evidence,
};

use crate::{
    model_server::{Subject, assert_all_conform, behavior},
    support::corpus::say,
};

/// A service with things, which the caller names, and jobs, which it does not.
fn things() -> Subject {
    let (model, recipe) = (include_str!("support/things.json"), include_str!("support/things.yaml"));
    Subject::with_recipe("things", model, recipe, "awsJson1_1").stateful()
}

/// A service with tools, which only a list describes.
fn tools() -> Subject {
    let (model, recipe) = (include_str!("support/tools.json"), "states: {}\n");
    Subject::with_recipe("tools", model, recipe, "awsJson1_1").stateful()
}

/// The warnings of families that do no more.
fn inferred(cases: &[JudgedCase]) -> Vec<String> {
    let of = |case: &JudgedCase| {
        let findings = case.report.findings.iter().filter(|one| one.evidence == Evidence::Inferred);
        findings.map(|one| format!("{}: {} {} {}", case.report.id, one.pointer, one.expected, one.actual)).collect()
    };
    cases.iter().flat_map(|case| -> Vec<String> { of(case) }).collect()
}

/// The families of the probes that deviate, or warn if their family does no more.
fn deviating(cases: &[JudgedCase]) -> BTreeSet<&str> {
    let warns = |case: &JudgedCase| case.report.findings.iter().any(|one| one.evidence == Evidence::Inferred);
    let wrong = cases.iter().filter(|case| case.report.verdict == Verdict::Deviates || warns(case));
    wrong.map(|case| case.report.aim.family.as_deref().unwrap_or("control")).collect()
}

#[test]
fn every_family_of_several_calls_has_a_probe_that_conforms_on_a_server_that_keeps_states() {
    let cases = things().run(behavior(), None);
    assert_all_conform("things", &cases);
    assert_eq!(inferred(&cases), Vec::<String>::new());
    let families: BTreeSet<&str> = cases.iter().filter_map(|case| case.report.aim.family.as_deref()).collect();
    let expected = [
        "absent",
        "consistent",
        "duplicate",
        "gone",
        "listed",
        "names",
        "narrowing",
        "pages",
        "round-trip",
        "tokens",
        "waits",
    ];
    assert_eq!(families.into_iter().collect::<Vec<_>>(), expected);
}

#[rstest]
#[case(StateFault::MemberDroppedOnRead, &["round-trip"])]
#[case(StateFault::InnerMemberDroppedOnRead, &["round-trip"])]
#[case(StateFault::CreatedUnlisted, &["consistent", "listed", "narrowing"])]
#[case(StateFault::PageSkipped, &["pages"])]
#[case(StateFault::LimitIgnored, &["pages"])]
#[case(StateFault::PageTokenIgnored, &["pages"])]
#[case(StateFault::DeletedListed, &["gone"])]
#[case(StateFault::DeletedRead, &["gone"])]
#[case(StateFault::AbsentAccepted, &["absent", "gone"])]
#[case(StateFault::AbsentCrashes, &["absent", "control", "gone"])]
// What a list says of a member is not what it is narrowed by.
#[case(StateFault::ListDisagrees, &["consistent", "narrowing"])]
#[case(StateFault::UpdateForgotten, &["round-trip"])]
#[case(StateFault::DuplicateAccepted, &["duplicate"])]
#[case(StateFault::IdempotencyTokenIgnored, &["tokens"])]
#[case(StateFault::WaiterFails, &["waits"])]
#[case(StateFault::OtherFormUnknown, &["names"])]
#[case(StateFault::FilterIgnored, &["narrowing"])]
#[case(StateFault::MemberFilterIgnored, &["narrowing"])]
#[case(StateFault::FilterFindsNothing, &["consistent", "narrowing"])]
#[case(StateFault::EndlessToken, &["pages"])]
#[case(StateFault::ForeignTokenAccepted, &["pages"])]
fn a_fault_of_the_states_is_found_by_its_families(#[case] fault: StateFault, #[case] expected: &[&str]) {
    let cases = things().run(behavior(), Some(ModelFault::State(fault)));
    assert!(cases.iter().all(|case| case.report.verdict != Verdict::Inconclusive), "{}", fault.id());
    let found: Vec<&str> = deviating(&cases).into_iter().collect();
    assert_eq!(found, expected, "{}", fault.id());
}

#[rstest]
#[case(None, &[])]
#[case(Some(StateFault::MemberDroppedOnList), &["round-trip"])]
#[case(Some(StateFault::UpdateForgotten), &["round-trip"])]
#[case(Some(StateFault::TagForgotten), &["round-trip"])]
#[case(Some(StateFault::UntagForgotten), &["round-trip"])]
fn what_only_a_list_describes_is_read_back_through_it(#[case] fault: Option<StateFault>, #[case] expected: &[&str]) {
    let cases = tools().run(behavior(), fault.map(ModelFault::State));
    let trips = cases.iter().filter(|case| case.report.aim.family.as_deref() == Some("round-trip"));
    assert!(trips.clone().count() > 5 && trips.clone().all(|case| case.report.verdict != Verdict::Blocked));
    assert_eq!(deviating(&cases).into_iter().collect::<Vec<_>>(), expected);
}

/// The cases as a gate sees them.
fn seen(cases: &[JudgedCase]) -> SeenCases {
    let mut seen = SeenCases::default();
    for case in cases {
        seen.enter(&case.report);
    }
    seen
}

#[rstest]
#[case::value_not_returned(StateFault::MemberDroppedOnRead, "round-trip")]
#[case::page_skipped(StateFault::PageSkipped, "pages")]
fn a_gate_is_red_if_a_behavior_gets_worse_although_it_only_warns(#[case] fault: StateFault, #[case] family: &str) {
    let things = things();
    let (first, repeated) = (seen(&things.run(behavior(), None)), seen(&things.run(behavior(), None)));
    let runs = SeenRuns { first: &first, repeated: Some(&repeated) };
    let baseline = Baseline::default().updated(runs, &BTreeSet::new(), Some("we know"));
    let differences = |fault| baseline.compare(&seen(&things.run(behavior(), fault)), "2026-12-01", &BTreeSet::new());
    assert_eq!(differences(None), []);
    let worse = differences(Some(ModelFault::State(fault)));
    let first = worse.iter().find(|one| one.difference == Difference::NewWarning);
    assert!(first.is_some_and(|one| one.cases.iter().any(|case| case.contains(family))), "{worse:#?}");
    assert!(worse.iter().all(wireproof::Differing::is_regression), "{worse:#?}");
}

/// Returns whether a model server cannot keep what a case asks: it does not filter lists, and accepts any identifier of a
/// resource that no operation creates.
fn is_beyond_the_server(subject: &Subject, case: &JudgedCase) -> bool {
    let aim = &case.report.aim;
    let relations = Relations::of(subject.contract());
    let is_made = |resource: &Resource| resource.in_role(RelationRole::Creates).next().is_some();
    match aim.family.as_deref() {
        Some("narrowing") => true,
        Some("absent") => !relations.of_operation(&case.report.operation).any(|(resource, _)| is_made(resource)),
        Some("round-trip") if is_unrelated(&relations, &case.report.id.0) => true,
        Some("round-trip") => UNKEPT.iter().any(|unkept| case.report.id.0.starts_with(unkept)),
        _ => false,
    }
}

/// Returns whether the operation that a round trip ends with is related to no resource, as one that lists the tags of any
/// ARN: the server does not know what it is about.
fn is_unrelated(relations: &Relations, id: &str) -> bool {
    id.rsplit('/')
        .next()
        .is_some_and(|read| read.starts_with("ListTags") && relations.of_operation(read).next().is_none())
}

/// The beginnings of what a model server does not keep: the configuration of a bucket that does not exist. The operation
/// declares no error for it, so that the update succeeds.
const UNKEPT: [&str; 1] = ["s3.PutBucketLifecycleConfiguration/"];

#[rstest]
#[case("kms", "awsJson1_1")]
#[case("sqs", "awsQuery")]
#[case("sns", "awsQuery")]
#[case("iam", "awsQuery")]
#[case("lambda", "restJson1")]
#[cfg_attr(debug_assertions, ignore = "it takes a minute without optimization")]
#[case("s3", "restXml")]
#[case("cloudwatch", "rpcv2Cbor")]
#[cfg_attr(debug_assertions, ignore = "it takes a minute without optimization")]
#[case("elasticache", "awsQuery")]
fn probes_of_several_calls_of_a_published_model_conform_on_its_model_server(
    #[case] name: &str,
    #[case] protocol: &str,
) {
    let Some(subject) = Subject::botocore(name, protocol).map(Subject::stateful) else { return };
    let mut cases = subject.run(behavior(), None);
    cases.retain(|case| !is_beyond_the_server(&subject, case));
    let blocked = cases.iter().filter(|case| case.report.verdict == Verdict::Blocked).count();
    say(&format!("probes of several calls of {name} in {protocol}: {} cases, {blocked} blocked", cases.len())).unwrap();
    let judged: Vec<JudgedCase> = cases.into_iter().filter(|case| case.report.verdict != Verdict::Blocked).collect();
    assert_all_conform(name, &judged);
    assert_eq!(inferred(&judged), Vec::<String>::new());
}
