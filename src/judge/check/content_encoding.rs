//! No content coding that was not asked for.

use super::{Check, CheckScope, Checked, ResponseSubject};
use crate::suite::{code::Code, requirement::Evidence};

pub(super) const CHECK: Check = Check {
    code: Code::ContentEncoding,
    wants: "no content-encoding where the request accepts identity alone",
    why: "The page's sample asks for identity; RFC 9110 lets a client refuse everything else, and these do.",
    look: CheckScope::Answer(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let accepted = subject.exchange.request.headers.get("accept-encoding").unwrap_or("identity");
    if !accepted.eq_ignore_ascii_case("identity") {
        return Checked::nothing();
    }
    let ground = subject.ground(Code::ContentEncoding, Evidence::Protocol);
    let actual =
        subject.response.headers.get("content-encoding").filter(|coding| !coding.eq_ignore_ascii_case("identity"));
    let finding = actual.map(|coding| {
        ground.finding(
            Code::ContentEncoding,
            None,
            subject.number(),
            "",
            "no content-encoding".to_owned(),
            format!("content-encoding: {coding}"),
        )
    });
    Checked::with(ground.cites, finding.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::judge::{check::testing::*, transcript::Role};

    #[rstest]
    #[case::gzip("gzip", "identity", &["error content-encoding"])]
    #[case::identity("identity", "identity", &[])]
    #[case::asked_for("gzip", "gzip", &[])]
    fn a_coding_needs_to_be_asked_for(#[case] coding: &str, #[case] accepts: &str, #[case] findings: &[&str]) {
        let trial = Trial::stop(STOP)
            .with(1, Role::Main, 200, stopping().to_string().as_bytes(), |r| r.headers.push("content-encoding", coding))
            .asked(|request| request.headers.set("accept-encoding", accepts));
        assert_eq!(trial.findings(), findings);
    }
}
