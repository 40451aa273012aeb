//! Valid values of any shape of a contract, built as the inputs of probes are: the outputs and errors of a model server.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::{
    KnownValues, Unbuildable,
    input::{Inputs, Recipe},
};
use crate::{
    model::{Member, Operation, Schemas, ShapeId},
    wire::Protocol,
};

/// Builds valid outputs and errors. Values that are known to be equal are not shared: callers keep them.
#[derive(Debug)]
pub struct Examples {
    inputs: Mutex<Inputs>,
}

impl Examples {
    /// The examples of a contract in a protocol.
    #[must_use]
    pub fn new(schemas: Arc<Schemas>, protocol: &'static dyn Protocol) -> Self {
        Self { inputs: Mutex::new(Inputs::of_shapes(schemas, protocol)) }
    }

    /// A valid output with every member that can be built, except the tokens of a next page.
    ///
    /// # Errors
    /// A required member has no valid value.
    pub fn output(&self, operation: &Operation) -> Result<Value, Unbuildable> {
        let mut output = self.value(operation, |inputs, recipe| inputs.full_of(recipe, &operation.output))?;
        if let Value::Object(members) = &mut output {
            let inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
            let required = |name: &str| {
                let mut members = inputs.contract().members(&operation.output).iter();
                members.any(|member| member.name == name && member.traits.required())
            };
            members.retain(|name, _| required(name) || !continues(operation, name));
        }
        Ok(output)
    }

    /// The least valid value of an error of an operation.
    ///
    /// # Errors
    /// A required member has no valid value.
    pub fn error(&self, operation: &Operation, error: &ShapeId) -> Result<Value, Unbuildable> {
        self.value(operation, |inputs, recipe| inputs.least_of(recipe, error))
    }

    /// A valid value of a shape with every member that can be built, as the outputs of the operation have it.
    ///
    /// # Errors
    /// The shape has no valid value.
    pub fn part(&self, operation: &Operation, shape: &ShapeId) -> Result<Value, Unbuildable> {
        self.value(operation, |inputs, recipe| inputs.full_of(recipe, shape))
    }

    /// A valid value of a member that is a string; another `salt` gives another one, if there is one.
    #[must_use]
    pub fn text(&self, member: &Member, salt: u64) -> Option<String> {
        let inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        inputs.witness_of(member).map(|witness| witness.text(salt))
    }

    /// Returns whether a member may be this string.
    #[must_use]
    pub fn allows(&self, member: &Member, text: &str) -> bool {
        let inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        inputs.witness_of(member).is_some_and(|witness| witness.is_valid(text))
    }

    fn value(
        &self,
        operation: &Operation,
        build: impl FnOnce(&Inputs, Recipe<'_>) -> Result<Value, Unbuildable>,
    ) -> Result<Value, Unbuildable> {
        let inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        build(&inputs, Recipe { operation, known: &KnownValues::new(), salt: None })
    }
}

/// The names of members that lead to a next page, in lower case.
const CONTINUATIONS: [&str; 8] = [
    "nexttoken",
    "nextmarker",
    "nextpagetoken",
    "marker",
    "nextcontinuationtoken",
    "nextpagemarker",
    "lastevaluatedkey",
    "position",
];

/// Returns whether an output member leads to a next page. A client that follows it would never end.
fn continues(operation: &Operation, name: &str) -> bool {
    let token = operation.traits.get("smithy.api#paginated").and_then(|paginated| paginated["outputToken"].as_str());
    token == Some(name) || CONTINUATIONS.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::probe::testing::suite;

    const SHAPES: &str = r#"
        "x#In":{"type":"structure","members":{
            "name":{"target":"x#Name"},"NextToken":{"target":"smithy.api#String"},"tree":{"target":"x#In"},
            "code":{"target":"smithy.api#Integer","traits":{"smithy.api#required":{}}}}},
        "x#Name":{"type":"string","traits":{"smithy.api#length":{"min":12,"max":12}}}"#;

    fn examples() -> (Examples, Operation) {
        let suite = suite(SHAPES, "");
        let service = suite.service("s").unwrap();
        let mut operation = service.contract().operation("Put").unwrap().clone();
        operation.output = operation.input.clone();
        (Examples::new(Arc::clone(&service.schemas), service.protocol), operation)
    }

    #[test]
    fn an_output_has_its_members_without_the_token_of_a_next_page() {
        let (examples, operation) = examples();
        let output = examples.output(&operation).unwrap();
        assert_eq!((output["name"].as_str().map(str::len), &output["code"]), (Some(12), &json!(1)));
        assert!(output.get("NextToken").is_none() && output.get("tree").is_none(), "{output}");
    }

    #[test]
    fn another_salt_gives_another_string_that_the_member_allows() {
        let (examples, operation) = examples();
        let contract = examples.inputs.lock().unwrap().contract().clone();
        let name = &contract.members(&operation.input)[0];
        let texts = [1, 2].map(|salt| examples.text(name, salt).unwrap());
        assert!(texts[0] != texts[1] && texts.iter().all(|text| examples.allows(name, text)), "{texts:?}");
        assert!(!examples.allows(name, "short"));
        assert_eq!(examples.part(&operation, &name.target).unwrap().as_str().map(str::len), Some(12));
    }

    #[test]
    fn an_error_has_its_required_members() {
        let (examples, operation) = examples();
        assert_eq!(examples.error(&operation, &operation.input).unwrap(), json!({"code": 1}));
    }
}
