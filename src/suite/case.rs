//! A case: a scenario, or one row of its table.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Bindings, CallerName, Given, Region, Scenario, ScenarioRow, Step};

/// `service/operation/scenario`, with `#row` if the scenario has a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub String);

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A scenario, or one row of its table.
#[derive(Debug, Clone)]
pub struct Case {
    /// The case ID.
    pub id: CaseId,
    /// The scenario that it belongs to.
    pub scenario: Arc<Scenario>,
    /// The row of the scenario's table.
    pub row: ScenarioRow,
}

impl Case {
    /// The initial variables of a case: `row`, `region` and `other_region`.
    #[must_use]
    pub fn bindings(&self, seed: u64, region: &str, other_region: &str) -> Bindings {
        let mut bindings = Bindings::new(seed, &self.id.0);
        bindings.bind("row", Value::Object(self.row.values.clone()));
        bindings.bind("region", json!(region));
        bindings.bind("other_region", json!(other_region));
        bindings
    }

    /// True if any step uses that identity.
    #[must_use]
    pub fn needs_caller(&self, caller: CallerName) -> bool {
        self.all_steps().any(|step| step.call.caller == caller)
    }

    /// True if any step calls the other Region, or a state is in it.
    #[must_use]
    pub fn needs_other_region(&self) -> bool {
        let of_states = self.scenario.given.iter().map(Given::region);
        of_states.chain(self.all_steps().map(|step| step.call.region)).any(|region| region == Region::Other)
    }

    fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.scenario.steps.iter().chain(&self.scenario.teardown)
    }
}

/// The names of the variables that every case has.
pub(super) const OWN_VARIABLES: [&str; 3] = ["row", "region", "other_region"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{
        Template,
        testing::{read, text},
    };

    fn case(rest: &str) -> Case {
        read(&[("works/make-thing/x.yaml", &text(rest))]).unwrap().cases().remove(0)
    }

    #[test]
    fn a_case_starts_with_its_row_and_its_regions_and_with_fresh_names_of_its_own() {
        let case = case("table: [{ id: a, v: 5 }]\nsteps:\n  - { call: MakeThing, input: { name: a } }");
        assert_eq!(case.id.to_string(), "works/make-thing/x#a");
        let template = Template::read(&json!(["${row.v}", "${region}", "${other_region}", "${uuid('x')}"])).unwrap();
        let fresh = Template::read(&json!("${uuid('x')}")).unwrap();
        let fresh = fresh.fill(&Bindings::new(7, "works/make-thing/x#a")).unwrap();
        assert_eq!(template.fill(&case.bindings(7, "here", "there")), Ok(json!([5, "here", "there", fresh])));
    }

    #[test]
    fn identities_and_regions_are_needed_if_any_step_or_cleanup_uses_them() {
        let plain = case("steps:\n  - { call: MakeThing, input: { name: a } }");
        assert!(plain.needs_caller(CallerName::Owner) && !plain.needs_caller(CallerName::Denied));
        assert!(!plain.needs_other_region());
        let full = case(
            "steps:\n  - { call: MakeThing, input: { name: a }, as: denied }\nteardown:\n  - { call: GetThing, as: other-account, region: other }",
        );
        assert!(full.needs_caller(CallerName::Denied) && full.needs_caller(CallerName::OtherAccount));
        assert!(!full.needs_caller(CallerName::Owner) && full.needs_other_region());
    }
}
