//! The positions of sensitive values in a body, by the model, and of the parts that the model does not know.

use std::{collections::BTreeSet, ops::Range};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    PlaceholderKey, SHORTEST_IN_TEXT,
    token::{recoded, recoded_blob, recoded_number},
};
use crate::{
    model::{
        Contract, ShapeId, ShapeKind,
        walk::{VisitedValue, walk},
    },
    suite::placeholder_text::placeholder,
    wire::json::DEEPEST,
};

/// The findings in one body.
#[derive(Debug, Default)]
pub(super) struct SensitiveScan {
    marks: Vec<SensitiveMark>,
    /// The parts that the model does not know: they may echo sensitive strings.
    unknown: Vec<Range<usize>>,
}

#[derive(Debug)]
struct SensitiveMark {
    at: Range<usize>,
    pointer: String,
    kind: SensitiveKind,
}

#[derive(Debug)]
enum SensitiveKind {
    String(String),
    Blob,
    Number,
    /// A value nested too deeply to look into.
    Deep,
}

impl SensitiveScan {
    /// A body that no model describes.
    pub(super) fn unknown(body: &[u8]) -> Self {
        let mut scan = Self::default();
        scan.unknown.push(0..body.len());
        scan
    }

    /// A body of a shape; `None`: a shape that the model does not have.
    pub(super) fn of(contract: &Contract, shape: Option<&ShapeId>, body: &[u8]) -> Self {
        let Some(raw) = std::str::from_utf8(body).ok().and_then(|text| serde_json::from_str::<&RawValue>(text).ok())
        else {
            return Self::unknown(body);
        };
        let mut found = BodyScan { base: body.as_ptr() as usize, scan: Self::default() };
        walk(contract, shape, raw, &false, &mut |at, sensitive| found.visit(at, *sensitive));
        found.scan
    }

    pub(super) fn strings(&self) -> impl Iterator<Item = String> {
        self.marks.iter().filter_map(|mark| match &mark.kind {
            SensitiveKind::String(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        })
    }

    /// The body with placeholders of the same length.
    pub(super) fn redacted(&self, body: &Bytes, key: &str, known: &PlaceholderKey) -> Bytes {
        let mut own: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
        for SensitiveMark { at, kind, .. } in &self.marks {
            let Some(token) = body.get(at.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()) else { continue };
            let text = |text: &str| recoded(token, &placeholder(key, text));
            let other = match kind {
                SensitiveKind::String(sensitive) => text(sensitive),
                SensitiveKind::Blob => recoded_blob(token, key).unwrap_or_else(|| text(token.trim_matches('"'))),
                SensitiveKind::Number => recoded_number(token, key),
                SensitiveKind::Deep => format!("{:<1$}", "0", token.len()),
            };
            own.push((at.clone(), other.into_bytes()));
        }
        for at in &self.unknown {
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

    /// The pointers of the sensitive values.
    pub(super) fn into_pointers(self) -> Vec<String> {
        self.marks.into_iter().map(|mark| mark.pointer).collect()
    }
}

/// The bytes with placeholders for the sensitive strings in them, plain or escaped as in JSON; `None` if there are
/// none.
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

/// The state of one scan of a body.
struct BodyScan {
    /// The address of the body, to compute positions in it.
    base: usize,
    scan: SensitiveScan,
}

impl BodyScan {
    /// Marks a value. The returned state holds for its parts: `true` if they are sensitive, `None` to skip them.
    fn visit(&mut self, at: &VisitedValue<'_, '_, &RawValue>, inherited: bool) -> Option<bool> {
        let sensitive = inherited || at.is_sensitive();
        if at.shape.is_none() && !sensitive {
            // The model says nothing about it: it may echo a value of the request.
            self.scan.unknown.push(self.position(at.value));
            return None;
        }
        match at.value.get().as_bytes().first() {
            Some(b'{' | b'[') if at.pointer.matches('/').count() < DEEPEST => return Some(sensitive),
            Some(b'{' | b'[') if sensitive => self.mark(at, SensitiveKind::Deep),
            Some(b'"') if sensitive => self.string(at),
            Some(b'-' | b'0'..=b'9') if sensitive => self.mark(at, SensitiveKind::Number),
            _ => {}
        }
        None
    }

    fn string(&mut self, at: &VisitedValue<'_, '_, &RawValue>) {
        let Ok(text) = serde_json::from_str::<String>(at.value.get()) else { return };
        let kind = match at.shape.map(|shape| &shape.kind) {
            // The values of an enum are public.
            Some(ShapeKind::Enum(values)) if values.iter().any(|one| one.value == text) => return,
            Some(ShapeKind::Blob) => SensitiveKind::Blob,
            _ => SensitiveKind::String(text),
        };
        self.mark(at, kind);
    }

    fn mark(&mut self, at: &VisitedValue<'_, '_, &RawValue>, kind: SensitiveKind) {
        self.scan.marks.push(SensitiveMark { at: self.position(at.value), pointer: at.pointer.to_owned(), kind });
    }

    fn position(&self, raw: &RawValue) -> Range<usize> {
        let start = (raw.get().as_ptr() as usize).saturating_sub(self.base);
        start..start + raw.get().len()
    }
}
