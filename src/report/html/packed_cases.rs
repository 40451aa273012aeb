//! The cases as data that the script of the page unpacks: all that a case shows, and the exchanges of some cases.
//!
//! Exchanges are compressed in chunks, so that opening a case unpacks only its neighbors. Base64 cannot end the element.

use std::io::{self, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;

use super::exchange_view::ExchangeView;
use crate::report::hunk::DiffLine;

/// A chunk is packed when it reaches this size in bytes.
const CHUNK: usize = 256 * 1024;

/// A list of JSON values, compressed as a whole.
#[derive(Debug, Default)]
struct PackedList {
    json: Vec<u8>,
    len: usize,
}

impl PackedList {
    fn push(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.json.push(if self.len == 0 { b'[' } else { b',' });
        serde_json::to_writer(&mut self.json, value)?;
        self.len += 1;
        Ok(())
    }

    /// The packed list. Leaves an empty one.
    fn pack(&mut self) -> io::Result<String> {
        let mut json = std::mem::take(self).json;
        json.extend_from_slice(if json.is_empty() { b"[]" } else { b"]" });
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&json)?;
        Ok(BASE64_STANDARD.encode(encoder.finish()?))
    }
}

/// The packed cases of a page.
#[derive(Debug, Default)]
pub(super) struct PackedCases {
    cases: PackedList,
    chunks: Vec<String>,
    open: PackedList,
}

/// The exchanges of a case.
#[derive(Debug, Serialize)]
pub(super) struct PackedExchanges<'a> {
    pub(super) exchanges: &'a [ExchangeView],
    /// The difference from its snapshot: groups of adjacent lines.
    pub(super) difference: Vec<&'a [DiffLine]>,
}

/// The position of the exchanges of a case: the chunk, and the index in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct PackedPosition {
    chunk: usize,
    index: usize,
}

/// The data for the script.
#[derive(Debug, Serialize)]
pub(super) struct PackedPage {
    cases: String,
    chunks: Vec<String>,
}

impl PackedCases {
    /// Adds a case, in the order of the page.
    pub(super) fn case(&mut self, case: &impl Serialize) -> io::Result<()> {
        self.cases.push(case)
    }

    /// Adds the exchanges of a case.
    pub(super) fn exchanges(&mut self, exchanges: &PackedExchanges<'_>) -> io::Result<PackedPosition> {
        let packed_at = PackedPosition { chunk: self.chunks.len(), index: self.open.len };
        self.open.push(exchanges)?;
        if self.open.json.len() >= CHUNK {
            self.chunks.push(self.open.pack()?);
        }
        Ok(packed_at)
    }

    /// Everything that was added.
    pub(super) fn finish(mut self) -> io::Result<PackedPage> {
        if self.open.len > 0 {
            self.chunks.push(self.open.pack()?);
        }
        Ok(PackedPage { cases: self.cases.pack()?, chunks: self.chunks })
    }
}
