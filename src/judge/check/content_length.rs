//! The `content-length` header states the length of the body.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{code::Code, verdict::Severity::Error},
    suite::requirement::Evidence,
    wire::Request,
};

impl Code {
    /// The `content-length` header states the length of the body.
    pub const CONTENT_LENGTH: Self = Self::new("content-length");
}

pub(super) const CHECK: Check = Check {
    code: Code::CONTENT_LENGTH,
    wants: "a content-length that equals the number of bytes in the body",
    why: "Smithy requires the header, and RFC 9110 defines its value. A wrong value truncates responses or hangs \
          connections. A chunked response needs no content-length.",
    label: ["cont", "len"],
    severities: &[SeverityRow::new(Error, Error, "a wrong length truncates the response or hangs the connection")],
    basis: CheckBasis::Requirements { otherwise: Evidence::Protocol },
    points_at: PointsAt::Headers(&["content-length", "transfer-encoding"]),
    // A recording of values has no bytes to count.
    from_recording: false,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let response = subject.response;
    let basis = subject.basis(&CHECK);
    let chunked = response.headers.get("transfer-encoding").is_some();
    let body = response.body.len() as u64;
    let finding = |expected: String, actual: String| basis.finding(&CHECK, subject.number(), "", expected, actual);
    // Of several values, a wrong one counts: readers disagree about which value to use.
    let is_wrong = |value: &&str| {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        !digits || value.parse::<u64>() != Ok(body)
    };
    let stated = response.headers.all("content-length").find(is_wrong).or(response.headers.get("content-length"));
    let found = match stated {
        _ if response.missing > 0 => Some(finding(
            format!("a body of {} bytes, as content-length states", body + response.missing),
            format!("{body} bytes, then the end"),
        )),
        // Bytes after a request with a wrong length are a request of their own, with a response of its own.
        _ if response.surplus > 0 && length_is_true(&subject.exchange.request) => {
            Some(finding(format!("the end after {body} bytes"), format!("{} bytes more", response.surplus)))
        }
        None if chunked => None,
        None => Some(finding(format!("content-length: {body}"), "no content-length".to_owned())),
        Some(value) if !is_wrong(&value) => None,
        Some(value) => Some(finding(format!("content-length: {body}"), format!("content-length: {value}"))),
    };
    Checked::with(basis.cites, found.into_iter().collect())
}

fn length_is_true(request: &Request) -> bool {
    let stated = request.headers.get("content-length").and_then(|value| value.parse::<usize>().ok());
    stated.is_none_or(|length| length == request.body.len())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::{
        judge::{check::testing::*, transcript::Role},
        wire::Response,
    };

    fn set(response: &mut Response, values: &[&str]) {
        response.headers.remove("content-length");
        for value in values {
            response.headers.push("content-length", *value);
        }
    }

    #[rstest]
    #[case::right(&["41"], 0, 0, &[])]
    #[case::none(&[], 0, 0, &["error content-length"])]
    #[case::wrong(&["42"], 0, 0, &["error content-length"])]
    #[case::no_number(&["+41"], 0, 0, &["error content-length"])]
    #[case::second_is_wrong(&["41", "3"], 0, 0, &["error content-length"])]
    #[case::cut_off(&["41"], 7, 0, &["error content-length"])]
    #[case::surplus(&["41"], 0, 2, &["error content-length"])]
    fn the_length_is_that_of_the_body(
        #[case] values: &[&str],
        #[case] missing: u64,
        #[case] surplus: u64,
        #[case] findings: &[&str],
    ) {
        let body = br#"{"status":"Pending","statusMessage":"mm"}"#;
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, body, |response| {
            set(response, values);
            (response.missing, response.surplus) = (missing, surplus);
        });
        assert_eq!(trial.findings(), findings);
    }

    #[test]
    fn a_chunked_response_needs_none() {
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, stopping().to_string().as_bytes(), |response| {
            set(response, &[]);
            response.headers.push("transfer-encoding", "chunked");
        });
        assert!(trial.findings().is_empty());
    }

    #[test]
    fn bytes_after_a_request_of_wrong_length_get_another_response() {
        let trial = Trial::stop(STOP)
            .with(1, Role::Main, 200, stopping().to_string().as_bytes(), |response| response.surplus = 9)
            .sent(|request| request.headers.set("content-length", "1"));
        assert!(trial.findings().is_empty());
    }
}
