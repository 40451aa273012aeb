//! The bundled fixtures are whole: everything that is promised about them is looked for here.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command, sync::Arc, thread};

use serde_json::{Value, json};
use wireproof::internals::{
    judge::verdict::Verdict,
    model::{self, PayloadSide, Schemas},
    run::transport::{InProcess, Reply},
    suite::{Alternative, Expectation, FixtureFiles, Scenario, Step, requirement::Evidence, source::Source},
    wire::{AwsJson, Protocol as _, Request, Response},
};

use crate::support::{self, SUITE};

#[test]
fn the_bundled_suite_loads_with_both_services() {
    let services: Vec<&str> = SUITE.services().map(|service| service.name.as_str()).collect();
    assert_eq!(services, ["codedeploy", "proton"]);
    assert!(SUITE.cases().len() >= SUITE.scenarios().count());
}

#[test]
fn every_requirement_is_cited_or_judged_or_says_why_not() {
    let cited: BTreeSet<&String> = SUITE.scenarios().flat_map(|scenario| &scenario.cites).collect();
    let requirements = SUITE.services().flat_map(|service| service.requirements.iter());
    let open: Vec<&str> = requirements
        .filter(|requirement| !cited.contains(&requirement.id) && requirement.checks.is_empty())
        .filter(|requirement| requirement.untestable.as_deref().unwrap_or_default().trim().is_empty())
        .map(|requirement| requirement.id.as_str())
        .collect();
    assert!(open.is_empty(), "nothing exercises {open:?}");
}

#[test]
fn no_requirement_is_both_cited_and_said_to_be_untestable() {
    let cited: BTreeSet<&String> = SUITE.scenarios().flat_map(|scenario| &scenario.cites).collect();
    let requirements = SUITE.services().flat_map(|service| service.requirements.iter());
    let both: Vec<&str> = requirements
        .filter(|requirement| requirement.untestable.is_some() && cited.contains(&requirement.id))
        .map(|requirement| requirement.id.as_str())
        .collect();
    assert!(both.is_empty(), "{both:?}");
}

#[test]
fn ids_are_unique() {
    let repeated = |ids: Vec<String>| {
        let mut seen = BTreeSet::new();
        ids.into_iter().filter(|id| !seen.insert(id.clone())).collect::<Vec<_>>()
    };
    assert_eq!(repeated(SUITE.cases().into_iter().map(|case| case.id.0).collect()), Vec::<String>::new());
    let requirements = SUITE.services().flat_map(|service| service.requirements.iter());
    assert_eq!(repeated(requirements.map(|requirement| requirement.id.clone()).collect()), Vec::<String>::new());
    // Snapshots of cases whose ids differ in letter case alone would be one file on some systems.
    let lower = SUITE.cases().into_iter().map(|case| case.id.0.to_lowercase()).collect();
    assert_eq!(repeated(lower), Vec::<String>::new());
}

#[test]
fn an_input_that_is_invalid_on_purpose_has_its_reason() {
    let files = FixtureFiles::bundled_fixtures();
    let mut found = 0;
    for (path, text) in files.iter().filter(|(path, _)| path.split('/').count() == 3) {
        let source = Source::read(path, text).unwrap_or_else(|error| panic!("{error}"));
        let steps = source.value()["steps"].as_array().unwrap();
        if steps.iter().any(|step| step["invalid"] == true) {
            found += 1;
            assert!(source.value()["why"].as_str().is_some_and(|why| why.len() > 20), "{path} does not say why");
        }
    }
    assert!(found > 0, "no fixture sends an invalid input on purpose");
}

#[test]
fn no_constant_response_conforms_to_a_documented_scenario() {
    let provable = SUITE.scenarios().filter(|scenario| scenario.evidence != Evidence::Recorded);
    let weak: Vec<&str> =
        provable.filter(|scenario| !detects_a_constant(scenario)).map(|scenario| scenario.id.as_str()).collect();
    assert!(weak.is_empty(), "a constant endpoint may conform to {weak:#?}");
}

/// The reason why some rejections have no guard: an endpoint that has only this operation must be judged, too.
const STOPS_NOTHING: &str = "needs no state; names-nothing-stops-nothing watches a request of each class";
const CANCELS_NOTHING: &str = "needs no state; names-nothing-cancels-nothing watches one request of each class";

