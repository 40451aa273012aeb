//! The digest of a suite: every file that determines requests and verdicts, with its SHA-256.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    run::recording::sha256,
    suite::FixtureFiles,
    wire::{digest::Sha256, sigv4::hex},
};

const SCHEMA: &str = "wireproof/suite/v1";

/// The digest of each file of a suite, and one digest over all.
///
/// The digest over all is the SHA-256 of the lines that `sha256sum` prints for the files, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedDigest {
    /// The schema and its version.
    pub schema: String,
    /// The digest over all files.
    pub digest: String,
    /// The SHA-256 of each model, requirement file, state file, profile file, scenario and snapshot, by path.
    pub files: BTreeMap<String, String>,
}

impl CertifiedDigest {
    /// Computes the digest of fixtures and snapshots.
    #[must_use]
    pub fn of(fixtures: &FixtureFiles, snapshots: &FixtureFiles) -> Self {
        let below = |root: &'static str, files: &FixtureFiles| -> Vec<(String, String)> {
            files.iter().map(|(path, text)| (format!("{root}/{path}"), sha256(text.as_bytes()))).collect()
        };
        let files: BTreeMap<String, String> =
            below("fixtures", fixtures).into_iter().chain(below("snapshots", snapshots)).collect();
        Self { schema: SCHEMA.to_owned(), digest: over(&files), files }
    }

    /// The files of `other` that differ from this suite, one line each.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for path in self.files.keys().filter(|path| !other.files.contains_key(*path)) {
            lines.push(format!("{path} is missing"));
        }
        for (path, digest) in &other.files {
            match self.files.get(path) {
                None => lines.push(format!("{path} is not in the local suite")),
                Some(own) if own != digest => lines.push(format!("{path} differs")),
                Some(_) => {}
            }
        }
        lines
    }

    /// Returns whether the digest over all matches the files.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.schema == SCHEMA && over(&self.files) == self.digest
    }
}

fn over(files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (path, digest) in files {
        hash.update(format!("{digest}  {path}\n"));
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> FixtureFiles {
        FixtureFiles::from_texts(texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())))
    }

    #[test]
    fn the_digest_is_that_of_the_lines_that_sha256sum_prints() {
        let suite = CertifiedDigest::of(&files(&[("a", "x")]), &files(&[("b", "")]));
        let lines = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  fixtures/a\n\
                     e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  snapshots/b\n";
        assert_eq!(suite.digest, sha256(lines.as_bytes()));
        assert!(suite.is_sound());
        assert!(!CertifiedDigest { digest: sha256(b""), ..suite }.is_sound());
    }

    #[test]
    fn two_suites_differ_by_missing_and_changed_files() {
        let own = CertifiedDigest::of(&files(&[("a", "x"), ("b", "x")]), &files(&[]));
        let other = CertifiedDigest::of(&files(&[("b", "y"), ("c", "x")]), &files(&[]));
        assert_eq!(
            own.differences(&other),
            ["fixtures/a is missing", "fixtures/b differs", "fixtures/c is not in the local suite"]
        );
        assert!(own.differences(&own).is_empty());
    }
}
