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
        key::PublicKey,
        nonce::Nonce,
        verify::{Verified, Verifier, VerifyCheck},
    },
    model::published::Places,
    run::recording::sha256,
};

use super::{
    KEY, NONCE, OTHER_NONCE, PROFILES, SNAPSHOTS, SUITE, assert_detected, checks,
    forged::Forged,
    forged_copy,
    forgeries::{Forger, Forgery, forgery},
    path_in, public, put, reported_json, with_fixtures,
};
use crate::support::program::{Served, assert_status, out, run};

const MODEL: &str = include_str!("../support/things.json");
const RECIPE: &str = include_str!("../support/things.yaml");
const INDEX: &str = "recording/index.ndjson";

/// Fixtures in `fixtures`: the program reads some, although a certificate of probes needs none.
static FEW: LazyLock<TempDir> = LazyLock::new(with_fixtures);

/// The argument that selects them.
static FIXTURES: LazyLock<String> = LazyLock::new(|| format!("--fixtures={}", path_in(FEW.path(), "fixtures")));

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
    run(&[&probes, &target[..], &["--key", &key, "--nonce", NONCE, &FIXTURES], more].concat())
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
fn verified(root: &Path, model: &str, keys: &[PublicKey], nonce: &str) -> Verified {
    let own = tempfile::tempdir().unwrap();
    let places = Places { botocore: Some(PathBuf::from(botocore(own.path(), model))), path: None };
    let digest = &super::DIGEST;
    let (suite, snapshots, profiles) = (&SUITE, &SNAPSHOTS, &PROFILES);
    let (nonce, now) = (Nonce::read(nonce).unwrap(), SystemTime::now());
    let nonce = Some(&nonce);
    let verifier = Verifier {
        suite,
        snapshots,
        profiles,
        digest,
        keys,
        proof_key: None,
        nonce,
        now,
        places: &places,
        model: None,
    };
    verifier.verify(root)
}

#[test]
fn an_endpoint_that_keeps_its_model_is_granted_the_probes_and_a_verifier_reads_it_in_one_screen() {
    let work = BUNDLE.path();
    let (bundle, key) = (path_in(work, "bundle"), put(work, "public", &public(KEY).hex()));
    let botocore = path_in(work, "botocore");
    let verify = ["verify", &bundle, "--key", &key, "--nonce", NONCE, "--botocore", &botocore, &FIXTURES];
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
    let model = reported_json(&verify)["model"].clone();
    let digest = sha256(MODEL.as_bytes());
    let expected = json!({ "service": "things", "source": "botocore:things@2026-01-01", "version": "1",
        "digest": digest, "standing": "same", "recipe": "own" });
    assert_eq!(model, expected);
}

#[test]
fn a_machine_without_the_model_says_that_it_is_the_vendors_copy() {
    let work = BUNDLE.path();
    let (bundle, key) = (path_in(work, "bundle"), put(work, "public", &public(KEY).hex()));
    let empty = tempfile::tempdir().unwrap();
    put(empty.path(), "data/other/1/service-2.json", MODEL);
    let verify = ["verify", &bundle, "--key", &key, "--botocore", empty.path().to_str().unwrap(), &FIXTURES];
    let person = run(&verify);
    assert_status(&person, 0);
    assert!(out(&person).contains("the vendor's copy: this machine has none to compare"), "{}", out(&person));
    assert_eq!(reported_json(&verify)["model"]["standing"], "not-compared");
    // The verifier may name the model to compare with.
    let named = |text: &str| {
        let model = put(empty.path(), "named.json", text);
        run(&[&verify[..], &["--model", &model]].concat())
    };
    assert_status(&named(MODEL), 0);
    let other = named(&weaker());
    assert_status(&other, 1);
    assert!(out(&other).contains("model: botocore:things@2026-01-01 of the bundle is not that of this machine"));
    let model =
        reported_json(&[&verify[..], &["--model", &path_in(empty.path(), "named.json")]].concat())["model"].clone();
    assert_eq!((&model["standing"], &model["differs"]), (&json!("differs"), &json!(["model.json"])));
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
    let seen = verified(&work.path().join("bundle"), MODEL, &[public(KEY)], NONCE);
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
        let again = ["--rerun", "1000", "--endpoint", endpoint];
        run(&[&["verify", &bundle, "--key", &key, "--botocore", &botocore, &FIXTURES], &again[..]].concat())
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
    let seen = verified(&work.path().join("bundle"), MODEL, &[public(KEY)], NONCE);
    assert_eq!(checks(&seen), ["model"]);
    assert_eq!(
        seen.problems[0].says,
        "botocore:things@2026-01-01 of the bundle is not that of this machine: model.json differ"
    );
}

/// Edits each line of the index.
fn index(forged: &Forged, edit: fn(&mut Vec<Value>)) {
    forged.index(edit);
}

fn claim(forged: &Forged, edit: fn(&mut Value)) {
    forged.claim(edit);
}

const DROPPED: &str = "things.CreateThing/ThingName/required/absent";

