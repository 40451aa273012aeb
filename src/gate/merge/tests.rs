use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::run::event::{Event, RequirementOutcome, UNJUDGED};

const IDS: [&str; 9] = ["s/o/a", "s/o/b", "s/o/c#1", "s/o/c#2", "s/o/d", "s/o/e", "s/o/f", "s/o/g", "s/o/h"];

const UNTOLD: &str = "no selected case cites it";

fn case(id: &str) -> Value {
    let verdict = if id == "s/o/b" { "deviates" } else { "conforms" };
    json!({ "id": id, "service": "s", "operation": "O", "title": "t", "verdict": verdict, "findings": [],
        "checks": 1, "cites": [], "position": "s/o/a.yaml:1", "duration_ms": 1 })
}

/// The report of these cases; each holds the first requirement.
fn report(ids: &[&str], shard: Option<(usize, usize)>) -> Value {
    let deviates = ids.iter().filter(|id| **id == "s/o/b").count();
    let selection = SelectionDigest::of(IDS);
    let mut report = json!({
        "schema": "wireproof/report/v3", "tool": { "name": "wireproof", "version": "1" },
        "suite": { "digest": "d" }, "target": { "name": "x", "endpoint": "http://127.0.0.1:1", "region": "r" },
        "seed": 7, "selection": { "cases": selection.cases, "digest": selection.digest },
        "interrupted": false, "duration_ms": ids.len(),
        "ledger": { "selected": ids.len(), "conforms": ids.len() - deviates, "deviates": deviates, "not_implemented": 0,
            "blocked": 0, "inconclusive": 0, "not_applicable": 0 },
        "presence": [{ "service": "s", "operation": "O", "presence": "implemented" }],
        "cases": ids.iter().map(|id| case(id)).collect::<Vec<_>>(),
        "requirements": [
            { "id": "S-1", "says": "s", "evidence": "documented", "outcome": if ids.is_empty() { "not-exercised" } else { "met" },
                "met": ids.len(), "violated": 0, "reason": if ids.is_empty() { json!(UNTOLD) } else { Value::Null } },
            { "id": "S-2", "says": "s", "evidence": "documented", "outcome": "not-exercised", "met": 0, "violated": 0,
                "reason": if ids.contains(&"s/o/a") { UNJUDGED } else { UNTOLD } },
        ],
    });
    if let Some((index, total)) = shard {
        report["shard"] = json!({ "index": index, "total": total });
    }
    report
}

/// The reports of three shards.
fn shards() -> Vec<Value> {
    let of = |index| {
        let shard = Shard::new(index, 3).unwrap();
        report(&IDS.into_iter().filter(|id| shard.has(id)).collect::<Vec<_>>(), Some((index, 3)))
    };
    (1..=3).map(of).collect()
}

fn merged(reports: &[Value]) -> Result<ReportDocument, MergeError> {
    let part = |(number, report): (usize, &Value)| {
        let file = format!("{}.json", number + 1);
        ShardReport { document: ReportDocument::read(&file, &report.to_string()).unwrap(), file }
    };
    merge(reports.iter().enumerate().map(part).collect())
}

