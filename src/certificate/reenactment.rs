//! Reenacts a case from its seed and its recorded responses; everything else must follow.
//!
//! The executor runs over a transport that returns the recorded responses at the recorded times, on a paused clock. A
//! forger can choose responses and their times only: requests, captures, states and the end of each case must match
//! the recording.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    runtime,
    time::{Instant, sleep_until},
};

use crate::{
    judge::{
        check::implementation::{PresenceSubject, presence},
        redaction::{SensitiveValues, redact},
        transcript::{CaseEnd, Exchange, Transcript},
    },
    run::{
        event::{Presence, PresenceChecked},
        execute::{Breaker, Executor, Patience},
        resolved_target::ResolvedTarget,
        session::PATIENCE,
        transport::{self, Endpoint, Transport},
    },
    suite::{Case, Fixtures, Opening, placeholder_text::placeholder},
    wire::{Headers, Request, TransportError, protocol::called},
};

/// Longer than the time limit of any case.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// Headers that depend on the time and the key, so that a recording cannot contain the expected value.
const OF_THE_SIGNATURE: [&str; 3] = ["authorization", "x-amz-date", "x-amz-security-token"];

/// The inputs of a reenactment.
pub struct Reenactment<'a> {
    pub suite: &'a Fixtures,
    /// The target of the run. Its credentials do not matter.
    pub target: &'a ResolvedTarget,
    /// The seed of generated names.
    pub seed: u64,
}

