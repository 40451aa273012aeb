//! Waiters: an operation is polled until its response says that a resource has a state, or never will have it.

use serde_json::Value;

use super::{Contract, Member, Operation, OutputPath, ShapeId, ShapeKind};

/// A waiter of an operation, by the trait `smithy.waiters#waitable`.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiter {
    /// Its name, such as `TableExists`.
    pub name: String,
    /// The responses that it knows, in order: the first one that matches counts. Those that only an expression matches are
    /// left out.
    pub acceptors: Vec<WaiterAcceptor>,
}

/// What a waiter waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaiterTrigger {
    /// The end of a creation.
    Creation,
    /// The end of a deletion.
    Deletion,
}

impl WaiterTrigger {
    /// What the names of waiters end with. Those of jobs are left out: a job may fail for what it was given.
    const CREATED: [&str; 9] =
        ["Exists", "Active", "ActiveV2", "Available", "Ready", "Running", "InService", "Created", "CreateComplete"];
    const DELETED: [&str; 6] = ["Deleted", "NotExists", "Terminated", "DeleteComplete", "Inactive", "Deregistered"];

    /// By the name of a waiter: `TableExists` waits for the creation of a `Table`.
    #[must_use]
    pub fn of(waiter: &str, noun: &str) -> Option<Self> {
        let end = waiter.strip_prefix(noun)?;
        let end = end.strip_prefix('s').unwrap_or(end);
        let is_created = Self::CREATED.contains(&end).then_some(Self::Creation);
        is_created.or_else(|| Self::DELETED.contains(&end).then_some(Self::Deletion))
    }
}

/// A response that a waiter knows.
#[derive(Debug, Clone, PartialEq)]
pub struct WaiterAcceptor {
    /// What it means.
    pub state: WaiterState,
    /// How it is recognized.
    pub matcher: WaiterMatcher,
}

/// What a response means to a waiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaiterState {
    /// The resource has the state.
    Success,
    /// It will not have it.
    Failure,
    /// It does not have it yet.
    Retry,
}

/// How a response is recognized. Paths have the names of [`Member::name`].
#[derive(Debug, Clone, PartialEq)]
pub enum WaiterMatcher {
    /// A success, or any error.
    Success(bool),
    /// An error, by the name of its shape.
    Error(String),
    /// A success with a value at a path, in one or in each of the items on the way.
    Output(OutputPath, Value),
    /// A success with an item at a path.
    SomeItem(OutputPath),
    /// A success without an item at a path.
    NoItem(OutputPath),
}

/// The waiters of an operation, by name. `Err` has the name of one whose success only an expression matches.
pub fn waiters<'c>(
    contract: &'c Contract,
    operation: &'c Operation,
) -> impl Iterator<Item = Result<Waiter, String>> + use<'c> {
    let all = operation.traits.get("smithy.waiters#waitable").and_then(Value::as_object).into_iter().flatten();
    all.map(|(name, waiter)| {
        let acceptors = waiter["acceptors"].as_array().into_iter().flatten();
        let known = acceptors.filter_map(|one| acceptor(contract, &operation.output, one));
        let acceptors: Vec<WaiterAcceptor> = known.collect();
        let ends_well = acceptors.iter().any(|one| one.state == WaiterState::Success);
        ends_well.then_some(Waiter { name: name.clone(), acceptors }).ok_or_else(|| name.clone())
    })
}

fn acceptor(contract: &Contract, output: &ShapeId, written: &Value) -> Option<WaiterAcceptor> {
    let state = match written["state"].as_str()? {
        "success" => WaiterState::Success,
        "failure" => WaiterState::Failure,
        "retry" => WaiterState::Retry,
        _ => return None,
    };
    let (kind, argument) = written["matcher"].as_object()?.iter().next()?;
    let matcher = match kind.as_str() {
        "success" => WaiterMatcher::Success(argument.as_bool()?),
        // A name may have a namespace.
        "errorType" => WaiterMatcher::Error(argument.as_str()?.rsplit('#').next()?.to_owned()),
        "output" => of_output(contract, output, argument)?,
        _ => return None,
    };
    Some(WaiterAcceptor { state, matcher })
}

fn of_output(contract: &Contract, output: &ShapeId, argument: &Value) -> Option<WaiterMatcher> {
    let (path, expected) = (argument["path"].as_str()?, argument["expected"].as_str()?);
    if let Some(counted) = path.strip_prefix("length(") {
        let (path, comparison) = counted.split_once(')')?;
        let path = resolved(contract, output, path)?;
        let compact: String = comparison.split_whitespace().collect();
        return match (compact.as_str(), expected) {
            (">`0`", "true") => Some(WaiterMatcher::SomeItem(path)),
            ("==`0`", "true") => Some(WaiterMatcher::NoItem(path)),
            _ => None,
        };
    }
    let value = match argument["comparator"].as_str()? {
        "booleanEquals" => expected.parse::<bool>().ok()?.into(),
        "stringEquals" | "allStringEquals" | "anyStringEquals" => expected.into(),
        _ => return None,
    };
    Some(WaiterMatcher::Output(resolved(contract, output, path)?, value))
}

