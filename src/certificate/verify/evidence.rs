//! Derives cases, requests, times, verdicts, sums and decisions from the recording of a bundle, and compares them with
//! its statement.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::Deserialize;

use super::{Verifier, VerifyCheck, VerifyProblem, bundle_files::BundleFiles, report_differences};
use crate::{
    certificate::{
        bundle::digests,
        bundle_folder::{ENVELOPE, STATEMENT},
        certificate_scope::{CertificateScope, CertifiedPlan, Conclusions},
        held_states::{DerivedCases, HeldPlan, HeldStates},
        reenactment::Reenactment,
        statement::{
            EvidenceFiles, JudgeProof, MUTANTS, PROOF, RECORDING, REPORT, STATES, SUITE, StatedTarget, Statement,
            foreign,
        },
    },
    judge::transcript::{Exchange, Transcript},
    proof::matrix::TOOL,
    report::{Json, Reporter as _},
    run::{
        event::{Event, Presence, PresenceChecked},
        observer::OnEvent,
        recording::{self, Header, INDEX, Kept, Recording, RecordingEntry, RecordingError, har},
        resolved_target::{ResolvedTarget, StateHandler},
        session::replay,
        transport::EndpointError,
    },
    suite::{Case, CaseId, Opening, SelectionDigest, ServiceFixtures},
    wire::{client_style::ClientStyle, sigv4::Credentials},
};

/// Checks everything that follows from the recording.
///
/// Returns the number of cases whose requests it cannot derive.
pub(super) fn check(
    verifier: &Verifier<'_>,
    scope: CertificateScope<'_>,
    root: &Path,
    evidence: BundleEvidence<'_>,
    problems: &mut Vec<VerifyProblem>,
) -> usize {
    let recording = match Recording::open(&root.join(RECORDING)) {
        Ok(recording) => recording,
        Err(error) => {
            problems.push(VerifyProblem::new(VerifyCheck::Recording, error.to_string()));
            return 0;
        }
    };
    let BundleEvidence { files, statement, .. } = evidence;
    let mut look = EvidenceView { verifier, scope, files, statement, recording: &recording, problems };
    let CertifiedPlan { mut plan, .. } = look.plan();
    look.header(&plan.whole().selected);
    let derived = DerivedCases::of(&mut *plan, evidence.held);
    look.index();
    let Some(kept) = look.kept() else { return 0 };
    look.nothing_else(&kept);
    look.cases(&kept, &derived);
    look.times(&kept);
    let hidden: BTreeSet<&str> =
        evidence.held.iter().filter(|held| held.hidden).map(|held| held.operation.as_str()).collect();
    look.hidden(&kept, &hidden);
    look.requests(&kept, &derived, &hidden);
    if let Some(report) = look.verdicts(evidence.held) {
        look.conclusions(&report, evidence.proof);
    }
    derived.cases.iter().filter(|case| hidden.contains(case.scenario.operation.as_str())).count()
}

/// The contents of a bundle, except its recording.
#[derive(Clone, Copy)]
pub(super) struct BundleEvidence<'l> {
    pub(super) files: &'l BundleFiles,
    pub(super) statement: &'l Statement,
    /// The proof of the judge, if there is one.
    pub(super) proof: Option<JudgeProof<'l>>,
    /// The values of the states that probes share.
    pub(super) held: &'l [HeldStates],
}

/// The shared state of these checks.
struct EvidenceView<'l> {
    verifier: &'l Verifier<'l>,
    scope: CertificateScope<'l>,
    files: &'l BundleFiles,
    statement: &'l Statement,
    recording: &'l Recording,
    problems: &'l mut Vec<VerifyProblem>,
}

#[derive(Deserialize)]
struct Linked {
    #[serde(flatten)]
    entry: RecordingEntry,
    chain: String,
}

/// The contents of a recording.
#[derive(Default)]
struct KeptFiles {
    cases: Vec<(CaseId, Transcript)>,
    presence_checks: Vec<(PresenceChecked, Option<Transcript>)>,
    paths: BTreeSet<String>,
}

