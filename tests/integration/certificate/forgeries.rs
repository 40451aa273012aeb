//! The forgeries of a bundle: the forger's abilities, the change, and the check that must detect it.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use wireproof::internals::{
    certificate::{
        nonce::{Claim, Nonce},
        verify::VerifyCheck,
    },
    judge::transcript::Transcript,
    run::recording::{har, sha256},
};

use crate::certificate::{
    BUNDLE, CASE, HAR, INDEX, KEY, OPERATION, OTHER_HAR, OTHER_KEY, OTHER_NONCE, PRESENCE, SUITE, forged::Forged,
    public,
};
use crate::support;

/// The abilities of a forger.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Forger {
    /// Edits files.
    Edits,
    /// Recomputes the digests of all files.
    Reseals,
    /// Also those of the recording, and its chain.
    Rechains,
}

impl Forger {
    /// The abilities in a few words.
    pub(crate) fn does(self) -> &'static str {
        match self {
            Self::Edits => "edits",
            Self::Reseals => "recomputes the digests",
            Self::Rechains => "recomputes digests and chain",
        }
    }
}

/// One forgery, and the check that must detect it.
pub(crate) struct Forgery {
    pub(crate) what: String,
    pub(crate) forger: Forger,
    pub(crate) forge: Box<dyn Fn(&Forged) + Send + Sync>,
    /// `None`: any check.
    pub(crate) by: Option<VerifyCheck>,
}

pub(crate) fn forgery(
    what: &str,
    forger: Forger,
    by: impl Into<Option<VerifyCheck>>,
    forge: impl Fn(&Forged) + Send + Sync + 'static,
) -> Forgery {
    Forgery { what: what.to_owned(), forger, forge: Box::new(forge), by: by.into() }
}

/// All of them.
pub(crate) fn all() -> Vec<Forgery> {
    [flips(), files(), papers(), matrices(), envelopes(), indices(), transcripts(), signatures()]
        .into_iter()
        .flatten()
        .collect()
}

