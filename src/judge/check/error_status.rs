//! Errors have their documented HTTP status.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{code::Code, verdict::Severity::Error},
    model::{ErrorKind, Shape},
    suite::{Alternative, requirement::Evidence},
    wire::{Protocol, RejectionClass},
};

impl Code {
    /// Errors have their documented HTTP status.
    pub const ERROR_STATUS: Self = Self::new("error-status");
}

pub(super) const CHECK: Check = Check {
    code: Code::ERROR_STATUS,
    wants: "the status that the operation's page states for the error; without one, a status of the error's class",
    why: "Both pages state 400 for client errors and 500 for server errors. The AWS JSON protocols ignore Smithy's \
          httpError, and AWS ignores it, too: 511 of 519 recorded errors have the status 400. If only a model \
          describes the error, both 400 and the declared status are right. If it declares none, any status of the \
          class is right.",
    label: ["error", "stat"],
    severities: &[SeverityRow::new(
        Error,
        Error,
        "a page states the status; without a page, only the class of the status is checked",
    )],
    basis: CheckBasis::Requirements { otherwise: Evidence::Modelled },
    points_at: PointsAt::StatusLine,
    from_recording: true,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let stated = stated(subject);
    if subject.parsed.error().is_none() && stated.is_none() {
        return Checked::nothing();
    }
    let name = subject.parsed.error().unwrap_or("an error without a name");
    let own = subject.service.contract().error(subject.operation, name);
    let mut basis = subject.basis_of(own.into_iter().flat_map(|shape| shape.traits.requirements()));
    if basis.cites.is_empty() {
        basis = subject.basis(&CHECK);
    }
    let actual = subject.response.status;
    let allowed = stated.unwrap_or_else(|| by_contract(subject.service.protocol, own, name, basis.evidence));
    if allowed.contains(&actual) {
        return Checked::with(basis.cites, Vec::new());
    }
    let expected = if allowed.len() > 20 {
        format!("a status from {} to {}", allowed[0], allowed[allowed.len() - 1])
    } else {
        let words: Vec<String> = allowed.iter().map(u16::to_string).collect();
        format!("the status {} of {name}", words.join(" or "))
    };
    let finding = basis.finding(&CHECK, subject.number(), "", expected, actual.to_string());
    Checked::with(basis.cites, vec![finding])
}

/// The statuses that the scenario states for this error, if all alternatives that allow the error state one.
fn stated(subject: &ResponseSubject<'_>) -> Option<Vec<u16>> {
    let alternatives = subject.step.step.expect.alternatives.iter().filter(|_| subject.is_main());
    let allowing = alternatives.filter(|alternative| alternative.allows_error(subject.response, subject.parsed));
    let statuses: Vec<&[u16]> = allowing
        .filter_map(|alternative| match alternative {
            Alternative::Rejection { statuses, .. } => Some(statuses.as_slice()),
            _ => None,
        })
        .collect();
    let is_stated = !statuses.is_empty() && statuses.iter().all(|statuses| !statuses.is_empty());
    is_stated.then(|| statuses.concat())
}

/// A page states the status. If a model declares one, both that one and the plain one of the class are right, because
/// the AWS JSON protocols ignore the declaration; the others keep it. If a model declares none, it states only the class: botocore's models
/// have no status for errors that AWS sends with 400, 403 and 404.
fn by_contract(protocol: &dyn Protocol, own: Option<&Shape>, name: &str, evidence: Evidence) -> Vec<u16> {
    let Some(shape) = own else { return common(name) };
    let is_declared = shape.traits.http_error().or(shape.traits.query_error_status()).is_some();
    if evidence <= Evidence::Linked || (is_declared && protocol.keeps_error_status()) {
        return vec![protocol.error_status(shape)];
    }
    let plain = if shape.traits.error() == Some(ErrorKind::Server) { 500 } else { 400 };
    match shape.traits.http_error() {
        None => (plain..plain + 100).collect(),
        Some(declared) if declared == plain => vec![plain],
        Some(declared) => vec![plain, declared],
    }
}

/// The statuses of an error that the operation does not declare. Both generations of the page on common errors state
/// 400 or 403 for those of authentication. A name that no document knows implies no class.
fn common(name: &str) -> Vec<u16> {
    if is_failure(name) {
        (500..600).collect()
    } else if RejectionClass::Auth.names().contains(&name) {
        vec![400, 403]
    } else if RejectionClass::is_common(name) {
        (400..500).collect()
    } else {
        (400..600).collect()
    }
}

