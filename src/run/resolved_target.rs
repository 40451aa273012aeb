//! The endpoint under test: its address, its callers, and how its states are established.

use std::{collections::BTreeMap, error::Error, fmt, pin::Pin, sync::Arc};

use serde_json::Value;
use thiserror::Error as ThisError;

use crate::{
    run::{
        panicked::caught,
        transport::{Endpoint, EndpointError},
    },
    wire::{Secrets, client_style::ClientStyle, sigv4::Credentials},
};

/// A target.
#[derive(Debug, Clone)]
pub struct ResolvedTarget {
    /// Its address.
    pub endpoint: Endpoint,
    /// Its name in reports.
    pub name: String,
    /// The region of the credential scope.
    pub region: String,
    /// Another region, which must not show resources of the first; `None` if the target has only one.
    pub other_region: Option<String>,
    /// The credentials that sign calls.
    pub owner: Credentials,
    /// An identity of the same account that may not call the operations under test.
    pub denied: Option<Credentials>,
    /// An identity of another account.
    pub other_account: Option<Credentials>,
    /// The state handler. If it is `None`, only documented calls establish states.
    pub state_handler: Option<StateHandler>,
    /// Variables of states that were established by hand, by the name of the state.
    pub states: BTreeMap<String, Value>,
    /// What is added to requests.
    pub client: ClientStyle,
}

impl ResolvedTarget {
    /// The credentials of its identities.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        let others = [&self.denied, &self.other_account].into_iter().flatten();
        Secrets::of_identities([&self.owner].into_iter().chain(others))
    }

    /// Overwrites credentials in the values of states, given by hand or by a function of this process.
    pub(crate) fn hide(&mut self, secrets: &Arc<Secrets>) {
        self.states.values_mut().for_each(|value| secrets.hide_in_value(value));
        if let Some(StateHandler::Function(function)) = &mut self.state_handler {
            function.secrets = Arc::clone(secrets);
        }
    }
}

/// A state handler, in the form of Pact's provider states.
#[derive(Debug, Clone)]
pub enum StateHandler {
    /// A state-change URL: `POST {state, params, action}` returns `{variables}`.
    Url {
        /// Its server, which may not be the target.
        endpoint: Endpoint,
        /// The path and query.
        path: String,
    },
    /// A function of this process.
    Function(StateFunction),
}

impl StateHandler {
    /// Parses a state-change URL.
    ///
    /// # Errors
    /// The string is not the URL of a server.
    pub fn at(url: &str) -> Result<Self, EndpointError> {
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let path = url.get(after_scheme..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| at + after_scheme);
        let (endpoint, path) = url.split_at(path);
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self::Url { endpoint: endpoint.parse()?, path: path.to_owned() })
    }
}

/// A request to establish or release a state.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StateChange {
    /// The state, by its name in `states.yaml`, such as `an open deployment`.
    pub state: String,
    /// Its parameters; `region` is always among them.
    pub params: Value,
    /// The action.
    pub action: Action,
}

impl StateChange {
    /// A request for a state.
    #[must_use]
    pub fn new(state: impl Into<String>, params: Value, action: Action) -> Self {
        Self { state: state.into(), params, action }
    }
}

/// An action on a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Establish it.
    Setup,
    /// Release it.
    Teardown,
}

impl Action {
    /// Its name in a request to a state-change URL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Teardown => "teardown",
        }
    }
}

/// An error of the user's own code.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The variables of a state that is being established; `None` for an unknown state.
pub type Changing = Pin<Box<dyn Future<Output = Result<Option<Value>, BoxError>> + Send>>;

/// A function that establishes states.
#[derive(Clone)]
pub struct StateFunction {
    function: Arc<dyn Fn(StateChange) -> Changing + Send + Sync>,
    secrets: Arc<Secrets>,
}

impl StateFunction {
    /// A function that returns the variables of a state as an object, or `None` for an unknown state.
    #[must_use]
    pub fn new<F, R, V>(function: F) -> Self
    where
        F: Fn(StateChange) -> R + Send + Sync + 'static,
        R: Future<Output = Result<V, BoxError>> + Send + 'static,
        V: Into<Option<Value>>,
    {
        let function = Arc::new(move |change| -> Changing {
            let changing = function(change);
            Box::pin(async move { Ok(changing.await?.into()) })
        });
        Self { function, secrets: Arc::default() }
    }

    /// Calls the function.
    ///
    /// # Errors
    /// The function fails or panics. Neither ends the run.
    pub async fn call(&self, change: StateChange) -> Result<Option<Value>, StateFunctionError> {
        let changing = async { (self.function)(change).await };
        let hidden = |text: String| self.secrets.hidden(&text).into_owned();
        let changed = caught(changing).await.map_err(|text| StateFunctionError::Panicked(hidden(text)))?;
        let mut variables = changed.map_err(|error| StateFunctionError::Failed(hidden(error.to_string()).into()))?;
        if let Some(value) = &mut variables {
            self.secrets.hide_in_value(value);
        }
        Ok(variables)
    }
}

/// The error of a state function.
#[derive(Debug, ThisError)]
pub enum StateFunctionError {
    /// It returned an error.
    #[error("failed: {0}")]
    Failed(BoxError),
    /// It panicked with this message.
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
    fn a_state_change_url_has_an_endpoint_and_a_path(#[case] url: &str, #[case] at: &str, #[case] its_path: &str) {
        let StateHandler::Url { endpoint, path } = StateHandler::at(url).unwrap() else { panic!("no URL") };
        assert_eq!((endpoint.to_string().as_str(), path.as_str()), (at, its_path));
        assert!(StateHandler::at("127.0.0.1:9/x").is_err());
    }
}