#[test]
fn merged_shards_equal_one_run() {
    let mut reversed = shards();
    reversed.reverse();
    for reports in [shards(), reversed] {
        let found = serde_json::to_value(merged(&reports).unwrap()).unwrap();
        let mut expected = serde_json::to_value(merged(&[report(&IDS, None)]).unwrap()).unwrap();
        expected["duration_ms"] = found["duration_ms"].clone();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_requirement_is_reported_over_all_shards() {
    let requirements = merged(&shards()).unwrap().requirements;
    assert_eq!(
        (requirements[0].outcome, requirements[0].met, &requirements[0].reason),
        (RequirementOutcome::Met, 9, &None)
    );
    assert_eq!(requirements[1].reason.as_deref(), Some(UNJUDGED));
}

#[test]
fn shards_may_have_an_endpoint_each_and_one_that_was_interrupted_interrupts_all() {
    let mut reports = shards();
    reports[1]["target"]["endpoint"] = json!("http://127.0.0.1:2");
    reports[2]["interrupted"] = json!(true);
    let document = merged(&reports).unwrap();
    assert_eq!(document.target.endpoint, "http://127.0.0.1:1, http://127.0.0.1:2");
    assert!(document.interrupted);
}

fn change(number: usize, pointer: &'static str, value: Value) -> impl FnOnce(&mut Vec<Value>) {
    move |reports| *reports[number].pointer_mut(pointer).unwrap() = value
}

fn remove(number: usize) -> impl FnOnce(&mut Vec<Value>) {
    move |reports| drop(reports.remove(number))
}

#[rstest]
#[case::missing(remove(1), "of 3 shards, shard 2 is missing")]
#[case::several_missing(|r: &mut Vec<Value>| r.truncate(1), "of 3 shards, shards 2, 3 are missing")]
#[case::twice(|r: &mut Vec<Value>| r.push(r[0].clone()), "shard 1/3 is given twice: 1.json and 4.json")]
#[case::whole(|r: &mut Vec<Value>| r.push(report(&IDS, None)), "4.json has the number of shards none, 1.json has 3")]
#[case::two_wholes(|r: &mut Vec<Value>| *r = vec![report(&IDS, None), report(&IDS, None)], "1.json is not a shard")]
#[case::total(change(1, "/shard/total", json!(4)), "2.json: ")]
#[case::suite(change(1, "/suite/digest", json!("e")), "2.json has the suite e, 1.json has d: the fixtures differ")]
#[case::version(change(1, "/tool/version", json!("2")), "2.json has the version 2, 1.json has 1")]
#[case::target(change(2, "/target/name", json!("y")), "3.json has the target y, 1.json has x: give every shard the same --name")]
#[case::region(change(2, "/target/region", json!("q")), "3.json has the region q")]
#[case::seed(change(2, "/seed", json!(8)), "3.json has the seed 8, 1.json has 7: give every shard the same --seed")]
#[case::selection(change(2, "/selection/cases", json!(8)), "3.json has the selection ")]
#[case::requirements(change(2, "/requirements/0/id", json!("S-3")), "3.json has the requirements [\"S-3\", \"S-2\"]")]
#[case::verdict(change(0, "/cases/0/verdict", json!("blocked")), "1.json: the ledger counts ")]
#[case::ledger(change(0, "/ledger/conforms", json!(0)), "1.json: the ledger counts ")]
#[case::case_twice(|r: &mut Vec<Value>| { let case = r[0]["cases"][0].clone(); r[0]["cases"][1] = case }, "1.json: s/o/")]
#[case::nothing(Vec::clear, "no report to merge")]
fn reports_that_are_not_one_complete_run_are_rejected(#[case] spoil: impl FnOnce(&mut Vec<Value>), #[case] says: &str) {
    let mut reports = shards();
    spoil(&mut reports);
    let error = merged(&reports).unwrap_err().to_string();
    assert!(error.starts_with(says), "{error}");
}

#[test]
fn a_case_of_another_shard_is_reported() {
    let mut reports = shards();
    let other = reports[1]["cases"][0].clone();
    reports[0]["cases"][0] = other;
    let error = merged(&reports).unwrap_err();
    assert!(matches!(&error, MergeError::Elsewhere { file, .. } if file == "1.json"), "{error}");
}

#[test]
fn a_dropped_case_is_detected_regardless_of_the_ledger() {
    for shard in 0..3 {
        let mut reports = shards();
        let cases = reports[shard]["cases"].as_array_mut().unwrap();
        let dropped = cases.pop().unwrap();
        let verdict = dropped["verdict"].as_str().unwrap();
        let count = |count: &Value| json!(count.as_u64().unwrap() - 1);
        for name in ["selected", verdict] {
            reports[shard]["ledger"][name] = count(&reports[shard]["ledger"][name]);
        }
        assert_eq!(merged(&reports).unwrap_err(), MergeError::Cases { found: 8, selected: 9 });
    }
}

#[test]
fn a_report_becomes_the_events_of_its_run() {
    let document = merged(&shards()).unwrap();
    let events = events(document.clone(), Vec::new());
    let Some(Event::RunStarted(started)) = events.first() else { panic!("no beginning") };
    assert_eq!((started.selected, started.shard), (9, None));
    let Some(Event::RunFinished(finished)) = events.last() else { panic!("no end") };
    assert_eq!(finished.ledger, document.ledger);
    let ids = events.iter().filter_map(|event| match event {
        Event::CaseFinished(case) => Some(case.report.id.0.as_str()),
        _ => None,
    });
    let ids: Vec<_> = ids.collect();
    assert_eq!((ids.len(), ids[2]), (9, "s/o/c#1"));
}
