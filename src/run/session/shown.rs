//! The parts of a case that reports show: its position in the fixture, and the exchange of its first finding.

use crate::{
    judge::{
        transcript::{Exchange, Role, Transcript},
        verdict::{Finding, FindingRole},
    },
    run::event::ShownExchange,
    suite::{Fixtures, Scenario},
    wire::curl,
};

/// The step and the call that a report shows.
#[derive(Clone, Copy)]
pub(super) struct ShownFinding {
    step: usize,
    role: Role,
}

impl ShownFinding {
    /// The subject of the first of the most severe findings; the first step if there are none.
    pub(super) fn of(findings: &[Finding]) -> Self {
        let worst = findings.iter().max_by_key(|finding| finding.severity).filter(|finding| finding.step > 0);
        let finding =
            findings.iter().find(|finding| Some(finding.severity) == worst.map(|worst| worst.severity)).or(worst);
        let role = finding.map_or(Role::Main, |finding| match finding.call() {
            FindingRole::Control => Role::Control,
            FindingRole::Guard => Role::After(0),
            FindingRole::Step => Role::Main,
        });
        Self { step: finding.map_or(1, |finding| finding.step.max(1)), role }
    }

    /// The number of the step, from 1.
    pub(super) fn step(self) -> usize {
        self.step
    }

    /// The fixture, and the line in it.
    pub(super) fn position(self, scenario: &Scenario) -> String {
        let pointer = scenario.steps.get(self.step - 1).map(|step| step.pointer.as_str()).unwrap_or_default();
        format!("{}:{}", scenario.source.file(), scenario.source.line(&format!("{pointer}/call")))
    }

    /// The last exchange of that call; the last exchange of the case if the call was not made.
    pub(super) fn exchange(
        self,
        suite: &Fixtures,
        endpoint: &str,
        region: &str,
        transcript: &Transcript,
    ) -> Option<ShownExchange> {
        let exchange = transcript.of_step(self.step).filter(|exchange| exchange.role == self.role).last();
        let exchange =
            exchange.or_else(|| transcript.exchanges.iter().rev().find(|exchange| exchange.role != Role::Teardown));
        exchange.map(|exchange| show(suite, endpoint, region, exchange))
    }
}

fn show(suite: &Fixtures, endpoint: &str, region: &str, exchange: &Exchange) -> ShownExchange {
    let request = &exchange.request;
    let response = match &exchange.outcome {
        Ok(response) => lossy(&response.to_bytes()),
        Err(error) => error.in_detail(),
    };
    let signing = suite.service(&exchange.service).map(|service| service.contract().service().signing_name.clone());
    let signed = exchange.request.headers.get("authorization").is_some();
    let signing = signing.as_deref().filter(|_| signed).map(|service| (region, service));
    let curl = curl(request, endpoint, signing);
    ShownExchange { request: lossy(&request.to_bytes()), response, curl }
}

/// The maximum length of a message. Longer ones are truncated.
const LONGEST: usize = 8192;

fn lossy(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(LONGEST)];
    let text = String::from_utf8_lossy(cut).into_owned();
    if bytes.len() > LONGEST { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}
