//! Model servers prove the probes of any service: an endpoint that keeps its model conforms to every probe, in every
//! protocol, and one with a single fault deviates at the site of the fault alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use rstest::rstest;
use wireproof::internals::{
    harness::Runner,
    judge::verdict::Verdict,
    model::{self, Companion, Contract},
    probe::{self, Effect, FamilySelector, Probes},
    reference::{ModelFault, ModelServer},
    run::{
        judged_case::JudgedCase,
        observer::OnCase,
        session::RunOptions,
        transport::{InProcess, Reply},
    },
    suite::{FixtureFiles, Fixtures, RequestGroup, source::Source},
    wire::{
        Request,
        protocol::{protocol_named, stream_member},
    },
};

use crate::support::{self, botocore, corpus::say, real_now};

/// A service in one protocol.
#[derive(Clone)]
pub(crate) struct Subject {
    suite: Arc<Fixtures>,
    server: Arc<ModelServer>,
}

impl Subject {
    pub(crate) fn of(name: &str, model: &str, protocol: &str) -> Self {
        Self::with_recipe(name, model, "states: {}\n", protocol)
    }

    pub(crate) fn with_recipe(name: &str, model: &str, recipe: &str, protocol: &str) -> Self {
        Self::with_files(name, &[("model.json", model), ("states.yaml", recipe)], protocol)
    }

    fn with_files(name: &str, texts: &[(&str, &str)], protocol: &str) -> Self {
        let protocol = protocol_named(protocol).unwrap();
        let texts = texts.iter().map(|(file, text)| (format!("{name}/{file}"), (*text).to_owned()));
        let mut files = FixtureFiles::from_texts(texts);
        files.speak(protocol);
        let suite = Fixtures::read(&files).unwrap();
        let contract = Arc::clone(suite.services().next().unwrap().contract());
        let server = ModelServer::new(contract, Some(protocol)).unwrap().stateless();
        Self { suite: Arc::new(suite), server: Arc::new(server) }
    }

    /// The same service on a server that keeps what is created.
    pub(crate) fn stateful(self) -> Self {
        let service = self.suite.services().next().unwrap();
        let server = ModelServer::new(Arc::clone(service.contract()), protocol_named(service.protocol.id()));
        Self { server: Arc::new(server.unwrap()), ..self }
    }

    /// Returns whether states reject a request that the model alone allows: a token of a page that no page had, and an
    /// identifier of nothing where the response has no body to name the error.
    fn is_rejected_by_states(&self, case: &JudgedCase) -> bool {
        const TOKENS: [&str; 5] = ["token", "marker", "nextpagetoken", "nexttoken", "continuationtoken"];
        let contract = self.suite.services().next().unwrap().contract();
        let scenario = &case.case.scenario;
        let location = scenario.probe.as_ref().and_then(|aim| aim.location.as_deref()).unwrap_or_default();
        let name = location.split(['/', '[', '{']).next().unwrap_or_default().to_ascii_lowercase();
        let http = contract.operation(&scenario.operation).and_then(|one| one.traits.get("smithy.api#http"));
        let is_head = http.is_some_and(|http| http["method"] == "HEAD");
        is_head || TOKENS.iter().any(|token| name.ends_with(token))
    }

    pub(crate) fn contract(&self) -> &Contract {
        self.suite.services().next().unwrap().contract()
    }

    /// A service of the installed botocore; `None`, and said so, where there is none.
    pub(crate) fn botocore(name: &str, protocol: &str) -> Option<Self> {
        let files = botocore::model_files(name).unwrap()?;
        let others = files.companions.iter().filter(|one| one.companion != Companion::Examples);
        let others = others.map(|one| (one.companion.file_name(), one.text.as_str()));
        let texts = [("model.json", files.text.as_str()), ("states.yaml", "states: {}\n")].into_iter().chain(others);
        Some(Self::with_files(name, &texts.collect::<Vec<_>>(), protocol))
    }

    fn probes(&self, options: probe::ProbeOptions) -> Probes {
        let service = self.suite.services().next().unwrap();
        Probes::new(service, &Arc::new(Source::read("model.json", "{}").unwrap()), options)
    }

    pub(crate) fn run(&self, options: probe::ProbeOptions, fault: Option<ModelFault>) -> Vec<JudgedCase> {
        let faulty = fault.map(|fault| Arc::new(self.server.with_fault(fault)));
        let server = faulty.unwrap_or_else(|| Arc::clone(&self.server));
        let respond = InProcess::new(move |request: &Request| Reply::Answer(server.handle(request, real_now())));
        let pace = RunOptions { jobs: 8, ..support::PACE };
        let runner =
            Runner::new(Arc::clone(&self.suite), support::target("http://127.0.0.1:1"), Arc::new(respond), pace);
        let mut plan = self.probes(options);
        let mut cases = Vec::new();
        let mut on_case = OnCase(|case: &JudgedCase| cases.push(case.clone()));
        let finished = support::within(Duration::from_secs(590), runner.run(&mut plan, &mut on_case));
        assert!(finished.ledger.balances() && finished.ledger.selected == cases.len(), "{:?}", finished.ledger);
        cases
    }
}

/// The model of a service of the installed botocore; `None`, and said so, where there is none.
fn botocore_model(name: &str) -> Option<String> {
    botocore::model_files(name).unwrap().map(|files| files.text)
}

/// The contract of such a model.
pub(crate) fn botocore_contract(name: &str) -> Option<Arc<Contract>> {
    Some(Arc::new(model::read("model.json", &botocore_model(name)?).unwrap()))
}

