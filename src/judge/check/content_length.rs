//! The `content-length` header states the length of the body, and the body has an end.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{code::Code, verdict::Severity::Error},
    suite::requirement::Evidence,
    wire::{Request, Response},
};

impl Code {
    /// The `content-length` header states the length of the body.
    pub const CONTENT_LENGTH: Self = Self::new("content-length");
}

pub(super) const CHECK: Check = Check {
    code: Code::CONTENT_LENGTH,
    wants: "a content-length that equals the number of bytes in the body, or another way to find its end",
    why: "RFC 9110 defines the value. A wrong value truncates responses or hangs connections. RFC 9112 also lets the last \
          chunk or the end of the connection end a body, and forbids content-length beside transfer-encoding. Responses \
          to HEAD and those with status 1xx, 204 or 304 have no body.",
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
    if has_no_body(&subject.exchange.request, response) {
        return Checked::nothing();
    }
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
        _ if response.missing > 0 && chunked => Some(finding(
            format!("a last chunk after {body} bytes"),
            "the end of the connection before the last chunk".to_owned(),
        )),
        None if response.missing > 0 => Some(finding(
            "the end of the body where the connection is closed".to_owned(),
            format!("a broken connection after {body} bytes"),
        )),
        _ if response.missing > 0 => Some(finding(
            format!("a body of {} bytes, as content-length states", body + response.missing),
            format!("{body} bytes, then the end"),
        )),
        // Bytes after a request with a wrong length are a request of their own, with a response of its own.
        _ if response.surplus > 0 && length_is_true(&subject.exchange.request) => {
            Some(finding(format!("the end after {body} bytes"), format!("{} bytes more", response.surplus)))
        }
        // Without a length, the end of the connection ends the body.
        None => None,
        Some(value) if chunked => {
            Some(finding("no content-length beside transfer-encoding".to_owned(), format!("content-length: {value}")))
        }
        Some(value) if !is_wrong(&value) => None,
        Some(value) => Some(finding(format!("content-length: {body}"), format!("content-length: {value}"))),
    };
    Checked::with(basis.cites, found.into_iter().collect())
}

/// Returns true if a response has no body, whatever its headers say.
fn has_no_body(request: &Request, response: &Response) -> bool {
    let is_bodiless = request.method == "HEAD" || matches!(response.status, 100..200 | 204 | 304);
    is_bodiless && response.surplus == 0
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
    #[case::until_close(&[], 0, 0, &[])]
    #[case::broken(&[], 1, 0, &["error content-length"])]
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

    #[rstest]
    #[case::whole(&[], 0, &[])]
    #[case::no_last_chunk(&[], 1, &["a last chunk after 41 bytes"])]
    #[case::also_a_length(&["41"], 0, &["no content-length beside transfer-encoding"])]
    #[case::no_last_chunk_and_a_length(&["41"], 1, &["a last chunk after 41 bytes"])]
    fn a_chunked_response_has_a_last_chunk_and_no_length(
        #[case] values: &[&str],
        #[case] missing: u64,
        #[case] expected: &[&str],
    ) {
        let body = br#"{"status":"Pending","statusMessage":"mm"}"#;
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, body, |response| {
            set(response, values);
            response.headers.push("transfer-encoding", "chunked");
            response.missing = missing;
        });
        let found: Vec<String> = trial.expected_and_actual().into_iter().map(|(expected, _)| expected).collect();
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::no_content(204, "POST", 0, true)]
    #[case::not_modified(304, "POST", 0, true)]
    #[case::interim(101, "POST", 0, true)]
    #[case::head(200, "HEAD", 0, true)]
    #[case::bytes_after_it(204, "POST", 2, false)]
    #[case::any_other(200, "POST", 0, false)]
    fn a_response_without_a_body_may_state_any_length(
        #[case] status: u16,
        #[case] method: &str,
        #[case] surplus: u64,
        #[case] fine: bool,
    ) {
        let trial = Trial::stop(STOP)
            .with(1, Role::Main, status, b"", |response| {
                set(response, &["9"]);
                response.surplus = surplus;
            })
            .sent(|request| method.clone_into(&mut request.method));
        assert_eq!(!trial.findings().iter().any(|finding| finding.ends_with("content-length")), fine);
    }

    #[test]
    fn bytes_after_a_request_of_wrong_length_get_another_response() {
        let trial = Trial::stop(STOP)
            .with(1, Role::Main, 200, stopping().to_string().as_bytes(), |response| response.surplus = 9)
            .sent(|request| request.headers.set("content-length", "1"));
        assert!(trial.findings().is_empty());
    }
}
