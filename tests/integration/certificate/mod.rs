//! A certificate of the reference, and all its possible forgeries: the check of each forgery detects it. If the bundle
//! alone cannot show a forgery, a rerun against the endpoint does.

mod forged;
mod forgeries;
mod of_probes;
mod of_proof;
use std::{
    fs,
    path::Path,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;
use wireproof::internals::{
    certificate::{
        certified_digest::CertifiedDigest,
        key::{CertificateKey, PublicKey},
        profile::Profiles,
        verify::{Verified, Verifier, VerifyCheck},
    },
    judge::snapshots::Snapshots,
    model::published::Places,
    proof::matrix::TOOL,
    run::recording::sha256,
    suite::{FixtureFiles, Fixtures},
};

use crate::support::{
    self,
    program::{Fault, Proxy, assert_status, ended, err, out, program, run},
};
use forged::{Forged, content};
use forgeries::{Forger, Forgery, all, main_entry};

const NONCE: &str = "00112233445566778899aabbccddeeff";
const OTHER_NONCE: &str = "ffeeddccbbaa99887766554433221100";
/// The private keys of a vendor and of another person.
const KEY: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const OTHER_KEY: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

const OPERATION: &str = "recording/proton/cancel-service-pipeline-deployment";
const CASE: &str = "proton/cancel-service-pipeline-deployment/unknown-name";
const HAR: &str = "recording/proton/cancel-service-pipeline-deployment/unknown-name.har";
const OTHER_HAR: &str = "recording/proton/cancel-service-pipeline-deployment/unsigned.har";
const PRESENCE: &str = "recording/_presence/proton.CancelServicePipelineDeployment.har";
const INDEX: &str = "recording/index.ndjson";

/// The fixtures of these tests: few, because a hundred bundles are checked.
static FIXTURES: LazyLock<FixtureFiles> = LazyLock::new(|| {
    let cases = ["unknown-name", "unsigned", "denied-identity", "missing-name"];
    let wanted = |path: &str| {
        let mut parts = path.split('/');
        let name = parts.nth(2).and_then(|name| name.strip_suffix(".yaml"));
        path.starts_with("proton/") && name.is_none_or(|name| cases.contains(&name))
    };
    let all = FixtureFiles::bundled_fixtures();
    // This one stands for all cases about signatures.
    let signed = |path: &str, text: &str| {
        let also = if path.ends_with("/unsigned.yaml") { "cites: [SV-P-01, SV-P-02, " } else { "cites: [" };
        text.replacen("cites: [", also, 1)
    };
    let few = all.iter().filter(|(path, _)| wanted(path)).map(|(path, text)| (path.to_owned(), signed(path, text)));
    FixtureFiles::from_texts(few)
});

/// The suite of the verifier.
static SUITE: LazyLock<Arc<Fixtures>> = LazyLock::new(|| Arc::new(Fixtures::read(&FIXTURES).unwrap()));
static PROFILES: LazyLock<Profiles> = LazyLock::new(|| Profiles::read(&FIXTURES, &SUITE).unwrap());
static DIGEST: LazyLock<CertifiedDigest> = LazyLock::new(|| CertifiedDigest::of(&FIXTURES, &FixtureFiles::default()));
static SNAPSHOTS: LazyLock<Arc<Snapshots>> = LazyLock::new(Arc::default);

/// A folder with these fixtures in `fixtures`.
fn with_fixtures() -> TempDir {
    let work = tempfile::tempdir().unwrap();
    for (path, text) in FIXTURES.iter() {
        put(work.path(), &format!("fixtures/{path}"), text);
    }
    work
}

/// A bundle of the reference by the profile `auth`, signed, with a nonce.
static BUNDLE: LazyLock<TempDir> = LazyLock::new(|| {
    let work = with_fixtures();
    let key = put(work.path(), "key", KEY);
    let mutants = put(work.path(), "mutants.json", &matrix(SUITE.digest()));
    let (fixtures, bundle) = (path_in(work.path(), "fixtures"), path_in(work.path(), "bundle"));
    let made = run(&[
        "certify",
        "--profile",
        "auth",
        "--out",
        &bundle,
        "--fixtures",
        &fixtures,
        "--mutants",
        &mutants,
        "--nonce",
        NONCE,
        "--key",
        &key,
        "--target-name",
        "Reference",
        "--target-version",
        "1.0",
    ]);
    assert_status(&made, 0);
    work
});

fn put(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn path_in(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// A kill matrix of the right form; the real one takes a minute, and `verify --prove` makes it again.
fn matrix(suite: &str) -> String {
    let ledger = json!({ "selected": 1, "conforms": 1, "deviates": 0, "not_implemented": 0, "blocked": 0,
        "inconclusive": 0, "not_applicable": 0 });
    json!({
        "schema": "wireproof/mutants/v2", "tool": TOOL, "suite": suite, "seed": 1, "only": [], "exhaustive": false,
        "reference": ledger,
        "mutants": [{ "id": "a", "family": "output", "says": "s", "kind": ["body-format"], "fate": "killed",
            "codes": { "body-format": { "severity": "error", "cases": 1 } }, "cases": 1, "deviations": 1 }],
        "constant_endpoints": [{ "name": "empty-object", "says": "200 with an empty object", "conforms_unchecked": 0,
            "ledger": { "selected": 1, "conforms": 0, "deviates": 0, "not_implemented": 1, "blocked": 0,
                "inconclusive": 0, "not_applicable": 0 } }],
        "unused_equivalents": [], "duration_ms": 1
    })
    .to_string()
}

fn public(key: &str) -> PublicKey {
    CertificateKey::read(key).unwrap().public()
}

/// A section of the page of the forgeries.
#[cfg(unix)]
fn section(head: &str, all: &[Forgery]) -> String {
    let row = |forgery: &Forgery| {
        let by = forgery.by.map_or("the check that reads the file", VerifyCheck::name);
        format!("| {} | {} | {by} |", forgery.what, forgery.forger.does())
    };
    let rows: Vec<String> = all.iter().map(row).collect();
    format!(
        "{head}\n\n{} forgeries:\n\n| forgery | the forger | detected by |\n|---|---|---|\n{}\n",
        all.len(),
        rows.join("\n")
    )
}

/// The page of the forgeries.
#[cfg(unix)]
fn page() -> String {
    let sections =
        [section(HEAD, &all()), section(HEAD_OF_PROBES, &of_probes::all()), section(HEAD_OF_PROOFS, &of_proof::all())];
    sections.join("\n")
}

#[cfg(unix)]
const HEAD: &str = "# Forgeries

Tests forge certificates in the ways below. Some forgers only edit a file, some also recompute the digests of all files,
and some also those of the recording and its chain. The named check detects each forgery; often others do, too.
If a forger only edits, the verifier has the vendor's key. Otherwise the forger has no key, and the verifier asks for none.
[certificates.md](../certificates.md) describes the checks, and what a look at a bundle cannot show.

## Of profiles

The bundle is a certificate of the reference implementation, with a kill matrix.";

#[cfg(unix)]
const HEAD_OF_PROBES: &str = "## Of probes

The bundle is a certificate of the probes of a small service. The verifier has the model of this service.";

#[cfg(unix)]
const HEAD_OF_PROOFS: &str = "## Of the statement of a proof

The bundle is a certificate of the reference implementation. A signed statement replaces its kill matrix, and the verifier
has the public key of the statement. Statements about another judge, and those that contradict themselves, have the signature
of the right key. `certify --proof` refuses the same statements.";

// Other systems have no links.
#[cfg(unix)]
#[test]
fn the_page_of_the_forgeries_lists_all_of_them() {
    let path = support::package().join("docs/appendix/forgeries.md");
    let page = page();
    if std::env::var_os("WIREPROOF_UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/appendix/forgeries.md differs: write it with WIREPROOF_UPDATE=1 cargo test --test integration certificate::"
    );
}

fn checks(verified: &Verified) -> Vec<&'static str> {
    let mut checks: Vec<&str> = verified.problems.iter().map(|problem| problem.check.name()).collect();
    checks.dedup();
    checks
}

#[test]
fn the_bundle_of_the_reference_verifies_and_is_granted() {
    let bundle = Forged::new();
    let verified = bundle.verified(&[public(KEY)], Some(NONCE));
    assert_eq!(verified.problems, []);
    assert!(verified.is_granted());
    let statement = bundle.json("statement.json");
    assert_eq!(statement["predicate"]["result"], "PASSED");
    assert_eq!(statement["subject"][0]["digest"]["sha256"], json!(sha256(&bundle.bytes(INDEX))));
    let granted = &statement["predicate"]["wireproof"]["profiles"][0];
    assert_eq!((&granted["granted"], &granted["missing"]), (&json!("extended"), &json!([])));
}

/// A copy of a bundle with a forgery.
fn forged_copy(original: &Path, forgery: &Forgery) -> Forged {
    let forged = Forged::copy(original);
    let before = content(forged.root());
    (forgery.forge)(&forged);
    assert!(content(forged.root()) != before, "{}: nothing was forged", forgery.what);
    match forgery.forger {
        Forger::Edits => {}
        Forger::Reseals => forged.reseal(),
        Forger::Rechains => {
            forged.rechain();
            forged.reseal();
        }
    }
    forged
}

/// The keys of a verifier: none, unless the forger only edits.
fn keys_against(forgery: &Forgery) -> Vec<PublicKey> {
    if forgery.forger == Forger::Edits { vec![public(KEY)] } else { Vec::new() }
}

#[test]
fn every_forgery_is_detected_by_its_check() {
    let all = all();
    assert!(all.len() > 30);
    let original = BUNDLE.path().join("bundle");
    assert_detected(&all, |forgery| forged_copy(&original, forgery).verified(&keys_against(forgery), None));
}

/// Fails if a forgery is not detected by its check. Prints what detects each.
#[expect(clippy::print_stdout, reason = "a reader of the page wants it with --nocapture")]
fn assert_detected(all: &[Forgery], verify: impl Fn(&Forgery) -> Verified + Sync) {
    let next = AtomicUsize::new(0);
    let verified: Vec<OnceLock<Verified>> = all.iter().map(|_| OnceLock::new()).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((at, forgery)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, all.get(at)?)))
                {
                    let _ = verified[at].set(verify(forgery));
                }
            });
        }
    });
    let mut untold = Vec::new();
    for (forgery, verified) in all.iter().zip(&verified) {
        let verified = verified.get().unwrap();
        let by = checks(verified);
        let how = forgery.forger.does();
        println!("{:<64} {how:<28} {}", forgery.what, by.join(", "));
        if verified.is_sound() || forgery.by.is_some_and(|check| !by.contains(&check.name())) {
            untold.push(format!("{}: {:?}", forgery.what, verified.problems));
        }
    }
    println!("{} forgeries", all.len());
    assert!(untold.is_empty(), "{}", untold.join("\n"));
}

