//! Probes of several calls: which are derived, and what they send and expect.

use std::sync::Arc;

use rstest::rstest;
use serde_json::{Map, Value, json};

use super::{Effect, FamilySelector, ProbeOptions, Probes};
use crate::suite::{
    Alternative, Case, FixtureFiles, Fixtures, Plan as _, PlanStage, Repeat, RequestGroup, Step, source::Source,
};

const MODEL: &str = r#"{"smithy":"2.0","shapes":{
    "x#S":{"type":"service","version":"1","operations":[{"target":"x#CreateThing"},{"target":"x#GetThing"},
        {"target":"x#ListThings"},{"target":"x#UpdateThing"},{"target":"x#DeleteThing"}],
        "traits":{"aws.auth#sigv4":{"name":"s"},"aws.protocols#awsJson1_1":{}}},
    "x#CreateThing":{"type":"operation","input":{"target":"x#New"},"output":{"target":"x#Made"},
        "errors":[{"target":"x#ThingAlreadyExistsException"}]},
    "x#GetThing":{"type":"operation","input":{"target":"x#One"},"output":{"target":"x#Got"},
        "errors":[{"target":"x#ThingNotFoundException"}]},
    "x#UpdateThing":{"type":"operation","input":{"target":"x#Changed"},"errors":[{"target":"x#ThingNotFoundException"}]},
    "x#DeleteThing":{"type":"operation","input":{"target":"x#One"},"errors":[{"target":"x#ThingNotFoundException"}]},
    "x#ListThings":{"type":"operation","input":{"target":"x#Page"},"output":{"target":"x#Things"}},
    "x#New":{"type":"structure","members":{"ThingName":{"target":"x#Name","traits":{"smithy.api#required":{}}},
        "Color":{"target":"x#Color"},"Password":{"target":"smithy.api#String"},"OwnerArn":{"target":"smithy.api#String"}}},
    "x#Made":{"type":"structure","members":{"ThingArn":{"target":"smithy.api#String"}}},
    "x#One":{"type":"structure","members":{"ThingName":{"target":"x#Name","traits":{"smithy.api#required":{}}}}},
    "x#Changed":{"type":"structure","members":{"ThingName":{"target":"x#Name","traits":{"smithy.api#required":{}}},
        "Size":{"target":"smithy.api#Integer"}}},
    "x#Got":{"type":"structure","members":{"Thing":{"target":"x#Thing"}}},
    "x#Thing":{"type":"structure","members":{"ThingName":{"target":"x#Name","traits":{"smithy.api#required":{}}},
        "Color":{"target":"x#Color"},"Size":{"target":"smithy.api#Integer"},"Password":{"target":"smithy.api#String"},
        "OwnerArn":{"target":"smithy.api#String"}}},
    "x#Page":{"type":"structure","members":{"ThingNames":{"target":"x#Names"},"Limit":{"target":"smithy.api#Integer"},"NextToken":{"target":"smithy.api#String"}}},
    "x#Things":{"type":"structure","members":{"Things":{"target":"x#Items"},"NextToken":{"target":"smithy.api#String"}}},
    "x#Items":{"type":"list","member":{"target":"x#Thing"}},
    "x#Names":{"type":"list","member":{"target":"x#Name"}},
    "x#Name":{"type":"string","traits":{"smithy.api#length":{"min":3,"max":20}}},
    "x#Color":{"type":"enum","members":{"red":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"red"}},
        "blue":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"blue"}}}},
    "x#ThingNotFoundException":{"type":"structure","members":{},"traits":{"smithy.api#error":"client"}},
    "x#ThingAlreadyExistsException":{"type":"structure","members":{},"traits":{"smithy.api#error":"client"}}}}"#;

/// Tools, which only a list describes, and parts, whose list says little.
const TOOLS: &str = include_str!("../../tests/integration/support/tools.json");