/// Common errors of the server.
fn is_failure(name: &str) -> bool {
    matches!(name, "InternalFailure" | "ServiceUnavailable" | "ServiceUnavailableException")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::judge::check::testing::*;
    use crate::wire::AwsJson;

    #[test]
    fn a_common_error_binds_by_its_class_alone() {
        assert_eq!(by_contract(&AwsJson::V1_1, None, "InternalFailure", Evidence::Protocol).first(), Some(&500));
        let serialization = by_contract(&AwsJson::V1_1, None, "SerializationException", Evidence::Protocol);
        assert!(serialization.contains(&404) && !serialization.contains(&500));
        let unknown = by_contract(&AwsJson::V1_1, None, "InternalServiceError", Evidence::Protocol);
        assert!(unknown.contains(&400) && unknown.contains(&500) && !unknown.contains(&200));
    }

    #[rstest]
    #[case::stated("DeploymentDoesNotExistException", 400, &[])]
    #[case::not_found("DeploymentDoesNotExistException", 404, &["error error-status"])]
    #[case::success("DeploymentDoesNotExistException", 200, &["error error-status"])]
    #[case::failure("DeploymentDoesNotExistException", 500, &["error error-status"])]
    #[case::auth("UnrecognizedClientException", 403, &[])]
    #[case::auth_not_found("UnrecognizedClientException", 404, &["error error-status"])]
    #[case::auth_as_failure("UnrecognizedClientException", 500, &["error error-status"])]
    fn a_client_error_has_its_status(#[case] name: &str, #[case] status: u16, #[case] findings: &[&str]) {
        let steps = format!(
            "- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, expect: {{ error: {name} }} }}"
        );
        let trial = Trial::stop(&steps).responds(1, status, &json!({"__type": name, "message": "m"}));
        assert_eq!(trial.findings(), findings);
    }

    #[rstest]
    #[case(500, &[])]
    #[case(400, &["error error-status"])]
    fn the_services_own_failure_is_500(#[case] status: u16, #[case] findings: &[&str]) {
        let steps = NO_SERVICE.replace("ResourceNotFoundException", "InternalServerException");
        let body = json!({"__type": "InternalServerException", "message": "m"});
        assert_eq!(Trial::cancel(&steps).responds(1, status, &body).findings(), findings);
    }

    #[rstest]
    #[case::first(404, "{ rejected: client, status: 404 }", 0)]
    #[case::unnamed(400, "{ rejected: client, status: 404 }", 1)]
    #[case::list(405, "{ rejected: client, status: [404, 405] }", 0)]
    #[case::second_alternative(
        405,
        "{ any_of: [{ rejected: client, status: 404 }, { rejected: client, status: 405 }] }",
        0
    )]
    fn a_status_that_the_scenario_states_binds_even_without_a_name(
        #[case] status: u16,
        #[case] expect: &str,
        #[case] count: usize,
    ) {
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, expect: {expect} }}");
        let found = Trial::stop(&steps).responds(1, status, &json!({"message": "m"})).findings();
        assert_eq!(found.iter().filter(|finding| *finding == "error error-status").count(), count, "{found:?}");
    }

    #[rstest]
    #[case::stated_without_one("client", None, Evidence::Documented, &[400])]
    #[case::declared_only_by_the_model("client", Some(404), Evidence::Modelled, &[400, 404])]
    #[case::declared_by_the_protocol("server", Some(503), Evidence::Protocol, &[500, 503])]
    #[case::stated_by_a_page("client", Some(404), Evidence::Documented, &[404])]
    #[case::stated_by_a_linked_page("client", Some(404), Evidence::Linked, &[404])]
    #[case::declared_as_usual("client", Some(400), Evidence::Modelled, &[400])]
    fn a_declared_error_has_its_status_and_a_modelled_one_that_of_its_class_too(
        #[case] kind: &str,
        #[case] declared: Option<u16>,
        #[case] evidence: Evidence,
        #[case] expected: &[u16],
    ) {
        let statuses = of_declared(kind, declared, evidence);
        assert_eq!(statuses, expected);
    }

    #[rstest]
    #[case("client", 400, 499)]
    #[case("server", 500, 599)]
    fn of_an_error_whose_model_has_no_status_the_class_binds(
        #[case] kind: &str,
        #[case] first: u16,
        #[case] last: u16,
    ) {
        let statuses = of_declared(kind, None, Evidence::Modelled);
        assert_eq!((statuses.first(), statuses.last(), statuses.len()), (Some(&first), Some(&last), 100));
    }

    /// The statuses of an error that an operation declares in this way.
    fn of_declared(kind: &str, declared: Option<u16>, evidence: Evidence) -> Vec<u16> {
        let declared = declared.map(|status| format!(r#","smithy.api#httpError":{status}"#)).unwrap_or_default();
        let model = format!(
            r#"{{"smithy":"2.0","shapes":{{
            "x#S":{{"type":"service","version":"1","operations":[{{"target":"x#Op"}}]}},
            "x#Op":{{"type":"operation","input":{{"target":"smithy.api#Unit"}},"output":{{"target":"smithy.api#Unit"}},"errors":[{{"target":"x#E"}}]}},
            "x#E":{{"type":"structure","members":{{}},"traits":{{"smithy.api#error":"{kind}"{declared}}}}}}}}}"#
        );
        let contract = crate::model::read("m", &model).unwrap();
        let shape = contract.error(contract.operation("Op").unwrap(), "E");
        assert!(shape.is_some());
        by_contract(&AwsJson::V1_1, shape, "E", evidence)
    }

    #[rstest]
    #[case("InternalFailure", 500, 599)]
    #[case("ServiceUnavailable", 500, 599)]
    #[case("ServiceUnavailableException", 500, 599)]
    #[case("RequestExpired", 400, 403)]
    #[case("ThrottlingException", 400, 499)]
    fn a_common_error_has_the_statuses_of_its_class(#[case] name: &str, #[case] first: u16, #[case] last: u16) {
        let statuses = common(name);
        assert_eq!((statuses.first(), statuses.last()), (Some(&first), Some(&last)));
    }

    #[rstest]
    #[case::one(
        "{ error: DeploymentDoesNotExistException }",
        "DeploymentDoesNotExistException",
        404,
        "the status 400 of DeploymentDoesNotExistException"
    )]
    #[case::two("{ rejected: auth }", "RequestExpired", 404, "the status 400 or 403 of RequestExpired")]
    #[case::stated(
        "{ rejected: client, status: [404, 405] }",
        "ThrottlingException",
        406,
        "the status 404 or 405 of ThrottlingException"
    )]
    #[case::a_class("{ rejected: client }", "ThrottlingException", 302, "a status from 400 to 499")]
    fn the_expected_statuses_are_shown(
        #[case] expect: &str,
        #[case] name: &str,
        #[case] status: u16,
        #[case] expected: &str,
    ) {
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, expect: {expect} }}");
        let trial = Trial::stop(&steps).responds(1, status, &json!({"__type": name, "message": "m"}));
        assert!(
            trial.expected_and_actual().contains(&(expected.to_owned(), status.to_string())),
            "{:?}",
            trial.expected_and_actual()
        );
    }

    #[test]
    fn the_scenario_states_the_status_of_the_step_only() {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, expect: { error: DeploymentDoesNotExistException, status: 404 }, control: { deploymentId: d-ABCDEF124 } }";
        let rejection = does_not_exist().to_string();
        let trial = Trial::stop(steps).responds(1, 404, &does_not_exist());
        assert_eq!(trial.findings(), Vec::<String>::new());
        let trial = trial.with(1, crate::judge::transcript::Role::Control, 400, rejection.as_bytes(), |_| {});
        assert!(!trial.findings().contains(&"error error-status".to_owned()), "{:?}", trial.findings());
    }

    #[test]
    fn a_status_that_only_one_of_two_alternatives_states_does_not_bind() {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, expect: { any_of: [{ rejected: client, status: 404 }, { error: DeploymentDoesNotExistException }] } }";
        assert!(Trial::stop(steps).responds(1, 400, &does_not_exist()).findings().is_empty());
    }

    #[test]
    fn a_rejection_without_an_error_name_has_no_expected_status() {
        let found = Trial::stop(UNKNOWN).responds(1, 400, &json!({"message": "m"})).findings();
        assert!(!found.contains(&"error error-status".to_owned()), "{found:?}");
    }
}
