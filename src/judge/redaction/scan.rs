//! Where in a body sensitive values stand, by the model; and where nothing is known, so that others may be echoed.

use std::{collections::BTreeSet, fmt, ops::Range};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    PlaceholderKey, SHORTEST_IN_TEXT,
    token::{recoded, recoded_blob, recoded_number},
};
use crate::{
    model::{Contract, Member, ShapeId, ShapeKind, pointer::child},
    suite::placeholder::pseudonym,
};

/// What was found in one body.
#[derive(Debug, Default)]
pub(super) struct SensitiveScan {
    marks: Vec<SensitiveMark>,
    /// Where sensitive texts from elsewhere may be echoed.
    foreign: Vec<Range<usize>>,
}

/// A sensitive value.
#[derive(Debug)]
struct SensitiveMark {
    at: Range<usize>,
    pointer: String,
    what: SensitiveKind,
}

#[derive(Debug)]
enum SensitiveKind {
    Text(String),
    Blob,
    Number,
}

impl SensitiveScan {
    /// A body of which nothing is known.
    pub(super) fn foreign(body: &[u8]) -> Self {
        let mut scan = Self::default();
        scan.foreign.push(0..body.len());
        scan
    }

    /// A body of a shape; `None`: a shape that the model does not have.
    pub(super) fn of(contract: &Contract, shape: Option<&ShapeId>, body: &[u8]) -> Self {
        let Some(raw) = std::str::from_utf8(body).ok().and_then(|text| serde_json::from_str::<&RawValue>(text).ok())
        else {
            return Self::foreign(body);
        };
        let mut walk = Walk { contract, base: body.as_ptr() as usize, scan: Self::default() };
        match shape {
            Some(shape) => walk.value(raw, Some(shape), false, ""),
            None => walk.foreign(raw),
        }
        walk.scan
    }

    /// The sensitive texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        self.marks.iter().filter_map(|mark| match &mark.what {
            SensitiveKind::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        })
    }

    /// The body with pseudonyms.
    pub(super) fn rewritten(&self, body: &Bytes, key: &str, known: &PlaceholderKey) -> Bytes {
        let mut own: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
        for SensitiveMark { at, what, .. } in &self.marks {
            let Some(token) = body.get(at.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()) else { continue };
            let text = |text: &str| recoded(token, &pseudonym(key, text));
            let other = match what {
                SensitiveKind::Text(sensitive) => text(sensitive),
                SensitiveKind::Blob => recoded_blob(token, key).unwrap_or_else(|| text(token.trim_matches('"'))),
                SensitiveKind::Number => recoded_number(token, key),
            };
            own.push((at.clone(), other.into_bytes()));
        }
        for at in &self.foreign {
            let Some(bytes) = body.get(at.clone()) else { continue };
            own.extend(echoes(bytes, known).map(|other| (at.clone(), other)));
        }
        if own.is_empty() {
            return body.clone();
        }
        let mut out = body.to_vec();
        for (at, other) in own.into_iter().filter(|(at, other)| at.len() == other.len()) {
            out[at].copy_from_slice(&other);
        }
        out.into()
    }

    /// The pointers of what was marked.
    pub(super) fn into_pointers(self) -> Vec<String> {
        self.marks.into_iter().map(|mark| mark.pointer).collect()
    }
}

/// The bytes with pseudonyms where they hold a sensitive text, as it stands or as JSON writes it; `None`: nowhere.
fn echoes(bytes: &[u8], known: &PlaceholderKey) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    for (text, other) in known.0.iter().filter(|(text, _)| text.len() >= SHORTEST_IN_TEXT) {
        let token = serde_json::Value::from(text.as_str()).to_string();
        let other_token = recoded(&token, other);
        let forms: BTreeSet<(&str, &str)> =
            [(text.as_str(), other.as_str()), (inner(&token), inner(&other_token))].into();
        for (from, to) in forms {
            let found: Vec<usize> =
                memchr::memmem::find_iter(out.as_deref().unwrap_or(bytes), from.as_bytes()).collect();
            for at in found {
                out.get_or_insert_with(|| bytes.to_vec())[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
        }
    }
    out
}

fn inner(token: &str) -> &str {
    token.strip_prefix('"').and_then(|token| token.strip_suffix('"')).unwrap_or(token)
}

/// One way through a body.
struct Walk<'a> {
    contract: &'a Contract,
    /// Where the body begins, to tell where a part of it stands.
    base: usize,
    scan: SensitiveScan,
}

