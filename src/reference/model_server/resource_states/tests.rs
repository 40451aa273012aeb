use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::StateFault;
use crate::{
    model::{Contract, read},
    reference::{Identity, ModelFault, ModelServer},
    wire::{
        protocol::{ServerProtocol, protocol_named},
        sigv4::{CredentialScope, sign},
    },
};

const PROTOCOLS: [&str; 6] = ["awsJson1_1", "restJson1", "restXml", "awsQuery", "ec2Query", "rpcv2Cbor"];

const NOW: i64 = 1_700_000_000;

/// Name, members of the input, members of the output, and errors of each operation.
const OPERATIONS: [(&str, &str, &str, &[&str]); 13] = [
    ("CreateThing", "Name! Size Note Flag ClientToken Tags", "Thing", &["ThingAlreadyExists", "LimitExceeded"]),
    ("DescribeThing", "Name!", "Thing", &["ThingNotFound"]),
    ("UpdateThing", "Name! Note", "Thing", &["ThingNotFound"]),
    ("DeleteThing", "Name!", "", &["ThingNotFound"]),
    ("ListThings", "MaxResults NextToken", "Things NextToken", &["InvalidNextTokenException"]),
    ("TagThing", "Name! Tags", "", &["ThingNotFound"]),
    ("UntagThing", "Name! TagKeys", "", &["ThingNotFound"]),
    ("ListThingTags", "Name!", "Tags", &["ThingNotFound"]),
    ("CreateJob", "Note ClientToken", "JobId", &[]),
    ("GetJob", "JobId!", "JobId Note", &["ResourceNotFoundException"]),
    ("ListJobs", "Limit Marker", "JobIds NextMarker Truncated", &[]),
    ("DeleteJob", "JobId!", "", &[]),
    ("PutThingPolicy", "Name! Note", "", &["ThingNotFound"]),
];

fn members(names: &str) -> Value {
    let member = |name: &str| {
        let bare = name.trim_end_matches('!');
        let target = match bare {
            "Name" => "x#Name",
            "JobId" => "x#JobId",
            "Size" | "MaxResults" | "Limit" => "smithy.api#Integer",
            "Flag" | "Truncated" => "smithy.api#Boolean",
            "Thing" => "x#Thing",
            "Things" => "x#Things",
            "Tags" => "x#Tags",
            "TagKeys" | "JobIds" => "x#Texts",
            _ => "smithy.api#String",
        };
        let mut traits = json!({});
        if name.ends_with('!') {
            traits["smithy.api#required"] = json!({});
        }
        if bare == "ClientToken" {
            traits["smithy.api#idempotencyToken"] = json!({});
        }
        (bare.to_owned(), json!({"target": target, "traits": traits}))
    };
    json!({"type": "structure", "members": names.split_whitespace().map(member).collect::<serde_json::Map<_, _>>()})
}

fn model(protocol: &str) -> Contract {
    let namespace = if protocol.starts_with("rpcv2") { "smithy.protocols" } else { "aws.protocols" };
    let targets: Vec<Value> = OPERATIONS.iter().map(|(name, ..)| json!({"target": format!("x#{name}")})).collect();
    let mut shapes = json!({
        "x#S": {"type": "service", "version": "2026-01-01", "operations": targets, "traits": {
            "aws.auth#sigv4": {"name": "s"}, format!("{namespace}#{protocol}"): {}, "smithy.api#xmlNamespace": {"uri": "http://s/"}}},
        "x#Name": {"type": "string", "traits": {"smithy.api#length": {"min": 2, "max": 9}}},
        "x#JobId": {"type": "string", "traits": {"smithy.api#pattern": "^j-[0-9a-f]{8}$"}},
        "x#Thing": members("Name! Arn! Size Note Flag Tags Status"),
        "x#Item": members("Name! Arn! Note Status"),
        "x#Things": {"type": "list", "member": {"target": "x#Item"}},
        "x#Texts": {"type": "list", "member": {"target": "smithy.api#String"}},
        "x#Tags": {"type": "list", "member": {"target": "x#Tag"}},
        "x#Tag": members("Key! Value"),
    });
    for (name, input, output, errors) in OPERATIONS {
        let targets: Vec<Value> = errors.iter().map(|error| json!({"target": format!("x#{error}")})).collect();
        shapes[format!("x#{name}")] = json!({
            "type": "operation", "input": {"target": format!("x#{name}In")}, "output": {"target": format!("x#{name}Out")},
            "errors": targets, "traits": {"smithy.api#http": {"method": "POST", "uri": format!("/{name}"), "code": 200}}});
        shapes[format!("x#{name}In")] = members(input);
        shapes[format!("x#{name}Out")] = members(output);
        for error in errors {
            shapes[format!("x#{error}")] =
                json!({"type": "structure", "members": {}, "traits": {"smithy.api#error": "client"}});
        }
    }
    read("m", &json!({"smithy": "2.0", "shapes": shapes}).to_string()).unwrap()
}

