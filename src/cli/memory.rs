//! What became of each case when it was last run: what `--last-failed` goes by.
//!
//! A cache, and no more: what cannot be read or written is as if nothing had been run before. It lies in the file that
//! `WIREPROOF_STATE` names (empty: nowhere), else below `target/` of the cargo project that is the current folder, else
//! in the user's cache folder.

use std::{
    collections::{BTreeMap, HashSet},
    env, fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, builder::BoolishValueParser};
use serde::{Deserialize, Serialize};

use super::{
    Failure,
    part::{is_settled, say},
};
use crate::{judge::verdict::Verdict, report::PendingFile, run::event::Event};

const SCHEMA: &str = "wireproof/last-run/v1";

/// So many targets and suites are remembered.
const REMEMBERED: usize = 16;

/// Whether an earlier run is gone by.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct LastFailedArguments {
    /// Only what did not conform when it was last run against this target, and what never was.
    #[arg(long, conflicts_with = "since", env = "WIREPROOF_LAST_FAILED", value_parser = BoolishValueParser::new())]
    last_failed: bool,
}

impl LastFailedArguments {
    /// The ids that need not run again by what is remembered.
    pub(super) fn settled(&self, memory: &LastRuns) -> Result<HashSet<String>, Failure> {
        let settled = self.last_failed.then(|| memory.settled());
        if settled == Some(None) {
            say(&format!("no run against {} is remembered: everything runs", memory.target))?;
        }
        Ok(settled.flatten().unwrap_or_default())
    }
}

/// What is known of one target and suite, and what a run adds.
pub(super) struct LastRuns {
    path: Option<PathBuf>,
    target: String,
    suite: String,
    verdicts: BTreeMap<String, Verdict>,
}

#[derive(Default, Serialize, Deserialize)]
struct RememberedRuns {
    schema: String,
    /// The last one first.
    runs: Vec<LastRun>,
}

#[derive(Serialize, Deserialize)]
struct LastRun {
    target: String,
    suite: String,
    verdicts: BTreeMap<String, Verdict>,
}

impl LastRuns {
    /// What is remembered of a target, by what reports call it, and of a suite, by where it is from.
    pub(super) fn of(target: String, suite: String) -> Self {
        Self { path: path(), target, suite, verdicts: BTreeMap::new() }
    }

    /// The ids that conformed when they were last run; `None`: nothing is remembered.
    pub(super) fn settled(&self) -> Option<HashSet<String>> {
        let run = read(self.path.as_deref()?).runs.into_iter().find(|run| self.is(run))?;
        let settled = run.verdicts.into_iter().filter(|(_, verdict)| is_settled(*verdict));
        Some(settled.map(|(id, _)| id).collect())
    }

    /// Takes an event.
    pub(super) fn take(&mut self, event: &Event) {
        if let Event::CaseFinished(finished) = event {
            self.verdicts.insert(finished.report.id.0.clone(), finished.report.verdict);
        }
    }

    /// Remembers what was taken.
    pub(super) fn keep(mut self) {
        if let Some(path) = self.path.take().filter(|_| !self.verdicts.is_empty()) {
            // Without it the next run knows less, and runs more.
            let _ = self.keep_at(&path);
        }
    }

    fn keep_at(self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // Shards on one machine end at once.
        let lock = fs::File::create(path.with_extension("lock"))?;
        lock.lock()?;
        let mut remembered = read(path);
        let at = remembered.runs.iter().position(|run| self.is(run));
        let known = at.map(|at| remembered.runs.remove(at).verdicts).unwrap_or_default();
        let verdicts = known.into_iter().chain(self.verdicts).collect();
        SCHEMA.clone_into(&mut remembered.schema);
        remembered.runs.insert(0, LastRun { target: self.target, suite: self.suite, verdicts });
        remembered.runs.truncate(REMEMBERED);
        PendingFile::replace(path, &serde_json::to_string(&remembered)?)
    }

    fn is(&self, run: &LastRun) -> bool {
        run.target == self.target && run.suite == self.suite
    }
}

fn read(path: &Path) -> RememberedRuns {
    let text = fs::read_to_string(path).unwrap_or_default();
    let remembered: RememberedRuns = serde_json::from_str(&text).unwrap_or_default();
    if remembered.schema == SCHEMA { remembered } else { RememberedRuns::default() }
}

fn path() -> Option<PathBuf> {
    if let Some(told) = env::var_os("WIREPROOF_STATE") {
        return Some(PathBuf::from(told)).filter(|path| !path.as_os_str().is_empty());
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
    // A relative path there is to be ignored.
    own.or_else(|| set("XDG_CACHE_HOME").filter(|path| path.is_absolute())).or_else(|| Some(home()?.join(".cache")))
}

fn set(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(path: &Path, target: &str) -> LastRuns {
        LastRuns {
            path: Some(path.to_owned()),
            target: target.to_owned(),
            suite: "bundled".to_owned(),
            verdicts: BTreeMap::new(),
        }
    }

    fn keep(path: &Path, target: &str, verdicts: &[(&str, Verdict)]) {
        let mut memory = memory(path, target);
        memory.verdicts = verdicts.iter().map(|(id, verdict)| ((*id).to_owned(), *verdict)).collect();
        memory.keep();
    }

    fn settled(path: &Path, target: &str) -> Option<Vec<String>> {
        let mut settled: Vec<String> = memory(path, target).settled()?.into_iter().collect();
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
    fn runs_that_end_at_once_are_all_remembered() {
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
    fn a_broken_memory_is_no_memory_and_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-run.json");
        fs::write(&path, "{").unwrap();
        assert_eq!(settled(&path, "a"), None);
        keep(&path, "a", &[("x", Verdict::Conforms)]);
        assert_eq!(settled(&path, "a"), Some(vec!["x".to_owned()]));
    }

    #[test]
    fn only_so_many_targets_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-run.json");
        (0..=REMEMBERED).for_each(|run| keep(&path, &run.to_string(), &[("x", Verdict::Conforms)]));
        assert_eq!((settled(&path, "0"), settled(&path, "1").is_some()), (None, true));
    }
}
