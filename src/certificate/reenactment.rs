//! A case acted again from its seed and the answers that were recorded: everything else must follow.
//!
//! The executor runs as it did, over a transport that gives the recorded answers at the recorded times, on a clock
//! that jumps. Whoever recorded could choose the answers and their times, and nothing else: requests, captures,
//! states and the end of each case must come out as they were written down.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::{
    runtime,
    time::{Instant, sleep_until},
};

use crate::{
    judge::{
        check::implementation::{PresenceDecision, presence},
        redaction::{SensitiveValues, redact},
        transcript::{CaseEnd, Exchange, Transcript},
    },
    run::{
        event::{self, PresenceChecked},
        execute::Executor,
        target::ResolvedTarget,
        transport::{self, Endpoint, Transport},
    },
    suite::{Case, Fixtures, placeholder::placeholder},
    wire::{Headers, Request, TransportError, protocol::called},
};

/// No case waits longer than that on any clock.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// Headers that hang on the moment and on the key, and which no recording can be asked for.
const OF_THE_SIGNATURE: [&str; 3] = ["authorization", "x-amz-date", "x-amz-security-token"];

/// What cases are acted again with.
pub struct Reenactment<'a> {
    /// The fixtures.
    pub suite: &'a Fixtures,
    /// The target as it was; its credentials may be any.
    pub target: &'a ResolvedTarget,
    /// What fresh names are derived from.
    pub seed: u64,
}

impl Reenactment<'_> {
    /// How recorded cases differ from what their seed and their answers come to, each with what differs first.
    ///
    /// # Errors
    /// No runtime can be had.
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

    /// The same for the questions whether operations are there, and for what they came to.
    ///
    /// # Errors
    /// No runtime can be had.
    pub fn presence_checks<'t>(
        &self,
        recorded: impl IntoIterator<Item = (&'t PresenceChecked, &'t Transcript)>,
    ) -> std::io::Result<Vec<(String, String)>> {
        let runtime = runtime()?;
        let different = |(checked, recorded): (&PresenceChecked, &Transcript)| {
            let difference = runtime.block_on(self.presence_difference(checked, recorded));
            difference.map(|difference| (format!("{}.{}", checked.service, checked.operation), difference))
        };
        Ok(recorded.into_iter().filter_map(different).collect())
    }

    async fn presence_difference(&self, checked: &PresenceChecked, recorded: &Transcript) -> Option<String> {
        let known = self.suite.service(&checked.service);
        let known = known.and_then(|service| Some((service, service.contract().operation(&checked.operation)?)));
        let Some((service, operation)) = known else { return Some("the suite has no such operation".to_owned()) };
        let answers = RecordedResponses::of(&recorded.exchanges);
        let mut acted = Transcript::new(recorded.case.clone(), self.seed);
        let seen = self.executor(&answers).check_presence(service, operation, None, &mut acted.exchanges).await;
        let mut hidden = acted.clone();
        let _ = redact(self.suite, &mut hidden, SensitiveValues::Hidden);
        let presence = presence(service.contract(), operation, service.protocol, &seen);
        requests(&[&acted, &hidden], recorded, &answers.place()).or_else(|| {
            let says = checked.presence;
            let reason = says == event::Presence::Implemented && checked.reason.is_some();
            let reason = reason.then(|| "it has a reason, and was found to be there".to_owned());
            let other = says != reported_presence(&presence);
            other.then(|| format!("its answers say {presence:?}, and not {says:?}")).or(reason)
        })
    }

    fn executor<'e>(&'e self, answers: &'e RecordedResponses<'_>) -> Executor<'e> {
        Executor {
            suite: self.suite,
            target: self.target,
            transport: answers,
            keys: None,
            seed: self.seed,
            case_timeout: LONG,
        }
    }

    async fn difference(&self, case: &Case, recorded: &Transcript) -> Option<String> {
        if recorded.seed != self.seed {
            return Some(format!("it was recorded with the seed {}, not {}", recorded.seed, self.seed));
        }
        let answers = RecordedResponses::of(&recorded.exchanges);
        // One that was never begun has nothing to be acted again.
        if recorded.exchanges.is_empty() && recorded.end == CaseEnd::Interrupted {
            return None;
        }
        let acted = self.executor(&answers).execute(case).await;
        let mut hidden = acted.clone();
        let _ = redact(self.suite, &mut hidden, SensitiveValues::Hidden);
        requests(&[&acted, &hidden], recorded, &answers.place()).or_else(|| rest(&acted, recorded))
    }
}

/// A runtime whose clock moves on by itself whenever everything waits.
fn runtime() -> std::io::Result<runtime::Runtime> {
    runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
}

/// How an event tells of it.
fn reported_presence(presence: &PresenceDecision) -> event::Presence {
    match presence {
        PresenceDecision::Implemented => event::Presence::Implemented,
        PresenceDecision::NotImplemented(_) => event::Presence::NotImplemented,
        PresenceDecision::Unreachable(_) => event::Presence::Unreachable,
    }
}

