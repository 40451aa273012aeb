use serde_json::{Value, json};

use super::*;
use crate::{
    probe::{
        FamilySelector,
        testing::{SHAPES, probes, suite},
    },
    suite::{Alternative, Bindings, FixtureFiles, Fixtures, RequestGroup},
};

fn ids(options: ProbeOptions) -> Vec<Vec<String>> {
    let mut probes = probes(SHAPES, options);
    let mut stages = Vec::new();
    while probes.stage().is_some() {
        stages.push(std::iter::from_fn(|| probes.case()).map(|case| case.id.0).collect());
    }
    let all: usize = stages.iter().map(Vec::len).sum();
    assert_eq!(all, probes.selected());
    stages
}

#[test]
fn controls_come_first_then_valid_inputs_then_invalid_ones_and_crashing_requests_last() {
    let stages = ids(ProbeOptions::default());
    assert_eq!(stages.len(), 6, "an opening, two of controls, valid, invalid, crashing");
    assert!(stages[0].is_empty());
    assert_eq!(stages[1], ["s.Put/control"]);
    assert!(stages[2].contains(&"s.Put/tags[]/key/control".to_owned()));
    assert!(stages[3].contains(&"s.Put/name/length/max".to_owned()));
    assert!(stages[4].contains(&"s.Put/name/length/over".to_owned()));
    assert!(stages[5].contains(&"s.Put/request/null".to_owned()));
}

#[test]
fn a_filter_keeps_the_controls_that_its_probes_rest_on() {
    let filters = vec!["s.Put/tags[]/key/required/null".parse().unwrap()];
    let all: Vec<String> = ids(ProbeOptions { filters, ..ProbeOptions::default() }).concat();
    assert_eq!(all, ["s.Put/control", "s.Put/tags[]/key/control", "s.Put/tags[]/key/required/null"]);
}

/// The number of constraints that were derived.
fn derived(options: ProbeOptions) -> usize {
    probes(SHAPES, options).coverage().families().map(|(_, counts)| counts.total).sum()
}

#[rstest::rstest]
#[case::id("s.Put/tags[]/key/required/null", 1)]
#[case::location("s.Put/name/*", 4)]
#[case::of_a_location_and_below("s.Put/tags*", 8)]
#[case::an_operation_that_does_not_exist("s.Gut/*", 0)]
fn only_what_a_filter_names_is_derived(#[case] filter: &str, #[case] constraints: usize) {
    let filters = vec![filter.parse().unwrap()];
    assert_eq!(derived(ProbeOptions { filters, ..ProbeOptions::default() }), constraints);
}

#[test]
fn one_id_derives_one_constraint_and_the_controls_that_its_probe_rests_on() {
    let all: BTreeSet<String> = ids(ProbeOptions::default()).concat().into_iter().collect();
    for id in all.iter().filter(|id| !id.ends_with("/control")) {
        let options = ProbeOptions { only: Some([id.clone()].into()), ..ProbeOptions::default() };
        assert_eq!(derived(options.clone()), 1, "{id}");
        let found: Vec<String> = ids(options).concat();
        assert!(found.contains(id) && found.iter().all(|one| one == id || one.ends_with("/control")), "{found:?}");
    }
}

#[test]
fn the_beginnings_of_ids_leave_out_nothing_that_a_filter_matches() {
    let all: Vec<String> = ids(ProbeOptions::default()).concat();
    let globs = all
        .iter()
        .cloned()
        .chain(["*null", "s.Put/{name,by}/*", "Put/name", "s.Put", "s.", "s.Put/na", "ame/len"].map(str::to_owned));
    for text in globs {
        let glob: crate::suite::Glob = text.parse().unwrap();
        let expected: BTreeSet<&String> = all.iter().filter(|id| glob.matches(id)).collect();
        let found = ids(ProbeOptions { filters: vec![glob], ..ProbeOptions::default() }).concat();
        assert!(expected.into_iter().all(|id| found.contains(id)), "{text}");
    }
}

