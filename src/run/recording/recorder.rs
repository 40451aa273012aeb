//! Writes a recording as a run goes on.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    Header, INDEX, Kept, Opened, Recorded, RecordedEnd, Recording, RecordingEntry, SCHEMA,
    chain::chained,
    path::{is_below, path, survey_path},
    sha256,
};
use crate::{
    judge::transcript::{CaseEnd, Transcript},
    run::{
        event::{CaseFinished, Event, PresenceChecked, RunFinished, RunStarted},
        recording::har,
    },
};

/// Writes a recording as a run goes on.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    derivation: Option<Value>,
    index: Option<BufWriter<File>>,
    chain: String,
    endpoint: String,
    cases: usize,
}

impl Recorder {
    /// A recording in `folder`; `derivation` says which probes are run, if it is not fixtures. One that is there already is replaced when the run begins; other files stay.
    pub fn new(folder: impl Into<PathBuf>, derivation: Option<Value>) -> Self {
        Self { folder: folder.into(), derivation, index: None, chain: String::new(), endpoint: String::new(), cases: 0 }
    }

    /// Takes one event.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.start(started),
            Event::Surveyed(surveyed) => self.surveyed(surveyed),
            Event::TargetDied(died) => self.append(&RecordingEntry::Died(died.clone())),
            Event::CaseFinished(finished) => self.case(finished),
            Event::RunFinished(finished) => self.finish(finished),
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

    fn surveyed(&mut self, surveyed: &PresenceChecked) -> io::Result<()> {
        let path = survey_path(&surveyed.service, &surveyed.operation);
        let file = surveyed.opening.as_deref().map(|transcript| self.keep(path, transcript)).transpose()?;
        self.append(&RecordingEntry::Opened(Opened { surveyed: surveyed.clone(), file }))
    }

    fn case(&mut self, finished: &CaseFinished) -> io::Result<()> {
        let transcript = &*finished.transcript;
        let never_ran = transcript.exchanges.is_empty() && transcript.end == CaseEnd::Interrupted;
        self.cases += 1;
        let file = self.keep(path(&finished.case.id), transcript)?;
        self.append(&RecordingEntry::Case(Recorded {
            id: finished.case.id.clone(),
            file,
            fixture: sha256(finished.case.scenario.source.text().as_bytes()),
            unrun: never_ran.then(|| finished.report.reason.clone()),
        }))
    }

    fn finish(&mut self, finished: &RunFinished) -> io::Result<()> {
        let ended =
            RecordedEnd { cases: self.cases, interrupted: finished.interrupted, duration_ms: finished.duration_ms };
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

/// Takes an older recording away, and nothing else.
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
