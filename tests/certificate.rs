//! A certificate of the reference, and everything that a forger may do to it: each forgery is told by the check that it
//! breaks. What no look at a bundle can tell, an endpoint tells that is asked again.

#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    clippy::similar_names,
    clippy::too_many_lines,
    reason = "forgeries are a long list"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use wireproof::{
    certificate::{
        bundle::{self, Contents},
        envelope::Envelope,
        key::{PublicKey, SigningKey},
        profile::Profiles,
        seed::{Claim, Nonce},
        statement::{Stated, Statement},
        suite::{SuiteDigest, sha256},
        verify::{Check, Verified, Verifier},
    },
    event::Event,
    golden::Goldens,
    har,
    matrix::{KillMatrix, TOOL},
    recording::Recording,
    report::{Json, Reporter as _},
    scenario::{Batch, Files, Suite},
    session::replay,
};

use support::program::{Fault, Proxy, assert_status, ended, err, out, program, run};

const NONCE: &str = "00112233445566778899aabbccddeeff";
const OTHER_NONCE: &str = "ffeeddccbbaa99887766554433221100";
/// The private keys of a vendor and of somebody else.
const KEY: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const OTHER_KEY: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

const OPERATION: &str = "transcripts/proton/cancel-service-pipeline-deployment";
const CASE: &str = "proton/cancel-service-pipeline-deployment/unknown-name";
const HAR: &str = "transcripts/proton/cancel-service-pipeline-deployment/unknown-name.har";
const OTHER_HAR: &str = "transcripts/proton/cancel-service-pipeline-deployment/unsigned.har";
const SURVEY: &str = "transcripts/_survey/proton.CancelServicePipelineDeployment.har";
const INDEX: &str = "transcripts/index.ndjson";

/// The fixtures of these tests: few, because a hundred bundles are checked.
static FIXTURES: LazyLock<Files> = LazyLock::new(|| {
    let cases = ["unknown-name", "unsigned", "denied-identity", "missing-name"];
    let wanted = |path: &str| {
        let mut parts = path.split('/');
        let name = parts.nth(2).and_then(|name| name.strip_suffix(".yaml"));
        path.starts_with("proton/") && name.is_none_or(|name| cases.contains(&name))
    };
    let all = Files::bundled_fixtures();
    let few = all.iter().filter(|(path, _)| wanted(path)).map(|(path, text)| (path.to_owned(), text.to_owned()));
    Files::from_texts(few)
});

/// What a verifier has at hand.
static SUITE: LazyLock<Arc<Suite>> = LazyLock::new(|| Arc::new(Suite::read(&FIXTURES).unwrap()));
static PROFILES: LazyLock<Profiles> = LazyLock::new(|| Profiles::read(&FIXTURES, &SUITE).unwrap());
static DIGEST: LazyLock<SuiteDigest> = LazyLock::new(|| SuiteDigest::of(&FIXTURES, &Files::default()));
static GOLDENS: LazyLock<Arc<Goldens>> = LazyLock::new(Arc::default);

/// A bundle of the reference by the profile `auth`, signed, with a nonce.
static BUNDLE: LazyLock<TempDir> = LazyLock::new(|| {
    let work = tempfile::tempdir().unwrap();
    for (path, text) in FIXTURES.iter() {
        put(work.path(), &format!("fixtures/{path}"), text);
    }
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
        "schema": "wireproof/mutants/v1", "tool": TOOL, "suite": suite, "seed": 1, "only": [], "exhaustive": false,
        "reference": ledger,
        "mutants": [{ "id": "a", "family": "output", "says": "s", "kind": ["json"], "fate": "killed",
            "codes": { "json": { "severity": "error", "cases": 1 } }, "cases": 1, "deviations": 1 }],
        "nulls": [], "dead_reasons": [], "duration_ms": 1
    })
    .to_string()
}

fn public(key: &str) -> PublicKey {
    SigningKey::read(key).unwrap().public()
}

/// A copy of the bundle in somebody's hands.
struct Forged(TempDir);

