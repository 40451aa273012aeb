//! A probe does not inherit what another one left: not in this order, not concurrently, not from an earlier run.
//!
//! The endpoint stores every label and every name that it gets. It crashes on a box whose label is too long.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wireproof::internals::{
    harness::Runner,
    judge::verdict::Verdict,
    probe::{FamilySelector, ProbeOptions, Probes},
    run::{
        judged_case::JudgedCase,
        observer::OnCase,
        session::RunOptions,
        transport::{Settings, Wire},
    },
    suite::{FixtureFiles, Fixtures, RequestGroup, source::Source},
};

use crate::support;

const MODEL: &str = r#"{"smithy": "2.0", "shapes": {
  "x#Boxes": {"type": "service", "version": "2026-01-01", "operations": [{"target": "x#CreateBox"}, {"target": "x#UpdateBox"},
      {"target": "x#ListBoxes"}, {"target": "x#DeleteBox"}],
    "traits": {"aws.auth#sigv4": {"name": "boxes"}, "aws.protocols#awsJson1_1": {}}},
  "x#CreateBox": {"type": "operation", "input": {"target": "x#OneBox"}, "output": {"target": "x#OneBox"},
    "errors": [{"target": "x#BoxExistsException"}]},
  "x#UpdateBox": {"type": "operation", "input": {"target": "x#Box"}, "output": {"target": "x#Box"},
    "errors": [{"target": "x#BoxNotFoundException"}]},
  "x#DeleteBox": {"type": "operation", "input": {"target": "x#OneBox"}, "output": {"target": "x#Nothing"},
    "errors": [{"target": "x#BoxNotFoundException"}]},
  "x#ListBoxes": {"type": "operation", "input": {"target": "x#Page"}, "output": {"target": "x#Names"}},
  "x#OneBox": {"type": "structure", "members": {"Name": {"target": "x#Name", "traits": {"smithy.api#required": {}}}}},
  "x#Box": {"type": "structure", "members": {"Name": {"target": "x#Name", "traits": {"smithy.api#required": {}}},
    "Label": {"target": "x#Label"}, "Size": {"target": "x#Size"}}},
  "x#Page": {"type": "structure", "members": {"Limit": {"target": "x#Size"}}},
  "x#Names": {"type": "structure", "members": {"Names": {"target": "x#NameList"}}},
  "x#NameList": {"type": "list", "member": {"target": "x#Name"}},
  "x#Nothing": {"type": "structure", "members": {}},
  "x#Name": {"type": "string", "traits": {"smithy.api#length": {"min": 3, "max": 30}, "smithy.api#pattern": "^[a-z][a-z0-9-]*$"}},
  "x#Label": {"type": "string", "traits": {"smithy.api#length": {"min": 1, "max": 5}}},
  "x#Size": {"type": "integer", "traits": {"smithy.api#range": {"min": 1, "max": 10}}},
  "x#BoxExistsException": {"type": "structure", "members": {"message": {"target": "smithy.api#String"}},
    "traits": {"smithy.api#error": "client"}},
  "x#BoxNotFoundException": {"type": "structure", "members": {"message": {"target": "smithy.api#String"}},
    "traits": {"smithy.api#error": "client"}}
}}"#;

const RECIPE: &str = r#"
states:
  a box:
    says: A box exists.
    steps:
      - call: CreateBox
        input: { Name: "${unique('box')}" }
    yields: { name: "${unique('box')}" }
    teardown:
      - call: DeleteBox
        input: { Name: "${unique('box')}" }
members:
  UpdateBox/Name: a box/name
removals:
  CreateBox: [{ call: DeleteBox, input: { Name: "${input.Name}" } }]
"#;

static BOXES: LazyLock<Arc<Fixtures>> = LazyLock::new(|| {
    let files = [("boxes/model.json", MODEL), ("boxes/states.yaml", RECIPE)];
    let files = FixtureFiles::from_texts(files.map(|(path, text)| (path.to_owned(), text.to_owned())));
    Arc::new(Fixtures::read(&files).unwrap())
});

/// The boxes of an endpoint, by name.
#[derive(Default)]
struct Boxes {
    stored: Mutex<BTreeMap<String, Value>>,
    responses: AtomicU64,
}