impl Reenactment<'_> {
    /// The cases whose recording does not follow from seed and responses, each with the first difference.
    ///
    /// # Errors
    /// The runtime cannot start.
    pub fn differences<'t>(
        &self,
        recorded: impl IntoIterator<Item = (&'t Case, &'t Transcript)>,
    ) -> std::io::Result<Vec<(String, String)>> {
        let runtime = runtime()?;
        let different = |(case, recorded): (&Case, &Transcript)| {
            runtime.block_on(self.difference(case, recorded)).map(|difference| (case.id.0.clone(), difference))
        };
        Ok(recorded.into_iter().filter_map(different).collect())
    }

    /// The same for presence checks, their results, and the states that the cases of an operation share. A check of probes
    /// that compares subresources is not reenacted, because it uses states that the recording may not have.
    ///
    /// # Errors
    /// The runtime cannot start.
    pub fn presence_checks<'t>(
        &self,
        recorded: impl IntoIterator<Item = (&'t Opening, &'t PresenceChecked, &'t Transcript)>,
    ) -> std::io::Result<Vec<(String, String)>> {
        let runtime = runtime()?;
        let different = |(opening, checked, recorded): (&Opening, &PresenceChecked, &Transcript)| {
            let difference = runtime.block_on(self.presence_difference(opening, checked, recorded));
            difference.map(|difference| (format!("{}.{}", checked.service, checked.operation), difference))
        };
        Ok(recorded.into_iter().filter_map(different).collect())
    }

    async fn presence_difference(
        &self,
        opening: &Opening,
        checked: &PresenceChecked,
        recorded: &Transcript,
    ) -> Option<String> {
        let subject = PresenceSubject::find(self.suite, &checked.service, &checked.operation);
        let Some((service, subject)) = self.suite.service(&checked.service).zip(subject) else {
            return Some("the suite does not have this operation".to_owned());
        };
        if opening.sample.is_some() && subject.has_subresource() {
            return None;
        }
        let responses = RecordedResponses::of(&recorded.exchanges);
        let mut acted = Transcript::new(recorded.case.clone(), self.seed);
        let patience = Patience::new(PATIENCE);
        let breaker = Breaker::disabled();
        let executor = self.executor(&responses, &patience, &breaker);
        let sample = opening.sample.as_ref();
        let seen = executor.check_presence(service, subject.operation, sample, &mut acted.exchanges).await;
        let decision = presence(subject, &seen);
        if !opening.given.is_empty() && !decision.lets_no_case_run() {
            let prepared = executor.prepare(&opening.service, &opening.operation, &opening.given).await;
            acted.exchanges.extend_from_slice(&prepared.transcript().exchanges);
            acted.variables = prepared.variables;
        }
        let mut hidden = acted.clone();
        let _ = redact(self.suite, &mut hidden, SensitiveValues::Hidden);
        let (derived, reason) = (Presence::from(&decision), decision.reason());
        // Requests for the states of probes repeat received values, and a recording has placeholders for sensitive ones.
        let is_redacted = sample.is_some() && holds_sensitive(&acted, &hidden);
        let requests = || requests(&[&acted, &hidden], recorded, &responses.place());
        let differs = || requests().or_else(|| other_variables(&acted, recorded));
        (!is_redacted).then(differs).flatten().or_else(|| {
            let says = checked.presence;
            // The case of a probe may prove an operation to be implemented. Then all of its cases are judged.
            let is_refuted = sample.is_some() && decision.is_refutable() && says == Presence::Implemented;
            let same = is_refuted || says == derived && checked.reason == reason;
            (!same).then(|| {
                format!(
                    "the responses show {derived:?} ({reason}), but the recording has {says:?} ({})",
                    checked.reason
                )
            })
        })
    }

    fn executor<'e>(
        &'e self,
        responses: &'e RecordedResponses<'_>,
        patience: &'e Patience,
        breaker: &'e Breaker,
    ) -> Executor<'e> {
        Executor {
            suite: self.suite,
            target: self.target,
            transport: responses,
            keys: None,
            seed: self.seed,
            case_timeout: LONG,
            patience,
            breaker,
            late: None,
        }
    }

    async fn difference(&self, case: &Case, recorded: &Transcript) -> Option<String> {
        if recorded.seed != self.seed {
            return Some(format!("it was recorded with seed {} instead of {}", recorded.seed, self.seed));
        }
        // An interrupted case without requests has nothing to reenact.
        if recorded.exchanges.is_empty() && recorded.end == CaseEnd::Interrupted {
            return None;
        }
        // A certified run has the default patience. Another case may have used it up.
        let difference = self.difference_with(Patience::new(PATIENCE), case, recorded).await?;
        self.difference_with(Patience::new(Duration::ZERO), case, recorded).await.and(Some(difference))
    }

    async fn difference_with(&self, patience: Patience, case: &Case, recorded: &Transcript) -> Option<String> {
        let responses = RecordedResponses::of(&recorded.exchanges);
        let breaker = Breaker::disabled();
        let acted = self.executor(&responses, &patience, &breaker).execute(case).await;
        let mut hidden = acted.clone();
        let _ = redact(self.suite, &mut hidden, SensitiveValues::Hidden);
        requests(&[&acted, &hidden], recorded, &responses.place()).or_else(|| rest(&acted, recorded))
    }
}

/// A runtime with a paused clock, which advances when all tasks wait.
fn runtime() -> std::io::Result<runtime::Runtime> {
    runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
}

/// The first request that differs.
fn requests(forms: &[&Transcript; 2], recorded: &Transcript, place: &ExchangeSlot) -> Option<String> {
    let cut_short = recorded.is_cut_short();
    for (index, taken) in place.taken.iter().enumerate() {
        let acted = forms.map(|form| form.exchanges.get(index));
        let Some(at) = *taken else {
            let what = acted[0].map(|exchange| exchange.operation.clone()).unwrap_or_default();
            return (!cut_short)
                .then(|| format!("request {} ({what}), which follows from the seed, is missing", index + 1));
        };
        let recorded = recorded.exchanges.get(at)?;
        let problem = |acted: &Exchange| unlike(acted, recorded);
        if let [Some(plain), Some(hidden)] = acted
            && let (Some(problem), Some(_)) = (problem(plain), problem(hidden))
        {
            return Some(format!("request {} ({}): {problem}", at + 1, recorded.operation));
        }
    }
    let rest = recorded.exchanges.get(place.next..).unwrap_or_default();
    let last = place.next.checked_sub(1).and_then(|last| recorded.exchanges.get(last));
    let surplus = rest.iter().find(|exchange| !last.is_some_and(|last| alike(&last.request, &exchange.request)));
    surplus.map(|exchange| format!("a request ({}) does not follow from the seed", exchange.operation))
}