impl Forged {
    fn new() -> Self {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(&BUNDLE.path().join("bundle"), copy.path());
        Self(copy)
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.bytes(name)).unwrap()
    }

    /// Edits a document that is written over several lines.
    fn edit(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut value = self.json(name);
        edit(&mut value);
        self.put(name, serde_json::to_string_pretty(&value).unwrap() + "\n");
    }

    /// Edits what we claim in the statement.
    fn claim(&self, edit: impl FnOnce(&mut Value)) {
        self.edit("statement.json", |statement| edit(&mut statement["predicate"]["wireproof"]));
    }

    /// Edits a transcript as the JSON that it is.
    fn har(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut value = self.json(name);
        edit(&mut value["log"]);
        self.put(name, serde_json::to_string(&value).unwrap() + "\n");
    }

    /// Edits the lines of the index.
    fn index(&self, edit: impl FnOnce(&mut Vec<Value>)) {
        let text = String::from_utf8(self.bytes(INDEX)).unwrap();
        let line = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let mut lines: Vec<Value> = text.lines().map(line).collect();
        edit(&mut lines);
        let texts: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
        self.put(INDEX, texts.concat());
    }

    /// Makes every digest of the recording anew, and its chain.
    fn rechain(&self) {
        let mut chain = String::new();
        let text = String::from_utf8(self.bytes(INDEX)).unwrap();
        let mut out = String::new();
        for line in text.lines() {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line.as_object_mut().unwrap().shift_remove("chain");
            for kept in ["/case/file", "/opened/file"] {
                if let Some(file) = line.pointer_mut(kept).filter(|file| file.is_object()) {
                    let path = format!("transcripts/{}", file["path"].as_str().unwrap());
                    file["sha256"] = json!(sha256(&self.bytes(&path)));
                }
            }
            let text = serde_json::to_string(&line).unwrap();
            chain = hex(&Sha256::new().chain_update(&chain).chain_update(&text).finalize());
            out += &format!("{},\"chain\":\"{chain}\"}}\n", text.strip_suffix('}').unwrap());
        }
        self.put(INDEX, out);
        self.claim(|claims| claims["chain"] = json!(chain));
        self.edit("statement.json", |statement| statement["subject"][0]["digest"]["wireproofChain"] = json!(chain));
    }

    /// Makes the digests of all files anew, and an envelope; without the vendor's key there is no signature.
    fn reseal(&self) {
        let files: BTreeMap<String, String> = support::files_below(self.root(), "")
            .into_iter()
            .map(|path| path.to_string_lossy().replace('\\', "/"))
            .filter(|path| path != "statement.json" && path != "envelope.json")
            .map(|path| (path.clone(), sha256(&self.bytes(&path))))
            .collect();
        self.edit("statement.json", |statement| {
            statement["subject"][0]["digest"]["sha256"] = json!(files[INDEX]);
            for resource in statement["predicate"]["configuration"].as_array_mut().unwrap() {
                if let Some(digest) = files.get(resource["name"].as_str().unwrap()) {
                    resource["digest"]["sha256"] = json!(digest);
                }
            }
            statement["predicate"]["wireproof"]["files"] = json!(files);
        });
        self.envelope(None);
    }

    fn envelope(&self, key: Option<&str>) {
        let key = key.map(|key| SigningKey::read(key).unwrap());
        self.put("envelope.json", Envelope::of(&self.bytes("statement.json"), key.as_ref()).text());
    }

    /// Makes everything anew that the tool makes of a recording: report, decisions, statement.
    fn remake(&self) -> Statement {
        self.rechain();
        let recording = Recording::open(&self.path("transcripts")).unwrap();
        let mut report = Vec::new();
        let mut json = Json::new(&mut report);
        let mut sink = |event: Event| json.event(&event).unwrap();
        let cases = bundle::cases(&SUITE, &PROFILES.select(&["auth".to_owned()], &[]));
        replay(&SUITE, &GOLDENS, &recording, &mut Batch::new(cases), &mut sink).unwrap();
        let claims = &self.json("statement.json")["predicate"]["wireproof"];
        let stated: Stated = serde_json::from_value(claims.clone()).unwrap();
        for name in ["statement.json", "envelope.json"] {
            fs::remove_file(self.path(name)).unwrap();
        }
        let matrix: KillMatrix = serde_json::from_str(&matrix(SUITE.digest())).unwrap();
        let (stated, matrix) = (&stated, Some(&matrix));
        let (suite, digest, profiles, report) = (&SUITE, &DIGEST, &PROFILES, &report);
        bundle::write(self.root(), &Contents { stated, suite, digest, profiles, report, matrix, key: None }).unwrap()
    }

    /// What a verifier says who has these keys and this nonce.
    fn verified(&self, keys: &[PublicKey], nonce: Option<&str>) -> Verified {
        let nonce = nonce.map(|nonce| Nonce::read(nonce).unwrap());
        let (suite, goldens, profiles, digest) = (&SUITE, &GOLDENS, &PROFILES, &DIGEST);
        Verifier { suite, goldens, profiles, digest, keys, nonce: nonce.as_ref() }.verify(self.root())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn copy_folder(from: &Path, to: &Path) {
    for path in support::files_below(from, "") {
        let whole = to.join(&path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::copy(from.join(&path), whole).unwrap();
    }
}

/// Every file of a folder, and every folder, with its bytes where it has any.
fn content(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let is_file = entry.file_type().unwrap().is_file();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
            found.insert(entry.path(), is_file.then(|| fs::read(entry.path()).unwrap()));
        }
    }
    found
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

/// What a forger can do.
#[derive(Clone, Copy, PartialEq)]
enum Forger {
    /// Edits files.
    Edits,
    /// Makes the digests of all files anew.
    Reseals,
    /// Also those of the recording, and its chain.
    Rechains,
}

/// One forgery, and the check that must tell it.
struct Forgery {
    what: String,
    forger: Forger,
    forge: Box<dyn Fn(&Forged) + Send + Sync>,
    /// `None`: whichever.
    by: Option<Check>,
}

fn forgery(
    what: &str,
    forger: Forger,
    by: impl Into<Option<Check>>,
    forge: impl Fn(&Forged) + Send + Sync + 'static,
) -> Forgery {
    Forgery { what: what.to_owned(), forger, forge: Box::new(forge), by: by.into() }
}

/// A byte is changed in each kind of file, at its begin, in its middle, and at its end.
fn flips() -> Vec<Forgery> {
    let kinds = ["report.json", "suite.json", "mutants.json", "statement.json", "envelope.json", INDEX, HAR, SURVEY];
    let places = [("first", 0, 1), ("middle", 1, 2), ("last but one", 998, 1000)];
    let flip = |name: &'static str| {
        let shown = name.rsplit('/').next().unwrap();
        places.map(|(place, part, of)| {
            forgery(&format!("{shown}: the {place} byte"), Forger::Edits, None, move |forged| {
                let mut bytes = forged.bytes(name);
                let at = bytes.len() * part / of;
                // Another character of the same kind, so that the document stays one where it can.
                bytes[at] = if bytes[at].is_ascii_digit() { b'0' + (bytes[at] - b'0' + 1) % 10 } else { bytes[at] ^ 1 };
                forged.put(name, bytes);
            })
        })
    };
    kinds.into_iter().flat_map(flip).collect()
}

