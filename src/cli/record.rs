//! `wireproof record`: writes the responses of an endpoint as snapshots.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use clap::{Args, builder::BoolishValueParser};

use super::{
    Failure,
    execution::{ExecutionArguments, SensitiveArguments},
    select::{FixtureArguments, SelectArguments, SelectedCases, SnapshotArguments},
    target_arguments::TargetArguments,
    terminal::width,
    written,
};
use crate::{
    judge::{
        snapshots::{self, Snapshots},
        verdict::Verdict,
    },
    report::{
        diff::{
            ChangeGroup, DifferingCase,
            diff_report::{self, DiffOptions},
            of_observations,
        },
        text::count,
    },
    run::{event::RunFinished, exit::ExitStatus, judged_case::JudgedCase, observer::OnCase},
    suite::{Batch, Case, Fixtures},
};

const EXAMPLES: &str = "Examples:
  wireproof record --endpoint http://127.0.0.1:4566 --snapshots snapshots/
  wireproof record codedeploy/stop-deployment --endpoint URL --snapshots snapshots/
  wireproof run --endpoint URL2 --snapshots snapshots/ --verbose        print the differences from them
  wireproof record --endpoint URL --snapshots snapshots/ --dry-run      list the cases

A snapshot is the redacted behavior of one endpoint, whether it conforms or not. A case that is blocked,
inconclusive, not implemented or not applicable keeps its old snapshot.

Exit status:
    0  every selected case was recorded
    2  usage, configuration or fixture error; nothing ran
    3  some cases were not recorded, or none was selected
    4  a snapshot could not be written
  130  interrupted; the cases until then are recorded";

/// Arguments of `wireproof record`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RecordArguments {
    #[command(flatten)]
    select: SelectArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    snapshots: SnapshotArguments,

    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    execution: ExecutionArguments,

    #[command(flatten)]
    sensitive: SensitiveArguments,

    /// List the cases and which of them have a snapshot; send nothing and write nothing.
    #[arg(long, env = "WIREPROOF_DRY_RUN", value_parser = BoolishValueParser::new(), help_heading = "Outcome")]
    dry_run: bool,
}

pub(super) fn run(arguments: &RecordArguments) -> Result<ExitStatus, Failure> {
    let SelectedCases { suite, cases, fixtures, .. } = arguments.select.load(&arguments.fixtures, HashSet::new())?;
    let Some(folder) = &arguments.snapshots.snapshots else {
        return Err(Failure::usage(
            "no folder for the snapshots\nhelp: pass --snapshots DIR; the bundled snapshots belong to the embedded reference",
        ));
    };
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::usage(format!("{} is not a folder", folder.display())));
    }
    let snapshots = if folder.exists() { arguments.snapshots.load(&fixtures)? } else { Snapshots::default() };
    let cases = arguments.select.subset.cases(cases)?;
    if arguments.dry_run {
        return written(list(&cases, &snapshots)).map(|()| ExitStatus::Incomplete);
    }
    let mut records = Records { folder, snapshots, tally: RecordTally::default() };
    let finished = arguments.target.runtime()?.block_on(execute(arguments, suite, cases, &mut records))?;
    let Records { tally, .. } = records;
    written(tally.write(&mut anstream::stdout()))?;
    if let Some(failed) = tally.failed {
        return Err(Failure::internal(failed));
    }
    Ok(match finished {
        _ if finished.interrupted => ExitStatus::Interrupted,
        _ if tally.skipped.is_empty() && finished.ledger.selected > 0 => ExitStatus::Conforms,
        _ => ExitStatus::Incomplete,
    })
}

async fn execute(
    arguments: &RecordArguments,
    suite: Fixtures,
    cases: Vec<Case>,
    records: &mut Records<'_>,
) -> Result<RunFinished, Failure> {
    let endpoint = arguments.target.resolved(&suite)?;
    let runner = arguments
        .execution
        .runner(Arc::new(suite), endpoint, arguments.execution.seed(), arguments.sensitive.values())
        .await?;
    let finished = runner.run(&mut Batch::new(cases), &mut OnCase(|case: &JudgedCase| records.take(case))).await;
    Ok(finished)
}

fn list(cases: &[Case], snapshots: &Snapshots) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    for case in cases {
        let state = if snapshots.get(&case.id).is_some() { "known" } else { "new" };
        writeln!(out, "{state:<6} {}", case.id)?;
    }
    let known = cases.iter().filter(|case| snapshots.get(&case.id).is_some()).count();
    writeln!(out, "would record {}; {known} with a snapshot", count(cases.len(), "case"))?;
    out.flush()
}

/// Writes snapshots as cases finish.
struct Records<'f> {
    folder: &'f Path,
    snapshots: Snapshots,
    tally: RecordTally,
}

/// The results of a recording.
#[derive(Default)]
struct RecordTally {
    new: BTreeSet<String>,
    changed: BTreeSet<String>,
    unchanged: usize,
    deviating: BTreeSet<String>,
    skipped: BTreeMap<Verdict, BTreeSet<String>>,
    differing: Vec<DifferingCase>,
    failed: Option<String>,
}

impl Records<'_> {
    fn take(&mut self, finished: &JudgedCase) {
        let id = finished.case.id.0.clone();
        match finished.report.verdict {
            Verdict::Conforms => {}
            Verdict::Deviates => drop(self.tally.deviating.insert(id.clone())),
            other => {
                self.tally.skipped.entry(other).or_default().insert(id);
                return;
            }
        }
        let observation = finished.observation();
        let text = observation.text();
        match self.snapshots.get(&finished.case.id) {
            Some(known) if known == text => {
                self.tally.unchanged += 1;
                return;
            }
            Some(known) => {
                let (case, service) = (finished.case.id.clone(), finished.report.service.clone());
                let known = serde_json::from_str(known).unwrap_or_default();
                self.tally.differing.push(DifferingCase {
                    case,
                    service,
                    before: known,
                    after: observation.value().clone(),
                });
                self.tally.changed.insert(id.clone());
            }
            None => drop(self.tally.new.insert(id.clone())),
        }
        if let Err(error) = snapshots::write(self.folder, &finished.case, &text) {
            self.tally.failed.get_or_insert_with(|| format!("cannot write the snapshot of {id}: {error}"));
        }
    }
}

/// The number of differences that are printed.
const SHOWN: usize = 20;

impl RecordTally {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for id in &self.new {
            writeln!(out, "new       {id}")?;
        }
        for id in &self.changed {
            let deviates = if self.deviating.contains(id) { "  (deviates)" } else { "" };
            writeln!(out, "changed   {id}{deviates}")?;
        }
        let groups: Vec<ChangeGroup> = of_observations(&self.differing);
        let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        diff_report::groups(&groups, &DiffOptions { color, width: width(), most: SHOWN }, out)?;
        if !groups.is_empty() {
            writeln!(out)?;
        }
        for (verdict, ids) in &self.skipped {
            writeln!(out, "not recorded, {verdict}: {}", count(ids.len(), "case"))?;
            for id in ids.iter().take(SHOWN) {
                writeln!(out, "  {id}")?;
            }
        }
        match self.deviating.len() {
            0 => {}
            1 => writeln!(out, "recorded although it deviates: 1 case")?,
            cases => writeln!(out, "recorded although they deviate: {cases} cases")?,
        }
        let all = self.new.len() + self.changed.len() + self.unchanged;
        writeln!(
            out,
            "{} = {} new + {} changed + {} unchanged",
            count(all, "snapshot"),
            self.new.len(),
            self.changed.len(),
            self.unchanged
        )?;
        out.flush()
    }
}
