//! A folder with one HAR file per case, and an index that shows every later change.
//!
//! `index.ndjson` has one line per event, in order: the start, presence checks, cases with the SHA-256 of their file,
//! and the end. Each line ends with a `chain`: the SHA-256 of the previous chain and of the line's own text, so that no
//! line can be changed, removed or moved. This module does not judge.

mod chain;
pub mod har;
mod path;
mod recorder;

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::{
    judge::transcript::Transcript,
    model::bounded_file::{self, FileKind},
    run::event::{PresenceChecked, RunStarted, TargetDied},
    suite::CaseId,
    wire::{digest::Sha256, sigv4::hex},
};

use chain::Lines;
pub use path::{path, presence_path};
pub use recorder::Recorder;

/// The name of the index.
pub const INDEX: &str = "index.ndjson";

const SCHEMA: &str = "wireproof/recording/v2";

/// One line of the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingEntry {
    /// The start of the run; the first line.
    Started(Header),
    /// A presence check.
    Opened(Opened),
    /// The endpoint no longer listened.
    Died(TargetDied),
    /// A case that has ended.
    Case(Recorded),
    /// The end of the run; the last line.
    Finished(RecordedEnd),
}

/// The start of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the recording format.
    pub schema: String,
    /// The program that recorded it: name and version.
    pub tool: String,
    /// The run.
    pub run: RunStarted,
    /// The probes of a run of probes, as arguments of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derivation: Option<Value>,
}

/// The presence check of an operation, with the states that its cases share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// The result of its presence check.
    pub checked: PresenceChecked,
    /// The requests and responses of the check and of the shared states.
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
    /// The SHA-256 of its fixture, which shows whether the fixture has changed.
    pub fixture: String,
    /// The reason why it did not run.
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
    /// The number of recorded cases.
    pub cases: usize,
    /// The run was interrupted.
    pub interrupted: bool,
    /// The duration in milliseconds.
    pub duration_ms: u64,
    /// The notes of its report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// An error in reading a recording.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// The folder has no index.
    #[error("{} is not a recording: it has no {INDEX}\nhelp: record a run with `wireproof run --recording DIR`", folder.display())]
    None {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// A line of the index cannot be read.
    #[error("line {line} of {INDEX} is not a line of a recording: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// The problem.
        problem: String,
    },
    /// A line of the index was changed.
    #[error("line {line} of {INDEX} was changed, moved or added: its chain does not match")]
    Chain {
        /// Its number, from 1.
        line: usize,
    },
    /// Lines are missing.
    #[error("{INDEX} is incomplete: {0}")]
    Torn(String),
    /// A file was changed.
    #[error("{path} was changed: its SHA-256 is not that in the index")]
    Changed {
        /// The file, below the folder.
        path: String,
    },
    /// A file is not a recorded transcript.
    #[error("{path} is not a recorded transcript: {problem}")]
    Transcript {
        /// The file, below the folder.
        path: String,
        /// The problem.
        problem: String,
    },
}

/// A complete recording, whose chain matches from the first line to the last.
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
    /// The folder has no recording, the recording cannot be read, or its index was changed.
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
            _ => return Err(RecordingError::Torn("it does not start with a run".to_owned())),
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

    /// The start of the run.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The end of the run.
    #[must_use]
    pub fn ended(&self) -> &RecordedEnd {
        &self.ended
    }

    /// The last chain, which identifies the whole recording.
    #[must_use]
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// The lines of the index, after the first.
    ///
    /// If the file cannot be opened, the first item is the error.
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
    /// The file cannot be read, was changed, or is not a transcript.
    pub fn transcript(&self, file: &Kept) -> Result<Transcript, RecordingError> {
        if !path::is_below(&file.path) {
            return Err(RecordingError::Changed { path: file.path.clone() });
        }
        let path = self.folder.join(&file.path);
        let bytes = bounded_file::bytes(&path, FileKind::Recorded)
            .map_err(|error| RecordingError::Unreadable { path, error })?;
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
