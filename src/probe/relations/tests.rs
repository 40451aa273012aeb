use rstest::rstest;

use super::*;

/// A service with these operations; `shapes` defines `x#NameIn` and what it reaches.
fn contract(operations: &[(&str, &str, &str)], shapes: &str) -> Contract {
    let targets: Vec<String> = operations.iter().map(|(name, ..)| format!(r#"{{"target":"x#{name}"}}"#)).collect();
    let operations = operations.iter().map(|(name, input, output)| {
        format!(
            r#""x#{name}":{{"type":"operation","input":{{"target":"x#{input}"}},"output":{{"target":"x#{output}"}}}}"#
        )
    });
    let operations = operations.collect::<Vec<_>>().join(",");
    let model = format!(
        r#"{{"smithy":"2.0","shapes":{{
            "x#S":{{"type":"service","version":"1","operations":[{}],
                "traits":{{"aws.auth#sigv4":{{"name":"s"}},"aws.protocols#awsJson1_1":{{}}}}}},
            {operations},{shapes}}}}}"#,
        targets.join(",")
    );
    crate::model::read("model.json", &model).unwrap()
}

const SHAPES: &str = r#"
    "x#Nothing":{"type":"structure","members":{}},
    "x#New":{"type":"structure","members":{"Name":{"target":"smithy.api#String"},"Size":{"target":"smithy.api#Integer"}}},
    "x#One":{"type":"structure","members":{"ThingId":{"target":"smithy.api#String","traits":{"smithy.api#required":{}}}}},
    "x#Made":{"type":"structure","members":{"Owner":{"target":"x#Owner"},"Thing":{"target":"x#Thing"}}},
    "x#Owner":{"type":"structure","members":{"Id":{"target":"smithy.api#String"}}},
    "x#Thing":{"type":"structure","members":{"Id":{"target":"smithy.api#String"},"Arn":{"target":"smithy.api#String"}}},
    "x#Page":{"type":"structure","members":{"Things":{"target":"x#Things"},"NextToken":{"target":"smithy.api#String"}}},
    "x#Things":{"type":"list","member":{"target":"x#Thing"}}"#;

const THINGS: [(&str, &str, &str); 6] = [
    ("CreateThing", "New", "Made"),
    ("DescribeThing", "One", "Made"),
    ("ListThings", "Nothing", "Page"),
    ("DeleteThing", "One", "Nothing"),
    ("TagResource", "One", "Nothing"),
    ("Encrypt", "One", "Nothing"),
];

#[rstest]
#[case("CreateThing", RelationRole::Creates, "Name", "Thing.Id")]
#[case("DescribeThing", RelationRole::Reads, "ThingId", "Thing.Id")]
#[case("ListThings", RelationRole::Lists, "", "Things[].Id")]
#[case("DeleteThing", RelationRole::Deletes, "ThingId", "")]
#[case("TagResource", RelationRole::Tags, "ThingId", "")]
fn an_operation_has_a_role_and_identifiers(
    #[case] operation: &str,
    #[case] role: RelationRole,
    #[case] input: &str,
    #[case] output: &str,
) {
    let relations = Relations::of(&contract(&THINGS, SHAPES));
    let found: Vec<_> = relations.of_operation(operation).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    let (resource, relation) = found[0];
    let shown = relation.output.as_ref().map(ToString::to_string).unwrap_or_default();
    assert_eq!((resource.name.as_str(), relation.role), ("Thing", role));
    assert_eq!((relation.input.join("+").as_str(), shown.as_str()), (input, output));
}