const PARTS: &str = r#","x#CreatePart":{"type":"operation","input":{"target":"x#NewPart"}},
    "x#ListParts":{"type":"operation","input":{"target":"smithy.api#Unit"},"output":{"target":"x#AllParts"},
        "traits":{"smithy.api#documentation":"It returns a subset of the available attributes."}},
    "x#NewPart":{"type":"structure","members":{"PartName":{"target":"x#Name","traits":{"smithy.api#required":{}}},
        "Tool":{"target":"x#Name"},"Color":{"target":"x#Color"}}},
    "x#AllParts":{"type":"structure","members":{"Parts":{"target":"x#PartList"}}},
    "x#PartList":{"type":"list","member":{"target":"x#NewPart"}},
    "x#CreateBox":{"type":"operation","input":{"target":"x#NewBox"}},
    "x#DescribeBoxes":{"type":"operation","input":{"target":"x#Labeled"},"output":{"target":"x#AllBoxes"}},
    "x#NewBox":{"type":"structure","members":{"BoxName":{"target":"x#Name","traits":{"smithy.api#required":{}}},
        "Tool":{"target":"x#Name"},
        "Label":{"target":"x#Name"},"Color":{"target":"x#Color"}}},
    "x#Labeled":{"type":"structure","members":{"Label":{"target":"x#Name"}}},
    "x#AllBoxes":{"type":"structure","members":{"Boxes":{"target":"x#BoxList"}}},
    "x#BoxList":{"type":"list","member":{"target":"x#NewBox"}}}}"#;

