//! An endpoint that crashes during a run, as emulators do: the run ends soon, has no false positive and loses no case.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::timeout;
use wireproof::internals::{
    harness::Runner,
    judge::{redaction::SensitiveValues, verdict::Verdict},
    reference::{self, Identity, Reference},
    run::{
        exit::ExitStatus,
        judged_case::JudgedCase,
        observer::OnCase,
        resolved_target::ResolvedTarget,
        session::{PresenceChecks, RunOptions},
        transport::{Settings, Wire},
    },
    suite::{Batch, Fixtures},
};

/// The number of cases with a verdict before the endpoint crashes.
const LIVES_FOR: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_leaves_cases_inconclusive_or_blocked_without_a_false_positive() -> Result<()> {
    let suite = Fixtures::bundled()?;
    let contracts = suite.services().map(|service| Arc::clone(service.contract())).collect();
    let mut endpoint = Some(Reference::start(contracts, reference::ReferenceOptions::default()).await?);
    let url = endpoint.as_ref().map(Reference::endpoint).unwrap_or_default();
    let cases = suite.cases();
    let options = RunOptions {
        jobs: 4,
        seed: 1,
        case_timeout: Duration::from_secs(60),
        patience: Duration::from_secs(30),
        fail_fast: false,
        presence: PresenceChecks::all(),
        sensitive: SensitiveValues::Hidden,
    };
    let runner = Runner::new(Arc::new(suite), target(&url)?, Arc::new(Wire::new(&Settings::default())?), options);
    let (mut verdicts, mut died) = (Vec::new(), None);
    let mut observer = OnCase(|case: &JudgedCase| {
        verdicts.push(case.report.verdict);
        if verdicts.len() == LIVES_FOR && endpoint.take().is_some() {
            died = Some(Instant::now());
        }
    });
    let finished = timeout(Duration::from_secs(120), runner.run(&mut Batch::new(cases), &mut observer)).await?;
    let lasted = died.map(|died| died.elapsed());
    assert!(lasted.is_some_and(|lasted| lasted < Duration::from_secs(30)), "the run went on for {lasted:?}");
    let ledger = finished.ledger;
    assert!(ledger.balances() && verdicts.len() == ledger.selected, "{ledger:?}");
    assert_eq!(ledger.deviates, 0, "{ledger:?}");
    assert!(ledger.conforms <= LIVES_FOR + 4, "nothing conforms once the endpoint is gone: {ledger:?}");
    assert!(!verdicts.contains(&Verdict::NotImplemented), "{ledger:?}");
    assert_eq!(ExitStatus::of_run(&ledger, &[], finished.interrupted), ExitStatus::Incomplete);
    Ok(())
}

fn target(url: &str) -> Result<ResolvedTarget> {
    Ok(ResolvedTarget {
        endpoint: url.parse()?,
        name: "an endpoint that dies".to_owned(),
        region: "us-east-1".to_owned(),
        other_region: Some("eu-west-1".to_owned()),
        owner: Identity::test().credentials().clone(),
        denied: None,
        other_account: None,
        state_handler: None,
        states: BTreeMap::new(),
    })
}