#[rstest::rstest]
#[case::of_a_location("s.Put/tags[]/key/control", &["s.Put/control", "s.Put/tags[]/key/control"])]
#[case::least("s.Put/control", &["s.Put/control"])]
#[case::settled_by_none("s.Put/tags[]/control/x", &[])]
fn a_control_runs_alone_if_a_filter_is_its_id(#[case] filter: &str, #[case] expected: &[&str]) {
    let filters = vec![filter.parse().unwrap()];
    assert_eq!(ids(ProbeOptions { filters, ..ProbeOptions::default() }).concat(), expected);
}

#[test]
fn a_filter_that_matches_nothing_leaves_nothing_to_open() {
    let filters = vec!["elsewhere".parse().unwrap()];
    assert!(ids(ProbeOptions { filters, ..ProbeOptions::default() }).concat().is_empty());
}

/// The ids of each stage of the probes of a name that a state yields, if every request has this aftermath. `~` marks a
/// renewal.
fn stages_after(aftermath: Aftermath) -> Vec<String> {
    let steps = "steps: [{ call: Put, input: { name: abcd } }]";
    let states = format!(
        "states: {{ a thing: {{ says: s, {steps}, yields: {{ name: abcd }} }} }}\nmembers: {{ Put/name: a thing/name }}"
    );
    let suite = suite(SHAPES, &states);
    let filters = vec!["s.Put/name/length/*".parse().unwrap(), "s.Put/name/pattern/start".parse().unwrap()];
    let options = ProbeOptions { filters, ..ProbeOptions::default() };
    let mut probes = Probes::new(suite.service("s").unwrap(), &Arc::new(Source::none("s")), options);
    let mut stages = Vec::new();
    while let Some(stage) = probes.stage() {
        if matches!(stage, PlanStage::Renew) {
            stages.push("~".to_owned());
        }
        assert!(!matches!(stage, PlanStage::Cases(None)), "Put writes");
        let mut ids = Vec::new();
        while let Some(case) = probes.case() {
            probes.ended(&case, aftermath);
            ids.push(case.id.0.rsplit('/').next().unwrap().to_owned());
        }
        stages.extend((!ids.is_empty()).then(|| ids.join(" ")));
    }
    stages
}

#[rstest::rstest]
#[case::rejected(Aftermath::Untouched, &["control", "min max", "under over start"])]
#[case::accepted(Aftermath::Changed, &["control", "min max", "under", "~", "over", "~", "start"])]
#[case::crashed(Aftermath::Unknown, &["control", "~", "min", "~", "max", "~", "under", "~", "over", "~", "start"])]
fn states_are_renewed_after_a_request_that_may_spoil_them_if_a_probe_follows(
    #[case] aftermath: Aftermath,
    #[case] expected: &[&str],
) {
    assert_eq!(stages_after(aftermath), expected);
}

/// Units, which are started and stopped several at a time, and are listed in groups.
const UNITS: &str = r#"{"smithy":"2.0","shapes":{
    "x#S":{"type":"service","version":"1","operations":[{"target":"x#RunUnits"},{"target":"x#DescribeUnits"},{"target":"x#StopUnits"}],
        "traits":{"aws.auth#sigv4":{"name":"s"},"aws.protocols#awsJson1_1":{}}},
    "x#RunUnits":{"type":"operation","input":{"target":"x#New"},"output":{"target":"x#Group"}},
    "x#DescribeUnits":{"type":"operation","input":{"target":"x#Wanted"},"output":{"target":"x#Groups"}},
    "x#StopUnits":{"type":"operation","input":{"target":"x#Named"},"errors":[{"target":"x#UnitNotFoundException"}]},
    "x#New":{"type":"structure","members":{"Color":{"target":"x#Color"}}},
    "x#Group":{"type":"structure","members":{"Units":{"target":"x#Units"}}},
    "x#Groups":{"type":"structure","members":{"Groups":{"target":"x#GroupList"}}},
    "x#GroupList":{"type":"list","member":{"target":"x#Group"}},
    "x#Units":{"type":"list","member":{"target":"x#Unit"}},
    "x#Unit":{"type":"structure","members":{"UnitId":{"target":"x#Id"},"Color":{"target":"x#Color"}}},
    "x#Wanted":{"type":"structure","members":{"UnitIds":{"target":"x#Ids"}}},
    "x#Named":{"type":"structure","members":{"UnitIds":{"target":"x#Ids","traits":{"smithy.api#required":{}}}}},
    "x#Ids":{"type":"list","member":{"target":"x#Id"}},
    "x#Id":{"type":"string","traits":{"smithy.api#length":{"min":3,"max":20}}},
    "x#Color":{"type":"enum","members":{"red":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"red"}},
        "blue":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"blue"}}}},
    "x#UnitNotFoundException":{"type":"structure","members":{},"traits":{"smithy.api#error":"client"}}}}"#;

