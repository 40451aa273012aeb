//! The text of scalars outside of JSON and CBOR: in labels, query parameters, headers, XML elements and form fields.
//!
//! A value is in the format that the schemas of its shape expect; its text is in the format of the location. Only
//! timestamps differ between the two.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::TimestampLocation;
use crate::model::{
    Contract, JsonText, Member, ShapeKind, TimestampFormat,
    exact_number::{ExactNumber, number},
};

/// The formats of scalars at one kind of location.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScalarText<'c> {
    contract: &'c Contract,
    /// The format of a timestamp in a value, if the model gives none.
    value: TimestampFormat,
    /// The format of a timestamp in a text, if the model gives none.
    text: TimestampFormat,
}

impl<'c> ScalarText<'c> {
    /// The formats of a location, by the default format of each.
    pub(super) fn at(
        contract: &'c Contract,
        location: TimestampLocation,
        format: impl Fn(TimestampLocation) -> TimestampFormat,
    ) -> Self {
        Self { contract, value: format(TimestampLocation::Body), text: format(location) }
    }

    /// Writes a value. One of another type than its shape is written as its own text: a string as it is, a list or an
    /// object as JSON.
    pub(super) fn write<'v>(self, member: &Member, value: &'v Value) -> Cow<'v, str> {
        let converted = || {
            let (of_value, of_text) = self.formats(member)?;
            of_value.convert(of_text, value).map(|value| plain(&value).into_owned())
        };
        converted().map_or_else(|| plain(value), Cow::Owned)
    }

    /// Reads a text. One that the shape cannot have stays a string.
    pub(super) fn read(self, member: &Member, text: &str) -> Value {
        let as_string = || Value::from(text);
        match self.contract.shape(&member.target).map(|shape| &shape.kind) {
            Some(ShapeKind::Boolean) => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => as_string(),
            },
            Some(ShapeKind::Number(_) | ShapeKind::IntEnum(_)) if is_number(text) => number(text),
            Some(ShapeKind::Timestamp) => self.read_timestamp(member, text).unwrap_or_else(as_string),
            _ => as_string(),
        }
    }

    fn read_timestamp(self, member: &Member, text: &str) -> Option<Value> {
        let (of_value, of_text) = self.formats(member)?;
        let is_epoch = of_text == TimestampFormat::EpochSeconds && is_number(text);
        let value = if is_epoch { number(text) } else { text.into() };
        // Only servers read another format than that of the value from a date-time, and they take UTC alone.
        let is_local = of_text == TimestampFormat::DateTime && !text.ends_with(['Z', 'z']);
        if is_local && of_value != of_text {
            return None;
        }
        of_text.convert(of_value, &value)
    }

    /// The formats of a timestamp in its value and in its text; `None` for other shapes.
    fn formats(self, member: &Member) -> Option<(TimestampFormat, TimestampFormat)> {
        let shape = self.contract.shape(&member.target)?;
        matches!(shape.kind, ShapeKind::Timestamp).then(|| {
            let own = member.traits.timestamp_format().or_else(|| shape.traits.timestamp_format());
            own.map_or((self.value, self.text), |format| (format, format))
        })
    }
}

/// The text of a value without regard to its shape.
fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        _ => match ExactNumber::of(value) {
            Some(number) => Cow::Owned(number.text().to_owned()),
            None => Cow::Owned(JsonText(value).to_string()),
        },
    }
}

/// Returns whether a text has the form that JSON gives numbers.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::{ShapeId, read};

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{"x#S":{"type":"service"},"x#In":{"type":"structure","members":{
        "text":{"target":"smithy.api#String"},"count":{"target":"smithy.api#Integer"},
        "ratio":{"target":"smithy.api#Double"},"flag":{"target":"smithy.api#Boolean"},
        "bytes":{"target":"smithy.api#Blob"},"at":{"target":"smithy.api#Timestamp"},"choice":{"target":"x#Choice"},
        "day":{"target":"smithy.api#Timestamp","traits":{"smithy.api#timestampFormat":"date-time"}},
        "epoch":{"target":"x#Epoch"}}},
        "x#Choice":{"type":"intEnum","members":{"A":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":1}}}},
        "x#Epoch":{"type":"timestamp","traits":{"smithy.api#timestampFormat":"epoch-seconds"}}}}"#;

    fn format(location: TimestampLocation) -> TimestampFormat {
        match location {
            TimestampLocation::Body => TimestampFormat::EpochSeconds,
            TimestampLocation::Header => TimestampFormat::HttpDate,
            TimestampLocation::Uri => TimestampFormat::DateTime,
        }
    }

    fn in_header(member: &str, act: impl Fn(ScalarText<'_>, &Member) -> Value) -> Value {
        let contract = read("m", MODEL).unwrap();
        let member = contract.members(&ShapeId::new("x#In")).iter().find(|known| known.name == member).unwrap();
        act(ScalarText::at(&contract, TimestampLocation::Header, format), member)
    }

    #[rstest]
    #[case::string("text", json!("a b"), "a b")]
    #[case::integer("count", json!(-5), "-5")]
    #[case::digits("ratio", number("1.50"), "1.50")]
    #[case::not_a_number("ratio", json!("NaN"), "NaN")]
    #[case::boolean("flag", json!(true), "true")]
    #[case::bytes("bytes", json!("YQ=="), "YQ==")]
    #[case::int_enum("choice", json!(1), "1")]
    #[case::default_format("at", json!(1_576_540_098), "Mon, 16 Dec 2019 23:48:18 GMT")]
    #[case::own_format("day", json!("2019-12-16T23:48:18+01:00"), "2019-12-16T23:48:18+01:00")]
    #[case::format_of_the_shape("epoch", json!(5), "5")]
    fn a_value_and_its_text(#[case] member: &str, #[case] value: Value, #[case] text: &str) {
        assert_eq!(in_header(member, |scalars, member| scalars.write(member, &value).into()), json!(text));
        assert_eq!(in_header(member, |scalars, member| scalars.read(member, text)), value);
    }

    #[rstest]
    #[case("count", "abc")]
    #[case("count", " 5")]
    #[case("count", "+5")]
    #[case("count", "0x5")]
    #[case("count", "")]
    #[case("flag", "True")]
    #[case("at", "2019-12-16T23:48:18Z")]
    #[case("epoch", "5x")]
    fn a_text_that_the_shape_cannot_have_stays_a_string(#[case] member: &str, #[case] text: &str) {
        assert_eq!(in_header(member, |scalars, member| scalars.read(member, text)), json!(text));
    }

    #[rstest]
    #[case("count", json!("abc"), "abc")]
    #[case("count", json!([1, {"a": 2}]), r#"[1,{"a":2}]"#)]
    #[case("at", json!("soon"), "soon")]
    #[case("flag", json!(null), "null")]
    fn a_value_of_another_type_is_written_as_its_text(#[case] member: &str, #[case] value: Value, #[case] text: &str) {
        assert_eq!(in_header(member, |scalars, member| scalars.write(member, &value).into()), json!(text));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,30}") {
            for member in ["text", "count", "flag", "at", "day", "epoch"] {
                in_header(member, |scalars, member| scalars.read(member, &text));
            }
        }
    }
}
