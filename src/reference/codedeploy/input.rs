//! Reading inputs, and naming the error of one that breaks the model.

use serde_json::Value;

use super::Refusal;
use crate::model::{ShapeRule, Violation};

/// A member, the error for its absence or emptiness, and the error for anything else that is wrong with it.
type InputErrorRow = (&'static str, &'static str, &'static str);

/// The error of an input that no error of the operation fits.
const OTHERWISE: &str = "ValidationException";

/// In the order in which errors are seen when an input has several.
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

/// The refusal of an input with those violations, of which there is at least one.
pub(super) fn refusal(operation: &str, violations: &[Violation]) -> Refusal {
    let found = ERRORS.iter().find_map(|row| violations.iter().find(|v| member(v) == row.0).map(|v| (row, v)));
    if let Some(((name, missing, wrong), violation)) = found {
        let itself = violation.pointer.len() == name.len() + 1;
        let error =
            if itself && matches!(violation.rule, ShapeRule::Required | ShapeRule::Empty) { missing } else { wrong };
        return Refusal::new(error, format!("{} must be {}", violation.pointer, violation.expected));
    }
    let first = violations.first().map(|violation| format!("{} must be {}", violation.pointer, violation.expected));
    Refusal::new(OTHERWISE, format!("{operation}: {}", first.unwrap_or_default()))
}

/// The input's own member in which a violation lies.
fn member(violation: &Violation) -> &str {
    violation.pointer.split('/').nth(1).unwrap_or_default()
}

/// The text of a member that must be there and not empty.
pub(super) fn required<'a>(input: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    input[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
}

/// The refusal of an input without the member of that name.
pub(super) fn missing(name: &str) -> Refusal {
    let error = ERRORS.iter().find(|row| row.0 == name).map_or(OTHERWISE, |row| row.1);
    Refusal::new(error, format!("The member {name} is required"))
}

/// The deployment id of an input. Its form is what every documented id has: `d-` and nine characters out of the
/// digits and the upper case letters.
pub(super) fn deployment_id(input: &Value) -> Result<&str, Refusal> {
    let id = required(input, "deploymentId")?;
    if is_deployment_id(id) { Ok(id) } else { Err(bad_deployment_id()) }
}

pub(super) fn is_deployment_id(text: &str) -> bool {
    let rest = text.strip_prefix("d-").map(str::as_bytes).unwrap_or_default();
    rest.len() == 9 && rest.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

pub(super) fn bad_deployment_id() -> Refusal {
    Refusal::new("InvalidDeploymentIdException", "A deployment id is d- and nine digits or upper case letters")
}

/// The name of an existing configuration; only AWS's own exist, since nothing here creates others.
pub(super) fn deployment_config<'a>(input: &'a Value, otherwise: &'a str) -> Result<&'a str, Refusal> {
    let name = input["deploymentConfigName"].as_str().unwrap_or(otherwise);
    if name.starts_with("CodeDeployDefault.") {
        return Ok(name);
    }
    Err(Refusal::new("DeploymentConfigDoesNotExistException", format!("There is no deployment configuration {name}")))
}

/// The revision of an input: a location of the type that it names.
pub(super) fn revision(input: &Value) -> Result<&Value, Refusal> {
    let revision = &input["revision"];
    if revision.is_null() {
        return Err(missing("revision"));
    }
    let (location, members): (_, &[&str]) = match revision["revisionType"].as_str() {
        Some("S3") => ("s3Location", &["bucket", "key"]),
        Some("GitHub") => ("gitHubLocation", &["repository", "commitId"]),
        Some("String") => ("string", &["content"]),
        Some("AppSpecContent") => ("appSpecContent", &["content"]),
        _ => return Err(Refusal::new("InvalidRevisionException", "The revision names no type of location")),
    };
    let whole = members.iter().all(|name| revision[location][name].as_str().is_some_and(|text| !text.is_empty()));
    let incomplete = || format!("The revision needs the member {location} with {}", members.join(" and "));
    if whole { Ok(revision) } else { Err(Refusal::new("InvalidRevisionException", incomplete())) }
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
                let Some((_, missing, wrong)) = ERRORS.iter().find(|row| row.0 == member.name) else { continue };
                for error in [missing, wrong] {
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
    fn a_deployment_id_has_one_form(#[case] text: &str, #[case] right: bool) {
        assert_eq!(is_deployment_id(text), right);
    }

    #[rstest]
    #[case(json!({}), Err("RevisionRequiredException"))]
    #[case(json!({"revision": {}}), Err("InvalidRevisionException"))]
    #[case(json!({"revision": {"revisionType": "S3"}}), Err("InvalidRevisionException"))]
    #[case(json!({"revision": {"revisionType": "S3", "s3Location": {"bucket": "b", "key": ""}}}), Err("InvalidRevisionException"))]
    #[case(json!({"revision": {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k"}}}), Ok(()))]
    #[case(json!({"revision": {"revisionType": "GitHub", "gitHubLocation": {"repository": "r", "commitId": "c"}}}), Ok(()))]
    #[case(json!({"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "c"}}}), Ok(()))]
    fn a_revision_needs_a_whole_location(#[case] input: Value, #[case] expected: Result<(), &str>) {
        assert_eq!(revision(&input).map(|_| ()).map_err(|refusal| refusal.error), expected);
    }
}
