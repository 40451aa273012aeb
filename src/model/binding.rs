//! The part of an HTTP message that carries a member of an input, an output or an error.

use serde_json::Value;

use super::{Contract, Member, PayloadSide};

/// The part of a message that a member is bound to. Bindings hold for the members of an input, an output or an error
/// itself; below them everything is in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberBinding<'m> {
    /// The document that is the body, together with other members.
    Body,
    /// The whole body.
    Payload,
    /// The label of the path that has the name of the member.
    Label,
    /// The query parameter of this name.
    Query(&'m str),
    /// All query parameters that no other member and no constant has.
    QueryParams,
    /// The header of this name.
    Header(&'m str),
    /// The headers whose names start with this prefix.
    PrefixHeaders(&'m str),
    /// The status code.
    Status,
}

impl Member {
    /// The part of the message that carries the member, if it is a member of an input, an output or an error. Traits
    /// that only bind in the other direction have no meaning.
    #[must_use]
    pub fn binding(&self, side: PayloadSide) -> MemberBinding<'_> {
        let of_side = match side {
            PayloadSide::Input => self.request_binding(),
            PayloadSide::Output => self.has("smithy.api#httpResponseCode").then_some(MemberBinding::Status),
        };
        let payload = || self.has("smithy.api#httpPayload").then_some(MemberBinding::Payload);
        of_side.or_else(|| self.header_binding()).or_else(payload).unwrap_or(MemberBinding::Body)
    }

    fn request_binding(&self) -> Option<MemberBinding<'_>> {
        let label = || self.has("smithy.api#httpLabel").then_some(MemberBinding::Label);
        let params = || self.has("smithy.api#httpQueryParams").then_some(MemberBinding::QueryParams);
        self.text("smithy.api#httpQuery").map(MemberBinding::Query).or_else(label).or_else(params)
    }

    fn header_binding(&self) -> Option<MemberBinding<'_>> {
        let prefix = || self.text("smithy.api#httpPrefixHeaders").map(MemberBinding::PrefixHeaders);
        self.text("smithy.api#httpHeader").map(MemberBinding::Header).or_else(prefix)
    }

    fn has(&self, id: &str) -> bool {
        self.traits.get(id).is_some()
    }

    fn text(&self, id: &str) -> Option<&str> {
        self.traits.get(id).map(|value| value.as_str().unwrap_or_default())
    }
}

impl Contract {
    /// A trait of a member, else of the shape that it has.
    #[must_use]
    pub fn trait_of<'m>(&'m self, member: &'m Member, id: &str) -> Option<&'m Value> {
        member.traits.get(id).or_else(|| self.shape(&member.target)?.traits.get(id))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{ShapeId, read};

    #[rstest]
    #[case::nothing("deprecated", "{}", MemberBinding::Body, MemberBinding::Body)]
    #[case::label("httpLabel", "{}", MemberBinding::Label, MemberBinding::Body)]
    #[case::query("httpQuery", r#""q""#, MemberBinding::Query("q"), MemberBinding::Body)]
    #[case::params("httpQueryParams", "{}", MemberBinding::QueryParams, MemberBinding::Body)]
    #[case::header("httpHeader", r#""x-h""#, MemberBinding::Header("x-h"), MemberBinding::Header("x-h"))]
    #[case::prefix("httpPrefixHeaders", r#""""#, MemberBinding::PrefixHeaders(""), MemberBinding::PrefixHeaders(""))]
    #[case::status("httpResponseCode", "{}", MemberBinding::Body, MemberBinding::Status)]
    #[case::payload("httpPayload", "{}", MemberBinding::Payload, MemberBinding::Payload)]
    fn a_trait_binds_in_its_direction(
        #[case] name: &str,
        #[case] value: &str,
        #[case] input: MemberBinding<'_>,
        #[case] output: MemberBinding<'_>,
    ) {
        let model = format!(
            r#"{{"smithy":"2","shapes":{{"x#S":{{"type":"service"}},"x#T":{{"type":"string","traits":{{"x#of":1}}}},
            "x#In":{{"type":"structure","members":{{"a":{{"target":"x#T","traits":{{"smithy.api#{name}":{value}}}}}}}}}}}}}"#
        );
        let contract = read("m", &model).unwrap();
        let member = &contract.members(&ShapeId::new("x#In"))[0];
        assert_eq!((member.binding(PayloadSide::Input), member.binding(PayloadSide::Output)), (input, output));
        assert!(contract.trait_of(member, "x#of").is_some() && contract.trait_of(member, "x#other").is_none());
    }
}
