//! The default values of absent members, after the Smithy specification of the trait `default`.

use serde_json::{Map, Value};

use super::{Contract, Member, Shape, ShapeId, ShapeKind, TimestampFormat};

/// The party that adds default values to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultsBy {
    /// A client, before it sends an input: members of the input itself stay absent.
    ClientInput,
    /// A client that received an output or an error.
    ClientOutput,
    /// A server, in both directions.
    Server,
}

impl Contract {
    /// A copy of a value of the shape `root` with the default values of absent members, at any depth, and without the
    /// null members of structures. `format` is that of timestamps whose model gives none.
    ///
    /// A client leaves members alone that the model makes optional for it (`clientOptional`).
    #[must_use]
    pub fn with_defaults(&self, root: &ShapeId, value: &Value, by: DefaultsBy, format: TimestampFormat) -> Value {
        let filler = DefaultFiller { contract: self, by, format };
        match (by, self.shape(root).map(|shape| &shape.kind), value) {
            (DefaultsBy::ClientInput, Some(ShapeKind::Structure(members)), Value::Object(values)) => {
                filler.present(members, values).into()
            }
            (_, _, value) => filler.filled(self.shape(root), value),
        }
    }
}

struct DefaultFiller<'c> {
    contract: &'c Contract,
    by: DefaultsBy,
    format: TimestampFormat,
}

impl DefaultFiller<'_> {
    fn filled(&self, shape: Option<&Shape>, value: &Value) -> Value {
        match (shape.map(|shape| &shape.kind), value) {
            (Some(ShapeKind::Structure(members)), Value::Object(values)) => {
                let mut filled = self.present(members, values);
                for member in members.iter().filter(|member| !filled.contains_key(&member.name)).collect::<Vec<_>>() {
                    filled.extend(self.default(member).map(|value| (member.name.clone(), value)));
                }
                filled.into()
            }
            (Some(ShapeKind::Union(members)), Value::Object(values)) => self.present(members, values).into(),
            (Some(ShapeKind::List(item)), Value::Array(items)) => {
                items.iter().map(|value| self.part(item, value)).collect()
            }
            (Some(ShapeKind::Map { value: item, .. }), Value::Object(entries)) => {
                entries.iter().map(|(key, value)| (key.clone(), self.part(item, value))).collect()
            }
            _ => value.clone(),
        }
    }

    /// The members that have a value, each filled.
    fn present(&self, members: &[Member], values: &Map<String, Value>) -> Map<String, Value> {
        let given = values.iter().filter(|(_, value)| !value.is_null());
        let filled = given.map(|(name, value)| {
            let member = members.iter().find(|member| member.name == *name);
            (name.clone(), member.map_or_else(|| value.clone(), |member| self.part(member, value)))
        });
        filled.collect()
    }

    fn part(&self, member: &Member, value: &Value) -> Value {
        self.filled(self.contract.shape(&member.target), value)
    }

    /// A default of null is none. That of a stream only says that a body may be empty.
    fn default(&self, member: &Member) -> Option<Value> {
        let is_optional = self.by != DefaultsBy::Server && member.traits.get("smithy.api#clientOptional").is_some();
        let value = member.traits.get("smithy.api#default").filter(|value| !is_optional && !value.is_null())?;
        let shape = self.contract.shape(&member.target)?;
        if shape.traits.get("smithy.api#streaming").is_some() {
            return None;
        }
        if !matches!(shape.kind, ShapeKind::Timestamp) {
            return Some(value.clone());
        }
        let own = member.traits.timestamp_format().or_else(|| shape.traits.timestamp_format());
        let written = if value.is_number() { TimestampFormat::EpochSeconds } else { TimestampFormat::DateTime };
        written.convert(own.unwrap_or(self.format), value)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::read;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Op"}]},
        "x#Op":{"type":"operation","input":{"target":"x#In"}},
        "x#In":{"type":"structure","members":{
            "top":{"target":"smithy.api#String","traits":{"smithy.api#default":"hi"}},
            "part":{"target":"x#Part"},"parts":{"target":"x#Parts"},"byName":{"target":"x#ByName"},
            "choice":{"target":"x#Choice"}}},
        "x#Part":{"type":"structure","members":{
            "count":{"target":"smithy.api#Integer","traits":{"smithy.api#default":7}},
            "at":{"target":"smithy.api#Timestamp","traits":{"smithy.api#default":0}},
            "none":{"target":"smithy.api#String","traits":{"smithy.api#default":null}},
            "stream":{"target":"x#Stream","traits":{"smithy.api#default":""}},
            "free":{"target":"smithy.api#Boolean","traits":{"smithy.api#default":false,"smithy.api#clientOptional":{}}}}},
        "x#Stream":{"type":"blob","traits":{"smithy.api#streaming":{}}},
        "x#Parts":{"type":"list","member":{"target":"x#Part"},"traits":{"smithy.api#sparse":{}}},
        "x#ByName":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#Part"}},
        "x#Choice":{"type":"union","members":{"part":{"target":"x#Part"},"other":{"target":"smithy.api#String"}}}}}"#;

    fn filled(value: &Value, by: DefaultsBy) -> Value {
        let contract = read("m", MODEL).unwrap();
        contract.with_defaults(&ShapeId::new("x#In"), value, by, TimestampFormat::EpochSeconds)
    }

    #[rstest]
    #[case::a_client_sends(DefaultsBy::ClientInput, json!({"part": {"count": 7, "at": 0}}))]
    #[case::a_client_receives(DefaultsBy::ClientOutput, json!({"part": {"count": 7, "at": 0}, "top": "hi"}))]
    #[case::a_server(DefaultsBy::Server, json!({"part": {"count": 7, "at": 0, "free": false}, "top": "hi"}))]
    fn each_party_fills_the_members_that_it_must(#[case] by: DefaultsBy, #[case] expected: Value) {
        assert_eq!(filled(&json!({"part": {}}), by), expected);
    }

    #[test]
    fn parts_are_filled_at_any_depth_and_nothing_is_made_up_around_them() {
        let part = json!({"count": 7, "at": 0});
        let input = json!({"parts": [{}, null], "byName": {"a": {"count": 1}}, "choice": {"part": {}, "other": null}});
        let expected = json!({"parts": [part, null], "byName": {"a": {"count": 1, "at": 0}}, "choice": {"part": part}});
        assert_eq!(filled(&input, DefaultsBy::ClientInput), expected);
    }

    #[rstest]
    #[case::given(json!({"top": "own", "part": {"count": 0, "at": 5, "free": true}}))]
    #[case::another_type(json!({"top": 1, "part": [], "parts": {"a": 1}}))]
    #[case::unknown(json!({"top": "", "more": {"count": [1]}}))]
    #[case::no_object(json!("text"))]
    fn what_is_given_stays(#[case] value: Value) {
        assert_eq!(filled(&value, DefaultsBy::Server), value);
    }

    #[test]
    fn a_null_member_is_absent() {
        assert_eq!(filled(&json!({"top": null, "part": null}), DefaultsBy::ClientInput), json!({}));
        assert_eq!(filled(&json!({"top": null}), DefaultsBy::Server), json!({"top": "hi"}));
    }

    #[test]
    fn a_timestamp_has_the_format_of_its_value() {
        let contract = read("m", MODEL).unwrap();
        let id = ShapeId::new("x#Part");
        let value = contract.with_defaults(&id, &json!({}), DefaultsBy::ClientOutput, TimestampFormat::DateTime);
        assert_eq!(value["at"], json!("1970-01-01T00:00:00Z"));
    }
}
