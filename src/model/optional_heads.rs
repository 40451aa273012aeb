//! A contract by which responses are judged whose headers are not those that were sent.

use super::{Contract, MemberBinding, PayloadSide, shape::ShapeKind};

impl Contract {
    /// The contract in which no output and no error requires a member outside of its body.
    #[must_use]
    pub fn with_optional_heads(mut self) -> Self {
        let operations = self.operations.values();
        let mut bound: Vec<_> =
            operations.flat_map(|one| one.errors.iter().chain([&one.output]).cloned().collect::<Vec<_>>()).collect();
        bound.sort();
        bound.dedup();
        for id in bound {
            let Some(ShapeKind::Structure(members)) = self.shapes.get_mut(&id).map(|shape| &mut shape.kind) else {
                continue;
            };
            for member in members {
                if !matches!(member.binding(PayloadSide::Output), MemberBinding::Body | MemberBinding::Payload) {
                    member.traits.0.remove("smithy.api#required");
                }
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{ShapeId, read};

    #[test]
    fn only_the_body_of_an_output_or_error_requires_members() {
        let model = r#"{"smithy":"2.0","shapes":{
            "x#S":{"type":"service","operations":[{"target":"x#Get"}],"traits":{"aws.protocols#restJson1":{}}},
            "x#Get":{"type":"operation","input":{"target":"x#In"},"output":{"target":"x#Out"},"errors":[{"target":"x#Busy"}]},
            "x#In":{"type":"structure","members":{
                "tag":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"etag","smithy.api#required":{}}}}},
            "x#Out":{"type":"structure","members":{
                "name":{"target":"smithy.api#String","traits":{"smithy.api#required":{}}},
                "tag":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"etag","smithy.api#required":{}}},
                "code":{"target":"smithy.api#Integer","traits":{"smithy.api#httpResponseCode":{},"smithy.api#required":{}}}}},
            "x#Busy":{"type":"structure","members":{
                "message":{"target":"smithy.api#String","traits":{"smithy.api#required":{}}},
                "retry":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"retry-after","smithy.api#required":{}}}},
                "traits":{"smithy.api#error":"client"}}}}"#;
        let contract = read("m", model).unwrap().with_optional_heads();
        let required = |id: &str| {
            let members = contract.members(&ShapeId::new(id)).iter().filter(|member| member.traits.required());
            members.map(|member| member.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!((required("x#Out"), required("x#Busy")), (vec!["name".to_owned()], vec!["message".to_owned()]));
        assert_eq!(required("x#In"), ["tag"]);
    }
}
