//! The state machine on a held clock. The bench checks each response against the model.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*};
use rstest::rstest;
use serde_json::{Value, json};

use crate::reference::{
    Identity,
    testing::{Bench, From},
};

const ROLE: &str = "arn:aws:iam::000000000000:role/r";

/// A bench with the application `app` and the group `group`.
struct World {
    bench: Bench,
}

fn revision(key: &str) -> Value {
    json!({"revisionType": "S3", "s3Location": {"bucket": "b", "key": key, "bundleType": "zip"}})
}

fn selecting() -> Value {
    json!({"ec2TagFilters": [{"Key": "k", "Value": "v", "Type": "KEY_AND_VALUE"}]})
}

fn rerouting(minutes: u32) -> Value {
    json!({"blueGreenDeploymentConfiguration":
        {"deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": minutes}}})
}

fn merged(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

impl World {
    fn new(platform: &str, group: &Value) -> Self {
        let world = Self { bench: Bench::new() };
        let application = json!({"applicationName": "app", "computePlatform": platform});
        world.bench.call("CreateApplication", &application).unwrap();
        world.add_group("group", group);
        world
    }

    fn add_group(&self, name: &str, settings: &Value) {
        let base = json!({"applicationName": "app", "deploymentGroupName": name, "serviceRoleArn": ROLE});
        self.bench.call("CreateDeploymentGroup", &merged(base, settings)).unwrap();
    }

    fn deploy(&self) -> String {
        self.deploy_with(&json!({}))
    }

    fn deploy_with(&self, more: &Value) -> String {
        let base = json!({"applicationName": "app", "deploymentGroupName": "group", "revision": revision("k")});
        let output = self.bench.call("CreateDeployment", &merged(base, more)).unwrap();
        output["deploymentId"].as_str().unwrap().to_owned()
    }

    fn info(&self, id: &str) -> Value {
        self.bench.call("GetDeployment", &json!({"deploymentId": id})).unwrap()["deploymentInfo"].take()
    }

    fn status(&self, id: &str) -> String {
        self.info(id)["status"].as_str().unwrap().to_owned()
    }

    fn stop(&self, id: &str) -> Result<String, String> {
        self.stop_with(id, &json!({}))
    }

    fn stop_with(&self, id: &str, more: &Value) -> Result<String, String> {
        let output = self.bench.call("StopDeployment", &merged(json!({"deploymentId": id}), more))?;
        assert!(output["statusMessage"].is_string());
        Ok(output["status"].as_str().unwrap().to_owned())
    }

    fn listed(&self, filter: &Value) -> Vec<String> {
        let output = self.bench.call("ListDeployments", filter).unwrap();
        output["deployments"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    fn group(&self) -> Value {
        let names = json!({"applicationName": "app", "deploymentGroupName": "group"});
        self.bench.call("GetDeploymentGroup", &names).unwrap()["deploymentGroupInfo"].take()
    }

    fn target(&self, id: &str) -> Value {
        let listed = self.bench.call("ListDeploymentTargets", &json!({"deploymentId": id})).unwrap();
        let input = json!({"deploymentId": id, "targetId": listed["targetIds"][0]});
        self.bench.call("GetDeploymentTarget", &input).unwrap()["deploymentTarget"].take()
    }
}

fn error_of<T: std::fmt::Debug>(result: Result<T, String>) -> String {
    result.unwrap_err()
}

const COMPLETE: &str = "DeploymentAlreadyCompletedException";

#[test]
fn deployments_to_a_group_without_instances_fail() {
    let world = World::new("Server", &json!({}));
    let id = world.deploy();
    assert!(super::input::is_deployment_id(&id), "{id}");
    assert_eq!(world.status(&id), "Created");
    world.bench.step(0.05);
    let info = world.info(&id);
    assert_eq!((&info["status"], &info["errorInformation"]["code"]), (&json!("Failed"), &json!("NO_INSTANCES")));
    assert_eq!(error_of(world.stop(&id)), COMPLETE);
}

#[test]
fn reads_change_nothing() {
    let world = World::new("Server", &json!({}));
    let id = world.deploy();
    let first = world.info(&id);
    for _ in 0..20 {
        assert_eq!(world.info(&id), first);
    }
}

#[test]
fn a_deployment_to_instances_stays_open_and_then_fails() {
    let world = World::new("Server", &selecting());
    let id = world.deploy();
    assert_eq!(world.status(&id), "InProgress");
    world.bench.step(299.9);
    assert_eq!(world.status(&id), "InProgress");
    world.bench.step(0.1);
    assert_eq!(world.info(&id)["errorInformation"]["code"], "HEALTH_CONSTRAINTS");
}

#[test]
fn a_stop_with_targets_in_progress_is_pending_and_then_final() {
    let world = World::new("Server", &selecting());
    let id = world.deploy();
    assert_eq!(world.stop(&id).as_deref(), Ok("Pending"));
    assert_eq!(world.status(&id), "InProgress");
    world.bench.step(0.1);
    assert_eq!(world.stop(&id).as_deref(), Ok("Pending"));
    world.bench.step(0.05);
    let stopped = world.info(&id);
    assert_eq!((&stopped["status"], &stopped["completeTime"]), (&json!("Stopped"), &json!(1_700_000_000.15)));
    assert_eq!(stopped["errorInformation"]["code"], "MANUAL_STOP");
    assert!(stopped.get("rollbackInfo").is_none());
    assert_eq!(error_of(world.stop(&id)), COMPLETE);
    world.bench.step(1000.0);
    assert_eq!(world.info(&id), stopped);
    assert_eq!(world.listed(&json!({"includeOnlyStatuses": ["Stopped"]})), [id]);
    assert!(world.listed(&json!({"includeOnlyStatuses": ["InProgress"]})).is_empty());
}

#[test]
fn rerouting_waits_for_a_continue_call() {
    let world = World::new("Server", &rerouting(60));
    let id = world.deploy();
    let proceed =
        || world.bench.call("ContinueDeployment", &json!({"deploymentId": id, "deploymentWaitType": "READY_WAIT"}));
    assert_eq!(
        (world.status(&id).as_str(), error_of(proceed()).as_str()),
        ("InProgress", "DeploymentIsNotInReadyStateException")
    );
    world.bench.step(0.05);
    assert_eq!(world.status(&id), "Ready");
    world.bench.step(3599.0);
    assert_eq!(proceed(), Ok(json!({})));
    assert_eq!(world.status(&id), "InProgress");
    world.bench.step(0.1);
    assert_eq!(world.status(&id), "Succeeded");
    assert_eq!((error_of(proceed()).as_str(), error_of(world.stop(&id)).as_str()), (COMPLETE, COMPLETE));
}

#[test]
fn rerouting_without_a_continue_call_is_stopped() {
    let world = World::new("Server", &rerouting(1));
    let id = world.deploy();
    world.bench.step(60.04);
    assert_eq!(world.status(&id), "Ready");
    world.bench.step(0.01);
    assert_eq!(world.status(&id), "Stopped");
}

#[test]
fn a_stop_without_targets_in_progress_succeeds_at_once() {
    let world = World::new("Server", &rerouting(60));
    let ready = world.deploy();
    let queued = world.deploy();
    world.bench.step(0.05);
    assert_eq!((world.status(&ready).as_str(), world.status(&queued).as_str()), ("Ready", "Queued"));
    for id in [&queued, &ready] {
        assert_eq!(world.stop(id).as_deref(), Ok("Succeeded"));
        assert_eq!(world.status(id), "Stopped");
    }
    let created = World::new("Server", &json!({}));
    let id = created.deploy();
    assert_eq!(created.stop(&id).as_deref(), Ok("Succeeded"));
    created.bench.step(1.0);
    assert_eq!(created.status(&id), "Stopped");
}

#[rstest]
#[case("Lambda", json!({"deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes"}), "InProgress")]
#[case("ECS", json!({"deploymentConfigName": "CodeDeployDefault.ECSLinear10PercentEvery1Minutes"}), "InProgress")]
#[case("Lambda", json!({}), "Succeeded")]
#[case("ECS", json!({"deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce"}), "Succeeded")]
fn traffic_shifts_at_once_or_step_by_step(#[case] platform: &str, #[case] call: Value, #[case] after: &str) {
    let world = World::new(platform, &json!({}));
    let id = world.deploy_with(&call);
    world.bench.step(0.09);
    assert_eq!(world.status(&id), "InProgress");
    world.bench.step(0.02);
    assert_eq!(world.status(&id), after);
    if after == "InProgress" {
        assert_eq!(world.stop(&id).as_deref(), Ok("Pending"));
        world.bench.step(0.15);
        assert_eq!(world.status(&id), "Stopped");
    }
}

#[test]
fn one_deployment_of_a_group_runs_and_the_others_wait_in_order() {
    let world = World::new("Server", &selecting());
    world.add_group("sibling", &selecting());
    let [first, second, third] = [world.deploy(), world.deploy(), world.deploy()];
    let sibling = world.deploy_with(&json!({"deploymentGroupName": "sibling"}));
    assert_eq!(world.stop(&first).as_deref(), Ok("Pending"));
    assert_eq!([&second, &third, &sibling].map(|id| world.status(id)), ["Queued", "Queued", "InProgress"]);
    world.bench.step(0.15);
    assert_eq!([&second, &third, &sibling].map(|id| world.status(id)), ["InProgress", "Queued", "InProgress"]);
    assert_eq!(world.info(&second)["startTime"], json!(1_700_000_000.15));
    world.bench.step(300.0);
    assert_eq!([&second, &third, &sibling].map(|id| world.status(id)), ["Failed", "InProgress", "Failed"]);
}

/// A Lambda group with one success, and an open deployment with the call's own configuration.
fn with_a_success(group: &Value, call: &Value) -> (World, String) {
    let world = World::new("Lambda", group);
    world.deploy_with(&json!({"revision": revision("good")}));
    world.bench.step(0.1);
    let canary = json!({"deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes"});
    let open = world.deploy_with(&merged(canary, call));
    (world, open)
}

fn on_request() -> Value {
    json!({"autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_STOP_ON_REQUEST"]}})
}

#[rstest]
#[case::requested(json!({}), json!({}), json!({"autoRollbackEnabled": true}), true)]
#[case::configured_by_group(on_request(), json!({}), json!({}), true)]
#[case::configured_by_call(json!({}), on_request(), json!({}), true)]
#[case::not_requested(json!({}), json!({}), json!({}), false)]
#[case::declined(on_request(), on_request(), json!({"autoRollbackEnabled": false}), false)]
#[case::null_is_absent(on_request(), json!({}), json!({"autoRollbackEnabled": null}), true)]
#[case::disabled_by_call(on_request(), json!({"autoRollbackConfiguration": {"enabled": false}}), json!({}), false)]
fn a_stop_rolls_back_when_requested_or_configured(
    #[case] group: Value,
    #[case] call: Value,
    #[case] stop: Value,
    #[case] rolls_back: bool,
) {
    let (world, open) = with_a_success(&group, &call);
    world.stop_with(&open, &stop).unwrap();
    world.stop_with(&open, &stop).unwrap();
    world.bench.step(0.15);
    let stopped = world.info(&open);
    let back = &stopped["rollbackInfo"]["rollbackDeploymentId"];
    assert_eq!((stopped["status"].as_str(), back.is_string()), (Some("Stopped"), rolls_back), "{stopped}");
    assert_eq!(world.listed(&json!({})).len(), if rolls_back { 3 } else { 2 });
    if rolls_back {
        check_rollback(&world, &open, back.as_str().unwrap());
    }
}

fn check_rollback(world: &World, stopped: &str, back: &str) {
    let rollback = world.info(back);
    assert_eq!((&rollback["creator"], &rollback["status"]), (&json!("codeDeployRollback"), &json!("InProgress")));
    assert_eq!(rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"], stopped);
    assert_eq!(rollback["revision"], revision("good"));
    world.bench.step(0.5);
    assert_eq!(world.status(back), "Succeeded");
}

#[test]
fn a_rollback_needs_an_earlier_success_and_runs_before_waiting_deployments() {
    let world = World::new("Server", &selecting());
    let id = world.deploy();
    world.stop_with(&id, &json!({"autoRollbackEnabled": true})).unwrap();
    world.bench.step(0.15);
    let rollback = world.info(&id)["rollbackInfo"].take();
    assert!(rollback["rollbackMessage"].is_string() && rollback.get("rollbackDeploymentId").is_none(), "{rollback}");

    let (world, open) = with_a_success(&json!({}), &json!({}));
    let waiting = world.deploy();
    world.stop_with(&open, &json!({"autoRollbackEnabled": true})).unwrap();
    world.bench.step(0.15);
    assert_eq!(world.status(&waiting), "Queued");
    world.bench.step(0.6);
    assert_eq!(world.status(&waiting), "Succeeded");
}

#[test]
fn a_failure_starts_a_rollback_only_if_the_group_configures_it() {
    let on_failure = json!({"autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE"]}});
    for (settings, expected) in [(on_failure, true), (on_request(), false)] {
        let world = World::new("Server", &settings);
        let id = world.deploy();
        world.bench.step(0.05);
        let info = world.info(&id);
        let rolls_back = info["rollbackInfo"]["rollbackMessage"].is_string();
        assert_eq!((info["status"].as_str(), rolls_back), (Some("Failed"), expected), "{info}");
    }
}