/// Rejections without a guard, each with the reason.
const UNWATCHED: [(&str, &str); 7] = [
    ("codedeploy/stop-deployment/missing-id", STOPS_NOTHING),
    ("codedeploy/stop-deployment/malformed-id", STOPS_NOTHING),
    ("proton/cancel-service-pipeline-deployment/missing-name", CANCELS_NOTHING),
    ("proton/cancel-service-pipeline-deployment/first-character", CANCELS_NOTHING),
    ("proton/cancel-service-pipeline-deployment/forbidden-characters", CANCELS_NOTHING),
    ("proton/cancel-service-pipeline-deployment/unicode", CANCELS_NOTHING),
    ("proton/cancel-service-pipeline-deployment/whole-match", CANCELS_NOTHING),
];

#[test]
fn every_rejection_has_a_control() {
    let lacking = rejecting_with(|step| step.control.is_none());
    assert!(lacking.is_empty(), "a rejection without a control in {lacking:#?}");
}

#[test]
fn every_rejection_has_a_guard_or_a_reason() {
    let lacking = rejecting_with(|step| step.unchanged.is_empty());
    let excused: BTreeSet<&str> = UNWATCHED.iter().map(|(id, _)| *id).collect();
    let unwatched: Vec<&&str> = lacking.difference(&excused).collect();
    assert!(unwatched.is_empty(), "a rejection without a guard in {unwatched:#?}");
    let dead: Vec<&&str> = excused.difference(&lacking).collect();
    assert!(dead.is_empty(), "the rejections of these have guards, or there is no such scenario: {dead:#?}");
}

/// The scenarios with such a rejection of a call that could change something. A read changes nothing.
fn rejecting_with(lacks: impl Fn(&Step) -> bool) -> BTreeSet<&'static str> {
    let rejected = |step: &&Step| step.expect.is_rejection() && !is_read(&step.call.operation);
    SUITE
        .scenarios()
        .filter(|scenario| scenario.steps.iter().filter(rejected).any(&lacks))
        .map(|scenario| scenario.id.as_str())
        .collect()
}

fn is_read(operation: &str) -> bool {
    ["Get", "BatchGet", "List"].iter().any(|prefix| operation.starts_with(prefix))
}

#[test]
fn every_scenario_cites_a_requirement_of_its_own_service() {
    let stray: Vec<&str> = SUITE
        .scenarios()
        .filter(|scenario| {
            let requirements = SUITE.service(&scenario.service).map(|service| &service.requirements);
            !scenario.cites.iter().any(|id| requirements.is_some_and(|requirements| requirements.get(id).is_some()))
        })
        .map(|scenario| scenario.id.as_str())
        .collect();
    assert!(stray.is_empty(), "{stray:?}");
}

/// Returns whether no constant response can conform to a scenario: it has a state that calls or a state-change URL must
/// establish, a control beside a rejection, or two steps that no single response satisfies.
fn detects_a_constant(scenario: &Scenario) -> bool {
    let controlled = scenario.steps.iter().any(|step| step.expect.is_rejection() && step.control.is_some());
    let steps = || scenario.steps.iter().map(|step| kinds(&step.expect));
    let disjoint =
        steps().any(|one| steps().any(|other| !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)));
    !scenario.given.is_empty() || controlled || disjoint
}

/// The kinds of response that a step allows; empty if it allows any.
fn kinds(expect: &Expectation) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for alternative in &expect.alternatives {
        match alternative {
            Alternative::Success { .. } => drop(kinds.insert("a success".to_owned())),
            Alternative::Rejection { errors, classes, .. } => {
                kinds.extend(errors.iter().cloned());
                kinds.extend(classes.iter().map(|class| class.name().to_owned()));
            }
            Alternative::Closed => drop(kinds.insert("no response".to_owned())),
            Alternative::Responded | Alternative::Accepted { .. } => return BTreeSet::new(),
        }
    }
    kinds
}

