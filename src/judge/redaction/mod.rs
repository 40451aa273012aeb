//! Removes the credentials of requests and the values that the model marks sensitive from a transcript. The transport of
//! the run has already removed credentials from its responses.
//!
//! A transcript is redacted once, before it is judged. So no report, snapshot, recording or certificate holds a secret,
//! and a recording is judged as the run was. Placeholders keep what checks look at: lengths, kinds of characters, and
//! which strings are equal. Pure. A name alone never makes a value sensitive.
//!
//! | module | holds |
//! |---|---|
//! | `sensitive_scan` | the positions of sensitive values in a body |
//! | `token` | JSON tokens rewritten in place |

mod sensitive_scan;
mod token;

use serde_json::Value;

use crate::{
    judge::transcript::{CaseEnd, Exchange, Transcript},
    model::{Contract, ShapeId},
    suite::{Fixtures, ServiceFixtures, placeholder_text::placeholder},
    wire::{Request, Response, TransportError},
};

use sensitive_scan::SensitiveScan;

/// Shorter strings are not searched for inside others: they would occur by chance.
const SHORTEST_IN_TEXT: usize = 8;

/// The treatment of members that the model marks sensitive. Credentials are always redacted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SensitiveValues {
    /// Placeholders replace them.
    #[default]
    Hidden,
    /// They stay, for debugging your own endpoint.
    Shown,
}

/// The sensitive strings of a transcript, each with its placeholder; the longest first.
#[derive(Debug, Default)]
pub struct PlaceholderKey(Vec<(String, String)>);

impl PlaceholderKey {
    fn of(key: &str, mut texts: Vec<String>) -> Self {
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        texts.dedup();
        let with_other = |text: String| {
            let other = placeholder(key, &text);
            (text, other)
        };
        Self(texts.into_iter().map(with_other).collect())
    }

    /// The text with placeholders for the sensitive strings in it.
    #[must_use]
    pub fn in_text(&self, text: &str) -> String {
        let long = self.0.iter().filter(|(sensitive, _)| sensitive.len() >= SHORTEST_IN_TEXT);
        long.fold(
            text.to_owned(),
            |text, (sensitive, other)| {
                if text.contains(sensitive) { text.replace(sensitive, other) } else { text }
            },
        )
    }

    fn in_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some((_, other)) = self.0.iter().find(|(sensitive, _)| sensitive == text) {
                    text.clone_from(other);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.in_value(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.in_value(member)),
            _ => {}
        }
    }
}

/// Redacts a transcript in place.
pub fn redact(suite: &Fixtures, transcript: &mut Transcript, sensitive: SensitiveValues) -> PlaceholderKey {
    transcript.exchanges.iter_mut().for_each(|exchange| exchange.request.hide_credentials());
    if sensitive == SensitiveValues::Shown
        || !transcript.exchanges.iter().any(|exchange| may_hold_sensitive(suite, exchange))
    {
        return PlaceholderKey::default();
    }
    let scans: Vec<[SensitiveScan; 2]> = transcript.exchanges.iter().map(|exchange| scan(suite, exchange)).collect();
    let texts: Vec<String> = scans.iter().flatten().flat_map(SensitiveScan::strings).collect();
    if texts.is_empty() {
        return PlaceholderKey::default();
    }
    let key = transcript.key();
    let known = PlaceholderKey::of(&key, texts);
    for (Exchange { request, outcome, .. }, [sent, received]) in transcript.exchanges.iter_mut().zip(scans) {
        request.body = sent.redacted(&request.body, &key, &known);
        match outcome {
            Ok(response) => {
                response.body = received.redacted(&response.body, &key, &known);
                response.hidden = received.into_pointers();
                response.headers = response.headers.iter().map(|(name, value)| (name, known.in_text(value))).collect();
                let head = response.head.as_ref().map(|head| known.in_text(&String::from_utf8_lossy(head)));
                response.head = head.map(Into::into);
            }
            Err(TransportError::NotHttp { problem, received }) => {
                for text in [problem, received] {
                    *text = known.in_text(text);
                }
            }
            Err(TransportError::BodyTooLarge { start, .. }) => *start = known.in_text(start),
            Err(_) => {}
        }
    }
    transcript.variables.values_mut().for_each(|value| known.in_value(value));
    if let CaseEnd::Blocked(reason) | CaseEnd::NotApplicable(reason) | CaseEnd::Internal(reason) = &mut transcript.end {
        *reason = known.in_text(reason);
    }
    known
}

/// Returns whether the model marks anything sensitive in the input, the output or the errors of the operation.
fn may_hold_sensitive(suite: &Fixtures, exchange: &Exchange) -> bool {
    let contract = suite.service(&exchange.service).map(ServiceFixtures::contract);
    contract
        .is_some_and(|contract| contract.operation(&exchange.operation).is_some_and(|one| contract.is_sensitive(one)))
}

/// The positions of sensitive values in a request and in its response.
fn scan(suite: &Fixtures, exchange: &Exchange) -> [SensitiveScan; 2] {
    let service = suite.service(&exchange.service);
    let shapes = service.and_then(|service| ExchangeShapes::of(service, exchange));
    let sent = |request: &Request| match &shapes {
        Some(ExchangeShapes { contract, input, .. }) => SensitiveScan::of(contract, Some(input), &request.body),
        None => SensitiveScan::unknown(&request.body),
    };
    let received = |response: &Response| match &shapes {
        Some(ExchangeShapes { contract, response: shape, .. }) => {
            SensitiveScan::of(contract, shape.as_ref(), &response.body)
        }
        None => SensitiveScan::unknown(&response.body),
    };
    [sent(&exchange.request), exchange.outcome.as_ref().map(received).unwrap_or_default()]
}

struct ExchangeShapes<'a> {
    contract: &'a Contract,
    input: ShapeId,
    /// The output, or the error that was returned; `None` where the model does not have it.
    response: Option<ShapeId>,
}

impl<'a> ExchangeShapes<'a> {
    fn of(service: &'a ServiceFixtures, exchange: &Exchange) -> Option<Self> {
        let contract = service.contract();
        let operation = contract.operation(&exchange.operation)?;
        let response = match &exchange.outcome {
            Ok(response) if response.status >= 400 => {
                let parsed = service.parse_response(&exchange.operation, response);
                let shape = parsed.error().and_then(|name| contract.error(operation, name));
                shape.map(|shape| shape.id.clone())
            }
            _ => Some(operation.output.clone()),
        };
        Some(Self { contract, input: operation.input.clone(), response })
    }
}

#[cfg(test)]
mod tests;
