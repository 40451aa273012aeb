//! Authentication by Signature Version 4 in headers.
//!
//! The age of a signature depends on the real time, not on the clock of the services. Signatures in the query string
//! are not supported. A session token is only checked as a signed header.

use std::hint::black_box;

use super::{
    identity::Identity,
    service::{Partition, Rejection},
};
use crate::wire::{
    Request,
    signing_date::amz_date_seconds,
    sigv4::{SigningProfile, signature_by},
};

/// The tolerance for the date of a request, in seconds.
const TOLERANCE: f64 = 15.0 * 60.0;

/// A caller with a valid signature.
#[derive(Debug, Clone, Copy)]
pub(super) struct AuthenticatedCaller<'a> {
    pub(super) identity: &'a Identity,
    pub(super) region: &'a str,
}

impl<'a> AuthenticatedCaller<'a> {
    pub(super) fn partition(&self) -> Partition<'a> {
        Partition { account: self.identity.account(), region: self.region }
    }
}

/// Authenticates the signer of a request to a service, by its signing name, at the real time `real_now`.
pub(super) fn authenticate<'a>(
    request: &'a Request,
    identities: &'a [Identity],
    service: &str,
    real_now: f64,
) -> Result<AuthenticatedCaller<'a>, Rejection> {
    authenticate_by(&SigningProfile::GENERAL, request, identities, service, real_now)
}

/// The same by the rules of the service.
pub(super) fn authenticate_by<'a>(
    profile: &SigningProfile,
    request: &'a Request,
    identities: &'a [Identity],
    service: &str,
    real_now: f64,
) -> Result<AuthenticatedCaller<'a>, Rejection> {
    let authorization = Authorization::of(request)?;
    let (date, seconds) = request_date(request)?;
    let region = authorization.region(service, date)?;
    authorization.check_signed_headers(request)?;
    if (seconds - real_now).abs() > TOLERANCE {
        return Err(Rejection::new(EXPIRED, format!("x-amz-date is more than 15 minutes away from now: {date}")));
    }
    let identity = identities
        .iter()
        .find(|identity| identity.credentials().access_key_id == authorization.access_key_id)
        .ok_or_else(|| Rejection::new(UNKNOWN_KEY, "No identity has this access key id"))?;
    let signed: Vec<String> = authorization.signed_headers.iter().map(|&name| name.to_owned()).collect();
    let secret = &identity.credentials().secret_access_key;
    let expected = signature_by(profile, request, &signed, secret, authorization.scope, date);
    if !equal(expected.as_bytes(), authorization.signature.as_bytes()) {
        return Err(invalid("The signature is not the one that the request and the secret give"));
    }
    Ok(AuthenticatedCaller { identity, region })
}

fn invalid(message: impl Into<String>) -> Rejection {
    Rejection::new(INVALID, message)
}

fn incomplete(message: impl Into<String>) -> Rejection {
    Rejection::new(INCOMPLETE, message)
}

const EXPIRED: &str = "RequestExpired";
const UNKNOWN_KEY: &str = "UnrecognizedClientException";
const INVALID: &str = "InvalidSignatureException";
const INCOMPLETE: &str = "IncompleteSignatureException";
const MISSING: &str = "MissingAuthenticationTokenException";

/// Returns whether an error of the reference is about the signature.
#[cfg(feature = "cli")]
pub(crate) fn is_of_signature(error: &str) -> bool {
    [EXPIRED, UNKNOWN_KEY, INVALID, INCOMPLETE, MISSING].contains(&error)
}

/// Compares in constant time.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let difference = left.iter().zip(right).fold(0, |difference, (l, r)| black_box(difference | (l ^ r)));
    left.len() == right.len() && difference == 0
}