/// A byte is changed in each kind of file, at its begin, in its middle, and at its end.
fn flips() -> Vec<Forgery> {
    let kinds = ["report.json", "suite.json", "mutants.json", "statement.json", "envelope.json", INDEX, HAR, PRESENCE];
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
        .map(|name| gone(name, VerifyCheck::Files))
        .collect();
    all.extend([
        gone(INDEX, VerifyCheck::Recording),
        forgery("a file is added", Edits, VerifyCheck::Files, |forged| forged.put("README", "x")),
        forgery("a file is added, and listed", Reseals, VerifyCheck::Files, |forged| {
            forged.put("recording/x.har", "{}");
        }),
        forgery("an empty folder is added", Edits, VerifyCheck::Files, |forged| {
            fs::create_dir(forged.path("x")).unwrap();
        }),
        forgery("two transcripts are swapped", Edits, VerifyCheck::Files, swap),
        forgery("two transcripts are swapped, digests recomputed", Rechains, VerifyCheck::Recording, swap),
        forgery("a transcript is replaced by a copy of another", Rechains, VerifyCheck::Recording, |forged| {
            forged.put(HAR, forged.bytes(OTHER_HAR));
        }),
        forgery("a transcript lies elsewhere", Rechains, VerifyCheck::Recording, |forged| {
            fs::rename(forged.path(HAR), forged.path(&format!("{OPERATION}/x.har"))).unwrap();
            let line = move |lines: &mut Vec<Value>| {
                let file = &mut case_line(lines, CASE)["case"]["file"];
                file["path"] = json!(format!("{}/x.har", OPERATION.strip_prefix("recording/").unwrap()));
            };
            forged.index(line);
        }),
    ]);
    #[cfg(unix)]
    all.push(forgery("a link in place of a file", Edits, VerifyCheck::Files, |forged| {
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

/// Reports and requirements that say something else; digests are recomputed.
fn papers() -> Vec<Forgery> {
    use Forger::Reseals;
    let report = |what: &str, by, edit: fn(&mut Value)| {
        forgery(what, Reseals, by, move |forged| forged.edit("report.json", edit))
    };
    let claim = |what: &str, by, edit: fn(&mut Value)| forgery(what, Reseals, by, move |forged| forged.claim(edit));
    vec![
        report("a verdict is edited", VerifyCheck::Verdicts, |report| {
            reported(report, CASE)["verdict"] = json!("deviates");
        }),
        report("a number of checks is edited", VerifyCheck::Verdicts, |report| {
            reported(report, CASE)["checks"] = json!(99);
        }),
        report("a finding is made up", VerifyCheck::Verdicts, |report| {
            reported(report, CASE)["findings"] = json!([{ "code": "body-format", "severity": "note", "evidence": "documented",
                "step": 1, "role": "step", "pointer": "", "expected": "x", "actual": "y", "cites": [] }]);
        }),
        report("a case is dropped from the report", VerifyCheck::Cases, |report| {
            report["cases"].as_array_mut().unwrap().retain(|case| case["id"] != CASE);
        }),
        report("a case is twice in the report", VerifyCheck::Cases, |report| {
            let case = reported(report, CASE).clone();
            report["cases"].as_array_mut().unwrap().push(case);
        }),
        report("the ledger is edited", VerifyCheck::Ledger, |report| report["ledger"]["conforms"] = json!(99)),
        report("what became of a statement is edited", VerifyCheck::Requirements, |report| {
            report["requirements"][0]["outcome"] = json!("violated");
        }),
        report("the time of the report is edited", VerifyCheck::Verdicts, |report| report["duration_ms"] = json!(1)),
        claim("the ledger of the statement is edited", VerifyCheck::Ledger, |claims| {
            claims["ledger"]["selected"] = json!(9);
        }),
        claim("a granted level is edited", VerifyCheck::Profiles, |claims| {
            claims["profiles"][0]["granted"] = json!("core");
        }),
        claim("another profile is claimed", VerifyCheck::Cases, |claims| {
            claims["requested"] = json!(["auth", "constraints"]);
        }),
        claim("another program is claimed", VerifyCheck::Tool, |claims| claims["tool"] = json!("wireproof 99.0.0")),
        claim("another nonce is claimed", VerifyCheck::Nonce, |claims| claims["nonce"] = json!(OTHER_NONCE)),
        claim("another seed is claimed", VerifyCheck::Nonce, |claims| claims["seed"] = json!(7)),
        claim("another name is claimed", VerifyCheck::Nonce, |claims| claims["target"]["name"] = json!("Acme")),
        claim("another endpoint is claimed", VerifyCheck::Recording, |claims| {
            claims["target"]["endpoint"] = json!("http://127.0.0.2:1");
        }),
        claim("a lack is claimed", VerifyCheck::Requests, |claims| claims["target"]["deniedIdentity"] = json!(false)),
        claim("the run ended before it began", VerifyCheck::Times, |claims| claims["finishedMs"] = json!(1)),
        claim("the run ends in the future", VerifyCheck::Times, |claims| {
            claims["finishedMs"] = json!(claims["finishedMs"].as_u64().unwrap() + 60 * 60 * 1000);
        }),
        claim("the run is said to be later", VerifyCheck::Times, |claims| {
            let year = 365 * 24 * 60 * 60 * 1000_u64;
            for time in ["startedMs", "finishedMs"] {
                claims[time] = json!(claims[time].as_u64().unwrap() + year);
            }
        }),
        claim("the sums of the kill matrix are edited", VerifyCheck::Mutants, |claims| {
            claims["mutants"]["killed"] = json!(4061);
        }),
        forgery("the result is edited", Reseals, VerifyCheck::Statement, |forged| {
            forged.edit("statement.json", |statement| statement["predicate"]["result"] = json!("WARNED"));
        }),
        forgery("a passed test is dropped from the statement", Reseals, VerifyCheck::Statement, |forged| {
            forged.edit("statement.json", |statement| {
                statement["predicate"]["passedTests"].as_array_mut().unwrap().pop();
            });
        }),
        forgery("the subject is another one", Reseals, VerifyCheck::Statement, |forged| {
            forged.edit("statement.json", |statement| statement["subject"][0]["name"] = json!("Acme 9"));
        }),
        forgery("something is added to the statement", Reseals, VerifyCheck::Statement, |forged| {
            forged.edit("statement.json", |statement| statement["predicate"]["url"] = json!("https://example.com/"));
        }),
        forgery("the digest of a fixture is replaced", Reseals, VerifyCheck::Suite, |forged| {
            forged.edit("suite.json", |suite| suite["files"]["fixtures/proton/profiles.yaml"] = json!(sha256(b"")));
        }),
        forgery("the digest of the suite is replaced", Reseals, VerifyCheck::Suite, |forged| {
            forged.edit("suite.json", |suite| suite["digest"] = json!(sha256(b"")));
        }),
        forgery("a fixture is left out of the suite", Reseals, VerifyCheck::Suite, |forged| {
            forged.edit("suite.json", |suite| {
                suite["files"].as_object_mut().unwrap().retain(|path, _| !path.contains("unknown-name"));
            });
        }),
    ]
}

/// Kill matrices that say something else; digests are recomputed.
fn matrices() -> Vec<Forgery> {
    let mutants = |what: &str, edit: fn(&mut Value)| {
        forgery(what, Forger::Reseals, VerifyCheck::Mutants, move |forged| forged.edit("mutants.json", edit))
    };
    vec![
        mutants("the kill matrix is of another suite", |matrix| matrix["suite"] = json!(sha256(b""))),
        mutants("the kill matrix is of another program", |matrix| matrix["tool"] = json!("wireproof 0.0.1")),
        mutants("the kill matrix has some mutants only", |matrix| matrix["only"] = json!(["state"])),
        mutants("a mutant is made up", |matrix| {
            let row = matrix["mutants"][0].clone();
            matrix["mutants"].as_array_mut().unwrap().push(row);
        }),
    ]
}

/// Envelopes that say something else.
fn envelopes() -> Vec<Forgery> {
    use Forger::Edits;
    vec![
        forgery("the payload of the envelope is edited", Edits, VerifyCheck::Envelope, |forged| {
            forged.edit("envelope.json", |envelope| envelope["payload"] = json!(STANDARD.encode("{}")));
        }),
        forgery("the type of the payload is edited", Edits, VerifyCheck::Envelope, |forged| {
            forged.edit("envelope.json", |envelope| envelope["payloadType"] = json!("application/json"));
        }),
        forgery("the envelope is written in another way", Edits, VerifyCheck::Envelope, |forged| {
            forged.put("envelope.json", forged.json("envelope.json").to_string());
        }),
    ]
}

/// Recordings whose index says something else; digests, chain and statement are recomputed.
fn indices() -> Vec<Forgery> {
    use Forger::{Rechains, Reseals};
    vec![
        forgery("the chain is cut off", Reseals, VerifyCheck::Recording, |forged| {
            forged.index(|lines| lines.truncate(lines.len() - 3));
        }),
        forgery("the chain is cut off and recomputed", Rechains, VerifyCheck::Recording, |forged| {
            forged.index(|lines| lines.truncate(lines.len() - 3));
        }),
        forgery("two lines of the index are swapped", Reseals, VerifyCheck::Recording, |forged| {
            forged.index(|lines| lines.swap(3, 4));
        }),
        forgery("a case is dropped everywhere", Rechains, VerifyCheck::Cases, |forged| {
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
        forgery("a case is recorded twice", Rechains, VerifyCheck::Cases, |forged| {
            forged.index(|lines| {
                let line = case_line(lines, CASE).clone();
                lines.insert(5, line);
                let last = lines.last_mut().unwrap();
                last["finished"]["cases"] = json!(last["finished"]["cases"].as_u64().unwrap() + 1);
            });
        }),
        forgery("nobody was asked whether the operation is there", Rechains, VerifyCheck::Cases, |forged| {
            forged.index(|lines| lines.retain(|line| line["opened"].is_null()));
            fs::remove_file(forged.path(PRESENCE)).unwrap();
        }),
        forgery("a case is said not to have run", Rechains, VerifyCheck::Verdicts, |forged| {
            forged.index(|lines| case_line(lines, CASE)["case"]["unrun"] = json!("no time"));
        }),
        forgery("a case is said to be of another fixture", Rechains, VerifyCheck::Suite, |forged| {
            forged.index(|lines| case_line(lines, CASE)["case"]["fixture"] = json!(sha256(b"")));
        }),
        forgery("the recording is of another suite", Rechains, VerifyCheck::Recording, |forged| {
            forged.index(|lines| lines[0]["started"]["run"]["suite"] = json!(sha256(b"")));
        }),
        forgery("the recording is of another program", Rechains, VerifyCheck::Recording, |forged| {
            forged.index(|lines| lines[0]["started"]["tool"] = json!("wireproof 99.0.0"));
        }),
        forgery("a response to the presence check is replaced", Rechains, VerifyCheck::Requests, |forged| {
            forged.har(PRESENCE, |log| {
                log["entries"][0]["response"]["status"] = json!(501);
            });
        }),
        forgery("a line of the index has more in it", Rechains, VerifyCheck::Recording, |forged| {
            forged.index(|lines| case_line(lines, CASE)["case"]["note"] = json!("by the auditor: fine"));
        }),
        forgery("a reason is given for an operation that is there", Rechains, VerifyCheck::Requests, |forged| {
            forged.index(|lines| {
                let line = lines.iter_mut().find(|line| line["opened"].is_object()).unwrap();
                line["opened"]["checked"]["reason"] = json!("it was looked at");
            });
        }),
    ]
}

/// Transcripts that hold something else; digests, chain and statement are recomputed.
fn transcripts() -> Vec<Forgery> {
    use Forger::Rechains;
    let har = |what: &str, by, edit: fn(&mut Value)| forgery(what, Rechains, by, move |forged| forged.har(HAR, edit));
    let whole = |what: &str, by, edit: fn(&mut Transcript)| {
        forgery(what, Rechains, by, move |forged| {
            let mut transcript = har::read(&forged.bytes(HAR)).unwrap();
            edit(&mut transcript);
            let endpoint = forged.json("statement.json")["predicate"]["wireproof"]["target"]["endpoint"].clone();
            forged.put(HAR, har::write(&transcript, endpoint.as_str().unwrap()).unwrap());
        })
    };
    vec![
        har("a status is edited", VerifyCheck::Verdicts, |log| {
            main_entry(log)["response"]["status"] = json!(200);
        }),
        har("an answer is edited", VerifyCheck::Verdicts, |log| {
            let content = &mut main_entry(log)["response"]["content"];
            let text =
                content["text"].as_str().unwrap().replace("ResourceNotFoundException", "ResourceMissingException_");
            content["text"] = json!(text);
        }),
        har("a header of an answer is edited", VerifyCheck::Verdicts, |log| {
            main_entry(log)["response"]["headers"][0]["value"] = json!("text/html");
        }),
        har("a request's body is edited", VerifyCheck::Requests, |log| {
            let data = &mut main_entry(log)["request"]["postData"];
            let text = data["text"].as_str().unwrap().replace("nobody-", "nobodx-");
            data["text"] = json!(text);
        }),
        har("a request's header is edited", VerifyCheck::Requests, |log| {
            let headers = main_entry(log)["request"]["headers"].as_array_mut().unwrap();
            headers.iter_mut().find(|header| header["name"] == "user-agent").unwrap()["value"] = json!("curl");
        }),
        har("a request is dropped", VerifyCheck::Requests, |log| {
            drop(log["entries"].as_array_mut().unwrap().remove(0));
        }),
        har("a request is added", VerifyCheck::Requests, |log| {
            let entry = log["entries"][0].clone();
            log["entries"].as_array_mut().unwrap().push(entry);
        }),
        har("what a state yielded is edited", VerifyCheck::Requests, |log| {
            log["_wireproof"]["variables"].as_object_mut().unwrap().insert("more".to_owned(), json!(1));
        }),
        har("a case is said to be not applicable", VerifyCheck::Requests, |log| {
            log["_wireproof"]["end"] = json!({ "not-applicable": "the target has no other region" });
        }),
        har("another region is said", VerifyCheck::Requests, |log| log["_wireproof"]["region"] = json!("eu-west-3")),
        har("what is shown is not what is held", VerifyCheck::Recording, |log| {
            log["entries"][0]["startedDateTime"] = json!("2020-01-01T00:00:00.000Z");
        }),
        whole("time travel: a case of last year", VerifyCheck::Times, |transcript| {
            transcript.begun -= std::time::Duration::from_secs(365 * 24 * 60 * 60);
        }),
        har("a case began beyond all years", VerifyCheck::Recording, |log| {
            log["_wireproof"]["begun_us"] = json!(u64::MAX);
        }),
        har("an answer took ages", VerifyCheck::Recording, |log| {
            main_entry(log)["_wireproof"]["elapsed_us"] = json!(u64::MAX);
        }),
        forgery("an older run is given a new nonce and its seed", Rechains, VerifyCheck::Requests, renounce),
    ]
}

/// The exchange of the step itself.
pub(crate) fn main_entry(log: &mut Value) -> &mut Value {
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
        forgery("the signature is taken away", Edits, VerifyCheck::Signature, |forged| forged.envelope(None)),
        forgery("somebody else signs", Edits, VerifyCheck::Signature, |forged| forged.envelope(Some(OTHER_KEY))),
        forgery("somebody else signs in the vendor's name", Edits, VerifyCheck::Signature, |forged| {
            forged.envelope(Some(OTHER_KEY));
            let name = public(KEY).id();
            forged.edit("envelope.json", |envelope| envelope["signatures"][0]["keyid"] = json!(name));
        }),
        forgery("the signature is of another statement", Edits, VerifyCheck::Signature, |forged| {
            let signatures = forged.json("envelope.json")["signatures"].clone();
            forged.claim(|claims| claims["level"] = json!("extended"));
            forged.envelope(None);
            forged.edit("envelope.json", |envelope| envelope["signatures"] = signatures);
        }),
        forgery("a second one signs", Edits, VerifyCheck::Signature, |forged| {
            let first = forged.json("envelope.json")["signatures"][0].clone();
            forged.envelope(Some(OTHER_KEY));
            forged.edit("envelope.json", |envelope| envelope["signatures"].as_array_mut().unwrap().push(first));
        }),
    ]
}
