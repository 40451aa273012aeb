//! The verdict of each case in its last run, for `--last-failed`.
//!
//! It is only a cache: a file that cannot be read or written counts as empty. The file is the one that `WIREPROOF_STATE` names
//! (if empty, none), else a file below `target/` of the cargo project in the current folder, else one in the user's cache
//! folder.

use std::{
    collections::{BTreeMap, HashSet},
    env, fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, builder::BoolishValueParser};
use serde::{Deserialize, Serialize};

use super::{
    Failure,
    subset::{is_settled, say},
};
use crate::{
    judge::verdict::Verdict,
    model::bounded_file::{self, FileKind},
    report::PendingFile,
    run::{event::Event, observer::Observer},
};

const SCHEMA: &str = "wireproof/last-run/v1";

/// The number of targets and suites that the file keeps.
const REMEMBERED: usize = 16;

/// The selection by the last run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct LastFailedArguments {
    /// Rerun only failed and new cases: those that did not conform in their last run against this target, or never ran.
    #[arg(long, conflicts_with = "since", env = "WIREPROOF_LAST_FAILED", value_parser = BoolishValueParser::new())]
    last_failed: bool,
}

impl LastFailedArguments {
    /// The ids that need not run again.
    pub(super) fn settled(&self, last_runs: &LastRuns) -> Result<HashSet<String>, Failure> {
        let settled = self.last_failed.then(|| last_runs.settled());
        if settled == Some(None) {
            say(&format!("no earlier run against {} is known: everything runs", last_runs.target))?;
        }
        Ok(settled.flatten().unwrap_or_default())
    }
}

/// The last runs of one target and suite. It observes a run, and remembers it at the end.
pub(super) struct LastRuns {
    path: Option<PathBuf>,
    target: String,
    suite: String,
    verdicts: BTreeMap<String, Verdict>,
}

#[derive(Default, Serialize, Deserialize)]
struct RememberedRuns {
    schema: String,
    /// The latest first.
    runs: Vec<LastRun>,
}

#[derive(Serialize, Deserialize)]
struct LastRun {
    target: String,
    suite: String,
    verdicts: BTreeMap<String, Verdict>,
}

impl LastRuns {
    /// The last runs of a target, by its name in reports, and of a suite, by its origin.
    pub(super) fn of(target: String, suite: String) -> Self {
        Self { path: path(), target, suite, verdicts: BTreeMap::new() }
    }

    /// The ids that conformed in their last run; `None` if there was none.
    pub(super) fn settled(&self) -> Option<HashSet<String>> {
        let run = read(self.path.as_deref()?).runs.into_iter().find(|run| self.is(run))?;
        let settled = run.verdicts.into_iter().filter(|(_, verdict)| is_settled(*verdict));
        Some(settled.map(|(id, _)| id).collect())
    }

    fn keep(&mut self) {
        if let Some(path) = self.path.clone().filter(|_| !self.verdicts.is_empty()) {
            // Without the file, the next run knows less and runs more.
            let _ = self.keep_at(&path);
        }
    }

    fn keep_at(&mut self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // Shards on one machine may end at the same time.
        let lock = fs::File::create(path.with_extension("lock"))?;
        lock.lock()?;
        let mut remembered = read(path);
        let at = remembered.runs.iter().position(|run| self.is(run));
        let known = at.map(|at| remembered.runs.remove(at).verdicts).unwrap_or_default();
        let verdicts = known.into_iter().chain(std::mem::take(&mut self.verdicts)).collect();
        SCHEMA.clone_into(&mut remembered.schema);
        remembered.runs.insert(0, LastRun { target: self.target.clone(), suite: self.suite.clone(), verdicts });
        remembered.runs.truncate(REMEMBERED);
        PendingFile::replace(path, &serde_json::to_string(&remembered)?)
    }

    fn is(&self, run: &LastRun) -> bool {
        run.target == self.target && run.suite == self.suite
    }
}

