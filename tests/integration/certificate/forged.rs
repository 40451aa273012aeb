//! A copy of the bundle for a forger, and the parts that a forger can recompute.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use wireproof::internals::{
    certificate::{
        bundle::{self, BundleContents},
        certificate_scope::{CertificateScope, cases},
        envelope::Envelope,
        key::{CertificateKey, PublicKey},
        nonce::Nonce,
        statement::{JudgeProof, Statement, StatementSubject},
        verify::{Verified, Verifier},
    },
    model::published::Places,
    proof::matrix::KillMatrix,
    report::{Json, Reporter as _},
    run::{
        event::Event,
        observer::OnEvent,
        recording::{Recording, sha256},
        session::replay,
    },
    suite::Batch,
    wire::{digest::Sha256, sigv4::hex},
};

use crate::certificate::{BUNDLE, DIGEST, INDEX, PROFILES, SNAPSHOTS, SUITE, matrix};
use crate::support;

/// A copy of the bundle for a forger.
pub(crate) struct Forged(TempDir);

impl Forged {
    pub(crate) fn new() -> Self {
        Self::copy(&BUNDLE.path().join("bundle"))
    }

    /// A copy of any bundle.
    pub(crate) fn copy(bundle: &Path) -> Self {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(bundle, copy.path());
        Self(copy)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.bytes(name)).unwrap()
    }

    /// Edits a document that is written over several lines.
    pub(crate) fn edit(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut value = self.json(name);
        edit(&mut value);
        self.put(name, serde_json::to_string_pretty(&value).unwrap() + "\n");
    }

    /// Edits what we claim in the statement.
    pub(crate) fn claim(&self, edit: impl FnOnce(&mut Value)) {
        self.edit("statement.json", |statement| edit(&mut statement["predicate"]["wireproof"]));
    }

    /// Edits a transcript as the JSON that it is.
    pub(crate) fn har(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut value = self.json(name);
        edit(&mut value["log"]);
        self.put(name, serde_json::to_string(&value).unwrap() + "\n");
    }

    /// Edits the lines of the index.
    pub(crate) fn index(&self, edit: impl FnOnce(&mut Vec<Value>)) {
        let text = String::from_utf8(self.bytes(INDEX)).unwrap();
        let line = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let mut lines: Vec<Value> = text.lines().map(line).collect();
        edit(&mut lines);
        let texts: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
        self.put(INDEX, texts.concat());
    }

    /// Recomputes every digest of the recording, and its chain.
    pub(crate) fn rechain(&self) {
        let mut chain = String::new();
        let text = String::from_utf8(self.bytes(INDEX)).unwrap();
        let mut out = String::new();
        for line in text.lines() {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line.as_object_mut().unwrap().shift_remove("chain");
            for kept in ["/case/file", "/opened/file"] {
                if let Some(file) = line.pointer_mut(kept).filter(|file| file.is_object()) {
                    let path = format!("recording/{}", file["path"].as_str().unwrap());
                    file["sha256"] = json!(sha256(&self.bytes(&path)));
                }
            }
            let text = serde_json::to_string(&line).unwrap();
            chain = hex(&Sha256::new().chain_update(&chain).chain_update(&text).finalize());
            writeln!(out, "{},\"chain\":\"{chain}\"}}", text.strip_suffix('}').unwrap()).unwrap();
        }
        self.put(INDEX, out);
        self.claim(|claims| claims["chain"] = json!(chain));
        self.edit("statement.json", |statement| statement["subject"][0]["digest"]["wireproofChain"] = json!(chain));
    }

    /// Recomputes the digests of all files, and an envelope. It has no signature, because the forger lacks the vendor's
    /// key.
    pub(crate) fn reseal(&self) {
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

    pub(crate) fn envelope(&self, key: Option<&str>) {
        let key = key.map(|key| CertificateKey::read(key).unwrap());
        self.put("envelope.json", Envelope::of(&self.bytes("statement.json"), key.as_ref()).text());
    }

    /// Recomputes everything that the tool derives from a recording: report, decisions, statement.
    pub(crate) fn remake(&self) -> Statement {
        self.rechain();
        let recording = Recording::open(&self.path("recording")).unwrap();
        let mut report = Vec::new();
        let mut json = Json::new(&mut report);
        let mut observer = OnEvent(|event: &Event| json.event(event).unwrap());
        let cases = cases(&SUITE, &PROFILES.select(&["auth".to_owned()], &[]));
        replay(&SUITE, &SNAPSHOTS, &recording, &mut Batch::new(cases), None, &mut observer).unwrap();
        let claims = &self.json("statement.json")["predicate"]["wireproof"];
        let stated: StatementSubject = serde_json::from_value(claims.clone()).unwrap();
        for name in ["statement.json", "envelope.json"] {
            fs::remove_file(self.path(name)).unwrap();
        }
        let matrix: KillMatrix = serde_json::from_str(&matrix(SUITE.digest())).unwrap();
        let (stated, proof, report) = (&stated, Some(JudgeProof::Matrix(&matrix)), &report);
        let scope = CertificateScope::Profiles { suite: &SUITE, digest: &DIGEST, profiles: &PROFILES };
        bundle::write(self.root(), &BundleContents { stated, scope, report, proof, held: &[], key: None }).unwrap()
    }

    /// The result of a verifier with these keys and this nonce.
    pub(crate) fn verified(&self, keys: &[PublicKey], nonce: Option<&str>) -> Verified {
        self.verified_with(keys, None, nonce)
    }

    /// The same for a verifier with a key of the proof.
    pub(crate) fn verified_with(
        &self,
        keys: &[PublicKey],
        proof_key: Option<&PublicKey>,
        nonce: Option<&str>,
    ) -> Verified {
        let nonce = nonce.map(|nonce| Nonce::read(nonce).unwrap());
        let (suite, snapshots, profiles, digest) = (&SUITE, &SNAPSHOTS, &PROFILES, &DIGEST);
        let places = Places { botocore: Some(self.root().to_owned()), path: None };
        let (nonce, now) = (nonce.as_ref(), SystemTime::now());
        Verifier { suite, snapshots, profiles, digest, keys, proof_key, nonce, now, places: &places, model: None }
            .verify(self.root())
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for path in support::files_below(from, "") {
        let whole = to.join(&path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::copy(from.join(&path), whole).unwrap();
    }
}

/// Every file of a folder, and every folder, with its bytes where it has any.
pub(crate) fn content(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
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
