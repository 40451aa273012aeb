//! `wireproof probe`: derive probes from a model, send them, judge the answers.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, builder::BoolishValueParser};

use super::{
    Failure,
    botocore::BotocoreArguments,
    gate::Gate,
    memory::{Memory, MemoryArguments},
    outcome::{OutcomeArguments, Outlet},
    pace::PaceArguments,
    part::{PartArguments, nothing_left},
    reports::Again,
    run::interrupt,
    runtime,
    target::TargetArguments,
    written,
};
use crate::{
    event::{Event, RunFinished},
    exit::ExitStatus,
    golden::Goldens,
    model,
    probe::{self, Coverage, Effect, Family, Probes},
    scenario::{Case, Files, Plan as _, ServiceSuite, Suite},
    session::Session,
    shard::Shard,
    source::{Diagnostic, Source},
    transport::Wire,
};

const EXAMPLES: &str = "Examples:
  wireproof probe --model botocore:ssm --endpoint http://127.0.0.1:5000
  wireproof probe --model ssm.json --endpoint http://127.0.0.1:4566 --operation PutParameter
  wireproof probe --model botocore:kms --endpoint URL --probes pattern,length --max-per-operation 20
  wireproof probe --model botocore:sqs --endpoint URL --filter sqs.CreateQueue/QueueName/pattern/end
  wireproof probe --model botocore:dynamodb --dry-run          the sites of the model, without an endpoint

An id is service.Operation/place/family/variant: a probe keeps its id from run to run. Each probe rests on a
control, a legal input that must be taken first; where that is refused as well, the probe is blocked.";

/// Arguments of `wireproof probe`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The model: a Smithy JSON AST, a botocore service-2.json[.gz], or botocore:SERVICE of the botocore that is installed.
    #[arg(long, value_name = "FILE|botocore:SERVICE", env = "WIREPROOF_MODEL")]
    model: String,

    #[command(flatten)]
    botocore: BotocoreArguments,

    /// How the service's resources are made, in the form of states.yaml with `members`; else what is built in.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_RECIPE")]
    recipe: Option<PathBuf>,

    #[command(flatten)]
    choice: ChoiceArguments,

    #[command(flatten)]
    part: PartArguments,

    #[command(flatten)]
    memory: MemoryArguments,

    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    pace: PaceArguments,

    #[command(flatten)]
    outcome: OutcomeArguments,
}

/// Which probes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Probes")]
struct ChoiceArguments {
    /// Only these families: required, length, range, pattern, enum, items, entries, unique, union, type, timestamp, blob,
    /// integer, unknown-member, legal, request, signing, example.
    #[arg(long, value_name = "FAMILY", value_delimiter = ',', env = "WIREPROOF_PROBES", value_parser = family)]
    probes: Vec<Family>,

    /// Only these operations.
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "WIREPROOF_OPERATION")]
    operation: Vec<String>,

    /// Only ids that match this glob (`*`).
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_FILTER")]
    filter: Vec<String>,

    /// No ids that match this glob.
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_EXCLUDE")]
    exclude: Vec<String>,

    /// So many probes of each operation at most; the seed picks them.
    #[arg(long, value_name = "N", env = "WIREPROOF_MAX_PER_OPERATION")]
    max_per_operation: Option<usize>,

    /// Also operations that take something away: delete, terminate, purge, deregister.
    #[arg(long, env = "WIREPROOF_DESTRUCTIVE", value_parser = BoolishValueParser::new())]
    destructive: bool,

    /// Also operations that write, on an endpoint that is not on loopback.
    #[arg(long, env = "WIREPROOF_ALLOW_WRITES", value_parser = BoolishValueParser::new())]
    allow_writes: bool,
}

fn family(name: &str) -> Result<Family, String> {
    let known = Family::ALL.into_iter().find(|family| family.name() == name);
    known.ok_or_else(|| format!("expected {}", Family::ALL.map(Family::name).join(", ")))
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    let suite = arguments.suite()?;
    if arguments.outcome.dry_run {
        let effect = arguments.choice.effect(true);
        let part = Part { settled: arguments.settled(&arguments.memory_of(&suite))?, shard: arguments.part.shard()? };
        let probes = arguments.derive(&suite, arguments.pace.seed(), effect, part)?;
        return written(list(probes)).map(|()| ExitStatus::Incomplete);
    }
    let runtime = runtime()?;
    let (finished, gate) = runtime.block_on(go(arguments, suite.clone()))?;
    gate.status(&finished, |unseen| arguments.missing(&suite, unseen))
}