#[test]
fn the_target_revision_of_a_group_is_that_of_its_last_success() {
    let (world, open) = with_a_success(&json!({}), &json!({}));
    let before = world.group();
    assert_eq!(before["targetRevision"], revision("good"));
    assert_eq!(before["lastAttemptedDeployment"]["deploymentId"], json!(open));
    world.stop(&open).unwrap();
    world.bench.step(1.0);
    let after = world.group();
    assert_eq!(
        (&after["targetRevision"], &after["lastSuccessfulDeployment"]),
        (&before["targetRevision"], &before["lastSuccessfulDeployment"])
    );
    assert_eq!(after["lastAttemptedDeployment"]["status"], "Stopped");
}

#[rstest]
#[case("Server", "InstanceTarget", "instanceTarget")]
#[case("Lambda", "LambdaTarget", "lambdaTarget")]
#[case("ECS", "ECSTarget", "ecsTarget")]
fn no_lifecycle_event_starts_after_a_stop(#[case] platform: &str, #[case] kind: &str, #[case] member: &str) {
    let gradual = match platform {
        "Lambda" => json!({"deploymentConfigName": "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"}),
        "ECS" => json!({"deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes"}),
        _ => selecting(),
    };
    let world = World::new(platform, &gradual);
    let id = world.deploy();
    let started = |target: &Value| {
        let events = target[member]["lifecycleEvents"].as_array().unwrap();
        events.iter().filter(|event| event.get("startTime").is_some()).count()
    };
    let at_first = world.target(&id);
    assert_eq!((&at_first["deploymentTargetType"], started(&at_first)), (&json!(kind), 1));
    world.bench.step(1.5);
    let later = world.target(&id);
    assert_eq!((started(&later), &later[member]["status"]), (2, &json!("InProgress")));
    world.stop(&id).unwrap();
    world.bench.step(5.0);
    let stopped = world.target(&id);
    assert_eq!((started(&stopped), &stopped[member]["status"]), (2, &json!("Skipped")));
    world.bench.step(100.0);
    assert_eq!(world.target(&id), stopped);
}

