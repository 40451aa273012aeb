//! Scalars as plain text: in XML elements and in form fields.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::{
    ShapeKind, TimestampFormat,
    exact_number::{ExactNumber, number},
};

/// The value of a text by the kind of its shape. A text that the kind does not have stays a string.
pub(super) fn scalar(kind: Option<&ShapeKind>, format: TimestampFormat, text: &str) -> Value {
    match kind {
        Some(ShapeKind::Boolean) if text == "true" => Value::Bool(true),
        Some(ShapeKind::Boolean) if text == "false" => Value::Bool(false),
        Some(ShapeKind::Number(_) | ShapeKind::IntEnum(_)) if is_number(text) => number(text),
        Some(ShapeKind::Timestamp) if format == TimestampFormat::EpochSeconds && is_number(text) => number(text),
        Some(ShapeKind::Blob) => text.split_ascii_whitespace().collect::<String>().into(),
        _ => text.into(),
    }
}

/// The text of a scalar; `None` for null, lists and objects.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        _ => ExactNumber::of(value).map(|number| Cow::Owned(number.text().to_owned())),
    }
}

/// The members of an object; `None` for a number that is kept as one.
pub(super) fn object(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object().filter(|_| ExactNumber::kept(value).is_none())
}

/// Returns whether a text is a number in the form of JSON.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) =
        text.split_once(['e', 'E']).map_or((text, None), |(all, exponent)| (all, Some(exponent)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(all, digits)| (all, Some(digits)));
    let are_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(are_digits)
        && exponent.is_none_or(|exponent| are_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::NumberKind;

    const INTEGER: ShapeKind = ShapeKind::Number(NumberKind::Integer);

    #[rstest]
    #[case::boolean(ShapeKind::Boolean, "true", json!(true))]
    #[case::boolean_in_capitals(ShapeKind::Boolean, "True", json!("True"))]
    #[case::number(INTEGER, "-12", json!(-12))]
    #[case::word(ShapeKind::Number(NumberKind::Double), "NaN", json!("NaN"))]
    #[case::number_with_a_space(INTEGER, " 1", json!(" 1"))]
    #[case::int_enum(ShapeKind::IntEnum(vec![1]), "1", json!(1))]
    #[case::nothing(INTEGER, "", json!(""))]
    #[case::string(ShapeKind::String, "12", json!("12"))]
    #[case::blob(ShapeKind::Blob, " YW\nJj ", json!("YWJj"))]
    #[case::timestamp(ShapeKind::Timestamp, "2020-01-01T00:00:00Z", json!("2020-01-01T00:00:00Z"))]
    fn a_text_becomes_a_value_of_its_shape(#[case] kind: ShapeKind, #[case] given: &str, #[case] expected: Value) {
        assert_eq!(scalar(Some(&kind), TimestampFormat::DateTime, given), expected);
    }

    #[test]
    fn epoch_seconds_are_a_number() {
        let of = |text| scalar(Some(&ShapeKind::Timestamp), TimestampFormat::EpochSeconds, text);
        assert_eq!(
            (of("1.5"), of("x"), scalar(None, TimestampFormat::DateTime, "5")),
            (json!(1.5), json!("x"), json!("5"))
        );
    }

    #[rstest]
    #[case("0", true)]
    #[case("-0.10e+5", true)]
    #[case("01", false)]
    #[case("1.", false)]
    #[case(".5", false)]
    #[case("+1", false)]
    #[case("1e", false)]
    #[case("-", false)]
    #[case("0x10", false)]
    fn a_number_has_the_form_of_json(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_number(text), expected);
        assert_eq!(serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_number()), expected);
    }

    #[test]
    fn only_scalars_have_a_text() {
        let texts = [json!("a"), json!(true), json!(1.5), number("1e400"), json!(null), json!([]), json!({})];
        let texts: Vec<Option<Cow<'_, str>>> = texts.iter().map(text).collect();
        assert_eq!(texts[..4], ["a", "true", "1.5", "1e400"].map(|text| Some(text.into())));
        assert!(texts[4..].iter().all(Option::is_none));
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_it_was_written(given in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,12})?([eE][-+]?[0-9]{1,4})?") {
            let value = scalar(Some(&INTEGER), TimestampFormat::DateTime, &given);
            prop_assert!(text(&value).is_some_and(|text| text == given));
        }
    }
}
