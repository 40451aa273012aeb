//! The JSON bodies of a contract whose members are also bound to headers or the status code (restJson1).

use super::{
    Contract, MemberBinding, PayloadSide,
    shape::{Member, Shape, ShapeId, ShapeKind},
};

impl Contract {
    /// The contract with every output and error reduced to its body. Only responses can be judged by it.
    #[must_use]
    pub fn bodies(mut self) -> Self {
        let mut errors: Vec<ShapeId> = self.operations.values().flat_map(|one| one.errors.clone()).collect();
        errors.sort();
        errors.dedup();
        for id in errors {
            if let Some(ShapeKind::Structure(members)) = self.shapes.get_mut(&id).map(|shape| &mut shape.kind) {
                members.retain(is_in_body);
            }
        }
        let outputs: Vec<(String, ShapeId)> =
            self.operations.values().map(|one| (one.name.clone(), self.body_of(&one.output))).collect();
        for (name, output) in outputs {
            if let Some(operation) = self.operations.get_mut(&name) {
                self.shapes.extend(body_shape(&self.shapes, &operation.output, &output));
                operation.output = output;
            }
        }
        self
    }

    /// The shape of the body of an output: that of its payload, or the output without the members bound elsewhere.
    fn body_of(&self, output: &ShapeId) -> ShapeId {
        let members = self.members(output);
        let payload = members.iter().find(|member| member.traits.get("smithy.api#httpPayload").is_some());
        if let Some(payload) = payload {
            let is_json = self
                .shape(&payload.target)
                .is_some_and(|shape| !matches!(shape.kind, ShapeKind::Blob | ShapeKind::String));
            return if is_json { payload.target.clone() } else { ShapeId::new("smithy.api#Unit") };
        }
        if members.iter().all(is_in_body) { output.clone() } else { ShapeId::new(format!("{output}Body")) }
    }
}

/// The shape `body`, if [`Contract::body_of`] made it. The output itself stays: as the shape of a member, it is not
/// bound.
fn body_shape(
    shapes: &std::collections::BTreeMap<ShapeId, Shape>,
    output: &ShapeId,
    body: &ShapeId,
) -> Option<(ShapeId, Shape)> {
    let shape = shapes.get(output).filter(|_| !shapes.contains_key(body) && !body.is_unit())?;
    let ShapeKind::Structure(members) = &shape.kind else { return None };
    let members = members.iter().filter(|member| is_in_body(member)).cloned().collect();
    Some((body.clone(), Shape { id: body.clone(), kind: ShapeKind::Structure(members), traits: shape.traits.clone() }))
}

fn is_in_body(member: &Member) -> bool {
    matches!(member.binding(PayloadSide::Output), MemberBinding::Body | MemberBinding::Payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Get"},{"target":"x#Load"},{"target":"x#Read"},{"target":"x#Plain"}],
               "traits":{"aws.protocols#restJson1":{}}},
        "x#Get":{"type":"operation","output":{"target":"x#Out"},"errors":[{"target":"x#Busy"}]},
        "x#Load":{"type":"operation","output":{"target":"x#Loaded"}},
        "x#Read":{"type":"operation","output":{"target":"x#Bytes"}},
        "x#Plain":{"type":"operation","output":{"target":"x#Inner"}},
        "x#Out":{"type":"structure","members":{
            "Name":{"target":"smithy.api#String","traits":{"smithy.api#jsonName":"name"}},
            "Tag":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"etag","smithy.api#required":{}}},
            "Code":{"target":"smithy.api#Integer","traits":{"smithy.api#httpResponseCode":{}}},
            "Next":{"target":"x#Out"}}},
        "x#Loaded":{"type":"structure","members":{"Body":{"target":"x#Inner","traits":{"smithy.api#httpPayload":{}}}}},
        "x#Bytes":{"type":"structure","members":{"Body":{"target":"smithy.api#Blob","traits":{"smithy.api#httpPayload":{}}}}},
        "x#Inner":{"type":"structure","members":{"A":{"target":"smithy.api#String"}}},
        "x#Busy":{"type":"structure","members":{
            "message":{"target":"smithy.api#String"},
            "retry":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"Retry-After"}}},
            "traits":{"smithy.api#error":"client"}}}}"#;

    fn names<'c>(contract: &'c Contract, id: &ShapeId) -> Vec<&'c str> {
        contract.members(id).iter().map(|member| member.name.as_str()).collect()
    }

    #[test]
    fn an_output_keeps_what_its_body_holds() {
        let contract = crate::model::read("m", MODEL).unwrap().bodies();
        let output = |name: &str| contract.operation(name).unwrap().output.clone();
        assert_eq!(names(&contract, &output("Get")), ["name", "Next"]);
        assert_eq!(names(&contract, &ShapeId::new("x#Out")).len(), 4, "as a member's shape it is whole");
        assert_eq!(output("Load").as_str(), "x#Inner");
        assert!(output("Read").is_unit(), "bytes have no shape in JSON");
        assert_eq!(output("Plain").as_str(), "x#Inner");
    }

    #[test]
    fn an_error_loses_what_its_headers_carry() {
        let contract = crate::model::read("m", MODEL).unwrap().bodies();
        assert_eq!(names(&contract, &ShapeId::new("x#Busy")), ["message"]);
    }
}