/// The files of a page, in a folder.
fn files_of(page: &str) -> tempfile::TempDir {
    let text = fs::read_to_string(support::package().join(page)).unwrap();
    let fence = regex::Regex::new(r"(?ms)^```\w+ file=(\S+)\n(.*?)^```$").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (_, [path, text]) in fence.captures_iter(&text).map(|found| found.extract()) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The service of `docs/scenarios.md`, which has no stations, and knows how long a name may be.
fn weather(longest: usize) -> wireproof::Target {
    wireproof::Target::in_process(InProcess::new(move |request: &Request| {
        let input: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let error = match (request.headers.get("x-amz-target"), input["name"].as_str()) {
            (Some("Weather.GetStation"), Some(name)) if (1..=longest).contains(&name.len()) => {
                "StationNotFoundException"
            }
            (Some("Weather.GetStation"), _) => "ValidationException",
            _ => "UnknownOperationException",
        };
        let body = json!({ "__type": error, "message": "no" }).to_string();
        let length = body.len().to_string();
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("content-length", length.as_str()),
            ("x-amzn-requestid", "a-request"),
        ];
        Reply::Answer(Response {
            status: 400,
            headers: headers.into_iter().collect(),
            body: body.into(),
            ..Response::default()
        })
    }))
}

#[tokio::test]
async fn the_scenarios_of_the_book_hold_a_right_endpoint_for_right_and_tell_a_wrong_one() {
    let folder = files_of("docs/scenarios.md");
    let suite = || wireproof::Suite::load(folder.path().join("my/fixtures"));
    let right = suite().against(weather(20)).run().await;
    right.assert_conforms();
    assert_eq!(right.ledger().conforms, 3, "{}", right.report());
    let wrong = suite().against(weather(21)).run().await;
    let deviating: Vec<_> = wrong.cases().iter().filter(|case| case.verdict == Verdict::Deviates).collect();
    assert_eq!(deviating.len(), 1, "{}", wrong.report());
    assert_eq!(deviating[0].id.0, "weather/get-station/long-name#one-over");
}

/// The archive of published models, in the folder of the variable `WIREPROOF_CORPUS`.
const MODELS: &str = "smithy-models.tar.xz";

#[test]
#[ignore = "it reads every published model: minutes"]
fn every_published_model_loads_and_its_outputs_compile() {
    let Some(archive) = env::var_os("WIREPROOF_CORPUS").map(|folder| Path::new(&folder).join(MODELS)) else {
        println!("skipped: WIREPROOF_CORPUS names no folder with {MODELS}");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let unpacked = Command::new("tar").arg("xf").arg(&archive).arg("-C").arg(folder.path()).status();
    if !unpacked.as_ref().is_ok_and(std::process::ExitStatus::success) {
        println!("skipped: {} cannot be unpacked: {unpacked:?}", archive.display());
        return;
    }
    let models = support::files_below(folder.path(), ".json");
    assert!(models.len() >= 400, "only {} models", models.len());
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let root = folder.path();
    let shares = thread::scope(|scope| {
        let work = |share: usize| {
            let models = models.iter().skip(share).step_by(workers);
            scope.spawn(move || models.map(|path| problems(root, path)).collect::<Vec<_>>())
        };
        let shares: Vec<_> = (0..workers).map(work).collect();
        shares.into_iter().flat_map(|share| share.join().unwrap()).collect::<Vec<_>>()
    });
    let outputs: usize = shares.iter().map(|(_, outputs)| outputs).sum();
    let broken: Vec<String> = shares.into_iter().flat_map(|(problems, _)| problems).collect();
    assert!(broken.is_empty(), "{} problems:\n{}", broken.len(), broken.join("\n"));
    assert!(outputs > 10_000, "only {outputs} outputs");
}

/// The problems of a model, and the number of its outputs.
fn problems(root: &Path, path: &Path) -> (Vec<String>, usize) {
    let text = fs::read_to_string(root.join(path)).unwrap();
    let contract = match model::read(&path.display().to_string(), &text) {
        Ok(contract) => Arc::new(contract),
        Err(error) => return (vec![error.to_string()], 0),
    };
    let schemas = Schemas::new(Arc::clone(&contract), AwsJson::V1_1.body_rules());
    let nothing: Value = json!({});
    let failures = contract.operations().filter_map(|operation| {
        let error = schemas.violations(&operation.output, PayloadSide::Output, &nothing).err()?;
        Some(format!("{}: {}: {error}", path.display(), operation.name))
    });
    (failures.collect(), contract.operations().count())
}
