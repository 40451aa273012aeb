//! What the emulator answers to a few requests, as snapshots in `snapshots`: a change of any word is seen and reviewed
//! (`cargo insta review`), whether a document promises it or not.

mod emulated;

use wireproof::Suite;

#[tokio::test]
async fn answers_stay_as_they_were_reviewed() {
    let of_interest = ["*/open-stops", "*/forced", "*/unknown-id", "*/missing-id#*", "*/succeeded-refused"];
    let suite = Suite::bundled().operation("StopDeployment").snapshots("tests/snapshots");
    let suite = of_interest.into_iter().fold(suite, |suite, cases| suite.filter(cases));
    suite.against(emulated::target()).run().await.assert_conforms();
}
