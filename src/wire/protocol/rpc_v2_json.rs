//! The JSON of rpcv2Json: timestamps are epoch seconds whatever their trait says, and numbers of any size are strings.

use serde_json::Value;

use crate::{
    model::{
        Contract, Instant, NumberKind, ShapeId, ShapeKind, TimestampFormat,
        exact_number::{ExactNumber, number},
        walk::{Rewritten, VisitedValue, rewrite},
    },
    wire::json,
};

/// A value of the shape `root` as bodies hold it, made from the canonical value; or the canonical value, made from that
/// of a body.
///
/// It works in both directions, because it exchanges two forms. A value in the wrong form changes into one that is
/// wrong in the other direction, too, so that the schema finds it.
pub(super) fn exchanged(contract: &Contract, root: &ShapeId, value: &Value) -> Value {
    rewrite(contract, root, value, &mut |at: &VisitedValue<'_, '_, &Value>| {
        let Some(shape) = at.shape else { return Rewritten::Parts };
        let of_member = at.member.and_then(|member| member.traits.timestamp_format());
        let format = of_member.or_else(|| shape.traits.timestamp_format());
        let other = match (&shape.kind, format) {
            (ShapeKind::Timestamp, Some(format)) => other_timestamp(at.value, format),
            (ShapeKind::Number(NumberKind::BigInteger), _) => {
                other_number(at.value, |text| !text.contains(['.', 'e', 'E']))
            }
            (ShapeKind::Number(NumberKind::BigDecimal), _) => other_number(at.value, |_| true),
            (ShapeKind::Structure(_) | ShapeKind::Union(_) | ShapeKind::List(_) | ShapeKind::Map { .. }, _) => {
                return Rewritten::Parts;
            }
            _ => None,
        };
        Rewritten::Value(other.unwrap_or_else(|| at.value.clone()))
    })
}

fn other_timestamp(value: &Value, format: TimestampFormat) -> Option<Value> {
    if format == TimestampFormat::EpochSeconds {
        return None;
    }
    let from_epoch = Instant::read(TimestampFormat::EpochSeconds, value).map(|instant| instant.value(format));
    from_epoch.or_else(|| Some(Instant::read(format, value)?.value(TimestampFormat::EpochSeconds)))
}

/// The number of a string, or the string of a number. `has_form`: the grammar of its shape.
fn other_number(value: &Value, has_form: impl Fn(&str) -> bool) -> Option<Value> {
    match value {
        Value::String(text) => Some(text).filter(|text| is_number(text) && has_form(text)).map(|text| number(text)),
        _ => ExactNumber::of(value).map(|number| number.text().into()),
    }
}

fn is_number(text: &str) -> bool {
    text.trim() == text && json::value(text.as_bytes()).is_some_and(|value| value.is_number())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[]},
        "x#In":{"type":"structure","members":{
            "epoch":{"target":"smithy.api#Timestamp"},
            "date":{"target":"smithy.api#Timestamp","traits":{"smithy.api#timestampFormat":"date-time"}},
            "whole":{"target":"smithy.api#BigInteger"},"decimal":{"target":"smithy.api#BigDecimal"},
            "long":{"target":"smithy.api#Long"},"in":{"target":"x#In"}}}}}"#;

    #[rstest]
    #[case::epoch(json!({"epoch": 1.5}), json!({"epoch": 1.5}))]
    #[case::date(json!({"date": 1.5}), json!({"date": "1970-01-01T00:00:01.5Z"}))]
    #[case::whole(json!({"in": {"whole": "9223372036854775808"}}), json!({"in": {"whole": number("9223372036854775808")}}))]
    #[case::decimal(json!({"decimal": "1.50"}), json!({"decimal": number("1.50")}))]
    #[case::huge(json!({"decimal": "1e400"}), json!({"decimal": number("1e400")}))]
    #[case::long(json!({"long": number("9223372036854775808")}), json!({"long": number("9223372036854775808")}))]
    fn a_form_is_exchanged_in_both_directions(#[case] body: Value, #[case] canonical: Value) {
        let (contract, root) = (crate::model::read("m", MODEL).unwrap(), ShapeId::new("x#In"));
        assert_eq!(exchanged(&contract, &root, &body), canonical);
        assert_eq!(exchanged(&contract, &root, &canonical), body);
    }

    #[rstest]
    #[case::fraction(json!({"whole": "1.5"}))]
    #[case::blank(json!({"decimal": " 1"}))]
    #[case::words(json!({"decimal": "one", "date": "soon"}))]
    fn what_has_no_other_form_stays(#[case] value: Value) {
        let (contract, root) = (crate::model::read("m", MODEL).unwrap(), ShapeId::new("x#In"));
        assert_eq!(exchanged(&contract, &root, &value), value);
    }
}
