//! The members of an input that an output has, too.

use serde_json::{Map, Value};

use crate::model::{Contract, Member, MemberBinding, Operation, PayloadSide, ShapeId};

/// The output with the values of the input in its members of the same name and shape, and in those of its structures.
pub(super) fn echo(contract: &Contract, operation: &Operation, input: &Value, output: &Value) -> Value {
    let (Value::Object(given), Value::Object(example)) = (input, output) else { return output.clone() };
    let mut echoed = example.clone();
    let in_body = |member: &&Member| member.binding(PayloadSide::Output) == MemberBinding::Body;
    for member in contract.members(&operation.output).iter().filter(in_body) {
        if let Some(value) = same(contract, &operation.input, member, given) {
            echoed.insert(member.name.clone(), value.clone());
        } else if let Some(Value::Object(inner)) = echoed.get_mut(&member.name) {
            for part in contract.members(&member.target) {
                if let Some(value) = same(contract, &operation.input, part, given) {
                    inner.insert(part.name.clone(), value.clone());
                }
            }
        }
    }
    Value::Object(echoed)
}

/// The value of the input member of this name and shape, if every body can carry it.
fn same<'v>(contract: &Contract, input: &ShapeId, member: &Member, given: &'v Map<String, Value>) -> Option<&'v Value> {
    let mut members = contract.members(input).iter();
    let own = members.find(|own| own.name == member.name && own.target == member.target)?;
    given.get(&own.name).filter(|value| is_plain(value))
}

/// Returns whether no string has a control character, which XML cannot show.
pub(super) fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(text) => is_plain_text(text),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => members.iter().all(|(name, value)| is_plain_text(name) && is_plain(value)),
        _ => true,
    }
}

fn is_plain_text(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::read;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{"x#S":{"type":"service","operations":[{"target":"x#Put"}]},
        "x#Put":{"type":"operation","input":{"target":"x#In"},"output":{"target":"x#Out"}},
        "x#In":{"type":"structure","members":{"a":{"target":"smithy.api#String"},"n":{"target":"smithy.api#Integer"}}},
        "x#Out":{"type":"structure","members":{"a":{"target":"smithy.api#String"},"n":{"target":"smithy.api#String"},
            "inner":{"target":"x#In"}}}}}"#;

    #[test]
    fn members_of_the_same_name_and_shape_are_echoed_also_in_structures() {
        let contract = read("m", MODEL).unwrap();
        let operation = contract.operation("Put").unwrap();
        let output = json!({"a": "example", "n": "example", "inner": {"a": "example"}});
        let echoed = echo(&contract, operation, &json!({"a": "given", "n": 7}), &output);
        assert_eq!(echoed, json!({"a": "given", "n": "example", "inner": {"a": "given", "n": 7}}));
        assert_eq!(echo(&contract, operation, &json!({"a": "\u{1}"}), &output), output);
    }
}
