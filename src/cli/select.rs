//! The arguments that select fixtures and cases.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Failure, botocore::BotocoreArguments, subset::SubsetArguments};
use crate::{
    judge::{
        named_checks::{read_cases, read_fixtures},
        snapshots::Snapshots,
    },
    model::bounded_file::{self, FileKind},
    suite::{Case, FixtureFiles, Fixtures, Glob, GlobList, Selection},
};

/// The fixtures of a command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Fixtures")]
pub(super) struct FixtureArguments {
    /// Use the fixtures in this folder, or this scenario, instead of the bundled ones.
    #[arg(long, value_name = "PATH", env = "WIREPROOF_FIXTURES")]
    pub(super) fixtures: Option<PathBuf>,

    #[command(flatten)]
    pub(super) botocore: BotocoreArguments,
}

/// The snapshots of a command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Fixtures")]
pub(super) struct SnapshotArguments {
    /// Use the snapshots in this folder instead of the bundled ones.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_SNAPSHOTS")]
    pub(super) snapshots: Option<PathBuf>,
}

/// The selection of cases.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectArguments {
    /// Folders, fixture files or case IDs to run; a folder that contains services, or a scenario that names its model, replaces
    /// the bundled fixtures.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<OsString>,

    /// Run only this service, by folder name (repeatable).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_SERVICE", value_delimiter = ',')]
    pub(super) service: Vec<String>,

    /// Run only this operation (repeatable).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_OPERATION", value_delimiter = ',')]
    pub(super) operation: Vec<String>,

    /// Run only scenarios with this tag (repeatable).
    #[arg(long, value_name = "TAG", env = "WIREPROOF_TAG", value_delimiter = ',')]
    pub(super) tag: Vec<String>,

    /// Run only IDs that match this glob or contain this text (repeatable).
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_FILTER")]
    pub(super) filter: Vec<GlobList>,

    /// Skip IDs that match this glob or contain this text (repeatable).
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_EXCLUDE")]
    pub(super) exclude: Vec<GlobList>,

    #[command(flatten)]
    pub(super) subset: SubsetArguments,
}

/// The selected cases and their fixtures.
pub(super) struct SelectedCases {
    pub(super) suite: Fixtures,
    /// The cases of all shards.
    pub(super) cases: Vec<Case>,
    pub(super) fixtures: FixtureArguments,
    /// The number of further cases that need not run again.
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
        read(&self.files()?)
    }
}

fn read(files: &FixtureFiles) -> Result<Fixtures, Failure> {
    read_fixtures(files).map_err(|error| Failure::usage(error.to_string()))
}

impl SnapshotArguments {
    /// The snapshots of these fixtures. The bundled snapshots belong to the bundled fixtures.
    pub(super) fn load(&self, of: &FixtureArguments) -> Result<Snapshots, Failure> {
        self.files(of).map(Snapshots::new)
    }

    /// The files of the snapshots.
    pub(super) fn files(&self, of: &FixtureArguments) -> Result<FixtureFiles, Failure> {
        match (&self.snapshots, &of.fixtures) {
            (Some(folder), _) => FixtureFiles::folder(folder).map_err(|error| Failure::usage(error.to_string())),
            (None, Some(_)) => Ok(FixtureFiles::default()),
            (None, None) => Ok(FixtureFiles::bundled_snapshots()),
        }
    }
}

impl SelectArguments {
    /// The fixtures and the selected cases, without those that `--since` or `also` settles.
    pub(super) fn load(&self, fixtures: &FixtureArguments, also: HashSet<String>) -> Result<SelectedCases, Failure> {
        let (fixtures, paths) = self.folders_and_paths(fixtures);
        let suite = fixtures.suite()?;
        self.selected(suite, fixtures, paths, also)
    }

    /// The same for a run. If the paths name scenarios, only what these need is read.
    pub(super) fn load_for_run(
        &self,
        fixtures: &FixtureArguments,
        also: HashSet<String>,
    ) -> Result<SelectedCases, Failure> {
        let (fixtures, paths) = self.folders_and_paths(fixtures);
        let has_others = [&self.service, &self.operation, &self.tag].iter().any(|names| !names.is_empty());
        let has_globs = !(self.filter.is_empty() && self.exclude.is_empty());
        if paths.is_empty() || has_others || has_globs {
            let suite = fixtures.suite()?;
            return self.selected(suite, fixtures, paths, also);
        }
        let files = fixtures.files()?;
        let needed = read_cases(&files, &paths.iter().cloned().collect());
        let suite = needed.map_or_else(|| read(&files), |needed| Ok(needed.with_digest_of(&files)))?;
        self.selected(suite, fixtures, paths, also)
    }

