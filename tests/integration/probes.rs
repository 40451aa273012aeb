//! Derived probes are proven on endpoints made from the models themselves. An endpoint that keeps its model conforms to
//! all probes. An endpoint with a fault deviates only in the family of the fault. A constant endpoint conforms to none.

#![allow(clippy::cast_possible_truncation, reason = "seconds and lengths of tests are small")]

use std::{
    collections::BTreeSet,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use crate::model_server::everything;
use crate::support::{
    self,
    corpus::say,
    modelled::{Fault, Modelled, one_too_early},
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rstest::rstest;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify, task::JoinSet};
use wireproof::internals::{
    harness::Runner,
    judge::verdict::{Severity, Verdict},
    model::Companion,
    probe::{self, Coverage, Probes},
    run::{
        event::{Event, RunFinished, TargetDied},
        judged_case::JudgedCase,
        observer::{OnCase, OnEvent},
        session::{Restart, RunOptions},
        transport::{InProcess, Reply, Settings, Transport, Wire},
    },
    suite::{
        Case, FixtureFiles, Fixtures, Plan as _, RequestGroup, ServiceFixtures, requirement::Evidence, source::Source,
    },
    wire::{Request, Response},
};

/// Every constraint that there is, twice over at most.
const TINY: &str = include_str!("support/tiny.json");

static TINY_SUITE: LazyLock<Arc<Fixtures>> = LazyLock::new(|| suite_of("tiny", TINY, None));

fn suite_of(name: &str, model: &str, examples: Option<&str>) -> Arc<Fixtures> {
    let examples = examples.map(|text| (format!("{name}/examples-1.json"), text.to_owned()));
    let files =
        FixtureFiles::from_texts([(format!("{name}/model.json"), model.to_owned())].into_iter().chain(examples));
    Arc::new(Fixtures::read(&files).unwrap())
}

fn service(suite: &Fixtures) -> &ServiceFixtures {
    suite.services().next().unwrap()
}

fn probes(suite: &Fixtures, options: probe::ProbeOptions) -> Probes {
    Probes::new(service(suite), &Arc::new(Source::read("model.json", "{}").unwrap()), options)
}

/// The result of a run of probes.
struct Run {
    cases: Vec<JudgedCase>,
    died: Vec<TargetDied>,
    coverage: Coverage,
    finished: RunFinished,
}

impl Run {
    /// Runs all probes of a suite against an endpoint.
    fn against(
        suite: &Arc<Fixtures>,
        options: probe::ProbeOptions,
        respond: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        let transport = InProcess::new(move |request: &Request| Reply::Answer(respond(request)));
        Self::over(suite, options, transport, "http://127.0.0.1:1", None)
    }

    fn over(
        suite: &Arc<Fixtures>,
        options: probe::ProbeOptions,
        transport: impl Transport + 'static,
        endpoint: &str,
        restart: Option<Restart>,
    ) -> Self {
        let pace = RunOptions { jobs: 8, ..support::PACE };
        let runner = Runner::new(Arc::clone(suite), support::target(endpoint), Arc::new(transport), pace);
        let mut plan = probes(suite, options);
        let mut coverage = plan.coverage();
        let (mut cases, mut died) = (Vec::new(), Vec::new());
        let of_cases = OnCase(|case: &JudgedCase| {
            coverage.finished(&case.case, case.report.verdict);
            cases.push(case.clone());
        });
        let of_deaths = OnEvent(|event: &Event| {
            if let Event::TargetDied(death) = event {
                died.push(death.clone());
            }
        });
        let runner = runner.restart(restart);
        let finished = support::within(Duration::from_secs(300), runner.run(&mut plan, &mut (of_cases, of_deaths)));
        assert!(finished.ledger.balances() && finished.ledger.selected == cases.len(), "{:?}", finished.ledger);
        Self { cases, died, coverage, finished }
    }

    fn of(&self, verdict: Verdict) -> Vec<&JudgedCase> {
        self.cases.iter().filter(|case| case.report.verdict == verdict).collect()
    }

    fn ids(&self, verdict: Verdict) -> Vec<&str> {
        self.of(verdict).iter().map(|case| case.report.id.0.as_str()).collect()
    }

    /// The families of the cases that deviate.
    fn deviating(&self) -> BTreeSet<&str> {
        self.of(Verdict::Deviates).iter().map(|case| family(case)).collect()
    }

    fn assert_all_conform(&self) {
        let ledger = self.finished.ledger;
        let others = self.cases.iter().filter(|case| case.report.verdict != Verdict::Conforms).take(5);
        let others: Vec<String> = others.map(support::describe).collect();
        assert!(ledger.conforms == ledger.selected && ledger.selected > 0, "{ledger:?}\n{}", others.join("\n"));
    }
}

fn family(case: &JudgedCase) -> &str {
    &case.case.scenario.tags[0]
}

/// Runs the probes of the tiny model against its endpoint with a fault.
fn tiny(fault: Fault) -> Run {
    let endpoint = Modelled::new(service(&TINY_SUITE), fault);
    Run::against(&TINY_SUITE, everything(), move |request| endpoint.handle(request))
}

fn conforms(suite: &Arc<Fixtures>, options: probe::ProbeOptions) -> Run {
    let endpoint = Modelled::new(service(suite), Fault::None);
    let run = Run::against(suite, options, move |request| endpoint.handle(request));
    run.assert_all_conform();
    for (family, sites) in run.coverage.families() {
        assert_eq!(sites.judged, sites.probed, "{family}: a site that is probed is not judged");
    }
    run
}

#[test]
fn an_endpoint_that_keeps_the_tiny_model_conforms_to_every_probe_of_every_family() {
    let run = conforms(&TINY_SUITE, everything());
    let probed: BTreeSet<_> = run.coverage.families().filter(|(_, sites)| sites.judged > 0).map(|(f, _)| f).collect();
    let of_one_call = probe::ProbeFamily::ALL.into_iter().filter(|family| family.group() != RequestGroup::Behavior);
    assert_eq!(probed, of_one_call.collect(), "each family of one call has a probe here");
    let noted: Vec<String> =
        run.cases.iter().filter(|case| !case.report.findings.is_empty()).map(support::describe).collect();
    assert!(noted.is_empty(), "{}", noted.join("\n"));
}

#[test]
fn an_endpoint_that_keeps_the_bundled_model_conforms_to_every_probe() {
    let model = std::fs::read_to_string(support::package().join("fixtures/codedeploy/model.json")).unwrap();
    // Leaves out the ids of requirements, which are in a file of their own.
    let mut model: Value = serde_json::from_str(&model).unwrap();
    forget(&mut model, "wireproof#requirements");
    conforms(&suite_of("codedeploy", &model.to_string(), None), everything());
}

fn forget(value: &mut Value, name: &str) {
    if let Value::Object(members) = value {
        members.shift_remove(name);
    }
    let inner: Vec<&mut Value> = match value {
        Value::Object(members) => members.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => Vec::new(),
    };
    for value in inner {
        forget(value, name);
    }
}

/// A model of the installed botocore; `None`, and said so, where there is none.
fn botocore(name: &str) -> Option<Arc<Fixtures>> {
    let files = support::botocore::model_files(name).unwrap()?;
    let examples = files.companions.iter().find(|found| found.companion == Companion::Examples);
    Some(suite_of(name, &files.text, examples.map(|found| found.text.as_str())))
}

#[rstest]
#[case("kinesis")]
#[case("kms")]
#[case("ssm")]
fn an_endpoint_that_keeps_a_published_model_conforms_to_every_probe(#[case] name: &str) {
    let Some(suite) = botocore(name) else { return };
    // Without optimisation a few of each operation have to do.
    let max_per_operation = cfg!(debug_assertions).then_some(6);
    let run = conforms(&suite, probe::ProbeOptions { max_per_operation, ..everything() });
    say(&format!("{name}: {} cases conform in {} ms", run.finished.ledger.conforms, run.finished.duration_ms)).unwrap();
}

#[rstest]
#[case::required("required")]
#[case::length("length")]
#[case::range("range")]
#[case::pattern("pattern")]
#[case::an_enum("enum")]
#[case::items("items")]
#[case::entries("entries")]
#[case::unique("unique")]
#[case::union("union")]
#[case::json_type("type")]
#[case::timestamp("timestamp")]
#[case::blob("blob")]
fn an_endpoint_that_lacks_one_rule_deviates_in_that_family_alone(#[case] family: &'static str) {
    let run = tiny(Fault::Lacks(family));
    assert_eq!(run.deviating(), [family].into(), "{:#?}", run.ids(Verdict::Deviates));
    let ledger = run.finished.ledger;
    assert_eq!(ledger.conforms + ledger.deviates, ledger.selected, "{ledger:?}");
}

/// The ends of the ids of deviating cases: `family/variant`.
fn variants(run: &Run) -> BTreeSet<String> {
    let endings = run.ids(Verdict::Deviates).into_iter().map(|id| {
        let mut parts = id.rsplit('/');
        let variant = parts.next().unwrap();
        format!("{}/{variant}", parts.next().unwrap())
    });
    endings.collect()
}

#[rstest]
#[case::python_dollar(Fault::DollarNewline, "pattern/newline")]
#[case::digits_of_every_script(Fault::ForeignDigits, "pattern/non-ascii-digit")]
fn a_loosely_enforced_pattern_is_detected_by_its_own_probe(#[case] fault: Fault, #[case] meant: &str) {
    assert_eq!(variants(&tiny(fault)), [meant.to_owned()].into());
}

#[test]
fn an_endpoint_that_ignores_signatures_deviates_only_in_signing() {
    let run = tiny(Fault::Unsigned);
    assert_eq!(run.deviating(), ["signing"].into());
    let of_signing = run.cases.iter().filter(|case| family(case) == "signing");
    assert_eq!(of_signing.count(), run.finished.ledger.deviates, "every fault of a signature is noticed");
}

#[test]
fn an_output_that_violates_its_shape_is_reported() {
    let run = tiny(Fault::BrokenOutput);
    let deviating = run.of(Verdict::Deviates);
    let errors =
        deviating.iter().flat_map(|case| &case.report.findings).filter(|found| found.severity == Severity::Error);
    let codes: BTreeSet<&str> = errors.map(|finding| finding.code.name()).collect();
    assert_eq!(codes, ["response-shape"].into());
    assert!(!deviating.is_empty());
}

#[test]
fn an_endpoint_that_fails_instead_of_rejecting_deviates_in_every_rejection() {
    let run = tiny(Fault::Fails);
    let lenient: Vec<&str> = run
        .of(Verdict::Conforms)
        .into_iter()
        .filter(|case| case.case.scenario.steps[0].expect.is_rejection())
        .map(|case| case.report.id.0.as_str())
        .collect();
    assert!(lenient.is_empty() && run.finished.ledger.deviates > 0, "{lenient:#?}");
}

#[test]
fn a_bound_that_rejects_one_too_early_is_a_note_and_not_an_error() {
    let endpoint = Modelled::validating(service(&TINY_SUITE), &one_too_early(TINY), Fault::None);
    let run = Run::against(&TINY_SUITE, everything(), move |request| endpoint.handle(request));
    run.assert_all_conform();
    let noted = run.cases.iter().filter(|case| !case.report.findings.is_empty());
    let noted: Vec<&JudgedCase> = noted.collect();
    for family_name in ["length", "range", "items", "entries"] {
        let of_family = noted.iter().filter(|case| family(case) == family_name);
        let ids: Vec<&str> = of_family.map(|case| case.report.id.0.as_str()).collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| id.ends_with("/max")), "{family_name}: {ids:?}");
    }
    let findings = noted.iter().flat_map(|case| &case.report.findings);
    assert!(
        findings.clone().all(|finding| finding.severity == Severity::Note && finding.evidence == Evidence::Recorded)
    );
}

