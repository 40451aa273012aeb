//! The events of a run: one JSON object per line, written as they happen.
//!
//! Every line is complete, even if the run is killed. A complete run ends with `run-finished`.

use std::io::{self, Write};

use serde::Serialize;

use super::{
    Reporter,
    report_document::{SuiteDigest, TargetNames, Tool},
    text::CommandFreeJson,
};
use crate::{
    run::event::{CaseReport, CitableRequirement, Event, PresenceChecked, RunFinished, RunStarted, TargetDied},
    suite::{ModelIdentity, SelectionDigest, shard::Shard},
};

/// The name and version of the schema.
const SCHEMA: &str = "wireproof/events/v2";

/// Writes each event as it happens.
#[derive(Debug)]
pub struct Ndjson<W> {
    writer: W,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant, reason = "each lives for one line")]
enum NdjsonLine<'a> {
    RunStarted(Started<'a>),
    RequirementsListed { requirements: &'a [CitableRequirement] },
    PresenceChecked { operation: &'a PresenceChecked },
    TargetDied { death: &'a TargetDied },
    CaseFinished { case: &'a CaseReport },
    RunFinished { run: &'a RunFinished },
}

#[derive(Serialize)]
struct Started<'a> {
    schema: &'static str,
    tool: Tool,
    suite: SuiteDigest,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    models: &'a [ModelIdentity],
    target: TargetNames,
    seed: u64,
    selected: usize,
    selection: &'a SelectionDigest,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<Shard>,
}

impl<'a> Started<'a> {
    fn of(run: &'a RunStarted) -> Self {
        Self {
            schema: SCHEMA,
            tool: Tool::this(),
            suite: SuiteDigest::of(run),
            models: &run.models,
            target: TargetNames::of(run),
            seed: run.seed,
            selected: run.selected,
            selection: &run.selection,
            shard: run.shard,
        }
    }
}

impl<W: Write> Ndjson<W> {
    /// Creates a report that writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer }
    }
}

impl<W: Write + Send> Reporter for Ndjson<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let line = match event {
            Event::RunStarted(run) => NdjsonLine::RunStarted(Started::of(run)),
            Event::RequirementsListed(requirements) => NdjsonLine::RequirementsListed { requirements },
            Event::PresenceChecked(operation) => NdjsonLine::PresenceChecked { operation },
            Event::TargetDied(death) => NdjsonLine::TargetDied { death },
            Event::CaseFinished(finished) => NdjsonLine::CaseFinished { case: &finished.report },
            Event::RunFinished(run) => NdjsonLine::RunFinished { run },
        };
        // Write the whole line at once, so that readers never see half of it.
        let mut text = Vec::new();
        serde_json::to_writer(CommandFreeJson::new(&mut text), &line)?;
        text.push(b'\n');
        self.writer.write_all(&text)?;
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        report::{
            json_schema::{NDJSON, problems},
            testing::{events, report_of, secrets_in},
        },
        suite::CaseId,
    };

    fn every_event() -> Vec<Event> {
        let mut events = events();
        let suspects = vec![CaseId("codedeploy/stop-deployment/x".to_owned())];
        events.insert(4, Event::TargetDied(TargetDied { suspects, restarted: true, reason: "it is gone".to_owned() }));
        events
    }

    fn text() -> String {
        let mut out = Vec::new();
        report_of(&mut Ndjson::new(&mut out), &every_event()).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn lines() -> Vec<Value> {
        text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_event_is_a_line_that_fits_the_schema() {
        let lines = lines();
        assert_eq!(lines.len(), every_event().len());
        for line in &lines {
            assert_eq!(problems(&NDJSON, line), Vec::<String>::new());
        }
        assert_eq!(lines[0]["schema"], SCHEMA);
        for event in
            ["run-started", "requirements-listed", "presence-checked", "target-died", "case-finished", "run-finished"]
        {
            assert!(lines.iter().any(|line| line["event"] == event), "{event}");
        }
    }

    #[test]
    fn the_schema_rejects_what_is_not_of_its_form() {
        let of = |event: &str| lines().into_iter().find(|line| line["event"] == event).unwrap();
        let changes: [(&str, &str, Value); 10] = [
            ("run-started", "/schema", json!("wireproof/events/v9")),
            ("run-started", "/seed", json!(-1)),
            ("run-started", "/target", json!({ "name": "x" })),
            ("run-started", "/event", json!("run-begun")),
            ("requirements-listed", "/requirements/0/kind", json!("rule")),
            ("presence-checked", "/operation/presence", json!(true)),
            ("target-died", "/death/restarted", json!("yes")),
            ("case-finished", "/case/verdict", json!("passed")),
            ("case-finished", "/case/findings", json!([{}])),
            ("run-finished", "/run/ledger/selected", json!(1.5)),
        ];
        for (event, pointer, value) in changes {
            let mut violated = of(event);
            *violated.pointer_mut(pointer).unwrap() = value;
            assert!(!problems(&NDJSON, &violated).is_empty(), "{event} {pointer}");
        }
        for event in
            ["run-started", "requirements-listed", "presence-checked", "target-died", "case-finished", "run-finished"]
        {
            let mut more = of(event);
            more["more"] = json!(1);
            assert!(!problems(&NDJSON, &more).is_empty(), "{event}");
        }
    }

    #[test]
    fn each_event_is_written_as_it_happens() {
        struct Flushed(Vec<u8>, usize);
        impl Write for Flushed {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                self.1 = self.0.len();
                Ok(())
            }
        }
        let mut out = Flushed(Vec::new(), 0);
        for (index, event) in every_event().iter().enumerate() {
            Ndjson::new(&mut out).event(event).unwrap();
            let flushed = String::from_utf8(out.0[..out.1].to_vec()).unwrap();
            assert!(flushed.ends_with('\n') && flushed.lines().count() == index + 1);
        }
    }

    #[test]
    fn no_secret_is_in_it() {
        assert_eq!(secrets_in(&text()), Vec::<&str>::new());
    }
}
