//! A folder of transcripts: one HAR file a case, and an index that nobody can change unseen.
//!
//! `index.ndjson` has a line for each thing that happened, in order: what was run, operations that were asked whether
//! they are there, cases with the SHA-256 of their file, and the end. Each line ends in a `chain`: the SHA-256 of the
//! chain before it and of its own text, so that no line can be changed, dropped or moved. It refuses to judge.

mod chain;
pub mod har;
mod path;
mod recorder;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::{
    judge::transcript::Transcript,
    run::event::{PresenceChecked, RunStarted, TargetDied},
    suite::CaseId,
    wire::{digest::Sha256, sigv4::hex},
};

use chain::Lines;
pub use path::{path, survey_path};
pub use recorder::Recorder;

/// The name of the index.
pub const INDEX: &str = "index.ndjson";

const SCHEMA: &str = "wireproof/recording/v1";

/// One line of the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingEntry {
    /// What was run; the first line.
    Started(Header),
    /// An operation that was asked whether it is there.
    Opened(Opened),
    /// The endpoint no longer listened.
    Died(TargetDied),
    /// A case that has ended.
    Case(Recorded),
    /// The end; the last line.
    Finished(RecordedEnd),
}

/// What was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The form of the recording.
    pub schema: String,
    /// What recorded it: name and version.
    pub tool: String,
    /// The run, as it was announced.
    pub run: RunStarted,
    /// Which probes of which model, as the program's own arguments; `None`: fixtures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derivation: Option<Value>,
}

/// An operation that was asked whether it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// What came of it.
    pub surveyed: PresenceChecked,
    /// What was asked, and what its cases share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Kept>,
}

/// A case that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its id.
    pub id: CaseId,
    /// Its transcript.
    pub file: Kept,
    /// The SHA-256 of its fixture, to tell whether it asks the same today.
    pub fixture: String,
    /// Why it was not run, if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrun: Option<String>,
}

/// A file of the recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its path below the folder, with `/`.
    pub path: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEnd {
    /// How many cases were recorded.
    pub cases: usize,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// Why a recording cannot be read.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// There is no index.
    #[error("{} is no recording: it has no {INDEX}; `wireproof run --transcript DIR` makes one", folder.display())]
    None {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line of the index is of another form.
    #[error("line {line} of {INDEX} is no line of a recording: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A line of the index is not the one that was written there.
    #[error("line {line} of {INDEX} was changed, moved or put there later: its chain does not fit")]
    Chain {
        /// Its number, from 1.
        line: usize,
    },
    /// Lines are missing.
    #[error("{INDEX} is not whole: {0}")]
    Torn(String),
    /// A file is not the one that was recorded.
    #[error("{path} was changed: its SHA-256 is not the one of the index")]
    Changed {
        /// The file, below the folder.
        path: String,
    },
    /// A file is no transcript.
    #[error("{path} is no transcript: {problem}")]
    Transcript {
        /// The file, below the folder.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// A recording that is whole: its chain fits from the first line to the last.
#[derive(Debug)]
pub struct Recording {
    folder: PathBuf,
    header: Header,
    ended: RecordedEnd,
    chain: String,
}

impl Recording {
    /// Opens a recording and follows its chain.
    ///
    /// # Errors
    /// There is none, it cannot be read, or its index is not the one that was written.
    pub fn open(folder: &Path) -> Result<Self, RecordingError> {
        if !folder.join(INDEX).is_file() {
            return Err(RecordingError::None { folder: folder.to_owned() });
        }
        let mut lines = Lines::open(folder)?;
        let header = match lines.next().transpose()? {
            Some(RecordingEntry::Started(header)) if header.schema == SCHEMA => header,
            Some(RecordingEntry::Started(header)) => {
                let problem = format!("its schema is {:?}, and this wireproof reads {SCHEMA:?}", header.schema);
                return Err(RecordingError::Line { line: 1, problem });
            }
            _ => return Err(RecordingError::Torn("it does not begin with what was run".to_owned())),
        };
        let (mut cases, mut ended) = (0, None);
        for entry in lines.by_ref() {
            match entry? {
                _ if ended.is_some() => return Err(RecordingError::Torn("it goes on after its end".to_owned())),
                RecordingEntry::Case(_) => cases += 1,
                RecordingEntry::Finished(end) => ended = Some(end),
                RecordingEntry::Started(_) => return Err(RecordingError::Torn("it begins twice".to_owned())),
                RecordingEntry::Opened(_) | RecordingEntry::Died(_) => {}
            }
        }
        let ended = ended.ok_or_else(|| RecordingError::Torn("it has no end: the run was cut off".to_owned()))?;
        if ended.cases != cases {
            return Err(RecordingError::Torn(format!("it has {cases} cases and says {}", ended.cases)));
        }
        Ok(Self { folder: folder.to_owned(), header, ended, chain: lines.chain })
    }

    /// What was run.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How the run ended.
    #[must_use]
    pub fn ended(&self) -> &RecordedEnd {
        &self.ended
    }

    /// The last chain: one text that stands for the whole recording.
    #[must_use]
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// The lines of the index, after the first.
    ///
    /// A file that cannot be opened any more is the error of the first one.
    pub fn entries(&self) -> impl Iterator<Item = Result<RecordingEntry, RecordingError>> + use<> {
        let (lines, error) = match Lines::open(&self.folder) {
            Ok(lines) => (Some(lines), None),
            Err(error) => (None, Some(Err(error))),
        };
        error.into_iter().chain(lines.into_iter().flatten().skip(1))
    }

    /// The transcript in a file.
    ///
    /// # Errors
    /// The file cannot be read, was changed, or is no transcript.
    pub fn transcript(&self, file: &Kept) -> Result<Transcript, RecordingError> {
        if !path::is_below(&file.path) {
            return Err(RecordingError::Changed { path: file.path.clone() });
        }
        let path = self.folder.join(&file.path);
        let bytes = fs::read(&path).map_err(|error| RecordingError::Unreadable { path, error })?;
        if sha256(&bytes) != file.sha256 {
            return Err(RecordingError::Changed { path: file.path.clone() });
        }
        har::read(&bytes)
            .map_err(|error| RecordingError::Transcript { path: file.path.clone(), problem: error.to_string() })
    }
}

/// The SHA-256 of bytes, in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