fn constant(status: u16, body: &str) -> Response {
    static RESPONSES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let id = format!("id-{}", RESPONSES.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amzn-requestid", &*id)];
    let body = Bytes::copy_from_slice(body.as_bytes());
    Response { status, headers: headers.into_iter().collect(), body, ..Response::default() }
}

#[rstest]
#[case::empty_success(200, "{}")]
#[case::validation(400, r#"{"__type":"ValidationException","message":"m"}"#)]
#[case::nothing(404, "")]
#[case::first_declared_error(400, r#"{"__type":"ThingNotFoundException","message":"m"}"#)]
fn no_probe_conforms_on_a_constant_endpoint(#[case] status: u16, #[case] body: &'static str) {
    let run = Run::against(&TINY_SUITE, everything(), move |_| constant(status, body));
    assert_eq!(run.ids(Verdict::Conforms), [""; 0], "{:?}", run.finished.ledger);
    assert_eq!(run.coverage.constraints().judged, 0);
}

#[test]
fn a_rejected_control_blocks_only_its_own_probes() {
    let run = tiny(Fault::Rejects("Labels"));
    let blocked = run.of(Verdict::Blocked);
    for case in &blocked {
        let report = &case.report;
        assert!(report.id.0.starts_with("tiny.PutThing/Labels"), "{} {}", report.id, report.reason);
        assert!(report.reason.contains("ValidationException") && report.reason.contains("nobody may say Labels"));
    }
    let of_labels = run.cases.iter().filter(|case| case.report.id.0.starts_with("tiny.PutThing/Labels"));
    assert_eq!(blocked.len(), of_labels.count(), "no more, no less");
    assert_eq!(run.finished.ledger.conforms + blocked.len(), run.finished.ledger.selected);
}

/// An endpoint on a socket that goes away, with all its connections, when the body is `null`.
struct Mortal {
    address: SocketAddr,
}

impl Mortal {
    fn start() -> Self {
        let address = support::within(Duration::from_secs(5), Self::listen(SocketAddr::from(([127, 0, 0, 1], 0))));
        Self { address }
    }

    async fn listen(address: SocketAddr) -> SocketAddr {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let endpoint = Arc::new(Modelled::new(service(&TINY_SUITE), Fault::None));
        let dying = Arc::new(Notify::new());
        tokio::spawn(async move {
            // Dropping it drops the listener and the connections.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    () = dying.notified() => break,
                    accepted = listener.accept() => {
                        let (endpoint, dying) = (Arc::clone(&endpoint), Arc::clone(&dying));
                        let stream = TokioIo::new(accepted.unwrap().0);
                        let serve = service_fn(move |request| live(Arc::clone(&endpoint), Arc::clone(&dying), request));
                        connections.spawn(http1::Builder::new().serve_connection(stream, serve));
                    }
                }
            }
        });
        address
    }
}

