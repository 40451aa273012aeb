//! The states that the probes of an operation share, and the requests that may spoil them.

use super::{Effect, derive::Subjected};
use crate::suite::{Aftermath, Case, RequestGroup, State};

/// The condition of the states that the probes of the current operation share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SharedStates {
    /// They are as the recipe made them, except for what valid inputs changed. Or there are none to renew.
    Intact,
    /// No other probe may use them.
    Spoiled,
    /// They were made again, and the stage that they interrupted continues.
    Renewed,
}

/// Returns whether a case may have left the states of its operation so that other probes do not fit them. Resources that an
/// operation creates are removed after each case.
pub(super) fn may_spoil(subjected: &Subjected, case: &Case, aftermath: Aftermath) -> bool {
    match (Effect::of(&subjected.operation), aftermath) {
        (Effect::Reads, _) | (_, Aftermath::Untouched) => false,
        (Effect::Destroys, _) | (_, Aftermath::Unknown) => true,
        // What is left would be rejected for another reason than the one that a probe is about.
        _ if Effect::is_once(&subjected.operation) => true,
        (Effect::Writes, Aftermath::Changed) => subjected.removal.is_empty() && may_store_invalid(case),
    }
}

/// Returns whether a state is more than values: calls, or the endpoint itself, make it.
pub(super) fn is_resource(state: &State) -> bool {
    !state.steps.is_empty() || !state.given.is_empty() || !state.is_reached_by_calls()
}

/// Returns whether an endpoint that accepts the request of a probe may store what no valid input leads to. A wrong signature
/// does not change the input.
fn may_store_invalid(case: &Case) -> bool {
    case.scenario.probe.as_ref().is_some_and(|aim| match aim.group {
        RequestGroup::Sdk => !aim.valid,
        RequestGroup::Wire => true,
        RequestGroup::Behavior | RequestGroup::Signing => false,
    })
}
