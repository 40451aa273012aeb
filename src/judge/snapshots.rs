//! Snapshot files: one recorded observation per case, in insta's format, for `cargo insta`.
//!
//! The only writer of snapshots. The path of a snapshot is `<service>/<operation>/<case>.snap`; the name of a row follows
//! a `#`, as in its ID. A pending snapshot has the extension `.snap.new`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    suite::{Case, CaseId, FixtureFiles},
    wire::json,
};

/// The snapshots of a suite.
#[derive(Debug, Clone, Default)]
pub struct Snapshots {
    files: FixtureFiles,
    /// The observations, by path.
    observations: BTreeMap<String, String>,
}

impl Snapshots {
    /// The snapshots in these files.
    #[must_use]
    pub fn new(files: FixtureFiles) -> Self {
        let snapshots = files.iter().filter(|(path, _)| path.strip_suffix(".snap").is_some());
        let observations = snapshots.map(|(path, text)| (path.to_owned(), contents(text))).collect();
        Self { files, observations }
    }

    /// The recorded observation of a case.
    #[must_use]
    pub fn get(&self, case: &CaseId) -> Option<&str> {
        self.observations.get(&[&*case.0, ".snap"].concat()).map(String::as_str)
    }

    /// The snapshots without a case, and the cases without a snapshot.
    #[must_use]
    pub fn misfits(&self, cases: &[Case]) -> (Vec<String>, Vec<String>) {
        let belongs = |path: &str| cases.iter().any(|case| path.strip_suffix(".snap") == Some(case.id.0.as_str()));
        let orphaned = self.observations.keys().filter(|path| !belongs(path)).map(|path| self.shown(path));
        let missing = cases.iter().filter(|case| self.get(&case.id).is_none()).map(|case| case.id.0.clone());
        (orphaned.collect(), missing.collect())
    }

    /// The snapshots that hold no observation, each with the reason.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let problem = |(path, observation): (&String, &String)| {
            let text = self.files.get(path).unwrap_or_default();
            let is_marker = |line: &str| ["<<<<<<< ", ">>>>>>> "].iter().any(|marker| line.starts_with(marker));
            let problem = match observation {
                _ if text.lines().any(is_marker) => "has conflict markers of a merge",
                observation if observation.trim().is_empty() => "is empty",
                observation if json::value(observation.as_bytes()).is_none() => "is not JSON",
                _ => return None,
            };
            Some(format!("{} {problem}", self.shown(path)))
        };
        self.observations.iter().filter_map(problem).collect()
    }

    /// The path under which a person would open a snapshot.
    fn shown(&self, path: &str) -> String {
        self.files.file(path).map_or_else(|| format!("snapshots/{path}"), |file| file.display().to_string())
    }
}

/// The text below the header of a `.snap` file. An editor or git may have added a byte order mark and other line ends.
fn contents(snap: &str) -> String {
    let snap = snap.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let below =
        snap.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or(&*snap, |(_, below)| below);
    below.trim_end_matches('\n').to_owned()
}

/// Writes the pending snapshot of a case, for `cargo insta review` or `accept`.
///
/// # Errors
/// The file cannot be written.
pub fn write_pending(folder: &Path, case: &Case, observation: &str) -> io::Result<PathBuf> {
    write_at(folder.join(format!("{}.snap.new", case.id)), case, observation)
}

/// Writes the snapshot of a case, and removes a pending one, which is out of date.
///
/// # Errors
/// The file cannot be written.
pub fn write(folder: &Path, case: &Case, observation: &str) -> io::Result<PathBuf> {
    let path = write_at(folder.join(format!("{}.snap", case.id)), case, observation)?;
    match fs::remove_file(folder.join(format!("{}.snap.new", case.id))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(path),
    }
}

fn write_at(path: PathBuf, case: &Case, observation: &str) -> io::Result<PathBuf> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&path, document(case, observation))?;
    Ok(path)
}

/// A snapshot file: the header that insta expects, and the observation.
#[must_use]
pub fn document(case: &Case, observation: &str) -> String {
    let expression = serde_json::Value::from(case.scenario.title.as_str());
    format!("---\nsource: tests/conformance.rs\ndescription: {expression}\n---\n{observation}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::BUNDLED;

    #[test]
    fn a_snapshot_is_read_without_its_header() {
        assert_eq!(contents("---\nsource: x\n---\n{\n}\n"), "{\n}");
        assert_eq!(contents("{}"), "{}");
        assert_eq!(contents("\u{feff}---\r\nsource: x\r\n---\r\n{\r\n}\r\n"), "{\n}");
    }

    #[test]
    fn a_broken_snapshot_is_named_by_its_real_path() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("empty", ""),
            ("header", "---\nsource: x\n---\n"),
            ("conflict", "---\nsource: x\n---\n<<<<<<< ours\n{}\n=======\n[]\n>>>>>>> theirs\n"),
            ("text", "---\nsource: x\n---\nhello\n"),
            ("whole", "---\nsource: x\n---\n{}\n"),
        ];
        for (name, text) in files {
            fs::write(folder.path().join(format!("{name}.snap")), text).unwrap();
        }
        let found = Snapshots::new(FixtureFiles::folder(folder.path()).unwrap()).broken();
        let problems = [
            "conflict.snap has conflict markers of a merge",
            "empty.snap is empty",
            "header.snap is empty",
            "text.snap is not JSON",
        ];
        assert_eq!(found, problems.map(|problem| folder.path().join(problem).display().to_string()));
    }

    #[test]
    fn a_written_snapshot_is_read_back() {
        let case = &BUNDLED.cases()[0];
        let files = FixtureFiles::from_texts([(format!("{}.snap", case.id), document(case, "{\n  \"a\": 1\n}"))]);
        assert_eq!(Snapshots::new(files).get(&case.id), Some("{\n  \"a\": 1\n}"));
    }

    #[test]
    fn a_written_snapshot_replaces_a_pending_one() {
        let folder = tempfile::tempdir().unwrap();
        let case = &BUNDLED.cases()[0];
        let pending = write_pending(folder.path(), case, "{}").unwrap();
        let path = write(folder.path(), case, "[]").unwrap();
        assert!(!pending.exists());
        assert_eq!(contents(&fs::read_to_string(path).unwrap()), "[]");
    }

    #[test]
    fn orphaned_and_missing_snapshots_are_named() {
        let cases = BUNDLED.cases();
        let snapshots = Snapshots::new(FixtureFiles::from_texts([("gone/op/x.snap".to_owned(), String::new())]));
        let (orphaned, missing) = snapshots.misfits(&cases[..1]);
        assert_eq!(orphaned, ["snapshots/gone/op/x.snap"]);
        assert_eq!(missing, [cases[0].id.0.as_str()]);
    }
}