/// Which request differs first, if any does.
fn requests(forms: &[&Transcript; 2], recorded: &Transcript, place: &ExchangeSlot) -> Option<String> {
    let cut_short = recorded.is_cut_short();
    for (index, taken) in place.taken.iter().enumerate() {
        let acted = forms.map(|form| form.exchanges.get(index));
        let Some(at) = *taken else {
            let what = acted[0].map(|exchange| exchange.operation.clone()).unwrap_or_default();
            return (!cut_short)
                .then(|| format!("the seed makes a request {} ({what}) that it does not have", index + 1));
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
    surplus.map(|exchange| format!("it has a request ({}) that the seed does not make", exchange.operation))
}

/// What else differs: what the states yielded, and how the case ended.
fn rest(acted: &Transcript, recorded: &Transcript) -> Option<String> {
    if recorded.is_cut_short() || matches!(recorded.end, CaseEnd::Internal(_)) {
        return None;
    }
    if (&acted.region, &acted.other_region) != (&recorded.region, &recorded.other_region) {
        return Some("it was recorded in other regions than is said".to_owned());
    }
    let same = |acted: &Map<String, Value>| {
        let value = |(name, value): (&String, &Value)| {
            recorded.variables.get(name).is_some_and(|known| stands_for(&recorded.key(), value, known))
        };
        acted.len() == recorded.variables.len() && acted.iter().all(value)
    };
    if !same(&acted.variables) {
        return Some("its states yielded other values than it says".to_owned());
    }
    let acted = &acted.end;
    (!same_end(acted, &recorded.end)).then(|| format!("it ended {}, and says {}", told(acted), told(&recorded.end)))
}

/// Whether a recorded value is that one, some of its texts perhaps by their pseudonyms.
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

/// Reasons are words about answers, and may be redacted; the kind is what counts.
fn same_end(one: &CaseEnd, other: &CaseEnd) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn told(end: &CaseEnd) -> String {
    match end {
        CaseEnd::Complete => "complete".to_owned(),
        CaseEnd::Stopped => "stopped by an answer".to_owned(),
        CaseEnd::Blocked(reason) => format!("blocked ({reason})"),
        CaseEnd::TimedOut(limit) => format!("after its time of {limit:?}"),
        CaseEnd::NotApplicable(reason) => format!("not applicable ({reason})"),
        CaseEnd::Interrupted => "interrupted".to_owned(),
        CaseEnd::Internal(reason) => format!("by a fault of the harness ({reason})"),
    }
}

/// In what a recorded request is not the one that the seed makes.
fn unlike(acted: &Exchange, recorded: &Exchange) -> Option<String> {
    let places =
        |exchange: &Exchange| (exchange.step, exchange.role, exchange.service.clone(), exchange.operation.clone());
    if places(acted) != places(recorded) {
        return Some(format!("it is made for {} {:?} of step {}", acted.operation, acted.role, acted.step));
    }
    let (acted, recorded) = (&acted.request, &recorded.request);
    if (&acted.method, &acted.target, acted.chunked) != (&recorded.method, &recorded.target, recorded.chunked) {
        return Some(format!("the seed makes {} {}", acted.method, acted.target));
    }
    if let Some(name) = other_header(&acted.headers, &recorded.headers) {
        return Some(format!("the seed makes another header {name}"));
    }
    (acted.body != recorded.body).then(|| "the seed makes another body".to_owned())
}

/// The first header that differs; of those of the signature, only whether they are there counts.
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

/// Whether two requests ask the same, as far as a poll is told from the next step by it. Pseudonyms are as long as what
/// they stand for.
fn alike(one: &Request, other: &Request) -> bool {
    let shape = |request: &Request| {
        let operation = called(request).map(str::to_owned);
        (request.method.clone(), request.target.clone(), operation, request.body.len())
    };
    shape(one) == shape(other)
}

/// The recorded answers of a case, given in order.
struct RecordedResponses<'a> {
    exchanges: &'a [Exchange],
    began: Instant,
    place: Mutex<ExchangeSlot>,
}

/// How far the recording was read.
#[derive(Clone, Default)]
struct ExchangeSlot {
    next: usize,
    /// For each request that was made, the exchange whose answer it got.
    taken: Vec<Option<usize>>,
}

impl<'a> RecordedResponses<'a> {
    fn of(exchanges: &'a [Exchange]) -> Self {
        Self { exchanges, began: Instant::now(), place: Mutex::default() }
    }

    fn place(&self) -> ExchangeSlot {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The exchange of a request. When a poll ends hangs on fractions of a millisecond, so that there may be one more
    /// or one less than was recorded.
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

    async fn answer(&self, request: &Request) -> Result<crate::wire::Response, TransportError> {
        match self.take(request) {
            Some(exchange) => {
                sleep_until(self.began + exchange.started + exchange.elapsed).await;
                exchange.outcome.clone()
            }
            None => Err(TransportError::Other("the recording has no such request".to_owned())),
        }
    }
}

impl Transport for RecordedResponses<'_> {
    fn send<'s>(&'s self, _: &'s Endpoint, request: &'s Request) -> transport::ExchangeFuture<'s> {
        Box::pin(self.answer(request))
    }
}