/// Other differences: the variables of the states, and the end of the case.
fn rest(acted: &Transcript, recorded: &Transcript) -> Option<String> {
    if recorded.is_cut_short() || matches!(recorded.end, CaseEnd::Internal(_)) {
        return None;
    }
    if (&acted.region, &acted.other_region) != (&recorded.region, &recorded.other_region) {
        return Some("its regions are not those of the statement".to_owned());
    }
    if let Some(problem) = other_variables(acted, recorded) {
        return Some(problem);
    }
    let acted = &acted.end;
    (!same_end(acted, &recorded.end))
        .then(|| format!("it ends {}, but the recording has {}", in_words(acted), in_words(&recorded.end)))
}

/// Returns whether redaction changes a body.
fn holds_sensitive(plain: &Transcript, hidden: &Transcript) -> bool {
    let differs = |(plain, hidden): (&Exchange, &Exchange)| {
        let is_hidden = hidden.outcome.as_ref().is_ok_and(|response| !response.hidden.is_empty());
        is_hidden || plain.request.body != hidden.request.body
    };
    plain.exchanges.iter().zip(&hidden.exchanges).any(differs)
}

fn other_variables(acted: &Transcript, recorded: &Transcript) -> Option<String> {
    let value = |(name, value): (&String, &Value)| {
        recorded.variables.get(name).is_some_and(|known| stands_for(&recorded.key(), value, known))
    };
    let same = acted.variables.len() == recorded.variables.len() && acted.variables.iter().all(value);
    (!same).then(|| "the variables of its states do not follow from the responses".to_owned())
}

/// Returns whether a recorded value equals `value`, apart from redacted strings.
fn stands_for(key: &str, value: &Value, recorded: &Value) -> bool {
    match (value, recorded) {
        (Value::String(text), Value::String(known)) => text == known || placeholder(key, text) == *known,
        (Value::Array(items), Value::Array(known)) => {
            items.len() == known.len() && items.iter().zip(known).all(|(item, known)| stands_for(key, item, known))
        }
        (Value::Object(members), Value::Object(known)) => {
            let member =
                |(name, value): (&String, &Value)| known.get(name).is_some_and(|known| stands_for(key, value, known));
            members.len() == known.len() && members.iter().all(member)
        }
        _ => value == recorded,
    }
}

/// Compares variants only, because reasons may quote redacted responses.
fn same_end(one: &CaseEnd, other: &CaseEnd) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn in_words(end: &CaseEnd) -> String {
    match end {
        CaseEnd::Complete => "complete".to_owned(),
        CaseEnd::Stopped => "stopped by a response".to_owned(),
        CaseEnd::Blocked(reason) => format!("blocked ({reason})"),
        CaseEnd::TimedOut(limit) => format!("timed out after {limit:?}"),
        CaseEnd::NotApplicable(reason) => format!("not applicable ({reason})"),
        CaseEnd::Interrupted => "interrupted".to_owned(),
        CaseEnd::Abandoned(reason) => format!("abandoned ({reason})"),
        CaseEnd::Internal(reason) => format!("with an internal error ({reason})"),
    }
}