#[test]
fn invalid_target_requests_return_declared_errors() {
    let world = World::new("Server", &selecting());
    let [open, queued] = [world.deploy(), world.deploy()];
    let list = |input: Value| world.bench.call("ListDeploymentTargets", &input);
    let get = |input: Value| error_of(world.bench.call("GetDeploymentTarget", &input));
    assert_eq!(error_of(list(json!({"deploymentId": queued}))), "DeploymentNotStartedException");
    assert_eq!(error_of(list(json!({"deploymentId": open, "nextToken": "x"}))), "InvalidNextTokenException");
    assert_eq!(
        error_of(list(json!({"deploymentId": open, "targetFilters": {"Odd": []}}))),
        "InvalidTargetFilterNameException"
    );
    let by_status = |status: &str| list(json!({"deploymentId": open, "targetFilters": {"TargetStatus": [status]}}));
    assert_eq!(by_status("InProgress").unwrap()["targetIds"].as_array().unwrap().len(), 1);
    assert_eq!(by_status("Failed"), Ok(json!({"targetIds": []})));
    assert_eq!(error_of(by_status("Odd")), "InvalidInstanceStatusException");
    assert_eq!(get(json!({"deploymentId": open})), "DeploymentTargetIdRequiredException");
    assert_eq!(get(json!({"deploymentId": open, "targetId": "i-0"})), "DeploymentTargetDoesNotExistException");
    assert_eq!(get(json!({"deploymentId": "x", "targetId": "i-0"})), "InvalidDeploymentIdException");
}