/// Files that come, go, or are others.
fn files() -> Vec<Forgery> {
    use Forger::{Edits, Rechains, Reseals};
    let gone = |name: &'static str, by| {
        forgery(&format!("{} is gone", name.rsplit('/').next().unwrap()), Edits, by, move |forged| {
            fs::remove_file(forged.path(name)).unwrap();
        })
    };
    let mut all: Vec<Forgery> = ["report.json", "suite.json", "mutants.json", "envelope.json", "statement.json", HAR]
        .into_iter()
        .map(|name| gone(name, Check::Files))
        .collect();
    all.extend([
        gone(INDEX, Check::Recording),
        forgery("a file is added", Edits, Check::Files, |forged| forged.put("README", "x")),
        forgery("a file is added, and listed", Reseals, Check::Files, |forged| forged.put("transcripts/x.har", "{}")),
        forgery("an empty folder is added", Edits, Check::Files, |forged| fs::create_dir(forged.path("x")).unwrap()),
        forgery("two transcripts are swapped", Edits, Check::Files, swap),
        forgery("two transcripts are swapped, digests made anew", Rechains, Check::Recording, swap),
        forgery("a transcript is replaced by a copy of another", Rechains, Check::Recording, |forged| {
            forged.put(HAR, forged.bytes(OTHER_HAR));
        }),
        forgery("a transcript lies elsewhere", Rechains, Check::Recording, |forged| {
            fs::rename(forged.path(HAR), forged.path(&format!("{OPERATION}/x.har"))).unwrap();
            let line = move |lines: &mut Vec<Value>| {
                let file = &mut case_line(lines, CASE)["case"]["file"];
                file["path"] = json!(format!("{}/x.har", OPERATION.strip_prefix("transcripts/").unwrap()));
            };
            forged.index(line);
        }),
    ]);
    #[cfg(unix)]
    all.push(forgery("a link in place of a file", Edits, Check::Files, |forged| {
        fs::remove_file(forged.path(HAR)).unwrap();
        std::os::unix::fs::symlink(BUNDLE.path().join("bundle").join(HAR), forged.path(HAR)).unwrap();
    }));
    all
}

fn swap(forged: &Forged) {
    let (one, other) = (forged.bytes(HAR), forged.bytes(OTHER_HAR));
    forged.put(HAR, other);
    forged.put(OTHER_HAR, one);
}