async fn go(arguments: &Arguments, suite: Suite) -> Result<(RunFinished, Gate), Failure> {
    arguments.check_target(&suite)?;
    let (target, reference) = arguments.target.target(&suite).await?;
    let seed = arguments.pace.seed();
    let memory = arguments.memory_of(&suite);
    let shard = arguments.part.shard_of_run(arguments.pace.has_seed())?;
    let part = Part { settled: arguments.settled(&memory)?, shard };
    let mut probes = arguments.derive(&suite, seed, arguments.choice.effect(target.endpoint.is_loopback()), part)?;
    let mut coverage = probes.coverage();
    let settled = probes.settled();
    let nothing_left = (settled > 0 && probes.whole().selected.cases == 0).then(|| nothing_left(settled));
    let mut outlet = arguments.outcome.outlet(&arguments.again(), probes.selected(), memory)?;
    let session = Session {
        suite: Arc::new(suite),
        target: Arc::new(target),
        transport: Arc::new(Wire::new(&arguments.pace.settings()?).map_err(|error| Failure::usage(error.to_string()))?),
        goldens: Arc::new(Goldens::default()),
        options: arguments.pace.options(seed)?,
        interrupt: interrupt(),
        restart: arguments.pace.restart(),
    };
    let finished = session.run(&mut probes, &mut |event| covering(event, &mut coverage, &mut outlet)).await;
    if let Some(reference) = reference {
        reference.stop().await;
    }
    Ok((finished, outlet.close()?.idle(nothing_left)))
}

/// The end of a run tells what it covers.
fn covering(mut event: Event, coverage: &mut Coverage, outlet: &mut Outlet) {
    match &mut event {
        Event::CaseFinished(finished) => coverage.finished(&finished.case, finished.report.verdict),
        Event::RunFinished(finished) => finished.coverage = Some(coverage.report()),
        Event::RunStarted(_) | Event::Surveyed(_) | Event::TargetDied(_) => {}
    }
    outlet.take(&event);
}

/// Every case that would run, and the sites of the model.
fn list(mut probes: Probes) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    while probes.stage().is_some() {
        while let Some(Case { id, scenario, .. }) = probes.case() {
            writeln!(out, "{id}  {}", scenario.title)?;
        }
    }
    let coverage = probes.coverage().report();
    let sums = coverage.constraints;
    writeln!(out, "would run {} cases; {} of {} constraint sites probed", probes.selected(), sums.probed, sums.sites)?;
    for unprobed in &coverage.unprobed {
        writeln!(out, "not probed: {} sites: {}", unprobed.sites, unprobed.reason)?;
    }
    out.flush()
}

impl Arguments {
    /// A suite of one service, its model and its recipe, without scenarios.
    fn suite(&self) -> Result<Suite, Failure> {
        let model =
            model::find(&self.model, &self.botocore.places()).map_err(|error| Failure::usage(error.to_string()))?;
        let service = self.service(&model.file);
        let mut texts = vec![("model.json", model.text, model.file.clone())];
        texts.extend(model.examples.map(|(file, text)| ("examples-1.json", text, file)));
        texts.extend(beside(&model.file, "statements.yaml")?);
        texts.extend(self.recipe(&service, &model.file)?);
        let path = |name: &str| format!("{service}/{name}");
        let mut files = Files::from_texts(texts.iter().map(|(name, text, _)| (path(name), text.clone())));
        for (name, _, file) in texts {
            files.stand_at(&path(name), file);
        }
        // One file is wrong as a rule, and it is no fixture: it is told by itself.
        let told = |diagnostic: &Diagnostic| diagnostic.to_string();
        Suite::read(&files).map_err(|error| Failure::usage(error.0.iter().map(told).collect::<Vec<_>>().join("\n\n")))
    }

    /// The recipe that was given, that of the model's own folder of fixtures, or the one that is built in.
    fn recipe(&self, service: &str, model: &Path) -> Result<Option<Text>, Failure> {
        if let Some(path) = &self.recipe {
            return Ok(Some(("states.yaml", read(path)?, path.clone())));
        }
        let built_in = || {
            let text = probe::recipe(service)?;
            Some(("states.yaml", text.to_owned(), format!("the recipe of {service}").into()))
        };
        Ok(beside(model, "states.yaml")?.or_else(built_in))
    }

