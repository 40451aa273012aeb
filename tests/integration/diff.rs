//! Runs are compared: equal runs have no difference, one fault is one difference, and snapshots are recorded.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use serde_json::json;
use wireproof::internals::{
    judge::verdict::Verdict,
    model::Contract,
    proof::mutant::{self, Mutant, MutantEndpoint, Sample},
    report::diff::{ChangeGroup, ChangeKind, CompareOptions as DiffOptions, Comparison, DiffSide, PartyKind, compare},
    run::{event::Event, observer::Observer as _},
    suite::Case,
    wire::Request,
};

use crate::support::{
    self, OTHER_RUN, PACE, RUN, Run, SUITE, Virtual,
    program::{Fault, Proxy, program, report},
};

fn side(run: &Run) -> DiffSide {
    let mut side = DiffSide::new("run", PartyKind::Endpoint);
    run.cases.iter().for_each(|case| side.case(case));
    side.event(&Event::RunFinished(run.finished.clone()));
    side
}

fn told(groups: &[ChangeGroup]) -> String {
    let told = |group: &ChangeGroup| {
        let values = &group.values[0];
        format!(
            "{} {}: {} -> {} x{} {:?}\n",
            group.kind,
            group.location,
            values.before,
            values.after,
            group.cases.len(),
            group.representative
        )
    };
    groups.iter().map(told).collect()
}

#[test]
fn two_runs_of_the_reference_with_different_seeds_differ_in_nothing() {
    let compared: BTreeSet<String> = OTHER_RUN.cases.iter().map(|case| case.case.id.0.clone()).collect();
    let mut run = side(&RUN);
    run.retain(|id| compared.contains(&id.0));
    let comparison = compare(&run, &side(&OTHER_RUN), &DiffOptions::default());
    assert!(comparison.is_equal(), "{}", told(&comparison.groups));
    assert_eq!((comparison.compared, comparison.ignored), (support::some_rows().len(), 0));
}

/// Every mutant of the reference, with the cases that can show it.
fn mutants() -> Vec<(Mutant, BTreeSet<String>)> {
    let contracts: Vec<(String, Arc<Contract>)> =
        SUITE.services().map(|service| (service.name.clone(), Arc::clone(service.contract()))).collect();
    let mut sample = Sample::new(&contracts);
    for case in &RUN.cases {
        sample.take_in(&case.case, &case.transcript);
    }
    let mutants = mutant::enumerate(&contracts, &sample).into_iter();
    mutants.map(|mutant| (mutant.clone(), sample.occasions(&mutant))).collect()
}

/// The number of cases that suffices to show common causes.
const CASES: usize = 12;

/// A mutant against the reference, in some of the cases that can show it.
fn compared(time: &Virtual, mutant: &Mutant, occasions: &BTreeSet<String>) -> Comparison {
    let occasions: BTreeSet<&String> = occasions.iter().take(CASES).collect();
    let contracts = SUITE.services().map(|service| Arc::clone(service.contract())).collect();
    let endpoint = time.inside(|| MutantEndpoint::new(&time.endpoint(), contracts, Some(mutant)));
    let respond = move |request: &Request| endpoint.handle(request, support::real_now());
    let cases: Vec<Case> = SUITE.cases().into_iter().filter(|case| occasions.contains(&case.id.0)).collect();
    let run = time.run_against(respond, cases, PACE);
    let mut reference = side(&RUN);
    reference.retain(|id| occasions.contains(&id.0));
    compare(&reference, &side(&run), &DiffOptions::default())
}

