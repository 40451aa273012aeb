//! AWS Signature Version 4 in headers, and its deliberate faults.
//!
//! The module signs by itself, because a faulty signature must be as exact as a correct one. The reference
//! implementation verifies with the same canonical request.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    sync::OnceLock,
};

use serde::{Deserialize, Serialize};

use super::{
    Headers, Request,
    digest::{HmacSha256, Sha256},
    signing_date::amz_date,
};

/// An access key. Its `Debug` output shows neither part.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
}

impl Credentials {
    /// A long-term access key.
    #[must_use]
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        let (access_key_id, secret_access_key) = (access_key_id.into(), secret_access_key.into());
        Self { access_key_id, secret_access_key, session_token: None }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The scope of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialScope {
    /// The region, `us-east-1`.
    pub region: String,
    /// The signing name of the service.
    pub service: String,
}

/// A fault of a signature, or a valid signature of an unusual form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SigningFault {
    /// No `authorization` header.
    None,
    /// The last digit of the signature is changed.
    FlippedDigit,
    /// The first digit of the signature is changed.
    FirstDigit,
    /// The second half of the signature is missing.
    HalfSignature,
    /// The signature is empty.
    EmptySignature,
    /// The scope names another service.
    OtherService,
    /// The scope names another region.
    OtherRegion,
    /// The scope does not end in `aws4_request`.
    OtherTerminator,
    /// The scope is of the day before the date of the request.
    OtherDay,
    /// The date is off by this number of seconds, and the signature matches the date.
    SkewedClock(i64),
    /// An access key that no endpoint knows.
    UnknownKey,
    /// The header is not an AWS4 authorization.
    Garbage,
    /// A signed header is changed after signing.
    ChangedHeader,
    /// The body is changed after signing, but not its meaning.
    ChangedBody,
    /// The signature does not cover the header `host`.
    UnsignedHost,
    /// The signature does not cover the header `user-agent`, which is valid.
    UnsignedUserAgent,
    /// The headers after `host` are sent in reverse order, which is valid.
    ReorderedHeaders,
}

/// Signs a request: adds `x-amz-date`, `authorization`, and `x-amz-security-token` if there is a token.
///
/// Signs all headers of the request except hop-by-hop ones, so that the service verifies exactly what is sent. `now` is
/// in seconds since 1970.
pub fn sign(
    request: &mut Request,
    credentials: &Credentials,
    scope: &CredentialScope,
    now: i64,
    fault: Option<&SigningFault>,
) {
    SigningKeys::default().sign(request, credentials, scope, now, fault);
}

/// Keys by secret, day, region and service. Each is derived once and then read without a lock. A run needs few of them;
/// keys beyond the limit are derived again for each request.
#[derive(Default)]
pub struct SigningKeys([OnceLock<DerivedKey>; 16]);

struct DerivedKey {
    secret: String,
    scope: String,
    keyed: HmacSha256,
}

impl DerivedKey {
    fn derive(secret: &str, scope: &str) -> Self {
        let mut parts = scope.split('/');
        let first = HmacSha256::new(format!("AWS4{secret}")).code(parts.next().unwrap_or_default());
        let key = parts.fold(first, |key, part| HmacSha256::new(key).code(part));
        Self { secret: secret.to_owned(), scope: scope.to_owned(), keyed: HmacSha256::new(key) }
    }

    fn is_of(&self, secret: &str, scope: &str) -> bool {
        self.secret == secret && self.scope == scope
    }
}

impl SigningKeys {
    fn keyed(&self, secret: &str, scope: &str) -> HmacSha256 {
        let mut known = self.0.iter().map(|slot| slot.get_or_init(|| DerivedKey::derive(secret, scope)));
        let key = known.find(|key| key.is_of(secret, scope)).map(|key| key.keyed.clone());
        key.unwrap_or_else(|| DerivedKey::derive(secret, scope).keyed)
    }

