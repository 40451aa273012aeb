//! Tests of the emulator's own: cases by their names with rstest, and what was observed of each as a snapshot of insta's.
//!
//! An observation has neither times nor credentials, and a name for each id that the endpoint made up: it is the same in
//! every run, and needs no redaction. What a test asks by itself is redacted alike by the suite's settings.

mod emulated;

use emulator_axum::Emulator;
use rstest::rstest;
use wireproof::{Request, Suite, Transport, Verdict};

#[rstest]
#[case::nobody("codedeploy/stop-deployment/unknown-id", "unknown")]
#[case::nothing("codedeploy/stop-deployment/missing-id#nothing", "nothing")]
#[case::ended("codedeploy/stop-deployment/succeeded-refused", "ended")]
#[tokio::test]
async fn a_stop_is_refused(#[case] id: &str, #[case] name: &str) {
    let outcome = Suite::bundled().filter(id).against(emulated::target()).run().await;
    assert_eq!(outcome.case(id).map(|case| case.verdict), Some(Verdict::Conforms), "{}", outcome.report());
    insta::assert_snapshot!(name, outcome.observation(id).unwrap_or_default());
}

#[tokio::test]
async fn an_application_gets_a_group() {
    let emulator = wireproof::tower(Emulator::default().router());
    let mut answers = Vec::new();
    for (operation, input) in [
        ("CreateApplication", r#"{"applicationName":"shop"}"#),
        (
            "CreateDeploymentGroup",
            r#"{"applicationName":"shop","deploymentGroupName":"web","serviceRoleArn":"arn:aws:iam::1:role/r"}"#,
        ),
    ] {
        let mut request =
            Request { method: "POST".into(), target: "/".into(), body: input.into(), ..Request::default() };
        request.headers.set("x-amz-target", format!("CodeDeploy_20141006.{operation}"));
        request.headers.set("content-length", input.len().to_string());
        let answer = emulator.send(&"http://localhost".parse().unwrap(), &request).await.unwrap();
        answers.push(format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)));
    }
    let redactions = Suite::bundled().service("codedeploy").insta_settings().unwrap();
    redactions.bind(|| insta::assert_snapshot!("made", answers.join("\n")));
}
