//! The states of model servers: what is created is read as it was given, listed, found no more after its deletion, and
//! what was never created is not found, for published models in every protocol.

use std::sync::Arc;

use rstest::rstest;
use serde_json::{Map, Value};
use wireproof::internals::{
    model::{Contract, Operation, Schemas, ShapeKind},
    probe::{Examples, IdentifierLink, IdentifierOrigin, Relation, RelationRole, Relations, Resource},
    reference::{Identity, ModelServer},
    wire::{
        protocol::{ServerProtocol, protocol_named},
        sigv4::{CredentialScope, sign},
    },
};

use crate::{
    model_server::botocore_contract,
    support::{corpus::say, real_now},
};

/// A client of the model server of a service.
struct StatefulService {
    contract: Arc<Contract>,
    protocol: &'static dyn ServerProtocol,
    server: ModelServer,
    examples: Examples,
}

/// What was seen.
#[derive(Debug, Default)]
struct Seen {
    resources: usize,
    members: usize,
    listed: usize,
    absent: usize,
    gone: usize,
    wrong: Vec<String>,
}

impl StatefulService {
    fn of(name: &str, protocol: &str) -> Option<Self> {
        let contract = botocore_contract(name)?;
        let protocol = protocol_named(protocol).unwrap();
        let server = ModelServer::new(Arc::clone(&contract), Some(protocol)).unwrap();
        let schemas = Arc::new(Schemas::new(Arc::clone(&contract), protocol.body_rules()));
        Some(Self { contract, protocol, server, examples: Examples::new(schemas, protocol) })
    }

    /// The output, or the name of the error; of a response to `HEAD`, its status.
    fn call(&self, operation: &Operation, input: &Value) -> Result<Value, String> {
        let mut request = self.protocol.build_request(&self.contract, operation, input).unwrap();
        request.headers.set("host", "h");
        let service = self.contract.service().signing_name.clone();
        let scope = CredentialScope { region: "us-east-1".to_owned(), service };
        #[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
        let now = real_now() as i64;
        sign(&mut request, Identity::test().credentials(), &scope, now, None);
        let response = self.server.handle(&request, real_now());
        let parsed = self.protocol.parse_response(&self.contract, Some(operation), &response);
        match parsed.rejection {
            Some(identity) => Err(identity.name.unwrap_or_else(|| response.status.to_string())),
            None => Ok(parsed.value.unwrap_or_default()),
        }
    }

    /// A valid input: with every member, or with those that are required. Strings of `salt` name the resource.
    fn input(&self, operation: &Operation, names: &[String], salt: u64, is_full: bool) -> Value {
        let mut input = self.examples.part(operation, &operation.input).unwrap_or_else(|_| Map::new().into());
        let members = self.contract.members(&operation.input);
        for member in members {
            let values = input.as_object_mut().unwrap();
            if !is_full && !member.traits.required() {
                values.shift_remove(&member.name);
            }
            if names.contains(&member.name)
                && let Some(text) = self.examples.text(member, salt)
            {
                // A structure that repeats the name has the same one.
                let inner = values.values_mut().filter_map(|value| value.get_mut(&member.name));
                for inner in inner.filter(|inner| inner.is_string()) {
                    *inner = text.as_str().into();
                }
                values.insert(member.name.clone(), text.into());
            }
        }
        input
    }

    fn is_valid(&self, operation: &Operation, input: &Value) -> bool {
        let schemas = Schemas::new(Arc::clone(&self.contract), self.protocol.body_rules());
        let side = wireproof::internals::model::PayloadSide::Input;
        schemas.violations(&operation.input, side, input).is_ok_and(|violations| violations.is_empty())
    }

    fn operation(&self, relation: &Relation) -> &Operation {
        self.contract.operation(&relation.operation).unwrap()
    }

    /// The input of a call that follows another.
    fn following(&self, next: &Operation, links: &[IdentifierLink], input: &Value, output: &Value) -> Option<Value> {
        let mut following = self.input(next, &[], 0, false);
        for link in links {
            let value = match &link.origin {
                IdentifierOrigin::Input(member) => input.get(member)?.clone(),
                IdentifierOrigin::Output(path) => output.pointer(&path.pointer()?)?.clone(),
            };
            let value = if link.is_list { Value::Array(vec![value]) } else { value };
            following[&link.member] = value;
        }
        self.is_valid(next, &following).then_some(following)
    }

