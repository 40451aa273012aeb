//! Files to be written: all of them, or none.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::Failure;
use crate::{
    model::bounded_file::{self, FileKind},
    report::PendingFile,
};

/// A file to be written.
#[derive(Debug)]
pub(super) struct FileDraft {
    /// The path, relative to the repository.
    pub(super) path: PathBuf,
    pub(super) text: String,
    standing: FileStanding,
}

/// The treatment of an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileStanding {
    /// It must not exist with another text.
    InTheWay,
    /// The draft is an edited version of it.
    Edited,
    /// It is kept.
    Kept,
}

impl FileDraft {
    /// A file that must not exist.
    pub(super) fn file(path: &str, text: String) -> Self {
        Self { path: path.into(), text, standing: FileStanding::InTheWay }
    }

    /// An edited version of an existing file.
    pub(super) fn edited(path: &str, text: String) -> Self {
        Self { path: path.into(), text, standing: FileStanding::Edited }
    }

    /// A file that is written only if it does not exist.
    pub(super) fn once(path: &str, text: String) -> Self {
        Self { path: path.into(), text, standing: FileStanding::Kept }
    }

    /// The effect of writing it, in one word.
    fn outcome(&self, folder: &Path) -> &'static str {
        match (bounded_file::bytes(&folder.join(&self.path), FileKind::Setting), self.standing) {
            (Err(error), _) if error.kind() == io::ErrorKind::NotFound => "written",
            (Ok(there), _) if there == self.text.as_bytes() => "unchanged",
            (_, FileStanding::Kept) => "kept",
            (_, FileStanding::Edited) => "edited",
            (_, FileStanding::InTheWay) => "replaced",
        }
    }
}

/// Rejects existing files with another text, unless `force` is set.
pub(super) fn reject_existing(folder: &Path, drafts: &[FileDraft], force: bool) -> Result<(), Failure> {
    let others = drafts.iter().filter(|draft| draft.outcome(folder) == "replaced");
    let others: Vec<String> = others.map(|draft| folder.join(&draft.path).display().to_string()).collect();
    if force || others.is_empty() {
        return Ok(());
    }
    let verb = if others.len() == 1 { "exists" } else { "exist" };
    let files = others.join(", ");
    Err(Failure::usage(format!(
        "{files} already {verb}, so nothing was written\nhelp: pass --force to replace, or --dry-run to print the files"
    )))
}

/// Writes the files, and returns the effect on each. All files are complete before the first one is moved into place.
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
