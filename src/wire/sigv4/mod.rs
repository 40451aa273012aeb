//! AWS Signature Version 4 in headers, in query strings and in chunks, and its deliberate faults.
//!
//! The module signs by itself, because a faulty signature must be as exact as a correct one. The reference
//! implementation verifies with the same canonical request.

mod aws_chunked;
mod canonical_request;
mod presigned;
#[cfg(test)]
mod published_suites;
mod signing_profile;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt, sync::OnceLock};

use serde::{Deserialize, Serialize};

use super::{
    Headers, Request,
    digest::{HmacSha256, Sha256},
    signing_date::amz_date,
};

pub use aws_chunked::{ChunkTrailer, Chunking, SMALLEST_CHUNK};
use canonical_request::canonical_request;
use signing_profile::UNSIGNED_PAYLOAD;
pub use signing_profile::{PathForm, PayloadForm, SigningProfile};

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
    /// A digit comes after the signature.
    LongerSignature,
    /// The authorization has no signature.
    NoSignature,
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
    /// The signature is that of the request without its body.
    EmptyPayload,
    /// A signed header says that the body is not signed, and the signature does not cover it.
    UnsignedPayload,
    /// A signed header has the hash of another body, and the signature covers that hash.
    OtherPayload,
    /// A query string is added after signing.
    ChangedQuery,
    /// The request has no date, neither in `x-amz-date` nor in `date`.
    NoDate,
    /// The signature does not cover the header `x-amz-date`.
    UnsignedDate,
    /// The authorization names an algorithm that no service has.
    OtherAlgorithm,
    /// The signature does not cover the header `host`.
    UnsignedHost,
    /// The signature does not cover the header `x-amz-target`.
    UnsignedTarget,
    /// The signature does not cover the header `user-agent`, which is valid.
    UnsignedUserAgent,
    /// A signed header has the hash of the body, which is valid.
    PayloadHash,
    /// The headers after `host` are sent in reverse order, which is valid.
    ReorderedHeaders,
}

/// Signs a request: adds `x-amz-date`, `authorization`, and `x-amz-security-token` if there is a token.
///
/// Signs all headers of the request except hop-by-hop ones, so that the service verifies exactly what is sent. The rules
/// are those of the service in `scope`. `now` is in seconds since 1970.
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
        self.sign_by(&SigningProfile::of_service(&scope.service), request, credentials, scope, now, fault);
    }

    /// Signs `request` as [`sign`] does, but by the rules of `profile`.
    pub fn sign_by(
        &self,
        profile: &SigningProfile,
        request: &mut Request,
        credentials: &Credentials,
        scope: &CredentialScope,
        now: i64,
        fault: Option<&SigningFault>,
    ) {
        let signer = RequestSigner::new(self, profile, credentials, scope, now, fault);
        signer.sign_headers(request);
        if fault == Some(&SigningFault::ChangedBody) {
            append_byte(request);
        }
    }
}

/// What one signature is made with. A fault has changed it already, where it can.
struct RequestSigner<'a> {
    keys: &'a SigningKeys,
    profile: &'a SigningProfile,
    credentials: Cow<'a, Credentials>,
    /// `date/region/service/aws4_request`.
    scope: String,
    /// The value of `x-amz-date`.
    date: String,
    fault: Option<&'a SigningFault>,
}

impl<'a> RequestSigner<'a> {
    fn new(
        keys: &'a SigningKeys,
        profile: &'a SigningProfile,
        credentials: &'a Credentials,
        scope: &CredentialScope,
        now: i64,
        fault: Option<&'a SigningFault>,
    ) -> Self {
        let now = if let Some(SigningFault::SkewedClock(seconds)) = fault { now.saturating_add(*seconds) } else { now };
        let is_unknown = fault == Some(&SigningFault::UnknownKey);
        let credentials = if is_unknown { Cow::Owned(unknown()) } else { Cow::Borrowed(credentials) };
        let (scope, date) = (faulty_scope(scope, now, fault), amz_date(now));
        Self { keys, profile, credentials, scope, date, fault }
    }

    /// Signs the headers of a request, and returns the signature without what a fault did to it.
    fn sign_headers(&self, request: &mut Request) -> String {
        request.headers.set("x-amz-date", &*self.date);
        if let Some(token) = &self.credentials.session_token {
            request.headers.set("x-amz-security-token", &**token);
        }
        if let Some(payload) = self.payload_header(&request.body) {
            request.headers.set(PAYLOAD_HEADER, payload);
        }
        let signed = signed_headers(&request.headers, self.fault);
        let signature = self.signature(request, &signed);
        let authorization = self.authorization(&signed.join(";"), &signature);
        match self.fault {
            Some(SigningFault::None) => {}
            Some(SigningFault::Garbage) => request.headers.set("authorization", "garbage"),
            fault => request.headers.set("authorization", falsified(authorization, fault)),
        }
        self.change_after_signing(request);
        signature
    }

    fn signature(&self, request: &Request, signed: &[impl AsRef<str>]) -> String {
        let payload = self.payload(&request.body);
        let canonical = canonical_request(request, signed, self.profile.path, &payload);
        let hash = hex(&Sha256::digest(canonical.as_bytes()));
        self.code(&[ALGORITHM, "\n", &self.date, "\n", &self.scope, "\n", &hash].concat())
    }