    /// Signs `request` as [`sign`] does.
    pub fn sign(
        &self,
        request: &mut Request,
        credentials: &Credentials,
        scope: &CredentialScope,
        now: i64,
        fault: Option<&SigningFault>,
    ) {
        if fault == Some(&SigningFault::UnknownKey) {
            self.sign_as(request, &unknown(), scope, now, fault);
        } else {
            self.sign_as(request, credentials, scope, now, fault);
        }
    }

    fn sign_as(
        &self,
        request: &mut Request,
        credentials: &Credentials,
        scope: &CredentialScope,
        now: i64,
        fault: Option<&SigningFault>,
    ) {
        let now = if let Some(SigningFault::SkewedClock(seconds)) = fault { now.saturating_add(*seconds) } else { now };
        let date = amz_date(now);
        request.headers.set("x-amz-date", &*date);
        if let Some(token) = &credentials.session_token {
            request.headers.set("x-amz-security-token", &**token);
        }
        match fault {
            Some(SigningFault::None) => return,
            Some(SigningFault::Garbage) => return request.headers.set("authorization", "garbage"),
            _ => {}
        }
        let scope = faulty_scope(scope, now, fault);
        let authorization = self.authorization(request, credentials, &scope, &date, fault);
        request.headers.set("authorization", falsified(authorization, fault));
        match fault {
            Some(SigningFault::ChangedHeader) => request.headers.set("user-agent", "changed-after-signing"),
            Some(SigningFault::ChangedBody) => {
                let mut body = request.body.to_vec();
                body.push(b' ');
                request.headers.set("content-length", body.len().to_string());
                request.body = body.into();
            }
            Some(SigningFault::ReorderedHeaders) => request.headers = reordered(&request.headers),
            _ => {}
        }
    }

    fn authorization(
        &self,
        request: &Request,
        credentials: &Credentials,
        scope: &str,
        date: &str,
        fault: Option<&SigningFault>,
    ) -> String {
        let names = request.headers.iter().map(|(name, _)| lower_case(name));
        let mut signed: Vec<Cow<'_, str>> = names.filter(|name| !is_unsigned(name, fault)).collect();
        signed.sort_unstable();
        signed.dedup();
        let keyed = self.keyed(&credentials.secret_access_key, scope);
        let signature = signature_by(keyed, request, &signed, scope, date);
        let id = &credentials.access_key_id;
        format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={}, Signature={signature}", signed.join(";"))
    }
}

/// An access key that no endpoint knows.
fn unknown() -> Credentials {
    Credentials {
        access_key_id: "AKIAWIREPROOFUNKNOWN".to_owned(),
        secret_access_key: "unknown".to_owned(),
        session_token: None,
    }
}

fn faulty_scope(scope: &CredentialScope, now: i64, fault: Option<&SigningFault>) -> String {
    const DAY: i64 = 24 * 60 * 60;
    let day = amz_date(if fault == Some(&SigningFault::OtherDay) { now.saturating_sub(DAY) } else { now });
    let service = if fault == Some(&SigningFault::OtherService) { "sts" } else { &scope.service };
    let other_region = if scope.region == "eu-central-1" { "eu-west-3" } else { "eu-central-1" };
    let region = if fault == Some(&SigningFault::OtherRegion) { other_region } else { &scope.region };
    let end = if fault == Some(&SigningFault::OtherTerminator) { "aws3_request" } else { "aws4_request" };
    format!("{}/{region}/{service}/{end}", &day[..8])
}

