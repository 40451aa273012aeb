//! A run of a proof, recorded and judged again offline: it must come to the same.

use std::{io, sync::Arc};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::ProofError;
use crate::{
    judge::snapshots::Snapshots,
    run::{
        event::Event,
        recording::{Recorder, Recording},
        session::replay,
    },
    suite::{Batch, Case, Fixtures},
};

/// What a run told, and its recording.
pub(super) struct Rejudged {
    folder: TempDir,
    recorder: Recorder,
    live: Vec<Value>,
    failed: io::Result<()>,
}

impl Rejudged {
    pub(super) fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let recorder = Recorder::new(folder.path(), None);
        Ok(Self { folder, recorder, live: Vec::new(), failed: Ok(()) })
    }

    /// Takes an event of the run.
    pub(super) fn event(&mut self, event: &Event) {
        if self.failed.is_ok() {
            self.failed = self.recorder.event(event);
        }
        self.live.push(told(event));
    }

    /// Judges the recording.
    ///
    /// # Errors
    /// It comes to something else.
    pub(super) fn compare(
        self,
        suite: &Arc<Fixtures>,
        snapshots: &Arc<Snapshots>,
        cases: Vec<Case>,
    ) -> Result<(), ProofError> {
        self.failed?;
        let recording = Recording::open(self.folder.path())?;
        let mut offline = Vec::new();
        let replayed =
            replay(suite, snapshots, &recording, &mut Batch::new(cases), &mut |event| offline.push(told(&event)))?;
        let other = self.live.iter().zip(&offline).find(|(live, offline)| live != offline);
        match other {
            Some((live, offline)) => Err(ProofError::Other { live: live.to_string(), offline: offline.to_string() }),
            None if self.live.len() != offline.len() || !replayed.unknown.is_empty() => Err(ProofError::Other {
                live: format!("{} events", self.live.len()),
                offline: format!("{} events, {} unknown cases", offline.len(), replayed.unknown.len()),
            }),
            None => Ok(()),
        }
    }
}

/// All that an event says, but for times.
fn told(event: &Event) -> Value {
    let mut value = match event {
        Event::RunStarted(started) => json!(started),
        Event::Surveyed(surveyed) => json!(surveyed),
        Event::TargetDied(died) => json!(died),
        Event::CaseFinished(finished) => json!([finished.report, finished.observation().text()]),
        Event::RunFinished(finished) => json!(finished),
    };
    forget_times(&mut value);
    value
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.shift_remove("duration_ms");
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}