    /// What ids call the service: botocore's name of it, else the file's own.
    fn service(&self, file: &Path) -> String {
        let named = self.model.strip_prefix("botocore:").map(|name| name.split('@').next().unwrap_or(name));
        let folder = || {
            let is_botocore = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("service-2.json"));
            file.ancestors().nth(2).filter(|_| is_botocore)?.file_name()?.to_str()
        };
        let own_folder = || file.parent().filter(|_| is_of_fixtures(file))?.file_name()?.to_str();
        let stem = || file.file_name()?.to_str()?.split('.').next();
        named.or_else(folder).or_else(own_folder).or_else(stem).unwrap_or("service").to_owned()
    }

    fn derive(&self, suite: &Suite, seed: u64, effect: Effect, part: Part) -> Result<Probes, Failure> {
        let service = the_service(suite)?;
        let choice = &self.choice;
        let unknown = choice
            .operation
            .iter()
            .find(|name| !service.contract().operations().any(|operation| operation.name.eq_ignore_ascii_case(name)));
        if let Some(name) = unknown {
            let known = service.contract().operations().map(|operation| operation.name.as_str());
            let nearest = crate::scenario::nearest(name, known).map(|near| format!("; did you mean {near}?"));
            return Err(Failure::usage(format!(
                "{} has no operation {name}{}",
                service.name,
                nearest.unwrap_or_default()
            )));
        }
        let options = probe::Options {
            families: choice.probes.iter().copied().collect(),
            operations: choice.operation.clone(),
            filters: choice.filter.clone(),
            excludes: choice.exclude.clone(),
            settled: part.settled,
            shard: part.shard,
            max_per_operation: choice.max_per_operation,
            seed,
            effect,
        };
        Ok(Probes::new(service, &Arc::new(Source::none(&self.model)), options))
    }

    /// What is remembered of the target and the model.
    fn memory_of(&self, suite: &Suite) -> Memory {
        let services = suite.services().map(|service| service.name.as_str()).collect::<Vec<_>>().join(" ");
        Memory::of(self.target.called(), format!("probes of {services}"))
    }

    /// The ids that need not run again.
    fn settled(&self, memory: &Memory) -> Result<HashSet<String>, Failure> {
        let mut settled = self.memory.settled(memory)?;
        settled.extend(self.part.settled()?);
        Ok(settled)
    }

    /// Which of these ids no probe has. Their operations alone are derived, as that takes its time.
    fn missing(&self, suite: &Suite, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
        let service = the_service(suite)?;
        let operation = |id: &String| Some(id.split_once('.')?.1.split('/').next()?.to_owned());
        let known = |name: &String| service.contract().operation(name).is_some();
        let operations: BTreeSet<String> = ids.iter().filter_map(operation).filter(known).collect();
        if operations.is_empty() {
            return Ok(ids.clone());
        }
        let options = probe::Options {
            operations: operations.into_iter().collect(),
            effect: Effect::Destroys,
            ..probe::Options::default()
        };
        let probes = Probes::new(service, &Arc::new(Source::none(&self.model)), options);
        let there: BTreeSet<String> = probes.ids().collect();
        Ok(ids.difference(&there).cloned().collect())
    }

    /// Without an endpoint there is only the embedded reference, which has two services.
    fn check_target(&self, suite: &Suite) -> Result<(), Failure> {
        let bundled = Suite::bundled().map_err(|error| Failure::internal(error.to_string()))?;
        let known = |name: &str| bundled.services().any(|service| service.contract().service().id.name() == name);
        let served = suite.services().all(|service| known(service.contract().service().id.name()));
        if self.target.endpoint.is_some() || served {
            return Ok(());
        }
        Err(Failure::usage("give --endpoint: the embedded reference has CodeDeploy and Proton alone"))
    }

    fn again(&self) -> Again {
        let endpoint = self.target.endpoint.as_ref().map(|endpoint| format!("--endpoint {endpoint}"));
        let recipe = self.recipe.as_ref().map(|path| format!("--recipe {}", path.display()));
        let destructive = self.choice.destructive.then(|| "--destructive".to_owned());
        let flags: Vec<String> = [endpoint, recipe, destructive].into_iter().flatten().collect();
        Again {
            command: format!("wireproof probe --model {} --filter", self.model),
            flags: flags.join(" "),
            model: Some(self.model.clone()),
            most: Some(TOLD),
        }
    }
}

fn the_service(suite: &Suite) -> Result<&ServiceSuite, Failure> {
    suite.services().next().ok_or_else(|| Failure::internal("a suite without a service"))
}

/// Which part of the probes runs.
struct Part {
    settled: HashSet<String>,
    shard: Option<Shard>,
}

/// A file's name among a service's fixtures, its text, and where it really stands.
type Text = (&'static str, String, PathBuf);

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

/// Whether a model is that of a folder of fixtures.
fn is_of_fixtures(model: &Path) -> bool {
    model.file_name().is_some_and(|name| name == "model.json")
}

/// What stands beside the model of a folder of fixtures.
fn beside(model: &Path, name: &'static str) -> Result<Option<Text>, Failure> {
    let path = model.with_file_name(name);
    if !is_of_fixtures(model) || !path.exists() {
        return Ok(None);
    }
    Ok(Some((name, read(&path)?, path)))
}

/// So many deviations of each operation are told one by one.
pub(super) const TOLD: usize = 3;

impl ChoiceArguments {
    /// The strongest effect that an operation may have.
    fn effect(&self, is_loopback: bool) -> Effect {
        match (self.destructive, is_loopback || self.allow_writes) {
            (true, true) => Effect::Destroys,
            (_, true) => Effect::Writes,
            (_, false) => Effect::Reads,
        }
    }
}