/// Returns true for headers that a proxy or a client may change, for the signature itself, and for what a fault leaves
/// out.
fn is_unsigned(name: &str, fault: Option<&SigningFault>) -> bool {
    match name {
        "authorization" | "connection" | "transfer-encoding" | "content-length" | "accept" => true,
        "host" => fault == Some(&SigningFault::UnsignedHost),
        "user-agent" => fault == Some(&SigningFault::UnsignedUserAgent),
        _ => false,
    }
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

/// The length of a signature, in hexadecimal digits.
const SIGNATURE_LENGTH: usize = 64;

/// The authorization with another signature at its end.
fn falsified(mut authorization: String, fault: Option<&SigningFault>) -> String {
    let start = authorization.len() - SIGNATURE_LENGTH;
    let flipped = |at: usize| {
        let digit = if authorization.as_bytes()[at] == b'0' { "1" } else { "0" };
        [&authorization[..at], digit, &authorization[at + 1..]].concat()
    };
    match fault {
        Some(SigningFault::FlippedDigit) => flipped(authorization.len() - 1),
        Some(SigningFault::FirstDigit) => flipped(start),
        Some(SigningFault::HalfSignature) => {
            authorization.truncate(start + SIGNATURE_LENGTH / 2);
            authorization
        }
        Some(SigningFault::EmptySignature) => {
            authorization.truncate(start);
            authorization
        }
        _ => authorization,
    }
}

/// The headers in reverse order after `host`, which clients should send first.
fn reordered(headers: &Headers) -> Headers {
    let fields: Vec<(&str, &str)> = headers.iter().collect();
    let is_host = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case("host");
    let (host, others) = (fields.iter().filter(is_host), fields.iter().rev().filter(|field| !is_host(field)));
    host.chain(others).copied().collect()
}

/// The signature of a request over its `signed` headers, whose names are sorted and in lower case.
///
/// `scope` is `date/region/service/aws4_request`, `date` the value of `x-amz-date`.
#[must_use]
pub fn signature(request: &Request, signed: &[impl AsRef<str>], secret: &str, scope: &str, date: &str) -> String {
    signature_by(DerivedKey::derive(secret, scope).keyed, request, signed, scope, date)
}

fn signature_by(keyed: HmacSha256, request: &Request, signed: &[impl AsRef<str>], scope: &str, date: &str) -> String {
    let canonical = hex(&Sha256::digest(canonical_request(request, signed).as_bytes()));
    hex(&keyed.code(["AWS4-HMAC-SHA256\n", date, "\n", scope, "\n", &canonical].concat()))
}

fn canonical_request(request: &Request, signed: &[impl AsRef<str>]) -> String {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut out = String::with_capacity(512);
    out.push_str(&request.method);
    out.push('\n');
    canonical_path(path, &mut out);
    out.push('\n');
    canonical_query(query, &mut out);
    out.push('\n');
    for name in signed {
        out.push_str(name.as_ref());
        out.push(':');
        canonical_value(&request.headers, name.as_ref(), &mut out);
        out.push('\n');
    }
    out.push('\n');
    push_joined(signed.iter().map(AsRef::as_ref), ';', &mut out);
    out.push('\n');
    push_hex(&Sha256::digest(&request.body), &mut out);
    out
}

/// Encodes the path once more, as all services except S3 require.
fn canonical_path(path: &str, out: &mut String) {
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
}

fn canonical_query(query: &str, out: &mut String) {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<Cow<'_, str>> =
        pairs.map(|pair| if pair.contains('=') { pair.into() } else { format!("{pair}=").into() }).collect();
    pairs.sort_unstable();
    push_joined(pairs.iter().map(AsRef::as_ref), '&', out);
}

fn canonical_value(headers: &Headers, name: &str, out: &mut String) {
    for (index, value) in headers.all(name).enumerate() {
        if index > 0 {
            out.push(',');
        }
        if is_tidy(value) {
            out.push_str(value);
        } else {
            push_joined(value.split_ascii_whitespace(), ' ', out);
        }
    }
}

/// Returns true if single spaces separate the words of a value. Nearly all values have this form.
fn is_tidy(value: &str) -> bool {
    let bytes = value.as_bytes();
    // Most values are one word. Their minimum byte shows it without a branch per byte.
    if bytes.iter().copied().fold(u8::MAX, u8::min) > b' ' {
        return true;
    }
    let blank = |byte: u8| byte.is_ascii_whitespace();
    let double = bytes.windows(2).any(|pair| blank(pair[0]) && (pair[0] != b' ' || blank(pair[1])));
    !double && !bytes.first().is_some_and(|byte| blank(*byte)) && !bytes.last().is_some_and(|byte| blank(*byte))
}

fn push_joined<'p>(parts: impl Iterator<Item = &'p str>, by: char, out: &mut String) {
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push(by);
        }
        out.push_str(part);
    }
}

