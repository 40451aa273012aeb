//! Files that are about to be written: all of them, or none.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::Failure;
use crate::report::PendingFile;

/// One file as it shall be.
#[derive(Debug)]
pub(super) struct FileDraft {
    /// Below the repository.
    pub(super) path: PathBuf,
    pub(super) text: String,
    standing: FileStanding,
}

/// What a file that is there already means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileStanding {
    /// It is in the way, unless it is the same.
    InTheWay,
    /// The draft was made of it.
    Edited,
    /// It has become its owner's.
    Kept,
}

impl FileDraft {
    /// A file that must not be there.
    pub(super) fn file(path: &str, text: String) -> Self {
        Self { path: path.into(), text, standing: FileStanding::InTheWay }
    }

    /// What has become of a file that is there.
    pub(super) fn edited(path: &str, text: String) -> Self {
        Self { path: path.into(), text, standing: FileStanding::Edited }
    }

    /// A file that is written where there is none.
    pub(super) fn once(path: &str, text: String) -> Self {
        Self { path: path.into(), text, standing: FileStanding::Kept }
    }

    /// In a word, what writing it would come to.
    fn outcome(&self, folder: &Path) -> &'static str {
        match (fs::read(folder.join(&self.path)), self.standing) {
            (Err(error), _) if error.kind() == io::ErrorKind::NotFound => "written",
            (Ok(there), _) if there == self.text.as_bytes() => "unchanged",
            (_, FileStanding::Kept) => "kept",
            (_, FileStanding::Edited) => "edited",
            (_, FileStanding::InTheWay) => "replaced",
        }
    }
}

/// Files of another text stand in the way.
pub(super) fn refuse_others(folder: &Path, drafts: &[FileDraft], force: bool) -> Result<(), Failure> {
    let others = drafts.iter().filter(|draft| draft.outcome(folder) == "replaced");
    let others: Vec<String> = others.map(|draft| folder.join(&draft.path).display().to_string()).collect();
    if force || others.is_empty() {
        return Ok(());
    }
    let verb = if others.len() == 1 { "is" } else { "are" };
    let files = others.join(", ");
    Err(Failure::usage(format!("{files} {verb} there already; nothing was written; --force replaces, --dry-run shows")))
}

/// Writes what is not there yet, and tells what was done of each. Every file is whole before the first is put in its place.
pub(super) fn write(folder: &Path, drafts: &[FileDraft]) -> Result<Vec<&'static str>, Failure> {
    let outcomes: Vec<&'static str> = drafts.iter().map(|draft| draft.outcome(folder)).collect();
    let due = drafts.iter().zip(&outcomes).filter(|(_, outcome)| !matches!(**outcome, "unchanged" | "kept"));
    let pending: Vec<(PathBuf, PendingFile)> = due.map(|(draft, _)| stage(folder, draft)).collect::<Result<_, _>>()?;
    for (path, pending) in pending {
        pending.commit().map_err(|error| cannot_write(&path, &error))?;
    }
    Ok(outcomes)
}

fn stage(folder: &Path, draft: &FileDraft) -> Result<(PathBuf, PendingFile), Failure> {
    let path = folder.join(&draft.path);
    let staged = PendingFile::create(&path).and_then(|pending| {
        let mut writer = pending.writer()?;
        writer.write_all(draft.text.as_bytes())?;
        writer.flush()?;
        drop(writer);
        Ok(pending)
    });
    staged.map_err(|error| cannot_write(&path, &error)).map(|pending| (path, pending))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::internal(format!("cannot write {}: {error}", path.display()))
}
