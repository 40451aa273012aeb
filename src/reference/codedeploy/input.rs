//! Reads inputs and selects the error for an input that violates the model.

use serde_json::Value;

use super::Rejection;
use crate::model::{ShapeRule, Violation};

/// A member, the error if it is missing or empty, and the error for any other violation.
type InputErrorRow = (&'static str, &'static str, &'static str);

/// The error for a member without its own error.
const OTHERWISE: &str = "ValidationException";

/// The errors by member. The first row that matches determines the error.
const ERRORS: &[InputErrorRow] = &[
    ("applicationName", "ApplicationNameRequiredException", "InvalidApplicationNameException"),
    ("deploymentGroupName", "DeploymentGroupNameRequiredException", "InvalidDeploymentGroupNameException"),
    ("deploymentId", "DeploymentIdRequiredException", "InvalidDeploymentIdException"),
    ("deploymentIds", "DeploymentIdRequiredException", "InvalidDeploymentIdException"),
    ("targetId", "DeploymentTargetIdRequiredException", "InvalidDeploymentTargetIdException"),
    ("serviceRoleArn", "RoleRequiredException", "InvalidRoleException"),
    ("revision", "RevisionRequiredException", "InvalidRevisionException"),
    ("computePlatform", "InvalidComputePlatformException", "InvalidComputePlatformException"),
    ("deploymentConfigName", "InvalidDeploymentConfigNameException", "InvalidDeploymentConfigNameException"),
    ("ec2TagFilters", "InvalidEC2TagException", "InvalidEC2TagException"),
    ("ec2TagSet", "InvalidEC2TagException", "InvalidEC2TagException"),
    ("onPremisesInstanceTagFilters", "InvalidTagException", "InvalidTagException"),
    ("onPremisesTagSet", "InvalidTagException", "InvalidTagException"),
    ("triggerConfigurations", "InvalidTriggerConfigException", "InvalidTriggerConfigException"),
    ("autoRollbackConfiguration", "InvalidAutoRollbackConfigException", "InvalidAutoRollbackConfigException"),
    ("outdatedInstancesStrategy", "InvalidInputException", "InvalidInputException"),
    ("deploymentStyle", "InvalidDeploymentStyleException", "InvalidDeploymentStyleException"),
    (
        "blueGreenDeploymentConfiguration",
        "InvalidBlueGreenDeploymentConfigurationException",
        "InvalidBlueGreenDeploymentConfigurationException",
    ),
    ("loadBalancerInfo", "InvalidLoadBalancerInfoException", "InvalidLoadBalancerInfoException"),
    ("targetInstances", "InvalidTargetInstancesException", "InvalidTargetInstancesException"),
    ("fileExistsBehavior", "InvalidFileExistsBehaviorException", "InvalidFileExistsBehaviorException"),
    ("includeOnlyStatuses", "InvalidDeploymentStatusException", "InvalidDeploymentStatusException"),
    ("createTimeRange", "InvalidTimeRangeException", "InvalidTimeRangeException"),
    ("deploymentWaitType", "InvalidDeploymentWaitTypeException", "InvalidDeploymentWaitTypeException"),
    ("targetFilters", "InvalidTargetFilterNameException", "InvalidTargetFilterNameException"),
];

/// The rejection of an input with at least one violation.
pub(super) fn rejection(operation: &str, violations: &[Violation]) -> Rejection {
    let found = ERRORS.iter().find_map(|row| violations.iter().find(|v| member(v) == row.0).map(|v| (row, v)));
    if let Some(((name, missing, invalid), violation)) = found {
        let is_member_itself = violation.pointer.len() == name.len() + 1;
        let error = if is_member_itself && matches!(violation.rule, ShapeRule::Required | ShapeRule::Empty) {
            missing
        } else {
            invalid
        };
        return Rejection::new(error, format!("{} must be {}", violation.pointer, violation.expected));
    }
    let first = violations.first().map(|violation| format!("{} must be {}", violation.pointer, violation.expected));
    Rejection::new(OTHERWISE, format!("{operation}: {}", first.unwrap_or_default()))
}

/// The top-level member that contains a violation.
fn member(violation: &Violation) -> &str {
    violation.pointer.split('/').nth(1).unwrap_or_default()
}

/// Reads a required string member. A missing or empty one is an error.
pub(super) fn required<'a>(input: &'a Value, name: &str) -> Result<&'a str, Rejection> {
    input[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
}

