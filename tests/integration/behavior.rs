//! Probes of several calls conform on a model server that keeps states, and each fault of the states is found by its
//! families.

use std::collections::BTreeSet;

use rstest::rstest;
use wireproof::internals::{
    judge::verdict::Verdict,
    reference::{ModelFault, StateFault},
    run::judged_case::JudgedCase,
};

use crate::{
    model_server::{Subject, assert_all_conform, behavior},
    support::corpus::say,
};

/// A service with things, which the caller names, and jobs, which it does not.
fn things() -> Subject {
    Subject::of("things", include_str!("support/things.json"), "awsJson1_1").stateful()
}

/// The families of the probes that deviate.
fn deviating(cases: &[JudgedCase]) -> BTreeSet<&str> {
    let wrong = cases.iter().filter(|case| case.report.verdict == Verdict::Deviates);
    wrong.map(|case| case.report.aim.family.as_deref().unwrap_or("control")).collect()
}

#[test]
fn every_family_of_several_calls_has_a_probe_that_conforms_on_a_server_that_keeps_states() {
    let cases = things().run(behavior(), None);
    assert_all_conform("things", &cases);
    let families: BTreeSet<&str> = cases.iter().filter_map(|case| case.report.aim.family.as_deref()).collect();
    let expected = ["absent", "consistent", "duplicate", "gone", "listed", "pages", "round-trip", "tokens"];
    assert_eq!(families.into_iter().collect::<Vec<_>>(), expected);
}

#[rstest]
#[case(StateFault::MemberDroppedOnRead, &["round-trip"])]
#[case(StateFault::MemberDroppedOnList, &["consistent"])]
#[case(StateFault::PageSkipped, &["pages"])]
#[case(StateFault::LimitIgnored, &["pages"])]
#[case(StateFault::PageTokenIgnored, &["pages"])]
#[case(StateFault::DeletedListed, &["gone"])]
#[case(StateFault::DeletedRead, &["gone"])]
#[case(StateFault::AbsentAccepted, &["absent"])]
#[case(StateFault::AbsentCrashes, &["absent"])]
#[case(StateFault::DuplicateAccepted, &["duplicate"])]
#[case(StateFault::IdempotencyTokenIgnored, &["tokens"])]
#[case(StateFault::UpdateForgotten, &["round-trip"])]
#[case(StateFault::ListDisagrees, &["consistent"])]
fn a_fault_of_the_states_is_found_by_its_families(#[case] fault: StateFault, #[case] expected: &[&str]) {
    let cases = things().run(behavior(), Some(ModelFault::State(fault)));
    let found: Vec<&str> = deviating(&cases).into_iter().collect();
    assert_eq!(found, expected, "{}", fault.id());
}

#[rstest]
#[case("kms", "awsJson1_1")]
#[case("sqs", "awsQuery")]
#[case("sns", "awsQuery")]
#[case("iam", "awsQuery")]
#[case("lambda", "restJson1")]
#[case("s3", "restXml")]
#[case("cloudwatch", "rpcv2Cbor")]
fn probes_of_several_calls_of_a_published_model_conform_on_its_model_server(
    #[case] name: &str,
    #[case] protocol: &str,
) {
    let Some(subject) = Subject::botocore(name, protocol).map(Subject::stateful) else { return };
    let cases = subject.run(behavior(), None);
    let blocked = cases.iter().filter(|case| case.report.verdict == Verdict::Blocked).count();
    say(&format!("probes of several calls of {name} in {protocol}: {} cases, {blocked} blocked", cases.len())).unwrap();
    let judged: Vec<JudgedCase> = cases.into_iter().filter(|case| case.report.verdict != Verdict::Blocked).collect();
    assert_all_conform(name, &judged);
}
