//! The rules by which services differ in their signatures.

use std::borrow::Cow;

use super::{PAYLOAD_HEADER, hex};
use crate::{
    model::{Contract, Operation},
    wire::{Request, digest::Sha256},
};

/// The rules by which a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningProfile {
    /// The form of the path.
    pub path: PathForm,
    /// The form of the payload.
    pub payload: PayloadForm,
}

/// The form in which a path is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathForm {
    /// Without dot segments and empty segments, and with the sent path encoded once more.
    Normalized,
    /// As sent: encoded once, and with all its segments.
    AsSent,
}

/// The form in which a payload is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadForm {
    /// The hash of the body is signed, and not sent.
    Hash,
    /// The hash of the body is sent in a header and signed.
    HashInHeader,
    /// A header says that the body is not signed.
    Unsigned,
    /// A header says how the chunks of the body are signed.
    Chunks(&'static str),
}

/// The signing names of the services that sign a path as it is sent, and send the hash of the payload.
const OF_S3: [&str; 4] = ["s3", "s3-object-lambda", "s3-outposts", "s3express"];

/// The payload of a request whose body is not signed.
pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

impl SigningProfile {
    /// The rules of all services except S3.
    pub const GENERAL: Self = Self { path: PathForm::Normalized, payload: PayloadForm::Hash };

    /// The rules of S3.
    pub const S3: Self = Self { path: PathForm::AsSent, payload: PayloadForm::HashInHeader };

    /// The rules of a service, by its signing name.
    #[must_use]
    pub fn of_service(signing_name: &str) -> Self {
        if OF_S3.contains(&signing_name) { Self::S3 } else { Self::GENERAL }
    }

    /// The rules of an operation; `None` if its requests need no signature.
    #[must_use]
    pub fn of_operation(contract: &Contract, operation: &Operation) -> Option<Self> {
        let get = |id: &str| operation.traits.get(id);
        let is_unsigned = get("smithy.api#optionalAuth").is_some()
            || get("smithy.api#auth").and_then(|schemes| schemes.as_array()).is_some_and(Vec::is_empty);
        let profile = Self::of_service(&contract.service().signing_name);
        let unsigned_payload = get("aws.auth#unsignedPayload").is_some();
        (!is_unsigned).then_some(if unsigned_payload { profile.without_payload() } else { profile })
    }

    /// The same rules for a body that is not signed.
    #[must_use]
    pub fn without_payload(self) -> Self {
        Self { payload: PayloadForm::Unsigned, ..self }
    }

    /// The same rules as a request follows them: it may say that its body is not signed.
    #[must_use]
    pub fn of_request(self, request: &Request) -> Self {
        let is_unsigned = request.headers.get(PAYLOAD_HEADER) == Some(UNSIGNED_PAYLOAD);
        if is_unsigned { self.without_payload() } else { self }
    }

    /// The line of a canonical request that stands for the payload.
    pub(super) fn payload_hash(self, body: &[u8]) -> Cow<'static, str> {
        match self.payload {
            PayloadForm::Hash | PayloadForm::HashInHeader => hex(&Sha256::digest(body)).into(),
            PayloadForm::Unsigned => UNSIGNED_PAYLOAD.into(),
            PayloadForm::Chunks(form) => form.into(),
        }
    }

    /// The value of the header that is sent for the payload.
    pub(super) fn payload_header(self, body: &[u8]) -> Option<Cow<'static, str>> {
        (self.payload != PayloadForm::Hash).then(|| self.payload_hash(body))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::general("codedeploy", "", Some(SigningProfile::GENERAL))]
    #[case::s3("s3", "", Some(SigningProfile::S3))]
    #[case::unsigned_payload("lex", r#""aws.auth#unsignedPayload":{}"#, Some(SigningProfile::GENERAL.without_payload()))]
    #[case::optional("sts", r#""smithy.api#optionalAuth":{}"#, None)]
    #[case::no_scheme("sts", r#""smithy.api#auth":[]"#, None)]
    #[case::other_scheme("sts", r#""smithy.api#auth":["aws.auth#sigv4"]"#, Some(SigningProfile::GENERAL))]
    fn an_operation_has_the_rules_of_its_service_and_traits(
        #[case] service: &str,
        #[case] traits: &str,
        #[case] expected: Option<SigningProfile>,
    ) {
        let model = format!(
            r#"{{"smithy":"2.0","shapes":{{
            "x#S":{{"type":"service","version":"1","operations":[{{"target":"x#Op"}}],"traits":{{"aws.auth#sigv4":{{"name":"{service}"}}}}}},
            "x#Op":{{"type":"operation","traits":{{{traits}}}}}}}}}"#
        );
        let contract = crate::model::read("m", &model).unwrap();
        assert_eq!(SigningProfile::of_operation(&contract, contract.operation("Op").unwrap()), expected);
    }
}
