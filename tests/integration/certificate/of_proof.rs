//! Certificates whose judge is proven by a signed statement that ships with a release: what it saves, and which statements
//! are refused.

use std::{fs, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;
use wireproof::internals::{
    certificate::{
        envelope::Envelope,
        key::CertificateKey,
        proof_statement::{JudgeIdentity, ProofClaims, StatedProof, UnprovenJudge},
        verify::VerifyCheck,
    },
    proof::matrix::{KillMatrix, TOOL},
};

use super::{
    BUNDLE as WITH_MATRIX, DIGEST, FIXTURES, KEY, NONCE, OTHER_KEY, SUITE, assert_detected, checks,
    forged::Forged,
    forged_copy,
    forgeries::{Forger, Forgery, forgery},
    keys_against, matrix, path_in, public, put,
};
use crate::support::program::{assert_status, ended, err, out, program, run};

/// The private key of a release.
const RELEASE_KEY: &str = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";

fn key(text: &str) -> CertificateKey {
    CertificateKey::read(text).unwrap()
}

fn claims() -> ProofClaims {
    let matrix: KillMatrix = serde_json::from_str(&matrix(SUITE.digest())).unwrap();
    ProofClaims::of(JudgeIdentity::of(&DIGEST), &matrix).unwrap()
}

/// The statement of the release.
fn statement() -> String {
    claims().envelope(&key(RELEASE_KEY))
}

/// A bundle whose judge is proven by the statement of the release, signed by the vendor.
static BUNDLE: LazyLock<TempDir> = LazyLock::new(|| {
    let work = tempfile::tempdir().unwrap();
    assert_status(&certified(work.path(), &statement(), RELEASE_KEY), 0);
    work
});

/// Runs `certify` with a statement, which that key must have signed.
fn certified(work: &std::path::Path, statement: &str, proof_key: &str) -> std::process::Output {
    for (path, text) in FIXTURES.iter() {
        put(work, &format!("fixtures/{path}"), text);
    }
    put(work, "key", KEY);
    put(work, "release.pub", &public(proof_key).hex());
    put(work, "proof.json", statement);
    let claim = ["certify", "--profile", "auth", "--out", "bundle", "--target-name", "Acme", "--target-version", "1"];
    let keys = ["--nonce", NONCE, "--key", "key", "--fixtures", "fixtures"];
    let mut command = program(&[&claim[..], &keys, &["--proof", "proof.json", "--proof-key", "release.pub"]].concat());
    command.current_dir(work);
    ended(command)
}

/// An edited statement with the signature of the release's one.
fn edited(edit: fn(&mut Value)) -> String {
    rewritten(|envelope| {
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        let mut statement = serde_json::from_slice(&payload).unwrap();
        edit(&mut statement);
        envelope["payload"] = json!(STANDARD.encode(serde_json::to_string_pretty(&statement).unwrap() + "\n"));
    })
}

/// The same, signed by a key.
fn resigned(by: &str, edit: fn(&mut Value)) -> String {
    let envelope: Envelope = serde_json::from_str(&edited(edit)).unwrap();
    Envelope::of(&envelope.payload().unwrap(), Some(&key(by))).text()
}

/// An envelope that says something else.
fn rewritten(edit: impl Fn(&mut Value)) -> String {
    let mut envelope = serde_json::from_str(&statement()).unwrap();
    edit(&mut envelope);
    serde_json::to_string_pretty(&envelope).unwrap() + "\n"
}

/// The signature of the release in another encoding.
fn reencoded(encode: impl Fn(&str) -> String) -> String {
    rewritten(|envelope| {
        let sig = &mut envelope["signatures"][0]["sig"];
        *sig = json!(encode(sig.as_str().unwrap()));
    })
}

/// A statement of the release's key about another judge.
fn of_judge(change: fn(&mut JudgeIdentity)) -> String {
    let mut claims = claims();
    change(&mut claims.judge);
    claims.envelope(&key(RELEASE_KEY))
}

fn more_killed(statement: &mut Value) {
    let sums = &mut statement["predicate"]["wireproof"]["mutants"];
    (sums["mutants"], sums["killed"]) = (json!(4061), json!(4061));
}

fn of_this_version(statement: &mut Value) {
    statement["predicate"]["wireproof"]["judge"]["tool"] = json!("wireproof 0.0.1");
}

/// A statement that is refused: what was done to it, its envelope, and what the error says.
type Refused = (&'static str, String, &'static str);

const NOT_SIGNED: &str = "not signed by this key";

fn statements() -> Vec<Refused> {
    [with_other_claims(), with_other_signatures(), in_other_envelopes()].concat()
}

fn with_other_claims() -> Vec<Refused> {
    vec![
        ("its counts are edited", edited(more_killed), NOT_SIGNED),
        ("its counts are edited, and another key signs", resigned(OTHER_KEY, more_killed), NOT_SIGNED),
        (
            "its counts are edited, and another key signs under the name of the release's",
            {
                let mut envelope: Value = serde_json::from_str(&resigned(OTHER_KEY, more_killed)).unwrap();
                envelope["signatures"][0]["keyid"] = json!(public(RELEASE_KEY).id());
                serde_json::to_string_pretty(&envelope).unwrap() + "\n"
            },
            NOT_SIGNED,
        ),
        ("its seed is edited", edited(|of| of["predicate"]["wireproof"]["seed"] = json!(2)), NOT_SIGNED),
        ("its version is edited", edited(of_this_version), NOT_SIGNED),
        (
            "its digest of the sources is edited",
            edited(|of| of["predicate"]["wireproof"]["judge"]["sources"] = json!("0".repeat(64))),
            NOT_SIGNED,
        ),
        (
            "it is about another version",
            of_judge(|judge| "wireproof 99.0.0".clone_into(&mut judge.tool)),
            "is about wireproof 99.0.0, but this is wireproof",
        ),
        (
            "it is about another build of this version",
            of_judge(|judge| judge.sources = "0".repeat(64)),
            "is about another build of wireproof",
        ),
        (
            "it is about other fixtures or snapshots",
            of_judge(|judge| judge.suite = "0".repeat(64)),
            "is about another suite",
        ),
        (
            "it has a mutant that nothing detects",
            resigned(RELEASE_KEY, |of| of["predicate"]["wireproof"]["mutants"]["killed"] = json!(0)),
            "do not prove the judge",
        ),
        (
            "its result contradicts its claims",
            resigned(RELEASE_KEY, |of| of["predicate"]["result"] = json!("WARNED")),
            "does not follow from its claims",
        ),
        (
            "its subject contradicts its claims",
            resigned(RELEASE_KEY, |of| of["subject"][0]["digest"]["sha256"] = json!("0".repeat(64))),
            "does not follow from its claims",
        ),
        (
            "something is added to it",
            resigned(RELEASE_KEY, |of| of["predicate"]["url"] = json!("https://example.com/")),
            "does not contain the statement of a proof",
        ),
    ]
}

fn with_other_signatures() -> Vec<Refused> {
    vec![
        ("the signature is missing", rewritten(|of| of["signatures"] = json!([])), "the statement is not signed"),
        ("another key signs", claims().envelope(&key(OTHER_KEY)), NOT_SIGNED),
        (
            "a second key signs",
            rewritten(|of| {
                let other: Value = serde_json::from_str(&claims().envelope(&key(OTHER_KEY))).unwrap();
                of["signatures"].as_array_mut().unwrap().push(other["signatures"][0].clone());
            }),
            "belongs to none of the keys",
        ),
        (
            "the signature is of another statement",
            rewritten(|of| {
                let other: Value =
                    serde_json::from_str(&of_judge(|judge| "wireproof 99.0.0".clone_into(&mut judge.tool))).unwrap();
                of["signatures"] = other["signatures"].clone();
            }),
            NOT_SIGNED,
        ),
        ("the signature is encoded without padding", reencoded(|sig| sig.replace('=', "")), NOT_SIGNED),
        (
            "the signature is encoded in the alphabet of URLs",
            reencoded(|sig| sig.replace('+', "-").replace('/', "_").replace('=', "")),
            NOT_SIGNED,
        ),
        ("the signature is encoded with a line break", reencoded(|sig| format!("{sig}\n")), NOT_SIGNED),
        (
            "the signature has one more byte",
            reencoded(|sig| STANDARD.encode([STANDARD.decode(sig).unwrap(), vec![0]].concat())),
            NOT_SIGNED,
        ),
        (
            "the key is named in capitals",
            rewritten(|of| {
                let id = &mut of["signatures"][0]["keyid"];
                *id = json!(id.as_str().unwrap().to_uppercase());
            }),
            NOT_SIGNED,
        ),
    ]
}

fn in_other_envelopes() -> Vec<Refused> {
    vec![
        (
            "the type of its payload is edited",
            rewritten(|of| of["payloadType"] = json!("application/json")),
            "the payload type of the envelope",
        ),
        (
            "its envelope is written in another way",
            serde_json::from_str::<Value>(&statement()).unwrap().to_string(),
            "not in canonical form",
        ),
        (
            "it is the statement of a certificate",
            resigned(RELEASE_KEY, |of| *of = Forged::new().json("statement.json")),
            "does not contain the statement of a proof",
        ),
        ("it is a kill matrix", matrix(SUITE.digest()), "not a DSSE envelope"),
    ]
}

/// All forgeries of a bundle with such a statement. The forger recomputes the digests of the bundle.
pub(crate) fn all() -> Vec<Forgery> {
    use Forger::{Edits, Reseals};
    let of_text = |(what, text, _): (&str, String, _)| {
        let put = move |forged: &Forged| forged.put("proof.json", &text);
        forgery(&format!("the statement of the proof: {what}"), Reseals, VerifyCheck::Proof, put)
    };
    let mut all: Vec<Forgery> = statements().into_iter().map(of_text).collect();
    let claim = |what: &str, edit: fn(&mut Value)| {
        forgery(what, Reseals, VerifyCheck::Mutants, move |forged| forged.claim(edit))
    };
    all.extend([
        forgery("the statement of the proof is gone", Edits, VerifyCheck::Files, |forged| {
            fs::remove_file(forged.path("proof.json")).unwrap();
        }),
        forgery("the statement of the proof is gone everywhere", Reseals, VerifyCheck::Proof, |forged| {
            fs::remove_file(forged.path("proof.json")).unwrap();
        }),
        forgery("an invented kill matrix replaces the statement of the proof", Reseals, VerifyCheck::Proof, |forged| {
            fs::remove_file(forged.path("proof.json")).unwrap();
            forged.remake();
        }),
        forgery("a kill matrix lies beside the statement of the proof", Reseals, VerifyCheck::Proof, |forged| {
            forged.put("mutants.json", WITH_MATRIX_TEXT.as_bytes());
        }),
        claim("the certificate has other counts than the statement of the proof", |claims| {
            claims["mutants"]["killed"] = json!(4061);
        }),
        claim("the certificate says that another key has signed the statement of the proof", |claims| {
            claims["mutants"]["statedBy"] = json!(public(OTHER_KEY).id());
        }),
        claim("the certificate says that the bundle has a kill matrix", |claims| {
            claims["mutants"].as_object_mut().unwrap().remove("statedBy");
        }),
    ]);
    all
}

static WITH_MATRIX_TEXT: LazyLock<String> =
    LazyLock::new(|| fs::read_to_string(WITH_MATRIX.path().join("bundle/mutants.json")).unwrap());

#[test]
fn every_forgery_of_the_statement_of_a_proof_is_detected_by_its_check() {
    let original = BUNDLE.path().join("bundle");
    assert_detected(&all(), |forgery| {
        let keys = keys_against(forgery);
        forged_copy(&original, forgery).verified_with(&keys, Some(&public(RELEASE_KEY)), Some(NONCE))
    });
}

#[test]
fn a_statement_that_is_refused_in_a_bundle_is_refused_before_it_is_made() {
    let (judge, release) = (JudgeIdentity::of(&DIGEST), public(RELEASE_KEY));
    let read = |text: &str| StatedProof::read(text.as_bytes(), &judge, Some(&release));
    assert_eq!(read(&statement()).unwrap().claims, claims());
    for (what, text, says) in statements() {
        let error = read(&text).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(says), "{what}: {error}");
    }
}

