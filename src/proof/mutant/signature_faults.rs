//! Shortcuts in verifying a signature: a part of it decides, a limit is another one, or a valid form is rejected.

use bytes::Bytes;

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::{Acting, ReceivedCall, error_of, rejection},
};
use crate::{
    judge::code::Code,
    reference::is_of_signature,
    wire::{
        Request,
        signing_date::amz_date_seconds,
        sigv4::{PAYLOAD_HEADER, signature, signature_of_payload},
    },
};

const KIND: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY];

/// The parts of the authorization of a request.
struct GivenSignature<'a> {
    request: &'a Request,
    signed: Vec<&'a str>,
    scope: &'a str,
    digits: &'a str,
    /// The authorization has no digits, and not even their name.
    is_absent: bool,
    secret: String,
    algorithm: &'a str,
    /// Empty if the request has none.
    date: &'a str,
    /// Seconds from the real time to the date of the request; 0 if it has none.
    skew: i64,
}

impl<'a> GivenSignature<'a> {
    fn of(received: &ReceivedCall<'a>) -> Option<Self> {
        let request = received.request;
        let authorization = request.headers.get("authorization")?;
        let part = |name: &str| {
            let (_, rest) = authorization.split_once(name)?;
            rest.split(',').next()
        };
        let digits = part("Signature=");
        let (_, scope) = part("Credential=")?.split_once('/')?;
        let date = request.headers.get("x-amz-date").unwrap_or_default();
        Some(Self {
            request,
            signed: part("SignedHeaders=")?.split(';').collect(),
            scope,
            digits: digits.unwrap_or_default(),
            is_absent: digits.is_none(),
            secret: received.signer().0.credentials().secret_access_key.clone(),
            algorithm: authorization.split(' ').next().unwrap_or_default(),
            date,
            skew: if date.is_empty() { 0 } else { skew(date, received.real_now)? },
        })
    }

    /// The digits that the request and the secret give.
    fn right(&self) -> String {
        signature(self.request, &self.signed, &self.secret, self.scope, self.date)
    }

    /// Returns whether the digits are wrong, and nothing else is, and `is` holds for them and the right ones.
    fn has_wrong(&self, is: impl Fn(&str, &str) -> bool) -> bool {
        let right = self.right();
        let valid = self.skew.abs() <= LIMIT && !self.date.is_empty() && self.signs("host");
        valid && self.digits != right && is(self.digits, &right)
    }

    /// The digits for the body without white space around it.
    fn of_trimmed_body(&self) -> String {
        self.of_body(Bytes::copy_from_slice(self.request.body.trim_ascii()))
    }

    /// The digits for another body.
    fn of_body(&self, body: Bytes) -> String {
        let other = Request { body, ..self.request.clone() };
        signature(&other, &self.signed, &self.secret, self.scope, self.date)
    }

    /// The digits for the payload that a header names; `None` without such a header.
    fn of_named_payload(&self, is: fn(&str) -> bool) -> Option<String> {
        let payload = self.request.headers.get(PAYLOAD_HEADER).filter(|payload| is(payload))?;
        Some(signature_of_payload(self.request, &self.signed, payload, &self.secret, self.scope, self.date))
    }

    /// The digits without the query string.
    fn of_path(&self) -> String {
        let target = self.request.target.split('?').next().unwrap_or_default().to_owned();
        signature(&Request { target, ..self.request.clone() }, &self.signed, &self.secret, self.scope, self.date)
    }

    fn signs(&self, header: &str) -> bool {
        self.request.headers.get(header).is_none() || self.signed.contains(&header)
    }

    fn position(&self, header: &str) -> Option<usize> {
        self.request.headers.iter().position(|(name, _)| name.eq_ignore_ascii_case(header))
    }
}

/// A day, in seconds: more than any tolerance.
const DAY: i64 = 24 * 60 * 60;