fn case_line<'l>(lines: &'l mut [Value], id: &str) -> &'l mut Value {
    lines.iter_mut().find(|line| line["case"]["id"] == id).unwrap()
}

fn reported<'r>(report: &'r mut Value, id: &str) -> &'r mut Value {
    report["cases"].as_array_mut().unwrap().iter_mut().find(|case| case["id"] == id).unwrap()
}

/// Reports, statements and papers that say something else; digests are made anew.
fn papers() -> Vec<Forgery> {
    use Forger::{Edits, Reseals};
    let report = |what: &str, by, edit: fn(&mut Value)| {
        forgery(what, Reseals, by, move |forged| forged.edit("report.json", edit))
    };
    let claim = |what: &str, by, edit: fn(&mut Value)| forgery(what, Reseals, by, move |forged| forged.claim(edit));
    let mutants = |what: &str, edit: fn(&mut Value)| {
        forgery(what, Reseals, Check::Mutants, move |forged| forged.edit("mutants.json", edit))
    };
    vec![
        report("a verdict is edited", Check::Verdicts, |report| reported(report, CASE)["verdict"] = json!("deviates")),
        report("a number of checks is edited", Check::Verdicts, |report| reported(report, CASE)["checks"] = json!(99)),
        report("a finding is made up", Check::Verdicts, |report| {
            reported(report, CASE)["findings"] = json!([{ "code": "json", "severity": "note", "evidence": "documented",
                "step": 1, "role": "step", "pointer": "", "expected": "x", "actual": "y", "cites": [] }]);
        }),
        report("a case is dropped from the report", Check::Cases, |report| {
            report["cases"].as_array_mut().unwrap().retain(|case| case["id"] != CASE);
        }),
        report("a case is twice in the report", Check::Cases, |report| {
            let case = reported(report, CASE).clone();
            report["cases"].as_array_mut().unwrap().push(case);
        }),
        report("the ledger is edited", Check::Ledger, |report| report["ledger"]["conforms"] = json!(99)),
        report("what became of a statement is edited", Check::Statements, |report| {
            report["statements"][0]["outcome"] = json!("broken");
        }),
        report("the time of the report is edited", Check::Verdicts, |report| report["duration_ms"] = json!(1)),
        claim("the ledger of the statement is edited", Check::Ledger, |claims| claims["ledger"]["selected"] = json!(9)),
        claim("a granted level is edited", Check::Profiles, |claims| claims["profiles"][0]["granted"] = json!("core")),
        claim("another profile is claimed", Check::Cases, |claims| claims["asked"] = json!(["auth", "constraints"])),
        claim("another program is claimed", Check::Tool, |claims| claims["tool"] = json!("wireproof 99.0.0")),
        claim("another nonce is claimed", Check::Nonce, |claims| claims["nonce"] = json!(OTHER_NONCE)),
        claim("another seed is claimed", Check::Nonce, |claims| claims["seed"] = json!(7)),
        claim("another name is claimed", Check::Nonce, |claims| claims["target"]["name"] = json!("Acme")),
        claim("another endpoint is claimed", Check::Recording, |claims| {
            claims["target"]["endpoint"] = json!("http://127.0.0.2:1");
        }),
        claim("a lack is claimed", Check::Requests, |claims| claims["target"]["deniedIdentity"] = json!(false)),
        claim("the run ended before it began", Check::Times, |claims| claims["finishedMs"] = json!(1)),
        claim("the run is said to be later", Check::Times, |claims| {
            let year = 365 * 24 * 60 * 60 * 1000_u64;
            for time in ["startedMs", "finishedMs"] {
                claims[time] = json!(claims[time].as_u64().unwrap() + year);
            }
        }),
        claim("the sums of the kill matrix are edited", Check::Mutants, |claims| {
            claims["mutants"]["killed"] = json!(4061);
        }),
        forgery("the result is edited", Reseals, Check::Statement, |forged| {
            forged.edit("statement.json", |statement| statement["predicate"]["result"] = json!("WARNED"));
        }),
        forgery("a passed test is dropped from the statement", Reseals, Check::Statement, |forged| {
            forged.edit("statement.json", |statement| {
                statement["predicate"]["passedTests"].as_array_mut().unwrap().pop();
            });
        }),
        forgery("the subject is another one", Reseals, Check::Statement, |forged| {
            forged.edit("statement.json", |statement| statement["subject"][0]["name"] = json!("Acme 9"));
        }),
        forgery("something is added to the statement", Reseals, Check::Statement, |forged| {
            forged.edit("statement.json", |statement| statement["predicate"]["url"] = json!("https://example.com/"));
        }),
        forgery("the digest of a fixture is replaced", Reseals, Check::Suite, |forged| {
            forged.edit("suite.json", |suite| suite["files"]["fixtures/proton/profiles.yaml"] = json!(sha256(b"")));
        }),
        forgery("the digest of the suite is replaced", Reseals, Check::Suite, |forged| {
            forged.edit("suite.json", |suite| suite["digest"] = json!(sha256(b"")));
        }),
        forgery("a fixture is left out of the suite", Reseals, Check::Suite, |forged| {
            forged.edit("suite.json", |suite| {
                suite["files"].as_object_mut().unwrap().retain(|path, _| !path.contains("unknown-name"));
            });
        }),
        mutants("the kill matrix is of another suite", |matrix| matrix["suite"] = json!(sha256(b""))),
        mutants("the kill matrix is of another program", |matrix| matrix["tool"] = json!("wireproof 0.0.1")),
        mutants("the kill matrix has some mutants only", |matrix| matrix["only"] = json!(["state"])),
        mutants("a mutant is made up", |matrix| {
            let row = matrix["mutants"][0].clone();
            matrix["mutants"].as_array_mut().unwrap().push(row);
        }),
        forgery("the payload of the envelope is edited", Edits, Check::Envelope, |forged| {
            forged.edit("envelope.json", |envelope| envelope["payload"] = json!(STANDARD.encode("{}")));
        }),
        forgery("the type of the payload is edited", Edits, Check::Envelope, |forged| {
            forged.edit("envelope.json", |envelope| envelope["payloadType"] = json!("application/json"));
        }),
        forgery("the envelope is written in another way", Edits, Check::Envelope, |forged| {
            forged.put("envelope.json", forged.json("envelope.json").to_string());
        }),
    ]
}

