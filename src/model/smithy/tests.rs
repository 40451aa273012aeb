//! Models in Smithy's JSON AST, whole and broken.

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::model::Lifecycle;

fn model(shapes: &str) -> String {
    format!(
        r#"{{"smithy":"2.0","shapes":{{"x#S":{{"type":"service","version":"1","operations":[{{"target":"x#Op"}}],
        "traits":{{"aws.auth#sigv4":{{"name":"sv"}},"aws.protocols#awsJson1_1":{{}}}}}},
        "x#Op":{{"type":"operation","input":{{"target":"x#In"}}}},{shapes}}}}}"#
    )
}

#[test]
fn a_mixin_gives_its_members_and_traits_and_the_shape_itself_wins() {
    let text = model(
        r#""x#M":{"type":"structure","members":{"a":{"target":"smithy.api#String"},"b":{"target":"smithy.api#String"}},
             "traits":{"smithy.api#mixin":{"localTraits":["x#local"]},"x#local":{},"smithy.api#sensitive":{}}},
           "x#In":{"type":"structure","mixins":[{"target":"x#M"}],"members":{"b":{"target":"smithy.api#Integer"}}}"#,
    );
    let contract = read("m", &text).unwrap();
    let shape = contract.shape(&ShapeId::new("x#In")).unwrap();
    assert!(shape.traits.sensitive());
    assert!(shape.traits.get("x#local").is_none() && shape.traits.get("smithy.api#mixin").is_none());
    let ShapeKind::Structure(members) = &shape.kind else { panic!("a structure") };
    assert_eq!(
        members.iter().map(|m| (m.name.as_str(), m.target.name())).collect::<Vec<_>>(),
        [("a", "String"), ("b", "Integer")]
    );
}

#[test]
fn apply_requirements_reach_shapes_and_members() {
    let text = model(
        r#""x#In":{"type":"structure","members":{"a":{"target":"smithy.api#String"}}},
           "x#In$a":{"type":"apply","traits":{"smithy.api#length":{"min":3}}},
           "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}]}"#,
    );
    let contract = read("m", &text).unwrap();
    let member = contract.member_at(&ShapeId::new("x#In"), "/a").unwrap();
    assert_eq!(member.traits.length().unwrap().min, Some(3));
}

#[test]
fn the_enum_trait_of_smithy_1_reads_as_an_enum() {
    let text = model(
        r#""x#In":{"type":"structure","members":{}},
           "x#E":{"type":"string","traits":{"smithy.api#enum":[{"value":"A"},{"value":"B","name":"b"}]}}"#,
    );
    let contract = read("m", &text).unwrap();
    let ShapeKind::Enum(values) = &contract.shape(&ShapeId::new("x#E")).unwrap().kind else { panic!("an enum") };
    assert_eq!(values.iter().map(|value| value.value.as_str()).collect::<Vec<_>>(), ["A", "B"]);
}

#[test]
fn a_member_in_the_path_keeps_its_name_beside_one_in_the_body() {
    let text = model(
        r#""x#In":{"type":"structure","members":{
            "a":{"target":"smithy.api#String","traits":{"smithy.api#jsonName":"A"}},
            "b":{"target":"smithy.api#String","traits":{"smithy.api#jsonName":"B","smithy.api#httpLabel":{}}}}}"#,
    );
    let contract = read("m", &text.replace("awsJson1_1", "restJson1")).unwrap();
    let names = contract.members(&ShapeId::new("x#In")).iter().map(|member| member.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["A", "b"]);
}

#[test]
fn operations_of_resources_belong_to_the_service() {
    let text = r#"{"smithy":"2","shapes":{
        "x#S":{"type":"service","resources":[{"target":"x#R"}],"errors":[{"target":"x#E"}]},
        "x#R":{"type":"resource","read":{"target":"x#Get"},"collectionOperations":[{"target":"x#Sweep"}]},
        "x#Get":{"type":"operation"},"x#Sweep":{"type":"operation"},
        "x#E":{"type":"structure","members":{},"traits":{"smithy.api#error":"server"}}}}"#;
    let contract = read("m", text).unwrap();
    assert_eq!(contract.operations().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["Get", "Sweep"]);
    assert_eq!(contract.operation("Get").unwrap().errors[0].name(), "E");
}

