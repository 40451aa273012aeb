//! Observations compared with the snapshots of a folder of the user, as insta does it.

use std::path::PathBuf;

use super::{
    Problem,
    test_environment::{SnapshotUpdate, TestEnvironment},
};
use crate::{
    judge::{
        snapshots::{self, Snapshots},
        verdict::Verdict,
    },
    report::human,
    run::judged_case::JudgedCase,
    suite::FixtureFiles,
};

/// The snapshots of a folder, and what happens to observations that differ from them.
#[derive(Clone)]
pub(super) struct SnapshotFolder {
    folder: PathBuf,
    pub(super) snapshots: Snapshots,
    update: SnapshotUpdate,
    pass: bool,
}

impl SnapshotFolder {
    /// The snapshots of a folder, which may not exist yet.
    pub(super) fn open(folder: PathBuf, environment: &TestEnvironment) -> Result<Self, Problem> {
        let files = if folder.is_dir() { FixtureFiles::folder(&folder)? } else { FixtureFiles::default() };
        let (update, pass) = (environment.snapshots, environment.snapshots_pass);
        Ok(Self { folder, snapshots: Snapshots::new(files), update, pass })
    }

    /// Writes an observation that differs from its snapshot. Returns the difference as text where it fails the run.
    pub(super) fn settle(&self, case: &JudgedCase) -> Result<Option<String>, Problem> {
        let judged = matches!(case.report.verdict, Verdict::Conforms | Verdict::Deviates);
        let observed = case.observation().text();
        if !judged || case.snapshot.as_deref() == Some(observed.as_str()) {
            return Ok(None);
        }
        let written = match self.update {
            SnapshotUpdate::No => Ok(()),
            SnapshotUpdate::Pending => snapshots::write_pending(&self.folder, &case.case, &observed).map(drop),
            SnapshotUpdate::Always => snapshots::write(&self.folder, &case.case, &observed).map(drop),
        };
        written.map_err(|error| Problem::Write { path: self.folder.join(&case.case.id.0), error })?;
        let settled = self.pass || self.update == SnapshotUpdate::Always;
        Ok((!settled).then(|| described(case)))
    }
}

fn described(case: &JudgedCase) -> String {
    let id = &case.report.id;
    if case.snapshot.is_none() {
        return format!("{id} has no snapshot yet\nhelp: cargo insta review shows what it observed\n");
    }
    let difference = case.difference().as_ref().map(human::snapshot_difference).unwrap_or_default();
    format!("{id} differs from its snapshot\nhelp: cargo insta review\n{difference}\n")
}
