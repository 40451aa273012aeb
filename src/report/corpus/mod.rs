//! What became of recorded answers as text: for people, for programs, and for a page of documentation.

mod human;
mod markdown;

use std::io::{self, Write};

use serde::Serialize;

use crate::corpus::Tally;

/// How the sums are told to people.
#[derive(Debug, Clone, Copy)]
pub struct CorpusOptions {
    /// Whether they are styled.
    pub color: bool,
    /// The columns to keep to, as far as words allow it.
    pub width: usize,
    /// The share of answers that may have an error.
    pub max_error_rate: f64,
}

/// Writes the sums for people at a terminal.
///
/// # Errors
/// They cannot be written.
pub fn human(tally: &Tally, options: &CorpusOptions, out: &mut impl Write) -> io::Result<()> {
    out.write_all(human::told(tally, options).as_bytes())
}

/// Writes the sums as one JSON document.
///
/// # Errors
/// They cannot be written.
pub fn json(tally: &Tally, out: &mut impl Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'t> {
        schema: &'static str,
        #[serde(flatten)]
        tally: &'t Tally,
    }
    serde_json::to_writer_pretty(&mut *out, &Document { schema: "wireproof/judge/v1", tally })?;
    writeln!(out)
}

/// Writes the sums as tables in Markdown.
///
/// # Errors
/// They cannot be written.
pub fn markdown(tally: &Tally, out: &mut impl Write) -> io::Result<()> {
    out.write_all(markdown::tables(tally).as_bytes())
}

/// A share in words, such as `3 of 4702 (0.064 %)`.
fn in_words(share: crate::corpus::Share) -> String {
    format!("{} of {} ({:.3} %)", share.errors, share.of, share.rate() * 100.0)
}

/// The words for what was judged and what was not.
fn scope(tally: &Tally) -> Vec<String> {
    let tier = |tier| tally.tiers.get(&tier).copied().unwrap_or_default();
    use crate::corpus::Tier::{Edited, Recorded, Wire};
    let judged: usize = tally.tiers.values().sum();
    let mut lines = vec![
        format!(
            "{} records, {judged} judged: {} as on the wire, {} recorded by a client, {} edited, which say nothing of AWS and are counted apart",
            tally.records,
            tier(Wire),
            tier(Recorded),
            tier(Edited)
        ),
        format!(
            "{} findings left out: the value there is a placeholder, or was changed after the recording",
            tally.left_out
        ),
        format!(
            "{} of AWS's answers have header fields that were put together afterwards: content-type, content-encoding and \
             request-id are not judged there; content-length nowhere, because bodies are written anew",
            tally.headers_reconstructed
        ),
    ];
    for (why, missing) in &tally.skipped {
        let what = match why {
            crate::corpus::Skipped::Service => "no model of",
            crate::corpus::Skipped::Operation => "the model lacks",
        };
        let names: Vec<String> = missing.iter().map(|(name, records)| format!("{name} ({records})")).collect();
        lines.push(format!("not judged, {what}: {}", names.join(", ")));
    }
    lines
}
