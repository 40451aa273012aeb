//! The credentials of a run, overwritten wherever a peer sends them back.
//!
//! A text is searched as it is and with its escapes decoded: those of JSON, XML and URLs, at any nesting, in any letter
//! case. Every byte of a credential becomes an asterisk, so lengths stay, and a text that was searched once is not
//! changed again. A credential that is cut off is hidden from its half on. One in another form (base64, reversed) is not
//! found.

use std::{
    borrow::Cow,
    collections::{HashSet, VecDeque},
    fmt,
    ops::Range,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use aho_corasick::{AhoCorasick, MatchKind};
use serde_json::Value;

use super::{
    Request, Response, TransportError,
    escapes::{Decoded, has_escapes, unpacked},
    message::is_secret,
    sigv4::Credentials,
};

/// The length of an AWS access key. A shorter string is a placeholder such as `test` or a fault of a scenario; hiding it
/// would garble responses.
const SHORTEST: usize = 16;

/// The number of sent signatures that are remembered. Older ones are mostly expired.
const REMEMBERED: usize = 1 << 16;

/// The number of credentials that are learned from the headers of requests.
const LEARNED: usize = 64;

/// The number of digits that identify a signature.
const SIGNATURE_HEAD: usize = 16;

/// The number of digits of a signature.
const SIGNATURE: usize = 64;

/// Strings that no report and no recording may contain.
#[derive(Default)]
pub struct Secrets {
    known: RwLock<Arc<KnownSecrets>>,
    sent: Mutex<SentSignatures>,
}

impl Secrets {
    /// The secrets among these strings. Short ones do not count.
    #[must_use]
    pub fn of<'s>(values: impl IntoIterator<Item = &'s str>) -> Self {
        let values = values.into_iter().map(str::trim).filter(|value| value.len() >= SHORTEST);
        let known = KnownSecrets::of(values.map(str::to_owned).collect());
        Self { known: RwLock::new(Arc::new(known)), sent: Mutex::default() }
    }

    /// The key IDs, secret keys and session tokens of identities.
    #[must_use]
    pub fn of_identities<'c>(identities: impl IntoIterator<Item = &'c Credentials>) -> Self {
        let parts = identities.into_iter().flat_map(|identity| {
            let pair = [identity.access_key_id.as_str(), identity.secret_access_key.as_str()];
            pair.into_iter().chain(identity.session_token.as_deref())
        });
        Self::of(parts)
    }

    /// Remembers the signature of a request, and other credentials in its headers, before it is sent.
    pub fn enter(&self, request: &Request) {
        for (_, value) in request.headers.iter().filter(|(name, _)| is_secret(name)) {
            match (part(value, "Credential="), part(value, "Signature=")) {
                // The rest of the header is not secret.
                (Some(key), Some(signature)) => {
                    self.learn(key);
                    self.remember(signature);
                }
                _ => self.learn(value),
            }
        }
    }

    /// Adds a secret to those of the run. Short ones do not count.
    pub fn learn(&self, value: &str) {
        let value = value.trim();
        if value.len() < SHORTEST || self.known().values.iter().any(|known| known == value) {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.values.len() < LEARNED && !known.values.iter().any(|known| known == value) {
            let values = known.values.iter().cloned().chain([value.to_owned()]).collect();
            *known = Arc::new(KnownSecrets::of(values));
        }
    }

    fn remember(&self, signature: &str) {
        let head = signature.as_bytes().get(..SIGNATURE_HEAD).and_then(signature_head);
        if let Some(head) = head {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).enter(head);
        }
    }

    fn known(&self) -> Arc<KnownSecrets> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Overwrites them in every part of a response. A compressed body that holds one is overwritten as a whole.
    pub fn hide_in(&self, response: &mut Response) {
        if let Some(body) = self.overwritten(&response.body) {
            response.body = body.into();
        } else if unpacked(&response.body).is_some_and(|body| self.overwritten(&body).is_some()) {
            response.body = vec![b'*'; response.body.len()].into();
        }
        response.headers.rewrite(|text| self.overwritten(text));
        if let Some(head) = response.head.as_deref().and_then(|head| self.overwritten(head)) {
            response.head = Some(head.into());
        }
    }

    /// Overwrites them in the texts of an error.
    pub fn hide_in_error(&self, error: &mut TransportError) {
        for text in error.texts_mut() {
            if let Cow::Owned(hidden) = self.hidden(text) {
                *text = hidden;
            }
        }
    }

    /// The text without them.
    #[must_use]
    pub fn hidden<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.overwritten(text.as_bytes())
            .map_or(Cow::Borrowed(text), |bytes| Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Overwrites them in the strings and keys of a value.
    pub fn hide_in_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(hidden) = self.hidden(text) {
                    *text = hidden;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in_value(item)),
            Value::Object(members) => {
                members.values_mut().for_each(|member| self.hide_in_value(member));
                if members.keys().any(|key| matches!(self.hidden(key), Cow::Owned(_))) {
                    let whole = std::mem::take(members).into_iter();
                    *members = whole.map(|(key, value)| (self.hidden(&key).into_owned(), value)).collect();
                }
            }
            _ => {}
        }
    }

    /// The bytes with asterisks over each secret; `None` if there is none.
    fn overwritten(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let known = self.known();
        let mut found = Vec::new();
        self.search(&known, bytes, |range| found.push(range));
        if has_escapes(bytes) {
            Decoded::each(bytes, known.longest.max(SIGNATURE), |window| {
                self.search(&known, window.text(), |range| found.push(window.source(range)));
            });
        }
        if found.is_empty() {
            return None;
        }
        let mut out = bytes.to_vec();
        for range in found {
            // A backslash before asterisks would be an invalid escape.
            let start = bytes[..range.start].iter().rposition(|byte| *byte != b'\\').map_or(0, |at| at + 1);
            out[start..range.end].fill(b'*');
        }
        Some(out)
    }

    fn search(&self, known: &KnownSecrets, bytes: &[u8], mut found: impl FnMut(Range<usize>)) {
        known.find(bytes, &mut found);
        hex_runs(bytes, |run| {
            self.search_signatures(&bytes[run.clone()], |at| found(run.start + at.start..run.start + at.end));
        });
    }

    fn search_signatures(&self, digits: &[u8], mut found: impl FnMut(Range<usize>)) {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.heads.is_empty() {
            return;
        }
        let mut head = 0;
        for (at, digit) in digits.iter().enumerate() {
            head = head << 4 | u64::from(hex_value(*digit).unwrap_or_default());
            if at + 1 >= SIGNATURE_HEAD && sent.heads.contains(&head) {
                let start = at + 1 - SIGNATURE_HEAD;
                found(start..digits.len().min(start + SIGNATURE));
            }
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// Strings to search for, in any letter case, by their heads.
#[derive(Default)]
struct KnownSecrets {
    values: Vec<String>,
    automaton: Option<AhoCorasick>,
    longest: usize,
}

/// The part of a secret by which it is found: what is less of it is of no use to anyone.
fn head(value: &str) -> &[u8] {
    &value.as_bytes()[..SHORTEST.max(value.len().div_ceil(2)).min(value.len())]
}

impl KnownSecrets {
    fn of(values: Vec<String>) -> Self {
        let longest = values.iter().map(String::len).max().unwrap_or_default();
        let mut builder = AhoCorasick::builder();
        builder.ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest);
        // It fails only for texts that are longer than any header can be.
        let automaton =
            if values.is_empty() { None } else { builder.build(values.iter().map(|value| head(value))).ok() };
        Self { values, automaton, longest }
    }

    /// Calls `found` for each secret, as far as the text holds it.
    fn find(&self, bytes: &[u8], mut found: impl FnMut(Range<usize>)) {
        for one in self.automaton.iter().flat_map(|automaton| automaton.find_iter(bytes)) {
            let text = &bytes[one.start()..];
            let end = self.values.iter().map(|value| common_length(value.as_bytes(), text)).max().unwrap_or_default();
            found(one.start()..one.start() + end);
        }
    }
}

/// The length of the common beginning, in any letter case.
fn common_length(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count()
}

/// The heads of the latest signatures.
#[derive(Default)]
struct SentSignatures {
    heads: HashSet<u64>,
    order: VecDeque<u64>,
}

impl SentSignatures {
    fn enter(&mut self, head: u64) {
        if !self.heads.insert(head) {
            return;
        }
        self.order.push_back(head);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.heads.remove(&oldest);
        }
    }
}