/// Recordings that hold something else; digests, chain and statement are made anew.
fn recordings() -> Vec<Forgery> {
    use Forger::{Rechains, Reseals};
    let har = |what: &str, by, edit: fn(&mut Value)| forgery(what, Rechains, by, move |forged| forged.har(HAR, edit));
    let whole = |what: &str, by, edit: fn(&mut wireproof::transcript::Transcript)| {
        forgery(what, Rechains, by, move |forged| {
            let mut transcript = har::read(&forged.bytes(HAR)).unwrap();
            edit(&mut transcript);
            let endpoint = forged.json("statement.json")["predicate"]["wireproof"]["target"]["endpoint"].clone();
            forged.put(HAR, har::write(&transcript, endpoint.as_str().unwrap()).unwrap());
        })
    };
    vec![
        forgery("the chain is cut off", Reseals, Check::Recording, |forged| {
            forged.index(|lines| lines.truncate(lines.len() - 3));
        }),
        forgery("the chain is cut off and made anew", Rechains, Check::Recording, |forged| {
            forged.index(|lines| lines.truncate(lines.len() - 3));
        }),
        forgery("two lines of the index are swapped", Reseals, Check::Recording, |forged| {
            forged.index(|lines| lines.swap(3, 4));
        }),
        forgery("a case is dropped everywhere", Rechains, Check::Cases, |forged| {
            forged.index(|lines| {
                lines.retain(|line| line["case"]["id"] != CASE);
                let last = lines.last_mut().unwrap();
                last["finished"]["cases"] = json!(last["finished"]["cases"].as_u64().unwrap() - 1);
            });
            fs::remove_file(forged.path(HAR)).unwrap();
            forged.edit("report.json", |report| {
                report["cases"].as_array_mut().unwrap().retain(|case| case["id"] != CASE);
            });
        }),
        forgery("a case is recorded twice", Rechains, Check::Cases, |forged| {
            forged.index(|lines| {
                let line = case_line(lines, CASE).clone();
                lines.insert(5, line);
                let last = lines.last_mut().unwrap();
                last["finished"]["cases"] = json!(last["finished"]["cases"].as_u64().unwrap() + 1);
            });
        }),
        forgery("nobody was asked whether the operation is there", Rechains, Check::Cases, |forged| {
            forged.index(|lines| lines.retain(|line| line["opened"].is_null()));
            fs::remove_file(forged.path(SURVEY)).unwrap();
        }),
        forgery("a case is said not to have run", Rechains, Check::Verdicts, |forged| {
            forged.index(|lines| case_line(lines, CASE)["case"]["unrun"] = json!("no time"));
        }),
        forgery("a case is said to be of another fixture", Rechains, Check::Suite, |forged| {
            forged.index(|lines| case_line(lines, CASE)["case"]["fixture"] = json!(sha256(b"")));
        }),
        forgery("the recording is of another suite", Rechains, Check::Recording, |forged| {
            forged.index(|lines| lines[0]["started"]["run"]["suite"] = json!(sha256(b"")));
        }),
        forgery("the recording is of another program", Rechains, Check::Recording, |forged| {
            forged.index(|lines| lines[0]["started"]["tool"] = json!("wireproof 99.0.0"));
        }),
        forgery("an answer to the survey is replaced", Rechains, Check::Requests, |forged| {
            forged.har(SURVEY, |log| {
                log["entries"][0]["response"]["status"] = json!(501);
            });
        }),
        har("a status is edited", Check::Verdicts, |log| {
            main_entry(log)["response"]["status"] = json!(200);
        }),
        har("an answer is edited", Check::Verdicts, |log| {
            let content = &mut main_entry(log)["response"]["content"];
            let text =
                content["text"].as_str().unwrap().replace("ResourceNotFoundException", "ResourceMissingException_");
            content["text"] = json!(text);
        }),
        har("a header of an answer is edited", Check::Verdicts, |log| {
            main_entry(log)["response"]["headers"][0]["value"] = json!("text/html");
        }),
        har("a request's body is edited", Check::Requests, |log| {
            let data = &mut main_entry(log)["request"]["postData"];
            let text = data["text"].as_str().unwrap().replace("nobody-", "nobodx-");
            data["text"] = json!(text);
        }),
        har("a request's header is edited", Check::Requests, |log| {
            let headers = main_entry(log)["request"]["headers"].as_array_mut().unwrap();
            headers.iter_mut().find(|header| header["name"] == "user-agent").unwrap()["value"] = json!("curl");
        }),
        har("a request is dropped", Check::Requests, |log| drop(log["entries"].as_array_mut().unwrap().remove(0))),
        har("a request is added", Check::Requests, |log| {
            let entry = log["entries"][0].clone();
            log["entries"].as_array_mut().unwrap().push(entry);
        }),
        har("what a state yielded is edited", Check::Requests, |log| {
            log["_wireproof"]["variables"].as_object_mut().unwrap().insert("more".to_owned(), json!(1));
        }),
        har("a case is said to be not applicable", Check::Requests, |log| {
            log["_wireproof"]["end"] = json!({ "not-applicable": "the target has no other region" });
        }),
        har("another region is said", Check::Requests, |log| log["_wireproof"]["region"] = json!("eu-west-3")),
        har("what is shown is not what is held", Check::Recording, |log| {
            log["entries"][0]["startedDateTime"] = json!("2020-01-01T00:00:00.000Z");
        }),
        whole("time travel: a case of last year", Check::Times, |transcript| {
            transcript.begun -= std::time::Duration::from_secs(365 * 24 * 60 * 60);
        }),
        forgery("an older run is given a new nonce and its seed", Rechains, Check::Requests, renounce),
    ]
}

