//! The report for programs: one versioned JSON document at the end of a run.
//!
//! Only times differ between two runs of one seed that came to the same: cases are sorted by id.

use std::io::{self, Write};

use serde::Serialize;

use super::{Reporter, collected::without_beginning};
use crate::{
    event::{CaseReport, Event, RunFinished, RunStarted, StatementReport, Surveyed, TargetDied},
    probe::CoverageReport,
    verdict::Ledger,
};

/// The JSON Schema (draft 2020-12) of the document.
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");

const SCHEMA: &str = "wireproof/report/v1";

/// Collects a run, and writes it when it is over.
#[derive(Debug)]
pub struct Json<W> {
    writer: W,
    started: Option<RunStarted>,
    surveyed: Vec<Surveyed>,
    died: Vec<TargetDied>,
    cases: Vec<CaseReport>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: Tool,
    suite: SuiteDigest<'a>,
    target: Target<'a>,
    seed: u64,
    interrupted: bool,
    duration_ms: u64,
    ledger: Ledger,
    surveyed: &'a [Surveyed],
    #[serde(skip_serializing_if = "<[TargetDied]>::is_empty")]
    died: &'a [TargetDied],
    cases: &'a [CaseReport],
    statements: &'a [StatementReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'a CoverageReport>,
}

#[derive(Serialize)]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
pub(super) struct SuiteDigest<'a> {
    digest: &'a str,
}

#[derive(Serialize)]
pub(super) struct Target<'a> {
    name: &'a str,
    endpoint: &'a str,
    region: &'a str,
}

impl Tool {
    /// This very program.
    pub(super) const THIS: Self = Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
}

impl<'a> SuiteDigest<'a> {
    pub(super) fn of(started: &'a RunStarted) -> Self {
        Self { digest: &started.suite }
    }
}

impl<'a> Target<'a> {
    pub(super) fn of(started: &'a RunStarted) -> Self {
        Self { name: &started.target, endpoint: &started.endpoint, region: &started.region }
    }
}

impl<W: Write> Json<W> {
    /// A report that goes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer, started: None, surveyed: Vec::new(), died: Vec::new(), cases: Vec::new() }
    }

    fn finish(&mut self, finished: &RunFinished) -> io::Result<()> {
        let started = self.started.as_ref().ok_or_else(without_beginning)?;
        self.surveyed.sort_by(|a, b| (&a.service, &a.operation).cmp(&(&b.service, &b.operation)));
        self.cases.sort_by(|a, b| a.id.cmp(&b.id));
        let document = Document {
            schema: SCHEMA,
            tool: Tool::THIS,
            suite: SuiteDigest::of(started),
            target: Target::of(started),
            seed: started.seed,
            interrupted: finished.interrupted,
            duration_ms: finished.duration_ms,
            ledger: finished.ledger,
            surveyed: &self.surveyed,
            died: &self.died,
            cases: &self.cases,
            statements: &finished.statements,
            coverage: finished.coverage.as_ref(),
        };
        serde_json::to_writer_pretty(&mut self.writer, &document)?;
        self.writer.write_all(b"\n")?;
        self.writer.flush()
    }
}

impl<W: Write + Send> Reporter for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::Surveyed(surveyed) => self.surveyed.push(surveyed.clone()),
            Event::TargetDied(died) => self.died.push(died.clone()),
            Event::CaseFinished(case) => self.cases.push(case.report.clone()),
            Event::RunFinished(finished) => return self.finish(finished),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        code::Code,
        report::testing::{events, report_of, secrets_in},
        verdict::Verdict,
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
    fn a_run_with_every_verdict_fits_the_schema() {
        let document = document(&events());
        assert_eq!(problems(&document), Vec::<String>::new());
        for verdict in Verdict::ALL {
            let is_there = |case: &Value| case["verdict"] == verdict.name();
            assert!(document["cases"].as_array().unwrap().iter().any(is_there), "{verdict}");
        }
    }

    #[test]
    fn the_schema_refuses_what_is_not_of_its_form() {
        let whole = document(&events());
        let changes: [(&str, Value); 7] = [
            ("/schema", json!("wireproof/report/v2")),
            ("/ledger/selected", json!(-1)),
            ("/cases/0/verdict", json!("passed")),
            ("/cases/0/findings", json!([{}])),
            ("/statements/0/outcome", json!("kept")),
            ("/target", json!({ "name": "x", "endpoint": "x", "region": "x", "more": 1 })),
            ("/surveyed/0/presence", json!(false)),
        ];
        for (pointer, value) in changes {
            let mut broken = whole.clone();
            *broken.pointer_mut(pointer).unwrap() = value;
            assert!(!problems(&broken).is_empty(), "{pointer}");
        }
    }

    #[test]
    fn every_code_fits_the_schema() {
        let schema: Value = serde_json::from_str(REPORT_SCHEMA).unwrap();
        let code = jsonschema::draft202012::new(&schema["$defs"]["finding"]["properties"]["code"]).unwrap();
        assert!(Code::ALL.iter().all(|each| code.is_valid(&json!(each))));
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
        assert!(error.to_string().contains("before it began"));
    }

    #[test]
    fn no_secret_is_in_it() {
        assert_eq!(secrets_in(&document(&events()).to_string()), Vec::<&str>::new());
    }
}
