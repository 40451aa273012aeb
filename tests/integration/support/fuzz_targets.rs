//! What is fuzzed: one function for each kind of text from outside. None of them may panic, whatever the bytes.
//!
//! `fuzz/` passes them what cargo-fuzz makes, and a test the seeds with small changes.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use wireproof::{
    Headers, Response,
    internals::{
        certificate::{
            envelope::Envelope, in_toto::InTotoStatement, key::PublicKey, proof_statement::ProofPredicate,
            statement::Statement,
        },
        gate::baseline::Baseline,
        judge::{
            check,
            redaction::{self, SensitiveValues},
        },
        model::{self, PayloadSide},
        probe::{ProbeOptions, Probes},
        run::recording::har,
        suite::{Case, FixtureFiles, Fixtures, Plan, ServiceFixtures, source::Source},
        wire::{
            event_stream,
            protocol::{protocol_named, supported_protocols},
        },
    },
};

static SUITE: LazyLock<Fixtures> = LazyLock::new(|| Fixtures::bundled().expect("the bundled fixtures are valid"));

/// The cases of the bundled fixtures, by their ids.
static CASES: LazyLock<HashMap<String, Case>> =
    LazyLock::new(|| SUITE.cases().into_iter().map(|case| (case.id.0.clone(), case)).collect());

/// A service with every kind of shape and binding, once for each protocol.
static SERVICES: LazyLock<Vec<ServiceFixtures>> = LazyLock::new(|| {
    let protocols = supported_protocols().into_iter().filter_map(protocol_named);
    let contract = || model::read("everything.json", include_str!("everything.json")).expect("the model is valid");
    protocols.map(|protocol| ServiceFixtures::of("everything", contract(), protocol)).collect()
});

/// The operations of that service, in the order of the seeds.
const OPERATIONS: [&str; 4] = ["Get", "GetStream", "GetPayload", "GetDocument"];

/// A model for fuzzed fixtures.
const TINY: &str = include_str!("tiny.json");

/// The requirements that fuzzed fixtures may cite.
const REQUIREMENTS: &str = "service: tiny\ndocuments:\n  page: { title: A page, url: https://x.example/ }\n\
    requirements:\n  - { id: T-1, says: An unknown thing is an error., document: page, section: Errors, kind: behaviour, \
    evidence: documented, edition: first, operation: PutThing }\n";

/// The longest prefix of a derived plan that is taken.
const MOST_PROBES: usize = 500;

/// A reader that takes any bytes.
pub(crate) type Target = fn(&[u8]);

/// Every target by its name.
pub(crate) const TARGETS: [(&str, Target); 6] = [
    ("responses", responses),
    ("fixtures", fixtures),
    ("models", models),
    ("recordings", recordings),
    ("baselines", baselines),
    ("certificates", certificates),
];

/// Reads a response of one protocol, and validates its value. The first byte selects the protocol, and the second one the
/// status and the operation; header fields follow, one a line up to an empty line; the body is the rest.
pub(crate) fn responses(bytes: &[u8]) {
    let [protocol, selector, rest @ ..] = bytes else { return };
    let service = &SERVICES[usize::from(*protocol) % SERVICES.len()];
    let operation = OPERATIONS[usize::from(selector / 4) % OPERATIONS.len()];
    let (head, body) = split(rest, b"\n\n");
    let status = [200, 400, 500, 204][usize::from(selector % 4)];
    let lines = String::from_utf8_lossy(head);
    let headers: Headers = lines.lines().filter_map(|line| line.split_once(':')).collect();
    for body in [body.to_vec(), with_checksums(body)] {
        let _ = event_stream::read(&body);
        read(
            service,
            operation,
            &Response { status, headers: headers.clone(), body: body.into(), ..Response::default() },
        );
    }
}

fn read(service: &ServiceFixtures, operation: &str, response: &Response) {
    let _ = service.received(operation, response);
    let (value, contract) = (service.parse_response(operation, response).value, service.contract());
    if let Some((value, operation)) = value.zip(contract.operation(operation)) {
        let _ = service.schemas.violations(&operation.output, PayloadSide::Output, &value);
        let _ = service.protocol.build_request(contract, operation, &value);
    }
}

