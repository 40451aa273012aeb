//! The report for programs: one versioned JSON document at the end of a run.
//!
//! Two runs with the same seed and the same results differ only in times: cases are sorted by id.

use std::io::{self, Write};

use serde::Serialize as _;

use super::{ReportDocument, Reporter, item_lines::ItemLines, text::CommandFreeJson, without_beginning};
use crate::run::event::{Event, RunFinished};

/// The JSON Schema (draft 2020-12) of the document.
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");

/// Collects a run and writes the report at the end.
#[derive(Debug)]
pub struct Json<W> {
    writer: W,
    document: Option<ReportDocument>,
}

impl<W: Write> Json<W> {
    /// Creates a report that writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer, document: None }
    }

    fn finish(&mut self, finished: &RunFinished) -> io::Result<()> {
        let mut document = self.document.take().ok_or_else(without_beginning)?;
        document.end(finished);
        let writer = CommandFreeJson::new(&mut self.writer);
        document.serialize(&mut serde_json::Serializer::with_formatter(writer, ItemLines::new()))?;
        self.writer.write_all(b"\n")?;
        self.writer.flush()
    }
}

impl<W: Write + Send> Reporter for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match (event, &mut self.document) {
            (Event::RunStarted(started), document) => *document = Some(ReportDocument::begun(started)),
            (Event::RunFinished(finished), _) => return self.finish(finished),
            (Event::PresenceChecked(checked), Some(document)) => checked.enter(&mut document.presence),
            (Event::TargetDied(died), Some(document)) => document.died.push(died.clone()),
            (Event::CaseFinished(case), Some(document)) => document.cases.push(case.report.clone()),
            // The document lists no citable requirements. Its end reports a missing beginning.
            (Event::RequirementsListed(_), _)
            | (Event::PresenceChecked(_) | Event::TargetDied(_) | Event::CaseFinished(_), None) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        judge::{check::CHECKS, verdict::Verdict},
        report::testing::{events, report_of, run, secrets_in, suspected},
    };

    fn document(events: &[Event]) -> Value {
        let mut out = Vec::new();
        report_of(&mut Json::new(&mut out), events).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    fn problems(document: &Value) -> Vec<String> {
        let schema: Value = serde_json::from_str(REPORT_SCHEMA).unwrap();
        assert!(jsonschema::meta::is_valid(&schema));
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    #[test]
    fn what_is_probably_wrong_has_causes_of_its_own() {
        let document = document(&run(suspected(3)));
        assert_eq!(problems(&document), Vec::<String>::new());
        assert_eq!(document["causes"], json!([]));
        let likely = document["likely_causes"].as_array().unwrap();
        assert_eq!((likely.len(), likely[0]["cases"].as_array().unwrap().len()), (1, 3));
    }

    #[test]
    fn a_run_with_every_verdict_fits_the_schema() {
        let document = document(&events());
        assert_eq!(problems(&document), Vec::<String>::new());
        for verdict in Verdict::ALL {
            let is_there = |case: &Value| case["verdict"] == verdict.name();
            assert!(document["cases"].as_array().unwrap().iter().any(is_there), "{verdict}");
        }
    }

    #[test]
    fn a_written_report_is_read_back() {
        let mut out = Vec::new();
        report_of(&mut Json::new(&mut out), &events()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let read = ReportDocument::read("r.json", &text).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), document(&events()));
        let error = ReportDocument::read("r.json", &text.replacen("conforms", "passes", 2)).unwrap_err().to_string();
        assert!(error.starts_with("r.json is not a JSON report of wireproof: ledger: missing field"), "{error}");
        let error = ReportDocument::read("r.json", &text.replace("report/v3", "report/v9")).unwrap_err().to_string();
        assert!(error.contains("unknown schema \"wireproof/report/v9\""), "{error}");
    }

    #[test]
    fn the_schema_rejects_what_is_not_of_its_form() {
        let whole = document(&events());
        let changes: [(&str, Value); 9] = [
            ("/selection", json!({ "cases": 1 })),
            ("/selection/digest", json!("abc")),
            ("/schema", json!("wireproof/report/v9")),
            ("/ledger/selected", json!(-1)),
            ("/cases/0/verdict", json!("passed")),
            ("/cases/0/findings", json!([{}])),
            ("/requirements/0/outcome", json!("kept")),
            ("/target", json!({ "name": "x", "endpoint": "x", "region": "x", "more": 1 })),
            ("/presence/0/presence", json!(false)),
        ];
        for (pointer, value) in changes {
            let mut violated = whole.clone();
            *violated.pointer_mut(pointer).unwrap() = value;
            assert!(!problems(&violated).is_empty(), "{pointer}");
        }
    }

    #[test]
    fn every_code_fits_the_schema() {
        let schema: Value = serde_json::from_str(REPORT_SCHEMA).unwrap();
        let code = jsonschema::draft202012::new(&schema["$defs"]["finding"]["properties"]["code"]).unwrap();
        assert!(CHECKS.iter().all(|check| code.is_valid(&json!(check.code))));
        assert!(!code.is_valid(&json!("No Code")));
    }

    #[test]
    fn the_order_in_which_cases_end_does_not_matter() {
        let events = events();
        let mut reversed = events.clone();
        reversed[1..events.len() - 1].reverse();
        assert_eq!(document(&events), document(&reversed));
    }

    #[test]
    fn nothing_is_written_before_the_end_and_an_end_without_a_beginning_is_an_error() {
        let events = events();
        let mut out = Vec::new();
        report_of(&mut Json::new(&mut out), &events[..events.len() - 1]).unwrap();
        assert!(out.is_empty());
        let error = report_of(&mut Json::new(&mut out), &events[events.len() - 1..]).unwrap_err();
        assert!(error.to_string().contains("before it started"));
    }

    #[test]
    fn no_secret_is_in_it() {
        assert_eq!(secrets_in(&document(&events()).to_string()), Vec::<&str>::new());
    }
}
