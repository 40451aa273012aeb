//! The lines of a response head end with CR and LF.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{code::Code, verdict::Severity::Warning},
    suite::requirement::Evidence,
};

impl Code {
    /// The lines of a response head end with CR and LF.
    pub const LINE_ENDS: Self = Self::new("line-ends");
}

pub(super) const CHECK: Check = Check {
    code: Code::LINE_ENDS,
    wants: "a carriage return and a line feed at the end of each line of the head",
    why: "RFC 9112 requires both from a server. Clients and proxies that accept a bare line feed and those that do not \
          read different responses.",
    label: ["line", "ends"],
    severities: &[SeverityRow::new(Warning, Warning, "RFC 9112 lets a client accept a bare line feed, and most do")],
    basis: CheckBasis::Requirements { otherwise: Evidence::Protocol },
    points_at: PointsAt::StatusLine,
    // A recording of values has no line ends.
    from_recording: false,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    if subject.response.head.is_none() {
        return Checked::nothing();
    }
    let basis = subject.basis(&CHECK);
    let is_bare = subject.response.has_bare_line_feed();
    let finding = is_bare.then(|| {
        basis.finding(&CHECK, subject.number(), "", "CR LF at the end of each line", "a line that ends with LF alone")
    });
    Checked::with(basis.cites, finding.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rstest::rstest;

    use crate::judge::{check::testing::*, transcript::Role};

    #[rstest]
    #[case::not_kept(None, &[])]
    #[case::regular(Some("HTTP/1.1 200 OK\r\na: b\r\n\r\n"), &[])]
    #[case::bare(Some("HTTP/1.1 200 OK\na: b\r\n\r\n"), &["warning line-ends"])]
    fn a_line_ends_with_both_characters(#[case] head: Option<&str>, #[case] findings: &[&str]) {
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, stopping().to_string().as_bytes(), |response| {
            response.head = head.map(|head| Bytes::copy_from_slice(head.as_bytes()));
        });
        assert_eq!(trial.findings(), findings);
    }
}
