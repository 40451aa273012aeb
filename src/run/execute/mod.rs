//! Executes one case and returns its transcript: states, steps, captures, teardown. It does not judge the case.
//!
//! It is async, because it waits for sockets and clocks. The pure expectation of a step decides when polling stops.

mod breaker;
mod input_fault;
mod late_calls;
mod overtime;
mod patience;
mod polling;
mod prepared;
mod presence;
mod removal;
mod sending;
mod silence;
mod state_setup;
mod step_request;
#[cfg(test)]
mod testing;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    judge::transcript::{CaseEnd, Exchange, Role, Transcript, capture},
    run::{
        resolved_target::ResolvedTarget,
        transport::{Transport, late_bytes::LateBytes},
    },
    suite::{
        Bindings, Call, CallerName, Case, CaseId, Expectation, Fixtures, Repeat, ServiceFixtures, Step, StepCondition,
        Template,
    },
    wire::{ParsedResponse, Request, Response, sigv4::SigningKeys},
};

pub use breaker::{Breaker, is_silence};
pub use late_calls::{LateCalls, LateTurn};
pub use patience::Patience;
pub use prepared::PreparedStates;

use overtime::Overtime;
use sending::Sent;
use state_setup::StatesAbove;
use step_request::Unwritable;

/// The context of every case of a run.
#[derive(Clone, Copy)]
pub struct Executor<'a> {
    /// The fixtures.
    pub suite: &'a Fixtures,
    /// The endpoint.
    pub target: &'a ResolvedTarget,
    /// The transport of requests.
    pub transport: &'a dyn Transport,
    /// The cache of signing keys; if `None`, each request derives its own.
    pub keys: Option<&'a SigningKeys>,
    /// The seed of generated names.
    pub seed: u64,
    /// The time limit of a case without its teardown and its waits for changes in progress and for the end of the run.
    pub case_timeout: Duration,
    /// The patience of the run with changes in progress.
    pub patience: &'a Patience,
    /// The circuit breaker of the run.
    pub breaker: &'a Breaker,
    /// Where cases wait for the end of the run; if `None`, they do not wait.
    pub late: Option<&'a LateCalls>,
}

impl From<Unwritable> for CaseEnd {
    fn from(reason: Unwritable) -> Self {
        match reason {
            Unwritable::Unbound(reason) => Self::Blocked(reason),
            Unwritable::NotApplicable(reason) => Self::NotApplicable(reason),
        }
    }
}

impl Executor<'_> {
    /// Runs one case and its teardown.
    pub async fn execute(&self, case: &Case) -> Transcript {
        self.execute_watched(case).await.0
    }

    /// The same with what will be known of the bytes after responses, by the index of the exchange.
    pub async fn execute_watched(&self, case: &Case) -> (Transcript, Vec<(usize, LateBytes)>) {
        let mut run = CaseRun::new(*self, case.id.clone());
        let other_region = run.transcript.other_region.clone();
        let mut bindings = case.bindings(self.seed, &self.target.region, &other_region);
        run.transcript.end = match self.missing_from_target(case) {
            Some(reason) => CaseEnd::NotApplicable(reason),
            None => run.run_whole(case, &mut bindings).await.err().unwrap_or(CaseEnd::Complete),
        };
        run.transcript.elapsed = run.started.elapsed().saturating_sub(run.waited);
        run.remove_creations(case);
        if !case.scenario.teardown.is_empty() {
            run.cleanups.push(Cleanup::Steps(case.scenario.teardown.clone(), bindings));
        }
        if !run.cleanups.is_empty() {
            Box::pin(run.clean_up()).await;
        }
        if let Some(fault) = run.fault {
            run.transcript.end = CaseEnd::Internal(fault);
        }
        (run.transcript, run.late)
    }

    /// Returns what the target lacks for this case, before any state is established.
    fn missing_from_target(&self, case: &Case) -> Option<String> {
        let lacks = |what: &str| Some(format!("the target has no {what}"));
        if self.target.denied.is_none() && case.needs_caller(CallerName::Denied) {
            return lacks("denied identity");
        }
        if self.target.other_account.is_none() && case.needs_caller(CallerName::OtherAccount) {
            return lacks("identity of another account");
        }
        if self.target.other_region.is_none() && case.needs_other_region() {
            return lacks("other region");
        }
        None
    }
}