#[rstest]
#[case("d-1234ABCD")]
#[case("i-1234ABCDE")]
#[case("d-abcdefghi")]
#[case(" ")]
#[case("d-ABCDEFGHI\u{0}")]
fn a_malformed_id_is_invalid(#[case] id: &str) {
    let world = World::new("Server", &json!({}));
    for operation in ["StopDeployment", "GetDeployment", "ContinueDeployment", "ListDeploymentTargets"] {
        let result = world.bench.call(operation, &json!({"deploymentId": id}));
        assert_eq!(error_of(result), "InvalidDeploymentIdException", "{operation}");
    }
    let batch = world.bench.call("BatchGetDeployments", &json!({"deploymentIds": ["d-000000000", id]}));
    assert_eq!(error_of(batch), "InvalidDeploymentIdException");
}

#[test]
fn missing_and_unknown_ids_have_their_own_errors() {
    let world = World::new("Server", &json!({}));
    for operation in ["StopDeployment", "GetDeployment", "ContinueDeployment", "ListDeploymentTargets"] {
        for input in [json!({}), json!({"deploymentId": null}), json!({"deploymentId": ""})] {
            assert_eq!(error_of(world.bench.call(operation, &input)), "DeploymentIdRequiredException", "{operation}");
        }
        let unknown = world.bench.call(operation, &json!({"deploymentId": "d-000000000"}));
        assert_eq!(error_of(unknown), "DeploymentDoesNotExistException", "{operation}");
    }
}