#[rstest]
#[case::another_version(of_judge(|judge| "wireproof 99.0.0".clone_into(&mut judge.tool)), RELEASE_KEY, "is about wireproof 99.0.0, but this is")]
#[case::another_digest(of_judge(|judge| judge.suite = "0".repeat(64)), RELEASE_KEY, "is about another suite")]
#[case::another_key(statement(), OTHER_KEY, "not signed by this key")]
#[case::edited_counts(edited(more_killed), RELEASE_KEY, "not signed by this key")]
#[case::no_signature(rewritten(|of| of["signatures"] = json!([])), RELEASE_KEY, "the statement is not signed")]
fn certify_refuses_such_a_statement_with_help_and_makes_no_bundle(
    #[case] statement: String,
    #[case] key: &str,
    #[case] says: &str,
) {
    let work = tempfile::tempdir().unwrap();
    let made = certified(work.path(), &statement, key);
    assert_status(&made, 2);
    for says in [says, "help: pass the statement and the public key that came with this build, or --mutants run"] {
        assert!(err(&made).contains(says), "{says}: {}", err(&made));
    }
    assert!(!work.path().join("bundle/statement.json").exists());
}

#[test]
fn certify_and_verify_say_that_the_judge_is_proven_by_the_statement_of_a_key_for_a_version() {
    let work = BUNDLE.path();
    let (bundle, fixtures) = (path_in(work, "bundle"), path_in(work, "fixtures"));
    let (key, release) = (put(work, "public", &public(KEY).hex()), path_in(work, "release.pub"));
    let verify = ["verify", &bundle, "--fixtures", &fixtures, "--key", &key, "--nonce", NONCE, "--proof-key", &release];
    let person = run(&verify);
    assert_status(&person, 0);
    let by =
        format!("the suite detects faults, by the statement of {} for {TOOL} (1 mutant)", public(RELEASE_KEY).id());
    for says in [&by, "that the statement about the suite is true: --prove makes the kill matrix again"] {
        assert!(out(&person).contains(says), "{}", out(&person));
    }
    assert!(!out(&person).contains("the kill matrix is the vendor's"), "{}", out(&person));
    assert!(out(&person).lines().count() <= 24, "{}", out(&person));
    let proof = super::reported_json(&verify)["proof"].clone();
    let expected = json!({ "by": "statement", "key": public(RELEASE_KEY).id(), "tool": TOOL, "mutants": 1,
        "constant_endpoints": 1 });
    assert_eq!(proof, expected);
    let without_the_key = run(&verify[..8]);
    assert_status(&without_the_key, 1);
    let says = "proof: proof.json: signed by ";
    assert!(out(&without_the_key).contains(says), "{}", out(&without_the_key));
    assert!(out(&without_the_key).contains("--proof-key"), "{}", out(&without_the_key));
}