/// All forgeries of a bundle of probes.
pub(crate) fn all() -> Vec<Forgery> {
    use Forger::{Rechains, Reseals};
    vec![
        forgery("the model is replaced", Reseals, VerifyCheck::Model, |forged| {
            forged.put("fixtures/things/model.json", weaker());
        }),
        forgery("the model is missing", Reseals, VerifyCheck::Model, |forged| {
            fs::remove_file(forged.path("fixtures/things/model.json")).unwrap();
        }),
        forgery("the recipe is replaced", Reseals, VerifyCheck::Suite, |forged| {
            forged.put("fixtures/things/states.yaml", "states: {}\n");
        }),
        forgery("a file is added beside the model", Reseals, VerifyCheck::Model, |forged| {
            forged.put("fixtures/things/waiters-2.json", r#"{"version":2,"waiters":{}}"#);
        }),
        forgery("another digest is claimed", Reseals, VerifyCheck::Model, |forged| {
            claim(forged, |claims| claims["probes"]["model"]["digest"] = json!("00"));
        }),
        forgery("the model is said to be a file of the vendor", Reseals, VerifyCheck::Recording, |forged| {
            claim(forged, |claims| claims["probes"]["model"]["source"] = json!("things.json"));
        }),
        forgery("more groups are claimed", Reseals, VerifyCheck::Cases, |forged| {
            claim(forged, |claims| claims["probes"]["groups"] = json!(["sdk", "wire"]));
        }),
        forgery("no group is claimed", Reseals, VerifyCheck::Model, |forged| {
            claim(forged, |claims| claims["probes"]["groups"] = json!([]));
        }),
        forgery("operations that delete are claimed", Reseals, VerifyCheck::Cases, |forged| {
            claim(forged, |claims| claims["probes"]["destructive"] = json!(true));
        }),
        forgery("another seed is claimed", Reseals, VerifyCheck::Nonce, |forged| {
            claim(forged, |claims| claims["seed"] = json!(7));
        }),
        forgery("an operation is added to those that are covered", Reseals, VerifyCheck::Profiles, |forged| {
            claim(forged, |claims| claims["probed"]["covered"].as_array_mut().unwrap().push(json!("DeleteThing")));
        }),
        forgery("the operations of the model are fewer", Reseals, VerifyCheck::Profiles, |forged| {
            claim(forged, |claims| claims["probed"]["operations"] = json!(7));
        }),
        forgery("a level is raised", Reseals, VerifyCheck::Profiles, |forged| {
            claim(forged, |claims| claims["profiles"][0]["granted"] = json!("extended"));
        }),
        forgery("an operation is said to be absent", Rechains, VerifyCheck::Requests, |forged| {
            index(forged, |lines| {
                let is_it = |line: &&mut Value| line["opened"]["checked"]["operation"] == "ListJobs";
                lines.iter_mut().find(is_it).unwrap()["opened"]["checked"]["presence"] = json!("not-implemented");
            });
        }),
        forgery("a case is left out everywhere", Rechains, VerifyCheck::Cases, |forged| {
            index(forged, |lines| {
                lines.retain(|line| line["case"]["id"] != DROPPED);
                let last = lines.last_mut().unwrap();
                last["finished"]["cases"] = json!(last["finished"]["cases"].as_u64().unwrap() - 1);
            });
            fs::remove_file(forged.path("recording/things.CreateThing/ThingName/required/absent.har")).unwrap();
        }),
        forgery("fewer cases are selected", Rechains, VerifyCheck::Recording, |forged| {
            index(forged, |lines| lines[0]["started"]["run"]["selection"]["cases"] = json!(1));
        }),
        forgery("the model of the recording is another one", Rechains, VerifyCheck::Recording, |forged| {
            index(forged, |lines| lines[0]["started"]["run"]["models"][0]["digest"] = json!("00"));
        }),
        forgery("states have other values", Reseals, VerifyCheck::Requests, |forged| {
            forged.edit("states.json", |held| held[0]["variables"]["a thing"]["name"] = json!("thing-of-another-run"));
        }),
        forgery("values of states are hidden though none is sensitive", Reseals, VerifyCheck::Requests, |forged| {
            forged.edit("states.json", |held| {
                held[0]["variables"] = json!({});
                held[0]["hidden"] = json!(true);
            });
        }),
        forgery("the values of states are gone", Reseals, VerifyCheck::Requests, |forged| {
            fs::remove_file(forged.path("states.json")).unwrap();
        }),
    ]
}

#[test]
fn every_forgery_of_a_certificate_of_probes_is_detected_by_its_check() {
    let original = BUNDLE.path().join("bundle");
    assert_detected(&all(), |forgery| verified(forged_copy(&original, forgery).root(), MODEL, &[], NONCE));
}

#[test]
fn an_unchanged_copy_and_the_nonce_of_another_verifier_differ_by_the_nonce_alone() {
    let bundle = forged();
    assert_eq!(verified(bundle.root(), MODEL, &[public(KEY)], NONCE).problems, []);
    assert_eq!(checks(&verified(bundle.root(), MODEL, &[public(KEY)], OTHER_NONCE)), ["nonce"]);
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
    let made = run(&[&claim[..], &["--target-name", "A", "--target-version", "1", &FIXTURES], arguments].concat());
    assert_status(&made, 2);
    assert!(crate::support::program::err(&made).contains(says), "{}", crate::support::program::err(&made));
}
