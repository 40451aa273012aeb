//! What every case did, packed: data in the page that its script unpacks when a case is opened.
//!
//! A catalogue makes tens of megabytes of exchanges that are much alike. They are compressed in chunks, so that opening a
//! case unpacks only its neighbours. Base64 holds nothing that could end the element.

use std::io::{self, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;

use super::exchange_view::ExchangeView;
use crate::report::hunk::DiffLine;

/// A chunk is packed when it has so many bytes.
const CHUNK: usize = 256 * 1024;

/// Packs as cases come, so that a run's exchanges are never held in full.
#[derive(Debug, Default)]
pub(super) struct PackedCases {
    packed: Vec<String>,
    /// The JSON of the chunk that is being filled: a list of cases.
    open: Vec<u8>,
    /// How many cases that chunk has.
    cases: usize,
}

/// What is packed of a case.
#[derive(Debug, Serialize)]
pub(super) struct PackedCase<'a> {
    pub(super) exchanges: &'a [ExchangeView],
    /// How its observation differs from the snapshot one: lines that stand together.
    pub(super) difference: Vec<&'a [DiffLine]>,
}

/// Where a case is: the chunk, and the place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct PackedPosition {
    chunk: usize,
    index: usize,
}

impl PackedCases {
    /// Takes what a case did.
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