/// The exchange of the step itself.
fn main_entry(log: &mut Value) -> &mut Value {
    log["entries"].as_array_mut().unwrap().iter_mut().find(|entry| entry["_wireproof"]["role"] == "main").unwrap()
}

/// Everything says the nonce of today, and its seed: but the names in the requests are those of another one.
fn renounce(forged: &Forged) {
    let claim = Claim { suite: SUITE.digest(), target: "Reference", version: "1.0" };
    let seed = json!(Nonce::read(OTHER_NONCE).unwrap().seed(claim));
    forged.claim(|claims| {
        claims["nonce"] = json!(OTHER_NONCE);
        claims["seed"] = seed.clone();
    });
    forged.edit("report.json", |report| report["seed"] = seed.clone());
    forged.index(|lines| lines[0]["started"]["run"]["seed"] = seed.clone());
    for path in support::files_below(forged.root(), ".har") {
        forged.har(&path.to_string_lossy(), |log| log["_wireproof"]["seed"] = seed.clone());
    }
}

/// Signatures that are not there, or are another's.
fn signatures() -> Vec<Forgery> {
    use Forger::Edits;
    vec![
        forgery("the signature is taken away", Edits, Check::Signature, |forged| forged.envelope(None)),
        forgery("somebody else signs", Edits, Check::Signature, |forged| forged.envelope(Some(OTHER_KEY))),
        forgery("somebody else signs in the vendor's name", Edits, Check::Signature, |forged| {
            forged.envelope(Some(OTHER_KEY));
            let name = public(KEY).id();
            forged.edit("envelope.json", |envelope| envelope["signatures"][0]["keyid"] = json!(name));
        }),
        forgery("the signature is of another statement", Edits, Check::Signature, |forged| {
            let signatures = forged.json("envelope.json")["signatures"].clone();
            forged.claim(|claims| claims["level"] = json!("extended"));
            forged.envelope(None);
            forged.edit("envelope.json", |envelope| envelope["signatures"] = signatures);
        }),
        forgery("a second one signs", Edits, Check::Signature, |forged| {
            let first = forged.json("envelope.json")["signatures"][0].clone();
            forged.envelope(Some(OTHER_KEY));
            forged.edit("envelope.json", |envelope| envelope["signatures"].as_array_mut().unwrap().push(first));
        }),
    ]
}

