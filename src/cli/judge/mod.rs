//! `wireproof judge`: what was recorded, judged again without a network: a run of this program, or answers of AWS.

mod corpus;

use std::{
    collections::BTreeSet,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use super::{
    Failure,
    derivation::{DerivationArguments, ProbeSelection},
    gate::{CommandGate, GateArguments},
    probe,
    reports::{ReportArguments, RerunCommand, written_reports},
    select::{FixtureArguments, SnapshotArguments},
    written,
};
use crate::{
    harness::RunOutputs,
    judge::snapshots::Snapshots,
    probe::Coverage,
    report::DocumentKind,
    run::{
        exit::ExitStatus,
        recording::{Header, Recording},
        session::{Replayed, replay},
        transport::Endpoint,
    },
    suite::{Batch, Fixtures, Plan},
};

use corpus::CorpusArguments;

const EXAMPLES: &str = "Examples:
  wireproof run --endpoint URL --transcript run/                   record a run
  wireproof judge run/                                            the same verdicts, without a network
  wireproof judge run/ --report html=run.html --verbose           another report of it
  wireproof judge run/ --fixtures my-fixtures/                    by other fixtures: what has changed is said
  wireproof judge --corpus recorded.jsonl.gz                      answers of AWS, by the installed botocore
  wireproof judge --corpus recorded.jsonl.gz --models models/     by Smithy models
  wireproof judge --corpus recorded.jsonl --report json > judged.json

A record of a corpus is a JSON object on a line of its own: id, service, operation, protocol (json-1.0, json-1.1,
rest-json), kind (response, error), tier (W-wire, A-recorded, B-edited), status, headers, headers_reconstructed, body
or body_text, and where they apply error_code, masked_paths and model_violations ({path, label}).

Exit status of a recording: that of its run. Of a corpus:
    0  at most the allowed share of AWS's own answers has an error
    1  more have one
    2  usage, a corpus or a model that cannot be read
    3  nothing was judged";

/// Arguments of `wireproof judge`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct JudgeArguments {
    /// A recording: the folder that --transcript wrote.
    #[arg(value_name = "RECORDING", required_unless_present = "corpus", conflicts_with = "corpus")]
    recording: Option<PathBuf>,

    /// Recorded answers of AWS: JSON Lines, plain or compressed by gzip.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_RECORDED")]
    corpus: Option<PathBuf>,

    #[command(flatten)]
    of_corpus: CorpusArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    snapshots: SnapshotArguments,

    #[command(flatten)]
    gate: GateArguments,

    #[command(flatten)]
    reports: ReportArguments,
}

pub(super) fn run(arguments: &JudgeArguments) -> Result<ExitStatus, Failure> {
    match (&arguments.recording, &arguments.corpus) {
        (Some(folder), _) => arguments.judge(folder),
        (None, Some(file)) => {
            let reports = arguments.reports.for_document(DocumentKind::Corpus)?;
            corpus::judge(file, &arguments.of_corpus, &arguments.fixtures.botocore, reports)
        }
        (None, None) => Err(Failure::usage("give a recording, or --corpus FILE")),
    }
}

impl JudgeArguments {
    fn judge(&self, folder: &Path) -> Result<ExitStatus, Failure> {
        let recording = Recording::open(folder).map_err(|error| Failure::usage(error.to_string()))?;
        match recording.header().derivation.clone() {
            None => self.judge_fixtures(folder, &recording),
            Some(derivation) => {
                let derivation = serde_json::from_value(derivation).map_err(|error| {
                    Failure::usage(format!("{}: it does not say which probes were run: {error}", folder.display()))
                })?;
                self.judge_probes(folder, &recording, derivation)
            }
        }
    }

    fn judge_fixtures(&self, folder: &Path, recording: &Recording) -> Result<ExitStatus, Failure> {
        let suite = self.fixtures.suite()?;
        let snapshots = self.snapshots.load(&self.fixtures)?;
        let cases = suite.cases();
        let ids: BTreeSet<String> = cases.iter().map(|case| case.id.0.clone()).collect();
        let mut plan = Batch::new(cases);
        let (replayed, gate) = self.replay(folder, recording, suite, snapshots, &mut plan, None)?;
        gate.status(&replayed.finished, |unseen| Ok(unseen.difference(&ids).cloned().collect()))
    }

    fn judge_probes(
        &self,
        folder: &Path,
        recording: &Recording,
        mut derivation: DerivationArguments,
    ) -> Result<ExitStatus, Failure> {
        derivation.botocore = self.fixtures.botocore.clone();
        let suite = derivation.suite()?;
        let run = &recording.header().run;
        let is_loopback = run.endpoint.parse::<Endpoint>().is_ok_and(|endpoint| endpoint.is_loopback());
        let part = ProbeSelection { shard: run.shard, ..ProbeSelection::default() };
        let effect = derivation.choice.effect(is_loopback);
        let mut probes = derivation.derive(&suite, run.seed, effect, part)?;
        let coverage = probes.coverage();
        let (replayed, gate) =
            self.replay(folder, recording, suite.clone(), Snapshots::default(), &mut probes, Some(coverage))?;
        gate.status(&replayed.finished, |unseen| derivation.missing(&suite, unseen))
    }

    /// Judges every case again, and says what is not as it was.
    fn replay(
        &self,
        folder: &Path,
        recording: &Recording,
        suite: Fixtures,
        snapshots: Snapshots,
        plan: &mut dyn Plan,
        coverage: Option<Coverage>,
    ) -> Result<(Replayed, CommandGate), Failure> {
        let recorded = &recording.header().run.suite;
        let is_other = suite.digest() != recorded;
        let told = format!("other fixtures than when this was recorded: {} and not {recorded}", suite.digest());
        let gate = self.gate.open()?;
        let mut outputs = RunOutputs::new(self.reports.open(&rerun(recording.header()))?, gate);
        let replayed = replay(&Arc::new(suite), &Arc::new(snapshots), recording, plan, coverage, &mut outputs)
            .map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))?;
        let gate = written_reports(outputs)?;
        if is_other {
            written(tell(&told, &replayed))?;
        }
        Ok((replayed, gate))
    }
}

/// What has changed since the recording, on standard error.
fn tell(told: &str, replayed: &Replayed) -> std::io::Result<()> {
    let mut out = anstream::stderr();
    writeln!(out, "judge: {told}")?;
    for id in &replayed.changed {
        writeln!(out, "judge: the fixture of {id} was another one")?;
    }
    for id in &replayed.unknown {
        writeln!(out, "judge: {id} is not judged: these fixtures have no such case")?;
    }
    Ok(())
}

/// The command that runs a case of the recording again.
fn rerun(header: &Header) -> RerunCommand {
    let model = header.derivation.as_ref().and_then(|derivation| derivation["model"].as_str());
    let command =
        model.map_or_else(|| "wireproof run".to_owned(), |model| format!("wireproof probe --model {model} --filter"));
    RerunCommand {
        command,
        flags: format!("--endpoint {}", header.run.endpoint),
        derivation: None,
        most: model.map(|_| probe::TOLD),
    }
}