/// Things with tags, which any operation on tags takes by their ARN, and boxes without.
#[rstest]
#[case("TagResource", RelationRole::Tags)]
#[case("UntagResource", RelationRole::Untags)]
#[case("ListTagsForResource", RelationRole::ListsTags)]
fn an_operation_on_the_tags_of_any_resource_takes_the_arn_of_one_that_is_made_with_tags(
    #[case] operation: &str,
    #[case] role: RelationRole,
) {
    let operations = [
        ("CreateThing", "Tagged", "Made"),
        ("DescribeThing", "One", "Made"),
        ("DeleteThing", "One", "Nothing"),
        ("CreateBox", "New", "MadeBox"),
        ("DeleteBox", "OneBox", "Nothing"),
        ("TagResource", "Any", "Nothing"),
        ("UntagResource", "Any", "Nothing"),
        ("ListTagsForResource", "Any", "Nothing"),
    ];
    let shapes = format!(
        r#"{SHAPES},
        "x#Tagged":{{"type":"structure","members":{{"Tags":{{"target":"x#Things"}}}}}},
        "x#OneBox":{{"type":"structure","members":{{"BoxId":{{"target":"smithy.api#String","traits":{{"smithy.api#required":{{}}}}}}}}}},
        "x#MadeBox":{{"type":"structure","members":{{"BoxId":{{"target":"smithy.api#String"}},"BoxArn":{{"target":"smithy.api#String"}}}}}},
        "x#Any":{{"type":"structure","members":{{"ResourceArn":{{"target":"smithy.api#String","traits":{{"smithy.api#required":{{}}}}}}}}}}"#
    );
    let contract = contract(&operations, &shapes);
    let relations = Relations::of(&contract);
    let found: Vec<_> = relations.of_operation(operation).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    let (resource, relation) = found[0];
    assert_eq!(
        (resource.name.as_str(), relation.role, relation.input.join("+")),
        ("Thing", role, "ResourceArn".into())
    );
    let named = |name: &str| contract.operation(name).unwrap();
    let links = resource.links(&contract, named("CreateThing"), named(operation)).unwrap();
    let origin = IdentifierOrigin::Output(OutputPath(vec!["Thing".to_owned(), "Arn".to_owned()]));
    assert_eq!(links, [IdentifierLink { member: "ResourceArn".to_owned(), origin, is_list: false }]);
}

#[test]
fn an_operation_that_names_no_resource_is_not_related() {
    assert_eq!(Relations::of(&contract(&THINGS, SHAPES)).related(), 5);
}

#[rstest]
#[case::nothing_deletes_it(&[("PutThing", "One", "Nothing"), ("GetThing", "One", "Made")], &["updates", "reads"])]
#[case::it_can_be_deleted(
    &[("PutThing", "One", "Nothing"), ("DeleteThing", "One", "Nothing")],
    &["creates", "updates", "deletes"]
)]
#[case::started(&[("StartThing", "New", "Made"), ("StopThing", "One", "Nothing")], &["creates", "updates"])]
#[case::created_and_started(
    &[("CreateThing", "New", "Made"), ("StartThing", "One", "Nothing")],
    &["creates", "updates"]
)]
#[case::attributes(
    &[("CreateThing", "New", "Made"), ("GetThingAttributes", "One", "Made")],
    &["creates", "reads"]
)]
#[case::one_operation_alone(&[("PutThings", "New", "Nothing")], &[])]
fn other_operations_decide_what_one_does(#[case] operations: &[(&str, &str, &str)], #[case] expected: &[&str]) {
    let relations = Relations::of(&contract(operations, SHAPES));
    let mut roles: Vec<&str> =
        relations.resources.iter().flat_map(|resource| &resource.relations).map(|one| one.role.name()).collect();
    let mut expected = expected.to_vec();
    roles.sort_unstable();
    expected.sort_unstable();
    assert_eq!(roles, expected);
}