#[rstest]
#[case("DeleteDeploymentGroup")]
#[case("DeleteApplication")]
fn the_deployment_of_a_deleted_group_can_be_read_but_not_stopped(#[case] delete: &str) {
    let world = World::new("Server", &selecting());
    let id = world.deploy();
    let names = json!({"applicationName": "app", "deploymentGroupName": "group"});
    world.bench.call(delete, &names).unwrap();
    assert_eq!(error_of(world.stop(&id)), "DeploymentGroupDoesNotExistException");
    assert_eq!(world.status(&id), "InProgress");
    world.bench.step(300.0);
    assert_eq!(world.status(&id), "Failed");
}

#[rstest]
#[case("a deployment owned by CloudFormation", Err("UnsupportedActionForDeploymentTypeException"), "InProgress")]
#[case(
    "a deployment that cannot be stopped any more",
    Err("UnsupportedActionForDeploymentTypeException"),
    "InProgress"
)]
#[case("a deployment whose stop is forced", Ok("Forced"), "Stopped")]
#[case("a deployment whose stop is throttled", Err("ThrottlingException"), "InProgress")]
#[case("a deployment whose stop meets an internal failure", Err("InternalFailure"), "InProgress")]
#[case("a deployment whose stop is unavailable", Err("ServiceUnavailable"), "InProgress")]
#[case("a deployment stopped by an alarm", Err(COMPLETE), "Stopped")]
#[case("a deployment whose rerouting wait has elapsed", Err(COMPLETE), "Stopped")]
fn an_established_state_matches_its_name(
    #[case] state: &str,
    #[case] expected: Result<&str, &str>,
    #[case] after: &str,
) {
    let world = World::new("Server", &json!({}));
    let variables = world.bench.establish(state);
    let id = variables["deploymentId"].as_str().unwrap();
    assert_eq!(world.stop(id).as_deref().map_err(String::as_str), expected);
    let info = world.info(id);
    assert_eq!(info["status"], after);
    for name in ["applicationName", "deploymentGroupName"] {
        assert_eq!(info[name], variables[name]);
    }
}

#[rstest]
#[case("DeleteDeploymentGroup")]
#[case("DeleteApplication")]
fn a_new_group_does_not_list_the_deployments_of_a_deleted_one(#[case] delete: &str) {
    let world = World::new("Server", &selecting());
    let names = json!({"applicationName": "app", "deploymentGroupName": "group"});
    world.deploy();
    world.bench.call(delete, &names).unwrap();
    if delete == "DeleteApplication" {
        world.bench.call("CreateApplication", &json!({"applicationName": "app"})).unwrap();
    }
    world.add_group("group", &selecting());
    let id = world.deploy();
    assert_eq!(world.bench.call("ListDeployments", &names).unwrap(), json!({"deployments": [id]}));
}