    /// The hash of the body in the canonical request, or the text in its place.
    fn payload(&self, body: &[u8]) -> Cow<'static, str> {
        match self.fault {
            Some(SigningFault::EmptyPayload) => hex(&Sha256::digest(b"")).into(),
            Some(SigningFault::OtherPayload) => hex(&Sha256::digest(b"another body")).into(),
            Some(SigningFault::UnsignedPayload) => UNSIGNED_PAYLOAD.into(),
            _ => self.profile.payload_hash(body),
        }
    }

    fn payload_header(&self, body: &[u8]) -> Option<Cow<'static, str>> {
        match self.fault {
            Some(SigningFault::OtherPayload | SigningFault::UnsignedPayload | SigningFault::PayloadHash) => {
                Some(self.payload(body))
            }
            _ => self.profile.payload_header(body),
        }
    }

    /// The signature of a string to sign.
    fn code(&self, text: &str) -> String {
        hex(&self.keys.keyed(&self.credentials.secret_access_key, &self.scope).code(text))
    }

    fn authorization(&self, signed: &str, signature: &str) -> String {
        let (id, scope) = (&self.credentials.access_key_id, &self.scope);
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}")
    }

    /// Changes the headers and the query string of a signed request as a fault says.
    fn change_after_signing(&self, request: &mut Request) {
        match self.fault {
            Some(SigningFault::NoDate) => request.headers.remove("x-amz-date"),
            Some(SigningFault::ChangedQuery) => presigned::push_pairs(&mut request.target, &[("wireproof", "1")]),
            Some(SigningFault::ChangedHeader) => request.headers.set("user-agent", "changed-after-signing"),
            Some(SigningFault::ReorderedHeaders) => request.headers = reordered(&request.headers),
            _ => {}
        }
    }
}

/// The algorithm of a signature, as the authorization and the string to sign name it.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// An algorithm that no service has.
const OTHER_ALGORITHM: &str = "AWS4-HMAC-SHA512";

/// The header that carries the hash of the payload, or the reason why it is not signed.
pub const PAYLOAD_HEADER: &str = "x-amz-content-sha256";

/// The names of the headers to sign, sorted and in lower case.
fn signed_headers<'h>(headers: &'h Headers, fault: Option<&SigningFault>) -> Vec<Cow<'h, str>> {
    let names = headers.iter().map(|(name, _)| lower_case(name));
    let mut signed: Vec<Cow<'_, str>> = names.filter(|name| !is_unsigned(name, fault)).collect();
    signed.sort_unstable();
    signed.dedup();
    signed
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

/// Appends a byte that does not change the meaning of a body: of a form, a separator without a field behind it.
fn append_byte(request: &mut Request) {
    let media_type = request.headers.get("content-type").unwrap_or_default();
    let is_form = media_type.starts_with("application/x-www-form-urlencoded");
    let mut body = request.body.to_vec();
    body.push(if is_form { b'&' } else { b' ' });
    request.headers.set("content-length", body.len().to_string());
    request.body = body.into();
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
        "x-amz-date" => matches!(fault, Some(SigningFault::NoDate | SigningFault::UnsignedDate)),
        "x-amz-target" => fault == Some(&SigningFault::UnsignedTarget),
        "user-agent" => fault == Some(&SigningFault::UnsignedUserAgent),
        _ => false,
    }
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
        Some(SigningFault::NoSignature) => {
            authorization.truncate(authorization[..start].rfind([',', '&']).unwrap_or(start));
            authorization
        }
        Some(SigningFault::LongerSignature) => authorization + "0",
        Some(SigningFault::OtherAlgorithm) => authorization.replacen(ALGORITHM, OTHER_ALGORITHM, 1),
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

/// The signature of a request over its `signed` headers, whose names are sorted and in lower case, and over its body.
///
/// `scope` is `date/region/service/aws4_request`, `date` the value of `x-amz-date`.
#[must_use]
pub fn signature(request: &Request, signed: &[impl AsRef<str>], secret: &str, scope: &str, date: &str) -> String {
    signature_by(&SigningProfile::GENERAL, request, signed, secret, scope, date)
}

/// The same by the rules of a service.
#[must_use]
pub fn signature_by(
    profile: &SigningProfile,
    request: &Request,
    signed: &[impl AsRef<str>],
    secret: &str,
    scope: &str,
    date: &str,
) -> String {
    let payload = profile.payload_hash(&request.body);
    signature_over(profile.path, request, signed, &payload, (secret, scope, date))
}

/// The signature of a request over `payload` in place of the hash of its body, as an endpoint computes it that believes
/// the header of the payload.
#[must_use]
pub fn signature_of_payload(
    request: &Request,
    signed: &[impl AsRef<str>],
    payload: &str,
    secret: &str,
    scope: &str,
    date: &str,
) -> String {
    signature_over(SigningProfile::GENERAL.path, request, signed, payload, (secret, scope, date))
}

fn signature_over(
    form: PathForm,
    request: &Request,
    signed: &[impl AsRef<str>],
    payload: &str,
    (secret, scope, date): (&str, &str, &str),
) -> String {
    let canonical = canonical_request(request, signed, form, payload);
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    hex(&DerivedKey::derive(secret, scope).keyed.code([ALGORITHM, "\n", date, "\n", scope, "\n", &hash].concat()))
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