/// Both sides of the first `mark`.
fn split<'b>(bytes: &'b [u8], mark: &[u8]) -> (&'b [u8], &'b [u8]) {
    let found = bytes.windows(mark.len()).position(|window| window == mark);
    found.map_or((&[], bytes), |at| (&bytes[..at], &bytes[at + mark.len()..]))
}

/// The frames of an event stream with the checksums that they need, so that their content is read.
fn with_checksums(stream: &[u8]) -> Vec<u8> {
    let (mut bytes, mut start) = (stream.to_vec(), 0);
    while let Some(frame) = bytes.get_mut(start..).filter(|rest| rest.len() >= 16) {
        let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
        let Some(frame) = frame.get_mut(..length).filter(|frame| frame.len() >= 16) else { break };
        let prelude = crc32(&frame[..8]);
        frame[8..12].copy_from_slice(&prelude);
        let whole = crc32(&frame[..length - 4]);
        frame[length - 4..].copy_from_slice(&whole);
        start += length;
    }
    bytes
}

fn crc32(bytes: &[u8]) -> [u8; 4] {
    let shift = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    let sum = bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shift(crc)));
    (!sum).to_be_bytes()
}

/// Reads a fixture, and resolves it as a scenario and as the states of a service.
pub(crate) fn fixtures(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(source) = Source::read("x.yaml", &text) else { return };
    let _ = source.decode::<serde_json::Value>();
    for path in ["tiny/put-thing/x.yaml", "tiny/states.yaml", "tiny/requirements.yaml"] {
        let files = [("tiny/model.json", TINY), ("tiny/requirements.yaml", REQUIREMENTS), (path, &text)];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let _ = Fixtures::read(&FixtureFiles::from_texts(files)).map(|fixtures| fixtures.cases().len());
    }
}

/// Reads a model of either form, and derives probes from it.
pub(crate) fn models(bytes: &[u8]) {
    let Ok(contract) = model::read("x.json", &String::from_utf8_lossy(bytes)) else { return };
    let Ok(protocol) = wireproof::internals::wire::protocol_of(&contract) else { return };
    let service = ServiceFixtures::of("x", contract, protocol);
    let options = ProbeOptions { max_per_operation: Some(MOST_PROBES), ..ProbeOptions::default() };
    let mut probes = Probes::new(&service, &Arc::new(Source::none("x.json")), options);
    while probes.stage().is_some() {
        probes.opened(serde_json::Map::new());
        while probes.case().is_some() {}
    }
}

/// Reads a recorded transcript, removes its secrets, and judges it if it is that of a bundled case.
pub(crate) fn recordings(bytes: &[u8]) {
    let Ok(mut transcript) = har::read(bytes) else { return };
    let _ = redaction::redact(&SUITE, &mut transcript, SensitiveValues::Hidden);
    if let Some(case) = CASES.get(&transcript.case.0) {
        let _ = check::judge(&SUITE, case, &transcript, None).verdict();
    }
}

/// Reads a baseline, and writes it again.
pub(crate) fn baselines(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Baseline::read("baseline.toml", &text).map(|baseline| baseline.text_over("baseline.toml", &text));
}

/// Reads a key, an envelope, the statement of a certificate, and that of a proof.
pub(crate) fn certificates(bytes: &[u8]) {
    let _ = PublicKey::read(&String::from_utf8_lossy(bytes));
    if let Ok(envelope) = serde_json::from_slice::<Envelope>(bytes) {
        let _ = (envelope.payload(), envelope.text(), envelope.form_problems(bytes), envelope.signature_problems(&[]));
    }
    let proof = serde_json::from_slice::<InTotoStatement<ProofPredicate>>(bytes);
    let _ = proof.map(|proof| proof.predicate.wireproof.statement().text());
    let _ = serde_json::from_slice::<Statement>(bytes).map(|statement| statement.text());
}