impl Observer for LastRuns {
    fn event(&mut self, event: &Event) {
        match event {
            Event::CaseFinished(finished) => {
                self.verdicts.insert(finished.report.id.0.clone(), finished.report.verdict);
            }
            Event::RunFinished(_) => self.keep(),
            _ => {}
        }
    }
}

fn read(path: &Path) -> RememberedRuns {
    let text = bounded_file::text(path, FileKind::Report).unwrap_or_default();
    let remembered: RememberedRuns = serde_json::from_str(&text).unwrap_or_default();
    if remembered.schema == SCHEMA { remembered } else { RememberedRuns::default() }
}

fn path() -> Option<PathBuf> {
    if let Some(given) = env::var_os("WIREPROOF_STATE") {
        return Some(PathBuf::from(given)).filter(|path| !path.as_os_str().is_empty());
    }
    let folder = if Path::new("Cargo.toml").is_file() { target_folder() } else { cache_folder()? };
    Some(folder.join("wireproof").join("last-run.json"))
}

fn target_folder() -> PathBuf {
    set("CARGO_TARGET_DIR").unwrap_or_else(|| PathBuf::from("target"))
}

fn cache_folder() -> Option<PathBuf> {
    let home = || set("HOME");
    let own = match env::consts::OS {
        "windows" => set("LOCALAPPDATA"),
        "macos" => home().map(|home| home.join("Library/Caches")),
        _ => None,
    };
    // The specification of XDG_CACHE_HOME says to ignore a relative path.
    own.or_else(|| set("XDG_CACHE_HOME").filter(|path| path.is_absolute())).or_else(|| Some(home()?.join(".cache")))
}

fn set(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_runs(path: &Path, target: &str) -> LastRuns {
        LastRuns {
            path: Some(path.to_owned()),
            target: target.to_owned(),
            suite: "bundled".to_owned(),
            verdicts: BTreeMap::new(),
        }
    }

    fn keep(path: &Path, target: &str, verdicts: &[(&str, Verdict)]) {
        let mut last_runs = last_runs(path, target);
        last_runs.verdicts = verdicts.iter().map(|(id, verdict)| ((*id).to_owned(), *verdict)).collect();
        last_runs.keep();
    }

    fn settled(path: &Path, target: &str) -> Option<Vec<String>> {
        let mut settled: Vec<String> = last_runs(path, target).settled()?.into_iter().collect();
        settled.sort();
        Some(settled)
    }

    #[test]
    fn a_case_counts_by_its_last_run_and_two_targets_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/last-run.json");
        assert_eq!(settled(&path, "a"), None);
        keep(&path, "a", &[("x", Verdict::Conforms), ("y", Verdict::Deviates), ("z", Verdict::NotApplicable)]);
        keep(&path, "b", &[("y", Verdict::Conforms)]);
        keep(&path, "a", &[("x", Verdict::Blocked), ("y", Verdict::Conforms)]);
        assert_eq!(settled(&path, "a"), Some(vec!["y".to_owned(), "z".to_owned()]));
        assert_eq!(settled(&path, "b"), Some(vec!["y".to_owned()]));
    }

    #[test]
    fn runs_that_end_at_the_same_time_are_all_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-run.json");
        let ids: Vec<String> = (0..8).map(|id| id.to_string()).collect();
        std::thread::scope(|scope| {
            for id in &ids {
                scope.spawn(|| keep(&path, "a", &[(id, Verdict::Conforms)]));
            }
        });
        assert_eq!(settled(&path, "a"), Some(ids));
    }

    #[test]
    fn a_broken_file_counts_as_empty_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-run.json");
        fs::write(&path, "{").unwrap();
        assert_eq!(settled(&path, "a"), None);
        keep(&path, "a", &[("x", Verdict::Conforms)]);
        assert_eq!(settled(&path, "a"), Some(vec!["x".to_owned()]));
    }

    #[test]
    fn the_oldest_target_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-run.json");
        (0..=REMEMBERED).for_each(|run| keep(&path, &run.to_string(), &[("x", Verdict::Conforms)]));
        assert_eq!((settled(&path, "0"), settled(&path, "1").is_some()), (None, true));
    }
}