/// Who forges a bundle whose signature is asked for is told by that, too: here nobody asks for one, unless the forgery is
/// about it.
fn told(forgery: &Forgery) -> Verified {
    let forged = Forged::new();
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
    let keys = if forgery.forger == Forger::Edits { vec![public(KEY)] } else { Vec::new() };
    forged.verified(&keys, None)
}

#[test]
fn every_forgery_is_told_by_the_check_that_it_breaks() {
    let all: Vec<Forgery> = [flips(), files(), papers(), recordings(), signatures()].into_iter().flatten().collect();
    assert!(all.len() > 30);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let verified: Vec<std::sync::OnceLock<Verified>> = all.iter().map(|_| std::sync::OnceLock::new()).collect();
    let _ = Forged::new();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((at, forgery)) = Some(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                    .and_then(|at| Some((at, all.get(at)?)))
                {
                    let _ = verified[at].set(told(forgery));
                }
            });
        }
    });
    let mut untold = Vec::new();
    for (forgery, verified) in all.iter().zip(&verified) {
        let verified = verified.get().unwrap();
        let by = checks(verified);
        let how = match forgery.forger {
            Forger::Edits => "edits",
            Forger::Reseals => "digests made anew",
            Forger::Rechains => "digests and chain made anew",
        };
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
    let files = Files::from_texts(FIXTURES.iter().map(change));
    let suite = Arc::new(Suite::read(&files).unwrap());
    let digest = SuiteDigest::of(&files, &Files::default());
    let (goldens, profiles, keys) = (&GOLDENS, &PROFILES, &[public(KEY)]);
    let verifier = Verifier { suite: &suite, goldens, profiles, digest: &digest, keys, nonce: None };
    let verified = verifier.verify(bundle.root());
    let says: Vec<&str> = verified.problems.iter().map(|problem| problem.says.as_str()).collect();
    let file = "another suite: fixtures/proton/cancel-service-pipeline-deployment/unknown-name.yaml is another one";
    assert!(says.contains(&file), "{says:?}");
    assert!(checks(&verified).contains(&"recording"), "{:?}", checks(&verified));
}

#[test]
fn the_nonce_of_another_verifier_is_not_taken() {
    let bundle = Forged::new();
    assert_eq!(checks(&bundle.verified(&[public(KEY)], Some(OTHER_NONCE))), ["nonce"]);
    assert_eq!(checks(&bundle.verified(&[], Some(NONCE))), ["signature"]);
}

/// The limit of every look at paper, said plainly: answers that are made up well, with everything made anew.
#[test]
fn whoever_makes_up_answers_and_all_the_rest_is_told_by_a_signature_or_by_the_endpoint() {
    let forged = Forged::new();
    // As if the endpoint had said something else in a place that no statement is about.
    forged.har(HAR, |log| {
        let headers = main_entry(log)["response"]["headers"].as_array_mut().unwrap();
        headers.iter_mut().find(|header| header["name"] == "date").unwrap()["value"] = json!("never");
    });
    assert!(forged.remake().predicate.wireproof.granted);
    assert_eq!(forged.verified(&[], Some(NONCE)).problems, []);
    assert_eq!(checks(&forged.verified(&[public(KEY)], Some(NONCE))), ["signature"]);
}