/// An action at the end of a case.
enum Cleanup {
    /// Steps with their bindings.
    Steps(Vec<Step>, Bindings),
    /// The release of a state by the state handler, with its parameters.
    State(String, Value),
}

/// The time limit of a teardown.
const TEARDOWN_LIMIT: Duration = Duration::from_secs(30);

/// The maximum size of all responses that a case keeps, in bytes. The last one may exceed it.
const KEPT_RESPONSES: usize = 2 << 20;

/// The number of controls before a step: a pattern of up to three responses repeats itself among them.
const EARLY_CONTROLS: usize = 3;

struct CaseRun<'a> {
    executor: Executor<'a>,
    transcript: Transcript,
    started: Instant,
    /// The time that it waited for the end of the run.
    waited: Duration,
    overtime: Overtime,
    cleanups: Vec<Cleanup>,
    /// What will be known of the bytes after responses, by the index of the exchange.
    late: Vec<(usize, LateBytes)>,
    /// The first fault of the harness itself.
    fault: Option<String>,
}

impl<'a> CaseRun<'a> {
    fn new(executor: Executor<'a>, case: CaseId) -> Self {
        let transcript = Transcript {
            region: executor.target.region.clone(),
            other_region: executor.target.other_region.clone().unwrap_or_default(),
            begun: SystemTime::now(),
            ..Transcript::new(case, executor.seed)
        };
        Self {
            executor,
            transcript,
            started: Instant::now(),
            waited: Duration::ZERO,
            overtime: Overtime::default(),
            cleanups: Vec::new(),
            late: Vec::new(),
            fault: None,
        }
    }

    /// Runs the case, and its last calls at the end of the run.
    async fn run_whole(&mut self, case: &Case, bindings: &mut Bindings) -> Result<(), CaseEnd> {
        let limit = self.executor.case_timeout;
        let timed_out = || CaseEnd::TimedOut(limit);
        let overtime = self.overtime.clone();
        let steps = &case.scenario.steps;
        let early = steps.iter().position(|step| step.at_end).unwrap_or(steps.len());
        overtime.exempt(limit, self.early(case, early, bindings)).await.ok_or_else(timed_out)??;
        if early < steps.len() {
            self.wait_for_the_end().await?;
            overtime.exempt(limit, self.steps(&steps[early..], early, bindings)).await.ok_or_else(timed_out)??;
        }
        Ok(())
    }

    async fn wait_for_the_end(&mut self) -> Result<(), CaseEnd> {
        let Some(late) = self.executor.late else { return Ok(()) };
        let since = Instant::now();
        let turn = late.turn().await;
        self.waited = since.elapsed();
        turn.ok_or(CaseEnd::Interrupted)?.map_err(CaseEnd::Blocked)
    }

    /// Establishes the states, and makes the calls before the end of the run.
    async fn early(&mut self, case: &Case, early: usize, bindings: &mut Bindings) -> Result<(), CaseEnd> {
        for given in &case.scenario.given {
            let value =
                Box::pin(self.establish(given, bindings, &case.id.0, &case.scenario.service, StatesAbove::default()))
                    .await?;
            self.transcript.variables.insert(given.variable.clone(), value.clone());
            bindings.bind_state(&given.variable, &given.state, value);
        }
        self.steps(&case.scenario.steps[..early], 0, bindings).await
    }

