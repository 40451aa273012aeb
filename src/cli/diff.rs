//! `wireproof diff`: two endpoints, recordings or reports, compared answer by answer.

use std::{
    collections::{BTreeSet, HashSet},
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use clap::{Args, builder::BoolishValueParser};
use tokio::sync::watch;

use super::{
    Failure,
    outcome::width,
    pace::PaceArguments,
    part,
    run::interrupt,
    runtime,
    select::{Loaded, SelectArguments},
    target::TargetArguments,
    written,
};
use crate::{
    diff::{Comparison, Options, PartyKind, Pattern, Side, compare},
    event::Event,
    exit::ExitStatus,
    golden::Goldens,
    recording::{INDEX, Recording},
    report::{
        Document, PendingFile,
        diff::{self as told, DiffOptions},
    },
    scenario::{Batch, CaseId, Suite},
    session::{Session, replay},
    transport::Wire,
};

const EXAMPLES: &str = "Examples:
  wireproof diff http://127.0.0.1:4566 http://127.0.0.1:5000          two endpoints, asked the same
  wireproof diff reference http://127.0.0.1:4566 --operation StopDeployment
  wireproof diff recorded-on-aws/ http://127.0.0.1:4566               the cases of the recording, with its seed
  wireproof diff last-release.json this-release.json                  verdicts, findings, statements
  wireproof diff A B --ignore value --ignore /deploymentInfo/creator  all but these
  wireproof diff A B --report json=differences.json

Credentials, region and identities are the same for both endpoints. Where they need their own, record each with
`wireproof run --transcript DIR`, and compare the folders.

Exit status:
    0  no difference
    1  a difference
    2  usage, or a side that cannot be read
    3  nothing to compare
  130  interrupted";

/// The side that is the embedded reference.
const REFERENCE: &str = "reference";

/// Arguments of `wireproof diff`.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("endpoint", |arg| arg.hide(true)),
    mut_arg("name", |arg| arg.hide(true)),
    mut_arg("as_reference", |arg| arg.hide(true)),
    mut_arg("snapshots", |arg| arg.hide(true)),
)]
pub(super) struct Arguments {
    /// The first side: the URL of an endpoint, reference, a folder of transcripts, or a JSON report.
    #[arg(value_name = "A")]
    a: String,

    /// The second side.
    #[arg(value_name = "B")]
    b: String,

    #[command(flatten)]
    select: SelectArguments,

    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    pace: PaceArguments,

    /// No differences of this kind, at this JSON pointer (`*`: any part) and below, or of this header:NAME (repeatable).
    #[arg(
        long,
        value_name = "POINTER|KIND",
        env = "WIREPROOF_DIFF_IGNORE",
        value_delimiter = ',',
        help_heading = "Differences"
    )]
    ignore: Vec<Pattern>,

    /// Only differences of this kind, at this JSON pointer and below, or of this header:NAME (repeatable).
    #[arg(
        long,
        value_name = "POINTER|KIND",
        env = "WIREPROOF_DIFF_ONLY",
        value_delimiter = ',',
        help_heading = "Differences"
    )]
    only: Vec<Pattern>,

    /// How the differences are written: human or json, to standard output or to FORMAT=PATH (repeatable).
    #[arg(
        long,
        value_name = "FORMAT[=PATH]",
        env = "WIREPROOF_DIFF_REPORT",
        value_delimiter = ',',
        help_heading = "Differences"
    )]
    report: Vec<Wanted>,

    /// Every difference, however many there are.
    #[arg(long, short, env = "WIREPROOF_VERBOSE", value_parser = BoolishValueParser::new(), help_heading = "Differences")]
    verbose: bool,
}

/// A form of the differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Human,
    Json,
}

/// A form, and the file that it goes to; without one, standard output.
#[derive(Debug, Clone)]
struct Wanted {
    form: Form,
    path: Option<PathBuf>,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let form = match name {
            "human" => Form::Human,
            "json" => Form::Json,
            other => return Err(format!("no form {other:?}; there are human and json")),
        };
        if path == Some("") {
            return Err(format!("no path behind {name}=; without the sign it goes to standard output"));
        }
        Ok(Self { form, path: path.filter(|path| *path != "-").map(PathBuf::from) })
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    let (a, b) = (Origin::of(&arguments.a)?, Origin::of(&arguments.b)?);
    let loaded = arguments.select.load(HashSet::new())?;
    let questions = Questions::of(loaded, arguments);
    let (a, b) = questions.sides(a, b)?;
    if a.party.interrupted && a.party.kind == PartyKind::Endpoint {
        return Ok(ExitStatus::Interrupted);
    }
    let options = Options { ignore: arguments.ignore.clone(), only: arguments.only.clone() };
    let comparison = compare(&a, &b, &options);
    arguments.write(&comparison)?;
    Ok(status(&comparison))
}

