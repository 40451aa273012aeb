//! The profiles against the reference: all of it with its help, the core with nothing but documented calls.

use std::{sync::LazyLock, time::Duration};

use rstest::rstest;
use wireproof::internals::{
    certificate::{
        certified_report::Reported,
        decision::{Decision, decide},
        profile::{FULL, Level, Profile, Profiles},
    },
    reference::STATE_PATH,
    report::{Json, Reporter as _},
    run::{
        event::Event,
        observer::OnEvent,
        resolved_target::{ResolvedTarget, StateHandler},
        transport::{InProcess, Reply},
    },
    suite::{Batch, Case, FixtureFiles},
    wire::Request,
};

use crate::support::{PACE, SUITE, Virtual, handle, runner_over, target};

static PROFILES: LazyLock<Profiles> =
    LazyLock::new(|| Profiles::read(&FixtureFiles::bundled_fixtures(), &SUITE).unwrap());

/// The reference with a state-change URL, two more identities and another region.
fn helped() -> ResolvedTarget {
    let mut target = target("http://127.0.0.1:1");
    target.state_handler = Some(StateHandler::Url { endpoint: target.endpoint.clone(), path: STATE_PATH.to_owned() });
    target
}

/// The reference as any endpoint is that knows one caller and one region.
fn plain() -> ResolvedTarget {
    ResolvedTarget { other_region: None, denied: None, other_account: None, ..target("http://127.0.0.1:1") }
}

/// The report of the reference for these cases.
fn reported(target: ResolvedTarget, cases: Vec<Case>) -> Reported {
    let virtually = Virtual::start();
    let endpoint = virtually.endpoint();
    let respond = InProcess::new(move |request: &Request| Reply::Answer(handle(&endpoint, request)));
    let runner = runner_over(respond.delayed(Duration::from_millis(1)), target, PACE);
    let mut document = Vec::new();
    let mut json = Json::new(&mut document);
    let mut observer = OnEvent(|event: &Event| json.event(event).unwrap());
    virtually.block_on(runner.run(&mut Batch::new(cases), &mut observer));
    serde_json::from_slice(&document).unwrap()
}

fn described(decision: &Decision) -> String {
    let missing = decision.missing.iter().map(|missing| format!("\n  {}: {}", missing.what, missing.because));
    format!("{} {}: {:?}{}", decision.service, decision.profile, decision.granted, missing.collect::<String>())
}

#[test]
#[ignore = "a full run takes a minute without optimisation"]
fn the_reference_is_granted_every_profile_with_its_help() {
    let reported = reported(helped(), SUITE.cases());
    for profile in PROFILES.iter() {
        let decision = decide(&SUITE, profile, &reported);
        assert_eq!(decision.granted, Some(Level::Extended), "{}", described(&decision));
    }
}

/// Each profile runs only its own cases, in a run of its own.
#[rstest]
#[cfg_attr(debug_assertions, ignore = "all of it is a full run, which takes a minute without optimization")]
fn the_reference_is_granted_every_core_without_any_help(
    #[values("codedeploy", "proton")] service: &str,
    #[values("wire", "constraints", "behaviour", "auth")] name: &str,
) {
    let profile: &Profile = PROFILES.select(&[name.to_owned()], &[service.to_owned()])[0];
    let cases = profile.cases(&SUITE).into_iter().map(|(case, _)| case).collect();
    let decision = decide(&SUITE, profile, &reported(plain(), cases));
    assert!(decision.granted.is_some(), "{}", described(&decision));
    let needs_help = profile.cases(&SUITE).iter().any(|(_, level)| *level == Level::Extended);
    println!("{}", described(&decision));
    assert_eq!(decision.granted == Some(Level::Core), needs_help, "{}", described(&decision));
    assert_ne!(profile.name, FULL);
}
