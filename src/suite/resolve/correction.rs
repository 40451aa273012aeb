//! Resolves the corrections of relations in a recipe.

use serde_json::{Map, Value};

use super::{Resolver, with_nearest};
use crate::{
    model::{
        Contract, Operation, OutputPath, RelationRole,
        pointer::{child, escape},
    },
    suite::{CorrectedRelation, corrected_relation::RelationCorrections, source::Diagnostic},
};

/// The text for an operation that is about no resource.
const NONE: &str = "none";

const HELP: &str =
    "write none, or a relation such as { role: reads, resource: Thing, input: [ThingId], output: Thing.Id }, or a list";

/// The members of a relation.
const MEMBERS: [&str; 4] = ["role", "resource", "input", "output"];

impl Resolver<'_> {
    /// The relations of each operation that the section `relations` names.
    pub(super) fn corrections(&self, raw: &Map<String, Value>) -> Result<RelationCorrections, Diagnostic> {
        let contract = self.services[self.service].contract();
        let all = raw.iter().map(|(name, relations)| {
            let at = format!("/relations/{}", escape(name));
            let Some(operation) = contract.operation(name) else {
                let diagnostic = self.source.at_key(&at, format!("{} has no operation {name}", self.service));
                return Err(with_nearest(diagnostic, name, contract.operations().map(|one| one.name.as_str())));
            };
            Ok((name.clone(), self.relations_of(contract, operation, relations, &at)?))
        });
        all.collect()
    }

    fn relations_of(
        &self,
        contract: &Contract,
        operation: &Operation,
        raw: &Value,
        at: &str,
    ) -> Result<Vec<CorrectedRelation>, Diagnostic> {
        let one = |raw: &Map<String, Value>, at: &str| self.relation(contract, operation, raw, at);
        match raw {
            Value::String(text) if text == NONE => Ok(Vec::new()),
            Value::Object(raw) => Ok(vec![one(raw, at)?]),
            Value::Array(list) if !list.is_empty() => self.several(list, at, one),
            _ => Err(self.source.at(at, "expected the relations of an operation").help(HELP)),
        }
    }

    fn several(
        &self,
        list: &[Value],
        at: &str,
        one: impl Fn(&Map<String, Value>, &str) -> Result<CorrectedRelation, Diagnostic>,
    ) -> Result<Vec<CorrectedRelation>, Diagnostic> {
        let mut found: Vec<CorrectedRelation> = Vec::new();
        for (index, raw) in list.iter().enumerate() {
            let at = format!("{at}/{index}");
            let raw = raw.as_object().ok_or_else(|| self.source.at(&at, "expected a relation").help(HELP))?;
            let relation = one(raw, &at)?;
            if found.iter().any(|other| (other.role, &other.resource) == (relation.role, &relation.resource)) {
                let twice = format!("{} {} is there already", relation.role.name(), relation.resource);
                return Err(self.source.at(&at, twice).help("remove one of the two"));
            }
            found.push(relation);
        }
        Ok(found)
    }

    fn relation(
        &self,
        contract: &Contract,
        operation: &Operation,
        raw: &Map<String, Value>,
        at: &str,
    ) -> Result<CorrectedRelation, Diagnostic> {
        if let Some(unknown) = raw.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            let diagnostic = self.source.at_key(&child(at, unknown), format!("unknown member {unknown:?}"));
            return Err(with_nearest(diagnostic, unknown, MEMBERS.into_iter()));
        }
        let output = raw.get("output").map(|output| self.output(contract, operation, output, &child(at, "output")));
        Ok(CorrectedRelation {
            resource: self.resource(raw.get("resource"), at)?,
            role: self.role(raw.get("role"), at)?,
            input: self.input(contract, operation, raw.get("input"), &child(at, "input"))?,
            output: output.transpose()?,
        })
    }

    fn resource(&self, raw: Option<&Value>, at: &str) -> Result<String, Diagnostic> {
        let name = raw.and_then(Value::as_str).filter(|name| !name.is_empty());
        let expected =
            || self.source.at(&child(at, "resource"), "expected the name of a resource, such as resource: Thing");
        name.map(str::to_owned).ok_or_else(expected)
    }

    fn role(&self, raw: Option<&Value>, at: &str) -> Result<RelationRole, Diagnostic> {
        let names = RelationRole::ALL.map(RelationRole::name);
        let at = child(at, "role");
        let roles = format!("the roles are {}", names.join(", "));
        let Some(name) = raw.and_then(Value::as_str) else {
            return Err(self.source.at(&at, "expected a role, such as role: reads").help(roles));
        };
        let found = RelationRole::ALL.into_iter().find(|role| role.name() == name);
        found.ok_or_else(|| self.source.at(&at, format!("unknown role {name:?}")).help(roles))
    }

    fn input(
        &self,
        contract: &Contract,
        operation: &Operation,
        raw: Option<&Value>,
        at: &str,
    ) -> Result<Vec<String>, Diagnostic> {
        let expected = || self.source.at(at, "expected a list of input members, such as input: [ThingId]");
        let Some(list) = raw.map(|raw| raw.as_array().ok_or_else(expected)).transpose()? else { return Ok(Vec::new()) };
        let members = contract.members(&operation.input);
        let names = list.iter().enumerate().map(|(index, name)| {
            let name = name.as_str().ok_or_else(expected)?;
            let known = members.iter().find(|member| member.name == name);
            known.map(|member| member.name.clone()).ok_or_else(|| {
                let problem = format!("{name:?} is not in the input of {}", operation.name);
                let names = members.iter().map(|member| member.name.as_str());
                with_nearest(self.source.at(&format!("{at}/{index}"), problem), name, names)
            })
        });
        names.collect()
    }

    fn output(
        &self,
        contract: &Contract,
        operation: &Operation,
        raw: &Value,
        at: &str,
    ) -> Result<OutputPath, Diagnostic> {
        let Some(text) = raw.as_str() else {
            return Err(self.source.at(at, "expected a location in the output, such as output: Things[].Id"));
        };
        OutputPath::read(contract, &operation.output, text).ok_or_else(|| {
            self.source
                .at(at, format!("{text:?} is not in the output of {}", operation.name))
                .help("write members with dots between them, and [] after a list or a map: Things[].Id")
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::suite::testing::{STATES, read};

    fn corrections(relations: &str) -> Result<RelationCorrections, Vec<String>> {
        let states = format!("{STATES}relations:\n  {relations}\n");
        let suite = read(&[("works/states.yaml", states.as_str())])?;
        Ok(suite.service("works").unwrap().corrections.clone())
    }

    #[test]
    fn an_operation_has_no_relation_one_or_several() {
        let text = "MakeThing: none\n  GetThing: [{ role: reads, resource: Thing, input: [name], output: inner.state },\n    { role: updates, resource: Visit }]";
        let read = corrections(text).unwrap();
        let output = Some(OutputPath(vec!["inner".to_owned(), "state".to_owned()]));
        let reads = CorrectedRelation {
            resource: "Thing".to_owned(),
            role: RelationRole::Reads,
            input: vec!["name".to_owned()],
            output,
        };
        let updates = CorrectedRelation {
            resource: "Visit".to_owned(),
            role: RelationRole::Updates,
            input: Vec::new(),
            output: None,
        };
        assert!(read["MakeThing"].is_empty());
        assert_eq!(read["GetThing"], [reads, updates]);
        let one = corrections("GetThing: { role: lists-tags, resource: Thing }").unwrap();
        assert_eq!(one["GetThing"][0].role, RelationRole::ListsTags);
    }

    #[rstest]
    #[case::operation("GetThin: none", "8: works has no operation GetThin")]
    #[case::text("GetThing: nothing", "8: expected the relations of an operation")]
    #[case::no_relation("GetThing: []", "8: expected the relations of an operation")]
    #[case::item("GetThing:\n    - none", "9: expected a relation")]
    #[case::member("GetThing:\n    role: reads\n    ressource: Thing", "10: unknown member \"ressource\"")]
    #[case::role("GetThing:\n    resource: Thing\n    role: eats", "10: unknown role \"eats\"")]
    #[case::no_role("GetThing:\n    resource: Thing", "9: expected a role, such as role: reads")]
    #[case::no_resource("GetThing: { role: reads }", "8: expected the name of a resource, such as resource: Thing")]
    #[case::input(
        "GetThing: { role: reads, resource: Thing, input: name }",
        "8: expected a list of input members, such as input: [ThingId]"
    )]
    #[case::input_member(
        "GetThing:\n    role: reads\n    resource: Thing\n    input: [nam]",
        "11: \"nam\" is not in the input of GetThing"
    )]
    #[case::output(
        "GetThing:\n    role: reads\n    resource: Thing\n    output: inner.stat",
        "11: \"inner.stat\" is not in the output of GetThing"
    )]
    #[case::output_form(
        "GetThing: { role: reads, resource: Thing, output: [id] }",
        "8: expected a location in the output, such as output: Things[].Id"
    )]
    #[case::twice(
        "GetThing:\n    - { role: reads, resource: Thing }\n    - { role: reads, resource: Thing }",
        "10: reads Thing is there already"
    )]
    fn a_broken_correction_is_an_error_at_its_position(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(corrections(text), Err(vec![expected.to_owned()]));
    }
}
