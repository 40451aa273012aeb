//! What fails a run: verdicts that are not allowed, and what differs from the baseline.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::{Args, builder::BoolishValueParser};
use time::OffsetDateTime;

use super::{Failure, written};
use crate::{
    baseline::{Baseline, Differing, Seen},
    event::{Event, RunFinished, RunStarted},
    exit::ExitStatus,
    report::{PendingFile, text},
    verdict::Verdict,
};

/// What fails a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Gate")]
pub(super) struct GateArguments {
    /// Verdicts that do not fail the run: blocked, inconclusive, not-implemented, deviates.
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', env = "WIREPROOF_ALLOW", value_parser = verdict)]
    allow: Vec<Verdict>,

    /// Deviations that are known and accepted, each with a reason: only what differs from this file fails the run.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_BASELINE")]
    baseline: Option<PathBuf>,

    /// Write what deviates into the baseline; reasons and comments of what stays are kept.
    #[arg(long, env = "WIREPROOF_BASELINE_UPDATE", value_parser = BoolishValueParser::new())]
    baseline_update: bool,

    /// The reason of every entry that an update adds; without it, each waits for one and is red until then.
    #[arg(long, value_name = "TEXT", requires = "baseline_update", env = "WIREPROOF_BASELINE_REASON")]
    baseline_reason: Option<String>,
}

fn verdict(name: &str) -> Result<Verdict, String> {
    let known = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
    known.ok_or_else(|| "expected blocked, inconclusive, not-implemented or deviates".to_owned())
}

/// Decides how the program ends, from the events of a run.
pub(super) struct Gate {
    arguments: GateArguments,
    known: Option<Known>,
    /// Why it is right that nothing ran, where it is.
    idle: Option<String>,
}

/// A baseline, and what the run has of it.
struct Known {
    path: PathBuf,
    /// Its text; `None` where it is about to be made.
    text: Option<String>,
    baseline: Baseline,
    seen: Seen,
}

impl GateArguments {
    /// Begins. A baseline that cannot be used is told before anything is run.
    pub(super) fn open(&self) -> Result<Gate, Failure> {
        if self.baseline_update && self.baseline.is_none() {
            return Err(Failure::alone("--baseline-update", "--baseline FILE"));
        }
        let known = self.baseline.as_deref().map(|path| self.known(path)).transpose()?;
        Ok(Gate { arguments: self.clone(), known, idle: None })
    }

    fn known(&self, path: &Path) -> Result<Known, Failure> {
        let path = path.to_owned();
        if self.baseline_update && !path.exists() {
            return Ok(Known { path, text: None, baseline: Baseline::default(), seen: Seen::default() });
        }
        let text = fs::read_to_string(&path).map_err(|error| {
            Failure::usage(format!("cannot read {}: {error}; --baseline-update makes it", path.display()))
        })?;
        let baseline = Baseline::read(&path.display().to_string(), &text);
        let baseline = baseline.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Known { path, text: Some(text), baseline, seen: Seen::default() })
    }
}

impl Gate {
    /// Takes an event.
    pub(super) fn take(&mut self, event: &Event) {
        match (event, &mut self.known) {
            (Event::CaseFinished(finished), Some(known)) => known.seen.enter(&finished.report),
            (Event::RunStarted(started), _) => self.idle = nothing_of_shard(started),
            _ => {}
        }
    }

    /// Where nothing ran, that is as it should be, for this reason if there is one.
    pub(super) fn idle(self, why: Option<String>) -> Self {
        Self { idle: why.or(self.idle), ..self }
    }

    /// How the program ends. `missing` tells which of these ids no case has.
    pub(super) fn status(
        self,
        finished: &RunFinished,
        missing: impl FnOnce(&BTreeSet<String>) -> Result<BTreeSet<String>, Failure>,
    ) -> Result<ExitStatus, Failure> {
        let mut allowed = self.arguments.allow.clone();
        let mut is_red = false;
        if let Some(known) = &self.known {
            allowed.push(Verdict::Deviates);
            let missing = missing(&known.baseline.unseen(&known.seen))?;
            is_red = if self.arguments.baseline_update {
                known.update(&missing, self.arguments.baseline_reason.as_deref())?;
                false
            } else {
                known.differs(&missing)?
            };
        }
        let status = match &self.idle {
            Some(why) if finished.ledger.selected == 0 && !finished.interrupted => {
                written(writeln!(anstream::stderr(), "{why}"))?;
                ExitStatus::Conforms
            }
            _ => ExitStatus::of_run(&finished.ledger, &allowed, finished.interrupted),
        };
        let red = is_red && matches!(status, ExitStatus::Conforms | ExitStatus::Incomplete);
        Ok(if red { ExitStatus::Deviates } else { status })
    }
}

impl Known {
    /// Whether anything differs, told on standard error, so that reports on standard output stay what they are.
    fn differs(&self, missing: &BTreeSet<String>) -> Result<bool, Failure> {
        let differing = self.baseline.compare(&self.seen, &today(), missing);
        let mut out = anstream::stderr();
        let path = self.path.display();
        written(match differing.len() {
            0 => writeln!(out, "baseline {path}: {} known, nothing differs", self.seen.count()),
            1 => writeln!(out, "baseline {path}: 1 differs").and_then(|()| tell(&mut out, &differing)),
            count => writeln!(out, "baseline {path}: {count} differ").and_then(|()| tell(&mut out, &differing)),
        })?;
        Ok(!differing.is_empty())
    }

    fn update(&self, missing: &BTreeSet<String>, reason: Option<&str>) -> Result<(), Failure> {
        let baseline = self.baseline.updated(&self.seen, missing, reason);
        let text = match &self.text {
            None => baseline.text(),
            Some(older) => baseline
                .text_over(&self.path.display().to_string(), older)
                .map_err(|error| Failure::usage(error.to_string()))?,
        };
        if self.text.as_ref() != Some(&text) {
            PendingFile::replace(&self.path, &text)
                .map_err(|error| Failure::internal(format!("cannot write {}: {error}", self.path.display())))?;
        }
        let mut out = anstream::stderr();
        let path = self.path.display();
        let entries = if baseline.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", baseline.len()) };
        let waiting = match baseline.unexplained() {
            0 => String::new(),
            1 => "; 1 waits for its reason, and is red until it has one".to_owned(),
            count => format!("; {count} wait for their reasons, and are red until they have them"),
        };
        written(writeln!(out, "baseline {path}: {entries}{waiting}"))
    }
}

/// A small selection leaves some shards without a case.
fn nothing_of_shard(started: &RunStarted) -> Option<String> {
    let shard = started.shard.filter(|_| started.selected == 0 && started.selection.cases > 0)?;
    Some(format!("shard {shard} has none of the {} selected cases", started.selection.cases))
}

/// What differs, way by way, each with what to do about it.
fn tell(out: &mut dyn Write, differing: &[Differing]) -> io::Result<()> {
    for group in differing.chunk_by(|a, b| a.difference == b.difference) {
        let Some(difference) = group.first().map(|first| first.difference) else { continue };
        writeln!(out, "\n  {} ({})\n  {}", difference.words(), group.len(), difference.advice())?;
        for one in group {
            writeln!(out, "    {} ({})", one.case, one.code)?;
            for detail in one.details() {
                writeln!(out, "      {}", text::line(&detail))?;
            }
        }
    }
    Ok(())
}

fn today() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}
