//! Every published model that a machine has: botocore's of all versions, and AWS's own where the corpus is given.
//!
//! botocore is the one that Python or the AWS CLI has installed, or `WIREPROOF_BOTOCORE`; the Smithy models are in the
//! folder `WIREPROOF_CORPUS`. Without them, the tests are skipped and report so; the figures go to standard error, too.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    self,
    corpus::{self, say},
};
use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::json;
use wireproof::internals::{
    model::{self, Contract, Matched, Pattern, PayloadSide, Schemas, Shape, ShapeId, ShapeKind},
    wire::{AwsJson, Protocol as _},
};

/// A model with the name that the figures give it.
struct Model {
    name: String,
    bytes: usize,
    loaded: Duration,
    contract: Arc<Contract>,
}

impl Model {
    fn read(name: &str, file: &str, text: &str) -> Result<Self> {
        let start = Instant::now();
        let contract = model::read(file, text)?;
        Ok(Self { name: name.to_owned(), bytes: text.len(), loaded: start.elapsed(), contract: Arc::new(contract) })
    }

    fn speaks_json(&self) -> bool {
        self.contract.service().protocols.iter().any(|protocol| protocol.name().starts_with("awsJson"))
    }
}

/// botocore's models of all versions, with their examples; `None` without a botocore.
fn botocore() -> Result<Option<Vec<Model>>> {
    let Some(services) = support::botocore::services()? else { return Ok(None) };
    let names = services.iter().flat_map(|(service, versions)| versions.iter().map(move |v| format!("{service}@{v}")));
    let models = names.map(|name| {
        let files = support::botocore::model_files(&name)?.context("botocore is gone")?;
        let mut read = Model::read(&name, &files.file.display().to_string(), &files.text)?;
        read.contract = Arc::new(support::botocore::contract(files)?);
        Ok(read)
    });
    models.collect::<Result<_>>().map(Some)
}

/// AWS's own models; `None` where no corpus is given.
fn smithy() -> Result<Option<Vec<Model>>> {
    let Some(folder) = corpus::unpack("smithy-models.tar.xz")? else { return Ok(None) };
    let files = support::files_below(folder.path(), ".json").into_iter();
    let models = files.map(|file| {
        let text = fs::read_to_string(folder.path().join(&file))?;
        let name = file.file_stem().and_then(|name| name.to_str()).context("a name that is not text")?;
        Model::read(name, &file.display().to_string(), &text)
    });
    models.collect::<Result<_>>().map(Some)
}

/// Prints the number of loaded models, and the time of the largest.
fn figures(models: &[Model]) -> Result<()> {
    let operations: usize = models.iter().map(|model| model.contract.operations().count()).sum();
    let slowest = models.iter().max_by_key(|model| model.loaded).context("no models")?;
    say(&format!(
        "{} models with {operations} operations; slowest to load: {} of {} bytes in {:?}",
        models.len(),
        slowest.name,
        slowest.bytes,
        slowest.loaded
    ))
}

/// Compiles every schema of the models that speak a JSON protocol, on all processors; the count.
fn compile_schemas(models: &[Model]) -> Result<usize> {
    let models: Vec<&Model> = models.iter().filter(|model| model.speaks_json()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut count = 0;
        while let Some(model) = models.get(next.fetch_add(1, Ordering::Relaxed)) {
            count += schemas_of(&model.contract).with_context(|| model.name.clone())?;
        }
        Ok(count)
    };
    thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?).sum()
    })
}

/// Compiles the schemas of all operations by judging an empty object.
fn schemas_of(contract: &Arc<Contract>) -> Result<usize> {
    let schemas = Schemas::new(Arc::clone(contract), AwsJson::V1_1.body_rules());
    let mut seen = BTreeSet::new();
    for operation in contract.operations() {
        let outputs = operation.errors.iter().chain([&operation.output]).map(|id| (id, false));
        for (id, is_input) in outputs.chain([(&operation.input, true)]) {
            if seen.insert((id, is_input)) {
                schemas.violations(id, if is_input { PayloadSide::Input } else { PayloadSide::Output }, &json!({}))?;
            }
        }
    }
    Ok(seen.len())
}

#[test]
#[ignore = "it reads every model of botocore: minutes"]
fn every_model_of_botocore_loads_and_its_schemas_compile() -> Result<()> {
    let Some(models) = botocore()? else { return Ok(()) };
    ensure!(models.len() > 400, "only {} models", models.len());
    figures(&models)?;
    let examples = models.iter().flat_map(|model| model.contract.operations());
    let examples = examples.filter_map(|operation| operation.traits.get("smithy.api#examples")?.as_array());
    say(&format!("{} examples", examples.map(Vec::len).sum::<usize>()))?;
    for model in &models {
        let service = model.contract.service();
        ensure!(!service.protocols.is_empty(), "{} speaks no protocol that is known", model.name);
        ensure!(!service.signing_name.is_empty() && !service.title.is_empty(), "{}", model.name);
    }
    say(&format!("{} schemas of the JSON services compile", compile_schemas(&models)?))
}