#[test]
fn lists_are_filtered_by_group_status_and_time() {
    let world = World::new("Server", &selecting());
    world.add_group("sibling", &json!({}));
    let open = world.deploy();
    world.bench.step(10.0);
    let failed = world.deploy_with(&json!({"deploymentGroupName": "sibling"}));
    world.bench.step(1.0);
    let names = |group: &str| json!({"applicationName": "app", "deploymentGroupName": group});
    assert_eq!(world.listed(&names("sibling")), std::slice::from_ref(&failed));
    assert_eq!(world.listed(&json!({"includeOnlyStatuses": ["Failed", "InProgress"]})), [failed.clone(), open.clone()]);
    assert_eq!(world.listed(&json!({"includeOnlyStatuses": ["Failed"]})), [failed]);
    assert_eq!(world.listed(&json!({"createTimeRange": {"end": 1_700_000_000}})), [open]);
    assert!(world.listed(&json!({"createTimeRange": {"start": 1_700_000_011}})).is_empty());
    assert!(world.listed(&json!({"externalId": "x"})).is_empty());
}

#[rstest]
#[case(json!({"applicationName": "app"}), "DeploymentGroupNameRequiredException")]
#[case(json!({"deploymentGroupName": "group"}), "ApplicationNameRequiredException")]
#[case(json!({"applicationName": "none", "deploymentGroupName": "group"}), "ApplicationDoesNotExistException")]
#[case(json!({"applicationName": "app", "deploymentGroupName": "none"}), "DeploymentGroupDoesNotExistException")]
#[case(json!({"includeOnlyStatuses": ["Odd"]}), "InvalidDeploymentStatusException")]
#[case(json!({"createTimeRange": {"start": 2, "end": 1}}), "InvalidTimeRangeException")]
#[case(json!({"createTimeRange": {"start": "yesterday"}}), "SerializationException")]
#[case(json!({"nextToken": "x"}), "InvalidNextTokenException")]
fn an_invalid_list_request_is_rejected(#[case] input: Value, #[case] expected: &str) {
    let world = World::new("Server", &json!({}));
    assert_eq!(error_of(world.bench.call("ListDeployments", &input)), expected);
}

#[test]
fn the_pages_of_a_list_contain_every_deployment_once() {
    let world = World::new("Server", &json!({}));
    let all: BTreeSet<String> = (0..201).map(|_| world.deploy()).collect();
    let mut seen = Vec::new();
    let mut input = json!({});
    loop {
        let output = world.bench.call("ListDeployments", &input).unwrap();
        seen.extend(output["deployments"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));
        let Some(token) = output.get("nextToken") else { break };
        input = json!({"nextToken": token});
        world.deploy();
    }
    assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>()), (201, all));
}

#[test]
fn a_batch_accepts_one_to_twenty_five_ids_and_omits_unknown_ones() {
    let world = World::new("Server", &json!({}));
    let id = world.deploy();
    let batch = |ids: Value| world.bench.call("BatchGetDeployments", &json!({"deploymentIds": ids}));
    let found = batch(json!([id, "d-000000000"])).unwrap();
    assert_eq!(found["deploymentsInfo"].as_array().unwrap().len(), 1);
    assert_eq!(error_of(batch(json!([]))), "DeploymentIdRequiredException");
    assert_eq!(error_of(batch(json!(null))), "DeploymentIdRequiredException");
    assert!(batch(json!(vec!["d-000000000"; 25])).is_ok());
    assert_eq!(error_of(batch(json!(vec!["d-000000000"; 26]))), "BatchLimitExceededException");
    assert_eq!(error_of(batch(json!([null]))), "SerializationException");
}