/// The three parts of an `authorization` header.
struct Authorization<'a> {
    access_key_id: &'a str,
    scope: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn of(request: &'a Request) -> Result<Self, Rejection> {
        let mut values = request.headers.all("authorization");
        let value = values.next().ok_or_else(|| Rejection::new(MISSING, "The request has no authorization header"))?;
        if values.next().is_some() {
            return Err(incomplete("The request has more than one authorization header"));
        }
        let parts = value
            .trim()
            .strip_prefix("AWS4-HMAC-SHA256")
            .filter(|rest| rest.starts_with([' ', '\t']))
            .ok_or_else(|| incomplete("The authorization header does not begin with AWS4-HMAC-SHA256"))?;
        let (access_key_id, scope) = part(parts, "Credential")?
            .split_once('/')
            .filter(|(access_key_id, _)| !access_key_id.is_empty())
            .ok_or_else(|| incomplete("Credential is not KEY/DATE/REGION/SERVICE/aws4_request"))?;
        let signed_headers = part(parts, "SignedHeaders")?.split(';').collect();
        Ok(Self { access_key_id, scope, signed_headers, signature: part(parts, "Signature")? })
    }

    /// The region of a credential scope whose other parts are valid.
    fn region(&self, service: &str, date: &str) -> Result<&'a str, Rejection> {
        let mut parts = self.scope.split('/');
        let [day, region, name, end] = [parts.next(), parts.next(), parts.next(), parts.next()];
        let is_valid = day.is_some_and(|day| date.split_once('T').is_some_and(|(of_date, _)| of_date == day))
            && name == Some(service)
            && end == Some("aws4_request")
            && parts.next().is_none();
        region.filter(|region| is_valid && !region.is_empty()).ok_or_else(|| {
            invalid(format!(
                "The credential scope is not DATE/REGION/{service}/aws4_request, with the day of x-amz-date"
            ))
        })
    }

    fn check_signed_headers(&self, request: &Request) -> Result<(), Rejection> {
        let sorted = self.signed_headers.windows(2).all(|pair| matches!(pair, [left, right] if left < right));
        let lower = self.signed_headers.iter().all(|name| !name.bytes().any(|byte| byte.is_ascii_uppercase()));
        if !sorted || !lower {
            return Err(invalid("SignedHeaders is not sorted and in lower case"));
        }
        let present = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
        let unsigned = present
            .filter(|name| name.starts_with("x-amz-") || name == "content-type")
            .chain(["host".to_owned()])
            .find(|name| !self.signed_headers.contains(&name.as_str()));
        unsigned.map_or(Ok(()), |name| Err(invalid(format!("The header {name} must be signed"))))
    }
}

/// The value of `name=value` in a comma-separated list that contains it once.
fn part<'a>(parts: &'a str, name: &str) -> Result<&'a str, Rejection> {
    let mut found = parts
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .filter_map(|(key, value)| (key == name && !value.is_empty()).then_some(value));
    match (found.next(), found.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(incomplete(format!("The authorization header needs the part {name} once"))),
    }
}