impl Walk<'_> {
    fn at(&self, raw: &RawValue) -> Range<usize> {
        let start = (raw.get().as_ptr() as usize).saturating_sub(self.base);
        start..start + raw.get().len()
    }

    fn value(&mut self, raw: &RawValue, id: Option<&ShapeId>, sensitive: bool, pointer: &str) {
        let shape = id.and_then(|id| self.contract.shape(id));
        let sensitive = sensitive || shape.is_some_and(|shape| shape.traits.sensitive());
        match (raw.get().as_bytes().first(), shape.map(|shape| &shape.kind)) {
            (Some(b'{'), kind) => self.object(raw, kind, sensitive, pointer),
            (Some(b'['), kind) => {
                let item = match kind {
                    Some(ShapeKind::List(item)) => Some(item),
                    _ => None,
                };
                let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
                for (index, value) in items.into_iter().enumerate() {
                    self.part(value, item, sensitive, &format!("{pointer}/{index}"));
                }
            }
            (Some(b'"'), kind) if sensitive => self.text(raw, kind, pointer),
            (Some(b'-' | b'0'..=b'9'), _) if sensitive => {
                self.scan.marks.push(SensitiveMark {
                    at: self.at(raw),
                    pointer: pointer.to_owned(),
                    what: SensitiveKind::Number,
                });
            }
            _ => {}
        }
    }

    fn object(&mut self, raw: &RawValue, kind: Option<&ShapeKind>, sensitive: bool, pointer: &str) {
        let MarkedMembers(members) = serde_json::from_str(raw.get()).unwrap_or_default();
        for (name, value) in members {
            let member = match kind {
                Some(ShapeKind::Structure(members) | ShapeKind::Union(members)) => {
                    members.iter().find(|member| member.name == name)
                }
                Some(ShapeKind::Map { value, .. }) => Some(value),
                _ => None,
            };
            self.part(value, member, sensitive, &child(pointer, &name));
        }
    }

    fn part(&mut self, raw: &RawValue, member: Option<&Member>, sensitive: bool, pointer: &str) {
        match member {
            Some(member) => {
                let sensitive = sensitive || member.traits.sensitive();
                if sensitive || self.contract.holds_sensitive(&member.target) || is_container(raw) {
                    self.value(raw, Some(&member.target), sensitive, pointer);
                }
            }
            None if sensitive => self.value(raw, None, true, pointer),
            // Nothing is known of it: it may hold what the request said.
            None => self.foreign(raw),
        }
    }

    fn foreign(&mut self, raw: &RawValue) {
        let at = self.at(raw);
        self.scan.foreign.push(at);
    }

    fn text(&mut self, raw: &RawValue, kind: Option<&ShapeKind>, pointer: &str) {
        let Ok(text) = serde_json::from_str::<String>(raw.get()) else { return };
        let what = match kind {
            // What everybody can choose from is no secret.
            Some(ShapeKind::Enum(values)) if values.iter().any(|one| one.value == text) => return,
            Some(ShapeKind::Blob) => SensitiveKind::Blob,
            _ => SensitiveKind::Text(text),
        };
        self.scan.marks.push(SensitiveMark { at: self.at(raw), pointer: pointer.to_owned(), what });
    }
}

fn is_container(raw: &RawValue) -> bool {
    raw.get().starts_with(['{', '['])
}

/// The members of an object as they stand, names that occur twice included.
#[derive(Default)]
struct MarkedMembers<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for MarkedMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = MarkedMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    members.push((name, map.next_value()?));
                }
                Ok(MarkedMembers(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