#[test]
fn an_unchanged_copy_verifies_with_the_key_of_the_release_only() {
    let bundle = Forged::copy(&BUNDLE.path().join("bundle"));
    let verified = |key: Option<&str>| bundle.verified_with(&[public(KEY)], key.map(public).as_ref(), Some(NONCE));
    let sound = verified(Some(RELEASE_KEY));
    assert_eq!(sound.problems, []);
    assert!(sound.is_granted());
    for other in [Some(OTHER_KEY), None] {
        assert!(checks(&verified(other)).contains(&"proof"), "{:?}", verified(other).problems);
    }
}

#[rstest]
#[case::a_proof_without_its_key(&["certify", "--profile", "auth", "--proof", "proof.json"], "--proof needs --proof-key FILE")]
#[case::a_proof_and_a_matrix(&["certify", "--profile", "auth", "--proof", "proof.json", "--mutants", "run"], "cannot be used with")]
#[case::a_proof_of_probes(&["certify", "--model", "botocore:sqs", "--proof", "proof.json"], "cannot be used with")]
fn an_invalid_use_of_a_statement_is_rejected(#[case] arguments: &[&str], #[case] says: &str) {
    let work = tempfile::tempdir().unwrap();
    put(work.path(), "proof.json", &statement());
    let mut command = program(arguments);
    command.current_dir(work.path()).args(["--out", "bundle", "--target-name", "Acme", "--target-version", "1"]);
    let output = ended(command);
    assert_status(&output, 2);
    assert!(err(&output).contains(says), "{}", err(&output));
}

