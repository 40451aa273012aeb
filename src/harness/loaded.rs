//! A suite as it is read and checked: its fixtures and cases, or its model and probes.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use super::{Problem, Suite, environment::Environment};
use crate::{
    derivation::Derivation,
    probe::{self, Coverage, Effect},
    scenario::{self, Batch, Case, Files, Plan, Selection, glob_matches, nearest},
};

/// What is read, and checked.
pub(super) struct Loaded {
    pub(super) suite: Arc<scenario::Suite>,
    what: What,
}

enum What {
    Scenarios(Vec<Case>),
    Probes { derivation: Derivation, options: probe::Options, ids: Vec<String> },
}

/// What a run goes by, and the sites of the model where it is one of probes.
pub(super) struct Planned {
    pub(super) plan: Box<dyn Plan>,
    pub(super) coverage: Option<Coverage>,
}

impl Loaded {
    /// Reads what a suite names.
    pub(super) fn load(suite: &Suite) -> Result<Self, Problem> {
        let environment = Environment::read()?;
        match &suite.model {
            None => Self::scenarios(suite, &environment),
            Some(model) => Self::probes(suite, model, &environment),
        }
    }

    fn scenarios(suite: &Suite, environment: &Environment) -> Result<Self, Problem> {
        let files = match &suite.fixtures {
            None => Files::bundled_fixtures(),
            Some(folder) => Files::folder_with_models(folder, &environment.places)?,
        };
        let fixtures = scenario::Suite::read(&files)?;
        if let Some((word, known)) = suite.selection.unknown(&fixtures).into_iter().next() {
            let meant = nearest(&word, known.iter().map(String::as_str));
            let hint = meant.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            return Err(Problem::Selection { word, hint });
        }
        let mut cases = suite.selection.cases(&fixtures);
        cases.retain(|case| environment.selects(&case.id.0));
        Ok(Self { suite: Arc::new(fixtures), what: What::Scenarios(cases) })
    }

    fn probes(suite: &Suite, model: &str, environment: &Environment) -> Result<Self, Problem> {
        let Selection { services, tags, operations, filters, excludes, .. } = suite.selection.clone();
        if !(services.is_empty() && tags.is_empty()) {
            return Err(Problem::SelectionOfProbes);
        }
        let derivation = Derivation { model: model.to_owned(), recipe: None, places: environment.places.clone() };
        let fixtures = derivation.suite()?;
        let effect = if suite.destructive { Effect::Destroys } else { Effect::Writes };
        let options = probe::Options { operations, filters, excludes, effect, ..probe::Options::default() };
        let mut ids: Vec<String> = derivation.probes(&fixtures, options.clone())?.ids().collect();
        ids.retain(|id| environment.selects(id));
        ids.sort();
        Ok(Self { suite: Arc::new(fixtures), what: What::Probes { derivation, options, ids } })
    }

    /// The ids of the selected cases.
    pub(super) fn ids(&self) -> Box<dyn Iterator<Item = String> + '_> {
        match &self.what {
            What::Scenarios(cases) => Box::new(cases.iter().map(|case| case.id.0.clone())),
            What::Probes { ids, .. } => Box::new(ids.iter().cloned()),
        }
    }

    /// Whether its cases are few enough to keep what each of them observed.
    pub(super) fn is_of_scenarios(&self) -> bool {
        matches!(self.what, What::Scenarios(_))
    }

    /// A plan of those of the selected cases that are `wanted`. Elsewhere than on this machine nothing is written.
    pub(super) fn plan(&self, seed: u64, is_here: bool, wanted: impl Fn(&str) -> bool) -> Result<Planned, Problem> {
        let (derivation, options, ids) = match &self.what {
            What::Scenarios(cases) => {
                let cases = cases.iter().filter(|case| wanted(&case.id.0)).cloned().collect();
                return Ok(Planned { plan: Box::new(Batch::new(cases)), coverage: None });
            }
            What::Probes { derivation, options, ids } => (derivation, options, ids),
        };
        // What a wanted probe rests on runs with it.
        let unselected = derivation.probes(&self.suite, options.clone())?;
        let selected: HashSet<&str> = ids.iter().map(String::as_str).filter(|id| wanted(id)).collect();
        let settled = unselected.ids().filter(|id| !selected.contains(id.as_str())).collect();
        let effect = if is_here { options.effect } else { Effect::Reads };
        let probes = derivation.probes(&self.suite, probe::Options { settled, seed, effect, ..options.clone() })?;
        let coverage = Some(probes.coverage());
        Ok(Planned { plan: Box::new(probes), coverage })
    }

    /// Which of these ids no case has, selected or not.
    pub(super) fn missing(&self, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, Problem> {
        match &self.what {
            What::Scenarios(_) => {
                let known: BTreeSet<String> = self.suite.cases().into_iter().map(|case| case.id.0).collect();
                Ok(ids.difference(&known).cloned().collect())
            }
            What::Probes { derivation, .. } => Ok(derivation.missing(&self.suite, ids)?),
        }
    }
}

impl Environment {
    fn selects(&self, id: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|glob| glob_matches(glob, id))
    }
}