    fn selected(
        &self,
        suite: Fixtures,
        fixtures: FixtureArguments,
        paths: Vec<String>,
        also: HashSet<String>,
    ) -> Result<SelectedCases, Failure> {
        let selection = Selection {
            paths,
            services: self.service.clone(),
            operations: self.operation.clone(),
            tags: self.tag.clone(),
            filters: globs(&self.filter),
            excludes: globs(&self.exclude),
            settled: HashSet::new(),
        };
        reject_unknown_names(&selection, &suite)?;
        let all = selection.cases(&suite).len();
        let mut settled = also;
        settled.extend(self.subset.settled()?);
        let cases = Selection { settled, ..selection }.cases(&suite);
        Ok(SelectedCases { settled: all - cases.len(), suite, cases, fixtures })
    }

    /// The origin of the fixtures, which identifies a suite even if its fixtures change.
    pub(super) fn origin(&self, fixtures: &FixtureArguments) -> String {
        let (fixtures, _) = self.folders_and_paths(fixtures);
        let folder = fixtures.fixtures.map(|folder| folder.canonicalize().unwrap_or(folder));
        folder.map_or_else(|| "the bundled fixtures".to_owned(), |folder| folder.display().to_string())
    }

    /// The fixtures, which a path may replace, and the paths that select cases.
    fn folders_and_paths(&self, fixtures: &FixtureArguments) -> (FixtureArguments, Vec<String>) {
        let mut fixtures = fixtures.clone();
        let mut paths = Vec::new();
        for path in &self.paths {
            let brings_fixtures = is_fixture_folder(Path::new(path)) || names_its_model(Path::new(path));
            if fixtures.fixtures.is_none() && brings_fixtures {
                fixtures.fixtures = Some(PathBuf::from(path));
                continue;
            }
            let file = fixture_folder_of(path);
            if let (None, Some((folder, _))) = (&fixtures.fixtures, &file) {
                fixtures.fixtures = Some(folder.clone());
            }
            let path = file.map_or_else(|| PathBuf::from(path), |(_, file)| file);
            paths.push(path.to_string_lossy().into_owned());
        }
        // A path below the folder of the fixtures is a case ID.
        let root = fixtures.fixtures.as_ref().map(|root| format!("{}/", root.display()).replace("//", "/"));
        let below =
            |path: String| root.as_ref().and_then(|root| path.strip_prefix(root.as_str())).unwrap_or(&path).to_owned();
        let paths = paths.into_iter().map(below).collect();
        (fixtures, paths)
    }
}

/// The globs of all lists.
pub(super) fn globs(lists: &[GlobList]) -> Vec<Glob> {
    lists.iter().flat_map(|list| list.0.clone()).collect()
}

/// Rejects a selection with an unknown name.
pub(super) fn reject_unknown_names(selection: &Selection, suite: &Fixtures) -> Result<(), Failure> {
    let Some(unknown_name) = selection.unknown_name(suite) else { return Ok(()) };
    let hint = unknown_name.hint(|word| format!("--filter {word}"));
    Err(Failure::usage(format!("{:?} matches no case{hint}", unknown_name.word)))
}

/// True if the path is a folder that contains a `<service>/model.json` or `<service>/model.yaml`.
fn is_fixture_folder(path: &Path) -> bool {
    let has_model = |service: &Path| service.join("model.json").is_file() || service.join("model.yaml").is_file();
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| has_model(&entry.path()))
}

/// True if the path is a scenario that names its model, so that it needs no folder of fixtures.
fn names_its_model(path: &Path) -> bool {
    let is_yaml = path.extension().is_some_and(|kind| kind == "yaml") && path.is_file();
    let text = bounded_file::text(path, FileKind::Fixture).ok().filter(|_| is_yaml).unwrap_or_default();
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    has("model:") && has("steps:")
}

/// The fixture folder that a scenario file is in. A report prints the path of the file with line and column.
fn fixture_folder_of(path: &OsStr) -> Option<(PathBuf, PathBuf)> {
    let printed = path.to_str().map(|text| text.trim_end_matches(|c: char| c == ':' || c.is_ascii_digit()));
    let file = Path::new(printed.map_or(path, OsStr::new));
    let folder = file.ancestors().skip(1).filter(|_| file.is_file()).find(|folder| is_fixture_folder(folder))?;
    Some((folder.to_owned(), file.to_owned()))
}