    /// Follows a resource from its creation to its deletion.
    fn follow(&self, resource: &Resource, seen: &mut Seen) {
        let Some(creates) = resource.in_role(RelationRole::Creates).next() else { return };
        let create = self.operation(creates);
        let input = self.input(create, &creates.input, 7, true);
        let output = match self.call(create, &input) {
            Ok(output) => output,
            Err(error) => return seen.wrong.push(format!("{}: {error}", create.name)),
        };
        seen.resources += 1;
        let next = |relation: &Relation| {
            let next = self.operation(relation);
            let links = resource.links(&self.contract, create, next)?;
            Some((next.clone(), self.following(next, &links, &input, &output)?))
        };
        for (read, given) in resource.in_role(RelationRole::Reads).filter_map(next) {
            match self.call(&read, &given) {
                Ok(found) => self.compare(create, &input, &read, &found, seen),
                Err(error) => seen.wrong.push(format!("{} after {}: {error}", read.name, create.name)),
            }
            self.expect_absent(resource, &read, &given, seen);
        }
        for relation in resource.in_role(RelationRole::Lists) {
            if let (Some((list, given)), Some(path)) = (next(relation), &relation.output) {
                let found = self.call(&list, &given).unwrap_or_default();
                let steps: Vec<&str> = path.0.iter().map(String::as_str).collect();
                let found = collected(&found, &steps);
                let texts = [all_texts(&input), all_texts(&output)].concat();
                // A list may show a form that the creation does not return.
                let is_shown = steps.last().is_some_and(|name| input.get(name).or(output.get(name)).is_none());
                if found.iter().any(|name| texts.contains(name)) || (is_shown && found.len() == 1) {
                    seen.listed += 1;
                } else if !steps.is_empty() {
                    seen.wrong.push(format!("{} does not list {texts:?}: {found:?}", list.name));
                }
            }
        }
        for (delete, given) in resource.in_role(RelationRole::Deletes).filter_map(next).take(1) {
            let deleted = self.call(&delete, &given);
            if let Err(error) = deleted {
                seen.wrong.push(format!("{}: {error}", delete.name));
            }
            for (read, given) in resource.in_role(RelationRole::Reads).filter_map(next) {
                self.expect_error(&read, &given, seen, "is read after its deletion");
                seen.gone += 1;
            }
        }
    }

    fn compare(&self, create: &Operation, input: &Value, read: &Operation, found: &Value, seen: &mut Seen) {
        let contract = &self.contract;
        for member in contract.members(&create.input) {
            let Some(given) = input.get(&member.name) else { continue };
            // What describes the bytes of a message is that of the message.
            if create.name == "PutObject" && ["ContentEncoding", "ContentLength"].contains(&member.name.as_str()) {
                continue;
            }
            let is_same = |(value, shape): &(&Value, &wireproof::internals::model::ShapeId)| {
                let own =
                    contract.members(shape).iter().find(|own| own.name == member.name && own.target == member.target);
                own.is_some() && value.is_object()
            };
            let inner = contract.members(&read.output).iter().filter_map(|outer| {
                let kind = &contract.shape(&outer.target)?.kind;
                matches!(kind, ShapeKind::Structure(_)).then_some((found.get(&outer.name)?, &outer.target))
            });
            for (value, _) in [(found, &read.output)].into_iter().chain(inner).filter(is_same) {
                seen.members += 1;
                if value.get(&member.name) != Some(given) {
                    let got = value.get(&member.name);
                    seen.wrong.push(format!(
                        "{} of {} is {got:?}, and was {given} in {}",
                        member.name, read.name, create.name
                    ));
                }
            }
        }
    }

    fn expect_absent(&self, resource: &Resource, read: &Operation, given: &Value, seen: &mut Seen) {
        let members = self.contract.members(&read.input);
        let own = resource.identifiers.last().and_then(|own| members.iter().find(|member| member.name == *own));
        let other = own.and_then(|own| Some((own.name.clone(), self.examples.text(own, 99)?)));
        let Some((name, other)) = other.filter(|(name, other)| given[name] != **other) else { return };
        let mut given = given.clone();
        given[name] = other.into();
        self.expect_error(read, &given, seen, "finds nothing");
        seen.absent += 1;
    }

    fn expect_error(&self, read: &Operation, given: &Value, seen: &mut Seen, what: &str) {
        const WORDS: [&str; 5] = ["NotFound", "NoSuch", "DoesNotExist", "NonExist", "404"];
        let declares = read.errors.iter().any(|id| WORDS.iter().any(|word| id.name().contains(word)));
        let error = self.call(read, given).err().unwrap_or_default();
        if declares && !WORDS.iter().any(|word| error.contains(word)) {
            seen.wrong.push(format!("{} {what}: {error:?}", read.name));
        }
    }
}

/// The strings at a location; `[]` leads to the items of a list.
fn collected(value: &Value, steps: &[&str]) -> Vec<String> {
    match steps.split_first() {
        None => value.as_str().map(str::to_owned).into_iter().collect(),
        Some((&"[]", rest)) => value.as_array().into_iter().flatten().flat_map(|item| collected(item, rest)).collect(),
        Some((name, rest)) => value.get(name).map(|inner| collected(inner, rest)).unwrap_or_default(),
    }
}

fn all_texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(all_texts).collect(),
        Value::Object(members) => members.values().flat_map(all_texts).collect(),
        _ => Vec::new(),
    }
}

#[rstest]
#[case("kms", "awsJson1_1")]
#[case("sqs", "awsJson1_0")]
#[case("sqs", "awsQuery")]
#[case("sns", "awsQuery")]
#[case("lambda", "restJson1")]
#[case("s3", "restXml")]
#[case("iam", "awsQuery")]
#[case("ec2", "ec2Query")]
#[case("cloudwatch", "rpcv2Cbor")]
fn what_is_created_is_read_listed_and_deleted_on_the_model_server_of_a_published_model(
    #[case] name: &str,
    #[case] protocol: &str,
) {
    let Some(service) = StatefulService::of(name, protocol) else { return };
    let mut seen = Seen::default();
    for resource in &Relations::of(&service.contract).resources {
        service.follow(resource, &mut seen);
    }
    let Seen { resources, members, listed, absent, gone, wrong } = seen;
    say(&format!(
        "states of {name} in {protocol}: {resources} resources, {members} members read, {listed} listed, {absent} absent, \
         {gone} gone"
    ))
    .unwrap();
    assert!(wrong.is_empty() && resources > 0, "{name} in {protocol}: {}\n{}", wrong.len(), wrong.join("\n"));
}
