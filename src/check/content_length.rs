//! The length that the header promises is the length of the body.

use super::{AnswerSubject, Check, Checked, Look};
use crate::{code::Code, statement::Evidence, wire::Request};

pub(super) const CHECK: Check = Check {
    code: Code::ContentLength,
    wants: "a content-length that equals the bytes of the body",
    why: "Smithy requires the header, and RFC 9110 its value; a wrong one cuts answers off or hangs connections. \
          A chunked answer needs none.",
    look: Look::Answer(look),
};

fn look(subject: &AnswerSubject<'_>) -> Checked {
    let response = subject.response;
    let ground = subject.ground(Code::ContentLength, Evidence::Protocol);
    let chunked = response.headers.get("transfer-encoding").is_some();
    let body = response.body.len() as u64;
    let finding = |expected: String, actual: String| {
        ground.finding(Code::ContentLength, None, subject.number(), "", expected, actual)
    };
    let promised = response.headers.get("content-length").map(|value| (value, value.trim().parse::<u64>()));
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
        Some((_, Ok(length))) if length == body => None,
        Some((value, _)) => Some(finding(format!("content-length: {body}"), format!("content-length: {value}"))),
    };
    Checked::with(ground.cites.clone(), found.into_iter().collect())
}

fn length_is_true(request: &Request) -> bool {
    let promised = request.headers.get("content-length").and_then(|value| value.parse::<usize>().ok());
    promised.is_none_or(|length| length == request.body.len())
}