/// The part of an authorization header after a name.
fn part<'v>(value: &'v str, name: &str) -> Option<&'v str> {
    value.split_once(name)?.1.split(['/', ',', ' ']).next()
}

fn signature_head(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |head, digit| Some(head << 4 | u64::from(hex_value(*digit)?)))
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Calls `found` for each run of hexadecimal digits that is long enough for a signature. Such a run covers one of the
/// positions that are looked at.
fn hex_runs(bytes: &[u8], mut found: impl FnMut(Range<usize>)) {
    let mut at = SIGNATURE_HEAD - 1;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_hexdigit() {
            let start = bytes[..at].iter().rposition(|byte| !byte.is_ascii_hexdigit()).map_or(0, |before| before + 1);
            let end = bytes[at..].iter().position(|byte| !byte.is_ascii_hexdigit()).map_or(bytes.len(), |len| at + len);
            if end - start >= SIGNATURE_HEAD {
                found(start..end);
            }
            at = end;
        }
        at += SIGNATURE_HEAD;
    }
}

/// Returns true if a credential was overwritten in a string or key of a value.
#[must_use]
pub fn has_hidden_secret(value: &Value) -> bool {
    let is_hidden = |text: &str| text.len() >= SHORTEST && text.contains(&"*".repeat(SHORTEST));
    match value {
        Value::String(text) => is_hidden(text),
        Value::Array(items) => items.iter().any(has_hidden_secret),
        Value::Object(members) => members.iter().any(|(key, value)| is_hidden(key) || has_hidden_secret(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
