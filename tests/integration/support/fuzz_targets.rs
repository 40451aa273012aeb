//! What is fuzzed: one function for each kind of text from outside. None of them may panic, whatever the bytes.
//!
//! `fuzz/` passes them what cargo-fuzz makes, and a test the seeds with small changes.

use std::sync::LazyLock;

use wireproof::{
    Response,
    internals::{
        certificate::{
            envelope::Envelope, in_toto::InTotoStatement, proof_statement::ProofPredicate, statement::Statement,
        },
        gate::baseline::Baseline,
        model,
        run::recording::har,
        suite::{Fixtures, source::Source},
    },
};

static SUITE: LazyLock<Fixtures> = LazyLock::new(|| Fixtures::bundled().expect("the bundled fixtures are valid"));

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

/// Reads a body as the response of an operation of each protocol; the first byte decides about the status.
pub(crate) fn responses(bytes: &[u8]) {
    let (status, body) =
        bytes.split_first().map_or((200, bytes), |(first, rest)| (200 + 100 * u16::from(first % 4), rest));
    let body = body.to_vec().into();
    let response = Response { status, body, ..Response::default() };
    for service in SUITE.services() {
        for operation in service.contract().operations().take(3) {
            let _ = service.parse_response(&operation.name, &response);
        }
    }
}

/// Reads a fixture.
pub(crate) fn fixtures(bytes: &[u8]) {
    if let Ok(source) = Source::read("x.yaml", &String::from_utf8_lossy(bytes)) {
        let _ = source.decode::<serde_json::Value>();
    }
}

/// Reads a model of either form.
pub(crate) fn models(bytes: &[u8]) {
    let _ = model::read("x.json", &String::from_utf8_lossy(bytes));
}

/// Reads a recorded transcript.
pub(crate) fn recordings(bytes: &[u8]) {
    let _ = har::read(bytes);
}

/// Reads a baseline.
pub(crate) fn baselines(bytes: &[u8]) {
    let _ = Baseline::read("baseline.toml", &String::from_utf8_lossy(bytes));
}

/// Reads an envelope, the statement of a certificate, and that of a proof.
pub(crate) fn certificates(bytes: &[u8]) {
    if let Ok(envelope) = serde_json::from_slice::<Envelope>(bytes) {
        let _ = (envelope.payload(), envelope.text());
    }
    let proof = serde_json::from_slice::<InTotoStatement<ProofPredicate>>(bytes);
    let _ = proof.map(|proof| proof.predicate.wireproof.statement().text());
    let _ = serde_json::from_slice::<Statement>(bytes).map(|statement| statement.text());
}