/// The location that a path of names means, with the names of the wire; `None` for other expressions, and for names that
/// are not there.
fn resolved(contract: &Contract, root: &ShapeId, text: &str) -> Option<OutputPath> {
    let (mut steps, mut shape) = (Vec::new(), root);
    for part in text.split('.') {
        let name = part.trim_end_matches(OutputPath::ITEMS);
        let is_named = |member: &&Member| member.own_name() == name || member.name == name;
        let member = contract.members(shape).iter().find(is_named)?;
        steps.push(member.name.clone());
        shape = &member.target;
        if name.len() < part.len() {
            let ShapeKind::List(item) = &contract.shape(shape)?.kind else { return None };
            steps.push(OutputPath::ITEMS.to_owned());
            shape = &item.target;
        }
    }
    Some(OutputPath(steps))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::read;

    fn acceptors(matcher: &Value) -> Result<Vec<WaiterMatcher>, String> {
        let waitable = json!({"ThingReady": {"acceptors": [{"state": "success", "matcher": matcher}]}});
        let model = json!({"smithy": "2.0", "shapes": {
            "x#S": {"type": "service", "version": "1", "operations": [{"target": "x#Get"}]},
            "x#Get": {"type": "operation", "output": {"target": "x#Out"},
                "traits": {"smithy.waiters#waitable": waitable}},
            "x#Out": {"type": "structure", "members": {"State": {"target": "smithy.api#String"},
                "Things": {"target": "x#Things"}, "ByName": {"target": "x#ByName"}}},
            "x#Things": {"type": "list", "member": {"target": "x#Out"}},
            "x#ByName": {"type": "map", "key": {"target": "smithy.api#String"}, "value": {"target": "x#Out"}}}});
        let contract = read("m", &model.to_string()).unwrap();
        let waiter = waiters(&contract, contract.operation("Get").unwrap()).next().unwrap()?;
        Ok(waiter.acceptors.into_iter().map(|acceptor| acceptor.matcher).collect())
    }

    fn output(path: &str, expected: &str, comparator: &str) -> Value {
        json!({"output": {"path": path, "expected": expected, "comparator": comparator}})
    }

    fn path(steps: &[&str]) -> OutputPath {
        OutputPath(steps.iter().map(|step| (*step).to_owned()).collect())
    }

    #[rstest]
    #[case(json!({"success": true}), WaiterMatcher::Success(true))]
    #[case(json!({"errorType": "x#Gone"}), WaiterMatcher::Error("Gone".to_owned()))]
    #[case(output("State", "UP", "stringEquals"), WaiterMatcher::Output(path(&["State"]), "UP".into()))]
    #[case(output("Things[].State", "UP", "allStringEquals"),
        WaiterMatcher::Output(path(&["Things", "[]", "State"]), "UP".into()))]
    #[case(output("State", "true", "booleanEquals"), WaiterMatcher::Output(path(&["State"]), true.into()))]
    #[case(output("length(Things[]) > `0`", "true", "booleanEquals"), WaiterMatcher::SomeItem(path(&["Things", "[]"])))]
    #[case(output("length(Things) == `0`", "true", "booleanEquals"), WaiterMatcher::NoItem(path(&["Things"])))]
    fn a_response_is_recognized(#[case] matcher: Value, #[case] expected: WaiterMatcher) {
        assert_eq!(acceptors(&matcher), Ok(vec![expected]));
    }

    #[rstest]
    #[case("TableExists", "Table", Some(WaiterTrigger::Creation))]
    #[case("FunctionActiveV2", "Function", Some(WaiterTrigger::Creation))]
    #[case("ServicesInactive", "Service", Some(WaiterTrigger::Deletion))]
    #[case("TableExists", "Backup", None)]
    #[case("TasksRunning", "Stack", None)]
    #[case("InstanceStopped", "Instance", None)]
    fn the_name_of_a_waiter_says_what_it_waits_for(
        #[case] waiter: &str,
        #[case] noun: &str,
        #[case] expected: Option<WaiterTrigger>,
    ) {
        assert_eq!(WaiterTrigger::of(waiter, noun), expected);
    }

    #[rstest]
    #[case::unknown_member(output("Stat", "UP", "stringEquals"))]
    #[case::list_without_items(output("Things.State", "UP", "stringEquals"))]
    #[case::map(output("ByName[].State", "UP", "stringEquals"))]
    #[case::filter(output("Things[?State == 'UP']", "UP", "allStringEquals"))]
    #[case::other_comparison(output("length(Things[]) > `1`", "true", "booleanEquals"))]
    #[case::negated(output("length(Things[]) > `0`", "false", "booleanEquals"))]
    #[case::boolean(output("State", "UP", "booleanEquals"))]
    #[case::input(json!({"inputOutput": {"path": "output.State", "expected": "UP", "comparator": "stringEquals"}}))]
    #[case::of_a_wrong_form(json!(5))]
    fn an_expression_is_not_evaluated(#[case] matcher: Value) {
        assert_eq!(acceptors(&matcher), Err("ThingReady".to_owned()));
    }
}
