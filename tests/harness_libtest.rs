//! Each case of two operations as a test of its own, against an embedded reference: what a user writes, as they write it.
//!
//! `tests/integration/harness.rs` runs this again in other ways, which variables choose.

#![expect(clippy::panic, reason = "how a start panics is tested, too")]

use std::{env, process::ExitCode, sync::Arc};

use wireproof::{
    Credentials, Suite, Target,
    internals::{
        reference::{Clock, Identity, Reference, ReferenceEndpoint, ReferenceOptions, STATE_PATH},
        run::transport::{InProcess, Reply},
        suite,
        wire::Request,
    },
};

fn main() -> ExitCode {
    wireproof::test(suite(), || async {
        let target = match env::var("HARNESS_ENDPOINT").as_deref() {
            Ok("none") => return Err("no emulator here".into()),
            Ok("panic") => panic!("the emulator has no port"),
            Ok("without-request-ids") => without_request_ids()?,
            _ => reference().await?,
        };
        Ok(target.denied(Credentials::new("denied", "denied")).other_account(Credentials::new("other", "other")))
    })
}

fn suite() -> Suite {
    let mut suite = Suite::bundled().operation("StopDeployment").ignore("*/unknown-id", "takes too long here");
    if let Some(baseline) = env::var_os("HARNESS_BASELINE") {
        suite = suite.baseline(baseline);
    }
    if let Some(snapshots) = env::var_os("HARNESS_SNAPSHOTS") {
        suite = suite.snapshots(snapshots);
    }
    suite
}

async fn reference() -> Result<Target, wireproof::BoxError> {
    let suite = suite::Fixtures::bundled()?;
    let contracts = suite.services().map(|service| Arc::clone(service.contract())).collect();
    let reference = Reference::start(contracts, ReferenceOptions::default()).await?;
    let target = Target::at(reference.endpoint()).state_change_url(reference.state_change_url());
    Ok(target.keeping(reference))
}

/// The reference in this process, with a fault that every answer of it has.
fn without_request_ids() -> Result<Target, wireproof::BoxError> {
    let suite = suite::Fixtures::bundled()?;
    let contracts = suite.services().map(|service| Arc::clone(service.contract())).collect();
    let reference = ReferenceEndpoint::new(contracts, Identity::defaults(), Clock::new())?;
    let transport = InProcess::new(move |request: &Request| {
        let mut response = reference.handle(request, std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs_f64());
        response.headers.remove("x-amzn-requestid");
        Reply::Answer(response)
    });
    Ok(Target::in_process(transport).state_change_url(format!("http://localhost{STATE_PATH}")))
}
