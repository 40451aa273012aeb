//! The builder that a test starts with: which cases run, and what fails the test.

use std::{path::PathBuf, time::Duration};

use super::{Problem, Run, Target, loaded::LoadedSuite};
use crate::{
    judge::verdict::Verdict,
    run::{
        resolved_target::{BoxError, StateChange, StateFunction},
        session::{self, PresenceChecks},
        transport::Limits,
    },
    suite::{CaseId, Glob, GlobError, Selection},
};

/// The cases to run against an endpoint: scenarios or probes, a selection of them, and the deviations that are known.
///
/// Paths are relative to the current folder; in `cargo test`, that of the package. Nothing is read before the run.
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
    /// The folder; `None` for the bundled fixtures.
    pub(super) fixtures: Option<PathBuf>,
    pub(super) selection: Selection,
    /// The first glob that cannot be read.
    pub(super) malformed: Option<GlobError>,
    /// The model whose probes run instead of scenarios.
    pub(super) model: Option<String>,
    /// The groups and families of probes by name; empty for the default.
    pub(super) probe_families: Vec<String>,
    /// The protocol of probes by name.
    pub(super) protocol: Option<String>,
    pub(super) destructive: bool,
    pub(super) ignored: Vec<Ignored>,
    pub(super) snapshots: Option<PathBuf>,
    pub(super) baseline: Option<PathBuf>,
    pub(super) allowed: Vec<Verdict>,
    pub(super) presence: PresenceChecks,
    pub(super) reports: Vec<PathBuf>,
    pub(super) seed: Option<u64>,
    pub(super) jobs: usize,
    pub(super) timeout: Duration,
    pub(super) case_timeout: Duration,
    pub(super) patience: Duration,
    pub(super) state_function: Option<StateFunction>,
}

/// Cases that do not run, with the reason.
#[derive(Debug, Clone)]
pub(super) struct Ignored {
    glob: Glob,
    pub(super) reason: String,
}

impl Suite {
    /// The bundled scenarios.
    #[must_use]
    pub fn bundled() -> Self {
        Self {
            fixtures: None,
            selection: Selection::default(),
            malformed: None,
            model: None,
            probe_families: Vec::new(),
            protocol: None,
            destructive: false,
            ignored: Vec::new(),
            snapshots: None,
            baseline: None,
            allowed: Vec::new(),
            presence: PresenceChecks::all(),
            reports: Vec::new(),
            seed: None,
            jobs: session::JOBS,
            timeout: Limits::default().timeout,
            case_timeout: session::CASE_TIMEOUT,
            patience: session::PATIENCE,
            state_function: None,
        }
    }

    /// The scenarios of a folder. It has the layout of `fixtures/` in this crate.
    #[must_use]
    pub fn load(folder: impl Into<PathBuf>) -> Self {
        Self { fixtures: Some(folder.into()), ..Self::bundled() }
    }

    /// Runs probes derived from a model instead of scenarios. The model is a Smithy JSON AST, a botocore
    /// `service-2.json[.gz]`, or `botocore:SERVICE` from the botocore installation.
    ///
    /// The probes are requests that an SDK can send; [`probe_families`](Self::probe_families) selects others. Operations
    /// that write are probed only on this machine, and destructive ones only with [`destructive`](Self::destructive).
    #[must_use]
    pub fn probes(self, model: impl Into<String>) -> Self {
        Self { model: Some(model.into()), ..self }
    }

    /// Only these groups or families of probes: `sdk` (what an SDK can send), `wire` (malformed requests), `signing`,
    /// `all`, or the name of a family, such as `required`. The default is `sdk`, and `all` with a
    /// [`filter`](Self::filter). `wireproof probe --help` lists the families; an unknown name is a problem.
    #[must_use]
    pub fn probe_families(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.probe_families.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sends probes in this protocol: `awsJson1_0`, `awsJson1_1`, `restJson1`, `restXml`, `awsQuery`, `ec2Query`,
    /// `rpcv2Cbor` or `rpcv2Json`. The default is the first protocol of the model that is supported; an unknown name is a
    /// problem.
    #[must_use]
    pub fn protocol(self, name: impl Into<String>) -> Self {
        Self { protocol: Some(name.into()), ..self }
    }

    /// Also probes destructive operations: delete, terminate, purge, deregister.
    #[must_use]
    pub fn destructive(self) -> Self {
        Self { destructive: true, ..self }
    }

    /// Only this service, by its folder. Repeat it for several services.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.selection.services.push(service.into());
        self
    }

