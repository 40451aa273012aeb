//! The exchange that a report shows of a case: the one that its first finding is about, without credentials.

use crate::{
    code::Code,
    event::ShownExchange,
    scenario::{Case, Suite},
    target::Target,
    transcript::{Exchange, Role, Transcript},
    verdict::{Finding, FindingRole},
    wire::curl,
};

/// The fixture's place, and the exchange.
pub(super) fn first(
    suite: &Suite,
    target: &Target,
    case: &Case,
    transcript: &Transcript,
    findings: &[Finding],
) -> (String, Option<ShownExchange>) {
    let worst = findings.iter().max_by_key(|finding| finding.severity).filter(|finding| finding.step > 0);
    let finding = findings.iter().find(|finding| Some(finding.severity) == worst.map(|worst| worst.severity)).or(worst);
    let step = finding.map_or(1, |finding| finding.step.max(1));
    let pointer = case.scenario.steps.get(step - 1).map(|step| step.pointer.as_str()).unwrap_or_default();
    let place = format!("{}:{}", case.scenario.source.file(), case.scenario.source.line(&format!("{pointer}/call")));
    let role = finding.map_or(Role::Main, |finding| match (finding.code, finding.role) {
        (Code::Control, _) | (_, FindingRole::Control) => Role::Control,
        (Code::SideEffect, _) | (_, FindingRole::Guard) => Role::After(0),
        _ => Role::Main,
    });
    let exchange = transcript.of_step(step).filter(|exchange| exchange.role == role).last();
    let exchange =
        exchange.or_else(|| transcript.exchanges.iter().rev().find(|exchange| exchange.role != Role::Teardown));
    (place, exchange.map(|exchange| show(suite, target, exchange)))
}

fn show(suite: &Suite, target: &Target, exchange: &Exchange) -> ShownExchange {
    let request = exchange.request.without_credentials();
    let response = match &exchange.outcome {
        Ok(response) => lossy(&exchange.request.strip_credentials(response.to_bytes())),
        Err(error) => error.to_string(),
    };
    let signing = suite.service(&exchange.service).map(|service| service.contract().service().signing_name.clone());
    let signed = exchange.request.headers.get("authorization").is_some();
    let signing = signing.as_deref().filter(|_| signed).map(|service| (target.region.as_str(), service));
    let curl = curl(&request, &target.endpoint.to_string(), signing);
    ShownExchange { request: lossy(&request.to_bytes()), response, curl }
}

/// Longer messages are cut: a report is for people.
const LONGEST: usize = 8192;

fn lossy(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(LONGEST)];
    let text = String::from_utf8_lossy(cut).into_owned();
    if bytes.len() > LONGEST { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}