#[test]
fn resources_pages_and_waiters_survive() {
    let text = r#"{"smithy":"2","shapes":{
        "x#S":{"type":"service","resources":[{"target":"x#City"}],
            "traits":{"smithy.api#paginated":{"inputToken":"from","outputToken":"next","pageSize":"most"}}},
        "x#City":{"type":"resource","identifiers":{"cityId":{"target":"smithy.api#String"}},
            "list":{"target":"x#List"},"resources":[{"target":"x#Street"}]},
        "x#Street":{"type":"resource","identifiers":{"name":{"target":"smithy.api#String"},
            "cityId":{"target":"smithy.api#String"}},"read":{"target":"x#Get"}},
        "x#List":{"type":"operation","traits":{"smithy.api#paginated":{"items":"all","pageSize":"limit"}}},
        "x#Get":{"type":"operation","traits":{"smithy.waiters#waitable":{"Built":{"acceptors":[]}}}}}}"#;
    let contract = read("m", text).unwrap();
    let of = |name: &str, id: &str| contract.operation(name).unwrap().traits.get(id).cloned().unwrap();
    let pages = json!({"items": "all", "pageSize": "limit", "inputToken": "from", "outputToken": "next"});
    assert_eq!(of("List", "smithy.api#paginated"), pages);
    assert_eq!(of("Get", "smithy.waiters#waitable"), json!({"Built": {"acceptors": []}}));
    let [city, street] = contract.resources() else { panic!("two resources") };
    assert_eq!(
        (&city.identifiers[..], &street.identifiers[..]),
        (&["cityId".to_owned()][..], &["cityId".to_owned(), "name".to_owned()][..])
    );
    assert_eq!(street.lifecycle, [(Lifecycle::Read, "Get".to_owned())]);
}

#[rstest]
#[case::no_json("{", "m: not JSON: EOF")]
#[case::no_version(r#"{"shapes":{}}"#, "m at /smithy: expected the Smithy version")]
#[case::other_version(r#"{"smithy":"3.0"}"#, "m at /smithy: unsupported Smithy version 3.0")]
#[case::no_shapes(r#"{"smithy":"2.0"}"#, "m at /shapes: expected an object")]
#[case::no_service(r#"{"smithy":"2.0","shapes":{}}"#, "m at /shapes: no service shape")]
#[case::bad_type(
    r#"{"smithy":"2.0","shapes":{"x#A":{"type":"strukture"}}}"#,
    "m at /shapes/x#A/type: unknown shape type \"strukture\""
)]
#[case::no_type(r#"{"smithy":"2.0","shapes":{"x#A":{}}}"#, "m at /shapes/x#A/type: expected the type")]
#[case::no_target(r#"{"smithy":"2.0","shapes":{"x#A":{"type":"list"}}}"#, "m at /shapes/x#A/member: expected")]
#[case::dangling(
    r#"{"smithy":"2.0","shapes":{"x#S":{"type":"service"},"x#A":{"type":"structure","members":{"a/b":{"target":"x#Gone"}}}}}"#,
    "m at /shapes/x#A/members/a~1b/target: the model does not define the shape x#Gone"
)]
#[case::self_mixin(
    r#"{"smithy":"2.0","shapes":{"x#S":{"type":"service"},"x#A":{"type":"structure","mixins":[{"target":"x#B"}]},"x#B":{"type":"structure","mixins":[{"target":"x#A"}]}}}"#,
    "m at /shapes/x#B/mixins/0: the mixin uses itself"
)]
#[case::unknown_mixin(
    r#"{"smithy":"2.0","shapes":{"x#S":{"type":"service"},"x#A":{"type":"structure","mixins":[{"target":"x#B"}]},"x#B":{"type":"structure","mixins":[{"target":"x#C"}]}}}"#,
    "m at /shapes/x#B/mixins/0: the model does not define the shape x#C"
)]
fn a_broken_model_names_the_file_and_the_pointer(#[case] text: &str, #[case] starts: &str) {
    let error = read("m", text).unwrap_err().to_string();
    assert!(error.starts_with(starts), "{error}");
}