    /// Only this operation. Repeat it for several operations.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.selection.operations.push(operation.into());
        self
    }

    /// Only scenarios with this tag. Repeat it for several tags.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.selection.tags.push(tag.into());
        self
    }

    /// Only ids that match this glob or contain this text. `*` matches any characters, a `/` too, `?` one character,
    /// `[a-z]` one of these, and `{a,b}` one of these globs. Repeat it for several globs. A glob that matches no case is a
    /// problem, also in [`exclude`](Self::exclude) and [`ignore`](Self::ignore): it is misspelled, or the case was renamed.
    #[must_use]
    pub fn filter(self, glob: impl Into<String>) -> Self {
        self.with_glob(&glob.into(), |suite, glob| suite.selection.filters.push(glob))
    }

    /// Excludes ids that match this glob or contain this text. Reports do not mention them.
    #[must_use]
    pub fn exclude(self, glob: impl Into<String>) -> Self {
        self.with_glob(&glob.into(), |suite, glob| suite.selection.excludes.push(glob))
    }

    /// Ignores ids that match this glob or contain this text. Reports show them with the reason.
    #[must_use]
    pub fn ignore(self, glob: impl Into<String>, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        self.with_glob(&glob.into(), |suite, glob| suite.ignored.push(Ignored { glob, reason }))
    }

    fn with_glob(mut self, glob: &str, enter: impl FnOnce(&mut Self, Glob)) -> Self {
        match glob.parse() {
            Ok(glob) => enter(&mut self, glob),
            Err(error) => drop(self.malformed.get_or_insert(error)),
        }
        self
    }

    /// Compares observations with the snapshots of this folder, in insta's format. A different or missing snapshot fails the
    /// test, and `cargo insta review` shows it. `INSTA_UPDATE` and `CI` work as in insta.
    #[must_use]
    pub fn snapshots(self, folder: impl Into<PathBuf>) -> Self {
        Self { snapshots: Some(folder.into()), ..self }
    }

    /// Accepts the deviations in this file, each with its reason. Only differences from the file fail the test.
    ///
    /// `WIREPROOF_BASELINE_UPDATE=1` creates or updates the file; the cases run twice then, to find unstable ones.
    /// `WIREPROOF_BASELINE_REASON` is the reason of new entries;
    /// an entry without a reason fails the test.
    #[must_use]
    pub fn baseline(self, file: impl Into<PathBuf>) -> Self {
        Self { baseline: Some(file.into()), ..self }
    }

    /// Cases with this verdict do not fail the test: for operations that the endpoint does not implement yet.
    #[must_use]
    pub fn allow(mut self, verdict: Verdict) -> Self {
        self.allowed.push(verdict);
        self
    }

    /// Judges an operation although the presence check does not find it; `all` stands for every operation.
    #[must_use]
    pub fn assume_implemented(mut self, operation: impl Into<String>) -> Self {
        self.presence.assume(operation.into());
        self
    }

    /// Writes a report in the format of the file's extension: `html`, `json`, `xml` (`JUnit`), `md`, `sarif`, `ndjson`, `txt`.
    /// If each test is a process of its own, the suite writes none, because no process sees the whole run.
    #[must_use]
    pub fn report(mut self, file: impl Into<PathBuf>) -> Self {
        self.reports.push(file.into());
        self
    }

    /// The seed of generated names. The default is random, and shown by each run. `WIREPROOF_SEED` takes precedence.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// The number of cases that run at the same time. The default is 16.
    #[must_use]
    pub fn jobs(self, jobs: usize) -> Self {
        Self { jobs, ..self }
    }

    /// The time limit of one request. The default is ten seconds.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The time limit of one case. The default is one minute.
    #[must_use]
    pub fn case_timeout(self, case_timeout: Duration) -> Self {
        Self { case_timeout, ..self }
    }

    /// The time that a case waits for a change in progress, such as a stop that is pending. A change that takes longer
    /// makes the case inconclusive, because no document bounds it. The default is 30 seconds.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Establishes states for targets without a state handler of their own: see [`Target::state_handler`].
    #[must_use]
    pub fn state_handler<F, R, V>(self, handler: F) -> Self
    where
        F: Fn(StateChange) -> R + Send + Sync + 'static,
        R: Future<Output = Result<V, BoxError>> + Send + 'static,
        V: Into<Option<serde_json::Value>>,
    {
        Self { state_function: Some(StateFunction::new(handler)), ..self }
    }

    /// Runs the suite against this target.
    pub fn against(self, target: Target) -> Run {
        Run::new(self, target)
    }

    /// The ids of the selected cases, without ignored ones.
    ///
    /// # Errors
    /// The fixtures or the model cannot be used, or a name matches no case.
    pub fn cases(&self) -> Result<Vec<CaseId>, Problem> {
        let loaded = LoadedSuite::load(self, None)?;
        Ok(loaded.ids().filter(|id| self.why_ignored(id).is_none()).map(CaseId).collect())
    }

    /// The globs of filters, exclusions and ignored cases.
    pub(super) fn globs(&self) -> impl Iterator<Item = &Glob> {
        let ignored = self.ignored.iter().map(|ignored| &ignored.glob);
        self.selection.filters.iter().chain(&self.selection.excludes).chain(ignored)
    }

    /// The reason of an ignored case.
    pub(super) fn why_ignored(&self, id: &str) -> Option<&str> {
        let ignored = self.ignored.iter().find(|ignored| ignored.glob.matches(id))?;
        Some(&ignored.reason)
    }
}
