//! Recorded responses of real AWS: the judge has no false positive, and it detects altered responses.
//!
//! The recordings are not part of this repository: `WIREPROOF_CORPUS` names the folder that holds
//! `recorded-aws.jsonl.gz` and `smithy-models.tar.xz`, `WIREPROOF_BOTOCORE` a botocore. Without it the tests are skipped, and the skip is said on
//! standard error.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use tempfile::TempDir;
use wireproof::internals::{
    judge::verdict::{Finding, Severity, exception},
    model::{
        self, Contract, ShapeId, ShapeRule,
        pointer::child,
        published::{self, Places},
    },
    proof::corpus::{
        CorpusTally, Models, Record, RecordKind, RecordedProtocol, Tier, corpus_report::FalsePositives, read,
    },
};

use crate::support::corpus::{say, unpack};

/// The folder of the corpus; `None`, where none is given.
fn corpus() -> Result<Option<PathBuf>> {
    let folder = env::var_os("WIREPROOF_CORPUS").filter(|folder| !folder.is_empty());
    if folder.is_none() {
        say("skipped: WIREPROOF_CORPUS is not set")?;
    }
    Ok(folder.map(PathBuf::from))
}

/// The models of the corpus, unpacked; they go with this value.
fn models() -> Result<TempDir> {
    unpack("smithy-models.tar.xz")?.context("the corpus is there")
}

#[test]
#[ignore = "it judges 8,000 recorded responses: minutes"]
fn real_aws_has_no_false_positive() -> Result<()> {
    let Some(corpus) = corpus()? else { return Ok(()) };
    let models = models()?;
    let tally = judged(&corpus, |command| command.arg("--models").arg(models.path()))?;
    ensure!(tally.all().responses.of > 4_500, "only {:?}", tally.all());
    // These models are a year older than the newest responses, which causes every remaining error.
    ensure!(tally.errors.iter().all(|error| error.service == "dsql"), "{:#?}", tally.errors);
    Ok(())
}

#[test]
#[ignore = "it judges 8,000 recorded responses: minutes"]
fn real_aws_has_no_false_positive_with_the_models_of_botocore() -> Result<()> {
    let Some(corpus) = corpus()? else { return Ok(()) };
    if env::var_os("WIREPROOF_BOTOCORE").is_none() {
        say("skipped: WIREPROOF_BOTOCORE is not set")?;
        return Ok(());
    }
    let tally = judged(&corpus, |command| command)?;
    ensure!(tally.skipped.is_empty() && tally.errors.is_empty(), "{:?} {:#?}", tally.skipped, tally.errors);
    Ok(())
}

/// The labels come from another validator, written in another language: what it found, the judge finds, too.
#[test]
#[ignore = "it judges 8,000 recorded responses: minutes"]
fn findings_of_another_validator_in_aws_are_found() -> Result<()> {
    let (Some(corpus), Some(botocore)) = (corpus()?, env::var_os("WIREPROOF_BOTOCORE")) else { return Ok(()) };
    let places = Places { botocore: Some(botocore.into()), path: None };
    let records = records(&corpus)?;
    let models = Models::gather(&records, |service| {
        let found = published::find(format!("botocore:{service}"), &places)?;
        anyhow::Ok(Some(model::read(&found.file.display().to_string(), &found.text)?))
    })?;
    let (mut known, mut missed) = (0, Vec::new());
    for record in records.iter().filter(|record| record.masked_paths.is_empty()) {
        let judged = models.judge(record).map_err(|why| anyhow!("{}: {why:?}", record.id))?;
        for labelled in record.model_violations.iter().filter(|labelled| labelled.label.is_of_aws()) {
            known += 1;
            if !judged.findings.iter().any(|finding| labelled.path.is_at(&finding.pointer)) {
                missed.push(format!("{} {} {} {}", record.id, record.service, record.operation, labelled.path));
            }
        }
    }
    ensure!(known > 400 && missed.is_empty(), "{} of {known} missed: {missed:#?}", missed.len());
    Ok(())
}

/// The sums of the program's own run. Less than one response in a thousand has an error.
fn judged(corpus: &Path, with: impl FnOnce(&mut Command) -> &mut Command) -> Result<CorpusTally> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireproof"));
    command.arg("judge").arg("--corpus").arg(corpus.join("recorded-aws.jsonl.gz")).args(["--report", "json"]);
    let output = with(&mut command).env_remove("WIREPROOF_MODELS").env_remove("WIREPROOF_MAX_ERROR_RATE").output()?;
    ensure!(output.status.code() == Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let tally = serde_json::from_slice::<FalsePositives>(&output.stdout)?.tally;
    let all = tally.all();
    ensure!(all.responses.rate() < 0.001 && all.distinct.rate() < 0.001, "{all:?}: {:#?}", tally.errors);
    ensure!(all.operations.of > 500, "only {all:?}");
    Ok(tally)
}

/// Services of all three protocols, by the folder of their model.
const SPOILED: [&str; 6] = ["acm", "ecr", "eks", "kms", "lambda", "sqs"];

