//! Faults in authentication and authorization: one for each reason to reject a caller.

use super::{
    FaultMemory, Mutant, MutantFamily, MutantSubject,
    behavior::{ReceivedCall, error_of},
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

/// Returns whether the fault accepts a request that the reference rejects with that error.
type LetIn = fn(&ReceivedCall<'_>, &str) -> bool;

/// A name, the fault in words, and the rejected requests that it accepts.
const REASONS: &[(&str, &str, LetIn)] = &[
    ("unsigned", "a request without a signature is accepted", |received, _| !has(received, "authorization")),
    ("garbage", "a malformed authorization is accepted", |received, error| {
        has(received, "authorization") && error == "IncompleteSignatureException"
    }),
    ("unknown-key", "an unknown access key is accepted", |_, error| error == "UnrecognizedClientException"),
    ("other-service", "a signature for another service is accepted", |received, error| {
        is_signature(error) && received.scope().get(3).is_some_and(|service| *service != received.signing_name())
    }),
    ("other-end", "a credential scope with a wrong terminator is accepted", |received, error| {
        is_signature(error) && received.scope().get(4).is_some_and(|end| *end != "aws4_request")
    }),
    ("stale", "an expired signature is accepted", |received, error| {
        error == "RequestExpired" && !received.is_dated_ahead()
    }),
    ("ahead", "a signature from the future is accepted", |received, error| {
        error == "RequestExpired" && received.is_dated_ahead()
    }),
    ("signature", "the signature is not verified", |received, error| {
        let scope = received.scope();
        is_signature(error)
            && scope.get(3).is_some_and(|service| *service == received.signing_name())
            && scope.get(4).is_some_and(|end| *end == "aws4_request")
    }),
    ("denied", "a caller without permission is accepted", |_, error| error == "AccessDeniedException"),
];

fn has(received: &ReceivedCall<'_>, header: &str) -> bool {
    received.request.headers.get(header).is_some()
}

fn is_signature(error: &str) -> bool {
    error == "InvalidSignatureException"
}

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let Some(member) = key_member(subject.contract, subject.operation) else { return Vec::new() };
    let reasons = REASONS.iter().map(|&(name, says, let_in)| {
        knowing(subject, &member, name, KIND, says, move |received, _| {
            let rejected = received.rehearsed();
            let error = error_of(&rejected)?;
            let_in(received, &error)
                .then(|| received.signed_by(received.request.clone(), &Identity::test(), &received.region()))
        })
    });
    let elsewhere = [
        knowing(
            subject,
            &member,
            "other-account",
            ELSEWHERE,
            "a resource of another account is accessible",
            |received, known| {
                let resource = known.named_in(received.request)?;
                let foreign = resource.account() != received.signer().0.account();
                foreign.then(|| resource.signed(received, received.request.clone()))
            },
        ),
        knowing(
            subject,
            &member,
            "other-region",
            ELSEWHERE,
            "a resource of another region is accessible",
            |received, known| {
                let resource = known.named_in(received.request)?;
                let foreign = resource.region() != received.region();
                foreign.then(|| resource.signed(received, received.request.clone()))
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
    understood: impl Fn(&ReceivedCall<'_>, &KnownResources) -> Option<Request> + Clone + Send + Sync + 'static,
) -> Mutant {
    let (target, known) = (subject.target(), KnownResources::by(member));
    let mutant = subject.mutant(MutantFamily::Caller, name, kind, says, move || {
        let understood = understood.clone();
        let act = move |received: &ReceivedCall<'_>, known: &KnownResources| -> Option<Response> {
            let request = understood(received, known)?;
            received.deviate();
            Some(received.instead(&request))
        };
        KnowingFault { target: target.clone(), known: known.clone(), act }
    });
    mutant.remembering(FaultMemory::Calls)
}