    /// Makes the calls of steps, which `before` others precede.
    async fn steps(&mut self, steps: &[Step], before: usize, bindings: &mut Bindings) -> Result<(), CaseEnd> {
        for (index, step) in steps.iter().enumerate() {
            self.step(step, before + index + 1, bindings).await?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step, number: usize, bindings: &mut Bindings) -> Result<(), CaseEnd> {
        if step.when.as_ref().is_some_and(|condition| !self.holds(condition, bindings)) {
            return Ok(());
        }
        self.early_controls(step, number, bindings).await?;
        for (index, guard) in step.unchanged.iter().enumerate() {
            self.call(&guard.call, &guard.call.input, bindings, number, Role::Before(index)).await?;
        }
        let role = if step.prepares { Role::Setup } else { Role::Main };
        let met = self.main(step, number, role, bindings).await?;
        // The control comes last, because it may change what the guards watch.
        for (index, guard) in step.unchanged.iter().enumerate() {
            self.call(&guard.call, &guard.call.input, bindings, number, Role::After(index)).await?;
        }
        if let Some(control) = &step.control {
            self.call(&control_of(step), control, bindings, number, Role::Control).await?;
        }
        if !met {
            let blocked =
                || CaseEnd::Blocked(format!("{} {}", step.call.operation, self.last_response(step, bindings)));
            return Err(if step.prepares { blocked() } else { CaseEnd::Stopped });
        }
        self.capture(step, bindings)
    }

    /// Sends a valid input that names nothing that exists, several times, before a step with a control: an endpoint with
    /// a fixed pattern of responses does not respond alike to all of them, and otherwise to the step.
    async fn early_controls(&mut self, step: &Step, number: usize, bindings: &Bindings) -> Result<(), CaseEnd> {
        let Some(control) = &step.control else { return Ok(()) };
        // A control that names what exists may change it.
        let made_up = (!bindings.is_received(control)).then(|| control.clone());
        let Some(input) = made_up.or_else(|| self.example(&step.call)) else { return Ok(()) };
        for _ in 0..EARLY_CONTROLS {
            self.call(&control_of(step), &input, bindings, number, Role::EarlyControl).await?;
        }
        Ok(())
    }

    /// The example input of the model.
    fn example(&self, call: &Call) -> Option<Template> {
        let operation = self.service(call)?.contract().operation(&call.operation)?;
        operation.example_input().cloned().map(Template::Literal)
    }

    fn capture(&self, step: &Step, bindings: &mut Bindings) -> Result<(), CaseEnd> {
        if step.capture.is_empty() {
            return Ok(());
        }
        let last =
            self.transcript.exchanges.iter().rev().find(|exchange| matches!(exchange.role, Role::Main | Role::Setup));
        let response = last.and_then(|exchange| exchange.outcome.as_ref().ok());
        let value = response.and_then(|response| self.service(&step.call)?.received(&step.call.operation, response));
        capture(step, &value.unwrap_or_default(), bindings).map_err(|error| CaseEnd::Blocked(error.to_string()))
    }

    /// Makes the call of a step as often as the step requires. Returns true if the expectation is met, so that the case
    /// continues.
    async fn main(&mut self, step: &Step, number: usize, role: Role, bindings: &Bindings) -> Result<bool, CaseEnd> {
        match step.repeat {
            Repeat::Once => self.once(step, number, role, bindings).await,
            Repeat::Concurrently(count) => Box::pin(self.at_once(step, number, role, bindings, count)).await,
            Repeat::Eventually { within, every } => self.poll(step, number, role, bindings, (within, every)).await,
            Repeat::Consistently { lasting, every } => {
                let deadline = Instant::now() + lasting;
                while self.once(step, number, role, bindings).await? {
                    if Instant::now() >= deadline {
                        return Ok(true);
                    }
                    sleep(every).await;
                }
                Ok(false)
            }
        }
    }

    /// The response of an exchange; `None` if none came.
    fn parsed(&self, exchange: &Exchange) -> Option<ParsedResponse> {
        let service = self.executor.suite.service(&exchange.service)?;
        Some(service.parse_response(&exchange.operation, exchange.outcome.as_ref().ok()?))
    }

    /// Returns whether a response reports a change in progress.
    fn is_pending(&self, exchange: &Exchange, parsed: Option<&ParsedResponse>) -> bool {
        let service = self.executor.suite.service(&exchange.service);
        service.zip(parsed).is_some_and(|(service, parsed)| service.is_pending(&exchange.operation, parsed))
    }

    async fn once(&mut self, step: &Step, number: usize, role: Role, bindings: &Bindings) -> Result<bool, CaseEnd> {
        let at = self.call(&step.call, &step.call.input, bindings, number, role).await?;
        Ok(self.is_met(step, at, bindings))
    }

    async fn at_once(
        &mut self,
        step: &Step,
        number: usize,
        role: Role,
        bindings: &Bindings,
        count: u16,
    ) -> Result<bool, CaseEnd> {
        let requests: Vec<Request> =
            (0..count).map(|_| self.write(&step.call, &step.call.input, bindings)).collect::<Result<_, _>>()?;
        let executor = self.executor;
        let started = self.started;
        let call = &step.call;
        let sent = requests.into_iter().map(|request| async move {
            let at = started.elapsed();
            let begun = Instant::now();
            let sent = executor.send_watched((&call.service, &call.operation), &request).await;
            (request, sent, at, begun.elapsed())
        });
        let first = self.transcript.exchanges.len();
        for (request, sent, started, elapsed) in join_all(sent).await {
            self.record(call, number, role, request, sent?, (started, elapsed));
        }
        self.executor.go_on()?;
        Ok((first..self.transcript.exchanges.len()).all(|at| self.is_met(step, at, bindings)))
    }

    fn is_met(&self, step: &Step, at: usize, bindings: &Bindings) -> bool {
        self.transcript.exchanges.get(at).is_some_and(|exchange| self.meets(&step.expect, exchange, bindings))
    }

    /// Returns true if the last response of the earlier step meets the condition.
    fn holds(&self, condition: &StepCondition, bindings: &Bindings) -> bool {
        let asked = self.transcript.of_step(condition.step).filter(|exchange| exchange.role == Role::Main).last();
        asked.is_some_and(|exchange| self.meets(&condition.expect, exchange, bindings))
    }

    fn meets(&self, expect: &Expectation, exchange: &Exchange, bindings: &Bindings) -> bool {
        is_held(expect, exchange, self.parsed(exchange).as_ref(), bindings)
    }

    fn service(&self, call: &Call) -> Option<&'a ServiceFixtures> {
        self.executor.suite.service(&call.service)
    }

