//! Reports on recorded responses: as text, as JSON, and as a page of the documentation.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::corpus_human;
use crate::{
    proof::corpus::{CorpusTally, RecordShare, Skipped, Tier},
    report::{json_schema::Schema, text},
};

pub use super::severities_page::page;

/// The JSON Schema of [`FalsePositives`].
pub const JUDGE: Schema = Schema {
    name: "judge",
    of: "wireproof judge --corpus --report json",
    own: include_str!("judge.schema.json"),
    refers: true,
};

/// The format of the text report.
#[derive(Debug, Clone, Copy)]
pub struct CorpusOptions {
    /// Use colors.
    pub color: bool,
    /// The width in columns. Words that are longer stay whole.
    pub width: usize,
    /// The maximum share of responses with an error.
    pub max_error_rate: f64,
}

/// The JSON document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FalsePositives {
    /// The schema and its version.
    pub schema: String,
    /// The date of the run.
    pub date: String,
    pub tally: CorpusTally,
}

impl FalsePositives {
    /// The document of a run on that date.
    #[must_use]
    pub fn of(date: String, tally: CorpusTally) -> Self {
        Self { schema: "wireproof/judge/v2".to_owned(), date, tally }
    }
}

/// Writes the text report.
///
/// # Errors
/// The report cannot be written.
pub fn human(tally: &CorpusTally, options: &CorpusOptions, out: &mut impl Write) -> io::Result<()> {
    out.write_all(corpus_human::render(tally, options).as_bytes())
}

/// Writes the JSON document.
///
/// # Errors
/// The report cannot be written.
pub fn json(positives: &FalsePositives, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(text::CommandFreeJson::new(&mut *out), positives)?;
    writeln!(out)
}

/// A share as text, such as `3 of 4702 (0.064 %)`.
pub(super) fn in_words(share: RecordShare) -> String {
    format!("{} of {} ({:.3} %)", share.errors, share.of, share.rate() * 100.0)
}

/// The scope of the report, one sentence each.
pub(super) fn scope(tally: &CorpusTally) -> Vec<String> {
    let tier = |tier| tally.tiers.get(&tier).copied().unwrap_or_default();
    let judged: usize = tally.tiers.values().sum();
    let mut lines = vec![
        format!(
            "{} records, {judged} judged: {} as on the wire, {} recorded by a client, {} edited (counted separately, because \
    they prove nothing about AWS)",
            tally.records,
            tier(Tier::Wire),
            tier(Tier::Recorded),
            tier(Tier::Edited)
        ),
        format!(
            "{} findings do not count, because the value was redacted or changed after the recording",
            tally.left_out
        ),
        format!(
            "{} responses of AWS have reconstructed headers: content-type, content-encoding and request-id are not judged \
    there; content-length is never judged, because the corpus does not keep the original bytes",
            tally.headers_reconstructed
        ),
    ];
    let excepted = RecordShare { errors: tally.excepted, of: tally.all().responses.of };
    lines.push(format!(
        "{} responses of AWS lack a required member, which is only a warning because of a known exception; an \
    operation without recordings may do the same at most as often",
        in_words(excepted)
    ));
    lines.extend(tally.skipped.iter().map(|(why, missing)| {
        let what = match why {
            Skipped::Service => "no model of",
            Skipped::Operation => "the model lacks",
        };
        let names: Vec<String> = missing.iter().map(|(name, records)| format!("{name} ({records})")).collect();
        format!("not judged, {what}: {}", names.join(", "))
    }));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::json_schema::problems;

    /// The last published document, with an error and a service without a model.
    fn document() -> Value {
        let mut document: Value = serde_json::from_str(include_str!("../../../docs/false-positives.json")).unwrap();
        document["tally"]["skipped"] = json!({ "service": { "nimbus": 1 }, "operation": { "codedeploy Stop": 2 } });
        document["tally"]["errors"] = json!([{
            "record": "r-1", "service": "codedeploy", "operation": "StopDeployment",
            "findings": [{
                "code": "response-shape", "rule": "type", "severity": "error", "evidence": "modelled", "step": 1,
                "role": "step", "pointer": "/status", "expected": "a string", "actual": "[1]", "cites": [],
            }],
        }]);
        let read: FalsePositives = serde_json::from_value(document).unwrap();
        serde_json::to_value(read).unwrap()
    }

    #[test]
    fn the_sums_fit_the_schema() {
        assert_eq!(problems(&JUDGE, &document()), Vec::<String>::new());
        let nothing = FalsePositives::of("2026-11-22".to_owned(), CorpusTally::of([]));
        assert_eq!(problems(&JUDGE, &serde_json::to_value(nothing).unwrap()), Vec::<String>::new());
    }

    #[test]
    fn the_schema_rejects_what_is_not_of_its_form() {
        let changes: [(&str, Value); 10] = [
            ("/schema", json!("wireproof/judge/v9")),
            ("/date", json!("today")),
            ("/tally/records", json!(-1)),
            ("/tally/tiers", json!({ "C-guess": 1 })),
            ("/tally/skipped", json!({ "region": {} })),
            ("/tally/groups/0/shares/responses", json!({ "errors": 1 })),
            ("/tally/rules/0/rule", json!("No Rule")),
            ("/tally/errors/0/findings/0/severity", json!("fatal")),
            ("/tally/errors/0/findings/0", json!({})),
            ("/tally/errors/0/findings", json!([])),
        ];
        for (pointer, value) in changes {
            let mut broken = document();
            *broken.pointer_mut(pointer).unwrap() = value;
            assert!(!problems(&JUDGE, &broken).is_empty(), "{pointer}");
        }
    }
}