#[test]
#[ignore = "it judges 8,000 recorded responses: minutes"]
fn altered_responses_of_aws_are_detected() -> Result<()> {
    let Some(corpus) = corpus()? else { return Ok(()) };
    let folder = models()?;
    let contracts: BTreeMap<&str, Contract> =
        SPOILED.iter().map(|service| Ok((*service, model(folder.path(), service)?))).collect::<Result<_>>()?;
    let records = sound_records(&corpus)?;
    let models = Models::gather(&records, |service| Ok::<_, anyhow::Error>(contracts.get(service).cloned()))?;
    let bodies: BTreeMap<&str, Contract> =
        contracts.iter().map(|(service, contract)| (*service, contract.clone().with_optional_heads())).collect();
    let mut spoiled: BTreeMap<&str, usize> = BTreeMap::new();
    for record in &records {
        ensure!(errors(&models, record).is_empty(), "{} is sound", record.id);
        let contracts = if record.protocol == RecordedProtocol::RestJson { &bodies } else { &contracts };
        for (way, broken) in ways_to_spoil(record, &contracts[record.service.as_str()]) {
            *spoiled.entry(way).or_default() += 1;
            let found = errors(&models, &broken);
            ensure!(!found.is_empty(), "{way} is not found in {} ({} {})", record.id, record.service, record.operation);
        }
    }
    ensure!(spoiled.len() == 5 && spoiled.values().all(|count| *count > 50), "too few were spoiled: {spoiled:?}");
    Ok(())
}

fn model(folder: &Path, service: &str) -> Result<Contract> {
    let versions = folder.join(service).join("service");
    let version = fs::read_dir(&versions)?.next().context("no version")??.path();
    let file = fs::read_dir(version)?.next().context("no model")??.path();
    Ok(model::read(&file.display().to_string(), &fs::read_to_string(&file)?)?)
}

fn records(corpus: &Path) -> Result<Vec<Record>> {
    let mut text = String::new();
    MultiGzDecoder::new(File::open(corpus.join("recorded-aws.jsonl.gz"))?).read_to_string(&mut text)?;
    Ok(read(&text)?)
}

/// Unaltered successes with a body that is not empty.
fn sound_records(corpus: &Path) -> Result<Vec<Record>> {
    let is_sound = |record: &Record| {
        let is_whole = record.masked_paths.is_empty() && record.model_violations.is_empty();
        let has_members = record.body.as_object().is_some_and(|body| !body.is_empty());
        SPOILED.contains(&record.service.as_str())
            && record.kind == RecordKind::Response
            && record.tier != Tier::Edited
            && is_whole
            && has_members
    };
    Ok(records(corpus)?.into_iter().filter(is_sound).collect())
}

fn errors(models: &Models, record: &Record) -> Vec<Finding> {
    let findings = models.judge(record).map(|judged| judged.findings).unwrap_or_default();
    findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect()
}

/// The record in each way in which it can be spoiled.
fn ways_to_spoil(record: &Record, contract: &Contract) -> Vec<(&'static str, Record)> {
    let Some(operation) = contract.operation(&record.operation) else { return Vec::new() };
    let with_text = |text: &str| Record { body_text: Some(text.to_owned()), ..record.clone() };
    let body = record.body.to_string();
    let nameless =
        Record { kind: RecordKind::Error, error_code: Some("Gone".to_owned()), status: 400, ..record.clone() };
    let mut ways = vec![
        ("a page of HTML", with_text("<html></html>")),
        ("a body that is cut off", with_text(&body[..body.len() - 1])),
        ("an error without a name", nameless),
    ];
    let mut places = Vec::new();
    members(contract, &operation.output, &record.body, "", &mut places);
    let signing_name = &contract.service().signing_name;
    let is_excepted = |place: &str| exception(signing_name, &operation.name, ShapeRule::Required, place).is_some();
    let required = places.iter().find(|(place, required)| *required && !is_excepted(place));
    let (first, last) = (places.first(), places.last());
    for (place, _) in [first, last].into_iter().flatten() {
        let mut broken = record.clone();
        if let Some(value) = broken.body.pointer_mut(place) {
            *value = if value.is_array() { json!({"a": 1}) } else { json!([[1]]) };
            ways.push(("a wrong type", broken));
        }
    }
    if let Some((place, _)) = required {
        let mut broken = record.clone();
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        broken.body.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|map| map.remove(name));
        ways.push(("a missing member", broken));
    }
    ways
}

/// The place of every member of a structure that the body has, and whether it is required.
fn members(contract: &Contract, shape: &ShapeId, body: &Value, at: &str, found: &mut Vec<(String, bool)>) {
    let kind = contract.shape(shape).map(|shape| &shape.kind);
    match (kind, body) {
        (Some(model::ShapeKind::Structure(known)), Value::Object(map)) => {
            for member in known.iter().filter(|member| map.contains_key(&member.name)) {
                let place = child(at, &member.name);
                found.push((place.clone(), member.traits.required()));
                members(contract, &member.target, &map[&member.name], &place, found);
            }
        }
        (Some(model::ShapeKind::List(item)), Value::Array(items)) => {
            for (index, value) in items.iter().enumerate() {
                members(contract, &item.target, value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}