    fn write(&mut self, call: &Call, input: &Template, bindings: &Bindings) -> Result<Request, Unwritable> {
        let service = self.service(call).ok_or_else(|| Unwritable::Unbound(format!("no service {}", call.service)))?;
        let request = self.executor.written(call, input, service, bindings, self.transcript.exchanges.len())?;
        self.fault = self.fault.take().or_else(|| input_fault::fault(call, input, service, bindings));
        match self.executor.transport.cannot_carry(&request) {
            Some(reason) => Err(Unwritable::NotApplicable(reason)),
            None => Ok(request),
        }
    }

    /// Sends one call and returns the index of its exchange.
    async fn call(
        &mut self,
        call: &Call,
        input: &Template,
        bindings: &Bindings,
        step: usize,
        role: Role,
    ) -> Result<usize, CaseEnd> {
        self.leave_room(call)?;
        let request = self.write(call, input, bindings)?;
        let (at, begun) = (self.started.elapsed(), Instant::now());
        let sent = self.executor.send_watched((&call.service, &call.operation), &request).await?;
        let is_cut_off = sent.outcome.is_err();
        self.record(call, step, role, request, sent, (at, begun.elapsed()));
        if is_cut_off {
            self.executor.go_on()?;
        }
        Ok(self.transcript.exchanges.len() - 1)
    }

    /// Ends a case whose responses are too large to be kept and judged together.
    fn leave_room(&self, call: &Call) -> Result<(), CaseEnd> {
        let responses = self.transcript.exchanges.iter().filter_map(|exchange| exchange.outcome.as_ref().ok());
        let kept: usize = responses.map(Response::size).sum();
        if kept <= KEPT_RESPONSES {
            return Ok(());
        }
        let reason = format!("the responses before {} have more than {KEPT_RESPONSES} bytes in total", call.operation);
        Err(CaseEnd::Abandoned(reason))
    }

    fn record(
        &mut self,
        call: &Call,
        step: usize,
        role: Role,
        request: Request,
        Sent { outcome, late }: Sent,
        (started, elapsed): (Duration, Duration),
    ) {
        self.late.extend(late.map(|late| (self.transcript.exchanges.len(), late)));
        let (service, operation) = (call.service.clone(), call.operation.clone());
        self.transcript.exchanges.push(Exchange { step, role, service, operation, request, outcome, started, elapsed });
    }

    /// Runs the cleanups in reverse order. Failures are in the transcript and do not affect the verdict.
    async fn clean_up(&mut self) {
        let cleanups = std::mem::take(&mut self.cleanups);
        let work = async {
            for cleanup in cleanups.iter().rev() {
                match cleanup {
                    Cleanup::Steps(steps, bindings) => self.undo(steps, bindings).await,
                    Cleanup::State(state, params) => self.leave(state, params).await,
                }
            }
        };
        let _ = timeout(TEARDOWN_LIMIT, work).await;
    }

    async fn undo(&mut self, steps: &[Step], bindings: &Bindings) {
        for step in steps.iter().rev() {
            // If a value was never bound, there is nothing to clean up.
            let _ = self.main(step, 0, Role::Teardown, bindings).await;
        }
    }
}