#[test]
fn a_renamed_member_is_one_difference() {
    let time = Virtual::start();
    let renamed = [
        "codedeploy/StopDeployment/output/status/absent-renamed",
        "codedeploy/GetDeployment/output/deploymentInfo.creator/absent-renamed",
        "proton/CancelServicePipelineDeployment/output/pipeline.deploymentStatus/absent-renamed",
    ];
    let mutants = mutants();
    for id in renamed {
        let (mutant, occasions) =
            mutants.iter().find(|(mutant, _)| mutant.id == id).unwrap_or_else(|| panic!("no {id}"));
        let comparison = compared(&time, mutant, occasions);
        // A recorded scenario that cannot go on shows nothing but its verdict.
        let (open, renamed): (Vec<_>, Vec<_>) = comparison.groups.iter().partition(|group| {
            let verdicts = &group.verdicts;
            group.kind == ChangeKind::Verdict && verdicts.iter().all(|change| change.after == Verdict::Inconclusive)
        });
        let [group] = renamed.as_slice() else { panic!("{id}:\n{}", told(&comparison.groups)) };
        assert_eq!(group.kind, ChangeKind::Renamed, "{id}");
        let of_verdicts: usize = open.iter().map(|group| group.cases.len()).sum();
        assert_eq!(group.cases.len() + of_verdicts, comparison.different, "{id}");
        assert!(of_verdicts < 2, "{id}:\n{}", told(&comparison.groups));
        // No document says that the members of CodeDeploy are always present, so only recorded cases are open.
        let deviates = group.verdicts.iter().any(|transition| transition.after == Verdict::Deviates);
        assert_eq!(deviates, !id.starts_with("codedeploy/"), "{id}");
    }
}

/// A served reference, and what the program says of it.
fn wireproof(arguments: &[&str]) -> (i32, String, String) {
    let output = program(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const UNKNOWN: &str = "codedeploy/stop-deployment/unknown-id";

#[test]
fn endpoints_recordings_and_reports_are_compared_by_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let proxy = Proxy::start();
    let endpoint = proxy.endpoint.as_str();
    let (recording, reported) = (at("recording"), at("report.json"));
    let json = format!("json={reported}");
    let recorded = ["run", UNKNOWN, "--endpoint", endpoint, "--recording", &recording, "--report", &json];
    assert_eq!(wireproof(&recorded).0, 0);
    for (a, b) in [(&recording, &reported), (&recording, &recording), (&reported, &reported)] {
        let (status, told, _) = wireproof(&["diff", a, b]);
        assert_eq!(status, 0, "{a} {b}: {told}");
        assert!(told.contains("no difference  1 case compared"), "{told}");
    }
    assert_eq!(wireproof(&["diff", endpoint, endpoint, UNKNOWN]).0, 0);
    assert_eq!(wireproof(&["diff", &recording, endpoint]).0, 0, "the recorded requests are sent to the endpoint");

    proxy.set(Fault::Name("NoSuchThingException"));
    let (status, told, _) = wireproof(&["diff", &recording, endpoint]);
    assert_eq!(status, 1, "{told}");
    for line in
        ["1 difference", "  error differs  1 case", "      B  NoSuchThingException", "  conforms -> deviates  1 case"]
    {
        assert!(told.lines().any(|told| told == line), "{line:?} in {told}");
    }
    let differences = at("differences.json");
    let json = format!("json={differences}");
    assert_eq!(wireproof(&["diff", &reported, endpoint, "--report", &json]).0, 1);
    let document = report(Path::new(&differences));
    assert_eq!((&document["depth"], &document["groups"][0]["kind"]), (&json!("findings"), &json!("finding")));
    let ignored = ["diff", &recording, endpoint, "--ignore", "error,verdict,requirement"];
    assert_eq!(wireproof(&ignored).0, 0);
    assert_eq!(wireproof(&["diff", &recording, endpoint, "--only", "header"]).0, 0);
}

#[test]
fn the_probes_of_a_model_are_compared_at_two_endpoints() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/codedeploy/model.json");
    let (proxy, other) = (Proxy::start(), Proxy::start());
    let diff = |more: &[&str]| {
        let arguments = ["diff", &proxy.endpoint, &other.endpoint, "--model", model, "--seed", "7"];
        wireproof(&[&arguments, more].concat())
    };
    let (status, told, _) = diff(&["--operation", "StopDeployment"]);
    assert_eq!(status, 0, "{told}");
    assert!(told.contains("no difference") && !told.contains(" 0 cases compared"), "{told}");

    other.set(Fault::Name("NoSuchThingException"));
    let (status, told, _) = diff(&["--operation", "StopDeployment"]);
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("error differs") && told.contains("B  NoSuchThingException"), "{told}");

    let (status, _, error) = diff(&["--tag", "auth"]);
    assert_eq!(status, 2);
    assert!(error.contains("do not select probes"), "{error}");
    let (status, _, error) = wireproof(&["diff", &proxy.endpoint, &other.endpoint, "--probes", "wire"]);
    assert_eq!(status, 2);
    assert!(error.contains("--model"), "{error}");
}

