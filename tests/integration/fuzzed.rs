//! Runs the fuzz targets of `fuzz/` with their seeds, and with changes of the seeds. No nightly compiler is needed.

use std::fs;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::support::{files_below, fuzz_targets::TARGETS, package};

/// Pieces that mean something to some reader.
const PIECES: [&[u8]; 10] =
    [b"\"", b"{", b"[[[[[[[[", b"null", b"-1e999", b"\\ud800", b": ", b"\n", b"99999999999999999999", b"\xff"];

/// The seeds of a target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = package().join("tests/seeds").join(target);
    files_below(&folder, "").iter().map(|file| fs::read(folder.join(file)).unwrap()).collect()
}

/// A change of a text: bytes that replace a part of it.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, Vec<u8>)>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(&PIECES[..]).prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, piece), 1..4)
}

#[test]
fn no_target_panics_on_its_seeds_or_on_changed_seeds() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seed");
        seeds.iter().for_each(|seed| target(seed));
        let seed = prop::sample::select(seeds);
        let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
        let run = TestRunner::new(config).run(&(seed, changes()), |(mut bytes, changes)| {
            for (at, length, piece) in changes {
                let start = at.index(bytes.len() + 1);
                let end = bytes.len().min(start + length);
                bytes.splice(start..end, piece);
            }
            target(&bytes);
            Ok(())
        });
        run.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn every_target_has_a_program_for_cargo_fuzz() {
    let manifest = fs::read_to_string(package().join("fuzz/Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let program = fs::read_to_string(package().join(format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("fuzz_targets::{name}(bytes)")), "{name}");
    }
}
