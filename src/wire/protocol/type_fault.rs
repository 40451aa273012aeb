//! The first value of an input that has another type than its shape: what a server cannot even read.
//!
//! Constraints are no business of this module: a value may be too long and still be read.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::model::{
    BodyRules, Contract, Member, NumberKind, ShapeId, ShapeKind, TimestampFormat, exact_number::ExactNumber,
    pointer::child,
};

/// A value of another type than its shape.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{pointer} is not {expected}")]
pub struct TypeFault {
    /// The JSON pointer of the value.
    pub pointer: String,
    /// The type of the shape.
    pub expected: &'static str,
}

impl TypeFault {
    /// The first value below a shape that has another type. Null members of structures are absent.
    #[must_use]
    pub fn first(contract: &Contract, root: &ShapeId, rules: &BodyRules, value: &Value) -> Option<Self> {
        TypeReader { contract, rules }.fault(root, None, value, String::new)
    }
}

struct TypeReader<'c> {
    contract: &'c Contract,
    rules: &'c BodyRules,
}

impl TypeReader<'_> {
    /// `pointer` is only called for a fault.
    fn fault(
        &self,
        shape: &ShapeId,
        member: Option<&Member>,
        value: &Value,
        pointer: impl Fn() -> String + Copy,
    ) -> Option<TypeFault> {
        let shape = self.contract.shape(shape)?;
        let expected = |expected| Some(TypeFault { pointer: pointer(), expected });
        match (&shape.kind, value) {
            (ShapeKind::Structure(members), Value::Object(values)) => self.members(members, values, pointer),
            (ShapeKind::Union(members), Value::Object(values)) => {
                self.union(members, values, pointer).or_else(|| self.members(members, values, pointer))
            }
            (ShapeKind::List(item), Value::Array(values)) => {
                let is_sparse = shape.traits.sparse();
                values.iter().enumerate().find_map(|(index, value)| {
                    self.part(item, is_sparse, value, || child(&pointer(), &index.to_string()))
                })
            }
            (ShapeKind::Map { value: item, .. }, Value::Object(values)) => {
                let is_sparse = shape.traits.sparse();
                values.iter().find_map(|(key, value)| self.part(item, is_sparse, value, || child(&pointer(), key)))
            }
            (ShapeKind::Timestamp, value) => {
                let own = member.and_then(|member| member.traits.timestamp_format());
                let format = own.or_else(|| shape.traits.timestamp_format()).unwrap_or(self.rules.timestamp_format);
                if is_timestamp(format, value) { None } else { expected("a timestamp") }
            }
            (kind, value) => scalar_type(kind, value).and_then(expected),
        }
    }

    fn members(
        &self,
        members: &[Member],
        values: &Map<String, Value>,
        pointer: impl Fn() -> String + Copy,
    ) -> Option<TypeFault> {
        let given = members.iter().filter_map(|member| Some((member, values.get(&member.name)?)));
        given
            .filter(|(_, value)| !value.is_null())
            .find_map(|(member, value)| self.erased(member, value, &|| child(&pointer(), &member.name)))
    }

    fn part(
        &self,
        member: &Member,
        may_be_null: bool,
        value: &Value,
        pointer: impl Fn() -> String + Copy,
    ) -> Option<TypeFault> {
        match value {
            Value::Null if may_be_null => None,
            Value::Null => Some(TypeFault { pointer: pointer(), expected: "a value" }),
            value => self.erased(member, value, &pointer),
        }
    }

    /// Recursion needs one type of pointers.
    fn erased(&self, member: &Member, value: &Value, pointer: &dyn Fn() -> String) -> Option<TypeFault> {
        self.fault(&member.target, Some(member), value, pointer)
    }

    fn union(
        &self,
        members: &[Member],
        values: &Map<String, Value>,
        pointer: impl Fn() -> String,
    ) -> Option<TypeFault> {
        let counts = |name: &str| !self.rules.ignored_union_members.contains(&name);
        let mut set = values.iter().filter(|(name, value)| counts(name) && !value.is_null());
        let known = |name: &str| members.iter().any(|member| member.name == name);
        let is_one = set.next().is_some_and(|(name, _)| known(name)) && set.next().is_none();
        (!is_one).then(|| TypeFault { pointer: pointer(), expected: "one member of the union" })
    }
}

