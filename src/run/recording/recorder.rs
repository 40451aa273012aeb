//! Writes a recording during a run.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    Header, INDEX, Kept, Opened, Recorded, RecordedEnd, Recording, RecordingEntry, SCHEMA,
    chain::chained,
    path::{is_below, path, presence_path},
    sha256,
};
use crate::{
    judge::transcript::{CaseEnd, Transcript},
    run::{
        event::{Event, PresenceChecked, RunFinished, RunStarted},
        judged_case::JudgedCase,
        observer::Observer,
        recording::har,
    },
};

/// Writes a recording during a run. It stops writing after the first failure.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    derivation: Option<Value>,
    index: Option<BufWriter<File>>,
    chain: String,
    endpoint: String,
    cases: usize,
    failed: io::Result<()>,
}

impl Recorder {
    /// A recording in `folder`; `derivation` describes the probes of a run of probes. An older recording there is
    /// replaced when the run begins; other files stay.
    pub fn new(folder: impl Into<PathBuf>, derivation: Option<Value>) -> Self {
        Self {
            folder: folder.into(),
            derivation,
            index: None,
            chain: String::new(),
            endpoint: String::new(),
            cases: 0,
            failed: Ok(()),
        }
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn close(self) -> io::Result<()> {
        self.failed
    }

    fn attempt(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) {
        if self.failed.is_ok() {
            self.failed = write(self);
        }
    }

    fn start(&mut self, started: &RunStarted) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        forget(&self.folder)?;
        self.endpoint.clone_from(&started.endpoint);
        self.index = Some(BufWriter::new(File::create(self.folder.join(INDEX))?));
        self.append(&RecordingEntry::Started(Header {
            schema: SCHEMA.to_owned(),
            tool: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
            run: started.clone(),
            derivation: self.derivation.clone(),
        }))
    }

    fn keep_presence(&mut self, checked: &PresenceChecked, transcript: Option<&Transcript>) -> io::Result<()> {
        let path = presence_path(&checked.service, &checked.operation);
        let file = transcript.map(|transcript| self.keep(path, transcript)).transpose()?;
        self.append(&RecordingEntry::Opened(Opened { checked: checked.clone(), file }))
    }

    fn keep_case(&mut self, judged: &JudgedCase) -> io::Result<()> {
        let transcript = &*judged.transcript;
        let never_ran = transcript.exchanges.is_empty() && transcript.end == CaseEnd::Interrupted;
        self.cases += 1;
        let file = self.keep(path(&judged.case.id), transcript)?;
        self.append(&RecordingEntry::Case(Recorded {
            id: judged.case.id.clone(),
            file,
            fixture: sha256(judged.case.scenario.source.text().as_bytes()),
            unrun: never_ran.then(|| judged.report.reason.clone()),
        }))
    }

    fn finish(&mut self, finished: &RunFinished) -> io::Result<()> {
        let ended = RecordedEnd {
            cases: self.cases,
            interrupted: finished.interrupted,
            duration_ms: finished.duration_ms,
            notes: finished.notes.clone(),
        };
        self.append(&RecordingEntry::Finished(ended))?;
        self.index.take().map_or(Ok(()), |mut index| index.flush())
    }

    fn keep(&self, path: String, transcript: &Transcript) -> io::Result<Kept> {
        let bytes = har::write(transcript, &self.endpoint)?;
        let whole = self.folder.join(&path);
        if let Some(parent) = whole.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&whole, &bytes)
            .map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", whole.display())))?;
        Ok(Kept { path, sha256: sha256(&bytes) })
    }

    fn append(&mut self, entry: &RecordingEntry) -> io::Result<()> {
        let text = serde_json::to_string(entry)?;
        let line = chained(&mut self.chain, &text);
        match &mut self.index {
            Some(index) => writeln!(index, "{line}"),
            None => Err(io::Error::other("an event came before the run began: this is an error of wireproof")),
        }
    }
}

impl Observer for Recorder {
    fn event(&mut self, event: &Event) {
        self.attempt(|recorder| match event {
            Event::RunStarted(started) => recorder.start(started),
            Event::TargetDied(died) => recorder.append(&RecordingEntry::Died(died.clone())),
            Event::RunFinished(finished) => recorder.finish(finished),
            Event::RequirementsListed(_) | Event::PresenceChecked(_) | Event::CaseFinished(_) => Ok(()),
        });
    }

    fn case(&mut self, case: &JudgedCase) {
        self.attempt(|recorder| recorder.keep_case(case));
    }

    fn presence_checked(&mut self, checked: &PresenceChecked, transcript: Option<&Transcript>) {
        self.attempt(|recorder| recorder.keep_presence(checked, transcript));
    }
}

/// Removes only an older recording.
fn forget(folder: &Path) -> io::Result<()> {
    let Ok(recording) = Recording::open(folder) else { return Ok(()) };
    for entry in recording.entries() {
        let Ok(
            RecordingEntry::Case(Recorded { file: kept, .. }) | RecordingEntry::Opened(Opened { file: Some(kept), .. }),
        ) = entry
        else {
            continue;
        };
        if is_below(&kept.path) {
            let _ = fs::remove_file(folder.join(kept.path));
        }
    }
    fs::remove_file(folder.join(INDEX))
}
