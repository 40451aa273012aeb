//! `wireproof probe`: derives probes from a model, sends them, and judges the responses.

use std::{
    collections::{BTreeSet, HashSet},
    io::Write as _,
    sync::Arc,
};

use clap::Args;

use super::{
    Failure,
    derivation_arguments::{DerivationArguments, ProbeSelection},
    execution::{ExecutionArguments, SensitiveArguments},
    gate::CommandGate,
    given_path::shell_path,
    last_runs::{LastFailedArguments, LastRuns},
    output::OutputArguments,
    report_arguments::RerunCommand,
    rerun_flags::RerunFlags,
    subset::{SubsetArguments, nothing_left},
    target_arguments::TargetArguments,
    written,
};
use crate::{
    probe::Probes,
    report::text::count,
    run::{event::RunFinished, exit::ExitStatus},
    suite::{Case, Fixtures, Plan as _},
};

const EXAMPLES: &str = "Examples:
  wireproof probe --model botocore:ssm --endpoint http://127.0.0.1:5000
  wireproof probe --model ssm.json --endpoint http://127.0.0.1:4566 --operation PutParameter
  wireproof probe --model botocore:kms --endpoint URL --probes pattern,length --max-per-operation 20
  wireproof probe --model botocore:sqs --endpoint URL --filter sqs.CreateQueue/QueueName/pattern/end
  wireproof probe --model botocore:dynamodb --dry-run          list the probes, without an endpoint

A probe ID is service.Operation/location/family/variant, and is the same in every run. Each probe needs a
control: a valid input that the endpoint must accept first. If the endpoint rejects the control, the probe is
blocked.";

/// Arguments of `wireproof probe`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(after_help = EXAMPLES)]
pub(super) struct ProbeArguments {
    #[command(flatten)]
    derivation: DerivationArguments,

    #[command(flatten)]
    subset: SubsetArguments,

    #[command(flatten)]
    last_failed: LastFailedArguments,

    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    execution: ExecutionArguments,

    #[command(flatten)]
    sensitive: SensitiveArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &ProbeArguments, flags: &RerunFlags) -> Result<ExitStatus, Failure> {
    let suite = arguments.derivation.suite()?;
    if arguments.output.dry_run {
        let effect = arguments.derivation.choice.effect(true);
        let part = ProbeSelection {
            settled: arguments.settled(&arguments.last_runs(&suite))?,
            shard: arguments.subset.shard()?,
        };
        let probes = arguments.derivation.derive(&suite, arguments.execution.seed(), effect, part)?;
        return written(list(probes)).map(|()| ExitStatus::Incomplete);
    }
    let runtime = arguments.target.runtime()?;
    let (finished, gate) = runtime.block_on(execute(arguments, suite, flags))?;
    gate.status(&finished)
}

async fn execute(
    arguments: &ProbeArguments,
    suite: Fixtures,
    flags: &RerunFlags,
) -> Result<(RunFinished, CommandGate), Failure> {
    arguments.check_target(&suite)?;
    let endpoint = arguments.target.resolved(&suite)?;
    let seed = arguments.execution.seed();
    let last_runs = arguments.last_runs(&suite);
    let shard = arguments.subset.shard_of_run(arguments.execution.has_seed())?;
    let part = ProbeSelection { settled: arguments.settled(&last_runs)?, shard };
    let effect = arguments.derivation.choice.effect(endpoint.target.endpoint.is_loopback());
    let mut probes = arguments.derivation.derive(&suite, seed, effect, part.clone())?;
    let coverage = probes.coverage();
    let settled = probes.settled();
    let nothing_left = (settled > 0 && probes.whole().selected.cases == 0).then(|| nothing_left(settled));
    let suite = Arc::new(suite);
    let known = (arguments.derivation.clone(), Arc::clone(&suite));
    let missing = move |ids: &BTreeSet<String>| known.0.missing(&known.1, ids);
    let mut outputs = arguments.output.open(&arguments.rerun(flags), probes.selected(), last_runs, missing)?;
    let runner = arguments
        .execution
        .runner(Arc::clone(&suite), endpoint, seed, arguments.sensitive.values())
        .await?
        .coverage(Some(coverage));
    let finished = runner.run(&mut probes, &mut outputs.observer()).await;
    if outputs.wants_repetition(&finished) {
        // The seed also selects probes, so only that of the names changes.
        let mut probes = arguments.derivation.derive(&suite, seed, effect, part)?;
        runner.repeated().await.run(&mut probes, &mut outputs.repetition()).await;
    }
    Ok((finished, outputs.close()?.with_idle(nothing_left)))
}

/// Prints every probe that would run, and the coverage of the constraints.
fn list(mut probes: Probes) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    while probes.stage().is_some() {
        while let Some(Case { id, scenario, .. }) = probes.case() {
            writeln!(out, "{id}  {}", scenario.title)?;
        }
    }
    let coverage = probes.coverage().report();
    let sums = coverage.constraints;
    let (cases, constraints) = (count(probes.selected(), "case"), count(sums.total, "constraint"));
    writeln!(out, "would run {cases}; {} of {constraints} probed", sums.probed)?;
    for unprobed in &coverage.unprobed {
        writeln!(out, "not probed: {}: {}", count(unprobed.constraints, "constraint"), unprobed.reason)?;
    }
    out.flush()
}

impl ProbeArguments {
    /// The last runs of the model's probes against the target.
    fn last_runs(&self, suite: &Fixtures) -> LastRuns {
        let services = suite.services().map(|service| service.name.as_str()).collect::<Vec<_>>().join(" ");
        LastRuns::of(self.target.called(), format!("probes of {services}"))
    }

    /// The IDs that need not run again.
    fn settled(&self, last_runs: &LastRuns) -> Result<HashSet<String>, Failure> {
        let mut settled = self.last_failed.settled(last_runs)?;
        settled.extend(self.subset.settled()?);
        Ok(settled)
    }

    /// Without an endpoint, probes run against the embedded reference, which has two services.
    fn check_target(&self, suite: &Fixtures) -> Result<(), Failure> {
        if self.target.endpoint.is_some() {
            return Ok(());
        }
        let bundled = Fixtures::bundled().map_err(|error| Failure::internal(error.to_string()))?;
        let known = |name: &str| bundled.services().any(|service| service.contract().service().id.name() == name);
        if suite.services().all(|service| known(service.contract().service().id.name())) {
            return Ok(());
        }
        Err(Failure::usage("the embedded reference implements only CodeDeploy and Proton\nhelp: pass --endpoint URL"))
    }

    fn rerun(&self, flags: &RerunFlags) -> RerunCommand {
        RerunCommand {
            command: format!("wireproof probe --model {} --filter", shell_path(&self.derivation.model)),
            flags: flags.line(),
            derivation: serde_json::to_value(&self.derivation).ok(),
        }
    }
}
