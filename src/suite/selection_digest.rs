//! The number of cases in a selection and a digest of their IDs, which two runs can compare.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    suite::shard::unit,
    wire::{digest::Sha256, sigv4::hex},
};

/// The size and the digest of a selection, before it is split into shards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectionDigest {
    /// The number of cases.
    pub cases: usize,
    /// SHA-256, in hex, over one line for each [`unit()`] of cases, sorted: its name and the SHA-256 of its sorted IDs.
    pub digest: String,
}

impl SelectionDigest {
    /// The selection of these IDs, in any order.
    #[must_use]
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut units: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for id in ids {
            units.entry(unit(id)).or_default().push(id);
        }
        let mut selecting = SelectionDigester::default();
        for ids in units.into_values() {
            selecting.enter(ids);
        }
        selecting.finish()
    }
}

/// Builds a [`SelectionDigest`] unit by unit, without holding all IDs.
#[derive(Debug, Clone, Default)]
pub struct SelectionDigester {
    cases: usize,
    units: BTreeMap<String, String>,
}

impl SelectionDigester {
    /// Adds all IDs of one [`unit()`].
    pub fn enter(&mut self, mut ids: Vec<&str>) {
        ids.sort_unstable();
        let Some(first) = ids.first() else { return };
        let mut hash = Sha256::new();
        for id in &ids {
            hash.update(id.as_bytes());
            hash.update(b"\n");
        }
        self.cases += ids.len();
        self.units.insert(unit(first).to_owned(), hex(&hash.finalize()));
    }

    /// The selection of all added IDs.
    #[must_use]
    pub fn finish(&self) -> SelectionDigest {
        let mut hash = Sha256::new();
        for (unit, digest) in &self.units {
            hash.update(format!("{unit} {digest}\n").as_bytes());
        }
        SelectionDigest { cases: self.cases, digest: hex(&hash.finalize()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_has_one_digest_whatever_its_order_and_another_one_for_any_other_case() {
        let all = ["s/o/b#2", "s/o/b#1", "s.O/x/y", "s.O/control", "s/o/a"];
        let mut sorted = all;
        sorted.sort_unstable();
        assert_eq!(SelectionDigest::of(all), SelectionDigest::of(sorted));
        assert_eq!(SelectionDigest::of(all).cases, 5);
        for left_out in 0..all.len() {
            let rest = all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, id)| *id);
            assert_ne!(SelectionDigest::of(rest).digest, SelectionDigest::of(all).digest);
        }
        assert_ne!(SelectionDigest::of(["s/o/b#1"]), SelectionDigest::of(["s/o/b#2"]));
    }

    #[test]
    fn units_may_come_in_any_order() {
        let mut selecting = SelectionDigester::default();
        selecting.enter(vec!["s.P/control"]);
        selecting.enter(vec!["s.O/x", "s.O/control"]);
        selecting.enter(Vec::new());
        assert_eq!(selecting.finish(), SelectionDigest::of(["s.O/control", "s.O/x", "s.P/control"]));
    }
}
