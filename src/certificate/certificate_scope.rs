//! The extent of a certificate: profiles of a suite, or probes of a model. It determines cases and decisions.

use std::sync::Arc;

use super::{
    certified_digest::CertifiedDigest,
    certified_report::Reported,
    decision::{Decision, decide},
    probe_decision::{ProbedModel, decide_probes},
    probe_scope::{ProbeScope, StatedProbes},
    profile::{Profile, Profiles},
    statement::StatementSubject,
};
use crate::{
    probe::Coverage,
    report::ReportDocument,
    suite::{Batch, Case, Fixtures, Plan},
};

/// The extent of a certificate, with everything that it depends on.
#[derive(Clone, Copy)]
pub enum CertificateScope<'a> {
    /// Cases of a suite, by the requirements that they cite.
    Profiles { suite: &'a Arc<Fixtures>, digest: &'a CertifiedDigest, profiles: &'a Profiles },
    /// Probes of a model.
    Probes(&'a ProbeScope),
}

/// The cases of a certificate, in the order in which they run.
pub struct CertifiedPlan {
    pub plan: Box<dyn Plan>,
    /// The coverage of the model; `None` for profiles.
    pub coverage: Option<Coverage>,
}

/// The conclusions from a report.
#[derive(Debug, Clone)]
pub struct Conclusions {
    pub reported: Reported,
    pub decisions: Vec<Decision>,
    /// The result of the probes; `None` for profiles.
    pub probed: Option<ProbedModel>,
}

/// The cases of profiles, each once.
#[must_use]
pub fn cases(suite: &Fixtures, profiles: &[&Profile]) -> Vec<Case> {
    let counts = |case: &Case| {
        profiles
            .iter()
            .any(|profile| profile.service == case.scenario.service && profile.level_of(suite, case).is_some())
    };
    suite.cases().into_iter().filter(counts).collect()
}

impl<'a> CertificateScope<'a> {
    #[must_use]
    pub fn suite(self) -> &'a Arc<Fixtures> {
        match self {
            Self::Profiles { suite, .. } => suite,
            Self::Probes(scope) => &scope.suite,
        }
    }

    /// The digest of the suite, file by file.
    #[must_use]
    pub fn digest(self) -> &'a CertifiedDigest {
        match self {
            Self::Profiles { digest, .. } => digest,
            Self::Probes(scope) => &scope.digest,
        }
    }

    /// The cases that a statement with this seed needs. A statement that fits another scope needs none.
    #[must_use]
    pub fn plan(self, stated: &StatementSubject, seed: u64) -> CertifiedPlan {
        match self {
            Self::Profiles { suite, profiles, .. } => {
                let cases = cases(suite, &profiles.select(&stated.requested, &stated.services));
                CertifiedPlan { plan: Box::new(Batch::new(cases)), coverage: None }
            }
            Self::Probes(scope) => match stated.probes.as_ref().and_then(|stated| scope.probes(stated, seed)) {
                Some(probes) => CertifiedPlan { coverage: Some(probes.coverage()), plan: Box::new(probes) },
                None => CertifiedPlan { plan: Box::new(Batch::new(Vec::new())), coverage: None },
            },
        }
    }

    /// The decisions that follow from the bytes of a report.
    ///
    /// # Errors
    /// The bytes are not a report.
    pub fn conclude(self, stated: &StatementSubject, report: &[u8]) -> Result<Conclusions, serde_json::Error> {
        let reported: Reported = serde_json::from_slice(report)?;
        let (decisions, probed) = match self {
            Self::Profiles { suite, profiles, .. } => {
                let selected = profiles.select(&stated.requested, &stated.services);
                (selected.into_iter().map(|profile| decide(suite, profile, &reported)).collect(), None)
            }
            Self::Probes(scope) => of_probes(scope, stated.probes.as_ref(), &serde_json::from_slice(report)?),
        };
        Ok(Conclusions { reported, decisions, probed })
    }
}

fn of_probes(
    scope: &ProbeScope,
    stated: Option<&StatedProbes>,
    report: &ReportDocument,
) -> (Vec<Decision>, Option<ProbedModel>) {
    let probed = ProbedModel::of(scope, report);
    let decisions = stated.map(|stated| decide_probes(stated, &probed, report)).unwrap_or_default();
    (decisions, Some(probed))
}