#[test]
fn a_bundle_of_another_suite_does_not_verify() {
    let bundle = Forged::new();
    let change = |(path, text): (&str, &str)| {
        let text = if path.ends_with("/unknown-name.yaml") {
            text.replacen("title: ", "title: Not ", 1)
        } else {
            text.to_owned()
        };
        (path.to_owned(), text)
    };
    let files = FixtureFiles::from_texts(FIXTURES.iter().map(change));
    let suite = Arc::new(Fixtures::read(&files).unwrap());
    let digest = CertifiedDigest::of(&files, &FixtureFiles::default());
    let (snapshots, profiles, keys) = (&SNAPSHOTS, &PROFILES, &[public(KEY)]);
    let (suite, digest, places) = (&suite, &digest, &Places::default());
    let (nonce, model, now) = (None, None, SystemTime::now());
    let look = Verifier { suite, snapshots, profiles, digest, keys, proof_key: None, nonce, now, places, model };
    let verified = look.verify(bundle.root());
    let says: Vec<&str> = verified.problems.iter().map(|problem| problem.says.as_str()).collect();
    let file = "the suite differs: fixtures/proton/cancel-service-pipeline-deployment/unknown-name.yaml differs";
    assert!(says.contains(&file), "{says:?}");
    assert!(checks(&verified).contains(&"recording"), "{:?}", checks(&verified));
}

