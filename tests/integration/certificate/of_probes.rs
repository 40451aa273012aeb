//! Certificates of probes: what an endpoint earns, what a vendor cannot leave out, and what a verifier sees of it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::SystemTime,
};

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;
use wireproof::internals::{
    certificate::{
        nonce::Nonce,
        verify::{Verified, Verifier, VerifyCheck},
    },
    model::published::Places,
};

use super::{
    KEY, NONCE, OTHER_NONCE, PROFILES, SNAPSHOTS, SUITE, checks,
    forged::{Forged, content},
    path_in, public, put,
};
use crate::support::program::{Served, assert_status, out, run};

const MODEL: &str = include_str!("../support/things.json");
const RECIPE: &str = include_str!("../support/things.yaml");
const INDEX: &str = "recording/index.ndjson";

/// The model with a change.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut model = serde_json::from_str(MODEL).unwrap();
    change(&mut model);
    model.to_string()
}

/// Some values are valid that the model does not allow.
fn weaker() -> String {
    changed(|model| {
        for shape in ["x#Name", "x#Limit"] {
            drop(model["shapes"][shape]["traits"].take());
            model["shapes"][shape].as_object_mut().unwrap().remove("traits");
        }
    })
}

/// A botocore in which `things` has this model.
fn botocore(root: &Path, model: &str) -> String {
    put(root, "botocore/data/things/2026-01-01/service-2.json", model);
    path_in(root, "botocore")
}

/// Runs `certify` with the probes of a model against a server of another one.
fn certified(work: &Path, model: &str, served: &str, more: &[&str]) -> std::process::Output {
    let (botocore, recipe) = (botocore(work, model), put(work, "recipe.yaml", RECIPE));
    let served = put(work, "served.json", served);
    let server = Served::with(&["--model", &served]);
    let (bundle, key) = (path_in(work, "bundle"), put(work, "key", KEY));
    let probes = ["certify", "--model", "botocore:things", "--botocore", &botocore, "--recipe", &recipe];
    let target = ["--endpoint", &server.endpoint, "--target-name", "Acme", "--target-version", "3", "--out", &bundle];
    run(&[&probes, &target[..], &["--key", &key, "--nonce", NONCE], more].concat())
}

/// A signed bundle of a server that keeps the model, made with a nonce.
static BUNDLE: LazyLock<TempDir> = LazyLock::new(|| {
    let work = tempfile::tempdir().unwrap();
    let made = certified(work.path(), MODEL, MODEL, &["--probes", "sdk"]);
    assert_status(&made, 0);
    work
});

fn forged() -> Forged {
    Forged::copy(&BUNDLE.path().join("bundle"))
}

/// The result of a verifier whose botocore has this model.
fn verified(root: &Path, model: &str, nonce: &str) -> Verified {
    let own = tempfile::tempdir().unwrap();
    let places = Places { botocore: Some(PathBuf::from(botocore(own.path(), model))), path: None };
    let digest = &super::DIGEST;
    let (suite, snapshots, profiles, keys) = (&SUITE, &SNAPSHOTS, &PROFILES, &[public(KEY)]);
    let (nonce, now) = (Nonce::read(nonce).unwrap(), SystemTime::now());
    let nonce = Some(&nonce);
    Verifier { suite, snapshots, profiles, digest, keys, nonce, now, places: &places, model: None }.verify(root)
}