#[rstest]
#[case("CreateThing", "DescribeThing", &["ThingId from output Thing.Id"])]
#[case("CreateThing", "DeleteThing", &["ThingId from output Thing.Id"])]
#[case("DescribeThing", "DeleteThing", &["ThingId from input ThingId"])]
#[case("CreateThing", "ListThings", &[])]
fn the_next_call_gets_its_identifier_from_the_first(
    #[case] first: &str,
    #[case] next: &str,
    #[case] expected: &[&str],
) {
    let contract = contract(&THINGS, SHAPES);
    let relations = Relations::of(&contract);
    let operation = |name: &str| contract.operation(name).unwrap();
    let links = relations.resources[0].links(&contract, operation(first), operation(next)).unwrap();
    let shown = links.into_iter().map(|link| match link.origin {
        IdentifierOrigin::Input(member) => format!("{} from input {member}", link.member),
        IdentifierOrigin::Output(path) => format!("{} from output {path}", link.member),
    });
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

/// A service whose `resource` shapes state what its operations do, in words that say nothing to the reader of names.
const STATED: &str = r#"{"smithy":"2.0","shapes":{
    "x#S":{"type":"service","version":"1","resources":[{"target":"x#TownResource"}],
        "traits":{"aws.auth#sigv4":{"name":"s"},"aws.protocols#awsJson1_1":{}}},
    "x#TownResource":{"type":"resource","identifiers":{"townId":{"target":"smithy.api#String"}},
        "create":{"target":"x#FoundTown"},"read":{"target":"x#GetTown"},"delete":{"target":"x#DeleteTown"},
        "operations":[{"target":"x#UpdatePlan"},{"target":"x#Paint"}],"collectionOperations":[{"target":"x#ListAllNearby"}],
        "resources":[{"target":"x#StreetResource"}]},
    "x#StreetResource":{"type":"resource","identifiers":{"streetName":{"target":"smithy.api#String"},
        "townId":{"target":"smithy.api#String"}},"put":{"target":"x#Pave"},"read":{"target":"x#GetStreet"}},
    "x#FoundTown":{"type":"operation","output":{"target":"x#Town"}},
    "x#GetTown":{"type":"operation","input":{"target":"x#One"},"output":{"target":"x#Town"}},
    "x#DeleteTown":{"type":"operation","input":{"target":"x#One"}},
    "x#UpdatePlan":{"type":"operation","input":{"target":"x#One"}},
    "x#Paint":{"type":"operation","input":{"target":"x#One"}},
    "x#ListAllNearby":{"type":"operation","output":{"target":"x#Towns"}},
    "x#Pave":{"type":"operation","input":{"target":"x#Street"}},
    "x#GetStreet":{"type":"operation","input":{"target":"x#Street"},"output":{"target":"x#Street"}},
    "x#One":{"type":"structure","members":{"which":{"target":"smithy.api#String",
        "traits":{"smithy.api#required":{},"smithy.api#resourceIdentifier":"townId"}}}},
    "x#Street":{"type":"structure","members":{
        "streetName":{"target":"smithy.api#String"},"townId":{"target":"smithy.api#String"}}},
    "x#Town":{"type":"structure","members":{"townId":{"target":"smithy.api#String"}}},
    "x#Towns":{"type":"structure","members":{"towns":{"target":"x#TownList"}}},
    "x#TownList":{"type":"list","member":{"target":"x#Town"}}}}"#;

#[rstest]
#[case::by_the_model("FoundTown", &["Town creates 1"])]
#[case::both_agree("GetTown", &["Town reads 1"])]
#[case::put("Pave", &["Street creates 1", "Street updates 1"])]
#[case::bound_and_named_as_a_change("UpdatePlan", &["Town updates 0.9"])]
#[case::bound_and_named_as_a_list("ListAllNearby", &["Town lists 0.9"])]
#[case::bound_and_named_as_nothing("Paint", &[])]
fn a_resource_shape_states_relations_and_names_fill_the_rest(#[case] operation: &str, #[case] expected: &[&str]) {
    let relations = Relations::of(&crate::model::read("model.json", STATED).unwrap());
    let found = relations.of_operation(operation);
    let shown = found.map(|(resource, one)| format!("{} {} {}", resource.name, one.role.name(), one.confidence));
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

#[test]
fn the_identifiers_of_a_resource_shape_are_members_of_inputs_the_parents_first() {
    let relations = Relations::of(&crate::model::read("model.json", STATED).unwrap());
    let shown: Vec<(&str, String)> =
        relations.resources.iter().map(|one| (one.name.as_str(), one.identifiers.join("+"))).collect();
    assert_eq!(shown, [("Street", "townId+streetName".to_owned()), ("Town", "which".to_owned())]);
}
