//! The recordings and models that are not part of this repository: `WIREPROOF_CORPUS` names the folder that holds them.

use std::{
    env,
    io::{self, Write as _},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// Says on standard error why a test is skipped, or what it found; not by a macro: the test runner would swallow it.
pub(crate) fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stderr(), "{text}")?)
}

/// An archive of the corpus, unpacked; it goes with this value. `None`, where no corpus is given.
pub(crate) fn unpack(archive: &str) -> Result<Option<TempDir>> {
    let Some(folder) = env::var_os("WIREPROOF_CORPUS").filter(|folder| !folder.is_empty()) else {
        say("skipped: WIREPROOF_CORPUS is not set")?;
        return Ok(None);
    };
    let archive = PathBuf::from(folder).join(archive);
    let unpacked = tempfile::tempdir()?;
    let tar = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(unpacked.path()).status();
    let status = tar.context("WIREPROOF_CORPUS is set, but the program tar, which unpacks it, cannot be run")?;
    ensure!(status.success(), "tar cannot unpack {}: {status}", archive.display());
    Ok(Some(unpacked))
}