#[test]
fn an_endpoint_that_keeps_its_model_is_granted_the_probes_and_a_verifier_reads_it_in_one_screen() {
    let work = BUNDLE.path();
    let (bundle, key) = (path_in(work, "bundle"), put(work, "public", &public(KEY).hex()));
    let botocore = path_in(work, "botocore");
    let verify = ["verify", &bundle, "--key", &key, "--nonce", NONCE, "--botocore", &botocore];
    let person = run(&verify);
    assert_status(&person, 0);
    let text = out(&person);
    for says in [
        "granted to Acme 3 at ",
        "things probes/sdk: core (",
        "covers 7 of 8 operations; ",
        "not probed (1): DeleteThing",
        "0 deviate, ",
        "botocore:things@2026-01-01, sha256 ",
        "the same as on this machine; a recipe of the vendor",
        "every request derived again",
        "groups left out: behaviour, wire, signing",
        "that Acme sent these responses",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert!(text.lines().count() <= 24, "{text}");
}

#[test]
fn a_machine_without_the_model_says_that_it_is_the_vendors_copy() {
    let work = BUNDLE.path();
    let (bundle, key) = (path_in(work, "bundle"), put(work, "public", &public(KEY).hex()));
    let empty = tempfile::tempdir().unwrap();
    put(empty.path(), "data/other/1/service-2.json", MODEL);
    let verify = ["verify", &bundle, "--key", &key, "--botocore", empty.path().to_str().unwrap()];
    let person = run(&verify);
    assert_status(&person, 0);
    assert!(out(&person).contains("the vendor's copy: this machine has none to compare"), "{}", out(&person));
    // The verifier may name the model to compare with.
    let named = |text: &str| {
        let model = put(empty.path(), "named.json", text);
        run(&[&verify[..], &["--model", &model]].concat())
    };
    assert_status(&named(MODEL), 0);
    let other = named(&weaker());
    assert_status(&other, 1);
    assert!(out(&other).contains("model: botocore:things@2026-01-01 of the bundle is not that of this machine"));
}

#[test]
fn an_endpoint_with_a_fault_is_not_granted_the_probes_and_its_deviations_are_listed() {
    let work = tempfile::tempdir().unwrap();
    let made = certified(work.path(), MODEL, &weaker(), &["--probes", "sdk,wire"]);
    assert_status(&made, 1);
    let text = out(&made);
    for says in ["not granted to Acme 3", "things probes/sdk: not granted", "core lacks things.", "known deviations: "]
    {
        assert!(text.contains(says), "{says}: {text}");
    }
    let seen = verified(&work.path().join("bundle"), MODEL, NONCE);
    assert_eq!(seen.problems, []);
    assert!(!seen.is_granted());
    let claims = &seen.statement.unwrap().predicate.wireproof;
    assert!(claims.probed.as_ref().is_some_and(|probed| !probed.causes.is_empty()));
    assert!(claims.profiles.iter().all(|group| group.granted.is_none() || group.profile == "probes/wire"));
}

#[test]
fn operations_that_an_endpoint_lacks_are_listed_and_get_no_credit() {
    let fewer = changed(|model| {
        let operations = model["shapes"]["x#S"]["operations"].as_array_mut().unwrap();
        operations.retain(|operation| !operation["target"].as_str().unwrap().contains("Job"));
    });
    let work = tempfile::tempdir().unwrap();
    let made = certified(work.path(), MODEL, &fewer, &["--probes", "sdk", "--destructive"]);
    assert_status(&made, 0);
    let text = out(&made);
    for says in
        ["covers 5 of 8 operations", "not implemented (3): CreateJob, DescribeJob, ListJobs", "probes/sdk: core"]
    {
        assert!(text.contains(says), "{says}: {text}");
    }
    let extended = tempfile::tempdir().unwrap();
    let made = certified(extended.path(), MODEL, &fewer, &["--probes", "sdk", "--level", "extended"]);
    assert_status(&made, 1);
}

#[test]
fn a_rerun_detects_that_the_endpoint_is_another_one() {
    let work = BUNDLE.path();
    let (bundle, key) = (path_in(work, "bundle"), put(work, "public", &public(KEY).hex()));
    let botocore = path_in(work, "botocore");
    let rerun = |model: &str| {
        let served = put(tempfile::tempdir().unwrap().keep().as_path(), "served.json", model);
        let server = Served::with(&["--model", &served]);
        let endpoint = server.endpoint.as_str();
        run(&["verify", &bundle, "--key", &key, "--botocore", &botocore, "--rerun", "1000", "--endpoint", endpoint])
    };
    let honest = rerun(MODEL);
    assert_status(&honest, 0);
    assert!(out(&honest).contains("were rerun with the same result"), "{}", out(&honest));
    let other = rerun(&weaker());
    assert_status(&other, 1);
    assert!(out(&other).contains("conforms in the certificate, deviates now"), "{}", out(&other));
}

/// A vendor removes constraints from a model, and gives it the name of botocore's.
#[test]
fn a_weaker_model_under_the_name_of_another_one_is_refused() {
    let work = tempfile::tempdir().unwrap();
    assert_status(&certified(work.path(), &weaker(), &weaker(), &["--probes", "sdk"]), 0);
    let seen = verified(&work.path().join("bundle"), MODEL, NONCE);
    assert_eq!(checks(&seen), ["model"]);
    assert_eq!(
        seen.problems[0].says,
        "botocore:things@2026-01-01 of the bundle is not that of this machine: model.json differ"
    );
}

type Edit = fn(&Forged);

/// Edits each line of the index.
fn index(forged: &Forged, edit: fn(&mut Vec<Value>)) {
    forged.index(edit);
}

fn claim(forged: &Forged, edit: fn(&mut Value)) {
    forged.claim(edit);
}

const DROPPED: &str = "things.CreateThing/ThingName/required/absent";

#[rstest]
#[case::the_model_is_replaced(VerifyCheck::Model, |forged: &Forged| forged.put("fixtures/things/model.json", weaker()))]
#[case::the_model_is_missing(VerifyCheck::Model, |forged: &Forged| {
    fs::remove_file(forged.path("fixtures/things/model.json")).unwrap();
})]
#[case::the_recipe_is_replaced(VerifyCheck::Suite, |forged: &Forged| {
    forged.put("fixtures/things/states.yaml", "states: {}\n");
})]
#[case::a_file_is_added_beside_the_model(VerifyCheck::Model, |forged: &Forged| {
    forged.put("fixtures/things/waiters-2.json", r#"{"version":2,"waiters":{}}"#);
})]
#[case::another_digest_is_claimed(VerifyCheck::Model, |forged: &Forged| {
    claim(forged, |claims| claims["probes"]["model"]["digest"] = json!("00"));
})]
#[case::the_model_is_said_to_be_a_file_of_the_vendor(VerifyCheck::Recording, |forged: &Forged| {
    claim(forged, |claims| claims["probes"]["model"]["source"] = json!("things.json"));
})]
#[case::more_groups_are_claimed(VerifyCheck::Cases, |forged: &Forged| {
    claim(forged, |claims| claims["probes"]["groups"] = json!(["sdk", "wire"]));
})]
#[case::no_group_is_claimed(VerifyCheck::Model, |forged: &Forged| {
    claim(forged, |claims| claims["probes"]["groups"] = json!([]));
})]
#[case::operations_that_delete_are_claimed(VerifyCheck::Cases, |forged: &Forged| {
    claim(forged, |claims| claims["probes"]["destructive"] = json!(true));
})]
#[case::another_seed_is_claimed(VerifyCheck::Nonce, |forged: &Forged| claim(forged, |claims| claims["seed"] = json!(7)))]
#[case::an_operation_is_added_to_those_that_are_covered(VerifyCheck::Profiles, |forged: &Forged| {
    claim(forged, |claims| claims["probed"]["covered"].as_array_mut().unwrap().push(json!("DeleteThing")));
})]
#[case::the_operations_of_the_model_are_fewer(VerifyCheck::Profiles, |forged: &Forged| {
    claim(forged, |claims| claims["probed"]["operations"] = json!(7));
})]
#[case::a_level_is_raised(VerifyCheck::Profiles, |forged: &Forged| {
    claim(forged, |claims| claims["profiles"][0]["granted"] = json!("extended"));
})]
#[case::an_operation_is_said_to_be_absent(VerifyCheck::Requests, |forged: &Forged| {
    index(forged, |lines| {
        let is_it = |line: &&mut Value| line["opened"]["checked"]["operation"] == "ListJobs";
        lines.iter_mut().find(is_it).unwrap()["opened"]["checked"]["presence"] = json!("not-implemented");
    });
    forged.rechain();
})]
#[case::a_case_is_left_out_everywhere(VerifyCheck::Cases, |forged: &Forged| {
    index(forged, |lines| {
        lines.retain(|line| line["case"]["id"] != DROPPED);
        let last = lines.last_mut().unwrap();
        last["finished"]["cases"] = json!(last["finished"]["cases"].as_u64().unwrap() - 1);
    });
    fs::remove_file(forged.path("recording/things.CreateThing/ThingName/required/absent.har")).unwrap();
    forged.rechain();
})]
#[case::fewer_cases_are_selected(VerifyCheck::Recording, |forged: &Forged| {
    index(forged, |lines| lines[0]["started"]["run"]["selection"]["cases"] = json!(1));
    forged.rechain();
})]
#[case::the_model_of_the_recording_is_another_one(VerifyCheck::Recording, |forged: &Forged| {
    index(forged, |lines| lines[0]["started"]["run"]["models"][0]["digest"] = json!("00"));
    forged.rechain();
})]
#[case::states_have_other_values(VerifyCheck::Requests, |forged: &Forged| {
    forged.edit("states.json", |held| held[0]["variables"]["a thing"]["name"] = json!("thing-of-another-run"));
})]
#[case::values_of_states_are_hidden_though_none_is_sensitive(VerifyCheck::Requests, |forged: &Forged| {
    forged.edit("states.json", |held| {
        held[0]["variables"] = json!({});
        held[0]["hidden"] = json!(true);
    });
})]
#[case::the_values_of_states_are_gone(VerifyCheck::Requests, |forged: &Forged| {
    fs::remove_file(forged.path("states.json")).unwrap();
})]
fn a_forged_certificate_of_probes_is_refused(#[case] check: VerifyCheck, #[case] forge: Edit) {
    let bundle = forged();
    let before = content(bundle.root());
    forge(&bundle);
    assert!(content(bundle.root()) != before, "nothing was forged");
    bundle.reseal();
    let seen = verified(bundle.root(), MODEL, NONCE);
    assert!(!seen.is_sound());
    assert!(checks(&seen).contains(&check.name()), "{:?}", seen.problems);
}

