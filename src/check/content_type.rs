//! The media type of the answer.

use super::{AnswerSubject, Check, Checked, Look};
use crate::{code::Code, statement::Evidence};

pub(super) const CHECK: Check = Check {
    code: Code::ContentType,
    wants: "the media type of the service's protocol, on successes and errors alike",
    why: "Smithy gives the header one static value; parameters such as a charset do not count.",
    look: Look::Answer(look),
};

fn look(subject: &AnswerSubject<'_>) -> Checked {
    if !subject.names_its_protocol() {
        return Checked::nothing();
    }
    let ground = subject.ground(Code::ContentType, Evidence::Protocol);
    let expected = subject.service.protocol.content_type();
    let actual = subject.response.headers.get("content-type");
    let essence = actual.map(|value| value.split(';').next().unwrap_or_default().trim());
    if essence.is_some_and(|essence| essence.eq_ignore_ascii_case(expected)) {
        return Checked::with(ground.cites, Vec::new());
    }
    let actual = actual.map_or_else(|| "no content-type".to_owned(), |value| format!("content-type: {value}"));
    let finding =
        ground.finding(Code::ContentType, None, subject.number(), "", format!("content-type: {expected}"), actual);
    Checked::with(ground.cites, vec![finding])
}
