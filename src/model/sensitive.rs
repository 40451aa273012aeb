//! The operations with sensitive values, at any depth.

use std::collections::{HashMap, HashSet};

use super::{Contract, Operation, ShapeId};

impl Contract {
    /// Returns whether the input, the output or an error of an operation may contain a sensitive value.
    #[must_use]
    pub fn is_sensitive(&self, operation: &Operation) -> bool {
        self.sensitive.get_or_init(|| sensitive_operations(self)).contains(&operation.name)
    }
}

/// The names of the operations with sensitive values.
fn sensitive_operations(contract: &Contract) -> HashSet<String> {
    let shapes = holders(contract);
    let holds = |operation: &&Operation| {
        let mut own = [&operation.input, &operation.output].into_iter().chain(&operation.errors);
        own.any(|id| shapes.contains(id))
    };
    contract.operations().filter(holds).map(|operation| operation.name.clone()).collect()
}

/// The sensitive shapes and all shapes that lead to them.
fn holders(contract: &Contract) -> HashSet<ShapeId> {
    let mut leads: HashMap<&ShapeId, Vec<&ShapeId>> = HashMap::new();
    let mut found = Vec::new();
    for shape in contract.shapes() {
        for member in shape.kind.parts() {
            leads.entry(&member.target).or_default().push(&shape.id);
            if member.traits.sensitive() {
                found.push(&shape.id);
            }
        }
        if shape.traits.sensitive() {
            found.push(&shape.id);
        }
    }
    let mut holders = HashSet::new();
    while let Some(id) = found.pop() {
        if holders.insert(id.clone()) {
            found.extend(leads.get(id).into_iter().flatten());
        }
    }
    holders
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::read;

    #[rstest]
    #[case::itself("x#Secret", true)]
    #[case::a_list_of_it("x#Secrets", true)]
    #[case::deep("x#Out", true)]
    #[case::its_neighbour("x#Plain", false)]
    #[case::a_shape_that_holds_itself("x#Tree", false)]
    #[case::by_the_member("x#Marked", true)]
    fn shapes_that_lead_to_a_sensitive_shape_hold_it(#[case] id: &str, #[case] expected: bool) {
        let model = r#"{"smithy":"2.0","shapes":{
            "x#S":{"type":"service","version":"1","operations":[{"target":"x#O"}],
                "traits":{"aws.auth#sigv4":{"name":"s"},"aws.protocols#awsJson1_1":{}}},
            "x#O":{"type":"operation","output":{"target":"x#Out"}},
            "x#Out":{"type":"structure","members":{"list":{"target":"x#Secrets"},"plain":{"target":"x#Plain"},
                "tree":{"target":"x#Tree"},"marked":{"target":"x#Marked"}}},
            "x#Plain":{"type":"structure","members":{"a":{"target":"smithy.api#String"}}},
            "x#Marked":{"type":"structure","members":{
                "a":{"target":"smithy.api#String","traits":{"smithy.api#sensitive":{}}}}},
            "x#Tree":{"type":"structure","members":{"left":{"target":"x#Tree"}}},
            "x#Secrets":{"type":"list","member":{"target":"x#Secret"}},
            "x#Secret":{"type":"string","traits":{"smithy.api#sensitive":{}}}}}"#;
        let contract = read("m", model).unwrap();
        assert_eq!(holders(&contract).contains(&ShapeId::new(id)), expected);
        assert!(contract.is_sensitive(contract.operation("O").unwrap()));
    }
}
