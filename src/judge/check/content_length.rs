//! The length that the header promises is the length of the body.

use super::{Check, CheckScope, Checked, ResponseSubject};
use crate::{
    suite::{code::Code, requirement::Evidence},
    wire::Request,
};

pub(super) const CHECK: Check = Check {
    code: Code::ContentLength,
    wants: "a content-length that equals the bytes of the body",
    why: "Smithy requires the header, and RFC 9110 its value; a wrong one cuts answers off or hangs connections. \
          A chunked answer needs none.",
    look: CheckScope::Answer(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let response = subject.response;
    let ground = subject.ground(Code::ContentLength, Evidence::Protocol);
    let chunked = response.headers.get("transfer-encoding").is_some();
    let body = response.body.len() as u64;
    let finding = |expected: String, actual: String| {
        ground.finding(Code::ContentLength, None, subject.number(), "", expected, actual)
    };
    // Of several, the one that lies counts: readers disagree about which to believe.
    let lies = |value: &&str| {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        !digits || value.parse::<u64>() != Ok(body)
    };
    let promised = response.headers.all("content-length").find(lies).or(response.headers.get("content-length"));
    let found = match promised {
        _ if response.missing > 0 => Some(finding(
            format!("a body of {} bytes, as promised", body + response.missing),
            format!("{body} bytes, then the end"),
        )),
        // What follows a request that lies about its own length is answered on its own.
        _ if response.surplus > 0 && length_is_true(&subject.exchange.request) => {
            Some(finding(format!("the end after {body} bytes"), format!("{} bytes more", response.surplus)))
        }
        None if chunked => None,
        None => Some(finding(format!("content-length: {body}"), "no content-length".to_owned())),
        Some(value) if !lies(&value) => None,
        Some(value) => Some(finding(format!("content-length: {body}"), format!("content-length: {value}"))),
    };
    Checked::with(ground.cites, found.into_iter().collect())
}

fn length_is_true(request: &Request) -> bool {
    let promised = request.headers.get("content-length").and_then(|value| value.parse::<usize>().ok());
    promised.is_none_or(|length| length == request.body.len())
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
    #[case::second_lies(&["41", "3"], 0, 0, &["error content-length"])]
    #[case::cut_off(&["41"], 7, 0, &["error content-length"])]
    #[case::surplus(&["41"], 0, 2, &["error content-length"])]
    fn the_promised_length_is_the_bodys(
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
    fn a_chunked_answer_needs_none() {
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, stopping().to_string().as_bytes(), |response| {
            set(response, &[]);
            response.headers.push("transfer-encoding", "chunked");
        });
        assert!(trial.findings().is_empty());
    }

    #[test]
    fn what_follows_a_request_that_lies_about_its_length_is_another_answer() {
        let trial = Trial::stop(STOP)
            .with(1, Role::Main, 200, stopping().to_string().as_bytes(), |response| response.surplus = 9)
            .asked(|request| request.headers.set("content-length", "1"));
        assert!(trial.findings().is_empty());
    }
}