/// Returns whether the outcome of an exchange meets an expectation.
fn is_held(expect: &Expectation, exchange: &Exchange, parsed: Option<&ParsedResponse>, bindings: &Bindings) -> bool {
    let outcome = match (&exchange.outcome, parsed) {
        (Ok(response), Some(parsed)) => Ok((response, parsed)),
        (Err(error), _) => Err(error),
        (Ok(_), None) => return false,
    };
    expect.held(outcome, bindings).is_some()
}

/// The control is the call of the step without its faults on the wire.
fn control_of(step: &Step) -> Call {
    let valid = Call { raw: None, signing: None, valid: true, ..step.call.clone() };
    Call { caller: CallerName::Owner, region: crate::suite::Region::Home, ..valid }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rstest::rstest;

    use super::{testing, *};
    use crate::run::transport::{InProcess, Reply};

    const STOP: &str = "{ call: StopDeployment, input: { deploymentId: d-ABCDEF123 }";

    const LIMIT: Duration = Duration::from_secs(5);

    /// The transcript of a scenario with these steps at an endpoint that responds `Pending` to everything.
    async fn run(steps: &str, late: Option<&LateCalls>) -> Transcript {
        let scenario = format!("title: T\ncites: [SD-17]\nevidence: documented\nsteps:\n{steps}");
        let (suite, target) = (testing::suite("states: {}\n", &scenario), testing::target(None));
        let body = Bytes::from_static(br#"{"status":"Pending"}"#);
        let pending = Response { status: 200, body, ..Response::default() };
        let transport = InProcess::new(move |_: &Request| Reply::Answer(pending.clone()));
        let patience = Patience::new(LIMIT);
        let executor = Executor { late, ..testing::executor(&suite, &target, &transport, &patience, LIMIT) };
        executor.execute(&suite.cases()[0]).await
    }

    fn operations(transcript: &Transcript) -> Vec<&str> {
        transcript.exchanges.iter().map(|exchange| exchange.operation.as_str()).collect()
    }

    #[rstest]
    #[case::held("{ body: { status: Pending } }", true)]
    #[case::not_held("{ body: { status: Succeeded } }", false)]
    #[case::one_of_two("{ any_of: [{ closed: true }, { body: { status: Pending } }] }", true)]
    #[tokio::test]
    async fn a_step_is_sent_only_if_its_condition_holds(#[case] when: &str, #[case] is_sent: bool) {
        let read = format!("{{ call: GetDeployment, when: {when}, input: {{ deploymentId: d-ABCDEF123 }} }}");
        // The second read is about the stop, too.
        let transcript = run(&format!("  - {STOP} }}\n  - {read}\n  - {read}\n"), None).await;
        let expected: &[&str] =
            if is_sent { &["StopDeployment", "GetDeployment", "GetDeployment"] } else { &["StopDeployment"] };
        assert_eq!((operations(&transcript).as_slice(), &transcript.end), (expected, &CaseEnd::Complete));
    }

    #[rstest]
    #[case::at_the_end(Some(Ok(())), CaseEnd::Complete, 2)]
    #[case::restarted(Some(Err("restarted".to_owned())), CaseEnd::Blocked("restarted".to_owned()), 1)]
    #[case::interrupted(None, CaseEnd::Interrupted, 1)]
    #[tokio::test(start_paused = true)]
    async fn last_calls_wait_for_their_turn(
        #[case] turn: Option<Result<(), String>>,
        #[case] end: CaseEnd,
        #[case] sent: usize,
    ) {
        let (late, mut turns) = LateCalls::new();
        let give = async {
            let waiting = turns.recv().await.unwrap();
            // Longer than the time limit of the case, which does not count the wait.
            sleep(Duration::from_secs(60)).await;
            match turn {
                Some(turn) => waiting.send(turn).unwrap(),
                None => drop(waiting),
            }
        };
        let steps = format!(
            "  - {STOP} }}\n  - {{ call: GetDeployment, at_end: true, input: {{ deploymentId: d-ABCDEF123 }} }}\n"
        );
        let (transcript, ()) = tokio::join!(run(&steps, Some(&late)), give);
        assert_eq!((transcript.exchanges.len(), transcript.end), (sent, end));
        assert!(transcript.elapsed < Duration::from_secs(5), "{:?}", transcript.elapsed);
    }
}