/// Seconds from `real_now` to the date of a request. `None` for a date that is more than a day away.
fn skew(date: &str, real_now: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the date of a signature has whole seconds")]
    let now = real_now as i64;
    amz_date_seconds(date).map(|seconds| seconds - now).filter(|skew| skew.abs() <= DAY)
}

/// Returns whether a shortcut takes effect on a request.
type Shortcut = fn(&GivenSignature<'_>) -> bool;

/// A name, the shortcut in words, and the rejected requests that it accepts.
const LENIENT: &[(&str, &str, Shortcut)] = &[
    ("empty", "an empty signature is accepted", |given| given.digits.is_empty() && !given.is_absent),
    ("absent", "an authorization without a signature is accepted", |given| given.is_absent),
    ("any-digits", "any 64 digits are accepted as a signature", |given| {
        given.has_wrong(|digits, _| digits.len() == 64)
    }),
    ("given-digits", "only the given digits of a signature are compared", |given| {
        given.has_wrong(|digits, right| right.starts_with(digits))
    }),
    ("any-start", "the start of a signature is accepted", |given| {
        given.has_wrong(|digits, right| !digits.is_empty() && right.starts_with(digits))
    }),
    ("longer", "digits after a signature do not count", |given| {
        given.has_wrong(|digits, right| digits.starts_with(right))
    }),
    ("first-half", "only the first half of a signature is compared", |given| {
        given.has_wrong(|digits, right| digits.get(..32).is_some_and(|half| right.starts_with(half)))
    }),
    ("second-half", "only the second half of a signature is compared", |given| {
        given.has_wrong(|digits, right| digits.get(32..).is_some_and(|half| !half.is_empty() && right.ends_with(half)))
    }),
    ("without-first-digit", "the first digit of a signature is not compared", |given| {
        given.has_wrong(|digits, right| digits.get(1..).is_some_and(|rest| rest.len() == 63 && right.ends_with(rest)))
    }),
    ("without-last-digit", "the last digit of a signature is not compared", |given| {
        given.has_wrong(|digits, right| digits.get(..63).is_some_and(|rest| right.starts_with(rest)))
    }),
    ("body-not-signed", "the body need not be signed", |given| {
        given.has_wrong(|digits, _| digits == given.of_body(Bytes::new()))
    }),
    ("unsigned-payload", "a header may say that the body is not signed", |given| {
        let of_payload = given.of_named_payload(|payload| payload == "UNSIGNED-PAYLOAD");
        given.has_wrong(|digits, _| of_payload.as_deref() == Some(digits))
    }),
    ("payload-of-the-header", "the hash of the body is read from a header", |given| {
        let of_payload = given.of_named_payload(|payload| payload != "UNSIGNED-PAYLOAD");
        given.has_wrong(|digits, _| of_payload.as_deref() == Some(digits))
    }),
    ("query-not-signed", "the query string need not be signed", |given| {
        given.has_wrong(|digits, _| digits == given.of_path())
    }),
    ("no-date", "a request without a date is accepted", |given| given.date.is_empty()),
    ("date-not-signed", "the header x-amz-date need not be signed", |given| !given.signs("x-amz-date")),
    ("any-algorithm", "the name of the algorithm does not count", |given| {
        given.algorithm != "AWS4-HMAC-SHA256" && given.digits == given.right()
    }),
    ("host-not-signed", "the header host need not be signed", |given| !given.signs("host")),
    ("target-not-signed", "the header x-amz-target need not be signed", |given| !given.signs("x-amz-target")),
    ("other-day", "the day of the credential scope is not compared with the date", |given| {
        given.digits == given.right() && !given.scope.starts_with(given.date.get(..8).unwrap_or_default())
    }),
    ("20-minutes-old", "a signature is accepted for 20 minutes", |given| (-1200..-LIMIT).contains(&given.skew)),
    ("20-minutes-ahead", "a signature is accepted from 20 minutes before its date", |given| {
        (LIMIT + 1..=1200).contains(&given.skew)
    }),
    ("hour-old", "a signature is accepted for an hour", |given| (-3600..-LIMIT).contains(&given.skew)),
    ("hour-ahead", "a signature is accepted from an hour before its date", |given| {
        (LIMIT + 1..=3600).contains(&given.skew)
    }),
    ("trimmed-body", "the body is signed without white space around it", |given| {
        given.has_wrong(|digits, _| digits == given.of_trimmed_body())
    }),
];

/// The documented limit for the date, in seconds.
const LIMIT: i64 = 900;

/// A name, the shortcut in words, and the accepted requests that it rejects.
const STRICT: &[(&str, &str, Shortcut)] = &[
    ("10-minutes-old", "a signature is accepted for 10 minutes only", |given| given.skew < -600),
    ("10-minutes-ahead", "a signature is accepted from 10 minutes before its date only", |given| given.skew > 600),
    ("no-skew-back", "a signature is accepted for 1 minute only", |given| given.skew < -60),
    ("no-skew-ahead", "a date in the future is not accepted", |given| given.skew > 60),
    ("order", "the date must come before the authorization", |given| {
        given.position("x-amz-date") > given.position("authorization")
    }),
    ("every-header", "the header user-agent must be signed", |given| !given.signs("user-agent")),
    ("no-payload-header", "a header with the hash of the body is not accepted", |given| {
        given.request.headers.get(PAYLOAD_HEADER).is_some()
    }),
];

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let lenient = LENIENT.iter().map(|shortcut| accepting(subject, *shortcut));
    lenient.chain(STRICT.iter().map(|shortcut| rejecting(subject, *shortcut))).collect()
}

