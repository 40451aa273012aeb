//! Refusals by class: services name the refusal of bad input differently, so the class is what is judged.

use serde::{Deserialize, Serialize};

use super::ErrorIdentity;

/// Why a request was refused, as far as the name of the error tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalClass {
    /// The body cannot be read, or a member has the wrong JSON type.
    Serialization,
    /// A constraint on the input is broken, a missing member included.
    Constraint,
    /// The target names no operation.
    UnknownOperation,
    /// The caller is not who it says, or may not do this.
    Auth,
    /// The request is too large.
    TooLarge,
    /// Any error of the caller: any status from 400 to 499.
    Client,
}

impl RefusalClass {
    /// Whether an answer of that status and identity is a refusal of this class.
    ///
    /// Names come from the AWS pages on common errors, both generations, and from the conventions that
    /// recorded services share. [`RefusalClass::Client`] is judged by the status alone.
    #[must_use]
    pub fn holds(self, status: u16, identity: &ErrorIdentity) -> bool {
        let named = |names: &[&str]| identity.name.as_deref().is_some_and(|name| names.contains(&name));
        match self {
            Self::Client => (400..500).contains(&status),
            Self::Serialization => named(SERIALIZATION),
            Self::Constraint => named(CONSTRAINT),
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

    /// Whether a name belongs to any class: the errors that any service may give without declaring them.
    #[must_use]
    pub fn is_common(name: &str) -> bool {
        [SERIALIZATION, CONSTRAINT, UNKNOWN_OPERATION, AUTH, TOO_LARGE, FAILURE]
            .iter()
            .any(|names| names.contains(&name))
    }
}

const SERIALIZATION: &[&str] = &["SerializationException", "MalformedHttpRequestException"];

const CONSTRAINT: &[&str] = &[
    "ValidationException",
    "ValidationError",
    "InvalidParameterValue",
    "InvalidParameterCombination",
    "MissingParameter",
];

const UNKNOWN_OPERATION: &[&str] = &["UnknownOperationException", "InvalidAction", "MissingAction"];

const AUTH: &[&str] = &[
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

/// Failures that any service may have at any time.
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
    fn a_class_goes_by_the_name_and_client_by_the_status() {
        assert!(RefusalClass::Serialization.holds(400, &named("SerializationException")));
        assert!(!RefusalClass::Serialization.holds(400, &named("ValidationException")));
        assert!(RefusalClass::Client.holds(404, &ErrorIdentity::default()));
        assert!(!RefusalClass::Client.holds(500, &named("ValidationException")));
        assert!(RefusalClass::TooLarge.holds(413, &ErrorIdentity::default()));
    }

    #[test]
    fn a_services_own_error_is_not_common() {
        assert!(RefusalClass::is_common("ThrottlingException"));
        assert!(!RefusalClass::is_common("DeploymentDoesNotExistException"));
    }

    #[rstest]
    #[case(RefusalClass::Serialization, "serialization", "MalformedHttpRequestException")]
    #[case(RefusalClass::Constraint, "constraint", "MissingParameter")]
    #[case(RefusalClass::UnknownOperation, "unknown-operation", "InvalidAction")]
    #[case(RefusalClass::Auth, "auth", "SignatureDoesNotMatch")]
    #[case(RefusalClass::TooLarge, "too-large", "RequestEntityTooLargeException")]
    fn a_class_has_its_name_and_only_its_own_errors(
        #[case] class: RefusalClass,
        #[case] name: &str,
        #[case] error: &str,
    ) {
        assert_eq!((class.name(), serde_json::to_value(class).unwrap()), (name, serde_json::json!(name)));
        assert!(class.names().contains(&error) && class.holds(400, &named(error)) && RefusalClass::is_common(error));
        assert!(!class.holds(400, &named("InternalFailure")) && !class.holds(400, &ErrorIdentity::default()));
    }

    #[rstest]
    #[case(399, false)]
    #[case(400, true)]
    #[case(499, true)]
    #[case(500, false)]
    fn client_is_every_status_of_the_callers_and_no_name(#[case] status: u16, #[case] holds: bool) {
        assert_eq!(RefusalClass::Client.holds(status, &named("InternalFailure")), holds);
        assert_eq!((RefusalClass::Client.name(), RefusalClass::Client.names().len()), ("client", 0));
    }
}
