//! The callers that the reference implementation knows: their keys, accounts and denied operations.
//!
//! The default keys are public. They are valid only for the reference implementation.

use super::service::Rejection;
use crate::wire::sigv4::Credentials;

/// A known caller.
#[derive(Debug, Clone)]
pub struct Identity {
    credentials: Credentials,
    account: String,
    denied: Vec<(String, String)>,
}

impl Identity {
    /// A caller with these credentials, in an account of twelve digits.
    #[must_use]
    pub fn new(credentials: Credentials, account: impl Into<String>) -> Self {
        Self { credentials, account: account.into(), denied: Vec::new() }
    }

    /// Denies one operation of a service, by its signing name.
    #[must_use]
    pub fn denying(mut self, service: impl Into<String>, operation: impl Into<String>) -> Self {
        self.denied.push((service.into(), operation.into()));
        self
    }

    /// `test` / `test`, the convention of the emulators, for the account of twelve zeros.
    #[must_use]
    pub fn test() -> Self {
        Self::new(key("test"), "000000000000")
    }

    /// `other` / `other`, for the account of twelve ones.
    #[must_use]
    pub fn other_account() -> Self {
        Self::new(key("other"), "111111111111")
    }

    /// `denied` / `denied`, for the account of `test`, without the permission for the two main operations.
    #[must_use]
    pub fn denied() -> Self {
        Self::new(key("denied"), "000000000000")
            .denying("codedeploy", "StopDeployment")
            .denying("proton", "CancelServicePipelineDeployment")
    }

    /// The three default identities.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        vec![Self::test(), Self::other_account(), Self::denied()]
    }

    /// The credentials to sign with.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The account's twelve digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Authorizes a call, or rejects it.
    pub(super) fn authorize(&self, service: &str, operation: &str) -> Result<(), Rejection> {
        let denied = self.denied.iter().any(|(s, o)| s == service && o == operation);
        if !denied {
            return Ok(());
        }
        Err(Rejection::new(
            "AccessDeniedException",
            format!("The caller is not authorized to perform {service}:{operation}"),
        ))
    }
}

fn key(name: &str) -> Credentials {
    Credentials { access_key_id: name.to_owned(), secret_access_key: name.to_owned(), session_token: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_denied_identity_is_denied_only_the_two_main_operations() {
        let denied = Identity::denied();
        assert_eq!(denied.authorize("codedeploy", "StopDeployment").unwrap_err().error, "AccessDeniedException");
        assert!(denied.authorize("proton", "CancelServicePipelineDeployment").is_err());
        assert!(denied.authorize("codedeploy", "GetDeployment").is_ok());
    }

    #[test]
    fn no_secret_shows_in_debug_output() {
        let identity = Identity::new(key("hush"), "222222222222");
        assert!(!format!("{identity:?}").contains("hush"));
    }
}