#[rstest]
#[case("CreateApplication", json!({}), "ApplicationNameRequiredException")]
#[case("CreateApplication", json!({"applicationName": ""}), "ApplicationNameRequiredException")]
#[case("CreateApplication", json!({"applicationName": "a".repeat(101)}), "InvalidApplicationNameException")]
#[case("CreateApplication", json!({"applicationName": "app"}), "ApplicationAlreadyExistsException")]
#[case("CreateApplication", json!({"applicationName": "b", "computePlatform": "Moon"}), "InvalidComputePlatformException")]
#[case("GetApplication", json!({"applicationName": "none"}), "ApplicationDoesNotExistException")]
#[case("DeleteApplication", json!({}), "ApplicationNameRequiredException")]
#[case("CreateDeploymentGroup", json!({"applicationName": "app", "serviceRoleArn": ROLE}), "DeploymentGroupNameRequiredException")]
#[case("CreateDeploymentGroup", json!({"applicationName": "app", "deploymentGroupName": "g"}), "RoleRequiredException")]
#[case("CreateDeploymentGroup", json!({"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": "r"}), "InvalidRoleException")]
#[case("CreateDeploymentGroup", json!({"applicationName": "no", "deploymentGroupName": "g", "serviceRoleArn": ROLE}), "ApplicationDoesNotExistException")]
#[case("CreateDeploymentGroup", json!({"applicationName": "app", "deploymentGroupName": "group", "serviceRoleArn": ROLE}), "DeploymentGroupAlreadyExistsException")]
#[case("CreateDeploymentGroup", json!({"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": ROLE, "deploymentConfigName": "Own"}), "DeploymentConfigDoesNotExistException")]
#[case("CreateDeploymentGroup", json!({"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": ROLE, "autoRollbackConfiguration": {"events": ["ODD"]}}), "InvalidAutoRollbackConfigException")]
#[case("CreateDeploymentGroup", json!({"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": ROLE, "blueGreenDeploymentConfiguration": {"deploymentReadyOption": {"waitTimeInMinutes": -1}}}), "InvalidBlueGreenDeploymentConfigurationException")]
#[case("GetDeploymentGroup", json!({"applicationName": "app", "deploymentGroupName": "none"}), "DeploymentGroupDoesNotExistException")]
#[case("GetDeploymentGroup", json!({"applicationName": "none", "deploymentGroupName": "group"}), "ApplicationDoesNotExistException")]
#[case("DeleteDeploymentGroup", json!({"applicationName": "app"}), "DeploymentGroupNameRequiredException")]
#[case("RegisterApplicationRevision", json!({"applicationName": "app"}), "RevisionRequiredException")]
#[case("RegisterApplicationRevision", json!({"applicationName": "none", "revision": revision("k")}), "ApplicationDoesNotExistException")]
#[case("RegisterApplicationRevision", json!({"applicationName": "app", "revision": {"revisionType": "Odd"}}), "InvalidRevisionException")]
#[case("CreateDeployment", json!({}), "ApplicationNameRequiredException")]
#[case("CreateDeployment", json!({"applicationName": "app"}), "DeploymentGroupNameRequiredException")]
#[case("CreateDeployment", json!({"applicationName": "app", "deploymentGroupName": "group"}), "RevisionRequiredException")]
#[case("CreateDeployment", json!({"applicationName": "app", "deploymentGroupName": "none", "revision": revision("k")}), "DeploymentGroupDoesNotExistException")]
#[case("CreateDeployment", json!({"applicationName": "app", "deploymentGroupName": "group", "revision": revision("k"), "fileExistsBehavior": "EAT"}), "InvalidFileExistsBehaviorException")]
#[case("ContinueDeployment", json!({"deploymentId": "d-000000000", "deploymentWaitType": "ODD"}), "InvalidDeploymentWaitTypeException")]
fn each_operation_rejects_with_its_declared_errors(
    #[case] operation: &str,
    #[case] input: Value,
    #[case] expected: &str,
) {
    let world = World::new("Server", &json!({}));
    assert_eq!(error_of(world.bench.call(operation, &input)), expected);
}