#[test]
#[ignore = "it reads every model of botocore: minutes"]
fn every_model_that_aws_publishes_loads_and_its_schemas_compile() -> Result<()> {
    let Some(models) = smithy()? else { return Ok(()) };
    ensure!(models.len() > 400, "only {} models", models.len());
    figures(&models)?;
    say(&format!("{} schemas of the JSON services compile", compile_schemas(&models)?))
}

/// Texts that make a bad engine slow.
fn hostile_texts() -> Vec<String> {
    let repeated =
        [("a", 5_000), ("0", 5_000), ("-", 5_000), (" ", 5_000), ("a-", 2_500), ("a.", 2_500), ("a/", 2_500)];
    let mut texts: Vec<String> = repeated.iter().map(|(text, times)| text.repeat(*times)).collect();
    texts.extend([format!("{}!", "aA0-_.".repeat(800)), format!("{}\n", "a".repeat(5_000)), "arn:".repeat(1_250)]);
    texts.push("\u{1F600}".repeat(2_000));
    if !cfg!(debug_assertions) {
        texts.extend(["a".repeat(65_536), format!("{}!", "aA0-_.".repeat(10_000))]);
    }
    texts
}

#[test]
#[ignore = "it reads every model of botocore: minutes"]
fn every_distinct_pattern_compiles_or_says_why_not_and_none_is_slow() -> Result<()> {
    let Some(models) = botocore()? else { return Ok(()) };
    let shapes = models.iter().flat_map(|model| model.contract.shapes());
    let patterns: BTreeSet<&str> = shapes.filter_map(|shape| shape.traits.pattern()).collect();
    let texts = hostile_texts();
    let (mut linear, mut backtracking, mut undecided, mut rejected) = (0, 0, 0, Vec::new());
    let mut slowest = [(Duration::ZERO, ""); 2];
    for source in &patterns {
        let start = Instant::now();
        let compiled = Pattern::full(source);
        slowest[0] = slowest[0].max((start.elapsed(), source));
        match compiled {
            Err(error) => rejected.push(error.to_string()),
            Ok(pattern) => {
                *if pattern.is_linear() { &mut linear } else { &mut backtracking } += 1;
                for text in &texts {
                    let start = Instant::now();
                    undecided += usize::from(pattern.matches(text) == Matched::Undecided);
                    slowest[1] = slowest[1].max((start.elapsed(), source));
                }
            }
        }
    }
    let [(compile, compiled), (matching, matched)] = slowest;
    let known = rejected.len();
    say(&format!(
        "{} distinct patterns: {linear} linear, {backtracking} backtracking, {known} not checkable; {undecided} of {} \
         hostile matches undecided\nslowest compile {compile:?}: {compiled}\nslowest match {matching:?}: {matched}",
        patterns.len(),
        texts.len() * (linear + backtracking),
    ))?;
    rejected.iter().try_for_each(|problem| say(problem))?;
    ensure!(rejected.len() * 500 < patterns.len(), "too many patterns are not checkable");
    // Engines without optimisation are some thirty times slower.
    let bound = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 2 });
    ensure!(compile < bound && matching < bound, "a pattern is slow");
    Ok(())
}

/// The differences between two models of one service.
#[derive(Default)]
struct Differences {
    compared: BTreeMap<&'static str, usize>,
    found: BTreeMap<&'static str, Vec<String>>,
}

impl Differences {
    fn note(&mut self, kind: &'static str, same: bool, what: impl FnOnce() -> String) {
        *self.compared.entry(kind).or_default() += 1;
        if !same {
            self.found.entry(kind).or_default().push(what());
        }
    }

    fn service(&mut self, ours: &Contract, theirs: &Contract) {
        let mut seen = BTreeSet::new();
        for operation in theirs.operations() {
            let at = format!("{}.{}", theirs.service().signing_name, operation.name);
            let Some(own) = ours.operation(&operation.name) else {
                self.note("operations", false, || at);
                continue;
            };
            self.note("operations", true, String::new);
            let names = |ids: &[ShapeId]| ids.iter().map(|id| id.name().to_owned()).collect::<BTreeSet<_>>();
            let (own_errors, errors) = (names(&own.errors), names(&operation.errors));
            self.note("errors", own_errors == errors, || {
                format!("{at}: {:?}", own_errors.symmetric_difference(&errors).collect::<Vec<_>>())
            });
            for (own, their, part) in
                [(&own.input, &operation.input, "input"), (&own.output, &operation.output, "output")]
            {
                self.shapes(&format!("{at}.{part}"), (ours, own), (theirs, their), &mut seen);
            }
        }
    }

