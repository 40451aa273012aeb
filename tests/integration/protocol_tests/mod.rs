//! Smithy's protocol tests: the requests, responses and errors that every implementation of a protocol must agree on.
//!
//! They are not part of this repository: `WIREPROOF_PROTOCOL_TESTS` names the folder that holds them as `*.jsonl`, with
//! their models in `models/`. Without it, the test is skipped and says so. The figures go to standard error.

mod case;
mod client;
mod known;
mod params;
mod sameness;
mod server;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use wireproof::internals::{
    model::{self, Contract},
    wire::protocol::{ServerProtocol, protocol_named},
};

use super::support::corpus::say;
use case::{ProtocolTest, TestKind};
use known::{KnownFailure, known_failures};

/// A service of the protocol tests, and one of its protocols.
struct TestedService {
    contract: Contract,
    protocol: &'static dyn ServerProtocol,
}

/// One way of passing a test: as a client, or as a server.
type Attempt = fn(&TestedService, &ProtocolTest) -> Result<()>;

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: BTreeMap<String, String>,
}

#[test]
fn every_protocol_test_passes_or_has_a_known_reason() -> Result<()> {
    let Some(folder) = env::var_os("WIREPROOF_PROTOCOL_TESTS").filter(|folder| !folder.is_empty()) else {
        return say("skipped: WIREPROOF_PROTOCOL_TESTS is not set");
    };
    let folder = PathBuf::from(folder);
    let contracts = contracts(&folder.join("models"))?;
    let mut tallies: BTreeMap<(String, &str), Tally> = BTreeMap::new();
    for file in files(&folder, "jsonl")? {
        for (number, line) in fs::read_to_string(&file)?.lines().enumerate() {
            let test = ProtocolTest::parse(line).with_context(|| format!("{}:{}", file.display(), number + 1))?;
            for (way, attempt) in attempts(&test) {
                let outcome = service(&contracts, &test).and_then(|service| attempt(&service, &test));
                let tally = tallies.entry((test.protocol.clone(), way)).or_default();
                match outcome {
                    Ok(()) => tally.passed += 1,
                    Err(error) => drop(tally.failed.insert(test.id.clone(), format!("{error:#}"))),
                }
            }
        }
    }
    report(&tallies)
}

/// The ways to pass a test. A test may be for one side only.
fn attempts(test: &ProtocolTest) -> Vec<(&'static str, Attempt)> {
    let ways: &[(&str, Attempt, bool)] = match test.kind {
        TestKind::Request => &[("request built", client::builds, true), ("request read", server::reads, false)],
        TestKind::Response => &[("response read", client::reads, true), ("response written", server::writes, false)],
        TestKind::ErrorResponse => {
            &[("error read", client::reads_error, true), ("error written", server::writes_error, false)]
        }
        TestKind::Malformed => &[("malformed request rejected", server::rejects, false)],
        TestKind::EventStream => &[("event stream read", client::reads_events, true)],
    };
    let ways = ways.iter().filter(|(_, _, is_client)| test.is_for(*is_client));
    ways.map(|(name, attempt, _)| (*name, *attempt)).collect()
}

fn report(tallies: &BTreeMap<(String, &str), Tally>) -> Result<()> {
    let mut unexpected = Vec::new();
    let mut failing = BTreeSet::new();
    for ((protocol, way), tally) in tallies {
        say(&format!("{protocol} {way}: {} passed, {} failed", tally.passed, tally.failed.len()))?;
        for (id, reason) in &tally.failed {
            match known_failures().find(|known| known.is_of(protocol, way, id)) {
                Some(known) => {
                    failing.insert((protocol.clone(), *way, known.id));
                    say(&format!("    {id}: {}", known.reason))?;
                }
                None => unexpected.push(format!("{protocol} {way}: {id}: {reason}")),
            }
        }
    }
    let is_failing = |known: &KnownFailure| failing.iter().any(|(protocol, way, id)| known.is_of(protocol, way, id));
    let obsolete: Vec<&str> = known_failures().filter(|known| !is_failing(known)).map(|known| known.id).collect();
    ensure!(unexpected.is_empty(), "{} fail:\n{}", unexpected.len(), unexpected.join("\n"));
    ensure!(obsolete.is_empty(), "known to fail, but they pass: {}", obsolete.join(", "));
    Ok(())
}

fn service(contracts: &BTreeMap<String, Contract>, test: &ProtocolTest) -> Result<TestedService> {
    let name = test.service.as_deref().context("the operation is bound to no service")?;
    let contract = contracts.get(name).with_context(|| format!("no model of {name}"))?;
    let protocol = protocol_named(&test.protocol).with_context(|| format!("{} is not supported", test.protocol))?;
    Ok(TestedService { contract: contract.clone(), protocol })
}

fn contracts(folder: &Path) -> Result<BTreeMap<String, Contract>> {
    let mut contracts = BTreeMap::new();
    for file in files(folder, "json")? {
        let contract = model::read(&file.display().to_string(), &fs::read_to_string(&file)?)?;
        contracts.insert(contract.service().id.as_str().to_owned(), contract);
    }
    Ok(contracts)
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension() == Some(OsStr::new(extension)));
    files.sort();
    Ok(files)
}
