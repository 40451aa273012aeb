//! Checks the model that the probes of a bundle were derived from.

use super::{VerifiedModel, Verifier, VerifyCheck, VerifyProblem};
use crate::{
    certificate::probe_scope::{ModelStanding, ProbeScope, StatedProbes},
    probe::RecipeOrigin,
};

/// Compares the model of a bundle with its statement and with the model of this machine.
///
/// A model with fewer constraints has fewer probes. So one that has the name of botocore's must be botocore's.
pub(super) fn check(
    verifier: &Verifier<'_>,
    scope: &ProbeScope,
    stated: &StatedProbes,
    problems: &mut Vec<VerifyProblem>,
) -> VerifiedModel {
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Model, says));
    if scope.identity() != stated.model {
        problem(format!(
            "the model of the bundle has the SHA-256 {}, which is not that of the statement",
            scope.identity().digest
        ));
    }
    let mut groups = stated.groups.clone();
    groups.sort_unstable();
    groups.dedup();
    if groups != stated.groups || groups.is_empty() {
        problem("the statement does not list groups of probes in order, each once".to_owned());
    }
    let recipe = scope.model.recipe();
    if recipe == RecipeOrigin::Removed {
        problem("the bundle lacks the recipe of wireproof for this service".to_owned());
    }
    let standing = match verifier.model {
        Some(name) => ModelStanding::to_named(scope, name, verifier.places).unwrap_or_else(|error| {
            problem(error.to_string());
            ModelStanding::Unknown
        }),
        None => ModelStanding::of(scope, verifier.places),
    };
    let is_of_verifier = verifier.model.is_some() || scope.model.is_of_botocore();
    if let (ModelStanding::Differs(files), true) = (&standing, is_of_verifier) {
        let source = &stated.model.source;
        problem(format!("{source} of the bundle is not that of this machine: {} differ", files.join(", ")));
    }
    VerifiedModel { standing, recipe }
}
