//! `wireproof init`: adds a test, a configuration file, a baseline and a CI job to a repository.
//!
//! It writes all of its files or none, and replaces an existing file only with `--force`.

mod draft;
mod manifest;
mod probe_files;
mod sources;

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum, builder::BoolishValueParser};

use self::{draft::FileDraft, manifest::DependencySource};
use super::{Failure, botocore::BotocoreArguments, select::reject_unknown_names, written};
use crate::{
    model::bounded_file::{self, FileKind},
    run::{
        exit::ExitStatus,
        transport::{Endpoint, EndpointError},
    },
    suite::{Fixtures, Selection},
};

const EXAMPLES: &str = "Examples:
  wireproof init                                            set up the repository in the current folder
  wireproof init --operation StopDeployment --dry-run       print the files, and write nothing
  wireproof init --probe ssm,sqs --git URL                  probe two services of botocore
  wireproof init emulator/ --endpoint http://127.0.0.1:5000 --ci gitlab";

/// Arguments of `wireproof init`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArguments {
    /// Folder of the repository.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,

    /// Test only this service, by folder name (repeatable).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_SERVICE", value_delimiter = ',')]
    service: Vec<String>,

    /// Test only this operation (repeatable).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_OPERATION", value_delimiter = ',')]
    operation: Vec<String>,

    /// Probe these services of botocore instead of running scenarios, such as ssm,sqs (repeatable).
    #[arg(long, value_name = "SERVICE", value_delimiter = ',', conflicts_with_all = ["service", "operation"])]
    probe: Vec<String>,

    #[command(flatten)]
    botocore: BotocoreArguments,

    /// URL of the endpoint under test.
    #[arg(long, value_name = "URL", env = "WIREPROOF_ENDPOINT", default_value = "http://127.0.0.1:4566")]
    endpoint: String,

    /// Language of the repository [default: rust if there is a Cargo.toml, otherwise any].
    #[arg(long, value_enum)]
    language: Option<Language>,

    /// CI system to add a job for [default: gitlab if there is a .gitlab-ci.yml, otherwise github].
    #[arg(long, value_enum)]
    ci: Option<Ci>,

    /// Depend on the wireproof sources in this folder instead of the published version.
    #[arg(long = "path", value_name = "DIR")]
    sources: Option<PathBuf>,

    /// Take wireproof from this git repository instead of the published version.
    #[arg(long, value_name = "URL", conflicts_with = "sources")]
    git: Option<String>,

    /// Print the files, and write nothing.
    #[arg(long)]
    dry_run: bool,

    /// Replace existing files, except the baseline.
    #[arg(long, value_parser = BoolishValueParser::new())]
    force: bool,
}

/// The language of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// A test in Rust.
    Rust,
    /// The program, without a test.
    Any,
}

/// The CI system that gets a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ci {
    /// `.github/workflows/wireproof.yml`.
    Github,
    /// `.gitlab/wireproof.yml`, for `include`.
    Gitlab,
    /// Without a CI job.
    None,
}

pub(super) fn run(arguments: &InitArguments) -> Result<ExitStatus, Failure> {
    arguments.check()?;
    let drafts = arguments.drafts()?;
    draft::reject_existing(&arguments.folder, &drafts, arguments.force)?;
    let mut out = io::stdout().lock();
    if arguments.dry_run {
        written(drafts.iter().try_for_each(|draft| writeln!(out, "--- {}\n{}", draft.path.display(), draft.text)))?;
        return Ok(ExitStatus::Conforms);
    }
    let done = draft::write(&arguments.folder, &drafts)?;
    let lines =
        drafts.iter().zip(done).try_for_each(|(draft, done)| writeln!(out, "{done:<9}  {}", draft.path.display()));
    written(lines.and_then(|()| writeln!(out, "\n{}", arguments.next())))?;
    Ok(ExitStatus::Conforms)
}

impl InitArguments {
    /// Rejects an endpoint or a name that the first run would reject.
    fn check(&self) -> Result<(), Failure> {
        if !self.folder.exists() {
            return Err(Failure::missing(&self.folder));
        }
        if !self.folder.is_dir() {
            return Err(Failure::usage(format!("{} is not a folder", self.folder.display())));
        }
        if self.sources.is_some() && self.language() == Language::Any {
            return Err(Failure::usage(
                "--path needs a Rust repository\nhelp: name a folder with a Cargo.toml, or omit --path",
            ));
        }
        let endpoint: Endpoint =
            self.endpoint.parse().map_err(|error: EndpointError| Failure::usage(error.to_string()))?;
        if endpoint.is_aws() {
            let host = endpoint.host();
            return Err(Failure::usage(format!("{host} is an AWS host\nhelp: pass the URL of your own endpoint")));
        }
        if !self.probe.is_empty() {
            return self.check_services();
        }
        if self.service.is_empty() && self.operation.is_empty() {
            return Ok(());
        }
        let suite = Fixtures::bundled().map_err(|error| Failure::internal(error.to_string()))?;
        let selection =
            Selection { services: self.service.clone(), operations: self.operation.clone(), ..Selection::default() };
        reject_unknown_names(&selection, &suite)
    }

    fn language(&self) -> Language {
        let found = if self.folder.join("Cargo.toml").is_file() { Language::Rust } else { Language::Any };
        self.language.unwrap_or(found)
    }

    fn ci(&self) -> Ci {
        let found = if self.folder.join(".gitlab-ci.yml").is_file() { Ci::Gitlab } else { Ci::Github };
        self.ci.unwrap_or(found)
    }

