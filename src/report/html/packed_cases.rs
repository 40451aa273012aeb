//! The exchanges of all cases, packed: data that the script of the page unpacks when a case is opened.
//!
//! A large run has tens of megabytes of similar exchanges. They are compressed in chunks, so that opening a case
//! unpacks only its neighbors. Base64 cannot end the element.

use std::io::{self, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;

use super::exchange_view::ExchangeView;
use crate::report::hunk::DiffLine;

/// A chunk is packed when it reaches this size in bytes.
const CHUNK: usize = 256 * 1024;

/// Packs each case when it ends, so that the exchanges of a run are not kept in memory.
#[derive(Debug, Default)]
pub(super) struct PackedCases {
    packed: Vec<String>,
    /// The JSON of the open chunk: a list of cases.
    open: Vec<u8>,
    /// The number of cases in the open chunk.
    cases: usize,
}

/// The packed data of a case.
#[derive(Debug, Serialize)]
pub(super) struct PackedCase<'a> {
    pub(super) exchanges: &'a [ExchangeView],
    /// The difference from its snapshot: groups of adjacent lines.
    pub(super) difference: Vec<&'a [DiffLine]>,
}

/// The position of a case: the chunk, and the index in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct PackedPosition {
    chunk: usize,
    index: usize,
}

impl PackedCases {
    /// Adds a case.
    pub(super) fn add(&mut self, case: &PackedCase<'_>) -> io::Result<PackedPosition> {
        let packed_at = PackedPosition { chunk: self.packed.len(), index: self.cases };
        self.open.push(if self.cases == 0 { b'[' } else { b',' });
        serde_json::to_writer(&mut self.open, case)?;
        self.cases += 1;
        if self.open.len() >= CHUNK {
            self.pack()?;
        }
        Ok(packed_at)
    }

    /// The chunks, in order.
    pub(super) fn finish(mut self) -> io::Result<Vec<String>> {
        self.pack()?;
        Ok(self.packed)
    }

    fn pack(&mut self) -> io::Result<()> {
        if self.cases == 0 {
            return Ok(());
        }
        self.open.push(b']');
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&self.open)?;
        self.packed.push(BASE64_STANDARD.encode(encoder.finish()?));
        self.open.clear();
        self.cases = 0;
        Ok(())
    }
}