/// Bytes in lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    push_hex(bytes, &mut out);
    out
}

fn push_hex(bytes: &[u8], out: &mut String) {
    const DIGITS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
    for byte in bytes {
        out.push_str(DIGITS[usize::from(byte >> 4)]);
        out.push_str(DIGITS[usize::from(byte & 0xf)]);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rstest::rstest;

    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        }
    }

    fn scope() -> CredentialScope {
        CredentialScope { region: "us-east-1".to_owned(), service: "service".to_owned() }
    }

    /// 2015-08-30T12:36:00Z, the time of AWS's published test vectors.
    const VECTOR_TIME: i64 = 1_440_938_160;

    fn vanilla(method: &str, target: &str) -> Request {
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: [("Host", "example.amazonaws.com")].into_iter().collect(),
            ..Request::default()
        }
    }

    #[rstest]
    #[case::get_vanilla("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
    #[case::post_vanilla("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")]
    #[case::get_vanilla_query_order(
        "GET",
        "/?Param2=value2&Param1=value1",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    )]
    fn the_published_test_vectors_match(#[case] method: &str, #[case] target: &str, #[case] expected: &str) {
        let mut request = vanilla(method, target);
        sign(&mut request, &credentials(), &scope(), VECTOR_TIME, None);
        let authorization = request.headers.get("authorization").unwrap();
        assert!(authorization.ends_with(expected), "{authorization}");
        assert_eq!(request.headers.get("x-amz-date"), Some("20150830T123600Z"));
    }

    #[test]
    fn each_fault_changes_what_is_sent() {
        let signed = |fault: Option<SigningFault>| {
            let mut request = vanilla("POST", "/");
            request.headers.push("user-agent", "x");
            request.headers.push("content-length", "2");
            request.body = Bytes::from_static(b"{}");
            sign(&mut request, &credentials(), &scope(), VECTOR_TIME, fault.as_ref());
            request
        };
        let correct = signed(None);
        for fault in [
            SigningFault::None,
            SigningFault::FlippedDigit,
            SigningFault::FirstDigit,
            SigningFault::HalfSignature,
            SigningFault::EmptySignature,
            SigningFault::OtherService,
            SigningFault::OtherRegion,
            SigningFault::OtherTerminator,
            SigningFault::OtherDay,
            SigningFault::SkewedClock(-960),
            SigningFault::UnknownKey,
            SigningFault::Garbage,
            SigningFault::ChangedHeader,
            SigningFault::ChangedBody,
            SigningFault::UnsignedHost,
            SigningFault::UnsignedUserAgent,
            SigningFault::ReorderedHeaders,
        ] {
            assert_ne!(signed(Some(fault.clone())), correct, "{fault:?}");
        }
    }

    #[test]
    fn a_cached_key_signs_like_a_newly_derived_one() {
        let keys = SigningKeys::default();
        // More scopes and secrets than fit, each twice.
        for round in 0..2 {
            for day in 0..20 {
                let secret_access_key = format!("secret-{}", day % 3);
                let credentials = Credentials { secret_access_key, ..credentials() };
                let [mut cached, mut derived] = [vanilla("POST", "/"), vanilla("POST", "/")];
                let now = VECTOR_TIME + day * 86_400;
                keys.sign(&mut cached, &credentials, &scope(), now, None);
                sign(&mut derived, &credentials, &scope(), now, None);
                assert_eq!(cached, derived, "round {round}, day {day}");
            }
        }
    }

    #[test]
    fn debug_output_does_not_show_credentials() {
        assert_eq!(format!("{:?}", credentials()), "Credentials(…)");
    }

    /// A `POST` of `{}` that is signed with this fault.
    fn faulty_request(fault: Option<&SigningFault>, scope: &CredentialScope) -> Request {
        let mut request = vanilla("POST", "/");
        request.headers.push("user-agent", "x");
        request.headers.push("content-length", "2");
        request.body = Bytes::from_static(b"{}");
        sign(&mut request, &credentials(), scope, VECTOR_TIME, fault);
        request
    }

    fn authorization_of(request: &Request) -> String {
        request.headers.get("authorization").unwrap().to_owned()
    }

    #[rstest]
    #[case::correct(None, "20150830/us-east-1/service/aws4_request")]
    #[case::service(Some(SigningFault::OtherService), "20150830/us-east-1/sts/aws4_request")]
    #[case::region(Some(SigningFault::OtherRegion), "20150830/eu-central-1/service/aws4_request")]
    #[case::end(Some(SigningFault::OtherTerminator), "20150830/us-east-1/service/aws3_request")]
    #[case::clock(Some(SigningFault::SkewedClock(86_400)), "20150831/us-east-1/service/aws4_request")]
    fn a_faulty_scope_is_sent_and_signed(#[case] fault: Option<SigningFault>, #[case] expected: &str) {
        let request = faulty_request(fault.as_ref(), &scope());
        let date = request.headers.get("x-amz-date").unwrap();
        let signed = ["host", "user-agent", "x-amz-date"].map(str::to_owned);
        let signature = signature(&request, &signed, &credentials().secret_access_key, expected, date);
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{expected}, SignedHeaders=host;user-agent;x-amz-date, Signature={signature}"
        );
        assert_eq!(authorization_of(&request), expected);
    }

    #[test]
    fn the_faulty_region_differs_from_the_correct_one() {
        let scope = CredentialScope { region: "eu-central-1".to_owned(), ..scope() };
        assert!(authorization_of(&faulty_request(Some(&SigningFault::OtherRegion), &scope)).contains("/eu-west-3/"));
    }

    #[test]
    fn only_the_last_digit_is_flipped_and_always_to_another_one() {
        let correct = authorization_of(&faulty_request(None, &scope()));
        let flipped = authorization_of(&faulty_request(Some(&SigningFault::FlippedDigit), &scope()));
        assert_eq!(correct[..correct.len() - 1], flipped[..flipped.len() - 1]);
        let flip = |last: &str| {
            let authorization = ["a".repeat(SIGNATURE_LENGTH - 1).as_str(), last].concat();
            falsified(authorization, Some(&SigningFault::FlippedDigit)).split_off(SIGNATURE_LENGTH - 1)
        };
        assert_eq!([flip("0"), flip("1"), flip("f")], ["1", "0", "0"]);
    }

    #[rstest]
    #[case::first(SigningFault::FirstDigit, 64)]
    #[case::half(SigningFault::HalfSignature, 32)]
    #[case::empty(SigningFault::EmptySignature, 0)]
    fn only_the_signature_is_falsified(#[case] fault: SigningFault, #[case] length: usize) {
        let correct = authorization_of(&faulty_request(None, &scope()));
        let falsified = authorization_of(&faulty_request(Some(&fault), &scope()));
        let start = correct.len() - SIGNATURE_LENGTH;
        assert_eq!((&falsified[..start], falsified.len() - start), (&correct[..start], length));
        let is_start = correct.starts_with(&falsified);
        assert_eq!(is_start, fault != SigningFault::FirstDigit);
        assert!(is_start || falsified[start + 1..] == correct[start + 1..]);
    }

    #[test]
    fn reordered_headers_have_the_same_signature() {
        let correct = faulty_request(None, &scope());
        let reordered = faulty_request(Some(&SigningFault::ReorderedHeaders), &scope());
        assert_eq!(authorization_of(&reordered), authorization_of(&correct));
        let names =
            |request: &Request| request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect::<Vec<_>>();
        let (mut sorted, sent) = (names(&correct), names(&reordered));
        assert!(sent[0] == "host" && sent[1] == "authorization" && sent != sorted);
        sorted.sort();
        let mut same = sent;
        same.sort();
        assert_eq!(same, sorted);
    }

    #[rstest]
    #[case::host(SigningFault::UnsignedHost, "host")]
    #[case::user_agent(SigningFault::UnsignedUserAgent, "user-agent")]
    fn an_unsigned_header_is_sent_but_not_listed(#[case] fault: SigningFault, #[case] header: &str) {
        let request = faulty_request(Some(&fault), &scope());
        let signed = authorization_of(&request);
        assert!(request.headers.get(header).is_some() && !signed.contains(header), "{signed}");
    }

    #[test]
    fn another_day_is_that_before_the_date() {
        let signed = authorization_of(&faulty_request(Some(&SigningFault::OtherDay), &scope()));
        assert!(signed.contains("/20150829/us-east-1/"), "{signed}");
    }

    #[test]
    fn a_change_after_signing_does_not_change_the_signature() {
        let correct = faulty_request(None, &scope());
        let header = faulty_request(Some(&SigningFault::ChangedHeader), &scope());
        assert_eq!(authorization_of(&header), authorization_of(&correct));
        assert_eq!(header.headers.get("user-agent"), Some("changed-after-signing"));
        let body = faulty_request(Some(&SigningFault::ChangedBody), &scope());
        assert_eq!(authorization_of(&body), authorization_of(&correct));
        assert_eq!((&body.body[..], body.headers.get("content-length")), (&b"{} "[..], Some("3")));
    }

    #[test]
    fn a_request_without_a_signature_has_only_a_date() {
        let request = faulty_request(Some(&SigningFault::None), &scope());
        assert_eq!(
            (request.headers.get("authorization"), request.headers.get("x-amz-date")),
            (None, Some("20150830T123600Z"))
        );
        assert_eq!(authorization_of(&faulty_request(Some(&SigningFault::Garbage), &scope())), "garbage");
        assert!(
            authorization_of(&faulty_request(Some(&SigningFault::UnknownKey), &scope()))
                .contains("=AKIAWIREPROOFUNKNOWN/")
        );
    }

    #[test]
    fn a_session_token_is_sent_and_signed_and_hop_by_hop_headers_are_not_signed() {
        let mut request = vanilla("POST", "/");
        for name in ["connection", "transfer-encoding", "content-length", "accept", "Authorization", "Host"] {
            request.headers.push(name, "x");
        }
        let credentials = Credentials { session_token: Some("token".to_owned()), ..credentials() };
        sign(&mut request, &credentials, &scope(), VECTOR_TIME, None);
        assert_eq!(request.headers.get("x-amz-security-token"), Some("token"));
        assert!(authorization_of(&request).contains("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
    }

    #[test]
    fn the_canonical_request_is_the_documented_one() {
        let headers = [("X-A", " 1   2 "), ("x-a", "3"), ("host", "h")].into_iter().collect();
        let target = "/a b/%41~?b&a=1&&c=".to_owned();
        let request = Request { method: "GET".to_owned(), target, headers, ..Request::default() };
        let canonical = canonical_request(&request, &["host".to_owned(), "x-a".to_owned()]);
        assert_eq!(
            canonical,
            "GET\n/a%20b/%2541~\na=1&b=&c=\nhost:h\nx-a:1 2,3\n\nhost;x-a\n\
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