/// The value of `x-amz-date`, as a string and in epoch seconds.
#[expect(clippy::cast_precision_loss, reason = "a year of four digits is far below 2^53 seconds")]
fn request_date(request: &Request) -> Result<(&str, f64), Rejection> {
    let date = request.headers.get("x-amz-date").ok_or_else(|| incomplete("The request has no x-amz-date header"))?;
    let seconds = amz_date_seconds(date).ok_or_else(|| incomplete("x-amz-date is not YYYYMMDD'T'HHMMSS'Z'"))?;
    Ok((date, seconds as f64))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::wire::sigv4::{CredentialScope, Credentials, SigningFault, sign};

    const NOW: i64 = 1_700_000_000;

    fn signed(credentials: &Credentials, fault: Option<&SigningFault>) -> Request {
        let mut request = Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: [("host", "h"), ("content-type", "t"), ("x-amz-target", "S.Op"), ("user-agent", "u")]
                .into_iter()
                .collect(),
            body: "{}".into(),
            ..Request::default()
        };
        let scope = CredentialScope { region: "us-east-1".to_owned(), service: "codedeploy".to_owned() };
        sign(&mut request, credentials, &scope, NOW, fault);
        request
    }

    fn outcome(request: &Request) -> Result<String, &'static str> {
        let identities = Identity::defaults();
        let caller = authenticate(request, &identities, "codedeploy", 1.7e9);
        caller.map(|c| format!("{}@{}", c.identity.account(), c.region)).map_err(|rejection| rejection.error)
    }

    #[rstest]
    #[case(Identity::test(), "000000000000@us-east-1")]
    #[case(Identity::other_account(), "111111111111@us-east-1")]
    #[case(Identity::denied(), "000000000000@us-east-1")]
    fn a_valid_signature_gives_account_and_region(#[case] identity: Identity, #[case] expected: &str) {
        assert_eq!(outcome(&signed(identity.credentials(), None)).as_deref(), Ok(expected));
    }

    #[rstest]
    #[case(SigningFault::None, "MissingAuthenticationTokenException")]
    #[case(SigningFault::Garbage, "IncompleteSignatureException")]
    #[case(SigningFault::FlippedDigit, "InvalidSignatureException")]
    #[case(SigningFault::FirstDigit, "InvalidSignatureException")]
    #[case(SigningFault::HalfSignature, "InvalidSignatureException")]
    #[case(SigningFault::LongerSignature, "InvalidSignatureException")]
    #[case(SigningFault::EmptyPayload, "InvalidSignatureException")]
    #[case(SigningFault::UnsignedPayload, "InvalidSignatureException")]
    #[case(SigningFault::OtherPayload, "InvalidSignatureException")]
    #[case(SigningFault::ChangedQuery, "InvalidSignatureException")]
    #[case(SigningFault::NoDate, "IncompleteSignatureException")]
    #[case(SigningFault::UnsignedDate, "InvalidSignatureException")]
    #[case(SigningFault::OtherAlgorithm, "IncompleteSignatureException")]
    #[case(SigningFault::EmptySignature, "IncompleteSignatureException")]
    #[case(SigningFault::OtherDay, "InvalidSignatureException")]
    #[case(SigningFault::UnsignedHost, "InvalidSignatureException")]
    #[case(SigningFault::OtherService, "InvalidSignatureException")]
    #[case(SigningFault::OtherTerminator, "InvalidSignatureException")]
    #[case(SigningFault::SkewedClock(-901), "RequestExpired")]
    #[case(SigningFault::SkewedClock(901), "RequestExpired")]
    #[case(SigningFault::UnknownKey, "UnrecognizedClientException")]
    #[case(SigningFault::ChangedHeader, "InvalidSignatureException")]
    #[case(SigningFault::ChangedBody, "InvalidSignatureException")]
    fn each_signing_fault_is_rejected_with_the_documented_error(
        #[case] fault: SigningFault,
        #[case] expected: &'static str,
    ) {
        assert_eq!(outcome(&signed(Identity::test().credentials(), Some(&fault))), Err(expected));
    }

    #[rstest]
    #[case(SigningFault::SkewedClock(899), "000000000000@us-east-1")]
    #[case(SigningFault::SkewedClock(-899), "000000000000@us-east-1")]
    #[case(SigningFault::UnsignedUserAgent, "000000000000@us-east-1")]
    #[case(SigningFault::PayloadHash, "000000000000@us-east-1")]
    #[case(SigningFault::ReorderedHeaders, "000000000000@us-east-1")]
    #[case(SigningFault::OtherRegion, "000000000000@eu-central-1")]
    fn a_request_within_the_tolerances_is_accepted(#[case] fault: SigningFault, #[case] expected: &str) {
        assert_eq!(outcome(&signed(Identity::test().credentials(), Some(&fault))).as_deref(), Ok(expected));
    }

    #[rstest]
    #[case::date_missing("x-amz-date", None, "IncompleteSignatureException")]
    #[case::date_malformed("x-amz-date", Some("2023-11-14T22:13:20Z"), "IncompleteSignatureException")]
    #[case::date_impossible("x-amz-date", Some("20231399T221320Z"), "IncompleteSignatureException")]
    #[case::date_of_another_day("x-amz-date", Some("20231115T000000Z"), "InvalidSignatureException")]
    #[case::unsigned_amz_header("x-amz-extra", Some("1"), "InvalidSignatureException")]
    #[case::no_parts("authorization", Some("AWS4-HMAC-SHA256"), "IncompleteSignatureException")]
    #[case::no_signature(
        "authorization",
        Some("AWS4-HMAC-SHA256 Credential=test/20231114/r/codedeploy/aws4_request, SignedHeaders=host"),
        "IncompleteSignatureException"
    )]
    #[case::basic("authorization", Some("Basic dGVzdDp0ZXN0"), "IncompleteSignatureException")]
    #[case::unsorted(
        "authorization",
        Some(
            "AWS4-HMAC-SHA256 Credential=test/20231114/r/codedeploy/aws4_request, SignedHeaders=x-amz-target;x-amz-date;host;content-type, Signature=0"
        ),
        "InvalidSignatureException"
    )]
    #[case::upper_case(
        "authorization",
        Some(
            "AWS4-HMAC-SHA256 Credential=test/20231114/r/codedeploy/aws4_request, SignedHeaders=Content-Type;host;x-amz-date;x-amz-target, Signature=0"
        ),
        "InvalidSignatureException"
    )]
    #[case::host_unsigned(
        "authorization",
        Some(
            "AWS4-HMAC-SHA256 Credential=test/20231114/r/codedeploy/aws4_request, SignedHeaders=content-type;x-amz-date;x-amz-target, Signature=0"
        ),
        "InvalidSignatureException"
    )]
    #[case::no_region(
        "authorization",
        Some(
            "AWS4-HMAC-SHA256 Credential=test/20231114//codedeploy/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=0"
        ),
        "InvalidSignatureException"
    )]
    fn an_incomplete_or_malformed_signature_is_rejected(
        #[case] header: &str,
        #[case] value: Option<&str>,
        #[case] expected: &'static str,
    ) {
        let mut request = signed(Identity::test().credentials(), None);
        match value {
            Some(value) => request.headers.set(header, value),
            None => request.headers.remove(header),
        }
        assert_eq!(outcome(&request), Err(expected));
    }
}
