//! Writes a transcript as HAR 1.2, which every HAR viewer reads, and reads it back without loss.
//!
//! Members named `_wireproof` hold everything that HAR cannot: the case with its seed and end, the step and role of an
//! exchange, the target as sent, and bytes that are not UTF-8. Pure. The transcript is redacted before.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::{
    judge::transcript::{CaseEnd, Exchange, Role, Transcript},
    suite::CaseId,
    wire::{Delivery, Headers, Request, Response, TransportError},
};

/// Writes a transcript. `endpoint` completes the URLs of its requests.
///
/// # Errors
/// `serde_json` cannot write a value. No transcript is known to cause this.
pub fn write(transcript: &Transcript, endpoint: &str) -> serde_json::Result<Vec<u8>> {
    let begun_us = micros(transcript.begun.duration_since(UNIX_EPOCH).unwrap_or_default());
    // Times are rounded to microseconds, so that a transcript is read back unchanged.
    let begun = UNIX_EPOCH + Duration::from_micros(begun_us);
    let entries = transcript.exchanges.iter().map(|exchange| HarEntry::of(exchange, begun, endpoint)).collect();
    let creator = Creator { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let case = CaseNote {
        case: transcript.case.clone(),
        seed: transcript.seed,
        region: transcript.region.clone(),
        other_region: transcript.other_region.clone(),
        variables: transcript.variables.clone(),
        end: transcript.end.clone(),
        begun_us,
        elapsed_us: micros(transcript.elapsed),
    };
    let mut text = serde_json::to_vec(&Har { log: HarLog { version: "1.2".to_owned(), creator, entries, case } })?;
    text.push(b'\n');
    Ok(text)
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// The text is not HAR, or wireproof did not write it.
pub fn read(text: &[u8]) -> serde_json::Result<Transcript> {
    let Har { log: HarLog { entries, case, .. } } = serde_json::from_slice(text)?;
    Ok(Transcript {
        case: case.case,
        seed: case.seed,
        region: case.region,
        other_region: case.other_region,
        variables: case.variables,
        exchanges: entries.into_iter().map(HarEntry::exchange).collect::<serde_json::Result<_>>()?,
        end: case.end,
        begun: UNIX_EPOCH + Duration::from_micros(case.begun_us),
        elapsed: Duration::from_micros(case.elapsed_us),
    })
}

#[derive(Serialize, Deserialize)]
struct Har {
    log: HarLog,
}

#[derive(Serialize, Deserialize)]
struct HarLog {
    version: String,
    creator: Creator,
    entries: Vec<HarEntry>,
    #[serde(rename = "_wireproof")]
    case: CaseNote,
}

#[derive(Serialize, Deserialize)]
struct Creator {
    name: String,
    version: String,
}

#[derive(Serialize, Deserialize)]
struct CaseNote {
    case: CaseId,
    seed: u64,
    region: String,
    other_region: String,
    variables: Map<String, Value>,
    end: CaseEnd,
    begun_us: u64,
    elapsed_us: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarEntry {
    started_date_time: String,
    time: f64,
    request: RequestNote,
    response: ResponseNote,
    cache: Map<String, Value>,
    timings: Timings,
    #[serde(rename = "_wireproof")]
    own: ExchangeNote,
}

#[derive(Serialize, Deserialize)]
struct Timings {
    send: f64,
    wait: f64,
    receive: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestNote {
    method: String,
    url: String,
    http_version: String,
    cookies: Vec<Value>,
    headers: Vec<Pair>,
    query_string: Vec<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData>,
    headers_size: i64,
    body_size: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    mime_type: String,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseNote {
    status: u16,
    status_text: String,
    http_version: String,
    cookies: Vec<Value>,
    headers: Vec<Pair>,
    content: Content,
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    headers_size: i64,
    body_size: i64,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    size: usize,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Pair {
    name: String,
    value: String,
}

/// The data of an exchange that HAR cannot hold.
#[derive(Serialize, Deserialize)]
struct ExchangeNote {
    step: usize,
    role: Role,
    service: String,
    operation: String,
    target: String,
    delivery: Delivery,
    chunked: bool,
    /// The body of the request in base64, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<String>,
    /// The head of the response as received in base64, if the transport kept it.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_head: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    missing: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    surplus: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<String>,
    /// The error of the transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<TransportError>,
    started_us: u64,
    elapsed_us: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl HarEntry {
    fn of(exchange: &Exchange, begun: SystemTime, endpoint: &str) -> Self {
        let Exchange { step, role, service, operation, request, outcome, started, elapsed } = exchange;
        let response = outcome.as_ref().ok();
        let (started_us, elapsed_us) = (micros(*started), micros(*elapsed));
        let wait = Duration::from_micros(elapsed_us).as_secs_f64() * 1000.0;
        Self {
            started_date_time: date_time(begun + Duration::from_micros(started_us)),
            time: wait,
            request: RequestNote::of(request, endpoint),
            response: response.map_or_else(ResponseNote::none, ResponseNote::of),
            cache: Map::new(),
            timings: Timings { send: 0.0, wait, receive: 0.0 },
            own: ExchangeNote {
                step: *step,
                role: *role,
                service: service.clone(),
                operation: operation.clone(),
                target: request.target.clone(),
                delivery: request.delivery,
                chunked: request.chunked,
                request_body: std::str::from_utf8(&request.body).is_err().then(|| STANDARD.encode(&request.body)),
                response_head: response.and_then(|response| response.head.as_ref()).map(|head| STANDARD.encode(head)),
                missing: response.map_or(0, |response| response.missing),
                surplus: response.map_or(0, |response| response.surplus),
                hidden: response.map(|response| response.hidden.clone()).unwrap_or_default(),
                error: outcome.as_ref().err().cloned(),
                started_us,
                elapsed_us,
            },
        }
    }

    fn exchange(self) -> serde_json::Result<Exchange> {
        let Self { request, response, own, .. } = self;
        let body = match own.request_body {
            Some(encoded) => decoded(&encoded)?,
            None => request.post_data.map(|data| data.text.into()).unwrap_or_default(),
        };
        let request = Request {
            method: request.method,
            target: own.target,
            headers: fields(&request.headers),
            body,
            chunked: own.chunked,
            delivery: own.delivery,
        };
        let outcome = match own.error {
            Some(error) => Err(error),
            None => Ok(Response {
                status: response.status,
                headers: fields(&response.headers),
                body: response.content.bytes()?,
                missing: own.missing,
                surplus: own.surplus,
                head: own.response_head.as_deref().map(decoded).transpose()?,
                hidden: own.hidden,
            }),
        };
        Ok(Exchange {
            step: own.step,
            role: own.role,
            service: own.service,
            operation: own.operation,
            request,
            outcome,
            started: Duration::from_micros(own.started_us),
            elapsed: Duration::from_micros(own.elapsed_us),
        })
    }
}

impl RequestNote {
    fn of(request: &Request, endpoint: &str) -> Self {
        let (scheme, authority) = endpoint.split_once("://").unwrap_or(("http", endpoint));
        let authority = authority.split('/').next().unwrap_or_default();
        let host = request.headers.get("host").unwrap_or(authority);
        let query = request.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let parameter = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Pair { name: name.to_owned(), value: value.to_owned() }
        };
        let text = || std::str::from_utf8(&request.body).unwrap_or_default().to_owned();
        let mime_type = || request.headers.get("content-type").unwrap_or_default().to_owned();
        Self {
            method: request.method.clone(),
            url: format!("{scheme}://{host}{}", request.target),
            http_version: "HTTP/1.1".to_owned(),
            cookies: Vec::new(),
            headers: pairs(&request.headers),
            query_string: query.split('&').filter(|pair| !pair.is_empty()).map(parameter).collect(),
            post_data: (!request.body.is_empty()).then(|| PostData { mime_type: mime_type(), text: text() }),
            headers_size: -1,
            body_size: request.body.len(),
        }
    }
}

impl ResponseNote {
    fn of(response: &Response) -> Self {
        let head = response.head.as_deref().unwrap_or_default();
        let line = String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default());
        let mut parts = line.splitn(3, ' ');
        let version = parts.next().filter(|version| !version.is_empty()).unwrap_or("HTTP/1.1").to_owned();
        Self {
            status: response.status,
            status_text: parts.nth(1).unwrap_or_default().to_owned(),
            http_version: version,
            cookies: Vec::new(),
            headers: pairs(&response.headers),
            content: Content::of(response),
            redirect_url: response.headers.get("location").unwrap_or_default().to_owned(),
            headers_size: -1,
            body_size: i64::try_from(response.body.len()).unwrap_or(-1),
        }
    }

    /// The form in which viewers show a request without a response.
    fn none() -> Self {
        Self {
            status: 0,
            status_text: String::new(),
            http_version: String::new(),
            cookies: Vec::new(),
            headers: Vec::new(),
            content: Content::default(),
            redirect_url: String::new(),
            headers_size: -1,
            body_size: -1,
        }
    }
}

impl Content {
    fn of(response: &Response) -> Self {
        let mime_type = response.headers.get("content-type").unwrap_or_default().to_owned();
        let (text, encoding) = match std::str::from_utf8(&response.body) {
            Ok(text) => (text.to_owned(), None),
            Err(_) => (STANDARD.encode(&response.body), Some("base64".to_owned())),
        };
        Self { size: response.body.len(), mime_type, text: Some(text), encoding }
    }

    fn bytes(self) -> serde_json::Result<Bytes> {
        match (self.text, self.encoding.as_deref()) {
            (Some(text), Some("base64")) => decoded(&text),
            (Some(text), _) => Ok(text.into()),
            (None, _) => Ok(Bytes::new()),
        }
    }
}

fn decoded(text: &str) -> serde_json::Result<Bytes> {
    STANDARD.decode(text).map(Bytes::from).map_err(serde::de::Error::custom)
}

fn pairs(headers: &Headers) -> Vec<Pair> {
    headers.iter().map(|(name, value)| Pair { name: name.to_owned(), value: value.to_owned() }).collect()
}

fn fields(pairs: &[Pair]) -> Headers {
    pairs.iter().map(|Pair { name, value }| (name, value)).collect()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A time in ISO 8601 with milliseconds.
fn date_time(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let (date, (hour, minute, second, milli)) = (at.date(), at.time().as_hms_milli());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn exchange(body: &[u8], outcome: Result<Response, TransportError>) -> Exchange {
        Exchange {
            step: 2,
            role: Role::Before(1),
            service: "s".to_owned(),
            operation: "Op".to_owned(),
            request: Request {
                method: "POST".to_owned(),
                target: "/a/../b?x=1&y".to_owned(),
                headers: [("host", "h:1"), ("Content-Type", "a/b"), ("content-type", "c")].into_iter().collect(),
                body: Bytes::copy_from_slice(body),
                chunked: true,
                delivery: Delivery::Exact,
            },
            outcome,
            started: Duration::from_micros(1_500),
            elapsed: Duration::from_micros(2_250),
        }
    }

    fn transcript(exchanges: Vec<Exchange>) -> Transcript {
        Transcript {
            case: CaseId("s/op/case#1".to_owned()),
            seed: u64::MAX,
            region: "r".to_owned(),
            other_region: String::new(),
            variables: [("v".to_owned(), json!({"a": [1, "ü"]}))].into_iter().collect(),
            exchanges,
            end: CaseEnd::TimedOut(Duration::from_millis(2)),
            begun: UNIX_EPOCH + Duration::from_millis(1_795_000_000_123),
            elapsed: Duration::from_micros(9),
        }
    }

    fn response(body: &[u8]) -> Response {
        Response {
            status: 400,
            headers: [("X", "1"), ("x", "2")].into_iter().collect(),
            body: Bytes::copy_from_slice(body),
            missing: 3,
            surplus: 4,
            head: Some(Bytes::from_static(b"HTTP/1.0 400 Very Bad\r\nX: \xff\r\n\r\n")),
            hidden: vec!["/a".to_owned()],
        }
    }

    fn value(transcript: &Transcript) -> Value {
        serde_json::from_slice(&write(transcript, "https://e.example:8443").unwrap()).unwrap()
    }

    #[rstest]
    #[case::text(b"{\"a\":\"\xc3\xbc\"}", Ok(response(b"ok\0")))]
    #[case::bytes(b"\xff\xfe", Ok(response(b"\xff")))]
    #[case::nothing(b"", Ok(Response { status: 204, ..Response::default() }))]
    #[case::refused(b"x", Err(TransportError::Refused))]
    #[case::late(b"x", Err(TransportError::Timeout(Duration::from_millis(7))))]
    #[case::other(b"x", Err(TransportError::Other("odd \"thing\"".to_owned())))]
    fn a_transcript_is_read_back_as_it_was_written(
        #[case] body: &[u8],
        #[case] outcome: Result<Response, TransportError>,
    ) {
        let transcript = transcript(vec![exchange(body, outcome)]);
        assert_eq!(read(&write(&transcript, "http://h").unwrap()).unwrap(), transcript);
    }

    proptest! {
        #[test]
        fn any_body_is_read_back_unchanged(sent: Vec<u8>, received: Vec<u8>) {
            let transcript = transcript(vec![exchange(&sent, Ok(response(&received)))]);
            prop_assert_eq!(read(&write(&transcript, "http://h").unwrap()).unwrap(), transcript);
        }
    }

    #[test]
    fn the_har_has_the_members_that_the_specification_requires() {
        let har = value(&transcript(vec![exchange(b"{}", Ok(response(b"no")))]));
        assert_eq!(har["log"]["version"], "1.2");
        let entry = &har["log"]["entries"][0];
        assert_eq!(entry["startedDateTime"], "2026-11-18T11:06:40.124Z");
        assert_eq!((entry["time"].as_f64(), entry["timings"]["wait"].as_f64()), (Some(2.25), Some(2.25)));
        assert_eq!(entry["request"]["url"], "https://h:1/a/../b?x=1&y");
        assert_eq!(entry["request"]["queryString"], json!([{"name":"x","value":"1"},{"name":"y","value":""}]));
        assert_eq!(entry["request"]["postData"], json!({"mimeType":"a/b","text":"{}"}));
        assert_eq!(entry["response"]["statusText"], "Very Bad");
        assert_eq!(entry["response"]["content"], json!({"size":2,"mimeType":"","text":"no"}));
        let required = [
            (
                "request",
                vec!["method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"],
            ),
            ("response", vec!["status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"]),
        ];
        for (part, names) in required {
            assert!(names.iter().all(|name| entry[part].get(name).is_some()), "{part}");
        }
        assert!(entry.get("cache").is_some());
    }

    #[test]
    fn a_request_without_a_response_has_status_0() {
        let har = value(&transcript(vec![exchange(b"", Err(TransportError::Reset))]));
        assert_eq!(har["log"]["entries"][0]["response"]["status"], 0);
        assert_eq!(har["log"]["entries"][0]["_wireproof"]["error"], "reset");
    }

    #[test]
    fn text_that_is_not_a_recording_is_an_error() {
        assert!(read(b"{\"log\":{\"version\":\"1.2\",\"entries\":[]}}").is_err());
        assert!(read(b"no").is_err());
    }
}
