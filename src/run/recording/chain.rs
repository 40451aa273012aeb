//! Reads the index line by line, and checks the chain of its lines.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use super::{INDEX, RecordingEntry, RecordingError};
use crate::{
    model::bounded_file,
    wire::{digest::Sha256, sigv4::hex},
};

/// The maximum length of a line, in bytes.
const LONGEST_LINE: u64 = 4 << 20;

/// A line of the index: its text, with the chain as the last member.
pub(super) fn chained(chain: &mut String, text: &str) -> String {
    *chain = link(chain, text);
    format!("{},\"chain\":\"{chain}\"}}", text.strip_suffix('}').unwrap_or(text))
}

fn link(before: &str, text: &str) -> String {
    hex(&Sha256::new().chain_update(before).chain_update(text).finalize())
}

/// The text of a line and its chain; `None` if the line has no chain.
fn unchained(line: &str) -> Option<(String, &str)> {
    let (text, chain) = line.rsplit_once(",\"chain\":\"")?;
    Some((format!("{text}}}"), chain.strip_suffix("\"}")?))
}

/// The lines of an index. Each is checked against its chain.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    pub(super) chain: String,
    line: usize,
}

impl Lines {
    pub(super) fn open(folder: &Path) -> Result<Self, RecordingError> {
        let path = folder.join(INDEX);
        match bounded_file::open_of_any_size(&path) {
            Ok(file) => Ok(Self { path, reader: BufReader::new(file), chain: String::new(), line: 0 }),
            Err(error) => Err(RecordingError::Unreadable { path, error }),
        }
    }

    /// The next line, without its line break; `None` at the end.
    fn read(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        (&mut self.reader).take(LONGEST_LINE + 1).read_line(&mut line)?;
        if line.len() as u64 > LONGEST_LINE {
            let problem =
                format!("line {} is longer than {} MiB, the limit of an index", self.line + 1, LONGEST_LINE >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
        }
        let length = line.trim_end_matches(['\r', '\n']).len();
        let is_end = line.is_empty();
        line.truncate(length);
        Ok((!is_end).then_some(line))
    }

    fn entry(&mut self, line: &str) -> Result<RecordingEntry, RecordingError> {
        let (text, chain) = unchained(line).ok_or(RecordingError::Chain { line: self.line })?;
        self.chain = link(&self.chain, &text);
        if self.chain != chain {
            return Err(RecordingError::Chain { line: self.line });
        }
        serde_json::from_str(&text)
            .map_err(|error| RecordingError::Line { line: self.line, problem: error.to_string() })
    }
}

impl Iterator for Lines {
    type Item = Result<RecordingEntry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.read().transpose()?;
        self.line += 1;
        Some(match line {
            Ok(line) => self.entry(&line),
            Err(error) => Err(RecordingError::Unreadable { path: self.path.clone(), error }),
        })
    }
}
