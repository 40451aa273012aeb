//! What fails a run: verdicts that are not allowed, and what differs from a baseline. One gate for the program and for tests.
//!
//! Owns the file of a baseline, its day and the words in which a difference is told. What differs is decided by
//! [`baseline`](crate::gate::baseline), and what a ledger comes to by [`exit`](crate::run::exit).

pub mod baseline;
#[cfg(feature = "cli")]
pub mod merge;

use std::{
    collections::BTreeSet,
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;
use time::OffsetDateTime;

use crate::{
    gate::baseline::{Baseline, BaselineError, Differing, SeenDeviations},
    judge::verdict::Verdict,
    report::{PendingFile, text},
    run::{
        event::{CaseReport, RunFinished},
        exit::ExitStatus,
    },
    wire::{digest::Sha256, sigv4::hex},
};

/// A baseline's file that cannot be used or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GateError {
    /// It cannot be read.
    #[error("cannot read {}: {error}; {update} makes it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What makes it.
        update: &'static str,
        /// Why.
        error: io::Error,
    },
    /// It is no baseline.
    #[error(transparent)]
    Form(#[from] BaselineError),
    /// It cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// The known deviations of a target, and what a run has of them.
#[derive(Debug, Clone)]
pub struct Gate {
    path: PathBuf,
    update: &'static str,
    baseline: Baseline,
    seen: SeenDeviations,
}

impl Gate {
    /// Reads a baseline. One that is about to be made (`may_be_missing`) accepts nothing. `update` is what brings it up to
    /// date where people are told of it: a flag, or a variable.
    ///
    /// # Errors
    /// A file that cannot be read, or is no baseline.
    pub fn open(path: &Path, may_be_missing: bool, update: &'static str) -> Result<Self, GateError> {
        if cfg!(not(feature = "baseline")) {
            return Err(BaselineError::Unsupported { file: path.display().to_string() }.into());
        }
        let baseline = if may_be_missing && !path.exists() { Baseline::default() } else { read(path, update)?.1 };
        Ok(Self { path: path.to_owned(), update, baseline, seen: SeenDeviations::default() })
    }

    /// Enters a case.
    pub fn enter(&mut self, case: &CaseReport) {
        self.seen.enter(case);
    }

    /// The cases of entries that the run did not have: whether they exist at all is for the caller to find out.
    #[must_use]
    pub fn unseen(&self) -> BTreeSet<String> {
        self.baseline.unseen(&self.seen)
    }

    /// What differs today. `missing` are ids of entries that no case has.
    #[must_use]
    pub fn compare(&self, missing: &BTreeSet<String>) -> Vec<Differing> {
        self.baseline.compare(&self.seen, &today(), missing)
    }

    /// What differs in one case alone, whatever else was entered.
    #[must_use]
    pub fn compare_case(&self, case: &CaseReport) -> Vec<Differing> {
        let mut seen = SeenDeviations::default();
        seen.enter(case);
        self.baseline.compare(&seen, &today(), &BTreeSet::new())
    }

    /// The baseline.
    #[must_use]
    pub fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// What differs, in words for a person, each with what to do about it.
    #[must_use]
    pub fn told(&self, differing: &[Differing]) -> String {
        let path = self.path.display();
        match differing.len() {
            0 => format!("baseline {path}: {} known, nothing differs\n", self.seen.count()),
            1 => format!("baseline {path}: 1 differs\n{}", told(differing, self.update)),
            count => format!("baseline {path}: {count} differ\n{}", told(differing, self.update)),
        }
    }

    /// Writes what the run deviates by into the file, and tells in a line what that came to. Other processes may do the
    /// same at once, each for the cases that it ran.
    ///
    /// # Errors
    /// The file is no baseline any more, or cannot be written.
    pub fn update(&self, missing: &BTreeSet<String>, reason: Option<&str>) -> Result<String, GateError> {
        let failed = |error| GateError::Write { path: self.path.clone(), error };
        let _lock = lock(&self.path).map_err(failed)?;
        let (older, known) = if self.path.exists() {
            let (text, baseline) = read(&self.path, self.update)?;
            (Some(text), baseline)
        } else {
            (None, Baseline::default())
        };
        let baseline = known.updated(&self.seen, missing, reason);
        let file = self.path.display().to_string();
        let text = baseline.text_over(&file, older.as_deref().unwrap_or_default())?;
        if older.as_ref() != Some(&text) {
            PendingFile::replace(&self.path, &text).map_err(failed)?;
        }
        let (added, removed) = (baseline.beyond(&known), known.beyond(&baseline));
        Ok(format!("baseline {}: {}", self.path.display(), entries(&baseline, added, removed)))
    }
}

/// The status of a run: of its ledger, and red where anything differs from its baseline. With a baseline, deviations by
/// themselves do not fail.
#[must_use]
pub fn status(finished: &RunFinished, allowed: &[Verdict], differing: Option<usize>) -> ExitStatus {
    let with_baseline = differing.map(|_| Verdict::Deviates);
    let allowed: Vec<Verdict> = allowed.iter().copied().chain(with_baseline).collect();
    let status = ExitStatus::of_run(&finished.ledger, &allowed, finished.interrupted);
    red(status, differing.is_some_and(|count| count > 0))
}

/// What differs from a baseline fails what would not fail by itself.
#[must_use]
pub fn red(status: ExitStatus, differs: bool) -> ExitStatus {
    let outweighed = differs && matches!(status, ExitStatus::Conforms | ExitStatus::Incomplete);
    if outweighed { ExitStatus::Deviates } else { status }
}

fn read(path: &Path, update: &'static str) -> Result<(String, Baseline), GateError> {
    let text = fs::read_to_string(path).map_err(|error| GateError::Read { path: path.to_owned(), update, error })?;
    let baseline = Baseline::read(&path.display().to_string(), &text)?;
    Ok((text, baseline))
}

/// Keeps other processes from updating the same file until it is dropped. It lies apart, because the file is replaced.
fn lock(path: &Path) -> io::Result<fs::File> {
    let place = std::path::absolute(path)?;
    let name = hex(&Sha256::digest(place.as_os_str().as_encoded_bytes()));
    let lock = fs::File::create(env::temp_dir().join(format!("wireproof-{}.lock", &name[..16])))?;
    lock.lock()?;
    Ok(lock)
}

fn entries(baseline: &Baseline, added: usize, removed: usize) -> String {
    let waiting = match baseline.unexplained() {
        0 => String::new(),
        1 => "; 1 waits for its reason, and is red until it has one".to_owned(),
        count => format!("; {count} wait for their reasons, and are red until they have them"),
    };
    let noun = if baseline.len() == 1 { "entry" } else { "entries" };
    format!("{} {noun}, {added} of them new, {removed} taken out{waiting}", baseline.len())
}

/// What differs, way by way, each with what to do about it.
fn told(differing: &[Differing], update: &str) -> String {
    let mut out = String::new();
    for group in differing.chunk_by(|a, b| a.difference == b.difference) {
        let Some(difference) = group.first().map(|first| first.difference) else { continue };
        // Writing to a string does not fail.
        let _ = writeln!(out, "\n  {} ({})\n  {}", difference.words(), group.len(), difference.advice(update));
        for one in group {
            let _ = writeln!(out, "    {} ({})", one.case, one.code);
            for detail in one.details() {
                let _ = writeln!(out, "      {}", text::line(&detail));
            }
        }
    }
    out
}

fn today() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}
