//! The states of resources that waiters wait for: what was created is ready at once.

use serde_json::Value;

use super::{StateFault, StatefulCall};
use crate::{
    model::{OutputPath, WaiterMatcher, WaiterState, WaiterTrigger, waiters},
    probe::Resource,
};

/// An output whose states are those that the waiters for a creation succeed at. A mutant has those that they fail at.
pub(super) fn settled(resource: &Resource, call: &StatefulCall<'_>, output: Value) -> Value {
    let fails = call.fault == Some(StateFault::WaiterFails);
    let wanted = if fails { WaiterState::Failure } else { WaiterState::Success };
    let known = waiters(call.contract, call.operation).filter_map(Result::ok);
    let created = known.filter(|one| WaiterTrigger::of(&one.name, &resource.name) == Some(WaiterTrigger::Creation));
    let acceptors = created.flat_map(|waiter| waiter.acceptors).filter(|acceptor| acceptor.state == wanted);
    acceptors.fold(output, |output, acceptor| {
        let WaiterMatcher::Output(path, value) = acceptor.matcher else { return output };
        let mut changed = output.clone();
        set(&mut changed, &path.0, &value);
        if (call.is_valid)(&changed) { changed } else { output }
    })
}

/// Sets a member wherever the structure around it is.
fn set(output: &mut Value, path: &[String], value: &Value) {
    match (path, output) {
        ([name], Value::Object(members)) => drop(members.insert(name.clone(), value.clone())),
        ([step, rest @ ..], Value::Array(items)) if step == OutputPath::ITEMS => {
            for item in items {
                set(item, rest, value);
            }
        }
        ([name, rest @ ..], Value::Object(members)) => {
            if let Some(inner) = members.get_mut(name) {
                set(inner, rest, value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(&["State"], json!({"State": "UP", "Things": [{"State": "DOWN"}, {}]}))]
    #[case(&["Things", "[]", "State"], json!({"State": "DOWN", "Things": [{"State": "UP"}, {"State": "UP"}]}))]
    #[case(&["Other", "State"], json!({"State": "DOWN", "Things": [{"State": "DOWN"}, {}]}))]
    fn a_state_is_set_in_every_item(#[case] path: &[&str], #[case] expected: Value) {
        let mut output = json!({"State": "DOWN", "Things": [{"State": "DOWN"}, {}]});
        let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
        set(&mut output, &path, &"UP".into());
        assert_eq!(output, expected);
    }
}
