//! Comparisons of small sides.

use serde_json::{Value, json};

use super::{diff_side::RespondedCase, *};

fn side(cases: &[(&str, Verdict, Option<Value>)]) -> DiffSide {
    let mut side = DiffSide::new("x", PartyKind::Endpoint);
    for (id, verdict, body) in cases {
        let step = |body: &Value| json!({"call": "Op", "got": {"status": 200, "headers": {}, "body": body}});
        let responded = RespondedCase {
            service: "s".to_owned(),
            operation: "Op".to_owned(),
            verdict: *verdict,
            findings: Vec::new(),
            steps: Some(body.iter().map(step).collect()),
        };
        side.cases.insert(CaseId((*id).to_owned()), responded);
    }
    side
}

use Verdict::{Blocked, Conforms, Deviates, NotImplemented};

fn printed(comparison: &Comparison) -> Vec<String> {
    let line = |group: &ChangeGroup| {
        let values: Vec<String> = group.values.iter().map(|v| format!("{} -> {}", v.before, v.after)).collect();
        format!("{} {} {} x{}", group.kind, group.location, values.join(", "), group.cases.len())
    };
    comparison.groups.iter().map(line).collect()
}

#[test]
fn equal_sides_are_equal() {
    let one = side(&[("a", Conforms, Some(json!({"x": "<id:1>"}))), ("b", Blocked, None)]);
    let other = side(&[("a", Conforms, Some(json!({"x": "<id:4>"}))), ("b", Blocked, None)]);
    let comparison = compare(&one, &other, &CompareOptions::default());
    assert!(comparison.is_equal() && !comparison.is_empty(), "{comparison:?}");
    assert_eq!((comparison.compared, comparison.unjudged[&Blocked]), (1, 1));
}

#[test]
fn a_side_without_results_cannot_be_compared() {
    let nothing = side(&[("a", NotImplemented, Some(json!({})))]);
    assert!(compare(&nothing, &nothing, &CompareOptions::default()).is_empty());
    assert!(compare(&side(&[]), &side(&[]), &CompareOptions::default()).is_empty());
}

#[test]
fn a_difference_that_explains_a_verdict_replaces_it() {
    let one = side(&[("a", Conforms, Some(json!({"x": 1}))), ("b", Conforms, Some(json!({})))]);
    let other = side(&[("a", Deviates, Some(json!({"x": 2}))), ("b", Deviates, Some(json!({})))]);
    let comparison = compare(&one, &other, &CompareOptions::default());
    assert_eq!(printed(&comparison), ["verdict  conforms -> deviates x1", "value /x 1 -> 2 x1"]);
    assert_eq!(comparison.verdicts[0].cases, 2);
    assert_eq!(comparison.different, 2);
}

#[test]
fn an_operation_that_one_side_lacks_differs_by_that_alone() {
    let one = side(&[("a", Conforms, Some(json!({"x": 1})))]);
    let other = side(&[("a", NotImplemented, Some(json!({"y": 2})))]);
    let comparison = compare(&one, &other, &CompareOptions::default());
    assert_eq!(printed(&comparison), ["operation  implemented -> not implemented x1"]);
    assert_eq!(comparison.compared, 0);
    assert!(!comparison.is_empty());
}

#[test]
fn a_side_that_gave_no_response_is_not_said_to_have_the_operation() {
    let (lacking, silent) = (side(&[("a", NotImplemented, None)]), side(&[("a", Verdict::Inconclusive, None)]));
    let comparison = compare(&lacking, &silent, &CompareOptions::default());
    assert_eq!(printed(&comparison), ["verdict  not-implemented -> inconclusive x1"]);
}

#[test]
fn ignored_differences_are_counted_but_not_reported() {
    let one = side(&[("a", Conforms, Some(json!({"x": 1, "y": 1}))), ("b", Conforms, None)]);
    let other = side(&[("a", Conforms, Some(json!({"x": 2, "y": 2})))]);
    let with = |ignore: &[&str], only: &[&str]| {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        compare(&one, &other, &CompareOptions { ignore: read(ignore), only: read(only) })
    };
    let all = with(&[], &[]);
    assert_eq!((all.groups.len(), all.only_a.len(), all.ignored), (2, 1, 0));
    let some = with(&["/x", "case"], &[]);
    assert_eq!((printed(&some), some.only_a.len(), some.ignored), (vec!["value /y 1 -> 2 x1".to_owned()], 0, 2));
    assert_eq!(printed(&with(&[], &["/x"])), ["value /x 1 -> 2 x1"]);
    assert!(with(&["value", "case"], &[]).is_equal());
}

#[test]
fn a_missing_step_is_reported_unless_something_explains_it() {
    let steps = |bodies: &[Value]| {
        let mut side = side(&[("a", Conforms, None)]);
        let step = |body: &Value| json!({"call": "Op", "got": {"status": 200, "headers": {}, "body": body}});
        side.cases.values_mut().for_each(|case| case.steps = Some(bodies.iter().map(step).collect()));
        side
    };
    let two = steps(&[json!({"x": 1}), json!({})]);
    assert_eq!(
        printed(&compare(&two, &steps(&[json!({"x": 1})]), &CompareOptions::default())),
        ["step  made -> not made x1"]
    );
    assert_eq!(printed(&compare(&two, &steps(&[json!({"x": 2})]), &CompareOptions::default())), ["value /x 1 -> 2 x1"]);
}