/// A resource with members inside structures. It keeps some of them as they are given.
const NESTS: &str = r#"{"smithy":"2.0","shapes":{
    "x#S":{"type":"service","version":"1","operations":[{"target":"x#CreateNest"},{"target":"x#GetNest"},{"target":"x#PutNestRules"},
        {"target":"x#GetNestRules"},{"target":"x#DeleteNestRules"},{"target":"x#ListTagsForResource"}],
        "traits":{"aws.auth#sigv4":{"name":"s"},"aws.protocols#awsJson1_1":{}}},
    "x#CreateNest":{"type":"operation","input":{"target":"x#New"},"output":{"target":"x#Made"}},
    "x#GetNest":{"type":"operation","input":{"target":"x#One"},"output":{"target":"x#Got"}},
    "x#PutNestRules":{"type":"operation","input":{"target":"x#Put"}},
    "x#GetNestRules":{"type":"operation","input":{"target":"x#One"},"output":{"target":"x#Rules"}},
    "x#DeleteNestRules":{"type":"operation","input":{"target":"x#One"}},
    "x#ListTagsForResource":{"type":"operation","input":{"target":"x#Tagged"},"output":{"target":"x#AllTags"}},
    "x#New":{"type":"structure","members":{"NestName":{"target":"x#Name","traits":{"smithy.api#required":{}}},
        "Options":{"target":"x#Options"},"SizeSpecification":{"target":"x#Size"},"Owner":{"target":"x#Owner"},
        "Tags":{"target":"x#TagMap"}}},
    "x#Options":{"type":"structure","members":{"Export":{"target":"x#Switch"},"Depth":{"target":"x#Depth"},
        "Late":{"target":"smithy.api#Boolean","traits":{"smithy.api#documentation":"It is valid only if the export is enabled."}},
        "Kind":{"target":"smithy.api#String"},"Type":{"target":"x#Switch"},
        "Pin":{"target":"smithy.api#Integer","traits":{"smithy.api#sensitive":{}}},"Seal":{"target":"smithy.api#Blob"},
        "Note":{"target":"smithy.api#String","traits":{"smithy.api#documentation":"Your words."}},
        "Nested":{"target":"x#Options"},"Range":{"target":"x#Range"},"Loose":{"target":"x#LooseList"},"Place":{"target":"x#Place"},
        "Pair":{"target":"x#Pair"},"Both":{"target":"smithy.api#Integer","traits":{"smithy.api#documentation":"You must specify both."}}}},
    "x#LooseList":{"type":"list","member":{"target":"x#Loose"}},
    "x#Loose":{"type":"structure","members":{"A":{"target":"smithy.api#Boolean"},"B":{"target":"smithy.api#Boolean"}}},
    "x#Place":{"type":"structure","members":{"IsWarm":{"target":"smithy.api#Boolean"},"TreeArn":{"target":"smithy.api#String"}}},
    "x#Pair":{"type":"structure","members":{"Name":{"target":"smithy.api#String"},"Value":{"target":"smithy.api#String"}}},
    "x#Range":{"type":"structure","members":{"MinSize":{"target":"smithy.api#Integer"},
        "MaxSize":{"target":"smithy.api#Integer","traits":{"smithy.api#required":{}}}}},
    "x#Owner":{"type":"structure","members":{"OwnerId":{"target":"smithy.api#String","traits":{"smithy.api#required":{}}},
        "IsHappy":{"target":"smithy.api#Boolean"}}},
    "x#Size":{"type":"structure","members":{"Eggs":{"target":"smithy.api#Integer"},"Lost":{"target":"smithy.api#Integer"}}},
    "x#SizeDescription":{"type":"structure","members":{"Eggs":{"target":"smithy.api#Integer"}}},
    "x#Put":{"type":"structure","members":{"NestName":{"target":"x#Name","traits":{"smithy.api#required":{}}},
        "Configuration":{"target":"x#Rules","traits":{"smithy.api#required":{},"smithy.api#httpPayload":{}}}}},
    "x#Rules":{"type":"structure","members":{"Rules":{"target":"x#RuleList"}}},
    "x#RuleList":{"type":"list","member":{"target":"x#Rule"}},
    "x#Rule":{"type":"structure","members":{"ID":{"target":"smithy.api#String"},"IsOn":{"target":"smithy.api#Boolean"},
        "Count":{"target":"smithy.api#Integer","traits":{"smithy.api#required":{}}}}},
    "x#Made":{"type":"structure","members":{"NestArn":{"target":"smithy.api#String"}}},
    "x#One":{"type":"structure","members":{"NestName":{"target":"x#Name","traits":{"smithy.api#required":{}}}}},
    "x#Got":{"type":"structure","members":{"Nest":{"target":"x#Nest"}}},
    "x#Nest":{"type":"structure","members":{"NestName":{"target":"x#Name"},"Options":{"target":"x#Options"},
        "SizeDescription":{"target":"x#SizeDescription"},"Owner":{"target":"x#Owner"}}},
    "x#Tagged":{"type":"structure","members":{"ResourceArn":{"target":"smithy.api#String","traits":{"smithy.api#required":{}}}}},
    "x#AllTags":{"type":"structure","members":{"Tags":{"target":"x#TagMap"}}},
    "x#TagMap":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"smithy.api#String"}},
    "x#Name":{"type":"string","traits":{"smithy.api#length":{"min":3,"max":20}}},
    "x#Depth":{"type":"integer","traits":{"smithy.api#range":{"min":1,"max":35}}},
    "x#Switch":{"type":"enum","members":{"on":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"ENABLED"}},
        "off":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"DISABLED"}}}}}}"#;

