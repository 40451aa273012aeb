//! CBOR bodies as the JSON values of their shapes, and back.
//!
//! A data item of another type than its shape becomes the JSON value that shows it: the schema finds it there. Where
//! the JSON value would be a valid one all the same (text for bytes, a number for a timestamp), it is a problem of the
//! body.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Number, Value};

use super::ErrorLocation;
use crate::{
    model::{
        Contract, Instant, Member, NumberKind, Shape, ShapeId, ShapeKind, TimestampFormat,
        exact_number::{ExactNumber, number, same},
    },
    wire::{
        cbor::{self, CborLimit, CborProblem, CborValue, CborWriter},
        json::JsonContainer,
    },
};

/// The value of a CBOR body.
pub(super) struct CborBody {
    pub(super) value: Option<Value>,
    pub(super) problems: Vec<CborProblem>,
    pub(super) limit: Option<CborLimit>,
}

/// The texts that JSON values have for floats that are not finite.
const NOT_FINITE: [(&str, f32); 3] = [("NaN", f32::NAN), ("Infinity", f32::INFINITY), ("-Infinity", f32::NEG_INFINITY)];

/// Reads a body. `root` gives its shape, if it is known, by the error that the body names.
pub(super) fn read<'c>(
    contract: &'c Contract,
    bytes: &[u8],
    root: impl FnOnce(Option<&str>) -> Option<&'c ShapeId>,
) -> CborBody {
    let document = cbor::read(bytes);
    let shape = root(document.value.as_ref().and_then(error_of)).and_then(|id| contract.shape(id));
    let mut reader = BodyReader { contract, problems: document.problems };
    let slot = ShapeSlot { shape, member: None };
    let value = document.value.map(|item| reader.value(item, slot, JsonContainer::Root));
    CborBody { value, problems: reader.problems, limit: document.limit }
}

fn error_of(item: &CborValue) -> Option<&str> {
    let CborValue::Map(entries) = item else { return None };
    entries.iter().find_map(|(key, item)| match item {
        CborValue::Text(text) if key == ErrorLocation::TYPE.name() => Some(text.as_str()),
        _ => None,
    })
}

/// Writes a value of the shape `root`, with further members in front. Null members of structures are left out.
pub(super) fn write_with(contract: &Contract, root: &ShapeId, value: &Value, first: &[(&str, &str)]) -> Vec<u8> {
    write_from(Some(contract), ShapeSlot { shape: contract.shape(root), member: None }, value, first)
}

/// Writes a value without a shape, with further members in front.
pub(super) fn write_plain(value: &Value, first: &[(&str, &str)]) -> Vec<u8> {
    write_from(None, ShapeSlot { shape: None, member: None }, value, first)
}

fn write_from(contract: Option<&Contract>, slot: ShapeSlot<'_>, value: &Value, first: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = BodyWriter { contract, out: CborWriter::default() };
    match value {
        Value::Object(members) if ExactNumber::kept(value).is_none() => writer.map(members, slot, first),
        other => writer.value(other, slot),
    }
    writer.out.into_bytes()
}

/// What a model says of a value: its shape, and the member that it is.
#[derive(Clone, Copy)]
struct ShapeSlot<'c> {
    shape: Option<&'c Shape>,
    member: Option<&'c Member>,
}

impl<'c> ShapeSlot<'c> {
    fn kind(self) -> Option<&'c ShapeKind> {
        self.shape.map(|shape| &shape.kind)
    }

    fn of(contract: Option<&'c Contract>, member: Option<&'c Member>) -> Self {
        Self { shape: member.and_then(|member| contract?.shape(&member.target)), member }
    }

    fn named(self, contract: Option<&'c Contract>, name: &str) -> Self {
        let member = match self.kind() {
            Some(ShapeKind::Structure(members) | ShapeKind::Union(members)) => {
                members.iter().find(|member| member.name == name)
            }
            Some(ShapeKind::Map { value, .. }) => Some(value),
            _ => None,
        };
        Self::of(contract, member)
    }

    fn item(self, contract: Option<&'c Contract>) -> Self {
        let member = match self.kind() {
            Some(ShapeKind::List(item)) => Some(item),
            _ => None,
        };
        Self::of(contract, member)
    }

    /// The format that JSON values of a timestamp have.
    fn timestamp_format(self) -> TimestampFormat {
        let of_member = self.member.and_then(|member| member.traits.timestamp_format());
        let of_shape = || self.shape.and_then(|shape| shape.traits.timestamp_format());
        of_member.or_else(of_shape).unwrap_or(TimestampFormat::EpochSeconds)
    }
}

