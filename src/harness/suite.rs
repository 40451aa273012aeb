//! What is asked of an endpoint, and what of it counts: the builder that a test begins with.

use std::{path::PathBuf, time::Duration};

use super::{Problem, Run, Target, loaded::LoadedSuite};
use crate::{
    judge::verdict::Verdict,
    run::{
        session,
        target::{BoxError, StateChange, StateFunction},
    },
    suite::{CaseId, Selection, glob_matches},
};

/// What is asked of an endpoint: scenarios or probes, which of them, and what is known of it already.
///
/// Paths are those of the process: in `cargo test`, below the package. Nothing is read before the run.
///
/// ```
/// use wireproof::Suite;
///
/// let ids = Suite::bundled().operation("StopDeployment").cases()?;
/// assert!(ids.iter().all(|id| id.0.starts_with("codedeploy/stop-deployment/")));
/// # Ok::<(), wireproof::Problem>(())
/// ```
#[derive(Debug, Clone)]
pub struct Suite {
    /// The folder; `None`: what is compiled in.
    pub(super) fixtures: Option<PathBuf>,
    pub(super) selection: Selection,
    /// The model whose probes take the place of scenarios.
    pub(super) model: Option<String>,
    pub(super) destructive: bool,
    pub(super) ignored: Vec<Ignored>,
    pub(super) snapshots: Option<PathBuf>,
    pub(super) baseline: Option<PathBuf>,
    pub(super) allowed: Vec<Verdict>,
    pub(super) reports: Vec<PathBuf>,
    pub(super) seed: Option<u64>,
    pub(super) jobs: usize,
    pub(super) timeout: Duration,
    pub(super) case_timeout: Duration,
    pub(super) state_function: Option<StateFunction>,
}

/// Cases that are not run, and why.
#[derive(Debug, Clone)]
pub(super) struct Ignored {
    glob: String,
    pub(super) reason: String,
}

impl Suite {
    /// The scenarios that come with this crate.
    #[must_use]
    pub fn bundled() -> Self {
        Self {
            fixtures: None,
            selection: Selection::default(),
            model: None,
            destructive: false,
            ignored: Vec::new(),
            snapshots: None,
            baseline: None,
            allowed: Vec::new(),
            reports: Vec::new(),
            seed: None,
            jobs: session::JOBS,
            timeout: Duration::from_secs(10),
            case_timeout: Duration::from_secs(60),
            state_function: None,
        }
    }

    /// The scenarios of a folder, which has the form of this crate's own `fixtures`.
    #[must_use]
    pub fn load(folder: impl Into<PathBuf>) -> Self {
        Self { fixtures: Some(folder.into()), ..Self::bundled() }
    }

    /// In place of scenarios, the probes that are derived from a model: a Smithy JSON AST, a botocore
    /// `service-2.json[.gz]`, or `botocore:SERVICE` of the botocore that is installed.
    ///
    /// Operations that write are probed on this machine alone, and those that take something away only if
    /// [`destructive`](Self::destructive) says so.
    #[must_use]
    pub fn probes(self, model: impl Into<String>) -> Self {
        Self { model: Some(model.into()), ..self }
    }

    /// Probes operations that take something away, too: delete, terminate, purge, deregister.
    #[must_use]
    pub fn destructive(self) -> Self {
        Self { destructive: true, ..self }
    }