/// The name of the type that a value does not have; `None` if it has it.
fn scalar_type(kind: &ShapeKind, value: &Value) -> Option<&'static str> {
    let (is_right, name) = match kind {
        ShapeKind::Structure(_) | ShapeKind::Union(_) | ShapeKind::Map { .. } => (false, "an object"),
        ShapeKind::List(_) => (false, "a list"),
        ShapeKind::String | ShapeKind::Enum(_) => (value.is_string(), "a string"),
        ShapeKind::Boolean => (value.is_boolean(), "a boolean"),
        ShapeKind::IntEnum(_) => (is_integer(NumberKind::Integer, value), "an integer"),
        ShapeKind::Number(NumberKind::Float | NumberKind::Double | NumberKind::BigDecimal) => {
            (ExactNumber::of(value).is_some() || is_word(value), "a number")
        }
        ShapeKind::Number(kind) => (is_integer(*kind, value), "an integer of its size"),
        ShapeKind::Blob => (value.as_str().is_some_and(|text| BASE64.decode(text).is_ok()), "bytes in base64"),
        ShapeKind::Timestamp | ShapeKind::Document => (true, ""),
    };
    (!is_right).then_some(name)
}

fn is_word(value: &Value) -> bool {
    matches!(value.as_str(), Some("NaN" | "Infinity" | "-Infinity"))
}

fn is_integer(kind: NumberKind, value: &Value) -> bool {
    let Some(number) = ExactNumber::of(value).filter(ExactNumber::is_integer) else { return false };
    let Some((min, max)) = bounds(kind) else { return true };
    let [min, max] = [min, max].map(Value::from);
    let order = |bound: &Value| ExactNumber::of(bound).and_then(|bound| number.order(&bound));
    order(&min).is_some_and(std::cmp::Ordering::is_ge) && order(&max).is_some_and(std::cmp::Ordering::is_le)
}

fn bounds(kind: NumberKind) -> Option<(i64, i64)> {
    match kind {
        NumberKind::Byte => Some((i8::MIN.into(), i8::MAX.into())),
        NumberKind::Short => Some((i16::MIN.into(), i16::MAX.into())),
        NumberKind::Integer => Some((i32::MIN.into(), i32::MAX.into())),
        NumberKind::Long => Some((i64::MIN, i64::MAX)),
        _ => None,
    }
}

