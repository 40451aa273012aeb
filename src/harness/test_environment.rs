//! The environment variables of a test. Besides this module, only the command line reads variables.

use std::{env, path::PathBuf};

use super::Problem;
use crate::{
    model::published::Places,
    suite::{Glob, GlobError, GlobList},
};

/// The environment variables of a test.
#[derive(Debug, Clone, Default)]
pub(super) struct TestEnvironment {
    /// `WIREPROOF_BASELINE_UPDATE`: the run updates the baseline, and no difference fails it.
    pub(super) update_baseline: bool,
    /// `WIREPROOF_BASELINE_REASON`: the reason of entries that an update adds.
    pub(super) reason: Option<String>,
    /// `WIREPROOF_SEED`.
    pub(super) seed: Option<u64>,
    /// `WIREPROOF_FILTER`: only these cases of the selection.
    pub(super) filters: Vec<Glob>,
    /// `INSTA_UPDATE` and `CI`, as insta reads them.
    pub(super) snapshots: SnapshotUpdate,
    /// `INSTA_FORCE_PASS`: `cargo insta test` reviews afterwards.
    pub(super) snapshots_pass: bool,
    /// Each test is a process of its own, as cargo-nextest runs them.
    pub(super) process_per_test: bool,
    /// `WIREPROOF_BOTOCORE` and `PATH`.
    pub(super) places: Places,
}

/// The treatment of an observation that differs from its snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum SnapshotUpdate {
    /// Write it beside the snapshot for review.
    #[default]
    Pending,
    /// Write nothing.
    No,
    /// Replace the snapshot.
    Always,
}

impl TestEnvironment {
    /// The environment of this process.
    pub(super) fn read() -> Result<Self, Problem> {
        Self::of(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        let is_on = |name| variable(name).map_or(Ok(false), |value| boolish(name, value));
        let seed = variable("WIREPROOF_SEED").map(|value| {
            value.parse().map_err(|_| Problem::Variable { name: "WIREPROOF_SEED", value, expected: "a number" })
        });
        Ok(Self {
            update_baseline: is_on("WIREPROOF_BASELINE_UPDATE")?,
            reason: variable("WIREPROOF_BASELINE_REASON"),
            seed: seed.transpose()?,
            filters: variable("WIREPROOF_FILTER").map_or(Ok(Vec::new()), |globs| filters(&globs))?,
            snapshots: snapshot_update(variable("INSTA_UPDATE").as_deref(), variable("CI").is_some()),
            snapshots_pass: variable("INSTA_FORCE_PASS").is_some_and(|value| value == "1"),
            process_per_test: variable("NEXTEST_EXECUTION_MODE").is_some_and(|mode| mode == "process-per-test"),
            places: Places { botocore: variable("WIREPROOF_BOTOCORE").map(PathBuf::from), path: env::var_os("PATH") },
        })
    }
}

fn filters(globs: &str) -> Result<Vec<Glob>, Problem> {
    let list: Result<GlobList, GlobError> = globs.parse();
    list.map(|list| list.0).map_err(|error| Problem::Glob(error.to_string()))
}

fn boolish(name: &'static str, value: String) -> Result<bool, Problem> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Ok(true),
        "0" | "false" | "no" | "off" | "n" | "f" => Ok(false),
        _ => Err(Problem::Variable { name, value, expected: "1 or 0" }),
    }
}

fn snapshot_update(wanted: Option<&str>, is_ci: bool) -> SnapshotUpdate {
    match wanted {
        Some("no") => SnapshotUpdate::No,
        Some("always") => SnapshotUpdate::Always,
        Some("new" | "unseen") => SnapshotUpdate::Pending,
        _ if is_ci => SnapshotUpdate::No,
        _ => SnapshotUpdate::Pending,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<TestEnvironment, Problem> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        TestEnvironment::of(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn an_empty_environment_changes_nothing() {
        let none = of(&[]).unwrap();
        assert!(!none.update_baseline && none.seed.is_none() && none.filters.is_empty() && !none.process_per_test);
        assert_eq!(none.snapshots, SnapshotUpdate::Pending);
    }

    #[rstest]
    #[case(&[("WIREPROOF_BASELINE_UPDATE", "maybe")], "invalid value \"maybe\" of WIREPROOF_BASELINE_UPDATE: expected 1 or 0")]
    #[case(&[("WIREPROOF_FILTER", "a,b[")], "a [ without ] in the glob b[, at character 2\nhelp: write \\ before a character that stands for itself")]
    #[case(&[("WIREPROOF_SEED", "x")], "invalid value \"x\" of WIREPROOF_SEED: expected a number")]
    fn an_invalid_value_is_rejected(#[case] variables: &[(&str, &str)], #[case] says: &str) {
        assert_eq!(of(variables).unwrap_err().to_string(), says);
    }

    #[rstest]
    #[case(None, true, SnapshotUpdate::No)]
    #[case(Some("auto"), true, SnapshotUpdate::No)]
    #[case(Some("always"), true, SnapshotUpdate::Always)]
    #[case(Some("new"), true, SnapshotUpdate::Pending)]
    #[case(Some("no"), false, SnapshotUpdate::No)]
    #[case(Some("auto"), false, SnapshotUpdate::Pending)]
    fn snapshots_are_written_as_insta_writes_them(
        #[case] wanted: Option<&str>,
        #[case] is_ci: bool,
        #[case] expected: SnapshotUpdate,
    ) {
        assert_eq!(snapshot_update(wanted, is_ci), expected);
    }
}
