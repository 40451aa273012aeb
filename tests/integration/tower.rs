//! The reference behind an axum `Router`, without a socket: judged as it is judged on one, but for what no service sees.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use wireproof::internals::{
    judge::verdict::Verdict,
    reference::ReferenceEndpoint,
    wire::{self, Headers},
};

use crate::support::{self, PACE, Run, SUITE, Virtual};

/// Cases below the level of a service: a server settles them with its socket.
const ONLY_BY_SOCKET: [&str; 2] =
    ["codedeploy/stop-deployment/content-length-too-long", "codedeploy/stop-deployment/content-length-too-short"];

/// A router that responds like the reference.
fn router(reference: Arc<ReferenceEndpoint>) -> Router {
    Router::new().fallback(respond).with_state(reference)
}

async fn respond(State(reference): State<Arc<ReferenceEndpoint>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let headers: Headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let (method, target) = (head.method.to_string(), head.uri.to_string());
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let request = wire::Request { method, target, headers, body, ..wire::Request::default() };
    outgoing(support::handle(&reference, &request))
}

fn outgoing(received: wire::Response) -> Response {
    let mut response = Response::builder().status(received.status);
    for (name, value) in received.headers.iter() {
        response = response.header(name, value);
    }
    response.body(Body::from(received.body)).unwrap()
}

#[test]
#[ignore = "a full run takes a minute without optimisation"]
fn a_right_router_conforms_in_every_case_that_a_service_sees() {
    let time = Virtual::start();
    let run = time.run_over(wireproof::tower(router(time.endpoint())), SUITE.cases(), PACE);
    let mut beyond = Vec::new();
    for case in run.cases.iter().filter(|case| case.report.verdict != Verdict::Conforms) {
        assert_eq!(case.report.verdict, Verdict::NotApplicable, "{}", support::describe(case));
        assert!(case.report.reason.contains("only a socket"), "{}", support::describe(case));
        beyond.push(case.report.id.0.as_str());
    }
    beyond.sort_unstable();
    assert_eq!(beyond, ONLY_BY_SOCKET);
    assert_eq!(run.ledger().conforms, SUITE.cases().len() - beyond.len());
}

#[test]
fn a_panic_of_a_service_is_never_a_deviation() {
    let time = Virtual::start();
    let router = Router::new().fallback(async || -> Response { panic!("not written yet") });
    let run = time.run_over(wireproof::tower(router), SUITE.cases(), PACE);
    assert!(run.cases.iter().all(|case| case.report.findings.is_empty()));
    assert_eq!((run.ledger().conforms, run.ledger().deviates), (0, 0));
    let reported =
        |case: &&wireproof::internals::run::judged_case::JudgedCase| case.report.reason.contains("not written yet");
    assert!(run.cases.iter().any(|case| reported(&case)), "{:#?}", reasons(&run));
}

fn reasons(run: &Run) -> Vec<&str> {
    run.cases.iter().map(|case| case.report.reason.as_str()).collect()
}