fn status(comparison: &Comparison) -> ExitStatus {
    let stopped = |side: &crate::diff::Party| side.interrupted && side.kind == PartyKind::Endpoint;
    match comparison {
        _ if stopped(&comparison.a) || stopped(&comparison.b) => ExitStatus::Interrupted,
        _ if comparison.is_empty() => ExitStatus::Incomplete,
        _ if comparison.is_equal() => ExitStatus::Conforms,
        _ => ExitStatus::Deviates,
    }
}

/// Where a side is from.
#[derive(Debug)]
enum Origin {
    /// It has to be asked; `None`: the embedded reference.
    Endpoint(Option<String>),
    Recording(PathBuf, Recording),
    Report(Box<Document>),
}

impl Origin {
    fn of(text: &str) -> Result<Self, Failure> {
        let path = Path::new(text);
        if text == REFERENCE {
            Ok(Self::Endpoint(None))
        } else if text.contains("://") {
            Ok(Self::Endpoint(Some(text.to_owned())))
        } else if path.is_dir() {
            let recording = Recording::open(path).map_err(|error| Failure::usage(error.to_string()))?;
            Ok(Self::Recording(path.to_owned(), recording))
        } else if path.file_name().is_some_and(|name| name == INDEX) {
            let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            Self::of(&folder.display().to_string())
        } else if path.is_file() {
            Ok(Self::Report(Box::new(part::read(path)?)))
        } else {
            Err(Failure::usage(format!(
                "{text}: neither a URL, nor a folder of transcripts, nor a JSON report, nor the word {REFERENCE}"
            )))
        }
    }

    /// The seed that it was asked with.
    fn seed(&self) -> Option<u64> {
        match self {
            Self::Endpoint(_) => None,
            Self::Recording(_, recording) => Some(recording.header().run.seed),
            Self::Report(document) => Some(document.seed),
        }
    }
}

/// What both sides are asked.
struct Questions<'a> {
    arguments: &'a Arguments,
    suite: Suite,
    cases: Vec<crate::scenario::Case>,
    /// The ids of the selection; `None`: everything.
    wanted: Option<BTreeSet<CaseId>>,
}

impl<'a> Questions<'a> {
    fn of(loaded: Loaded, arguments: &'a Arguments) -> Self {
        let Loaded { suite, cases, .. } = loaded;
        let is_all = cases.len() == suite.cases().len();
        let wanted = (!is_all).then(|| cases.iter().map(|case| case.id.clone()).collect());
        Self { arguments, suite, cases, wanted }
    }

    /// Both sides. What is recorded is read first: it says what an endpoint is asked.
    fn sides(&self, a: Origin, b: Origin) -> Result<(Side, Side), Failure> {
        let seed = a.seed().or(b.seed()).filter(|_| !self.arguments.pace.has_seed());
        let seed = seed.unwrap_or_else(|| self.arguments.pace.seed());
        let (names, kinds) = ([&self.arguments.a, &self.arguments.b], [&a, &b].map(|origin| origin.seed().is_some()));
        match (kinds, a, b) {
            ([false, true], a, b) => {
                let b = self.read(names[1], b)?;
                Ok((self.asked(names[0], a, seed, Some(&b))?, b))
            }
            ([true, false], a, b) => {
                let a = self.read(names[0], a)?;
                let b = self.asked(names[1], b, seed, Some(&a))?;
                Ok((a, b))
            }
            ([true, true], a, b) => Ok((self.read(names[0], a)?, self.read(names[1], b)?)),
            ([false, false], a, b) => {
                let a = self.asked(names[0], a, seed, None)?;
                if a.party.interrupted {
                    return Ok((a, Side::new(names[1], PartyKind::Endpoint)));
                }
                // One and the same endpoint has the first side's names already.
                let seed = if names[0] == names[1] && names[0] != REFERENCE { seed.wrapping_add(1) } else { seed };
                let b = self.asked(names[1], b, seed, None)?;
                Ok((a, b))
            }
        }
    }

    fn read(&self, name: &str, origin: Origin) -> Result<Side, Failure> {
        let mut side = match origin {
            Origin::Recording(folder, recording) => self.judged(name, &folder, &recording)?,
            Origin::Report(document) => of_report(name, &document),
            Origin::Endpoint(_) => return Err(Failure::internal("an endpoint is asked and not read")),
        };
        if let Some(wanted) = &self.wanted {
            side.retain(|id| wanted.contains(id));
        }
        Ok(side)
    }

