//! A run of a proof, recorded and judged again offline: the result must be the same.

use std::{io, sync::Arc};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::ProofError;
use crate::{
    judge::{snapshots::Snapshots, transcript::Transcript},
    run::{
        event::{Event, PresenceChecked},
        judged_case::JudgedCase,
        observer::Observer,
        recording::{Recorder, Recording},
        session::replay,
    },
    suite::{Batch, Case, Fixtures},
};

/// Everything that a run reported, and its recording.
pub(super) struct Rejudged {
    folder: TempDir,
    recorder: Recorder,
    live: RunLog,
}

impl Rejudged {
    pub(super) fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let recorder = Recorder::new(folder.path(), None);
        Ok(Self { folder, recorder, live: RunLog::default() })
    }

    /// Judges the recording.
    ///
    /// # Errors
    /// The result differs.
    pub(super) fn compare(
        self,
        suite: &Arc<Fixtures>,
        snapshots: &Arc<Snapshots>,
        cases: Vec<Case>,
    ) -> Result<(), ProofError> {
        self.recorder.close()?;
        let recording = Recording::open(self.folder.path())?;
        let mut log = RunLog::default();
        let replayed = replay(suite, snapshots, &recording, &mut Batch::new(cases), None, &mut log)?;
        let (RunLog(live), RunLog(offline)) = (self.live, log);
        let other = live.iter().zip(&offline).find(|(live, offline)| live != offline);
        match other {
            Some((live, offline)) => Err(ProofError::Other { live: live.to_string(), offline: offline.to_string() }),
            None if live.len() != offline.len() || !replayed.unknown.is_empty() => Err(ProofError::Other {
                live: format!("{} events", live.len()),
                offline: format!("{} events, {} unknown cases", offline.len(), replayed.unknown.len()),
            }),
            None => Ok(()),
        }
    }
}

impl Observer for Rejudged {
    fn event(&mut self, event: &Event) {
        self.recorder.event(event);
        self.live.event(event);
    }

    fn case(&mut self, case: &JudgedCase) {
        self.recorder.case(case);
        self.live.case(case);
    }

    fn presence_checked(&mut self, checked: &PresenceChecked, transcript: Option<&Transcript>) {
        self.recorder.presence_checked(checked, transcript);
    }
}

/// Everything that a run reported, without times.
#[derive(Default)]
struct RunLog(Vec<Value>);

impl Observer for RunLog {
    fn event(&mut self, event: &Event) {
        let mut value = json!(event);
        forget_times(&mut value);
        self.0.push(value);
    }

    fn case(&mut self, case: &JudgedCase) {
        self.0.push(json!(case.observation().text()));
    }
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.shift_remove("duration_ms");
            members.values_mut().for_each(forget_times);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}