    fn drafts(&self) -> Result<Vec<FileDraft>, Failure> {
        if !self.probe.is_empty() {
            return self.probe_drafts();
        }
        let config = self.config().map(|text| FileDraft::file(".config/wireproof.toml", text));
        let baseline = FileDraft::once(self.baseline(), include_str!("templates/baseline.toml").to_owned());
        let rust = match self.language() {
            Language::Rust => vec![self.manifest()?, FileDraft::file("tests/conformance.rs", self.test())],
            Language::Any => Vec::new(),
        };
        Ok(rust.into_iter().chain(config).chain([baseline]).chain(self.job()).collect())
    }

    fn manifest(&self) -> Result<FileDraft, Failure> {
        let path = self.folder.join("Cargo.toml");
        let text = bounded_file::text(&path, FileKind::Setting)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        let sources = self.sources.as_deref().map(|sources| sources::named_from(&self.folder, sources)).transpose();
        let sources = sources.map_err(|error| Failure::usage(error.to_string()))?;
        let git = self.git.as_deref().map(DependencySource::Git);
        let source = sources.as_deref().map(DependencySource::Path).or(git);
        let edited = if self.probe.is_empty() {
            manifest::with_test(&text, source, self.force)
        } else {
            manifest::with_probes(&text, source, self.force)
        };
        edited
            .map(|text| FileDraft::edited("Cargo.toml", text))
            .map_err(|problem| Failure::usage(format!("{}: {problem}", path.display())))
    }

    fn baseline(&self) -> &'static str {
        match self.language() {
            Language::Rust => "tests/baseline.toml",
            Language::Any => "conformance.toml",
        }
    }

    /// The configuration, if there is a selection.
    fn config(&self) -> Option<String> {
        let list = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let selection: String = [("service", &self.service), ("operation", &self.operation)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .fold(String::new(), |lines, (key, names)| format!("{lines}{key} = [{}]\n", list(names)));
        let text = include_str!("templates/config.toml").replace("{selection}", &selection);
        (!selection.is_empty()).then_some(text)
    }

    fn test(&self) -> String {
        let services = self.service.iter().map(|name| format!(".service({name:?})"));
        let operations = self.operation.iter().map(|name| format!(".operation({name:?})"));
        let baseline = format!(".baseline({:?})", self.baseline());
        let calls: Vec<String> = services.chain(operations).chain([baseline]).collect();
        include_str!("templates/conformance.rs.txt")
            .replace("{suite}", &chain("Suite::bundled()", &calls))
            .replace("{endpoint}", &format!("{:?}", self.endpoint))
    }

    fn job(&self) -> Option<FileDraft> {
        let (path, template) = match (self.ci(), self.language()) {
            (Ci::None, _) => return None,
            (Ci::Github, Language::Rust) => (GITHUB, include_str!("templates/github-rust.yml")),
            (Ci::Github, Language::Any) => (GITHUB, include_str!("templates/github-any.yml")),
            (Ci::Gitlab, Language::Rust) => (GITLAB, include_str!("templates/gitlab-rust.yml")),
            (Ci::Gitlab, Language::Any) => (GITLAB, include_str!("templates/gitlab-any.yml")),
        };
        let text = template.replace("{endpoint}", &self.endpoint).replace("{install}", &self.install());
        Some(FileDraft::file(path, text.replace("{run}", &self.run_command())))
    }

    /// The command that runs the suite, without reports.
    fn run_command(&self) -> String {
        format!("wireproof run --endpoint {} --baseline {}", self.endpoint, self.baseline())
    }

    /// The command that installs the program. Without a repository, the job fails with the words that say what to fill in.
    fn install(&self) -> String {
        const UNKNOWN: &str = "${WIREPROOF_REPOSITORY:?set it to the git repository of wireproof}";
        let repository = self.git.as_deref().unwrap_or(UNKNOWN);
        format!("cargo install --locked --git \"{repository}\" wireproof")
    }

    /// The next step for the user.
    fn next(&self) -> String {
        let run = match self.language() {
            _ if !self.probe.is_empty() => self.first_probe_run(),
            Language::Rust => "cargo test --test conformance".to_owned(),
            Language::Any => self.run_command(),
        };
        let folder =
            if self.folder == Path::new(".") { String::new() } else { format!("in {}, ", self.folder.display()) };
        let include = match self.ci() {
            Ci::Gitlab => format!("Include the job in .gitlab-ci.yml: include: [{{ local: {GITLAB} }}]\n"),
            Ci::Github | Ci::None => String::new(),
        };
        let unpublished = if self.sources.is_none() && self.git.is_none() { UNPUBLISHED } else { "" };
        format!("{unpublished}{include}Next: {folder}start your endpoint at {} and run: {run}", self.endpoint)
    }
}

const GITHUB: &str = ".github/workflows/wireproof.yml";
const GITLAB: &str = ".gitlab/wireproof.yml";

/// The crate cannot be installed by its version yet.
const UNPUBLISHED: &str = "wireproof is not on crates.io yet: pass --git URL, or --path DIR in a Rust repository\n";

/// Formats a chain of calls like rustfmt.
fn chain(first: &str, calls: &[String]) -> String {
    const WIDTH: usize = 60;
    let line = format!("{first}{}", calls.concat());
    if line.len() <= WIDTH { line } else { format!("{first}\n        {}", calls.join("\n        ")) }
}

/// Formats a string as TOML.
fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string().trim().to_owned()
}

#[cfg(test)]
mod tests;