impl KeptFiles {
    /// Returns whether each presence check has a transcript, and nothing but a proof that its operation is implemented
    /// follows it.
    fn each_has_its_transcript(&self) -> bool {
        let mut checked = BTreeSet::new();
        self.presence_checks.iter().all(|(check, transcript)| match transcript {
            Some(_) => checked.insert(&check.operation),
            None => checked.contains(&check.operation) && check.presence == Presence::Implemented,
        })
    }
}

impl EvidenceView<'_> {
    fn problem(&mut self, check: VerifyCheck, says: impl Into<String>) {
        self.problems.push(VerifyProblem::new(check, says));
    }

    /// Checks that the header of the recording matches the statement.
    fn header(&mut self, selection: &SelectionDigest) {
        let claims = &self.statement.predicate.wireproof;
        let Header { tool, run, derivation, .. } = self.recording.header();
        let target = &claims.stated.target;
        let named = format!("{} {}", target.name, target.version);
        let mut wrong = Vec::new();
        let mut compare = |what: &str, said: &str, recorded: &str| {
            if said != recorded {
                wrong.push(format!("the {what} of the recording is {recorded}, but the statement has {said}"));
            }
        };
        compare("program", TOOL, tool);
        compare("suite", self.scope.suite().digest(), &run.suite);
        compare("target", &named, &run.target);
        compare("endpoint", &target.endpoint, &run.endpoint);
        compare("region", &target.region, &run.region);
        compare("seed", &claims.seed.to_string(), &run.seed.to_string());
        if run.selection != *selection || run.shard.is_some() || derivation.is_some() {
            wrong.push("the selection of the recording is not that of the profiles".to_owned());
        }
        let suite = self.scope.suite();
        if run.models != suite.services().map(|service| service.model.clone()).collect::<Vec<_>>() {
            wrong.push("the models of the recording are not those of the suite".to_owned());
        }
        self.problems.extend(wrong.into_iter().map(|says| VerifyProblem::new(VerifyCheck::Recording, says)));
    }

    /// Checks that the index is in canonical form.
    fn index(&mut self) {
        let bytes = self.files.get(&format!("{RECORDING}/{INDEX}")).map(Vec::as_slice).unwrap_or_default();
        let mut anew = String::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<Linked>(line) else { break };
            let entry = serde_json::to_string(&line.entry).unwrap_or_default();
            let entry = entry.strip_suffix('}').unwrap_or(&entry);
            anew.extend([entry, ",\"chain\":\"", &line.chain, "\"}\n"]);
        }
        if anew.as_bytes() != bytes {
            self.problem(VerifyCheck::Recording, format!("{INDEX} is not in canonical form"));
        }
    }

    /// Reads every transcript of the recording, in order; `None` if one is not readable.
    fn kept(&mut self) -> Option<KeptFiles> {
        let mut kept = KeptFiles::default();
        for entry in self.recording.entries() {
            let read = entry.and_then(|entry| self.keep(entry, &mut kept));
            if let Err(error) = read {
                self.problem(VerifyCheck::Recording, error.to_string());
                return None;
            }
        }
        Some(kept)
    }

    fn keep(&mut self, entry: RecordingEntry, kept: &mut KeptFiles) -> Result<(), RecordingError> {
        match entry {
            RecordingEntry::Case(case) => {
                let transcript = self.transcript(&case.file, &recording::path(&case.id), kept)?;
                if transcript.case != case.id {
                    self.problem(
                        VerifyCheck::Recording,
                        format!("the transcript of {} belongs to {}", case.id, transcript.case),
                    );
                }
                kept.cases.push((case.id, transcript));
            }
            RecordingEntry::Opened(opened) => {
                let checked = opened.checked;
                let path = recording::presence_path(&checked.service, &checked.operation);
                let transcript = opened.file.map(|file| self.transcript(&file, &path, kept)).transpose()?;
                kept.presence_checks.push((checked, transcript));
            }
            RecordingEntry::Started(_) | RecordingEntry::Died(_) | RecordingEntry::Finished(_) => {}
        }
        Ok(())
    }

    /// Reads a transcript; it must be at its path and in canonical form.
    fn transcript(&mut self, file: &Kept, path: &str, kept: &mut KeptFiles) -> Result<Transcript, RecordingError> {
        let transcript = self.recording.transcript(file)?;
        let name = format!("{RECORDING}/{}", file.path);
        if !has_a_date(&transcript) {
            let problem = "its times are out of range".to_owned();
            return Err(RecordingError::Transcript { path: name, problem });
        }
        let written = har::write(&transcript, &self.recording.header().run.endpoint).ok();
        if file.path != path {
            self.problem(VerifyCheck::Recording, format!("{name} is not at its path"));
        } else if written.as_ref() != self.files.get(&name) {
            self.problem(VerifyCheck::Recording, format!("{name} is not in canonical form"));
        }
        kept.paths.insert(name);
        Ok(transcript)
    }

    /// Checks that the bundle contains no other file, even if the statement lists it.
    fn nothing_else(&mut self, kept: &KeptFiles) {
        let own = [REPORT, SUITE, MUTANTS, PROOF, STATEMENT, ENVELOPE];
        let of_probes = match self.scope {
            CertificateScope::Probes(scope) => scope.bundled(),
            CertificateScope::Profiles { .. } => BTreeMap::new(),
        };
        let is_of_probes = |path: &str| of_probes.contains_key(path) || !of_probes.is_empty() && path == STATES;
        let belongs = |path: &str| {
            own.contains(&path)
                || is_of_probes(path)
                || kept.paths.contains(path)
                || path == format!("{RECORDING}/{INDEX}")
        };
        let surplus = self.files.keys().filter(|path| !belongs(path));
        let problem =
            |path: &String| VerifyProblem::new(VerifyCheck::Files, format!("{path} does not belong to the bundle"));
        self.problems.extend(surplus.map(problem));
    }

    /// The cases that the statement needs.
    fn plan(&self) -> CertifiedPlan {
        let claims = &self.statement.predicate.wireproof;
        self.scope.plan(&claims.stated, claims.seed)
    }

    fn cases(&mut self, kept: &KeptFiles, derived: &DerivedCases) {
        let mut seen = BTreeSet::new();
        for (id, _) in &kept.cases {
            if !seen.insert(id) {
                self.problem(VerifyCheck::Cases, format!("{id} was recorded twice"));
            }
        }
        let wanted: BTreeSet<&CaseId> = derived.cases.iter().map(|case| &case.id).collect();
        for id in wanted.iter().filter(|id| !seen.contains(*id)) {
            self.problem(VerifyCheck::Cases, format!("{id} is in the profiles, but was not recorded"));
        }
        for id in seen.iter().filter(|id| !wanted.contains(*id)) {
            self.problem(VerifyCheck::Cases, format!("{id} was recorded, but is in no profile"));
        }
        let required: BTreeSet<(&str, &str)> =
            derived.openings.iter().map(|opening| (opening.service.as_str(), opening.operation.as_str())).collect();
        let checked: BTreeSet<(&str, &str)> = kept
            .presence_checks
            .iter()
            .map(|(checked, _)| (checked.service.as_str(), checked.operation.as_str()))
            .collect();
        let is_settled = match self.scope {
            CertificateScope::Profiles { .. } => required == checked && kept.presence_checks.len() == checked.len(),
            CertificateScope::Probes(_) => checked.is_subset(&required) && kept.each_has_its_transcript(),
        };
        if !is_settled {
            self.problem(VerifyCheck::Cases, "not every operation has exactly one presence check");
        }
    }

    fn times(&mut self, kept: &KeptFiles) {
        let stated = &self.statement.predicate.wireproof.stated;
        let (from, until) = (at(stated.started_ms), at(stated.finished_ms));
        if from > until {
            self.problem(VerifyCheck::Times, "the run ended before it began");
        }
        if until > self.verifier.now + CLOCK_DIFFERENCE {
            self.problem(VerifyCheck::Times, "the run ended in the future by the clock of this machine");
        }
        let out = |transcript: &Transcript| transcript.begun < from || transcript.begun > until;
        for (id, _) in kept.cases.iter().filter(|(_, transcript)| !transcript.exchanges.is_empty() && out(transcript)) {
            self.problem(VerifyCheck::Times, format!("{id} did not start during the run"));
        }
        for (checked, _) in kept.presence_checks.iter().filter(|(_, transcript)| transcript.as_ref().is_some_and(out)) {
            self.problem(
                VerifyCheck::Times,
                format!("the presence check of {} was not during the run", checked.operation),
            );
        }
    }

    /// Checks that values of states are hidden only where an operation that makes them has sensitive values by the model.
    fn hidden(&mut self, kept: &KeptFiles, hidden: &BTreeSet<&str>) {
        let is_sensitive = |exchange: &Exchange| {
            let contract = self.scope.suite().service(&exchange.service).map(ServiceFixtures::contract);
            let operation = contract.and_then(|contract| Some((contract, contract.operation(&exchange.operation)?)));
            operation.is_some_and(|(contract, operation)| contract.is_sensitive(operation))
        };
        let is_unfounded = |operation: &&&str| {
            let of = kept.presence_checks.iter().filter(|(checked, _)| checked.operation == ***operation);
            let mut made = of.filter_map(|(_, transcript)| transcript.as_ref()).flat_map(|one| &one.exchanges);
            !made.any(is_sensitive)
        };
        let unfounded: Vec<&str> = hidden.iter().filter(is_unfounded).copied().collect();
        for operation in unfounded {
            self.problem(
                VerifyCheck::Requests,
                format!("{operation}: its states have hidden values, but no sensitive ones"),
            );
        }
    }

    /// Checks every request, except those of operations whose states have hidden values.
    fn requests(&mut self, kept: &KeptFiles, derived: &DerivedCases, hidden: &BTreeSet<&str>) {
        let claims = &self.statement.predicate.wireproof;
        let target = match target(&claims.stated.target) {
            Ok(target) => target,
            Err(error) => return self.problem(VerifyCheck::Statement, error.to_string()),
        };
        let again = Reenactment { suite: self.scope.suite(), target: &target, seed: claims.seed };
        let is_shown = |case: &&Case| !hidden.contains(case.scenario.operation.as_str());
        let cases: HashMap<&CaseId, &Case> =
            derived.cases.iter().filter(is_shown).map(|case| (&case.id, case)).collect();
        let recorded = kept.cases.iter().filter_map(|(id, transcript)| Some((*cases.get(id)?, transcript)));
        let opening = |checked: &PresenceChecked| {
            let is_it =
                |opening: &&Opening| opening.service == checked.service && opening.operation == checked.operation;
            derived.openings.iter().find(is_it)
        };
        let presence_checks = kept
            .presence_checks
            .iter()
            .filter_map(|(checked, transcript)| Some((opening(checked)?, checked, transcript.as_ref()?)));
        let different = again.differences(recorded).and_then(|mut cases| {
            cases.extend(again.presence_checks(presence_checks)?);
            Ok(cases)
        });
        match different {
            Ok(different) => {
                let problem = |(id, says)| VerifyProblem::new(VerifyCheck::Requests, format!("{id}: {says}"));
                self.problems.extend(different.into_iter().map(problem));
            }
            Err(error) => self.problem(VerifyCheck::Requests, format!("cannot derive the requests: {error}")),
        }
    }

    /// Compares the report with the one that the recording yields, and returns the latter.
    fn verdicts(&mut self, held: &[HeldStates]) -> Option<Vec<u8>> {
        let comes_to = match self.report(held) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.problem(VerifyCheck::Verdicts, format!("cannot judge the recording: {error}"));
                return None;
            }
        };
        match self.files.get(REPORT) {
            Some(says) => self.problems.extend(report_differences::differences(says, &comes_to)),
            None => self.problem(VerifyCheck::Files, format!("{REPORT} is missing")),
        }
        Some(comes_to)
    }

    /// The report that the recording yields.
    fn report(&mut self, held: &[HeldStates]) -> io::Result<Vec<u8>> {
        let nothing = Arc::default();
        let snapshots = match self.scope {
            CertificateScope::Profiles { .. } => self.verifier.snapshots,
            CertificateScope::Probes(_) => &nothing,
        };
        let CertifiedPlan { mut plan, coverage } = self.plan();
        let mut plan = HeldPlan::new(&mut *plan, held);
        let mut bytes = Vec::new();
        let mut json = Json::new(&mut bytes);
        let mut failed = Ok(());
        let mut sink = OnEvent(|event: &Event| {
            if failed.is_ok() {
                failed = json.event(event);
            }
        });
        let replayed = replay(self.scope.suite(), snapshots, self.recording, &mut plan, coverage, &mut sink)
            .map_err(|error| io::Error::other(error.to_string()))?;
        failed?;
        for id in replayed.changed {
            self.problem(VerifyCheck::Suite, format!("{id} was recorded with a different fixture"));
        }
        Ok(bytes)
    }

    /// Checks that the statement follows from the evidence.
    fn conclusions(&mut self, report: &[u8], proof: Option<JudgeProof<'_>>) {
        let claims = &self.statement.predicate.wireproof;
        let Ok(Conclusions { reported, decisions, probed }) = self.scope.conclude(&claims.stated, report) else {
            return self.problem(VerifyCheck::Verdicts, "the recording yields no report");
        };
        if let Some(JudgeProof::Matrix(matrix)) = proof
            && let Some(foreign) = foreign(matrix, &reported.suite.digest, TOOL)
        {
            self.problem(VerifyCheck::Mutants, foreign);
        }
        if decisions != claims.profiles || probed != claims.probed {
            self.problem(VerifyCheck::Profiles, "the decisions do not follow from the recording");
        }
        let files = digests(self.files);
        let evidence = EvidenceFiles {
            reported: &reported,
            decisions: &decisions,
            probed: probed.as_ref(),
            proof,
            chain: self.recording.chain(),
            files: &files,
        };
        let anew = Statement::of(&claims.stated, evidence);
        if anew.predicate.wireproof.ledger != claims.ledger {
            self.problem(VerifyCheck::Ledger, "the ledger of the statement does not match the recorded cases");
        }
        if anew.predicate.wireproof.mutants != claims.mutants {
            self.problem(VerifyCheck::Mutants, "the sums of the statement do not match the proof of the judge");
        }
        if Some(anew.text().as_bytes()) != self.files.get(STATEMENT).map(Vec::as_slice) {
            self.problem(VerifyCheck::Statement, format!("{STATEMENT} does not follow from the evidence"));
        }
    }
}