async fn live(
    endpoint: Arc<Modelled>,
    dying: Arc<Notify>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if body == "null" {
        dying.notify_one();
        std::future::pending::<()>().await;
    }
    let headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let request = Request {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: headers.collect(),
        body,
        ..Request::default()
    };
    let Response { status, headers, body, .. } = endpoint.handle(&request);
    let fields =
        headers.iter().fold(hyper::Response::builder().status(status), |all, (name, value)| all.header(name, value));
    Ok(fields.body(Full::new(body)).unwrap())
}

#[test]
fn a_crash_on_null_is_reported_with_its_request_and_the_rest_is_inconclusive() {
    let mortal = Mortal::start();
    let begun = Instant::now();
    let wire = Wire::new(&Settings::default()).unwrap();
    let run = Run::over(&TINY_SUITE, everything(), wire, &format!("http://{}", mortal.address), None);
    let [death] = &run.died[..] else { panic!("{:?}", run.died) };
    let suspects: Vec<&str> = death.suspects.iter().map(|id| id.0.as_str()).collect();
    assert_eq!((suspects, death.restarted), (vec!["tiny.GetThing/request/null"], false));
    let last = run.cases.iter().position(|case| case.report.id.0 == "tiny.GetThing/request/null").unwrap();
    let (before, after) = run.cases.split_at(last);
    assert!(before.iter().all(|case| case.report.verdict == Verdict::Conforms), "{:?}", run.finished.ledger);
    let verdicts: Vec<_> = after.iter().map(|case| (&case.report.id.0, case.report.verdict)).collect();
    // Earlier cases may be reported later: they wait until their connections are known to be quiet.
    let (open, late): (Vec<_>, Vec<_>) = verdicts.iter().partition(|(_, verdict)| *verdict == Verdict::Inconclusive);
    assert!(open.len() > 4 && late.iter().all(|(_, verdict)| *verdict == Verdict::Conforms), "{verdicts:?}");
    assert!(late.iter().all(|(id, _)| !id.contains("/request/")), "{late:?}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn a_restarted_endpoint_loses_only_the_cases_that_crashed_it() {
    let mortal = Mortal::start();
    let address = mortal.address;
    let restart: Restart = Arc::new(move || {
        Box::pin(async move {
            Mortal::listen(address).await;
        })
    });
    let wire = Wire::new(&Settings::default()).unwrap();
    let run = Run::over(&TINY_SUITE, everything(), wire, &format!("http://{address}"), Some(restart));
    let suspects: Vec<Vec<&str>> =
        run.died.iter().map(|death| death.suspects.iter().map(|id| id.0.as_str()).collect()).collect();
    assert_eq!(suspects, [["tiny.GetThing/request/null"], ["tiny.PutThing/request/null"]]);
    assert!(run.died.iter().all(|death| death.restarted));
    let others: Vec<&str> =
        run.cases.iter().filter(|c| c.report.verdict != Verdict::Conforms).map(|c| &*c.report.id.0).collect();
    assert!(others.iter().all(|id| id.contains("GetThing/request/") || id.contains("PutThing/request/")), "{others:?}");
    assert!(others.len() <= 4, "{others:?}");
}

/// All cases of a plan, without running them.
fn handed_out(mut plan: Probes) -> Vec<Case> {
    let mut cases = Vec::new();
    while plan.stage().is_some() {
        cases.extend(std::iter::from_fn(|| plan.case()));
    }
    assert_eq!(plan.selected(), cases.len(), "selected is what is handed out");
    cases
}

fn ids(cases: &[Case]) -> BTreeSet<&str> {
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.0.as_str()).collect();
    assert_eq!(ids.len(), cases.len(), "every id is there once");
    ids
}

