//! Errors are declared by the operation, or common to all operations.

use super::{Check, CheckBasis, CheckScope, Checked, ResponseSubject, SeverityRow, error_identity::ERROR_NAME};
use crate::{
    judge::{
        code::Code,
        verdict::Severity::{Error, Warning},
    },
    model::ShapeId,
    suite::requirement::Evidence,
    wire::RejectionClass,
};

impl Code {
    /// Errors are declared by the operation, or common to all operations.
    pub const DECLARED_ERROR: Self = Self::new("declared-error");
}

pub(super) const CHECK: Check = Check {
    code: Code::DECLARED_ERROR,
    wants: "an error that the operation declares, or a common error",
    why: "Clients handle the errors that an operation's page lists. Any operation may return a common error or one of \
          the protocol's own errors (SerializationException, UnknownOperationException).",
    label: ["decl", "err"],
    severities: &[SeverityRow::new(Error, Warning, "the model declares only two thirds of the recorded AWS errors")],
    basis: CheckBasis::Requirements { otherwise: Evidence::Modelled },
    points_at: ERROR_NAME,
    from_recording: true,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let identity = subject.parsed.rejection.as_ref().filter(|_| subject.service.protocol.lists_errors());
    let Some(identity) = identity else { return Checked::nothing() };
    let basis = subject.basis(&CHECK);
    let declared = |name: &str| {
        subject.service.contract().error(subject.operation, name).is_some() || RejectionClass::is_common(name)
    };
    // What the query protocol calls it may be a common error, too; a declared one has its own name.
    let is_common = identity.query_code.as_deref().is_some_and(RejectionClass::is_common);
    let actual = match identity.name.as_deref() {
        Some(_) if is_common => return Checked::with(basis.cites, Vec::new()),
        Some(name) if declared(name) => return Checked::with(basis.cites, Vec::new()),
        Some(name) => name.to_owned(),
        None => format!("an error without a name ({})", subject.response.status),
    };
    let names: Vec<&str> = subject.operation.errors.iter().map(ShapeId::name).collect();
    let expected = format!("a common error or one of {}", names.join(", "));
    let pointer = subject.service.protocol.error_location().pointer();
    let finding = basis.finding(&CHECK, subject.number(), pointer, expected, actual);
    Checked::with(basis.cites, vec![finding])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::json;

    use crate::judge::{check::testing::*, transcript::Role};

    const ANY: &str = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, expect: { responded: true } }";

    #[rstest]
    #[case::declared("DeploymentAlreadyCompletedException", &[])]
    #[case::common("ThrottlingException", &[])]
    #[case::protocols_own("SerializationException", &[])]
    #[case::of_another_operation("ApplicationDoesNotExistException", &["error declared-error /__type"])]
    #[case::without_its_suffix("DeploymentDoesNotExist", &["error declared-error /__type"])]
    #[case::in_another_case("deploymentdoesnotexistexception", &["error declared-error /__type"])]
    fn the_list_of_errors_is_closed(#[case] name: &str, #[case] findings: &[&str]) {
        let body = json!({"__type": name, "message": "m"});
        assert_eq!(Trial::stop(ANY).responds(1, 400, &body).findings(), findings);
    }

    #[rstest]
    #[case::other_media_type("{ set: { content-type: text/plain } }", "UnsupportedMediaTypeException", false)]
    #[case::another_error("{ set: { content-type: text/plain } }", "UnsupportedException", true)]
    #[case::other_path("{ path: /x }", "UnsupportedMediaTypeException", true)]
    fn a_rejected_media_type_may_have_the_name_of_its_status(
        #[case] raw: &str,
        #[case] name: &str,
        #[case] is_judged: bool,
    ) {
        let steps = ANY.replace("expect", &format!("raw: {raw}, expect"));
        let found = Trial::stop(&steps).responds(1, 415, &json!({"__type": name, "message": "m"})).findings();
        assert_eq!(found.contains(&"error declared-error /__type".to_owned()), is_judged, "{found:?}");
    }

    #[test]
    fn a_query_code_means_nothing_in_a_service_that_had_no_query_protocol() {
        let body = json!({"__type": "MissingRequiredParameterException", "message": "m"}).to_string();
        let trial = Trial::stop(ANY).with(1, Role::Main, 400, body.as_bytes(), |response| {
            response.headers.push("x-amzn-query-error", "MissingParameter;Sender");
        });
        assert_eq!(trial.findings(), ["error declared-error /__type"]);
    }

    #[test]
    fn an_error_without_a_name_is_not_the_documented_one() {
        let findings = Trial::stop(ANY).responds(1, 400, &json!({"message": "m"})).findings();
        assert_eq!(findings, ["error declared-error /__type"]);
    }

    #[rstest]
    #[case::other_path("{ path: /x }", 404, false)]
    #[case::other_method("{ method: GET }", 405, false)]
    #[case::other_status("{ method: GET }", 400, true)]
    #[case::only_a_query("{ path: '/?a=b' }", 404, true)]
    #[case::a_query_that_is_added("{ query: 'a=b' }", 404, true)]
    #[case::other_media_type("{ set: { content-type: text/plain } }", 415, false)]
    #[case::no_media_type("{ remove: [Content-Type] }", 415, false)]
    #[case::media_type_of_the_protocol("{ remove: [user-agent] }", 415, true)]
    fn a_router_rejects_another_method_or_path_in_its_own_words(
        #[case] raw: &str,
        #[case] status: u16,
        #[case] is_judged: bool,
    ) {
        let steps = ANY.replace("expect", &format!("raw: {raw}, expect"));
        let found = Trial::stop(&steps).responds(1, status, &json!({"message": "m"})).findings();
        assert_eq!(found.contains(&"error declared-error /__type".to_owned()), is_judged, "{found:?}");
        let named = json!({"__type": "ApplicationDoesNotExistException", "message": "m"});
        let found = Trial::stop(&steps).responds(1, status, &named).findings();
        assert!(found.contains(&"error declared-error /__type".to_owned()), "{found:?}");
    }
}