/// The difference between a recorded request and the one that follows from the seed.
fn unlike(acted: &Exchange, recorded: &Exchange) -> Option<String> {
    let places =
        |exchange: &Exchange| (exchange.step, exchange.role, exchange.service.clone(), exchange.operation.clone());
    if places(acted) != places(recorded) {
        return Some(format!("expected {} {:?} of step {}", acted.operation, acted.role, acted.step));
    }
    let (acted, recorded) = (&acted.request, &recorded.request);
    if (&acted.method, &acted.target, acted.chunked) != (&recorded.method, &recorded.target, recorded.chunked) {
        return Some(format!("expected {} {}", acted.method, acted.target));
    }
    if let Some(name) = other_header(&acted.headers, &recorded.headers) {
        return Some(format!("the header {name} does not follow from the seed"));
    }
    (acted.body != recorded.body).then(|| "the body does not follow from the seed".to_owned())
}

/// The first header that differs. Signature headers must only be present.
fn other_header(acted: &Headers, recorded: &Headers) -> Option<String> {
    let plain = |headers: &Headers| -> Vec<(String, String)> {
        let of_signature = |name: &str| OF_THE_SIGNATURE.iter().any(|known| name.eq_ignore_ascii_case(known));
        let fields = headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("x-amz-security-token"));
        fields
            .map(|(name, value)| (name.to_ascii_lowercase(), if of_signature(name) { "" } else { value }.to_owned()))
            .collect()
    };
    let (acted, recorded) = (plain(acted), plain(recorded));
    let differs = (0..acted.len().max(recorded.len())).find(|at| acted.get(*at) != recorded.get(*at))?;
    acted.get(differs).or_else(|| recorded.get(differs)).map(|(name, _)| name.clone())
}

/// Returns whether two requests look alike, so that one may repeat the other in a poll. A redaction keeps the length of
/// its value.
fn alike(one: &Request, other: &Request) -> bool {
    let shape = |request: &Request| {
        let operation = called(request).map(str::to_owned);
        (request.method.clone(), request.target.clone(), operation, request.body.len())
    };
    shape(one) == shape(other)
}

/// The recorded responses of a case, in order.
struct RecordedResponses<'a> {
    exchanges: &'a [Exchange],
    began: Instant,
    place: Mutex<ExchangeSlot>,
}

/// The position in the recording.
#[derive(Clone, Default)]
struct ExchangeSlot {
    next: usize,
    /// For each request, the index of the exchange that provided its response.
    taken: Vec<Option<usize>>,
}

impl<'a> RecordedResponses<'a> {
    fn of(exchanges: &'a [Exchange]) -> Self {
        Self { exchanges, began: Instant::now(), place: Mutex::default() }
    }

    fn place(&self) -> ExchangeSlot {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The exchange of a request. A poll may end one request earlier or later than in the recording, because its end
    /// depends on fractions of a millisecond.
    fn take(&self, request: &Request) -> Option<&'a Exchange> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let is = |at: usize| self.exchanges.get(at).is_some_and(|exchange| alike(&exchange.request, request));
        let repeats = |at: usize| match (self.exchanges.get(at.wrapping_sub(1)), self.exchanges.get(at)) {
            (Some(before), Some(exchange)) => alike(&before.request, &exchange.request),
            _ => false,
        };
        let mut at = place.next;
        if !is(at) && at > 0 && is(at - 1) {
            place.taken.push(Some(at - 1));
            return self.exchanges.get(at - 1);
        }
        while !is(at) && repeats(at) {
            at += 1;
        }
        let found = is(at).then_some(at);
        place.taken.push(found);
        place.next = found.map_or(place.next, |at| at + 1);
        self.exchanges.get(found?)
    }

    async fn respond(&self, request: &Request) -> Result<crate::wire::Response, TransportError> {
        match self.take(request) {
            Some(exchange) => {
                sleep_until(self.began + exchange.started + exchange.elapsed).await;
                exchange.outcome.clone()
            }
            None => Err(TransportError::Other("the recording does not have this request".to_owned())),
        }
    }
}

impl Transport for RecordedResponses<'_> {
    fn send<'s>(&'s self, _: &'s Endpoint, request: &'s Request) -> transport::ExchangeFuture<'s> {
        Box::pin(self.respond(request))
    }
}