#[test]
fn an_unchanged_copy_and_the_nonce_of_another_verifier_differ_by_the_nonce_alone() {
    let bundle = forged();
    assert_eq!(verified(bundle.root(), MODEL, NONCE).problems, []);
    assert_eq!(checks(&verified(bundle.root(), MODEL, OTHER_NONCE)), ["nonce"]);
    let digests: BTreeMap<String, Value> =
        serde_json::from_value(bundle.json("statement.json")["predicate"]["wireproof"]["files"].clone()).unwrap();
    assert!(digests.contains_key("fixtures/things/model.json") && digests.contains_key(INDEX));
}

#[rstest]
#[case::a_profile_and_a_model(&["--profile", "auth"], "cannot be used with")]
#[case::a_kill_matrix(&["--mutants", "run"], "cannot be used with")]
#[case::a_single_family(&["--probes", "length"], "invalid value 'length'")]
#[case::an_unknown_service(&["--botocore", "."], "is not a botocore installation")]
fn an_invalid_claim_of_probes_is_rejected(#[case] arguments: &[&str], #[case] says: &str) {
    let work = tempfile::tempdir().unwrap();
    let bundle = path_in(work.path(), "bundle");
    let claim = ["certify", "--model", "botocore:things", "--out", &bundle, "--endpoint", "http://127.0.0.1:1"];
    let made = run(&[&claim[..], &["--target-name", "A", "--target-version", "1"], arguments].concat());
    assert_status(&made, 2);
    assert!(crate::support::program::err(&made).contains(says), "{}", crate::support::program::err(&made));
}