/// Every probe of one call.
pub(crate) fn everything() -> probe::ProbeOptions {
    let groups = [RequestGroup::Sdk, RequestGroup::Wire, RequestGroup::Signing].map(FamilySelector::Group);
    let families = FamilySelector::families(&groups);
    probe::ProbeOptions { families, effect: Effect::Destroys, ..probe::ProbeOptions::default() }
}

/// Every probe of several calls.
pub(crate) fn behavior() -> probe::ProbeOptions {
    let families = FamilySelector::families(&[FamilySelector::Group(RequestGroup::Behavior)]);
    probe::ProbeOptions { families, every_control: false, ..everything() }
}

/// A number that depends on a name and nothing else.
fn hashed(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// About `count` probes of a service: some of each of some of its operations.
fn sample(subject: &Subject, count: usize) -> probe::ProbeOptions {
    const OF_EACH: usize = 8;
    let contract = subject.suite.services().next().unwrap().contract();
    // The judge does not read streams of events.
    let judged = contract.operations().filter(|operation| stream_member(contract, &operation.output).is_none());
    let mut names: Vec<String> = judged.map(|operation| operation.name.clone()).collect();
    names.sort_by_cached_key(|name| hashed(name));
    names.truncate(count.div_ceil(OF_EACH));
    let of_each = count.div_ceil(names.len().max(1));
    probe::ProbeOptions { operations: names, max_per_operation: Some(of_each), ..everything() }
}

pub(crate) fn assert_all_conform(name: &str, cases: &[JudgedCase]) {
    let wrong: Vec<&JudgedCase> = cases.iter().filter(|case| case.report.verdict != Verdict::Conforms).collect();
    let shown: Vec<String> = wrong.iter().take(12).map(|case| support::describe(case)).collect();
    assert!(
        wrong.is_empty() && !cases.is_empty(),
        "{name}: {} of {} cases do not conform\n{}",
        wrong.len(),
        cases.len(),
        shown.join("\n")
    );
}

/// With states, valid requests may also be rejected as not found or taken, which are rejections of valid requests.
fn prove_with_states(name: &str, protocol: &str, count: usize) {
    let Some(subject) = Subject::botocore(name, protocol).map(Subject::stateful) else { return };
    let cases = subject.run(sample(&subject, count), None);
    let (known, other): (Vec<JudgedCase>, Vec<JudgedCase>) =
        cases.into_iter().partition(|case| subject.is_rejected_by_states(case));
    say(&format!("model server of {name} in {protocol} with states: {} cases, {} left out", other.len(), known.len()))
        .unwrap();
    assert_all_conform(name, &other);
}

fn prove(name: &str, protocol: &str, count: usize) {
    let Some(subject) = Subject::botocore(name, protocol) else { return };
    let options = sample(&subject, count);
    let cases = subject.run(options, None);
    let probes = cases.iter().filter(|case| !case.report.id.0.ends_with("/control")).count();
    say(&format!("model server of {name} in {protocol}: {probes} probes, {} cases", cases.len())).unwrap();
    assert_all_conform(name, &cases);
}

#[rstest]
#[case("sqs", "awsJson1_0")]
#[case("sqs", "awsQuery")]
#[case("dynamodb", "awsJson1_0")]
#[case("kms", "awsJson1_1")]
#[case("sns", "awsQuery")]
#[case("iam", "awsQuery")]
#[case("ec2", "ec2Query")]
#[case("s3", "restXml")]
#[case("route53", "restXml")]
#[case("lambda", "restJson1")]
#[case("apigateway", "restJson1")]
#[case("cloudwatch", "rpcv2Cbor")]
fn a_sample_of_the_probes_of_a_published_model_conforms_on_its_model_server(
    #[case] name: &str,
    #[case] protocol: &str,
) {
    prove(name, protocol, 40);
    prove_with_states(name, protocol, 24);
}

#[test]
#[ignore = "takes minutes: at least 200 probes of each of the services that WIREPROOF_MODEL_SERVERS names, or of these"]
fn two_hundred_probes_of_each_service_conform_on_its_model_server() {
    let named = env::var("WIREPROOF_MODEL_SERVERS").unwrap_or_else(|_| {
        "sqs:awsJson1_0 sqs:awsQuery dynamodb:awsJson1_0 kms:awsJson1_1 sns:awsQuery iam:awsQuery ec2:ec2Query s3:restXml \
         route53:restXml lambda:restJson1 apigateway:restJson1 cloudwatch:rpcv2Cbor"
            .to_owned()
    });
    let mut failed: BTreeMap<String, String> = BTreeMap::new();
    for one in named.split_whitespace() {
        let (name, protocol) = one.split_once(':').unwrap();
        let Some(subject) = Subject::botocore(name, protocol) else { return };
        let cases = subject.run(sample(&subject, 220), None);
        let wrong: Vec<&JudgedCase> = cases.iter().filter(|case| case.report.verdict != Verdict::Conforms).collect();
        say(&format!("{one}: {} cases, {} conform", cases.len(), cases.len() - wrong.len())).unwrap();
        if !wrong.is_empty() {
            let ids: BTreeSet<&str> = wrong.iter().map(|case| case.report.id.0.as_str()).collect();
            let all: Vec<String> = wrong.iter().take(20).map(|case| support::describe(case)).collect();
            failed.insert(one.to_owned(), format!("{} of {one}\n{}", ids.len(), all.join("\n")));
        }
    }
    assert!(failed.is_empty(), "{}", failed.values().cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_model_server_is_a_target_of_this_process() {
    let model = support::package().join("tests/integration/support/tiny.json").display().to_string();
    let suite = wireproof::Suite::bundled().probes(&model).probe_families(["sdk", "wire", "signing"]);
    let outcome = suite.against(wireproof::Target::model(&model)).run_blocking();
    outcome.assert_conforms();
    assert!(outcome.cases().len() > 100);
}
