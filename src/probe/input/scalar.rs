//! Numbers, blobs and timestamps of a shape.

use base64::Engine as _;
use serde_json::{Number, Value, json};

use crate::{
    model::{Bounds, NumberKind, TimestampFormat},
    probe::MemberPath,
};

/// A valid number: 1 if the range allows it, else the nearest bound.
pub(super) fn number(kind: NumberKind, range: Option<Bounds<f64>>) -> Value {
    let Bounds { min, max } = range.unwrap_or(Bounds { min: None, max: None });
    let value = 1.0_f64.max(min.unwrap_or(f64::MIN)).min(max.unwrap_or(f64::MAX));
    write_number(kind, value)
}

/// A number as JSON writes the kind: integers without a fraction.
pub(in crate::probe) fn write_number(kind: NumberKind, value: f64) -> Value {
    let is_float = matches!(kind, NumberKind::Float | NumberKind::Double | NumberKind::BigDecimal);
    if is_float && value.fract() != 0.0 {
        return Number::from_f64(value).map_or(Value::Null, Value::Number);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounds of ranges are whole and within 64 bits; a cast saturates"
    )]
    let whole = value as i64;
    whole.into()
}

pub(super) fn blob(length: Option<Bounds<u64>>) -> Value {
    let Bounds { min, max } = length.unwrap_or(Bounds { min: None, max: None });
    let length = min.unwrap_or(0).max(9).min(max.unwrap_or(u64::MAX));
    blob_of(length)
}

/// A blob of that many bytes, as the JSON protocols write it.
pub(in crate::probe) fn blob_of(length: u64) -> Value {
    let bytes: Vec<u8> =
        b"wireproof".iter().copied().cycle().take(usize::try_from(length).unwrap_or_default()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes).into()
}

/// The beginning of 2026; a day later for members that end a period.
pub(super) fn timestamp(format: TimestampFormat, at: &MemberPath) -> Value {
    let ends =
        at.members().last().is_some_and(|name| name.contains("End") || name.contains("end") || name.contains("Until"));
    match format {
        TimestampFormat::DateTime if ends => json!("2026-01-02T00:00:00Z"),
        TimestampFormat::DateTime => json!("2026-01-01T00:00:00Z"),
        TimestampFormat::HttpDate => json!("Thu, 01 Jan 2026 00:00:00 GMT"),
        TimestampFormat::EpochSeconds if ends => json!(1_767_312_000),
        TimestampFormat::EpochSeconds => json!(1_767_225_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_1_or_the_nearest_bound() {
        let range = |min, max| Some(Bounds { min, max });
        assert_eq!(number(NumberKind::Integer, None), 1);
        assert_eq!(number(NumberKind::Integer, range(Some(5.0), None)), 5);
        assert_eq!(number(NumberKind::Long, range(None, Some(-3.0))), -3);
        assert_eq!(number(NumberKind::Double, range(Some(1.5), None)), 1.5);
    }
}
