//! `wireproof judge`: judges a recorded run, or recorded responses of AWS, again without a network.

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
    derivation_arguments::{DerivationArguments, ProbeSelection},
    gate::{CommandGate, GateArguments},
    given_path,
    report_arguments::{ReportArguments, RerunCommand, written_reports},
    select::{FixtureArguments, SnapshotArguments},
    written,
};
use crate::{
    gate::run_gate::RunGate,
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
  wireproof run --endpoint URL --recording run/                   record a run
  wireproof judge run/                                            print the same verdicts, without a network
  wireproof judge run/ --report html=run.html --verbose           write another report
  wireproof judge run/ --fixtures my-fixtures/                    use other fixtures, and print what changed
  wireproof judge --corpus recorded.jsonl.gz                      judge AWS responses by the installed botocore
  wireproof judge --corpus recorded.jsonl.gz --models models/     judge them by Smithy models
  wireproof judge --corpus recorded.jsonl --report json > judged.json

Each line of a corpus is a JSON object with the members id, service, operation, protocol (json-1.0, json-1.1,
rest-json), kind (response, error), tier (W-wire, A-recorded, B-edited), status, headers,
headers_reconstructed, body or body_text, and optionally error_code, masked_paths and model_violations
({path, label}).

The exit status for a recording is that of its run. For a corpus:
    0  the share of AWS responses with an error is at most --max-error-rate
    1  the share is higher
    2  usage error, or an unreadable corpus or model
    3  nothing was judged";

/// Arguments of `wireproof judge`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct JudgeArguments {
    /// A recording: a folder written with --recording.
    #[arg(value_name = "RECORDING", required_unless_present = "corpus", conflicts_with = "corpus")]
    recording: Option<PathBuf>,

    /// Recorded AWS responses: JSON Lines, optionally compressed with gzip.
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
        (None, None) => Err(Failure::usage("no recording to judge\nhelp: name a recording, or pass --corpus FILE")),
    }
}

impl JudgeArguments {
    fn judge(&self, folder: &Path) -> Result<ExitStatus, Failure> {
        if !folder.exists() {
            return Err(Failure::missing(folder));
        }
        let recording = Recording::open(folder).map_err(|error| Failure::usage(error.to_string()))?;
        match recording.header().derivation.clone() {
            None => self.judge_fixtures(folder, &recording),
            Some(derivation) => {
                let derivation = serde_json::from_value(derivation).map_err(|error| {
                    Failure::usage(format!("{}: cannot read which probes were run: {error}", folder.display()))
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
        let gate = self.gate.open(move |unseen| Ok(unseen.difference(&ids).cloned().collect()))?;
        let judged = JudgedSuite { suite, snapshots, gate };
        let (replayed, gate) = self.replay(folder, recording, judged, &mut plan, None)?;
        gate.status(&replayed.finished)
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
        let known = suite.clone();
        let gate = self.gate.open(move |unseen| derivation.missing(&known, unseen))?;
        let judged = JudgedSuite { suite, snapshots: Snapshots::default(), gate };
        let (replayed, gate) = self.replay(folder, recording, judged, &mut probes, Some(coverage))?;
        gate.status(&replayed.finished)
    }

    /// Judges every case again, and prints what has changed.
    fn replay(
        &self,
        folder: &Path,
        recording: &Recording,
        JudgedSuite { suite, snapshots, gate }: JudgedSuite,
        plan: &mut dyn Plan,
        coverage: Option<Coverage>,
    ) -> Result<(Replayed, CommandGate), Failure> {
        let recorded = &recording.header().run.suite;
        let is_other = suite.digest() != recorded;
        let difference =
            format!("the recording was made with other fixtures: {recorded} instead of {}", suite.digest());
        let mut outputs = RunOutputs::new(self.reports.open(&rerun(recording.header()))?, gate);
        let replayed = replay(&Arc::new(suite), &Arc::new(snapshots), recording, plan, coverage, &mut outputs)
            .map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))?;
        let gate = written_reports(outputs)?;
        if is_other {
            written(print_changes(&difference, &replayed))?;
        }
        Ok((replayed, gate))
    }
}

/// The fixtures that judge a recording, with their snapshots and the gate.
struct JudgedSuite {
    suite: Fixtures,
    snapshots: Snapshots,
    gate: RunGate,
}

/// Prints to standard error what has changed since the recording.
fn print_changes(difference: &str, replayed: &Replayed) -> std::io::Result<()> {
    let mut out = anstream::stderr();
    writeln!(out, "judge: {difference}")?;
    for id in &replayed.changed {
        writeln!(out, "judge: the fixture of {id} has changed")?;
    }
    for id in &replayed.unknown {
        writeln!(out, "judge: {id} is skipped: these fixtures do not have it")?;
    }
    Ok(())
}

/// The command that reruns a case of the recording.
fn rerun(header: &Header) -> RerunCommand {
    let model = header.derivation.as_ref().and_then(|derivation| given_path::deserialize(&derivation["model"]).ok());
    let command = model.map_or_else(
        || "wireproof run".to_owned(),
        |model| format!("wireproof probe --model {} --filter", given_path::shell_path(&model)),
    );
    RerunCommand { command, flags: format!("--endpoint {}", header.run.endpoint), derivation: None }
}
