//! Repeats the call of a step until its expectation is met.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{CaseRun, is_held};
use crate::{
    judge::transcript::{CaseEnd, Exchange, Role},
    suite::{Bindings, Step},
    wire::ParsedResponse,
};

/// A poll ends after this many responses in a row that are neither an error nor a value.
const UNREADABLE_POLLS: usize = 5;

/// The longest pause between two polls of a change in progress.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl CaseRun<'_> {
    /// Makes the call until the expectation is met. A change in progress gets more time than the scenario gives. The
    /// pauses get longer then, and always where a state is set up or torn down, which no expectation depends on.
    pub(super) async fn poll(
        &mut self,
        step: &Step,
        number: usize,
        role: Role,
        bindings: &Bindings,
        (within, every): (Duration, Duration),
    ) -> Result<bool, CaseEnd> {
        let (begun, mut pause, mut unreadable) = (Instant::now(), every, 0);
        let limit = self.executor.patience.limit(&step.call, within);
        loop {
            let at = self.call(&step.call, &step.call.input, bindings, number, role).await?;
            let Some(exchange) = self.transcript.exchanges.get(at) else { return Ok(false) };
            let parsed = self.parsed(exchange);
            if is_held(&step.expect, exchange, parsed.as_ref(), bindings) {
                return Ok(true);
            }
            unreadable = if is_readable(exchange, parsed.as_ref()) { 0 } else { unreadable + 1 };
            let waited = begun.elapsed();
            let is_overtime = waited >= within || unreadable >= UNREADABLE_POLLS;
            if is_overtime && !self.is_pending(exchange, parsed.as_ref()) {
                return Ok(false);
            }
            if is_overtime && waited >= limit {
                self.executor.patience.use_up(&step.call);
                return Ok(false);
            }
            if is_overtime {
                pause = longer(pause);
                self.overtime.add(pause);
            }
            sleep(pause).await;
            if matches!(role, Role::Setup | Role::Teardown) {
                pause = longer(pause);
            }
        }
    }
}

/// The pause after this one.
fn longer(pause: Duration) -> Duration {
    (2 * pause).min(LONGEST_PAUSE)
}

/// Returns whether an exchange has a success with a value, or an error.
fn is_readable(exchange: &Exchange, parsed: Option<&ParsedResponse>) -> bool {
    exchange.outcome.is_err() || parsed.is_some_and(|parsed| parsed.rejection.is_some() || parsed.value.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        run::{
            execute::{Patience, testing},
            transport::{InProcess, Reply},
        },
        wire::{Request, Response},
    };

    const STOP: &str = "{ call: StopDeployment, input: { deploymentId: d-ABCDEF123 }";

    const LIMIT: Duration = Duration::from_secs(5);

    /// The seconds that a poll takes of 2 s in a case of 5 s, and the end of the case, if the change takes so long.
    async fn polled(patience: &Patience, change: u64) -> (u64, CaseEnd) {
        let pending = "pending: { GetDeployment: { deploymentInfo: { status: InProgress } } }\nstates: {}\n";
        let poll = "eventually: { within: 2s, every: 1s }, expect: { body: { deploymentInfo: { status: Stopped } } }";
        let step = format!("{{ call: GetDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {poll} }}");
        let scenario = format!("title: T\ncites: [SD-15]\nevidence: documented\nsteps:\n  - {STOP} }}\n  - {step}\n");
        let (suite, target) = (testing::suite(pending, &scenario), testing::target(None));
        let begun = Instant::now();
        let transport = InProcess::new(move |_: &Request| {
            let has_ended = begun.elapsed() >= Duration::from_secs(change);
            let status = if has_ended { "Stopped" } else { "InProgress" };
            let body = format!("{{\"deploymentInfo\":{{\"status\":\"{status}\"}}}}").into();
            Reply::Answer(Response { status: 200, body, ..Response::default() })
        });
        let executor = testing::executor(&suite, &target, &transport, patience, LIMIT);
        let transcript = executor.execute(&suite.cases()[0]).await;
        (transcript.elapsed.as_secs(), transcript.end)
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_is_polled_with_longer_and_longer_pauses() {
        let body = "{ deploymentInfo: { status: Succeeded } }";
        let wait = format!("eventually: {{ within: 5s, every: 50ms }}, expect: {{ body: {body} }}");
        let get = format!("{{ call: GetDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {wait} }}");
        let states = format!("states:\n  a success:\n    says: It ends.\n    steps: [{get}]\n    yields: {{}}\n");
        let scenario = format!(
            "title: T\ncites: [SD-15]\nevidence: documented\ngiven: {{ d: a success }}\nsteps:\n  - {STOP} }}\n"
        );
        let (suite, target) = (testing::suite(&states, &scenario), testing::target(None));
        let begun = Instant::now();
        let transport = InProcess::new(move |_: &Request| {
            let status = if begun.elapsed() >= Duration::from_millis(300) { "Succeeded" } else { "InProgress" };
            let body = format!("{{\"deploymentInfo\":{{\"status\":\"{status}\"}}}}").into();
            Reply::Answer(Response { status: 200, body, ..Response::default() })
        });
        let patience = Patience::new(LIMIT);
        let executor = testing::executor(&suite, &target, &transport, &patience, LIMIT);
        let transcript = executor.execute(&suite.cases()[0]).await;
        let setup = transcript.exchanges.iter().filter(|exchange| exchange.role == Role::Setup);
        assert_eq!(setup.map(|exchange| exchange.started.as_millis()).collect::<Vec<_>>(), [0, 50, 150, 350]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_never_ends_uses_up_the_patience_of_the_run() {
        let patience = Patience::new(Duration::from_secs(30));
        assert_eq!(polled(&patience, 20).await, (20, CaseEnd::Complete));
        assert_eq!(polled(&patience, 1000).await, (30, CaseEnd::Stopped));
        assert_eq!(polled(&patience, 1000).await, (2, CaseEnd::Stopped));
        assert_eq!(polled(&patience, 20).await, (2, CaseEnd::Stopped));
    }
}
