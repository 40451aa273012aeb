//! Responses have the media type of the protocol.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{
        code::Code,
        verdict::Severity::{Error, Warning},
    },
    suite::requirement::Evidence,
};

impl Code {
    /// Responses have the media type of the protocol.
    pub const CONTENT_TYPE: Self = Self::new("content-type");
}

pub(super) const CHECK: Check = Check {
    code: Code::CONTENT_TYPE,
    wants: "the media type of the service's protocol, on successes and errors alike",
    why: "Smithy defines one static value for the header. Parameters such as a charset are ignored. If there are \
          two such headers, clients disagree about which one counts.",
    label: ["cont", "type"],
    severities: &[SeverityRow::new(Error, Warning, "the protocol fixes the header, but clients tolerate another one")],
    basis: CheckBasis::Requirements { otherwise: Evidence::Protocol },
    points_at: PointsAt::Headers(&["content-type"]),
    from_recording: true,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    if !subject.names_its_protocol() {
        return Checked::nothing();
    }
    let service = subject.service;
    let expected =
        service.protocol.response_media_type(service.contract(), subject.operation, subject.response, subject.parsed);
    let Some(expected) = expected else { return Checked::nothing() };
    let basis = subject.basis(&CHECK);
    let actual: Vec<&str> = subject.response.headers.all("content-type").collect();
    let essence = |value: &str| value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(expected);
    let actual = match actual.as_slice() {
        [value] if essence(value) => return Checked::with(basis.cites, Vec::new()),
        [value] => format!("content-type: {value}"),
        [] => "no content-type".to_owned(),
        several => format!("{} content-type headers: {}", several.len(), several.join(", ")),
    };
    let finding = basis.finding(&CHECK, subject.number(), "", format!("content-type: {expected}"), actual);
    Checked::with(basis.cites, vec![finding])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::judge::{check::testing::*, transcript::Role};

    #[rstest]
    #[case::own("application/x-amz-json-1.1", &[])]
    #[case::charset("application/x-amz-json-1.1; charset=utf-8", &[])]
    #[case::case_of_letters("Application/X-AMZ-JSON-1.1", &[])]
    #[case::other_version("application/x-amz-json-1.0", &["error content-type"])]
    #[case::plain_json("application/json", &["error content-type"])]
    #[case::none("", &["error content-type"])]
    fn the_media_type_is_the_protocols(#[case] value: &str, #[case] findings: &[&str]) {
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, stopping().to_string().as_bytes(), |response| {
            response.headers.remove("content-type");
            if !value.is_empty() {
                response.headers.push("content-type", value);
            }
        });
        assert_eq!(trial.findings(), findings);
    }

    #[test]
    fn the_header_is_sent_once() {
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, stopping().to_string().as_bytes(), |response| {
            response.headers.push("Content-Type", "application/x-amz-json-1.1");
        });
        assert_eq!(trial.findings(), ["error content-type"]);
    }

    #[test]
    fn a_rule_of_the_protocol_alone_is_a_warning() {
        let trial = Trial::cancel(CANCEL).with(1, Role::Main, 200, cancelling().to_string().as_bytes(), |response| {
            response.headers.set("content-type", "application/json");
        });
        assert_eq!(trial.findings(), ["warning content-type"]);
    }

    #[test]
    fn a_request_that_names_another_protocol_may_get_a_response_in_it() {
        let trial = Trial::stop(STOP)
            .with(1, Role::Main, 200, stopping().to_string().as_bytes(), |r| r.headers.set("content-type", "text/xml"))
            .sent(|request| request.headers.set("content-type", "text/xml"));
        assert!(trial.findings().is_empty());
    }
}