#[rstest]
#[case::some_mutants(|matrix: &mut Value| matrix["only"] = json!(["state"]), UnprovenJudge::Selection)]
#[case::a_survivor(|matrix: &mut Value| matrix["mutants"][0]["fate"] = json!("survived"), UnprovenJudge::Undetected)]
#[case::a_false_positive(|matrix: &mut Value| matrix["mutants"][0]["fate"] = json!("false-positive"), UnprovenJudge::Undetected)]
#[case::no_constant_endpoint(|matrix: &mut Value| matrix["constant_endpoints"] = json!([]), UnprovenJudge::Undetected)]
#[case::a_constant_endpoint_that_passes(
    |matrix: &mut Value| matrix["constant_endpoints"][0]["unexplained"] = json!(["a/b/c"]),
    UnprovenJudge::Undetected
)]
fn a_kill_matrix_that_proves_nothing_gets_no_statement(#[case] edit: fn(&mut Value), #[case] why: UnprovenJudge) {
    let mut value: Value = serde_json::from_str(&matrix(SUITE.digest())).unwrap();
    edit(&mut value);
    let matrix: KillMatrix = serde_json::from_value(value).unwrap();
    assert_eq!(ProofClaims::of(JudgeIdentity::of(&DIGEST), &matrix), Err(why));
}

#[rstest]
#[case::without_a_key(&["--statement", "proof.json"], "--statement needs --key FILE")]
#[case::of_some_mutants(&["--statement", "proof.json", "--key", "key", "--only", "state"], "cannot be used with")]
#[case::in_a_folder_that_is_a_file(&["--statement", "key/proof.json", "--key", "key"], "cannot write key/proof.json")]
fn mutants_needs_a_key_and_every_mutant_for_a_statement(#[case] arguments: &[&str], #[case] says: &str) {
    let work = tempfile::tempdir().unwrap();
    put(work.path(), "key", RELEASE_KEY);
    let mut command = program(&["mutants"]);
    command.current_dir(work.path()).args(arguments);
    let output = ended(command);
    assert_status(&output, 2);
    assert!(err(&output).contains(says), "{}", err(&output));
}
