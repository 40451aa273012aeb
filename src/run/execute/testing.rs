//! A small suite and a target, for the tests of this folder.

use std::{collections::BTreeMap, time::Duration};

use super::{Executor, Patience};
use crate::{
    reference::Identity,
    run::{
        resolved_target::{ResolvedTarget, StateHandler},
        transport::Transport,
    },
    suite::{FixtureFiles, Fixtures},
    wire::client_style::ClientStyle,
};

/// A suite with one scenario of `StopDeployment` and these states.
pub(super) fn suite(states: &str, scenario: &str) -> Fixtures {
    let all = FixtureFiles::bundled_fixtures();
    let shared = ["codedeploy/model.json", "codedeploy/requirements.yaml"];
    let shared = shared.map(|path| (path.to_owned(), all.get(path).unwrap().to_owned()));
    let own = [("codedeploy/states.yaml", states), ("codedeploy/stop-deployment/case.yaml", scenario)];
    let own = own.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Fixtures::read(&FixtureFiles::from_texts(shared.into_iter().chain(own))).unwrap_or_else(|error| panic!("{error}"))
}

/// An executor of that suite.
pub(super) fn executor<'a>(
    suite: &'a Fixtures,
    target: &'a ResolvedTarget,
    transport: &'a dyn Transport,
    patience: &'a Patience,
    case_timeout: Duration,
) -> Executor<'a> {
    let breaker = Box::leak(Box::default());
    Executor { suite, target, transport, keys: None, seed: 0, case_timeout, patience, breaker, late: None }
}

/// A target at a port where nothing listens.
pub(super) fn target(state_handler: Option<StateHandler>) -> ResolvedTarget {
    ResolvedTarget {
        endpoint: "http://127.0.0.1:9".parse().unwrap(),
        name: String::new(),
        region: "us-east-1".to_owned(),
        other_region: None,
        owner: Identity::test().credentials().clone(),
        denied: None,
        other_account: None,
        state_handler,
        states: BTreeMap::new(),
        client: ClientStyle::default(),
    }
}
