//! The hint that a service has other protocols, for a run that found no operation.

use crate::{judge::verdict::Ledger, suite::Fixtures, wire::protocol::other_protocols};

/// The hint, if the endpoint implements no operation of the run.
pub(super) fn protocol_hint(suite: &Fixtures, ledger: &Ledger) -> Option<String> {
    let lacks_all = ledger.selected > 0 && ledger.not_implemented == ledger.selected;
    let service = suite.services().find(|service| {
        let others = other_protocols(service.contract(), service.protocol.id());
        lacks_all && !others.is_empty()
    })?;
    let (used, name) = (service.protocol.id(), &service.name);
    let others = other_protocols(service.contract(), used).join(" or ");
    Some(format!(
        "the endpoint implements no operation of {name} in {used}; {name} has another protocol: try --protocol {others}"
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        model::read,
        suite::ServiceFixtures,
        wire::protocol::{Protocol, protocol_of},
    };

    fn hint(traits: &str, ledger: Ledger) -> Option<String> {
        let model = format!(
            r#"{{"smithy":"2.0","shapes":{{"x#S":{{"type":"service","operations":[],"traits":{{{traits}}}}}}}}}"#
        );
        let contract = read("m", &model).unwrap();
        let protocol: &'static dyn Protocol = protocol_of(&contract).unwrap();
        let suite = Fixtures::of_services([ServiceFixtures::of("sqs", contract, protocol)]);
        protocol_hint(&suite, &ledger)
    }

    const NOTHING: Ledger = Ledger {
        selected: 2,
        conforms: 0,
        deviates: 0,
        not_implemented: 2,
        blocked: 0,
        inconclusive: 0,
        not_applicable: 0,
        internal: 0,
    };

    #[rstest]
    #[case::compatible(
        r#""aws.protocols#awsJson1_0":{},"aws.protocols#awsQueryCompatible":{}"#,
        "awsJson1_0",
        "awsQuery"
    )]
    #[case::several(r#""aws.protocols#awsJson1_0":{},"smithy.protocols#rpcv2Cbor":{}"#, "awsJson1_0", "rpcv2Cbor")]
    fn a_run_that_found_nothing_names_other_protocols(#[case] traits: &str, #[case] used: &str, #[case] other: &str) {
        let expected = format!(
            "the endpoint implements no operation of sqs in {used}; sqs has another protocol: try --protocol {other}"
        );
        assert_eq!(hint(traits, NOTHING), Some(expected));
    }

    #[rstest]
    #[case::one_protocol(r#""aws.protocols#awsJson1_0":{}"#, NOTHING)]
    #[case::something(r#""aws.protocols#awsJson1_0":{},"aws.protocols#awsQueryCompatible":{}"#,
        Ledger { not_implemented: 1, blocked: 1, ..NOTHING })]
    #[case::no_case(r#""aws.protocols#awsJson1_0":{},"aws.protocols#awsQueryCompatible":{}"#, Ledger::default())]
    fn any_other_run_has_no_hint(#[case] traits: &str, #[case] ledger: Ledger) {
        assert_eq!(hint(traits, ledger), None);
    }
}
