//! Every documented scenario of StopDeployment as a test of its own: `cargo test`, cargo-nextest and IDEs list them.
//!
//! What deviates, and why that is accepted for now, stands in `baseline.toml`.

mod emulated;

use std::process::ExitCode;

use wireproof::Suite;

/// AWS was recorded with another response, and no document says which one is right.
const RECORDED_OTHERWISE: &str = "AWS was recorded with another response";

/// Cases that the emulator cannot pass yet, and why.
const MISSING: [(&str, &str); 30] = [
    ("*/batch-read-twice", "there is no BatchGetDeployments"),
    ("*/duplicate-member", "there is no BatchGetDeployments"),
    ("*/read-back-batch", "there is no BatchGetDeployments"),
    ("*/group-keeps-its-revision", "there is no GetDeploymentGroup"),
    ("*/targets-freeze", "there is no ListDeploymentTargets"),
    ("*/finished-with-rollback-refused", "there is no ListDeployments"),
    ("*/listed-once", "there is no ListDeployments"),
    ("*/no-rollback-at-the-end", "there is no ListDeployments"),
    ("*/read-back-lists", "there is no ListDeployments"),
    ("*/rejected-stop-rolls-nothing-back", "there is no ListDeployments"),
    ("*/rollback-depth-false#*", "there is no ListDeployments"),
    ("*/rollback-depth-null", "there is no ListDeployments"),
    ("*/rollback-false", "there is no ListDeployments"),
    ("*/rollback-false-over-configuration", "there is no ListDeployments"),
    ("*/rollback-omitted", "there is no ListDeployments"),
    ("*/rollback-without-a-good-revision", "there is no ListDeployments"),
    ("*/same-group-name-elsewhere", "there is no ListDeployments"),
    ("*/succeeded-is-listed-as-stopped", "there is no ListDeployments"),
    ("*/two-groups-of-one-application", "there is no ListDeployments"),
    ("*/stopped-between-pages", "there is no ListDeployments"),
    ("*/ready-is-not-complete", "a blue/green deployment never waits for its traffic"),
    ("*/ready-stops", "a blue/green deployment never waits for its traffic"),
    ("*/rerouting-wait-elapsed", "a blue/green deployment never waits for its traffic"),
    ("*/same-names-in-another-region", "there is one Region for all calls"),
    ("*/stopped-by-an-alarm", "there are no alarms"),
    ("*/content-type-others-refused#*", RECORDED_OTHERWISE),
    ("*/in-flight-stop-is-pending", RECORDED_OTHERWISE),
    ("*/rollback-is-stoppable", RECORDED_OTHERWISE),
    ("*/stops-at-once", RECORDED_OTHERWISE),
    ("*/wrong-signature-in-the-query", RECORDED_OTHERWISE),
];

fn main() -> ExitCode {
    let suite = Suite::bundled().operation("StopDeployment").baseline("tests/baseline.toml");
    let suite = MISSING.into_iter().fold(suite, |suite, (cases, reason)| suite.ignore(cases, reason));
    wireproof::test(suite, || async { Ok(emulated::target()) })
}