fn accepting(subject: &MutantSubject<'_>, (name, says, accepts): (&str, &str, Shortcut)) -> Mutant {
    let target = subject.target();
    subject.mutant(MutantFamily::Signature, name, KIND, says, move || {
        let target = target.clone();
        Acting(move |received: &ReceivedCall<'_>| {
            let given = GivenSignature::of(received).filter(|_| received.target() == target)?;
            let rejected = error_of(&received.rehearsed()).is_some_and(|error| is_of_signature(&error));
            (rejected && accepts(&given)).then(|| {
                received.deviate();
                received.instead(&received.signed(received.request.clone()))
            })
        })
    })
}

fn rejecting(subject: &MutantSubject<'_>, (name, says, rejects): (&str, &str, Shortcut)) -> Mutant {
    let (target, body) = (subject.target(), subject.error_body("InvalidSignatureException"));
    subject.mutant(MutantFamily::Signature, name, KIND, says, move || {
        let (target, body) = (target.clone(), body.clone());
        Acting(move |received: &ReceivedCall<'_>| {
            let given = GivenSignature::of(received).filter(|_| received.target() == target)?;
            let right = received.rehearsed();
            let accepted = error_of(&right).is_none_or(|error| !is_of_signature(&error));
            (accepted && rejects(&given)).then(|| {
                received.deviate();
                rejection(right, body.clone())
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{proof::mutant::testing::of_operation, wire::signing_date::amz_date};

    #[test]
    fn every_shortcut_is_enumerated_for_both_operations_under_its_own_name() {
        for (service, operation) in [("codedeploy", "StopDeployment"), ("proton", "CancelServicePipelineDeployment")] {
            let ids: BTreeSet<String> =
                of_operation(service, operation, mutants).into_iter().map(|mutant| mutant.id).collect();
            assert_eq!(ids.len(), LENIENT.len() + STRICT.len(), "{ids:?}");
        }
    }

    #[test]
    fn the_age_of_a_date_is_counted_in_seconds() {
        let now = 1.7e9;
        let skew = |seconds: i64| skew(&amz_date(1_700_000_000 + seconds), now);
        assert_eq!((skew(0), skew(-960), skew(840)), (Some(0), Some(-960), Some(840)));
        assert_eq!(skew(-327_000_000), None);
        assert_eq!(super::skew("garbage", now), None);
    }
}