    fn shapes(
        &mut self,
        at: &str,
        (ours, own): (&Contract, &ShapeId),
        (theirs, their): (&Contract, &ShapeId),
        seen: &mut BTreeSet<(ShapeId, ShapeId)>,
    ) {
        let (Some(a), Some(b)) = (ours.shape(own), theirs.shape(their)) else { return };
        if !seen.insert((own.clone(), their.clone())) {
            return;
        }
        self.constraints(at, a, b);
        let below: Vec<(String, &ShapeId, &ShapeId)> = match (&a.kind, &b.kind) {
            (
                ShapeKind::Structure(own) | ShapeKind::Union(own),
                ShapeKind::Structure(their) | ShapeKind::Union(their),
            ) => {
                let mut below = Vec::new();
                for member in their {
                    let found = own.iter().find(|own| own.name == member.name);
                    self.note("members", found.is_some(), || format!("{at}.{}", member.name));
                    let Some(found) = found else { continue };
                    let same = found.traits.required() == member.traits.required();
                    self.note("required", same, || format!("{at}.{}", member.name));
                    below.push((format!("{at}.{}", member.name), &found.target, &member.target));
                }
                below
            }
            (ShapeKind::List(own), ShapeKind::List(their)) => vec![(format!("{at}[]"), &own.target, &their.target)],
            (ShapeKind::Map { key, value }, ShapeKind::Map { key: their_key, value: their_value }) => vec![
                (format!("{at}{{key}}"), &key.target, &their_key.target),
                (format!("{at}{{}}"), &value.target, &their_value.target),
            ],
            _ => Vec::new(),
        };
        for (at, own, their) in below {
            self.shapes(&at, (ours, own), (theirs, their), seen);
        }
    }

    fn constraints(&mut self, at: &str, own: &Shape, their: &Shape) {
        let kinds = [own, their].map(|shape| std::mem::discriminant(&shape.kind));
        self.note("kinds", kinds[0] == kinds[1], || format!("{at}: {:?} {:?}", own.kind, their.kind));
        if let (ShapeKind::Enum(own), ShapeKind::Enum(their)) = (&own.kind, &their.kind) {
            let [own, their] = [own, their].map(|values| values.iter().map(|v| &v.value).collect::<BTreeSet<_>>());
            self.note("enums", own.is_superset(&their), || {
                format!("{at}: {:?}", their.difference(&own).collect::<Vec<_>>())
            });
        }
        // Patterns match in full, so that anchors at their ends say nothing.
        let [pattern, their_pattern] = [own, their]
            .map(|shape| shape.traits.pattern().map(|pattern| pattern.trim_start_matches('^').trim_end_matches('$')));
        let same = pattern == their_pattern;
        self.note("patterns", same, || format!("{at}: {:?} {:?}", own.traits.pattern(), their.traits.pattern()));
        // A minimum length of zero is not a bound, and only one of the forms writes it.
        let [length, their_length] = [own, their].map(|shape| {
            let bounds = shape.traits.length();
            bounds.map(|bounds| (bounds.min.filter(|min| *min > 0), bounds.max)).filter(|b| *b != (None, None))
        });
        let same = length == their_length && own.traits.range() == their.traits.range();
        self.note("bounds", same, || format!("{at}: {length:?} {their_length:?}"));
        let same = own.traits.sensitive() == their.traits.sensitive();
        self.note("sensitive", same, || at.to_owned());
        let same = own.traits.timestamp_format() == their.traits.timestamp_format();
        self.note("timestamps", same, || at.to_owned());
    }
}

#[test]
#[ignore = "it reads every model of botocore: minutes"]
fn both_forms_of_a_model_give_one_contract() -> Result<()> {
    let (Some(botocore), Some(smithy)) = (botocore()?, smithy()?) else { return Ok(()) };
    let key = |model: &Model| {
        let service = model.contract.service();
        (service.id.name().to_owned(), service.version.clone())
    };
    let ours: BTreeMap<_, _> = botocore.iter().filter(|model| model.speaks_json()).map(|m| (key(m), m)).collect();
    let mut differences = Differences::default();
    let mut services = 0;
    for theirs in smithy.iter().filter(|model| model.speaks_json()) {
        let Some(own) = ours.get(&key(theirs)) else {
            say(&format!("only in the Smithy models: {}", theirs.name))?;
            continue;
        };
        services += 1;
        differences.service(&own.contract, &theirs.contract);
    }
    say(&format!("{services} JSON services have both forms"))?;
    for (kind, compared) in &differences.compared {
        let found = differences.found.get(kind).map_or(&[][..], Vec::as_slice);
        say(&format!("{kind}: {compared} compared, {} differ", found.len()))?;
        let shown = if env::var_os("WIREPROOF_DIFFERENCES").is_some() { found.len() } else { 0 };
        found.iter().take(shown).try_for_each(|what| say(&format!("  {kind} {what}")))?;
    }
    for (kind, found) in &differences.found {
        let compared = differences.compared.get(kind).copied().unwrap_or_default();
        ensure!(found.len() * 10 <= compared, "more than one in ten {kind} differ: age alone does not explain it");
    }
    ensure!(services > 80, "only {services} services have both forms");
    Ok(())
}
