//! The arguments that say which fixtures and which cases.

use std::{collections::HashSet, path::PathBuf};

use clap::Args;

use super::{Failure, botocore::BotocoreArguments, part::ShardArguments};
use crate::{
    judge::{named_checks::read_fixtures, snapshots::Snapshots},
    suite::{Case, FixtureFiles, Fixtures, Selection},
};

/// Which fixtures.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Fixtures")]
pub(super) struct FixtureArguments {
    /// Use the fixtures of this folder in place of the bundled ones.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_FIXTURES")]
    pub(super) fixtures: Option<PathBuf>,

    /// Use the snapshots of this folder in place of the bundled ones.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_SNAPSHOTS")]
    pub(super) snapshots: Option<PathBuf>,

    #[command(flatten)]
    pub(super) botocore: BotocoreArguments,
}

/// Which cases.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectArguments {
    /// Folders, fixtures or case ids; a folder with a model in it replaces the bundled fixtures.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,

    /// Only this service, by its folder (repeatable).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_SERVICE", value_delimiter = ',')]
    pub(super) service: Vec<String>,

    /// Only this operation (repeatable).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_OPERATION", value_delimiter = ',')]
    pub(super) operation: Vec<String>,

    /// Only scenarios with this tag (repeatable).
    #[arg(long, value_name = "TAG", env = "WIREPROOF_TAG", value_delimiter = ',')]
    pub(super) tag: Vec<String>,

    /// Only ids that match this glob, or hold this text (repeatable).
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_FILTER", value_delimiter = ',')]
    pub(super) filter: Vec<String>,

    /// No ids that match this glob, or hold this text (repeatable).
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_EXCLUDE", value_delimiter = ',')]
    pub(super) exclude: Vec<String>,

    #[command(flatten)]
    pub(super) part: ShardArguments,

    #[command(flatten)]
    pub(super) fixtures: FixtureArguments,
}

/// What is selected.
pub(super) struct SelectedCases {
    pub(super) suite: Fixtures,
    /// The cases, of all shards.
    pub(super) cases: Vec<Case>,
    pub(super) fixtures: FixtureArguments,
    /// How many more there are that need not run again.
    pub(super) settled: usize,
}

impl FixtureArguments {
    pub(super) fn files(&self) -> Result<FixtureFiles, Failure> {
        match &self.fixtures {
            None => Ok(FixtureFiles::bundled_fixtures()),
            Some(folder) => FixtureFiles::folder_with_models(folder, &self.botocore.places())
                .map_err(|error| Failure::usage(error.to_string())),
        }
    }

    pub(super) fn suite(&self) -> Result<Fixtures, Failure> {
        read_fixtures(&self.files()?).map_err(|error| Failure::usage(error.to_string()))
    }

    /// Other fixtures have other snapshots: the bundled ones belong to the bundled fixtures.
    pub(super) fn snapshots(&self) -> Result<Snapshots, Failure> {
        match (&self.snapshots, &self.fixtures) {
            (Some(folder), _) => {
                FixtureFiles::folder(folder).map(Snapshots::new).map_err(|error| Failure::usage(error.to_string()))
            }
            (None, Some(_)) => Ok(Snapshots::default()),
            (None, None) => Ok(Snapshots::new(FixtureFiles::bundled_snapshots())),
        }
    }
}

impl SelectArguments {
    /// The fixtures and the selected cases, without those that are settled by `--since` or as `also` says.
    pub(super) fn load(&self, also: HashSet<String>) -> Result<SelectedCases, Failure> {
        let (fixtures, paths) = self.folders_and_paths();
        let suite = fixtures.suite()?;
        let selection = Selection {
            paths,
            services: self.service.clone(),
            operations: self.operation.clone(),
            tags: self.tag.clone(),
            filters: self.filter.clone(),
            excludes: self.exclude.clone(),
            settled: HashSet::new(),
        };
        refuse_misnomers(&selection, &suite)?;
        let all = selection.cases(&suite).len();
        let mut settled = also;
        settled.extend(self.part.settled()?);
        let cases = Selection { settled, ..selection }.cases(&suite);
        Ok(SelectedCases { settled: all - cases.len(), suite, cases, fixtures })
    }

    /// Where the fixtures are from: what tells one suite from another, whatever becomes of its fixtures.
    pub(super) fn origin(&self) -> String {
        let (fixtures, _) = self.folders_and_paths();
        let folder = fixtures.fixtures.map(|folder| folder.canonicalize().unwrap_or(folder));
        folder.map_or_else(|| "the bundled fixtures".to_owned(), |folder| folder.display().to_string())
    }

    /// A path that is a folder of fixtures replaces the bundled ones; the others select.
    fn folders_and_paths(&self) -> (FixtureArguments, Vec<String>) {
        let mut fixtures = self.fixtures.clone();
        let mut paths = Vec::new();
        for path in &self.paths {
            if is_fixture_folder(path) && fixtures.fixtures.is_none() {
                fixtures.fixtures = Some(PathBuf::from(path));
            } else {
                paths.push(path.clone());
            }
        }
        // A fixture is named by its file, too: below the folder of the fixtures, its path is its id.
        let root = fixtures.fixtures.as_ref().map(|root| format!("{}/", root.display()).replace("//", "/"));
        let below =
            |path: String| root.as_ref().and_then(|root| path.strip_prefix(root.as_str())).unwrap_or(&path).to_owned();
        let paths = paths.into_iter().map(below).collect();
        (fixtures, paths)
    }
}

/// A name that selects nothing is a slip of the pen.
pub(super) fn refuse_misnomers(selection: &Selection, suite: &Fixtures) -> Result<(), Failure> {
    let Some(misnomer) = selection.misnomer(suite) else { return Ok(()) };
    let hint = misnomer.hint(|word| format!("--filter {word}"));
    Err(Failure::usage(format!("{:?} selects nothing{hint}", misnomer.word)))
}

/// Whether a path is a folder with a `<service>/model.json` below it.
fn is_fixture_folder(path: &str) -> bool {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().join("model.json").is_file())
}