const UNIT_STATES: &str = r#"
states:
  a unit:
    says: s
    steps: [{ call: RunUnits, input: {} }]
    yields: { ids: [abcd] }
members:
  "*/UnitIds": a unit/ids
relations:
  RunUnits: { role: creates, resource: Unit, output: "Units[].UnitId" }
  DescribeUnits: { role: lists, resource: Unit, output: "Groups[].Units[].UnitId" }
  StopUnits: { role: updates, resource: Unit, input: [UnitIds] }
"#;

/// The probes of behavior of units, if the state yields these IDs.
fn of_units(ids: &Value) -> Vec<Case> {
    let texts = [("s/model.json", UNITS), ("s/states.yaml", UNIT_STATES)];
    let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let suite = Fixtures::read(&FixtureFiles::from_texts(texts)).unwrap();
    let families = FamilySelector::families(&[FamilySelector::Group(RequestGroup::Behavior)]);
    let options = ProbeOptions { families, every_control: false, ..ProbeOptions::default() };
    let mut probes = Probes::new(suite.service("s").unwrap(), &Arc::new(Source::none("s")), options);
    let mut cases = Vec::new();
    while let Some(stage) = probes.stage() {
        match stage {
            PlanStage::Open(_) | PlanStage::Renew => {
                let yields = json!({"a unit": {"ids": ids}});
                probes.opened(yields.as_object().cloned().unwrap());
            }
            PlanStage::Cases(_) => cases.extend(std::iter::from_fn(|| probes.case())),
        }
    }
    assert_eq!(cases.len(), probes.selected());
    cases
}

#[rstest::rstest]
#[case::that_fits(json!(["abcd"]), json!(["defa"]))]
#[case::of_another_type(json!(7), Value::Null)]
#[case::that_is_empty(json!([]), Value::Null)]
fn no_probe_is_lost_for_a_value_of_a_state(#[case] ids: Value, #[case] other: Value) {
    let cases = of_units(&ids);
    let absent = cases.iter().find(|case| case.id.0 == "s.StopUnits/UnitIds/absent/unknown").unwrap();
    let sent = absent.scenario.steps[0].call.input.fill(&Bindings::default()).unwrap();
    let sent = &sent["UnitIds"];
    assert_eq!(sent.as_array().map(Vec::len), Some(1));
    assert!(other.is_null() || *sent == other, "{sent}");
}

#[test]
fn the_first_of_several_new_resources_is_found_in_a_list_of_groups() {
    let cases = of_units(&json!(["abcd"]));
    let case = cases.iter().find(|case| case.id.0 == "s.RunUnits/Color/round-trip/DescribeUnits").unwrap();
    let [run, describe] = case.scenario.steps.as_slice() else { panic!("two steps") };
    assert_eq!(run.capture.iter().map(|(_, pointer)| pointer.as_str()).collect::<Vec<_>>(), ["", "/Units/0/UnitId"]);
    let mut bindings = Bindings::default();
    bindings.bind("call1", json!({"Units": [{"UnitId": "first"}, {"UnitId": "second"}]}));
    assert_eq!(describe.call.input.fill(&bindings).unwrap(), json!({"UnitIds": ["first"]}));
    let [Alternative::Success { body: Some(body), .. }, ..] = describe.expect.alternatives.as_slice() else {
        panic!("a success")
    };
    let expected = json!({"Groups": {"$contains": {"Units": {"$contains": {"Color": "blue"}}}}});
    assert_eq!(body.fill(&bindings).unwrap(), expected);
}
