//! Faults in knowing the caller: each reason to refuse one is not looked at.

use super::{
    Mutant, MutantFamily, MutantSubject,
    behaviour::{AskedCall, error_of},
    known_resources::{Knowing, KnownResources, key_member},
};
use crate::{
    judge::code::Code,
    reference::Identity,
    wire::{Request, Response},
};

const KIND: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY];
/// Who must not see a resource must not change it either.
const ELSEWHERE: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::SIDE_EFFECT];

/// Whether a request that the reference refuses with that error is one that the fault lets in.
type LetIn = fn(&AskedCall<'_>, &str) -> bool;

/// A reason to refuse, what is said of it, and which refused requests it is.
const REASONS: &[(&str, &str, LetIn)] = &[
    ("unsigned", "a request without a signature is accepted", |asked, _| !has(asked, "authorization")),
    ("garbage", "an authorization that is none is accepted", |asked, error| {
        has(asked, "authorization") && error == "IncompleteSignatureException"
    }),
    ("unknown-key", "a key that nobody has is accepted", |_, error| error == "UnrecognizedClientException"),
    ("other-service", "a signature for another service is accepted", |asked, error| {
        is_signature(error) && asked.scope().get(3).is_some_and(|service| *service != asked.signing_name())
    }),
    ("other-end", "a scope with another end is accepted", |asked, error| {
        is_signature(error) && asked.scope().get(4).is_some_and(|end| *end != "aws4_request")
    }),
    ("stale", "a signature of long ago is accepted", |asked, error| {
        error == "RequestExpired" && !asked.is_dated_ahead()
    }),
    ("ahead", "a signature of the future is accepted", |asked, error| {
        error == "RequestExpired" && asked.is_dated_ahead()
    }),
    ("signature", "the signature itself is not compared", |asked, error| {
        let scope = asked.scope();
        is_signature(error)
            && scope.get(3).is_some_and(|service| *service == asked.signing_name())
            && scope.get(4).is_some_and(|end| *end == "aws4_request")
    }),
    ("denied", "a caller without the permission is let in", |_, error| error == "AccessDeniedException"),
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
            let refused = asked.reference();
            let error = error_of(&refused)?;
            let_in(asked, &error).then(|| asked.signed_by(asked.request.clone(), &Identity::test(), &asked.region()))
        })
    });
    let elsewhere = [
        knowing(
            subject,
            &member,
            "other-account",
            ELSEWHERE,
            "another account's resource is reached",
            |asked, known| {
                let resource = known.named_in(asked.request)?;
                let foreign = resource.account() != asked.signer().0.account();
                foreign.then(|| resource.signed(asked, asked.request.clone()))
            },
        ),
        knowing(subject, &member, "other-region", ELSEWHERE, "another region's resource is reached", |asked, known| {
            let resource = known.named_in(asked.request)?;
            let foreign = resource.region() != asked.region();
            foreign.then(|| resource.signed(asked, asked.request.clone()))
        }),
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
        Knowing { target: target.clone(), known: known.clone(), act }
    })
}
