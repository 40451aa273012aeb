//! Brings both sides to one form. A recording or report determines the cases that run against an endpoint; between two
//! endpoints, the scenarios or a model do.

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
    sync::Arc,
};

use super::{
    super::{
        Failure,
        derivation_arguments::{DerivationArguments, ProbeSelection},
        select::{SelectArguments, SelectedCases},
        subset::say,
        target_arguments::runtime_for,
    },
    DiffArguments,
    origin::Origin,
};
use crate::{
    judge::snapshots::Snapshots,
    probe::Effect,
    report::{
        ReportDocument,
        diff::{DiffSide, PartyKind},
    },
    run::{recording::Recording, session::replay, transport::Endpoint},
    suite::{Batch, Case, CaseId, Fixtures, GlobList, Plan},
};

/// Both sides. The second one is empty if the run of the first was interrupted.
pub(super) fn sides(arguments: &DiffArguments, a: Origin, b: Origin) -> Result<(DiffSide, DiffSide), Failure> {
    let sides = Sides::of(arguments, &a, &b)?;
    let given = arguments.execution.has_seed().then(|| arguments.execution.seed());
    let seed = given.or(a.seed()).or(b.seed()).unwrap_or_else(|| arguments.execution.seed());
    let (first, second) = (arguments.a.to_string_lossy(), arguments.b.to_string_lossy());
    let (first, second) = (first.as_ref(), second.as_ref());
    match (a, b) {
        (Origin::Endpoint(a), Origin::Endpoint(b)) => {
            let one = sides.run_like(first, a.as_deref(), seed, None)?;
            if one.party.interrupted {
                return Ok((one, DiffSide::new(second, PartyKind::Endpoint)));
            }
            // The same server already has resources with the names of the first seed.
            let seed = if a.is_some() && a == b { seed.wrapping_add(1) } else { seed };
            Ok((one, sides.run_like(second, b.as_deref(), seed, None)?))
        }
        (Origin::Endpoint(a), b) => {
            let other = sides.read(second, &b)?;
            Ok((sides.run_like(first, a.as_deref(), seed, Some((&b, &other)))?, other))
        }
        (a, Origin::Endpoint(b)) => {
            let one = sides.read(first, &a)?;
            let other = sides.run_like(second, b.as_deref(), seed, Some((&a, &one)))?;
            Ok((one, other))
        }
        (a, b) => Ok((sides.read(first, &a)?, sides.read(second, &b)?)),
    }
}

struct Sides<'a> {
    arguments: &'a DiffArguments,
    /// The suite of the fixtures.
    suite: Fixtures,
    cases: Vec<Case>,
    /// The selected IDs; `None`: all.
    wanted: Option<BTreeSet<CaseId>>,
    of_probes: bool,
    /// The derivation of the probes, unless a recording has it.
    derivation: Option<DerivationArguments>,
}

impl<'a> Sides<'a> {
    fn of(arguments: &'a DiffArguments, a: &Origin, b: &Origin) -> Result<Self, Failure> {
        let derivation = arguments.derivation();
        let are_endpoints = [a, b].iter().all(|origin| matches!(origin, Origin::Endpoint(_)));
        if a.is_of_probes() || b.is_of_probes() || (are_endpoints && derivation.is_some()) {
            // Probes are not in the fixtures, and are selected only by their IDs.
            let select = &arguments.select;
            if !(select.paths.is_empty() && select.service.is_empty() && select.tag.is_empty()) {
                return Err(Failure::usage(
                    "paths, --service and --tag do not select probes\nhelp: use --operation, --filter and --exclude",
                ));
            }
            let (suite, cases) = (Fixtures::of_services([]), Vec::new());
            return Ok(Self { arguments, suite, cases, wanted: None, of_probes: true, derivation });
        }
        let SelectedCases { suite, cases, .. } = arguments.select.load(&arguments.fixtures, HashSet::new())?;
        let is_all = cases.len() == suite.cases().len();
        let wanted = (!is_all).then(|| cases.iter().map(|case| case.id.clone()).collect());
        Ok(Self { arguments, suite, cases, wanted, of_probes: false, derivation: None })
    }

    /// The selected cases of a recording or a report.
    fn read(&self, name: &str, origin: &Origin) -> Result<DiffSide, Failure> {
        let mut side = match origin {
            Origin::Recording { folder, recording, derivation: None } => {
                judged(name, folder, recording, &self.suite, &mut Batch::new(self.suite.cases()))?
            }
            Origin::Recording { folder, recording, derivation: Some(derivation) } => {
                let derivation = self.recorded(derivation);
                let suite = derivation.suite()?;
                let run = &recording.header().run;
                let is_loopback = run.endpoint.parse::<Endpoint>().is_ok_and(|endpoint| endpoint.is_loopback());
                let part = ProbeSelection { shard: run.shard, ..ProbeSelection::default() };
                let effect = derivation.choice.effect(is_loopback);
                let mut probes = derivation.derive(&suite, run.seed, effect, part)?;
                judged(name, folder, recording, &suite, &mut probes)?
            }
            Origin::Report(document) => reported(name, document),
            Origin::Endpoint(_) => return Err(Failure::internal("an endpoint cannot be read")),
        };
        side.retain(|id| self.is_wanted(id));
        Ok(side)
    }