/// The endpoint keeps the contract while the bundle is made, and no longer when it is asked again.
#[test]
fn an_endpoint_that_does_otherwise_than_the_bundle_says_is_told_when_it_is_asked_again() {
    let work = tempfile::tempdir().unwrap();
    let proxy = Proxy::start();
    let mutants = put(work.path(), "mutants.json", &matrix(support::SUITE.digest()));
    let bundle = path_in(work.path(), "bundle");
    let target = ["--endpoint", proxy.endpoint.as_str(), "--as-reference", "-j", "32"];
    let claim = ["certify", "--profile", "auth", "--service", "codedeploy", "--out", &bundle, "--mutants", &mutants];
    let made = run(&[claim.as_slice(), &target, &["--target-name", "Acme", "--target-version", "3"]].concat());
    assert_status(&made, 0);
    assert!(out(&made).contains("codedeploy auth: extended"), "{}", out(&made));

    let again = [["verify", &bundle, "--rerun", "100"].as_slice(), &target].concat();
    let honest = run(&again);
    assert_status(&honest, 0);
    assert!(out(&honest).contains("22 cases were run again and came to the same"), "{}", out(&honest));

    proxy.set(Fault::Name("NobodyKnowsException"));
    let other = run(&again);
    assert_status(&other, 1);
    assert!(out(&other).contains("rerun: codedeploy/stop-deployment/"), "{}", out(&other));
    assert!(out(&other).contains("the certificate says conforms, today it is deviates"), "{}", out(&other));
}

#[rstest]
#[case::an_unknown_profile(&["--profile", "autth"], "did you mean auth?")]
#[case::an_unknown_service(&["--profile", "auth", "--service", "protn"], "did you mean proton?")]
#[case::a_nonce_and_a_seed(&["--profile", "auth", "--nonce", NONCE, "--seed", "1"], "cannot be used with")]
#[case::a_nonce_that_can_be_guessed(&["--profile", "auth", "--nonce", "00ff"], "16 to 128 hexadecimal digits")]
#[case::a_matrix_of_another_suite(&["--profile", "auth", "--mutants", "mutants.json"], "of another suite")]
#[case::a_matrix_that_is_none(&["--profile", "auth", "--mutants", "key"], "is no kill matrix")]
#[case::a_key_that_is_none(&["--profile", "auth", "--key", "mutants.json"], "no Ed25519 private key")]
#[case::a_folder_that_is_in_use(&["--profile", "auth", "--out", "."], "is not empty")]
#[case::another_level(&["--profile", "auth", "--level", "most"], "expected core or extended")]
fn what_cannot_be_certified_is_refused_before_anything_is_sent(#[case] arguments: &[&str], #[case] says: &str) {
    let work = tempfile::tempdir().unwrap();
    put(work.path(), "key", KEY);
    put(work.path(), "mutants.json", &matrix("of another suite"));
    let mut command = program(&["certify", "--target-name", "Acme", "--target-version", "3"]);
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
    let key = SigningKey::read(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(out(&made).trim(), key.public().hex());
    assert_eq!(PublicKey::read(&fs::read_to_string(format!("{path}.pub")).unwrap()).unwrap(), key.public());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_status(&run(&["certify", "--new-key", &path]), 2);
    assert_eq!(SigningKey::read(&fs::read_to_string(&path).unwrap()).unwrap().public(), key.public());
}

#[test]
fn a_program_is_told_the_same_as_a_person() {
    let work = BUNDLE.path();
    let (bundle, fixtures) = (path_in(work, "bundle"), path_in(work, "fixtures"));
    let key = put(work, "public", &public(KEY).hex());
    let verify = ["verify", &bundle, "--fixtures", &fixtures, "--key", &key, "--nonce", NONCE];
    let person = run(&verify);
    assert_status(&person, 0);
    for says in ["proton auth: extended (3 cases, 4 statements)", "granted to Reference 1.0", "the run is not older"] {
        assert!(out(&person).contains(says), "{}", out(&person));
    }
    let program = run(&[verify.as_slice(), &["--json"]].concat());
    assert_status(&program, 0);
    let told: Value = serde_json::from_str(&out(&program)).unwrap();
    assert_eq!((&told["verified"], &told["granted"], &told["problems"]), (&json!(true), &json!(true), &json!([])));
    assert_eq!((&told["signed_by"], &told["nonce"]), (&json!([public(KEY).hex()]), &json!(NONCE)));

    let without_the_key = run(&[&verify[..4], &["--json"]].concat());
    assert_status(&without_the_key, 1);
    let told: Value = serde_json::from_str(&out(&without_the_key)).unwrap();
    assert_eq!((&told["verified"], &told["problems"][0]["check"]), (&json!(false), &json!("signature")));
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
    assert!(out(&made).contains("missing: there is no kill matrix"), "{}", out(&made));
    assert!(out(&made).contains("core lacks CSP-13: not provoked"), "{}", out(&made));
    assert!(out(&made).contains("unsigned: nothing says who made it"), "{}", out(&made));
    // It says so soundly.
    let verified = run(&["verify", &bundle, "--fixtures", &fixtures]);
    assert_status(&verified, 1);
    assert!(out(&verified).contains("verified: ") && !out(&verified).contains("not verified"), "{}", out(&verified));
}