/// Both in one model.
fn tools_and_parts() -> String {
    let operations = r#""operations":[{"target":"x#CreatePart"},{"target":"x#ListParts"},{"target":"x#CreateBox"},
        {"target":"x#DescribeBoxes"},"#;
    let tools = TOOLS.trim_end().trim_end_matches('}').trim_end();
    [&tools.replacen(r#""operations": ["#, operations, 1), PARTS].concat()
}

fn probes() -> Probes {
    probes_of(MODEL)
}

fn probes_of(model: &str) -> Probes {
    let suite = Fixtures::read(&FixtureFiles::from_texts([("s/model.json".to_owned(), model.to_owned())])).unwrap();
    let families = FamilySelector::families(&[FamilySelector::Group(RequestGroup::Behavior)]);
    let options = ProbeOptions { families, every_control: false, effect: Effect::Destroys, ..ProbeOptions::default() };
    Probes::new(suite.service("s").unwrap(), &Arc::new(Source::none("s")), options)
}

/// Every case, without the controls.
fn cases() -> Vec<Case> {
    cases_of(MODEL)
}

fn cases_of(model: &str) -> Vec<Case> {
    let (mut probes, mut cases) = (probes_of(model), Vec::new());
    while let Some(stage) = probes.stage() {
        match stage {
            PlanStage::Open(_) | PlanStage::Renew => probes.opened(Map::new()),
            PlanStage::Cases(_) => cases.extend(std::iter::from_fn(|| probes.case())),
        }
    }
    cases.retain(|case| !case.id.0.ends_with("control"));
    cases
}

fn steps(id: &str) -> Vec<Step> {
    steps_of(MODEL, id)
}

fn steps_of(model: &str, id: &str) -> Vec<Step> {
    let case = cases_of(model).into_iter().find(|case| case.id.0 == id).unwrap();
    case.scenario.steps.clone()
}

/// The operations of the steps, those that only prepare in parentheses.
fn calls(steps: &[Step]) -> Vec<String> {
    let name = |step: &Step| {
        let name = &step.call.operation;
        if step.prepares { format!("({name})") } else { name.clone() }
    };
    steps.iter().map(name).collect()
}

fn input(step: &Step) -> Value {
    step.call.input.fill(&crate::suite::Bindings::default()).unwrap()
}

fn body(step: &Step) -> Value {
    let [Alternative::Success { body: Some(body), .. }, ..] = step.expect.alternatives.as_slice() else { panic!() };
    body.fill(&crate::suite::Bindings::default()).unwrap()
}

#[test]
fn a_service_with_one_resource_has_probes_of_these_families() {
    let mut ids: Vec<String> = cases().into_iter().map(|case| case.id.0).collect();
    ids.sort();
    let expected = [
        "s.CreateThing/Color/round-trip/GetThing",
        "s.CreateThing/consistent/ListThings",
        "s.CreateThing/duplicate/again",
        "s.CreateThing/gone/GetThing",
        "s.CreateThing/gone/ListThings",
        "s.CreateThing/listed/ListThings",
        "s.CreateThing/narrowing/ListThings",
        "s.CreateThing/pages/ListThings",
        "s.CreateThing/pages/ListThings-ends",
        "s.CreateThing/pages/ListThings-whole",
        "s.DeleteThing/ThingName/absent/unknown",
        "s.GetThing/ThingName/absent/unknown",
        "s.UpdateThing/Size/round-trip/GetThing",
        "s.UpdateThing/ThingName/absent/unknown",
    ];
    assert_eq!(ids, expected);
    let mut planned: Vec<String> = probes().ids().filter(|id| !id.ends_with("control")).collect();
    planned.sort();
    assert_eq!(planned, expected);
}

#[rstest]
#[case("s.CreateThing/Color/round-trip/GetThing", &["(CreateThing)", "GetThing"])]
#[case("s.CreateThing/listed/ListThings", &["(CreateThing)", "ListThings"])]
#[case("s.CreateThing/consistent/ListThings", &["(CreateThing)", "(GetThing)", "ListThings"])]
#[case("s.CreateThing/gone/GetThing", &["(CreateThing)", "(DeleteThing)", "GetThing"])]
#[case("s.CreateThing/duplicate/again", &["(CreateThing)", "CreateThing"])]
#[case("s.CreateThing/pages/ListThings", &["(CreateThing)", "(CreateThing)", "(CreateThing)", "ListThings", "ListThings", "ListThings"])]
#[case("s.CreateThing/pages/ListThings-ends", &["(CreateThing)", "ListThings", "ListThings", "ListThings", "ListThings"])]
#[case("s.GetThing/ThingName/absent/unknown", &["GetThing"])]
fn the_calls_before_the_last_prepare_it(#[case] id: &str, #[case] expected: &[&str]) {
    assert_eq!(calls(&steps(id)), expected);
}

#[test]
fn only_a_probe_that_makes_its_own_resource_does_not_rest_on_a_control() {
    for case in cases() {
        let first = &case.scenario.steps[0];
        let makes_its_own = first.prepares && first.call.operation != case.scenario.operation;
        let is_prepared = case.scenario.standing == crate::suite::CaseStanding::Prepared;
        assert_eq!(is_prepared, makes_its_own, "{}", case.id);
    }
    assert_eq!(calls(&steps("s.UpdateThing/Size/round-trip/GetThing")), ["(CreateThing)", "(UpdateThing)", "GetThing"]);
}

#[test]
fn a_call_that_prepares_may_have_any_success() {
    let steps = steps("s.CreateThing/Color/round-trip/GetThing");
    let statuses = |step: &Step| {
        let all = step.expect.alternatives.iter().map(|one| match one {
            Alternative::Success { status, .. } => *status,
            other => panic!("{other:?}"),
        });
        all.collect::<Vec<_>>()
    };
    assert_eq!((statuses(&steps[0]), statuses(&steps[1])), (vec![200, 201, 202, 204], vec![200]));
}

#[test]
fn what_was_given_is_expected_from_a_read_of_the_same_resource() {
    let steps = steps("s.CreateThing/Color/round-trip/GetThing");
    let (create, read) = (input(&steps[0]), input(&steps[1]));
    // The first value is the likely default.
    assert_eq!(create["Color"], "blue");
    assert_eq!(read, json!({"ThingName": create["ThingName"]}));
    assert_eq!(body(&steps[1]), json!({"Thing": {"Color": "blue"}}));
    assert!(matches!(steps[1].repeat, Repeat::Eventually { .. }));
}

#[test]
fn a_new_resource_is_in_the_list_or_on_a_later_page() {
    let steps = steps("s.CreateThing/listed/ListThings");
    let name = &input(&steps[0])["ThingName"];
    assert_eq!(body(&steps[1]), json!({"Things": {"$contains": {"ThingName": name}}}));
    assert_eq!(steps[1].expect.alternatives.len(), 2);
}

/// The round trips of tools, parts and boxes.
#[test]
fn what_was_set_is_read_back_through_a_list_where_nothing_else_returns_it() {
    let mut ids: Vec<String> = cases_of(&tools_and_parts()).into_iter().map(|case| case.id.0).collect();
    ids.retain(|id| id.contains("/round-trip/"));
    ids.sort();
    let expected = [
        // The list of parts does not say all, and a tool may be named in another form.
        "s.CreateBox/Color/round-trip/DescribeBoxes",
        "s.CreateBox/Label/round-trip/DescribeBoxes",
        "s.CreateTool/Color/round-trip/DescribeTools",
        "s.CreateTool/Note/round-trip/DescribeTools",
        "s.CreateTool/Tags/round-trip/ListToolTags",
        "s.TagTool/Tags/round-trip/ListToolTags",
        "s.TagTool/Tags/round-trip/UntagTool",
        "s.UpdateTool/Size/round-trip/DescribeTools",
    ];
    assert_eq!(ids, expected);
}

#[rstest]
#[case("s.CreateTool/Color/round-trip/DescribeTools", &["(CreateTool)", "DescribeTools"])]
#[case("s.UpdateTool/Size/round-trip/DescribeTools", &["(CreateTool)", "(UpdateTool)", "DescribeTools"])]
#[case("s.TagTool/Tags/round-trip/ListToolTags", &["(CreateTool)", "(TagTool)", "ListToolTags"])]
#[case("s.TagTool/Tags/round-trip/UntagTool", &["(CreateTool)", "(TagTool)", "(UntagTool)", "ListToolTags"])]
fn a_change_follows_a_creation_unless_a_recipe_names_what_exists(#[case] id: &str, #[case] expected: &[&str]) {
    assert_eq!(calls(&steps_of(TOOLS, id)), expected);
}

#[test]
fn a_list_is_narrowed_to_the_resource_and_asked_for_all_parts() {
    let steps = steps_of(TOOLS, "s.CreateTool/Color/round-trip/DescribeTools");
    let name = &input(&steps[0])["ToolName"];
    assert_eq!(input(&steps[1]), json!({"ToolNames": [name], "include": ["TAGS"]}));
    assert_eq!(body(&steps[1]), json!({"Tools": {"$contains": {"Color": "blue"}}}));
}

#[test]
fn an_item_is_told_from_others_by_its_identifier_where_a_list_has_no_filter() {
    let steps = steps_of(&tools_and_parts(), "s.CreateBox/Color/round-trip/DescribeBoxes");
    let name = &input(&steps[0])["BoxName"];
    assert_eq!(body(&steps[1]), json!({"Boxes": {"$contains": {"BoxName": name, "Color": "blue"}}}));
}

#[test]
fn a_list_is_asked_for_what_was_set_where_it_can_be() {
    let steps = steps_of(&tools_and_parts(), "s.CreateBox/Label/round-trip/DescribeBoxes");
    assert_eq!(input(&steps[1]), json!({"Label": input(&steps[0])["Label"]}));
}

#[test]
fn a_change_takes_effect_at_once_or_is_pending() {
    let steps = steps_of(TOOLS, "s.UpdateTool/Size/round-trip/DescribeTools");
    let (create, update) = (input(&steps[0]), input(&steps[1]));
    assert_eq!((&update["ToolName"], &update["ApplyImmediately"]), (&create["ToolName"], &json!(true)));
    let bodies = steps[2].expect.alternatives.iter().map(|one| match one {
        Alternative::Success { body: Some(body), .. } => body.fill(&crate::suite::Bindings::default()).unwrap(),
        other => panic!("{other:?}"),
    });
    let items = [json!({"Size": update["Size"]}), json!({"PendingChanges": {"Size": update["Size"]}})];
    assert_eq!(bodies.collect::<Vec<_>>(), items.map(|item| json!({"Tools": {"$contains": item}})));
}

#[test]
fn tags_that_were_removed_are_lacking() {
    let steps = steps_of(TOOLS, "s.TagTool/Tags/round-trip/UntagTool");
    let tag = &input(&steps[1])["Tags"][0];
    assert_eq!(input(&steps[2])["TagKeys"], json!([tag["Key"]]));
    assert_eq!(body(&steps[3]), json!({"Tags": {"$lacks": tag}}));
}

#[test]
fn a_list_agrees_with_a_read_in_what_both_return() {
    let steps = steps("s.CreateThing/consistent/ListThings");
    let mut bindings = crate::suite::Bindings::default();
    bindings.bind("call2", json!({"Thing": {"Color": "red"}}));
    let [Alternative::Success { body: Some(body), .. }, ..] = steps[2].expect.alternatives.as_slice() else { panic!() };
    let item = &body.fill(&bindings).unwrap()["Things"]["$contains"];
    assert_eq!((&item["Color"], &item["Size"]), (&json!({"$agrees": "red"}), &json!({"$agrees": null})));
}

#[test]
fn pages_of_one_item_hold_three_resources() {
    let steps = steps("s.CreateThing/pages/ListThings");
    let names: Vec<Value> = steps[..3].iter().map(|step| input(step)["ThingName"].clone()).collect();
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
    assert_eq!(input(&steps[3]), json!({"Limit": 1}));
    assert_eq!(body(&steps[3])["Things"], json!({"$items_at_most": 1}));
}

#[test]
fn a_page_and_all_that_follows_are_the_whole_list() {
    let steps = steps("s.CreateThing/pages/ListThings-whole");
    assert_eq!(calls(&steps)[3..], ["(ListThings)", "(ListThings)", "ListThings"]);
    let mut bindings = crate::suite::Bindings::default();
    bindings.bind("call4", json!({"Things": [{"ThingName": "a"}, {"ThingName": "b"}]}));
    bindings.bind("call5", json!({"Things": [{"ThingName": "a"}], "NextToken": "t"}));
    assert_eq!(steps[5].call.input.fill(&bindings).unwrap(), json!({"NextToken": "t"}));
    let [Alternative::Success { body: Some(body), .. }, ..] = steps[5].expect.alternatives.as_slice() else { panic!() };
    let completes = &body.fill(&bindings).unwrap()["Things"]["$completes"];
    assert_eq!((&completes["by"], &completes["whole"][1]["ThingName"]), (&json!(["ThingName"]), &json!("b")));
}

#[test]
fn the_name_of_one_of_two_resources_narrows_a_list() {
    let steps = steps("s.CreateThing/narrowing/ListThings");
    let name = &input(&steps[0])["ThingName"];
    assert_ne!(*name, input(&steps[1])["ThingName"]);
    assert_eq!(input(&steps[2]), json!({"ThingNames": [name]}));
    assert_eq!(body(&steps[2]), json!({"Things": {"$contains": {"ThingName": name}}}));
    assert_eq!(body(&steps[3]), json!({"Things": {"$items_at_most": 1}}));
}

/// Things whose list takes members of things, and filters of names and values.
const THINGS: &str = include_str!("../../tests/integration/support/things.json");

#[test]
fn a_list_is_narrowed_by_each_member_of_its_items_that_it_takes() {
    let mut ids: Vec<String> = cases_of(THINGS).into_iter().map(|case| case.id.0).collect();
    ids.retain(|id| id.contains("/narrowing/"));
    ids.sort();
    let expected = [
        "s.CreateThing/narrowing/ListThings",
        "s.CreateThing/narrowing/ListThings-by-Filters-grade",
        "s.CreateThing/narrowing/ListThings-by-Filters-label",
        "s.CreateThing/narrowing/ListThings-by-Grade",
        "s.CreateThing/narrowing/ListThings-by-Label",
        "s.ListThings/narrowing/Filters-grade-of-nothing",
        "s.ListThings/narrowing/Filters-label-of-nothing",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn a_list_by_a_member_has_the_item_with_its_value_and_none_with_another() {
    let steps = steps_of(THINGS, "s.CreateThing/narrowing/ListThings-by-Grade");
    assert_eq!(calls(&steps)[2..], ["(ListThings)", "ListThings", "ListThings", "ListThings"]);
    let mut bindings = crate::suite::Bindings::default();
    bindings.bind("call3", json!({"Things": [{"ThingName": "a", "Grade": "low"}]}));
    assert_eq!(steps[3].call.input.fill(&bindings).unwrap(), json!({"Grade": "low"}));
    let [Alternative::Success { body: Some(found), .. }, ..] = steps[3].expect.alternatives.as_slice() else {
        panic!()
    };
    assert_eq!(found.fill(&bindings).unwrap(), json!({"Things": {"$contains": {"ThingName": "a"}}}));
    assert_eq!(input(&steps[5]), json!({"Grade": "high"}));
    assert_eq!(body(&steps[5]), json!({"Things": {"$lacks": {"Grade": {"$not": "high"}}}}));
}

#[test]
fn a_filter_has_a_name_and_values() {
    let steps = steps_of(THINGS, "s.ListThings/narrowing/Filters-label-of-nothing");
    assert_eq!(input(&steps[0]), json!({"Filters": [{"Name": "label", "Values": ["wireproof-none"]}]}));
    assert_eq!(body(&steps[0]), json!({"Things": {"$items_at_most": 0}}));
}

#[test]
fn an_update_has_the_value_of_the_probe_also_where_the_creation_had_to_make_the_same_choice() {
    let steps = steps_of(THINGS, "s.UpdateThing/Color/round-trip/GetThing");
    assert_eq!(calls(&steps), ["(CreateThing)", "(UpdateThing)", "GetThing"]);
    let [create, update] = [&steps[0], &steps[1]].map(input);
    assert_eq!((&create["Color"], &update["Color"]), (&json!("red"), &json!("blue")));
    assert_eq!(create["ThingName"], update["ThingName"]);
}

#[test]
fn a_list_is_given_the_token_of_another_one() {
    let steps = steps_of(THINGS, "s.CreateJob/pages/ListThings-token-of-ListJobs");
    assert_eq!(calls(&steps)[3..], ["(ListJobs)", "ListThings"]);
    assert_eq!(steps[4].expect.errors().collect::<Vec<_>>(), ["InvalidNextTokenException"]);
}

#[test]
fn the_same_name_twice_must_be_rejected_with_the_declared_error() {
    let steps = steps("s.CreateThing/duplicate/again");
    assert_eq!(input(&steps[0]), input(&steps[1]));
    assert_eq!(steps[1].expect.errors().collect::<Vec<_>>(), ["ThingAlreadyExistsException"]);
}

#[rstest]
#[case("s.GetThing/ThingName/absent/unknown", &["ThingNotFoundException"])]
// A deletion of nothing may be no error.
#[case("s.DeleteThing/ThingName/absent/unknown", &[])]
fn an_identifier_of_nothing_is_not_found(#[case] id: &str, #[case] errors: &[&str]) {
    assert_eq!(steps(id)[0].expect.errors().collect::<Vec<_>>(), errors);
}

#[test]
fn parts_inside_members_are_read_back_where_nothing_says_that_they_change_or_depend_on_others() {
    let mut ids: Vec<String> = cases_of(NESTS).into_iter().map(|case| case.id.0).collect();
    ids.retain(|id| id.contains("/round-trip/"));
    ids.sort();
    let expected = [
        "s.CreateNest/Options/Depth/round-trip/GetNest",
        "s.CreateNest/Options/Export/round-trip/GetNest",
        "s.CreateNest/Options/Note/round-trip/GetNest",
        "s.CreateNest/Options/Range/MaxSize/round-trip/GetNest",
        "s.CreateNest/SizeSpecification/Eggs/round-trip/GetNest",
        "s.CreateNest/Tags/round-trip/ListTagsForResource",
        "s.PutNestRules/Configuration/Rules[]/Count/round-trip/GetNestRules",
        "s.PutNestRules/Configuration/Rules[]/ID/round-trip/GetNestRules",
        "s.PutNestRules/Configuration/Rules[]/IsOn/round-trip/GetNestRules",
    ];
    assert_eq!(ids, expected);
}

#[rstest]
// A value that is not the likely default, in a structure with what it needs.
#[case("s.CreateNest/Options/Export/round-trip/GetNest", "/Options", json!({"Options": {"Export": "ENABLED"}}), json!({"Nest": {"Options": {"Export": "ENABLED"}}}))]
#[case("s.CreateNest/Options/Range/MaxSize/round-trip/GetNest", "/Options", json!({"Options": {"Range": {"MaxSize": 3}}}), json!({"Nest": {"Options": {"Range": {"MaxSize": 3}}}}))]
// The output calls the structure otherwise.
#[case("s.CreateNest/SizeSpecification/Eggs/round-trip/GetNest", "/SizeSpecification", json!({"SizeSpecification": {"Eggs": 3}}), json!({"Nest": {"SizeDescription": {"Eggs": 3}}}))]
// The output lacks the structure of the request.
#[case("s.PutNestRules/Configuration/Rules[]/IsOn/round-trip/GetNestRules", "/Configuration", json!({"Configuration": {"Rules": [{"Count": 1, "IsOn": true}]}}), json!({"Rules": {"$contains": {"IsOn": true}}}))]
fn a_part_is_sent_and_expected_at_its_place(
    #[case] id: &str,
    #[case] pointer: &str,
    #[case] sent: Value,
    #[case] expected: Value,
) {
    let steps = steps_of(NESTS, id);
    assert_eq!(input(&steps[0]).pointer(pointer), sent.pointer(pointer));
    assert_eq!(body(&steps[1]), expected);
}

#[test]
fn tags_are_listed_by_the_arn_that_the_creation_returns() {
    let steps = steps_of(NESTS, "s.CreateNest/Tags/round-trip/ListTagsForResource");
    assert_eq!(calls(&steps), ["(CreateNest)", "ListTagsForResource"]);
    let mut bindings = crate::suite::Bindings::default();
    bindings.bind("call1", json!({"NestArn": "arn:nest"}));
    assert_eq!(steps[1].call.input.fill(&bindings).unwrap(), json!({"ResourceArn": "arn:nest"}));
    assert_eq!(body(&steps[1])["Tags"], input(&steps[0])["Tags"]);
}