/// A client of a model server.
struct Caller {
    contract: Arc<Contract>,
    protocol: &'static dyn ServerProtocol,
    server: ModelServer,
}

impl Caller {
    fn new(protocol: &str) -> Self {
        let (contract, protocol) = (Arc::new(model(protocol)), protocol_named(protocol).unwrap());
        let server = ModelServer::new(Arc::clone(&contract), Some(protocol)).unwrap();
        Self { contract, protocol, server }
    }

    fn with(protocol: &str, fault: StateFault) -> Self {
        let plain = Self::new(protocol);
        let server = plain.server.with_fault(ModelFault::State(fault));
        Self { server, ..plain }
    }

    /// The output, or the name of the error.
    fn call(&self, operation: &str, input: &Value) -> Result<Value, String> {
        let operation = self.contract.operation(operation).unwrap();
        let mut request = self.protocol.build_request(&self.contract, operation, input).unwrap();
        request.headers.set("host", "h");
        let scope = CredentialScope { region: "us-east-1".to_owned(), service: "s".to_owned() };
        sign(&mut request, Identity::test().credentials(), &scope, NOW, None);
        let response = self.server.handle(&request, 1.7e9);
        let parsed = self.protocol.parse_response(&self.contract, Some(operation), &response);
        assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
        match parsed.rejection {
            Some(identity) => Err(identity.name.unwrap_or_default()),
            None => Ok(parsed.value.unwrap_or_default()),
        }
    }

    fn output(&self, operation: &str, input: &Value) -> Value {
        self.call(operation, input).unwrap()
    }

    fn error(&self, operation: &str, input: &Value) -> String {
        self.call(operation, input).err().unwrap_or_default()
    }

    /// The items of every page, and the number of pages: at most nine.
    fn pages(&self, operation: &str, limit: &str, tokens: (&str, &str), items: &str) -> (Vec<Value>, usize) {
        let mut input = json!({limit: 2});
        let mut all = Vec::new();
        for page in 1..9 {
            let output = self.output(operation, &input);
            all.extend(output[items].as_array().cloned().unwrap_or_default());
            match output.get(tokens.0) {
                Some(token) => input[tokens.1] = token.clone(),
                None => return (all, page),
            }
        }
        (all, 9)
    }
}

