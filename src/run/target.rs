//! The endpoint under test: where it is, who calls it, and who establishes its states.

use std::{collections::BTreeMap, error::Error, fmt, pin::Pin, sync::Arc};

use serde_json::Value;
use thiserror::Error as ThisError;

use crate::{
    run::{
        panicked::caught,
        transport::{Endpoint, EndpointError},
    },
    wire::sigv4::Credentials,
};

/// A target.
#[derive(Debug, Clone)]
pub struct ResolvedTarget {
    /// Where it is.
    pub endpoint: Endpoint,
    /// What reports call it.
    pub name: String,
    /// The region of the credential scope.
    pub region: String,
    /// Another region, where nothing of the first may be seen; `None`: the target has only one.
    pub other_region: Option<String>,
    /// Whose credentials sign.
    pub owner: Credentials,
    /// An identity of the same account that may not call the operations under test.
    pub denied: Option<Credentials>,
    /// An identity of another account.
    pub other_account: Option<Credentials>,
    /// Who establishes states, as Pact's provider states are; `None`: documented calls alone.
    pub state_handler: Option<StateHandler>,
    /// Variables of states that were established by hand, by the state's name.
    pub states: BTreeMap<String, Value>,
}

/// Who establishes states.
#[derive(Debug, Clone)]
pub enum StateHandler {
    /// A state-change URL: `POST {state, params, action}` gives `{variables}`.
    Url {
        /// Where it is; it may be another server than the target.
        endpoint: Endpoint,
        /// The path and query.
        path: String,
    },
    /// A function of this process.
    Function(StateFunction),
}

impl StateHandler {
    /// The state-change URL of that text.
    ///
    /// # Errors
    /// It is no URL of a server.
    pub fn at(url: &str) -> Result<Self, EndpointError> {
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let path = url.get(after_scheme..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| at + after_scheme);
        let (endpoint, path) = url.split_at(path);
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self::Url { endpoint: endpoint.parse()?, path: path.to_owned() })
    }
}

/// What somebody who establishes states is asked for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StateChange {
    /// The state, by its name in `states.yaml`, such as `an open deployment`.
    pub state: String,
    /// Its parameters; `region` is always among them.
    pub params: Value,
    /// Whether it begins or ends.
    pub action: Action,
}

impl StateChange {
    /// A state that begins or ends.
    #[must_use]
    pub fn new(state: impl Into<String>, params: Value, action: Action) -> Self {
        Self { state: state.into(), params, action }
    }
}

/// Whether a state begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is needed.
    Setup,
    /// It is needed no longer.
    Teardown,
}

impl Action {
    /// The word for it in a request to a state-change URL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Teardown => "teardown",
        }
    }
}

/// Why something of the user's own failed.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The variables of a state while it is being established; `None`: the state is not known here.
pub type Changing = Pin<Box<dyn Future<Output = Result<Option<Value>, BoxError>> + Send>>;

/// A function that establishes states.
#[derive(Clone)]
pub struct StateFunction(Arc<dyn Fn(StateChange) -> Changing + Send + Sync>);

impl StateFunction {
    /// A function that gives a state's variables, an object, or `None` for a state that it does not know.
    #[must_use]
    pub fn new<F, R, V>(function: F) -> Self
    where
        F: Fn(StateChange) -> R + Send + Sync + 'static,
        R: Future<Output = Result<V, BoxError>> + Send + 'static,
        V: Into<Option<Value>>,
    {
        Self(Arc::new(move |change| {
            let changing = function(change);
            Box::pin(async move { Ok(changing.await?.into()) })
        }))
    }

    /// Asks it for a state.
    ///
    /// # Errors
    /// It fails, or panics: what is the user's own must not end the run.
    pub async fn call(&self, change: StateChange) -> Result<Option<Value>, StateFunctionError> {
        let changing = async { (self.0)(change).await };
        caught(changing).await.map_err(StateFunctionError::Panicked)?.map_err(StateFunctionError::Failed)
    }
}

/// Why a function gave no variables.
#[derive(Debug, ThisError)]
pub enum StateFunctionError {
    /// It says so itself.
    #[error("failed: {0}")]
    Failed(BoxError),
    /// It panicked, with these words.
    #[error("panicked: {0}")]
    Panicked(String),
}

impl fmt::Debug for StateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateFunction(…)")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:9/_state?a=/", "http://127.0.0.1:9", "/_state?a=/")]
    #[case("http://127.0.0.1:9", "http://127.0.0.1:9", "/")]
    fn a_state_change_url_is_an_endpoint_and_a_path(#[case] url: &str, #[case] at: &str, #[case] its_path: &str) {
        let StateHandler::Url { endpoint, path } = StateHandler::at(url).unwrap() else { panic!("no URL") };
        assert_eq!((endpoint.to_string().as_str(), path.as_str()), (at, its_path));
        assert!(StateHandler::at("127.0.0.1:9/x").is_err());
    }
}