    fn is_wanted(&self, id: &CaseId) -> bool {
        if self.of_probes {
            names(&self.arguments.select, &id.0)
        } else {
            self.wanted.as_ref().is_none_or(|wanted| wanted.contains(id))
        }
    }

    /// The derivation of a recording's probes, with the botocore of this machine.
    fn recorded(&self, recorded: &DerivationArguments) -> DerivationArguments {
        DerivationArguments { botocore: self.arguments.fixtures.botocore.clone(), ..recorded.clone() }
    }

    /// Runs the selected cases that the other side has against an endpoint.
    fn run_like(
        &self,
        name: &str,
        url: Option<&str>,
        seed: u64,
        other: Option<(&Origin, &DiffSide)>,
    ) -> Result<DiffSide, Failure> {
        let is_loopback = url.is_none_or(|url| url.parse::<Endpoint>().is_ok_and(|url| url.is_loopback()));
        match other {
            Some((Origin::Recording { derivation: Some(derivation), recording, .. }, _)) => {
                let derivation = self.recorded(derivation);
                // A permission to write to the recorded endpoint does not extend to this one.
                let effect = if is_loopback { derivation.choice.effect(true) } else { Effect::Reads };
                let part = ProbeSelection { shard: recording.header().run.shard, ..ProbeSelection::default() };
                self.run_probes(name, url, seed, &derivation, effect, part)
            }
            _ if self.of_probes => {
                let derivation = self.derivation.as_ref().ok_or_else(|| Failure::usage(
                    "a report does not contain its probes\nhelp: pass --model and the flags of its run, or record them with `wireproof probe --recording DIR`, and compare the folder",
                ))?;
                let subset = &self.arguments.select.subset;
                let part = ProbeSelection { settled: subset.settled()?, shard: subset.shard()? };
                self.run_probes(name, url, seed, derivation, derivation.choice.effect(is_loopback), part)
            }
            _ => {
                let mut cases = self.cases.clone();
                if let Some((_, side)) = other {
                    let known: BTreeSet<&CaseId> = side.ids().collect();
                    cases.retain(|case| known.contains(&case.id));
                }
                let mut batch = Batch::new(self.arguments.select.subset.cases(cases)?);
                self.run_plan(name, url, seed, self.suite.clone(), &mut batch)
            }
        }
    }

    fn run_probes(
        &self,
        name: &str,
        url: Option<&str>,
        seed: u64,
        derivation: &DerivationArguments,
        effect: Effect,
        part: ProbeSelection,
    ) -> Result<DiffSide, Failure> {
        let suite = derivation.suite()?;
        let mut probes = derivation.derive(&suite, seed, effect, part)?;
        let mut side = self.run_plan(name, url, seed, suite, &mut probes)?;
        side.retain(|id| self.is_wanted(id));
        Ok(side)
    }

    fn run_plan(
        &self,
        name: &str,
        url: Option<&str>,
        seed: u64,
        suite: Fixtures,
        plan: &mut dyn Plan,
    ) -> Result<DiffSide, Failure> {
        let mut side = DiffSide::new(name, PartyKind::Endpoint);
        let endpoint = self.arguments.access.resolved(url, &suite)?;
        runtime_for(url)?.block_on(async {
            let runner = self
                .arguments
                .execution
                .runner(Arc::new(suite), endpoint, seed, self.arguments.sensitive.values())
                .await?;
            runner.run(plan, &mut side).await;
            Ok::<(), Failure>(())
        })?;
        Ok(side)
    }
}

/// Judges a recording again.
fn judged(
    name: &str,
    folder: &Path,
    recording: &Recording,
    suite: &Fixtures,
    plan: &mut dyn Plan,
) -> Result<DiffSide, Failure> {
    let mut side = DiffSide::new(name, PartyKind::Recording);
    let (suite, snapshots) = (Arc::new(suite.clone()), Arc::new(Snapshots::default()));
    let replayed = replay(&suite, &snapshots, recording, plan, None, &mut side)
        .map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))?;
    for (ids, what) in [
        (replayed.unknown, "skipped because these fixtures do not have them"),
        (replayed.changed, "judged by fixtures that have changed since the recording"),
    ] {
        if let Some(first) = ids.first() {
            say(&format!("diff: {name}: {} {what}, such as {first}", ids.len()))?;
        }
    }
    // The fixtures of the recording, not those that judge it.
    side.party.suite.clone_from(&recording.header().run.suite);
    Ok(side)
}

fn reported(name: &str, document: &ReportDocument) -> DiffSide {
    let mut side = DiffSide::new(name, PartyKind::Report);
    side.party.endpoint.clone_from(&document.target.endpoint);
    side.party.suite.clone_from(&document.suite.digest);
    side.party.seed = document.seed;
    side.party.interrupted = document.interrupted;
    document.cases.iter().for_each(|case| side.enter(case, None));
    side.conclude(&document.requirements);
    side
}

/// True if the probe with this ID is selected.
fn names(select: &SelectArguments, id: &str) -> bool {
    let any = |lists: &[GlobList]| lists.iter().flat_map(|list| &list.0).any(|glob| glob.matches(id));
    let operation = id.split_once('.').and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    (select.filter.is_empty() || any(&select.filter))
        && !any(&select.exclude)
        && (select.operation.is_empty() || select.operation.iter().any(|name| name.eq_ignore_ascii_case(operation)))
}
