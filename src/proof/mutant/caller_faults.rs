//! Faults in authentication and authorization: one for each reason to reject a caller.

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::{AskedCall, error_of},
    known_resources::{KnowingFault, KnownResources, key_member},
};
use crate::{
    judge::code::Code,
    reference::Identity,
    wire::{Request, Response},
};

const KIND: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY];
/// A caller that must not see a resource must not change it either.
const ELSEWHERE: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::SIDE_EFFECT];

/// Whether the fault accepts a request that the reference rejects with that error.
type LetIn = fn(&AskedCall<'_>, &str) -> bool;

/// A name, the fault in words, and the rejected requests that it accepts.
const REASONS: &[(&str, &str, LetIn)] = &[
    ("unsigned", "a request without a signature is accepted", |asked, _| !has(asked, "authorization")),
    ("garbage", "a malformed authorization is accepted", |asked, error| {
        has(asked, "authorization") && error == "IncompleteSignatureException"
    }),
    ("unknown-key", "an unknown access key is accepted", |_, error| error == "UnrecognizedClientException"),
    ("other-service", "a signature for another service is accepted", |asked, error| {
        is_signature(error) && asked.scope().get(3).is_some_and(|service| *service != asked.signing_name())
    }),
    ("other-end", "a credential scope with a wrong terminator is accepted", |asked, error| {
        is_signature(error) && asked.scope().get(4).is_some_and(|end| *end != "aws4_request")
    }),
    ("stale", "an expired signature is accepted", |asked, error| error == "RequestExpired" && !asked.is_dated_ahead()),
    ("ahead", "a signature from the future is accepted", |asked, error| {
        error == "RequestExpired" && asked.is_dated_ahead()
    }),
    ("signature", "the signature is not verified", |asked, error| {
        let scope = asked.scope();
        is_signature(error)
            && scope.get(3).is_some_and(|service| *service == asked.signing_name())
            && scope.get(4).is_some_and(|end| *end == "aws4_request")
    }),
    ("denied", "a caller without permission is accepted", |_, error| error == "AccessDeniedException"),
];

fn has(asked: &AskedCall<'_>, header: &str) -> bool {
    asked.request.headers.get(header).is_some()
}

fn is_signature(error: &str) -> bool {
    error == "InvalidSignatureException"
}

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let Some(member) = key_member(subject.contract, subject.operation) else { return Vec::new() };
    let reasons = REASONS.iter().map(|&(name, says, let_in)| {
        knowing(subject, &member, name, KIND, says, move |asked, _| {
            let rejected = asked.reference();
            let error = error_of(&rejected)?;
            let_in(asked, &error).then(|| asked.signed_by(asked.request.clone(), &Identity::test(), &asked.region()))
        })
    });
    let elsewhere = [
        knowing(
            subject,
            &member,
            "other-account",
            ELSEWHERE,
            "a resource of another account is accessible",
            |asked, known| {
                let resource = known.named_in(asked.request)?;
                let foreign = resource.account() != asked.signer().0.account();
                foreign.then(|| resource.signed(asked, asked.request.clone()))
            },
        ),
        knowing(
            subject,
            &member,
            "other-region",
            ELSEWHERE,
            "a resource of another region is accessible",
            |asked, known| {
                let resource = known.named_in(asked.request)?;
                let foreign = resource.region() != asked.region();
                foreign.then(|| resource.signed(asked, asked.request.clone()))
            },
        ),
    ];
    reasons.chain(elsewhere).collect()
}

fn knowing(
    subject: &MutantSubject<'_>,
    member: &str,
    name: &str,
    kind: &'static [Code],
    says: &str,
    understood: impl Fn(&AskedCall<'_>, &KnownResources) -> Option<Request> + Clone + Send + Sync + 'static,
) -> Mutant {
    let (target, known) = (subject.target(), KnownResources::by(member));
    subject.mutant(MutantFamily::Caller, name, kind, says, move || {
        let understood = understood.clone();
        let act = move |asked: &AskedCall<'_>, known: &KnownResources| -> Option<Response> {
            let request = understood(asked, known)?;
            asked.deviate();
            Some(asked.instead(&request))
        };
        KnowingFault { target: target.clone(), known: known.clone(), act }
    })
}