/// What a client sees, in the words of a promise: true if it is kept.
fn story(caller: &Caller) -> BTreeMap<&'static str, bool> {
    let mut kept = BTreeMap::new();
    let thing = |name: &str| json!({"Name": name});
    let made = json!({"Name": "one", "Size": 7, "Note": "mine", "Flag": true, "ClientToken": "t",
        "Tags": [{"Key": "a", "Value": "1"}]});
    let first = caller.output("CreateThing", &made)["Thing"].clone();
    let read = |name: &str| caller.call("DescribeThing", &thing(name)).map(|output| output["Thing"].clone());
    let given = |found: &Value| ["Name", "Size", "Note", "Flag", "Tags"].iter().all(|name| found[name] == made[name]);
    let found = read("one").unwrap();
    kept.insert("what was given is returned", given(&found) && given(&first));
    kept.insert("an identifier stays", found["Arn"] == first["Arn"]);
    kept.insert(
        "the same token is the same call",
        caller.call("CreateThing", &made).is_ok_and(|again| again["Thing"] == first),
    );
    let duplicate = caller.error("CreateThing", &json!({"Name": "one", "ClientToken": "u"}));
    kept.insert("a name is taken", duplicate == "ThingAlreadyExists");
    kept.insert("nothing is not found", caller.error("DescribeThing", &thing("none")) == "ThingNotFound");
    kept.insert("nothing does not crash", caller.error("UpdateThing", &thing("none")) != "InternalFailure");
    let one_item = caller.output("ListThings", &json!({}))["Things"].clone();
    let shares = ["Name", "Note"].iter().all(|name| one_item[0][name] == made[name]);
    kept.insert("a list has what was given", one_item.as_array().map(Vec::len) == Some(1) && shares);
    kept.insert("a list says what a read says", ["Arn", "Status"].iter().all(|name| one_item[0][name] == found[name]));
    caller.output("UpdateThing", &json!({"Name": "one", "Note": "changed"}));
    let updated = read("one").unwrap();
    kept.insert("an update is kept", updated["Note"] == "changed" && updated["Arn"] == first["Arn"]);
    caller.output("TagThing", &json!({"Name": "one", "Tags": [{"Key": "b", "Value": "2"}]}));
    let tags = || caller.output("ListThingTags", &thing("one"))["Tags"].clone();
    kept.insert(
        "a tag is kept",
        tags().as_array().is_some_and(|tags| tags.contains(&json!({"Key": "b", "Value": "2"}))),
    );
    caller.output("UntagThing", &json!({"Name": "one", "TagKeys": ["a"]}));
    kept.insert("a tag is removed", tags().as_array().is_some_and(|tags| tags.iter().all(|tag| tag["Key"] != "a")));
    pages(caller, &mut kept);
    caller.output("DeleteThing", &thing("one"));
    let gone = ["DescribeThing", "UpdateThing", "DeleteThing"].map(|name| caller.error(name, &thing("one")));
    kept.insert("what is deleted is not read", gone[0] == "ThingNotFound");
    kept.insert("what is deleted is gone", gone[1..].iter().all(|name| name == "ThingNotFound"));
    let left = caller.output("ListThings", &json!({"MaxResults": 9}))["Things"].clone();
    let is_listed = left.as_array().is_some_and(|left| left.iter().any(|item| item["Name"] == "one"));
    kept.insert("what is deleted is not listed", !is_listed);
    kept
}

fn pages(caller: &Caller, kept: &mut BTreeMap<&'static str, bool>) {
    for index in 0..6 {
        caller.output("CreateThing", &json!({"Name": format!("n{index}")}));
    }
    let (all, count) = caller.pages("ListThings", "MaxResults", ("NextToken", "NextToken"), "Things");
    let mut names: Vec<&str> = all.iter().filter_map(|item| item["Name"].as_str()).collect();
    kept.insert("pages end", count < 9);
    names.sort_unstable();
    kept.insert("pages add up", count == 9 || names == ["n0", "n1", "n2", "n3", "n4", "n5", "one"]);
    let page = caller.output("ListThings", &json!({"MaxResults": 2}));
    kept.insert("a limit is kept", page["Things"].as_array().is_some_and(|items| items.len() == 2));
    let garbage = caller.error("ListThings", &json!({"NextToken": "garbage"}));
    kept.insert("a token of nothing is rejected", garbage == "InvalidNextTokenException");
    for token in ["p", "q"] {
        caller.output("CreateJob", &json!({"ClientToken": token}));
    }
    let other = caller.output("ListJobs", &json!({"Limit": 1})).get("NextMarker").cloned();
    let is_rejected =
        |token: Value| caller.error("ListThings", &json!({"NextToken": token})) == "InvalidNextTokenException";
    kept.insert("a token of another list is rejected", other.is_none_or(is_rejected));
}

fn broken(caller: &Caller) -> Vec<&'static str> {
    story(caller).into_iter().filter(|(_, is_kept)| !is_kept).map(|(promise, _)| promise).collect()
}

#[rstest]
fn every_promise_is_kept_in_every_protocol(
    #[values("awsJson1_1", "restJson1", "restXml", "awsQuery", "ec2Query", "rpcv2Cbor")] protocol: &str,
) {
    assert_eq!(broken(&Caller::new(protocol)), <[&str; 0]>::default());
}