#[test]
fn ids_are_those_of_every_seed_and_the_same_seed_gives_the_same_requests() {
    let of = |seed| handed_out(probes(&TINY_SUITE, probe::ProbeOptions { seed, ..everything() }));
    let (one, again, other) = (of(1), of(1), of(2));
    assert_eq!(ids(&one), ids(&other));
    let calls =
        |cases: &[Case]| -> Vec<_> { cases.iter().map(|case| format!("{:?}", case.scenario.steps[0].call)).collect() };
    assert_eq!(calls(&one), calls(&again));
    assert_ne!(calls(&one), calls(&other));
}

#[rstest]
#[case(1)]
#[case(10)]
#[case(100_000)]
fn a_limit_leaves_a_part_of_the_same_ids(#[case] limit: usize) {
    let all = handed_out(probes(&TINY_SUITE, everything()));
    let some = handed_out(probes(&TINY_SUITE, probe::ProbeOptions { max_per_operation: Some(limit), ..everything() }));
    assert!(ids(&some).is_subset(&ids(&all)));
    let of_put = some.iter().filter(|case| case.id.0.starts_with("tiny.PutThing") && !case.id.0.ends_with("/control"));
    let (left, all) = (of_put.count(), all.len());
    assert!(left <= limit && (left == limit || some.len() == all), "{left} of at most {limit}");
}
