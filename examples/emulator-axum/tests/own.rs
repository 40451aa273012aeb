//! Tests of the emulator's own: cases by their names with rstest, and what was observed of each as a snapshot of insta's.
//!
//! An observation has neither times nor credentials, and a name for each id that the endpoint made up: it is the same in
//! every run, and needs no redaction.

mod emulated;

use rstest::rstest;
use wireproof::{Suite, Verdict};

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