/// Servers take dates in UTC only, and any number of epoch seconds.
fn is_timestamp(format: TimestampFormat, value: &Value) -> bool {
    match format {
        TimestampFormat::EpochSeconds => ExactNumber::of(value).is_some(),
        TimestampFormat::DateTime => {
            format.check(value).is_ok() && value.as_str().is_some_and(|text| text.ends_with(['Z', 'z']))
        }
        TimestampFormat::HttpDate => format.check(value).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::{exact_number::number, read};

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{"x#S":{"type":"service"},"x#In":{"type":"structure","members":{
        "text":{"target":"smithy.api#String","traits":{"smithy.api#length":{"max":1}}},"flag":{"target":"smithy.api#Boolean"},
        "byte":{"target":"smithy.api#Byte"},"short":{"target":"smithy.api#Short"},"int":{"target":"smithy.api#Integer"},
        "long":{"target":"smithy.api#Long"},"big":{"target":"smithy.api#BigInteger"},"ratio":{"target":"smithy.api#Double"},
        "blob":{"target":"smithy.api#Blob"},"at":{"target":"smithy.api#Timestamp"},"choice":{"target":"x#Choice"},
        "day":{"target":"smithy.api#Timestamp","traits":{"smithy.api#timestampFormat":"date-time"}},
        "date":{"target":"x#Date"},"list":{"target":"x#List"},"sparse":{"target":"x#Sparse"},"map":{"target":"x#Map"},
        "union":{"target":"x#Union"},"free":{"target":"smithy.api#Document"},"next":{"target":"x#In"}}},
        "x#Choice":{"type":"intEnum","members":{"A":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":1}}}},
        "x#Date":{"type":"timestamp","traits":{"smithy.api#timestampFormat":"http-date"}},
        "x#List":{"type":"list","member":{"target":"smithy.api#Integer"}},
        "x#Sparse":{"type":"list","member":{"target":"smithy.api#Integer"},"traits":{"smithy.api#sparse":{}}},
        "x#Map":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#In"}},
        "x#Union":{"type":"union","members":{"a":{"target":"smithy.api#Integer"},"b":{"target":"smithy.api#String"}}}}}"#;

    fn fault(value: &Value) -> Option<String> {
        let contract = read("m", MODEL).unwrap();
        let rules = BodyRules { timestamp_format: TimestampFormat::EpochSeconds, ignored_union_members: &["__type"] };
        TypeFault::first(&contract, &ShapeId::new("x#In"), &rules, value).map(|fault| fault.to_string())
    }

    #[rstest]
    #[case::nothing(json!({}))]
    #[case::null_member(json!({"int": null, "list": null}))]
    #[case::unknown_member(json!({"more": [1]}))]
    #[case::too_long(json!({"text": "long"}))]
    #[case::bounds(json!({"byte": -128, "short": 32_767, "int": -2_147_483_648_i64, "long": i64::MAX, "choice": 7}))]
    #[case::whole_numbers(json!({"int": number("1e3"), "long": 1.0, "big": number("123456789012345678901234567890")}))]
    #[case::floats(json!({"ratio": "NaN", "free": {"a": [null]}}))]
    #[case::timestamps(json!({"at": 1.5, "day": "1985-04-12T23:20:50.52Z", "date": "Tue, 29 Apr 2014 18:30:38 GMT"}))]
    #[case::sparse(json!({"sparse": [1, null]}))]
    #[case::union(json!({"union": {"__type": "x", "a": 1, "b": null}}))]
    #[case::blob(json!({"blob": "YWJj"}))]
    fn a_value_of_its_type_has_no_fault(#[case] value: Value) {
        assert_eq!(fault(&value), None);
    }

    #[rstest]
    #[case::no_object(json!([]), " is not an object")]
    #[case::string(json!({"text": 1}), "/text is not a string")]
    #[case::boolean(json!({"flag": "true"}), "/flag is not a boolean")]
    #[case::byte(json!({"byte": 128}), "/byte is not an integer of its size")]
    #[case::short(json!({"short": -32_769}), "/short is not an integer of its size")]
    #[case::integer(json!({"int": 2_147_483_648_i64}), "/int is not an integer of its size")]
    #[case::long(json!({"long": number("9223372036854775808")}), "/long is not an integer of its size")]
    #[case::fraction(json!({"int": 1.001}), "/int is not an integer of its size")]
    #[case::word(json!({"int": "NaN"}), "/int is not an integer of its size")]
    #[case::number(json!({"ratio": "1"}), "/ratio is not a number")]
    #[case::int_enum(json!({"choice": "1"}), "/choice is not an integer")]
    #[case::blob(json!({"blob": "xyz"}), "/blob is not bytes in base64")]
    #[case::epoch(json!({"at": "5"}), "/at is not a timestamp")]
    #[case::offset(json!({"day": "1996-12-19T16:39:57-08:00"}), "/day is not a timestamp")]
    #[case::http_date(json!({"date": "1985-04-12T23:20:50Z"}), "/date is not a timestamp")]
    #[case::list(json!({"list": {}}), "/list is not a list")]
    #[case::item(json!({"list": [1, "a"]}), "/list/1 is not an integer of its size")]
    #[case::null_item(json!({"list": [null]}), "/list/0 is not a value")]
    #[case::null_value(json!({"map": {"a/b": null}}), "/map/a~1b is not a value")]
    #[case::deep(json!({"map": {"a": {"next": {"flag": 1}}}}), "/map/a/next/flag is not a boolean")]
    #[case::union_of_none(json!({"union": {"a": null}}), "/union is not one member of the union")]
    #[case::union_of_two(json!({"union": {"a": 1, "b": "x"}}), "/union is not one member of the union")]
    #[case::unknown_choice(json!({"union": {"a": 1, "z": 1}}), "/union is not one member of the union")]
    #[case::in_union(json!({"union": {"a": "x"}}), "/union/a is not an integer of its size")]
    #[case::array_for_union(json!({"union": ["a"]}), "/union is not an object")]
    fn the_first_value_of_another_type_is_found(#[case] value: Value, #[case] expected: &str) {
        assert_eq!(fault(&value).as_deref(), Some(expected));
    }
}
