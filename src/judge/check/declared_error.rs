//! The error is one that the operation declares, or a common one.

use super::{Check, CheckScope, Checked, ResponseSubject};
use crate::{
    model::ShapeId,
    suite::{code::Code, requirement::Evidence},
    wire::RefusalClass,
};

pub(super) const CHECK: Check = Check {
    code: Code::DeclaredError,
    wants: "an error that the operation declares, or one of the common errors",
    why: "The list of errors on an operation's page is what clients handle. Common errors and the protocol's \
          own (SerializationException, UnknownOperationException) may come from any operation.",
    look: CheckScope::Answer(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let Some(identity) = &subject.answer.refusal else { return Checked::nothing() };
    let ground = subject.ground(Code::DeclaredError, Evidence::Modelled);
    let declared = |name: &str| {
        subject.service.contract().error(subject.operation, name).is_some() || RefusalClass::is_common(name)
    };
    let actual = match identity.name.as_deref() {
        Some(name) if declared(name) => return Checked::with(ground.cites, Vec::new()),
        Some(name) => name.to_owned(),
        None => format!("an answer of status {} that names no error", subject.response.status),
    };
    let names: Vec<&str> = subject.operation.errors.iter().map(ShapeId::name).collect();
    let expected = format!("a common error or one of {}", names.join(", "));
    let finding = ground.finding(Code::DeclaredError, None, subject.number(), "/__type", expected, actual);
    Checked::with(ground.cites, vec![finding])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::json;

    use crate::judge::check::testing::*;

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
        assert_eq!(Trial::stop(ANY).answers(1, 400, &body).findings(), findings);
    }

    #[test]
    fn an_error_without_a_name_is_none_of_them() {
        let findings = Trial::stop(ANY).answers(1, 400, &json!({"message": "m"})).findings();
        assert_eq!(findings, ["error declared-error /__type"]);
    }
}
