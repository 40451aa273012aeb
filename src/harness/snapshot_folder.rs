//! What a run observed, compared with the snapshots of the user's own folder, as insta would do it.

use std::path::PathBuf;

use super::{
    Problem,
    environment::{SnapshotUpdate, TestEnvironment},
};
use crate::{
    judge::{
        snapshots::{self, Snapshots},
        verdict::Verdict,
    },
    report::human,
    run::event::CaseFinished,
    suite::FixtureFiles,
};

/// The snapshots of a folder, and what becomes of what differs from them.
#[derive(Clone)]
pub(super) struct SnapshotFolder {
    folder: PathBuf,
    pub(super) snapshots: Snapshots,
    update: SnapshotUpdate,
    pass: bool,
}

impl SnapshotFolder {
    /// Those of a folder, which need not be there yet.
    pub(super) fn open(folder: PathBuf, environment: &TestEnvironment) -> Result<Self, Problem> {
        let files = if folder.is_dir() { FixtureFiles::folder(&folder)? } else { FixtureFiles::default() };
        let (update, pass) = (environment.snapshots, environment.snapshots_pass);
        Ok(Self { folder, snapshots: Snapshots::new(files), update, pass })
    }

    /// How what a case observed differs from its snapshot, in words, where that fails.
    pub(super) fn settle(&self, finished: &CaseFinished) -> Result<Option<String>, Problem> {
        let judged = matches!(finished.report.verdict, Verdict::Conforms | Verdict::Deviates);
        let observed = finished.observation().text();
        if !judged || finished.snapshot.as_deref() == Some(observed.as_str()) {
            return Ok(None);
        }
        let written = match self.update {
            SnapshotUpdate::No => Ok(()),
            SnapshotUpdate::Pending => snapshots::write_pending(&self.folder, &finished.case, &observed).map(drop),
            SnapshotUpdate::Always => snapshots::write(&self.folder, &finished.case, &observed).map(drop),
        };
        written.map_err(|error| Problem::Write { path: self.folder.join(&finished.case.id.0), error })?;
        let settled = self.pass || self.update == SnapshotUpdate::Always;
        Ok((!settled).then(|| told(finished)))
    }
}

fn told(finished: &CaseFinished) -> String {
    let id = &finished.report.id;
    if finished.snapshot.is_none() {
        return format!("{id} has no snapshot yet: cargo insta review shows what it observed\n");
    }
    let difference = human::snapshot_difference(finished);
    format!("{id} observed something else than its snapshot has: cargo insta review\n{difference}\n")
}