/// An action of a caller, or a step of the clock.
#[derive(Debug, Clone)]
enum TestAction {
    Deploy(&'static str),
    Stop(usize, bool),
    Continue(usize),
    Step(f64),
}

fn action() -> impl Strategy<Value = TestAction> {
    prop_oneof![
        prop_oneof![Just("group"), Just("waits")].prop_map(TestAction::Deploy),
        (0..9_usize, any::<bool>()).prop_map(|(which, back)| TestAction::Stop(which, back)),
        (0..9_usize).prop_map(TestAction::Continue),
        prop_oneof![Just(0.01), Just(0.1), Just(0.2), Just(61.0), Just(301.0)].prop_map(TestAction::Step),
    ]
}

impl World {
    fn perform(&self, action: &TestAction) {
        let all = self.listed(&json!({}));
        let pick = |which: &usize| all.get(which % all.len().max(1));
        match action {
            TestAction::Deploy(group) => {
                self.deploy_with(&json!({"deploymentGroupName": group}));
            }
            TestAction::Stop(which, back) => {
                let _ = pick(which).map(|id| self.stop_with(id, &json!({"autoRollbackEnabled": back})));
            }
            TestAction::Continue(which) => {
                let _ = pick(which).map(|id| self.bench.call("ContinueDeployment", &json!({"deploymentId": id})));
            }
            TestAction::Step(seconds) => self.bench.step(*seconds),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_sequence_keeps_ends_final_and_runs_one_deployment_per_group(actions in vec(action(), 1..25)) {
        let world = World::new("Server", &selecting());
        world.add_group("waits", &rerouting(1));
        let mut ended: BTreeMap<String, Value> = BTreeMap::new();
        for action in &actions {
            world.perform(action);
            let mut running = BTreeSet::new();
            for id in world.listed(&json!({})) {
                let info = world.info(&id);
                if let Some(before) = ended.get(&id) {
                    prop_assert_eq!(before, &info);
                } else if info.get("completeTime").is_some() {
                    ended.insert(id, info);
                } else if info["status"] != "Queued" {
                    prop_assert!(running.insert(info["deploymentGroupName"].to_string()), "two run after {:?}", action);
                }
            }
        }
    }
}

#[test]
fn accounts_and_regions_share_nothing() {
    let world = World::new("Server", &selecting());
    let id = world.deploy();
    let strangers = [
        From { identity: Identity::other_account(), ..From::default() },
        From { region: "eu-west-1", ..From::default() },
    ];
    for from in strangers {
        let call = |operation: &str, input: Value| world.bench.call_from(&from, operation, &input);
        for operation in ["StopDeployment", "GetDeployment"] {
            assert_eq!(error_of(call(operation, json!({"deploymentId": id}))), "DeploymentDoesNotExistException");
        }
        assert_eq!(call("ListDeployments", json!({})), Ok(json!({"deployments": []})));
        assert!(call("CreateApplication", json!({"applicationName": "app"})).is_ok());
    }
    assert_eq!(world.status(&id), "InProgress");
}

#[test]
fn the_denied_identity_can_read_a_deployment_but_not_stop_it() {
    let world = World::new("Server", &selecting());
    let id = world.deploy();
    let denied = From { identity: Identity::denied(), ..From::default() };
    let input = json!({"deploymentId": id});
    assert_eq!(error_of(world.bench.call_from(&denied, "StopDeployment", &input)), "AccessDeniedException");
    assert!(world.bench.call_from(&denied, "GetDeployment", &input).is_ok());
    assert_eq!(world.status(&id), "InProgress");
}

#[test]
fn every_operation_of_the_contract_returns_a_valid_response() {
    let world = World::new("Server", &merged(rerouting(60), &json!({"autoScalingGroups": ["asg"]})));
    let id = world.deploy();
    world.bench.step(0.05);
    world.group();
    world.target(&id);
    let succeed = |operation: &str, input: Value| world.bench.call(operation, &input).map(|_| ()).unwrap();
    succeed("GetApplication", json!({"applicationName": "app"}));
    succeed("RegisterApplicationRevision", json!({"applicationName": "app", "revision": revision("k")}));
    succeed("BatchGetDeployments", json!({"deploymentIds": [id]}));
    succeed("ListDeployments", json!({}));
    succeed("GetDeployment", json!({"deploymentId": id}));
    succeed("ContinueDeployment", json!({"deploymentId": id}));
    succeed("StopDeployment", json!({"deploymentId": id}));
    succeed("DeleteDeploymentGroup", json!({"applicationName": "app", "deploymentGroupName": "group"}));
    succeed("DeleteApplication", json!({"applicationName": "app"}));
    assert!(world.bench.uncalled().is_empty(), "{:?}", world.bench.uncalled());
}