/// The accepted difference between the clocks of two machines.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(5 * 60);

/// Returns whether its times can be written as dates. A forger can put any number there.
fn has_a_date(transcript: &Transcript) -> bool {
    const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
    let begun = transcript.begun.duration_since(UNIX_EPOCH).unwrap_or_default();
    let spans = transcript.exchanges.iter().flat_map(|exchange| [exchange.started, exchange.elapsed]);
    begun < 1000 * LONGEST && spans.chain([transcript.elapsed]).all(|span| span < LONGEST)
}

fn at(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)).unwrap_or(UNIX_EPOCH)
}

/// The target as stated, with dummy credentials.
fn target(stated: &StatedTarget) -> Result<ResolvedTarget, EndpointError> {
    let nobody = || Credentials { access_key_id: "-".into(), secret_access_key: "-".into(), session_token: None };
    let change = stated.state_change.as_ref();
    let state_handler =
        change.map(|url| Ok(StateHandler::Url { endpoint: url.endpoint.parse()?, path: url.path.clone() }));
    Ok(ResolvedTarget {
        endpoint: stated.endpoint.parse()?,
        name: format!("{} {}", stated.name, stated.version),
        region: stated.region.clone(),
        other_region: stated.other_region.clone(),
        owner: nobody(),
        denied: stated.denied_identity.then(nobody),
        other_account: stated.other_account.then(nobody),
        state_handler: state_handler.transpose()?,
        states: stated.states.clone(),
        client: ClientStyle::default(),
    })
}