struct BodyReader<'c> {
    contract: &'c Contract,
    problems: Vec<CborProblem>,
}

impl BodyReader<'_> {
    fn value(&mut self, item: CborValue, slot: ShapeSlot<'_>, at: JsonContainer<'_>) -> Value {
        if let Some(expected) = slot.kind().and_then(|kind| hidden_mismatch(kind, &item)) {
            let (pointer, actual) = (at.pointer(), item.kind());
            self.problems.push(CborProblem::OtherType { pointer, actual, expected });
        }
        let contract = Some(self.contract);
        match item {
            CborValue::Array(items) => {
                let items = items.into_iter().enumerate();
                let slot = slot.item(contract);
                items.map(|(index, item)| self.value(item, slot, JsonContainer::Item(&at, index))).collect()
            }
            CborValue::Map(entries) => {
                let mut members = Map::with_capacity(entries.len());
                for (key, item) in entries {
                    let value = self.value(item, slot.named(contract, &key), JsonContainer::Member(&at, &key));
                    members.insert(key, value);
                }
                Value::Object(members)
            }
            CborValue::Timestamp(seconds) => timestamp(scalar(*seconds, false), slot),
            item => scalar(item, matches!(slot.kind(), Some(ShapeKind::Number(NumberKind::Float)))),
        }
    }
}

/// The value of a timestamp in the format of its shape, if it is in the calendar.
fn timestamp(seconds: Value, slot: ShapeSlot<'_>) -> Value {
    match slot.timestamp_format() {
        TimestampFormat::EpochSeconds => seconds,
        format => {
            Instant::read(TimestampFormat::EpochSeconds, &seconds).map_or(seconds, |instant| instant.value(format))
        }
    }
}

/// The value of an item without parts. `short`: a single-precision float has the digits that single precision needs.
fn scalar(item: CborValue, short: bool) -> Value {
    match item {
        CborValue::Null | CborValue::Array(_) | CborValue::Map(_) | CborValue::Timestamp(_) => Value::Null,
        CborValue::Bool(value) => value.into(),
        CborValue::Integer(value) => number(&value.to_string()),
        CborValue::Digits(digits) => number(&digits),
        CborValue::Single(value) if short => float(value.into(), value.to_string().parse().ok()),
        CborValue::Single(value) => float(value.into(), None),
        CborValue::Double(value) => float(value, None),
        CborValue::Bytes(bytes) => STANDARD.encode(bytes).into(),
        CborValue::Text(text) => text.into(),
    }
}

/// The number of a float, or the text of one that is not finite. `nearest` has the shortest digits, if given.
fn float(value: f64, nearest: Option<f64>) -> Value {
    let number = Number::from_f64(nearest.unwrap_or(value)).filter(|_| value.is_finite());
    number.map_or_else(|| not_finite(value).into(), Value::Number)
}

/// The text of a float that is not finite.
fn not_finite(value: f64) -> &'static str {
    match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

/// The float that is not finite of a text.
fn number_not_finite(text: &str) -> Option<f32> {
    NOT_FINITE.into_iter().find(|(known, _)| *known == text).map(|(_, value)| value)
}

/// The type of a shape, if an item of another type would have a valid JSON value.
fn hidden_mismatch(kind: &ShapeKind, item: &CborValue) -> Option<&'static str> {
    let is_not_finite = match item {
        CborValue::Single(value) => !value.is_finite(),
        CborValue::Double(value) => !value.is_finite(),
        _ => false,
    };
    match (kind, item) {
        (_, CborValue::Null)
        | (ShapeKind::Blob, CborValue::Bytes(_))
        | (ShapeKind::Timestamp, CborValue::Timestamp(_)) => None,
        (ShapeKind::Blob, CborValue::Text(_)) => Some("a byte string"),
        (ShapeKind::Timestamp, _) => Some("a timestamp of tag 1"),
        (ShapeKind::String | ShapeKind::Enum(_), CborValue::Bytes(_) | CborValue::Timestamp(_)) => {
            Some("a text string")
        }
        (ShapeKind::String | ShapeKind::Enum(_) | ShapeKind::Blob, _) if is_not_finite => Some("a string"),
        (ShapeKind::Number(_), CborValue::Text(text)) => number_not_finite(text).map(|_| "a float"),
        (ShapeKind::Number(_) | ShapeKind::IntEnum(_), CborValue::Timestamp(_) | CborValue::Bytes(_)) => {
            Some("a number")
        }
        _ => None,
    }
}

struct BodyWriter<'c> {
    contract: Option<&'c Contract>,
    out: CborWriter,
}