    /// Only this service, by its folder. Of several, any.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.selection.services.push(service.into());
        self
    }

    /// Only this operation. Of several, any.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.selection.operations.push(operation.into());
        self
    }

    /// Only scenarios with this tag. Of several, any.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.selection.tags.push(tag.into());
        self
    }

    /// Only ids that match this glob (`*`), or hold this text. Of several, any. One that fits no case is a problem, here as
    /// for [`exclude`](Self::exclude) and [`ignore`](Self::ignore): it was misspelt, or the case has another name now.
    #[must_use]
    pub fn filter(mut self, glob: impl Into<String>) -> Self {
        self.selection.filters.push(glob.into());
        self
    }

    /// No ids that match this glob, or hold this text: as if there were none such.
    #[must_use]
    pub fn exclude(mut self, glob: impl Into<String>) -> Self {
        self.selection.excludes.push(glob.into());
        self
    }

    /// Does not run ids that match this glob, or hold this text, and tells the reason wherever cases are told.
    #[must_use]
    pub fn ignore(mut self, glob: impl Into<String>, reason: impl Into<String>) -> Self {
        self.ignored.push(Ignored { glob: glob.into(), reason: reason.into() });
        self
    }

    /// Compares what is observed with the snapshots of this folder, which are in insta's form: one that differs or is
    /// missing fails, and `cargo insta review` shows it. `INSTA_UPDATE` and `CI` are honoured as insta does.
    #[must_use]
    pub fn snapshots(self, folder: impl Into<PathBuf>) -> Self {
        Self { snapshots: Some(folder.into()), ..self }
    }

    /// Accepts the deviations of this file, each with its reason: only what differs from it fails.
    ///
    /// `WIREPROOF_BASELINE_UPDATE=1` makes it, or brings it up to date; `WIREPROOF_BASELINE_REASON` is the reason of what
    /// is new, which is red without one.
    #[must_use]
    pub fn baseline(self, file: impl Into<PathBuf>) -> Self {
        Self { baseline: Some(file.into()), ..self }
    }

    /// Cases of this verdict do not fail: for what an endpoint does not have yet.
    #[must_use]
    pub fn allow(mut self, verdict: Verdict) -> Self {
        self.allowed.push(verdict);
        self
    }

    /// Writes a report of the run, in the format of its ending: `html`, `json`, `xml` (`JUnit`), `md`, `sarif`, `ndjson`,
    /// `txt`. Where each test is a process of its own there is none: no process sees the whole run.
    #[must_use]
    pub fn report(mut self, file: impl Into<PathBuf>) -> Self {
        self.reports.push(file.into());
        self
    }

    /// What fresh names are derived from; else a number that each run shows. `WIREPROOF_SEED` outweighs it.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// How many cases run at once, 16 unless it is said.
    #[must_use]
    pub fn jobs(self, jobs: usize) -> Self {
        Self { jobs, ..self }
    }

    /// How long one request may take, ten seconds unless it is said.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How long one case may take, a minute unless it is said.
    #[must_use]
    pub fn case_timeout(self, case_timeout: Duration) -> Self {
        Self { case_timeout, ..self }
    }

    /// Establishes the states of targets that say nothing of their states: see [`Target::state_handler`].
    #[must_use]
    pub fn state_handler<F, R, V>(self, handler: F) -> Self
    where
        F: Fn(StateChange) -> R + Send + Sync + 'static,
        R: Future<Output = Result<V, BoxError>> + Send + 'static,
        V: Into<Option<serde_json::Value>>,
    {
        Self { state_function: Some(StateFunction::new(handler)), ..self }
    }

    /// The same, asked of this endpoint.
    pub fn against(self, target: Target) -> Run {
        Run::new(self, target)
    }

    /// The ids of the selected cases, without those that are ignored; for tests that make something of their own of them.
    ///
    /// # Errors
    /// Fixtures or a model that cannot be used, or a name that selects nothing.
    pub fn cases(&self) -> Result<Vec<CaseId>, Problem> {
        let loaded = LoadedSuite::load(self)?;
        Ok(loaded.ids().filter(|id| self.why_ignored(id).is_none()).map(CaseId).collect())
    }

    /// The globs that choose cases.
    pub(super) fn globs(&self) -> impl Iterator<Item = &String> {
        let ignored = self.ignored.iter().map(|ignored| &ignored.glob);
        self.selection.filters.iter().chain(&self.selection.excludes).chain(ignored)
    }

    /// Why a case is not run, if it is not.
    pub(super) fn why_ignored(&self, id: &str) -> Option<&str> {
        let ignored = self.ignored.iter().find(|ignored| glob_matches(&ignored.glob, id))?;
        Some(&ignored.reason)
    }
}