impl Boxes {
    /// Starts an endpoint without boxes.
    fn start() -> SocketAddr {
        support::within(Duration::from_secs(5), async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (address, boxes) = (listener.local_addr().unwrap(), Arc::new(Self::default()));
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let boxes = Arc::clone(&boxes);
                    let serve = service_fn(move |request| Self::serve(Arc::clone(&boxes), request));
                    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
                }
            });
            address
        })
    }

    async fn serve(boxes: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let target = head.headers.get("x-amz-target").map_or("", |target| target.to_str().unwrap());
        let input = serde_json::from_slice(&body).unwrap_or_default();
        let response = match target.strip_prefix("Boxes.") {
            Some("CreateBox") => boxes.create(&input),
            Some("UpdateBox") => boxes.update(&input).await,
            Some("DeleteBox") => boxes.delete(&input),
            Some("ListBoxes") => boxes.list(&input),
            _ => Err("UnknownOperationException"),
        };
        let (status, body) = match response {
            Ok(body) => (200, body),
            Err(name) => (if name == "InternalFailure" { 500 } else { 400 }, json!({ "__type": name })),
        };
        let id = format!("00000000-0000-4000-8000-{:012}", boxes.responses.fetch_add(1, Ordering::Relaxed));
        let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.1");
        Ok(response.header("x-amzn-requestid", id).body(Full::new(body.to_string().into())).unwrap())
    }

    fn create(&self, input: &Value) -> Result<Value, &'static str> {
        let new = json!({ "Name": input["Name"] });
        match self.stored.lock().unwrap().insert(input["Name"].to_string(), new.clone()) {
            Some(_) => Err("BoxExistsException"),
            None => Ok(new),
        }
    }

    async fn update(&self, input: &Value) -> Result<Value, &'static str> {
        let name = input["Name"].to_string();
        let mut changed = self.stored.lock().unwrap().get(&name).cloned().ok_or("BoxNotFoundException")?;
        // Others may change the box before it is stored.
        tokio::time::sleep(Duration::from_millis(2)).await;
        if changed["Label"].as_str().is_some_and(|label| label.len() > 5) {
            return Err("InternalFailure");
        }
        if input["Size"].as_i64().is_some_and(|size| !(1..=10).contains(&size)) {
            return Err("ValidationException");
        }
        for member in ["Label", "Size"] {
            if let Some(value) = input.get(member).filter(|value| !value.is_null()) {
                changed[member] = value.clone();
            }
        }
        self.stored.lock().unwrap().insert(name, changed.clone());
        Ok(changed)
    }

    fn delete(&self, input: &Value) -> Result<Value, &'static str> {
        let removed = self.stored.lock().unwrap().remove(&input["Name"].to_string());
        removed.map(|_| json!({})).ok_or("BoxNotFoundException")
    }

    fn list(&self, input: &Value) -> Result<Value, &'static str> {
        if input["Limit"].as_i64().is_some_and(|limit| !(1..=10).contains(&limit)) {
            return Err("ValidationException");
        }
        let names: Vec<Value> = self.stored.lock().unwrap().values().map(|one| one["Name"].clone()).collect();
        Ok(json!({ "Names": names }))
    }
}

/// The verdict and the findings of each case.
type Results = BTreeMap<String, (Verdict, Vec<(String, String)>)>;

/// Runs the probes that an SDK can send, or only one of them with its controls.
fn probed(address: SocketAddr, jobs: usize, seed: u64, filter: Option<&str>) -> Results {
    let families = FamilySelector::families(&[FamilySelector::Group(RequestGroup::Sdk)]);
    let filters = filter.map(|id| id.parse().unwrap()).into_iter().collect();
    let options = ProbeOptions { families, filters, seed, ..ProbeOptions::default() };
    let service = BOXES.service("boxes").unwrap();
    let mut plan = Probes::new(service, &Arc::new(Source::none("boxes")), options);
    let wire = Wire::new(&Settings::default()).unwrap();
    let target = support::target(&format!("http://{address}"));
    let runner = Runner::new(Arc::clone(&BOXES), target, Arc::new(wire), RunOptions { jobs, seed, ..support::PACE });
    let mut results = Results::new();
    let mut observer = OnCase(|case: &JudgedCase| {
        let findings = case.report.findings.iter();
        let findings = findings.map(|finding| (finding.code.name().to_owned(), finding.pointer.clone())).collect();
        results.insert(case.report.id.0.clone(), (case.report.verdict, findings));
    });
    support::within(Duration::from_secs(60), runner.run(&mut plan, &mut observer));
    results
}

#[test]
fn an_accepted_invalid_input_is_a_finding_of_its_own_probe_alone() {
    let results = probed(Boxes::start(), 16, 1, None);
    let deviating: Vec<&str> =
        results.iter().filter(|(_, (verdict, _))| *verdict == Verdict::Deviates).map(|(id, _)| id.as_str()).collect();
    assert!(deviating.contains(&"boxes.UpdateBox/Label/length/over"), "{deviating:?}");
    let innocent: Vec<_> = deviating.iter().filter(|id| id.contains("/Size/") || id.contains("/Limit/")).collect();
    assert_eq!(innocent, [&""; 0]);
    assert_eq!(results["boxes.UpdateBox/Size/range/over"].0, Verdict::Conforms);
}

#[rstest]
#[case::one_after_the_other(1)]
#[case::sixteen_at_once(16)]
fn runs_on_new_and_on_running_endpoints_have_the_same_results(#[case] jobs: usize) {
    let expected = probed(Boxes::start(), 1, 1, None);
    let running = Boxes::start();
    for seed in [1, 1, 2] {
        assert_eq!(probed(running, jobs, seed, None), expected, "seed {seed} on the running endpoint");
    }
}

#[test]
fn a_probe_that_runs_alone_has_the_result_that_it_has_among_the_others() {
    for (id, result) in probed(Boxes::start(), 16, 1, None) {
        assert_eq!(probed(Boxes::start(), 16, 1, Some(&id))[&id], result, "{id}");
    }
}
