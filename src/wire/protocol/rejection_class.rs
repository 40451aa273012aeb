//! Classes of rejections. Services name the rejection of an invalid input differently, so checks compare the class.

use serde::{Deserialize, Serialize};

use super::{ErrorIdentity, ErrorLocation};

/// The reason for a rejection, as far as the name of the error shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectionClass {
    /// The body cannot be parsed, or a member has the wrong JSON type.
    Serialization,
    /// The input violates a constraint, or a required member is missing.
    Constraint,
    /// The request names no operation.
    UnknownOperation,
    /// The caller is not authenticated or not authorized.
    Auth,
    /// The request is too large.
    TooLarge,
    /// Any client error: a status from 400 to 499.
    Client,
}

impl RejectionClass {
    /// Returns true if a response with this status and error belongs to the class.
    ///
    /// The names come from both generations of the AWS pages on common errors, and from conventions that recorded
    /// services share. [`RejectionClass::Client`] depends on the status alone.
    #[must_use]
    pub fn holds(self, status: u16, identity: &ErrorIdentity) -> bool {
        let named = |names: &[&str]| identity.names().any(|name| names.contains(&name));
        match self {
            Self::Client => (400..500).contains(&status),
            Self::Serialization => named(SERIALIZATION),
            Self::Constraint => {
                named(CONSTRAINT) || identity.is_named_at(ErrorLocation::XML_CODE) && named(CONSTRAINT_OF_S3)
            }
            Self::UnknownOperation => named(UNKNOWN_OPERATION),
            Self::Auth => named(AUTH),
            Self::TooLarge => status == 413 || named(TOO_LARGE),
        }
    }

    /// The kebab-case name, as fixtures write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Serialization => "serialization",
            Self::Constraint => "constraint",
            Self::UnknownOperation => "unknown-operation",
            Self::Auth => "auth",
            Self::TooLarge => "too-large",
            Self::Client => "client",
        }
    }

    /// The error names of this class.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Serialization => SERIALIZATION,
            Self::Constraint => CONSTRAINT,
            Self::UnknownOperation => UNKNOWN_OPERATION,
            Self::Auth => AUTH,
            Self::TooLarge => TOO_LARGE,
            Self::Client => &[],
        }
    }

    /// Returns true if any service may return the error without declaring it.
    #[must_use]
    pub fn is_common(name: &str) -> bool {
        [SERIALIZATION, CONSTRAINT, UNKNOWN_OPERATION, AUTH, TOO_LARGE, FAILURE]
            .iter()
            .any(|names| names.contains(&name))
    }
}

const SERIALIZATION: &[&str] = &[
    "SerializationException",
    "MalformedHttpRequestException",
    "InvalidQueryParameter",
    "MalformedQueryString",
    "MalformedXML",
];

const CONSTRAINT: &[&str] = &[
    "ValidationException",
    "ValidationError",
    "InvalidParameterValue",
    "InvalidParameterCombination",
    "MissingParameter",
];

/// What S3 sends instead, as its error responses list; its model declares none of them.
const CONSTRAINT_OF_S3: &[&str] = &[
    "InvalidArgument",
    "InvalidBucketName",
    "InvalidRequest",
    "InvalidTag",
    "KeyTooLongError",
    "MalformedACLError",
    "MalformedPolicy",
    "MalformedXML",
    "MissingRequestBodyError",
];

const UNKNOWN_OPERATION: &[&str] = &["UnknownOperationException", "InvalidAction", "MissingAction"];

const AUTH: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

const TOO_LARGE: &[&str] = &["RequestEntityTooLargeException"];

/// Server errors that any service may return.
const FAILURE: &[&str] = &[
    "InternalFailure",
    "RequestAbortedException",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ThrottlingException",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn named(name: &str) -> ErrorIdentity {
        ErrorIdentity { name: Some(name.to_owned()), ..ErrorIdentity::default() }
    }

    #[test]
    fn the_name_decides_a_class_and_the_status_decides_client() {
        assert!(RejectionClass::Serialization.holds(400, &named("SerializationException")));
        assert!(!RejectionClass::Serialization.holds(400, &named("ValidationException")));
        assert!(RejectionClass::Client.holds(404, &ErrorIdentity::default()));
        assert!(!RejectionClass::Client.holds(500, &named("ValidationException")));
        assert!(RejectionClass::TooLarge.holds(413, &ErrorIdentity::default()));
    }

    #[test]
    fn the_code_of_the_query_protocol_decides_as_a_name_does() {
        let coral = |code: &str| ErrorIdentity {
            query_code: Some(code.to_owned()),
            ..named("MissingRequiredParameterException")
        };
        assert!(RejectionClass::Constraint.holds(400, &coral("MissingParameter")));
        assert!(!RejectionClass::Constraint.holds(400, &coral("AWS.SimpleQueueService.NonExistentQueue")));
        assert!(!RejectionClass::Constraint.holds(400, &named("MissingRequiredParameterException")));
    }

    #[test]
    fn a_services_own_error_is_not_common() {
        assert!(RejectionClass::is_common("ThrottlingException"));
        assert!(!RejectionClass::is_common("DeploymentDoesNotExistException"));
    }

    #[rstest]
    #[case(RejectionClass::Serialization, "serialization", "MalformedHttpRequestException")]
    #[case(RejectionClass::Constraint, "constraint", "MissingParameter")]
    #[case(RejectionClass::UnknownOperation, "unknown-operation", "InvalidAction")]
    #[case(RejectionClass::Auth, "auth", "SignatureDoesNotMatch")]
    #[case(RejectionClass::TooLarge, "too-large", "RequestEntityTooLargeException")]
    fn a_class_has_its_name_and_only_its_own_errors(
        #[case] class: RejectionClass,
        #[case] name: &str,
        #[case] error: &str,
    ) {
        assert_eq!((class.name(), serde_json::to_value(class).unwrap()), (name, serde_json::json!(name)));
        assert!(class.names().contains(&error) && class.holds(400, &named(error)) && RejectionClass::is_common(error));
        assert!(!class.holds(400, &named("InternalFailure")) && !class.holds(400, &ErrorIdentity::default()));
    }

    #[rstest]
    #[case(399, false)]
    #[case(400, true)]
    #[case(499, true)]
    #[case(500, false)]
    fn client_is_every_4xx_status_and_has_no_names(#[case] status: u16, #[case] holds: bool) {
        assert_eq!(RejectionClass::Client.holds(status, &named("InternalFailure")), holds);
        assert_eq!((RejectionClass::Client.name(), RejectionClass::Client.names().len()), ("client", 0));
    }
}