#[test]
fn the_nonce_of_another_verifier_is_rejected() {
    let bundle = Forged::new();
    assert_eq!(checks(&bundle.verified(&[public(KEY)], Some(OTHER_NONCE))), ["nonce"]);
    assert_eq!(checks(&bundle.verified(&[], Some(NONCE))), ["signature"]);
}

/// The limit of every offline check: well-invented responses with everything recomputed.
#[test]
fn invented_responses_are_detected_by_a_signature_or_a_rerun() {
    let forged = Forged::new();
    // Changes a part of the response that no requirement is about.
    forged.har(HAR, |log| {
        let headers = main_entry(log)["response"]["headers"].as_array_mut().unwrap();
        headers
            .iter_mut()
            .find(|header| header["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("date")))
            .unwrap()["value"] = json!("never");
    });
    assert!(forged.remake().predicate.wireproof.granted);
    assert_eq!(forged.verified(&[], Some(NONCE)).problems, []);
    assert_eq!(checks(&forged.verified(&[public(KEY)], Some(NONCE))), ["signature"]);
}

/// The endpoint keeps the contract while the bundle is made, but not during the rerun.
#[test]
fn a_rerun_detects_an_endpoint_that_differs_from_its_bundle() {
    let work = tempfile::tempdir().unwrap();
    let proxy = Proxy::start();
    let mutants = put(work.path(), "mutants.json", &matrix(SUITE.digest()));
    let (bundle, fixtures) = (path_in(work.path(), "bundle"), path_in(BUNDLE.path(), "fixtures"));
    let target = ["--endpoint", proxy.endpoint.as_str(), "--as-reference", "--fixtures", &fixtures];
    let claim = ["certify", "--profile", "auth", "--out", &bundle, "--mutants", &mutants];
    let made = run(&[claim.as_slice(), &target, &["--target-name", "Acme", "--target-version", "3"]].concat());
    assert_status(&made, 0);
    assert!(out(&made).contains("proton auth: extended"), "{}", out(&made));

    let again = [["verify", &bundle, "--rerun", "100"].as_slice(), &target].concat();
    let honest = run(&again);
    assert_status(&honest, 0);
    assert!(out(&honest).contains("3 cases were rerun with the same result"), "{}", out(&honest));

    proxy.set(Fault::Name("NobodyKnowsException"));
    let other = run(&again);
    assert_status(&other, 1);
    assert!(out(&other).contains("rerun: proton/cancel-service-pipeline-deployment/"), "{}", out(&other));
    assert!(out(&other).contains("conforms in the certificate, deviates now"), "{}", out(&other));
}

#[rstest]
#[case::an_unknown_profile(&["--profile", "autth"], "did you mean auth?")]
#[case::an_unknown_service(&["--profile", "auth", "--service", "protn"], "did you mean proton?")]
#[case::a_nonce_and_a_seed(&["--profile", "auth", "--nonce", NONCE, "--seed", "1"], "cannot be used with")]
#[case::a_nonce_that_can_be_guessed(&["--profile", "auth", "--nonce", "00ff"], "16 to 128 hexadecimal digits")]
#[case::a_matrix_of_another_suite(&["--profile", "auth", "--mutants", "mutants.json"], "of another suite")]
#[case::a_matrix_that_is_none(&["--profile", "auth", "--mutants", "key"], "is not a kill matrix")]
#[case::a_key_that_is_none(&["--profile", "auth", "--key", "mutants.json"], "not an Ed25519 private key")]
#[case::a_folder_that_is_in_use(&["--profile", "auth", "--out", "."], "is not empty")]
#[case::another_level(&["--profile", "auth", "--level", "most"], "expected core or extended")]
#[case::no_verification(&["--profile", "auth", "--insecure"], "--insecure is not allowed for a certificate")]
fn an_invalid_claim_is_rejected_before_the_first_request(#[case] arguments: &[&str], #[case] says: &str) {
    let work = with_fixtures();
    put(work.path(), "key", KEY);
    put(work.path(), "mutants.json", &matrix("of another suite"));
    let mut command = program(&["certify", "--target-name", "Acme", "--target-version", "3", "--fixtures", "fixtures"]);
    let out = ["--out", "bundle"];
    command.current_dir(work.path()).args(arguments).args(out.iter().filter(|_| !arguments.contains(&"--out")));
    let output = ended(command);
    assert_status(&output, 2);
    assert!(err(&output).contains(says), "{}", err(&output));
}

#[test]
fn a_new_key_is_for_its_owner_alone_and_is_never_overwritten() {
    let work = tempfile::tempdir().unwrap();
    let path = path_in(work.path(), "vendor.pem");
    let made = run(&["certify", "--new-key", &path]);
    assert_status(&made, 0);
    let key = CertificateKey::read(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(out(&made).trim(), key.public().id());
    assert_eq!(PublicKey::read(&fs::read_to_string(format!("{path}.pub")).unwrap()).unwrap(), key.public());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_status(&run(&["certify", "--new-key", &path]), 2);
    assert_eq!(CertificateKey::read(&fs::read_to_string(&path).unwrap()).unwrap().public(), key.public());
}

/// The result of a `verify` command for programs. It fits its schema.
fn reported_json(verify: &[&str]) -> Value {
    let reported: Value = serde_json::from_str(&out(&run(&[verify, &["--json"]].concat()))).unwrap();
    let schema: Value = serde_json::from_str(&out(&run(&["schema", "verification"]))).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let problems: Vec<String> = validator.iter_errors(&reported).map(|error| error.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}: {reported}");
    reported
}

#[test]
fn programs_and_people_get_the_same_result() {
    let work = BUNDLE.path();
    let (bundle, fixtures) = (path_in(work, "bundle"), path_in(work, "fixtures"));
    let key = put(work, "public", &public(KEY).hex());
    let verify = ["verify", &bundle, "--fixtures", &fixtures, "--key", &key, "--nonce", NONCE];
    let person = run(&verify);
    assert_status(&person, 0);
    for says in ["proton auth: extended (3 cases, 6 requirements)", "granted to Reference 1.0", "the run is not older"]
    {
        assert!(out(&person).contains(says), "{}", out(&person));
    }
    let reported = reported_json(&verify);
    assert_eq!(
        (&reported["verified"], &reported["granted"], &reported["problems"]),
        (&json!(true), &json!(true), &json!([]))
    );
    let proof = json!({ "by": "kill-matrix", "tool": TOOL, "mutants": 1, "constant_endpoints": 1 });
    assert_eq!((&reported["proof"], &reported["model"]), (&proof, &Value::Null));
    assert_eq!((&reported["signed_by"], &reported["nonce"]), (&json!([public(KEY).id()]), &json!(NONCE)));

    let reported = reported_json(&verify[..4]);
    assert_eq!((&reported["verified"], &reported["problems"][0]["check"]), (&json!(false), &json!("signature")));
    assert_status(&run(&["verify", &path_in(work, "nowhere")]), 2);
}

#[test]
fn without_a_kill_matrix_nothing_is_granted() {
    let work = tempfile::tempdir().unwrap();
    let bundle = path_in(work.path(), "bundle");
    let fixtures = path_in(BUNDLE.path(), "fixtures");
    let claim =
        ["certify", "--profile", "constraints", "--target-name", "Acme", "--target-version", "3", "--out", &bundle];
    let made = run(&[claim.as_slice(), &["--fixtures", &fixtures]].concat());
    assert_status(&made, 1);
    assert!(out(&made).contains("missing: no kill matrix"), "{}", out(&made));
    assert!(out(&made).contains("core lacks CSP-13: not exercised"), "{}", out(&made));
    assert!(out(&made).contains("unsigned: the author is unknown"), "{}", out(&made));
    // It says so soundly.
    let verified = run(&["verify", &bundle, "--fixtures", &fixtures]);
    assert_status(&verified, 1);
    assert!(out(&verified).contains("\nverified:\n") && !out(&verified).contains("not verified"), "{}", out(&verified));
}
