//! Responses use no content coding that the request does not accept.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{code::Code, verdict::Severity::Error},
    suite::requirement::Evidence,
};

impl Code {
    /// Responses use no content coding that the request does not accept.
    pub const CONTENT_ENCODING: Self = Self::new("content-encoding");
}

pub(super) const CHECK: Check = Check {
    code: Code::CONTENT_ENCODING,
    wants: "no content-encoding, if the request accepts only identity",
    why: "The sample request on the page accepts identity. RFC 9110 lets a client reject any other coding, and these \
          clients do.",
    label: ["cont", "enc"],
    severities: &[SeverityRow::new(Error, Error, "a client that accepts only identity cannot read any other coding")],
    basis: CheckBasis::Requirements { otherwise: Evidence::Protocol },
    points_at: PointsAt::Headers(&["content-encoding"]),
    from_recording: true,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let accepted = subject.exchange.request.headers.get("accept-encoding").unwrap_or("identity");
    if !accepted.eq_ignore_ascii_case("identity") {
        return Checked::nothing();
    }
    let basis = subject.basis(&CHECK);
    let actual =
        subject.response.headers.get("content-encoding").filter(|coding| !coding.eq_ignore_ascii_case("identity"));
    let finding = actual.map(|coding| {
        basis.finding(&CHECK, subject.number(), "", "no content-encoding", format!("content-encoding: {coding}"))
    });
    Checked::with(basis.cites, finding.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::judge::{check::testing::*, transcript::Role};

    #[rstest]
    #[case::gzip("gzip", "identity", &["error content-encoding"])]
    #[case::identity("identity", "identity", &[])]
    #[case::requested("gzip", "gzip", &[])]
    fn a_content_coding_must_be_requested(#[case] coding: &str, #[case] accepts: &str, #[case] findings: &[&str]) {
        let trial = Trial::stop(STOP)
            .with(1, Role::Main, 200, stopping().to_string().as_bytes(), |r| r.headers.push("content-encoding", coding))
            .sent(|request| request.headers.set("accept-encoding", accepts));
        assert_eq!(trial.findings(), findings);
    }
}