impl BodyWriter<'_> {
    fn value(&mut self, value: &Value, slot: ShapeSlot<'_>) {
        if let Some(instant) = instant(value, slot) {
            return self.timestamp(instant);
        }
        if let Some(number) = ExactNumber::of(value) {
            return self.number(number.text(), slot.kind());
        }
        match value {
            Value::Bool(value) => self.out.bool(*value),
            Value::String(text) => self.string(text, slot.kind()),
            Value::Array(items) => {
                self.out.array(items.len());
                for item in items {
                    self.value(item, slot.item(self.contract));
                }
            }
            Value::Object(members) => self.map(members, slot, &[]),
            Value::Null | Value::Number(_) => self.out.null(),
        }
    }

    fn map(&mut self, members: &Map<String, Value>, slot: ShapeSlot<'_>, first: &[(&str, &str)]) {
        let omits_null = matches!(slot.kind(), Some(ShapeKind::Structure(_) | ShapeKind::Union(_)));
        let is_written = |(_, value): &(&String, &Value)| !(omits_null && value.is_null());
        self.out.map(first.len() + members.iter().filter(is_written).count());
        for (name, text) in first {
            self.out.text(name);
            self.out.text(text);
        }
        for (name, value) in members.iter().filter(is_written) {
            self.out.text(name);
            self.value(value, slot.named(self.contract, name));
        }
    }

    fn string(&mut self, text: &str, kind: Option<&ShapeKind>) {
        match kind {
            Some(ShapeKind::Blob) => match STANDARD.decode(text) {
                Ok(bytes) => self.out.bytes(&bytes),
                Err(_) => self.out.text(text),
            },
            Some(ShapeKind::Number(NumberKind::Float | NumberKind::Double)) => match number_not_finite(text) {
                Some(value) => self.out.single(value),
                None => self.out.text(text),
            },
            _ => self.out.text(text),
        }
    }

    fn timestamp(&mut self, instant: Instant) {
        self.out.timestamp();
        let seconds = instant.epoch_seconds();
        match (seconds.parse::<i64>(), seconds.parse::<f64>()) {
            (Ok(seconds), _) => self.out.integer(seconds.into()),
            (Err(_), seconds) => self.out.float(seconds.unwrap_or_default()),
        }
    }

    fn number(&mut self, text: &str, kind: Option<&ShapeKind>) {
        let kind = match kind {
            Some(ShapeKind::Number(kind)) => Some(*kind),
            Some(ShapeKind::IntEnum(_)) => Some(NumberKind::Integer),
            _ => None,
        };
        let is_whole = !text.contains(['.', 'e', 'E']);
        match kind {
            Some(NumberKind::BigDecimal) => self.decimal(text),
            Some(NumberKind::Float) => self.float(text, true),
            Some(NumberKind::Double) if !is_whole => self.float(text, false),
            Some(NumberKind::Double) | None if is_whole && text.parse::<i64>().is_err() => self.float(text, false),
            _ if is_whole => self.integer(text),
            None => self.float(text, false),
            Some(_) => match whole(text) {
                Some(value) => self.out.integer(value),
                None => self.float(text, false),
            },
        }
    }

    fn integer(&mut self, text: &str) {
        match text.parse::<i128>() {
            Ok(value) => self.out.integer(value),
            Err(_) => self.out.bignum(text.trim_start_matches('-'), text.starts_with('-')),
        }
    }

    /// Writes a number as a float. One that no float holds is a decimal fraction.
    #[expect(clippy::cast_possible_truncation, reason = "the precision of the shape")]
    fn float(&mut self, text: &str, is_single: bool) {
        match text.parse::<f64>() {
            Ok(value) if is_single && (value as f32).is_finite() => self.out.single(value as f32),
            Ok(value) if value.is_finite() => self.out.float(value),
            _ => self.decimal(text),
        }
    }

    fn decimal(&mut self, text: &str) {
        if !self.out.decimal(text) {
            self.out.text(text);
        }
    }
}

/// The point in time of a value that has the format of its timestamp.
fn instant(value: &Value, slot: ShapeSlot<'_>) -> Option<Instant> {
    let is_timestamp = matches!(slot.kind(), Some(ShapeKind::Timestamp));
    is_timestamp.then(|| Instant::read(slot.timestamp_format(), value)).flatten()
}

/// The integer that a number with a fraction or an exponent is, if it is one of at most 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "the comparison finds what a cast loses")]
fn whole(text: &str) -> Option<i128> {
    let rounded = text.parse::<f64>().ok().filter(|value| value.abs() < 1e15)? as i128;
    same(&number(text), &number(&rounded.to_string())).then_some(rounded)
}
