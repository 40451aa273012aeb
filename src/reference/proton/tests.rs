//! Tests of the complete service.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::{
    testing::{Bench, HERE, SCHEMAS, SPEC},
    *,
};

#[test]
fn every_operation_of_the_model_is_implemented() {
    let mut region = RegionState::new(HERE);
    for operation in SCHEMAS.contract().operations() {
        let rejection = region.call(&operation.name, &json!({}), 0.0).err();
        assert_ne!(rejection.map(|rejection| rejection.error), Some("InternalServerException"), "{}", operation.name);
    }
}

/// One call of every operation, in an order that creates each resource before its use.
const WALK: &str = include_str!("walk.json");

#[test]
fn every_operation_that_can_succeed_returns_a_valid_response() {
    let mut bench = Bench::new();
    let mut done = BTreeSet::new();
    let walk: Vec<(f64, String, Value)> = serde_json::from_str(WALK).unwrap();
    for (now, operation, input) in walk {
        bench.ok(now, &operation, &input);
        done.insert(operation);
    }
    let mut bench = Bench::with_service();
    let id = bench.ok(20.0, "ListDeployments", &json!({}))["deployments"][0]["id"].clone();
    bench.ok(20.0, "GetDeployment", &json!({ "id": id }));
    done.extend(["GetDeployment".to_owned(), "ListDeployments".to_owned()]);
    let left: Vec<_> =
        SCHEMAS.contract().operations().map(|o| o.name.as_str()).filter(|o| !done.contains(*o)).collect();
    assert_eq!(left, ["CancelComponentDeployment", "CancelEnvironmentDeployment"]);
}

#[test]
fn two_accounts_and_two_regions_share_nothing() {
    let mut bench = Bench::with_service();
    bench.update(100.0);
    for partition in [Partition { account: "210987654321", ..HERE }, Partition { region: "eu-west-1", ..HERE }] {
        bench.partition = partition;
        let input = json!({"serviceName": "svc"});
        assert_eq!(bench.rejection(101.0, "CancelServicePipelineDeployment", &input), "ResourceNotFoundException");
        assert_eq!(bench.ok(101.0, "ListServices", &json!({})), json!({"services": []}));
    }
    bench.partition = HERE;
    assert_eq!(bench.pipeline(102.0)["deploymentStatus"], "IN_PROGRESS");
}

#[test]
fn the_thousand_and_first_partition_drops_the_oldest() {
    let mut proton = Proton::new();
    for number in 0..=BOUND {
        let account = format!("{number:012}");
        proton.region(Partition { account: &account, region: "us-east-1" }, 0.0).unwrap();
    }
    let is_stored = |number: usize| proton.regions.get(&(format!("{number:012}"), "us-east-1".to_owned())).is_some();
    assert!(!is_stored(0) && is_stored(1) && is_stored(BOUND));
}

#[test]
fn an_invalid_input_is_rejected_with_a_validation_exception() {
    let contract = SCHEMAS.contract();
    let input = &contract.operation("CancelServicePipelineDeployment").unwrap().input;
    let violations =
        SCHEMAS.violations(input, crate::model::PayloadSide::Input, &json!({"serviceName": "-a"})).unwrap();
    let rejection = Proton::new().invalid("CancelServicePipelineDeployment", &violations);
    assert_eq!(rejection.error, "ValidationException");
    assert!(rejection.message.contains("/serviceName"), "{}", rejection.message);
}

/// Valid values of input members. The set is small, so random calls use the same resources.
fn any_member() -> impl Strategy<Value = (&'static str, Value)> {
    let name = prop_oneof![Just("svc"), Just("one"), Just("tpl"), Just("env")].prop_map(Value::from);
    let part = prop_oneof![Just("1"), Just("0"), Just("2")].prop_map(Value::from);
    let mode = prop_oneof![Just("NONE"), Just("CURRENT_VERSION"), Just("MINOR_VERSION"), Just("MAJOR_VERSION")];
    prop_oneof![
        (
            prop_oneof![Just("name"), Just("serviceName"), Just("serviceInstanceName"), Just("environmentName")],
            name.clone()
        ),
        (prop_oneof![Just("templateName"), Just("componentName")], name),
        (prop_oneof![Just("templateMajorVersion"), Just("templateMinorVersion"), Just("majorVersion")], part),
        (Just("deploymentType"), mode.prop_map(Value::from)),
        (Just("spec"), prop_oneof![Just(SPEC), Just("s")].prop_map(Value::from)),
        (Just("maxResults"), (1..4).prop_map(Value::from)),
    ]
}

/// A valid input: required members are added, and members of other operations are removed.
fn valid_input(operation: &str, members: &[(&str, Value)]) -> Value {
    let mut input = json!({"name": "svc", "serviceName": "svc", "serviceInstanceName": "one", "spec": SPEC,
        "environmentName": "env", "componentName": "c", "templateName": "tpl", "templateMajorVersion": "1",
        "majorVersion": "1", "minorVersion": "0", "deploymentType": "CURRENT_VERSION",
        "id": "00000000-0000-0000-0000-000000000000", "status": "SUCCEEDED",
        "resourceArn": "arn:aws:proton:us-east-1:123456789012:service/svc/pipeline",
        "source": {"s3": {"bucket": "abc", "key": "k"}},
        "compatibleEnvironmentTemplates": [{"templateName": "env-tpl", "majorVersion": "1"}]});
    let contract = SCHEMAS.contract();
    let shape = contract.members(&contract.operation(operation).unwrap().input);
    let input = input.as_object_mut().unwrap();
    input.retain(|name, _| shape.iter().any(|m| m.name == *name && (m.traits.required() || name == "status")));
    for (name, value) in members {
        if shape.iter().any(|member| member.name == *name) {
            input.insert((*name).to_owned(), value.clone());
        }
    }
    if operation.ends_with("TemplateVersion") {
        input.entry("status").and_modify(|status| *status = json!("PUBLISHED"));
    }
    json!(input)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The bench checks every output and every error against the model.
    #[test]
    fn every_sequence_of_valid_calls_returns_valid_responses(
        calls in proptest::collection::vec((0..32_usize, proptest::collection::vec(any_member(), 0..4), 0.0..0.4_f64), 1..60)
    ) {
        let operations: Vec<String> = SCHEMAS.contract().operations().map(|o| o.name.clone()).collect();
        let mut bench = Bench::with_service();
        let mut now = 10.0;
        for (index, members, wait) in calls {
            now += wait;
            let operation = &operations[index % operations.len()];
            bench.outcome(now, operation, &valid_input(operation, &members));
        }
    }
}
