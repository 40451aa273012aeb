//! The aim of a case: the group of its request, and the location and the family of a probe.

use serde::{Deserialize, Serialize};

use super::{Alternative, Scenario, Step};

/// The aim of a case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAim {
    /// The group of the request that is judged.
    pub group: RequestGroup,
    /// True if the request must be accepted.
    pub valid: bool,
    /// The location in the input that a probe is about; empty for the whole request. `None` for a scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The family of a probe; `None` for a control and for a scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
}

/// A group of requests, by what sends them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestGroup {
    /// Requests that an SDK can send.
    #[default]
    Sdk,
    /// Several such requests about one resource.
    #[serde(rename = "behaviour")]
    Behavior,
    /// Requests that no SDK sends: values of another JSON type, malformed bodies, other methods and headers.
    Wire,
    /// Requests that are about signatures.
    Signing,
}

impl RequestGroup {
    /// Every group.
    pub const ALL: [Self; 4] = [Self::Sdk, Self::Behavior, Self::Wire, Self::Signing];

    /// The kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sdk => "sdk",
            Self::Behavior => "behaviour",
            Self::Wire => "wire",
            Self::Signing => "signing",
        }
    }
}

impl CaseAim {
    /// True if it is the valid request that probes rest on.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.location.is_some() && self.family.is_none()
    }
}

impl Scenario {
    /// The aim of the case, judged by one of its steps, from 1.
    #[must_use]
    pub fn aim(&self, step: usize) -> CaseAim {
        let of_step = || self.steps.get(step.max(1) - 1).map(Step::aim);
        self.probe.clone().or_else(of_step).unwrap_or_default()
    }
}

impl Step {
    fn aim(&self) -> CaseAim {
        let group = match (&self.call.signing, &self.call.raw) {
            (Some(_), _) => RequestGroup::Signing,
            (None, Some(_)) => RequestGroup::Wire,
            (None, None) => RequestGroup::Sdk,
        };
        let valid = self.expect.alternatives.iter().any(Alternative::is_acceptance);
        CaseAim { group, valid, location: None, family: None }
    }
}

impl Alternative {
    /// True if a request that the endpoint accepts meets it.
    fn is_acceptance(&self) -> bool {
        matches!(self, Self::Success { .. } | Self::Accepted { .. } | Self::Responded)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::suite::testing::{read, text};

    #[rstest]
    #[case::success("{ call: MakeThing, input: { name: a } }", RequestGroup::Sdk, true)]
    #[case::rejection(
        "{ call: MakeThing, input: { name: a }, expect: { rejected: client } }",
        RequestGroup::Sdk,
        false
    )]
    #[case::bytes(
        "{ call: MakeThing, input: { name: a }, raw: { method: GET }, expect: { rejected: client } }",
        RequestGroup::Wire,
        false
    )]
    #[case::signature(
        "{ call: MakeThing, input: { name: a }, sign: none, expect: { rejected: auth } }",
        RequestGroup::Signing,
        false
    )]
    #[case::clock("{ call: MakeThing, input: { name: a }, sign: { skewed-clock: 300 } }", RequestGroup::Signing, true)]
    fn the_aim_follows_from_the_step(#[case] step: &str, #[case] group: RequestGroup, #[case] valid: bool) {
        let cases = read(&[("works/make-thing/x.yaml", &text(&format!("steps:\n  - {step}")))]).unwrap().cases();
        let aim = cases[0].scenario.aim(1);
        assert_eq!(aim, CaseAim { group, valid, location: None, family: None });
        assert!(!aim.is_control());
    }
}