    fn judged(&self, name: &str, folder: &Path, recording: &Recording) -> Result<Side, Failure> {
        let mut side = Side::new(name, PartyKind::Recording);
        let mut plan = Batch::new(self.suite.cases());
        let suite = Arc::new(self.suite.clone());
        let goldens = Arc::new(Goldens::default());
        replay(&suite, &goldens, recording, &mut plan, &mut |event| side.take(&event))
            .map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))?;
        // By which fixtures it was made, and not by which it is judged.
        side.party.suite.clone_from(&recording.header().run.suite);
        Ok(side)
    }

    /// Asks an endpoint; only what the other side has, where that is known.
    fn asked(&self, name: &str, origin: Origin, seed: u64, other: Option<&Side>) -> Result<Side, Failure> {
        let Origin::Endpoint(url) = origin else { return Err(Failure::internal("what is recorded is not asked")) };
        let mut cases = self.cases.clone();
        if let Some(other) = other {
            let known: BTreeSet<&CaseId> = other.ids().collect();
            cases.retain(|case| known.contains(&case.id));
        }
        let batch = Batch::new(self.arguments.select.part.cases(cases)?);
        let mut side = Side::new(name, PartyKind::Endpoint);
        let mut target = self.arguments.target.clone();
        target.endpoint = url;
        let mut sink = |event: Event| side.take(&event);
        runtime()?.block_on(ask(self.arguments, &target, &self.suite, batch, seed, &mut sink))?;
        Ok(side)
    }
}

async fn ask(
    arguments: &Arguments,
    target: &TargetArguments,
    suite: &Suite,
    mut batch: Batch,
    seed: u64,
    sink: &mut (dyn FnMut(Event) + Send),
) -> Result<(), Failure> {
    let interrupt: watch::Receiver<bool> = interrupt();
    let (target, reference) = target.target(suite).await?;
    let wire = Wire::new(&arguments.pace.settings()?).map_err(|error| Failure::usage(error.to_string()))?;
    let session = Session {
        suite: Arc::new(suite.clone()),
        target: Arc::new(target),
        transport: Arc::new(wire),
        goldens: Arc::new(Goldens::default()),
        options: arguments.pace.options(seed)?,
        interrupt,
        restart: arguments.pace.restart(),
    };
    session.run(&mut batch, sink).await;
    if let Some(reference) = reference {
        reference.stop().await;
    }
    Ok(())
}

fn of_report(name: &str, document: &Document) -> Side {
    let mut side = Side::new(name, PartyKind::Report);
    side.party.endpoint.clone_from(&document.target.endpoint);
    side.party.suite.clone_from(&document.suite.digest);
    side.party.seed = document.seed;
    side.party.interrupted = document.interrupted;
    document.cases.iter().for_each(|case| side.enter(case, None));
    side.conclude(&document.statements);
    side
}

/// So many differences are told unless all are asked for.
const TOLD: usize = 20;

impl Arguments {
    fn write(&self, comparison: &Comparison) -> Result<(), Failure> {
        let machine = self.report.iter().any(|wanted| wanted.path.is_none() && wanted.form == Form::Json);
        for Wanted { form, path } in &self.report {
            match path {
                Some(path) => self.write_file(*form, path, comparison)?,
                None if machine && *form == Form::Human => {
                    let color = anstream::AutoStream::choice(&io::stderr());
                    written(self.write_to(*form, color, comparison, &mut io::stderr()))?;
                }
                None => self.write_stdout(*form, comparison)?,
            }
        }
        if self.report.iter().all(|wanted| wanted.path.is_some()) {
            self.write_stdout(Form::Human, comparison)?;
        }
        Ok(())
    }

    fn write_stdout(&self, form: Form, comparison: &Comparison) -> Result<(), Failure> {
        let color = anstream::AutoStream::choice(&io::stdout());
        written(self.write_to(form, color, comparison, &mut io::stdout()))
    }

    fn write_file(&self, form: Form, path: &Path, comparison: &Comparison) -> Result<(), Failure> {
        let write = || {
            let pending = PendingFile::create(path)?;
            self.write_to(form, anstream::ColorChoice::Never, comparison, &mut pending.writer()?)?;
            pending.commit()
        };
        write().map_err(|error| Failure::internal(format!("cannot write {}: {error}", path.display())))
    }

    fn write_to(
        &self,
        form: Form,
        color: anstream::ColorChoice,
        comparison: &Comparison,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let most = if self.verbose { usize::MAX } else { TOLD };
        let options = DiffOptions { color: color != anstream::ColorChoice::Never, width: width(), most };
        match form {
            Form::Human => told::human(comparison, &options, out)?,
            Form::Json => told::json(comparison.clone(), out)?,
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("human", None)]
    #[case("json=-", None)]
    #[case("json=a=b", Some("a=b"))]
    fn a_form_has_a_place(#[case] text: &str, #[case] path: Option<&str>) {
        assert_eq!(text.parse::<Wanted>().unwrap().path, path.map(PathBuf::from));
    }

    #[rstest]
    #[case("papyrus", "no form \"papyrus\"; there are human and json")]
    #[case("json=", "no path behind json=")]
    fn what_is_no_form_is_told(#[case] text: &str, #[case] says: &str) {
        assert!(text.parse::<Wanted>().unwrap_err().starts_with(says));
    }

    #[test]
    fn what_cannot_be_a_side_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for side in ["no-such-thing", &folder.path().display().to_string()] {
            assert_eq!(Origin::of(side).unwrap_err().status, ExitStatus::Usage);
        }
    }
}