#[test]
fn incomparable_sides_are_reported() {
    let (status, _, error) = wireproof(&["diff", "nowhere", "reference"]);
    assert_eq!(status, 2);
    assert!(error.contains("nowhere: no such file or folder"), "{error}");
    assert_eq!(wireproof(&["diff", "reference", "reference", "--ignore", "colour"]).0, 2);
    let (status, _, error) = wireproof(&["diff", "http://127.0.0.1:1", "reference", "--report", "json=/"]);
    assert_eq!(status, 4, "a report is opened before anything runs: {error}");
    assert!(error.contains("cannot write /: "), "{error}");
    // No server listens there.
    let (status, _, error) = wireproof(&["diff", "http://127.0.0.1:1", "reference", UNKNOWN]);
    assert_eq!(status, 2, "{error}");
    assert!(error.contains("cannot reach http://127.0.0.1:1: the connection was refused"), "{error}");
}

#[test]
fn snapshots_record_the_responses_of_an_endpoint() {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = folder.path().join("snapshots");
    let named = snapshots.display().to_string();
    let proxy = Proxy::start();
    let record = |more: &[&str]| {
        let arguments = ["record", UNKNOWN, "--endpoint", &proxy.endpoint, "--snapshots", &named];
        wireproof(&[&arguments, more].concat())
    };
    let (status, told, _) = record(&["--dry-run"]);
    assert_eq!((status, snapshots.exists()), (3, false), "{told}");
    let (status, told, _) = record(&[]);
    assert!(told.ends_with("1 snapshot = 1 new + 0 changed + 0 unchanged\n"), "{told}");
    assert_eq!(status, 0);
    let snapshot = snapshots.join(format!("{UNKNOWN}.snap"));
    let first = std::fs::read_to_string(&snapshot).unwrap();
    let bundled = support::package().join("snapshots").join(format!("{UNKNOWN}.snap"));
    assert_eq!(first, std::fs::read_to_string(bundled).unwrap(), "the reference is what was recorded");
    assert!(record(&[]).1.ends_with("0 new + 0 changed + 1 unchanged\n"));

    proxy.set(Fault::Name("NoSuchThingException"));
    let (status, told, _) = record(&[]);
    assert_eq!(status, 0, "{told}");
    assert!(told.contains("error differs") && told.contains("recorded although it deviates: 1 case"), "{told}");
    assert!(std::fs::read_to_string(&snapshot).unwrap().contains("NoSuchThingException"));

    proxy.set(Fault::Silence);
    let (status, told, _) = record(&[]);
    assert_eq!(status, 3, "{told}");
    assert!(told.contains("not recorded, inconclusive: 1 case") && told.contains(UNKNOWN), "{told}");
    assert!(std::fs::read_to_string(&snapshot).unwrap().contains("NoSuchThingException"), "the old snapshot stays");
}

#[test]
fn snapshots_never_overwrite_the_bundled_ones() {
    let (status, _, error) = wireproof(&["record", UNKNOWN]);
    assert_eq!(status, 2);
    assert!(error.contains("pass --snapshots DIR"), "{error}");
}