/// The rejection of an input without the member `name`.
pub(super) fn missing(name: &str) -> Rejection {
    let error = ERRORS.iter().find(|row| row.0 == name).map_or(OTHERWISE, |row| row.1);
    Rejection::new(error, format!("The member {name} is required"))
}

/// The deployment ID of an input.
///
/// A deployment ID has the form of all documented IDs: `d-` and nine digits or uppercase letters.
pub(super) fn deployment_id(input: &Value) -> Result<&str, Rejection> {
    let id = required(input, "deploymentId")?;
    if is_deployment_id(id) { Ok(id) } else { Err(bad_deployment_id()) }
}

pub(super) fn is_deployment_id(text: &str) -> bool {
    let rest = text.strip_prefix("d-").map(str::as_bytes).unwrap_or_default();
    rest.len() == 9 && rest.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

pub(super) fn bad_deployment_id() -> Rejection {
    Rejection::new("InvalidDeploymentIdException", "A deployment id is d- and nine digits or uppercase letters")
}

/// The name of an existing deployment configuration. Only the predefined ones exist.
pub(super) fn deployment_config<'a>(input: &'a Value, otherwise: &'a str) -> Result<&'a str, Rejection> {
    let name = input["deploymentConfigName"].as_str().unwrap_or(otherwise);
    if name.starts_with("CodeDeployDefault.") {
        return Ok(name);
    }
    Err(Rejection::new(
        "DeploymentConfigDoesNotExistException",
        format!("The deployment configuration {name} does not exist"),
    ))
}

/// The revision of an input, with the location that its type requires.
pub(super) fn revision(input: &Value) -> Result<&Value, Rejection> {
    let revision = &input["revision"];
    if revision.is_null() {
        return Err(missing("revision"));
    }
    let (location, members): (_, &[&str]) = match revision["revisionType"].as_str() {
        Some("S3") => ("s3Location", &["bucket", "key"]),
        Some("GitHub") => ("gitHubLocation", &["repository", "commitId"]),
        Some("String") => ("string", &["content"]),
        Some("AppSpecContent") => ("appSpecContent", &["content"]),
        _ => return Err(Rejection::new("InvalidRevisionException", "The revision has no valid revisionType")),
    };
    let is_complete = members.iter().all(|name| revision[location][name].as_str().is_some_and(|text| !text.is_empty()));
    let incomplete = || format!("The revision needs the member {location} with {}", members.join(" and "));
    if is_complete { Ok(revision) } else { Err(Rejection::new("InvalidRevisionException", incomplete())) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::reference::testing::Bench;

    #[test]
    fn every_operation_declares_the_errors_of_its_members() {
        let contract = Bench::contract();
        for operation in contract.operations() {
            for member in contract.members(&operation.input) {
                let Some((_, missing, invalid)) = ERRORS.iter().find(|row| row.0 == member.name) else { continue };
                for error in [missing, invalid] {
                    let declared = contract.error(operation, error).is_some();
                    assert!(declared, "{}: {} for {}", operation.name, error, member.name);
                }
            }
        }
    }

    #[rstest]
    #[case("d-LGUMS25CC", true)]
    #[case("d-000000000", true)]
    #[case("d-LGUMS25C", false)]
    #[case("d-LGUMS25CCC", false)]
    #[case("d-lgums25cc", false)]
    #[case("D-LGUMS25CC", false)]
    #[case("LGUMS25CC", false)]
    #[case("d-LGUMS25C\n", false)]
    #[case("d-ÀGUMS25C", false)]
    fn a_deployment_id_has_a_fixed_form(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(is_deployment_id(text), valid);
    }

    #[rstest]
    #[case(json!({}), Err("RevisionRequiredException"))]
    #[case(json!({"revision": {}}), Err("InvalidRevisionException"))]
    #[case(json!({"revision": {"revisionType": "S3"}}), Err("InvalidRevisionException"))]
    #[case(json!({"revision": {"revisionType": "S3", "s3Location": {"bucket": "b", "key": ""}}}), Err("InvalidRevisionException"))]
    #[case(json!({"revision": {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k"}}}), Ok(()))]
    #[case(json!({"revision": {"revisionType": "GitHub", "gitHubLocation": {"repository": "r", "commitId": "c"}}}), Ok(()))]
    #[case(json!({"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "c"}}}), Ok(()))]
    fn a_revision_needs_a_complete_location(#[case] input: Value, #[case] expected: Result<(), &str>) {
        assert_eq!(revision(&input).map(|_| ()).map_err(|rejection| rejection.error), expected);
    }
}
