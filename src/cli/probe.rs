//! `wireproof probe`: derive probes from a model, send them, judge the answers.

use std::{collections::HashSet, io::Write as _, sync::Arc};

use clap::Args;

use super::{
    Failure,
    derivation::{DerivationArguments, ProbeSelection},
    gate::RunGate,
    memory::{LastFailedArguments, LastRuns},
    outcome::OutputArguments,
    pace::ExecutionArguments,
    part::{ShardArguments, nothing_left},
    reports::RerunCommand,
    run::interrupt,
    runtime,
    target::TargetArguments,
    written,
};
use crate::{
    judge::snapshots::Snapshots,
    probe::Probes,
    report::text::count,
    run::{event::RunFinished, exit::ExitStatus, session::Session, transport::Wire},
    suite::{Case, Fixtures, Plan as _},
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
pub(super) struct ProbeArguments {
    #[command(flatten)]
    derivation: DerivationArguments,

    #[command(flatten)]
    part: ShardArguments,

    #[command(flatten)]
    memory: LastFailedArguments,

    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    pace: ExecutionArguments,

    #[command(flatten)]
    outcome: OutputArguments,
}

pub(super) fn run(arguments: &ProbeArguments) -> Result<ExitStatus, Failure> {
    let suite = arguments.derivation.suite()?;
    if arguments.outcome.dry_run {
        let effect = arguments.derivation.choice.effect(true);
        let part = ProbeSelection {
            settled: arguments.settled(&arguments.memory_of(&suite))?,
            shard: arguments.part.shard()?,
        };
        let probes = arguments.derivation.derive(&suite, arguments.pace.seed(), effect, part)?;
        return written(list(probes)).map(|()| ExitStatus::Incomplete);
    }
    let runtime = runtime()?;
    let (finished, gate) = runtime.block_on(go(arguments, suite.clone()))?;
    gate.status(&finished, |unseen| arguments.derivation.missing(&suite, unseen))
}

async fn go(arguments: &ProbeArguments, suite: Fixtures) -> Result<(RunFinished, RunGate), Failure> {
    arguments.check_target(&suite)?;
    let (target, reference) = arguments.target.target(&suite).await?;
    let seed = arguments.pace.seed();
    let memory = arguments.memory_of(&suite);
    let shard = arguments.part.shard_of_run(arguments.pace.has_seed())?;
    let part = ProbeSelection { settled: arguments.settled(&memory)?, shard };
    let mut probes = arguments.derivation.derive(
        &suite,
        seed,
        arguments.derivation.choice.effect(target.endpoint.is_loopback()),
        part,
    )?;
    let mut coverage = probes.coverage();
    let settled = probes.settled();
    let nothing_left = (settled > 0 && probes.whole().selected.cases == 0).then(|| nothing_left(settled));
    let mut outlet = arguments.outcome.outlet(&arguments.again(), probes.selected(), memory)?;
    let session = Session {
        suite: Arc::new(suite),
        target: Arc::new(target),
        transport: Arc::new(Wire::new(&arguments.pace.settings()?).map_err(|error| Failure::usage(error.to_string()))?),
        snapshots: Arc::new(Snapshots::default()),
        options: arguments.pace.options(seed)?,
        interrupt: interrupt(),
        restart: arguments.pace.restart(),
    };
    let finished = session.run(&mut probes, &mut |event| outlet.take(&event.covered(&mut coverage))).await;
    if let Some(reference) = reference {
        reference.stop().await;
    }
    Ok((finished, outlet.close()?.idle(nothing_left)))
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
    let (cases, sites) = (count(probes.selected(), "case"), count(sums.total, "constraint"));
    writeln!(out, "would run {cases}; {} of {sites} probed", sums.probed)?;
    for unprobed in &coverage.unprobed {
        writeln!(out, "not probed: {}: {}", count(unprobed.constraints, "constraint"), unprobed.reason)?;
    }
    out.flush()
}

impl ProbeArguments {
    /// What is remembered of the target and the model.
    fn memory_of(&self, suite: &Fixtures) -> LastRuns {
        let services = suite.services().map(|service| service.name.as_str()).collect::<Vec<_>>().join(" ");
        LastRuns::of(self.target.called(), format!("probes of {services}"))
    }

    /// The ids that need not run again.
    fn settled(&self, memory: &LastRuns) -> Result<HashSet<String>, Failure> {
        let mut settled = self.memory.settled(memory)?;
        settled.extend(self.part.settled()?);
        Ok(settled)
    }

    /// Without an endpoint there is only the embedded reference, which has two services.
    fn check_target(&self, suite: &Fixtures) -> Result<(), Failure> {
        let bundled = Fixtures::bundled().map_err(|error| Failure::internal(error.to_string()))?;
        let known = |name: &str| bundled.services().any(|service| service.contract().service().id.name() == name);
        let served = suite.services().all(|service| known(service.contract().service().id.name()));
        if self.target.endpoint.is_some() || served {
            return Ok(());
        }
        Err(Failure::usage("give --endpoint: the embedded reference has CodeDeploy and Proton alone"))
    }

    fn again(&self) -> RerunCommand {
        let endpoint = self.target.endpoint.as_ref().map(|endpoint| format!("--endpoint {endpoint}"));
        let recipe = self.derivation.recipe.as_ref().map(|path| format!("--recipe {}", path.display()));
        let destructive = self.derivation.choice.destructive.then(|| "--destructive".to_owned());
        let flags: Vec<String> = [endpoint, recipe, destructive].into_iter().flatten().collect();
        RerunCommand {
            command: format!("wireproof probe --model {} --filter", self.derivation.model),
            flags: flags.join(" "),
            derivation: serde_json::to_value(&self.derivation).ok(),
            most: Some(TOLD),
        }
    }
}

/// So many deviations of each operation are told one by one.
pub(super) const TOLD: usize = 3;