#[rstest]
#[case(StateFault::MemberDroppedOnRead, &["what was given is returned"])]
#[case(StateFault::MemberDroppedOnList, &["a list has what was given"])]
#[case(
    StateFault::CreatedUnlisted,
    &["a list has what was given", "a list says what a read says", "pages add up"]
)]
#[case(StateFault::PageSkipped, &["pages add up"])]
#[case(StateFault::LimitIgnored, &["a limit is kept"])]
#[case(
    StateFault::PageTokenIgnored,
    &["a token of another list is rejected", "a token of nothing is rejected", "pages end"]
)]
#[case(StateFault::ForeignTokenAccepted, &["a token of another list is rejected"])]
#[case(StateFault::EndlessToken, &["pages end"])]
#[case(StateFault::DeletedListed, &["what is deleted is not listed"])]
#[case(StateFault::DeletedRead, &["what is deleted is not read"])]
#[case(StateFault::AbsentAccepted, &["nothing is not found", "what is deleted is gone", "what is deleted is not read"])]
#[case(
    StateFault::AbsentCrashes,
    &["nothing does not crash", "nothing is not found", "what is deleted is gone", "what is deleted is not read"]
)]
#[case(StateFault::DuplicateAccepted, &["a name is taken"])]
#[case(StateFault::IdempotencyTokenIgnored, &["the same token is the same call"])]
#[case(StateFault::UpdateForgotten, &["an update is kept"])]
#[case(StateFault::ListDisagrees, &["a list says what a read says"])]
#[case(StateFault::TagForgotten, &["a tag is kept"])]
#[case(StateFault::UntagForgotten, &["a tag is removed"])]
fn a_fault_breaks_its_own_promises_alone(#[case] fault: StateFault, #[case] expected: &[&str]) {
    for protocol in PROTOCOLS {
        assert_eq!(broken(&Caller::with(protocol, fault)), expected, "{} in {protocol}", fault.id());
    }
}

#[test]
fn an_id_of_the_server_is_new_and_valid_and_a_list_of_strings_has_it() {
    let caller = Caller::new("awsJson1_1");
    let make = |token: &str| caller.output("CreateJob", &json!({"ClientToken": token, "Note": token}))["JobId"].clone();
    let ids = ["a", "b", "a"].map(make);
    assert!(ids[0] != ids[1] && ids[0] == ids[2], "{ids:?}");
    assert_eq!(caller.output("GetJob", &json!({"JobId": ids[1]})), json!({"JobId": ids[1], "Note": "b"}));
    assert_eq!(caller.output("ListJobs", &json!({}))["JobIds"], json!([ids[0], ids[1]]));
    let page = caller.output("ListJobs", &json!({"Limit": 1}));
    assert_eq!((&page["JobIds"], &page["Truncated"]), (&json!([ids[0]]), &json!(true)));
    let last = caller.output("ListJobs", &json!({"Limit": 1, "Marker": page["NextMarker"]}));
    assert_eq!((&last["JobIds"], &last["Truncated"], last.get("NextMarker")), (&json!([ids[1]]), &json!(false), None));
    let elsewhere = json!({"Limit": 1, "NextToken": page["NextMarker"]});
    assert_eq!(caller.error("ListThings", &elsewhere), "InvalidNextTokenException");
}

#[test]
fn a_server_without_states_accepts_every_identifier() {
    let caller = Caller::new("restJson1");
    let stateless = Caller { server: Caller::new("restJson1").server.stateless(), ..caller };
    assert_eq!(stateless.output("DescribeThing", &json!({"Name": "none"}))["Thing"]["Name"], "none");
    assert!(stateless.call("ListThings", &json!({"NextToken": "garbage"})).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_created_is_read_and_listed_as_it_was_given(
        protocol in 0..PROTOCOLS.len(),
        name in "[a-z]{2,9}",
        size in any::<i32>(),
        note in "[A-Za-z0-9<&\"'][ -~]{0,20}[A-Za-z0-9>]",
        flag in any::<bool>(),
    ) {
        let caller = Caller::new(PROTOCOLS[protocol]);
        let given = json!({"Name": name, "Size": size, "Note": note, "Flag": flag});
        caller.output("CreateThing", &given);
        let thing = caller.output("DescribeThing", &json!({"Name": name}))["Thing"].clone();
        for member in ["Name", "Size", "Note", "Flag"] {
            prop_assert_eq!(&thing[member], &given[member]);
        }
        let listed = caller.output("ListThings", &json!({}))["Things"][0].clone();
        prop_assert_eq!((&listed["Name"], &listed["Note"], &listed["Arn"]), (&thing["Name"], &thing["Note"], &thing["Arn"]));
    }
}
