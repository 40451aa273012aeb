//! Faults in the headers and the framing of a response, for successes and rejections of each operation under test.

use bytes::Bytes;

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::{Altered, ResponseRule, set_body},
};
use crate::{
    judge::code::Code,
    wire::{AwsJson, Protocol as _, Response, protocol::REQUEST_ID_HEADER},
};

type HeaderFault = fn(&mut Response);

/// A name, the expected checks, the fault in words, and the change.
const SPOILS: &[(&str, &[Code], &str, HeaderFault)] = &[
    (
        "content-type/other-version",
        &[Code::CONTENT_TYPE],
        "has the content type of the other protocol version",
        |response| {
            let given = response.headers.get("content-type");
            let versions = [AwsJson::V1_0, AwsJson::V1_1].map(|version| version.content_type());
            if let Some(other) = versions.into_iter().find(|version| Some(*version) != given) {
                response.headers.set("content-type", other);
            }
        },
    ),
    ("content-type/none", &[Code::CONTENT_TYPE], "has no content type", |response| {
        response.headers.remove("content-type");
    }),
    ("content-type/text", &[Code::CONTENT_TYPE], "is sent as plain text", |response| {
        response.headers.set("content-type", "text/plain");
    }),
    ("content-type/twice", &[Code::CONTENT_TYPE], "has two content types", |response| {
        let given = response.headers.get("content-type").unwrap_or_default().to_owned();
        response.headers.push("content-type", given);
    }),
    ("request-id/missing", &[Code::REQUEST_ID], "has no request ID", |response| {
        response.headers.remove(REQUEST_ID_HEADER);
    }),
    ("request-id/empty", &[Code::REQUEST_ID], "has an empty request ID", |response| {
        response.headers.set(REQUEST_ID_HEADER, "");
    }),
    ("request-id/constant", &[Code::REQUEST_ID], "always has the same request ID", |response| {
        response.headers.set(REQUEST_ID_HEADER, "00000000-0000-4000-8000-000000000000");
    }),
    ("content-length/over", &[Code::CONTENT_LENGTH], "declares more bytes than it sends", |response| {
        response.headers.set("content-length", (response.body.len() + 9).to_string());
        response.missing = 9;
    }),
    (
        "content-length/under",
        &[Code::CONTENT_LENGTH, Code::BODY_FORMAT],
        "declares fewer bytes than it sends",
        |response| {
            let length = response.body.len().saturating_sub(1);
            response.headers.set("content-length", length.to_string());
            response.body = response.body.slice(..length);
            response.surplus = 1;
        },
    ),
    ("content-length/chunked", &[Code::CONTENT_LENGTH], "is chunked and also declares a length", |response| {
        response.headers.set("content-length", response.body.len().to_string());
        response.headers.set("transfer-encoding", "chunked");
    }),
    ("body/no-last-chunk", &[Code::CONTENT_LENGTH], "is chunked and has no last chunk", |response| {
        response.headers.remove("content-length");
        response.headers.set("transfer-encoding", "chunked");
        response.missing = 1;
    }),
    ("head/bare-line-feeds", &[Code::LINE_ENDS], "ends the lines of its head with LF alone", |response| {
        let bytes = response.to_bytes();
        let head = String::from_utf8_lossy(&bytes[..bytes.len() - response.body.len()]).replace("\r\n", "\n");
        response.head = Some(head.into());
    }),
    ("body/cut-off", &[Code::CONTENT_LENGTH, Code::BODY_FORMAT], "is cut off in the middle of its body", |response| {
        let half = response.body.len() / 2;
        response.missing = (response.body.len() - half) as u64;
        response.body = response.body.slice(..half);
    }),
    ("body/truncated", &[Code::BODY_FORMAT], "has half a body and a matching length", |response| {
        let half = response.body.slice(..response.body.len() / 2);
        set_body(response, half);
    }),
    ("body/gzip", &[Code::CONTENT_ENCODING], "is compressed without being requested", |response| {
        let zipped = gzip(&response.body);
        response.headers.set("content-encoding", "gzip");
        set_body(response, zipped);
    }),
    ("body/bom", &[Code::BODY_FORMAT], "starts with a byte order mark", |response| {
        let marked = [b"\xef\xbb\xbf", response.body.as_ref()].concat();
        set_body(response, marked);
    }),
    ("body/trailing", &[Code::BODY_FORMAT], "has trailing data after its JSON", |response| {
        let longer = [response.body.as_ref(), b"\n{}"].concat();
        set_body(response, longer);
    }),
    ("body/latin-1", &[Code::BODY_FORMAT], "is not UTF-8", |response| {
        let text = String::from_utf8_lossy(&response.body).replacen("\":\"", "\":\"\u{1}", 1);
        let bytes: Vec<u8> = text.bytes().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect();
        set_body(response, bytes);
    }),
];

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let both =
        [("success", ResponseRule::Successes, "a success"), ("refusal", ResponseRule::Rejections, "a rejection")];
    let one = |(which, responses, noun): (&str, ResponseRule, &str)| {
        SPOILS
            .iter()
            .map(|&(name, kind, says, alter)| {
                let (target, responses) = (subject.target(), responses.clone());
                subject.mutant(
                    MutantFamily::Header,
                    &format!("{which}/{name}"),
                    kind,
                    format!("{noun} {says}"),
                    move || Altered { target: target.clone(), responses: responses.clone(), alter },
                )
            })
            .collect::<Vec<_>>()
    };
    let target = subject.target();
    let says = "a success has the status 201";
    let created = subject.mutant(MutantFamily::Header, "success/status/201", &[Code::STATUS], says, move || Altered {
        target: target.clone(),
        responses: ResponseRule::Successes,
        alter: |response: &mut Response| response.status = 201,
    });
    both.into_iter().flat_map(one).chain([created]).collect()
}

/// The bytes as a gzip member (RFC 1952) of one stored block.
fn gzip(body: &[u8]) -> Bytes {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let stored = &body[..length.into()];
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(stored);
    out.extend_from_slice(&crc32(stored).to_le_bytes());
    out.extend_from_slice(&u32::from(length).to_le_bytes());
    out.into()
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_data_has_the_standard_checksum() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let zipped = gzip(b"abc");
        assert_eq!(&zipped[10..15], [1, 3, 0, 0xfc, 0xff]);
        assert_eq!(zipped.len(), 10 + 5 + 3 + 8);
    }
}
