//! The cases of the current operation that are still to run.

use std::collections::{BTreeSet, VecDeque};

use super::{
    derive::{Probe, Subjected, Turn},
    sequence::Sequence,
};

/// The remaining probes of the current operation.
#[derive(Debug, Default)]
pub(super) struct LoadedOperation {
    /// True if the control with the least valid input is still to run.
    pub(super) least: bool,
    /// The number of probes that need not run again.
    pub(super) settled: usize,
    /// Locations with a control of their own.
    pub(super) controls: VecDeque<usize>,
    pub(super) valid: VecDeque<Probe>,
    pub(super) invalid: VecDeque<Probe>,
    pub(super) crashing: VecDeque<Probe>,
}

impl LoadedOperation {
    /// Returns whether a case that uses the states of the operation is still to run.
    pub(super) fn needs_states(&self) -> bool {
        self.least || !(self.controls.is_empty() && self.valid.is_empty() && self.invalid.is_empty())
    }

    pub(super) fn probes(&self) -> usize {
        self.valid.len() + self.invalid.len() + self.crashing.len()
    }

    /// The probes that are still to run.
    pub(super) fn all(&self) -> impl Iterator<Item = &Probe> {
        self.valid.iter().chain(&self.invalid).chain(&self.crashing)
    }

    /// The other operations in probes of several calls.
    pub(super) fn followers(&self, subjected: &Subjected) -> BTreeSet<String> {
        let sequences = self.all().filter_map(|probe| probe.draft.sequence.as_ref());
        let others = sequences.flat_map(Sequence::operations).filter(|name| *name != subjected.operation.name);
        others.map(str::to_owned).collect()
    }

    /// The states that probes of several calls take values from.
    pub(super) fn states(&self) -> impl Iterator<Item = &str> {
        self.all().filter_map(|probe| probe.draft.sequence.as_ref()).flat_map(Sequence::states)
    }

    /// All cases: the probes, their controls and the control with the least valid input.
    pub(super) fn cases(&self) -> usize {
        self.probes() + self.controls.len() + usize::from(self.least)
    }

    pub(super) fn ids(&self, subjected: &Subjected) -> Vec<String> {
        let probes = self.all().map(|probe| probe.id.clone());
        let locations = self.controls.iter().filter_map(|location| subjected.locations.get(*location));
        let controls = locations.map(|location| subjected.control_of(location));
        probes.chain(controls).chain(self.least.then(|| subjected.least_control())).collect()
    }

    pub(super) fn enter(&mut self, probe: Probe) {
        match probe.turn() {
            Turn::First => self.valid.push_back(probe),
            Turn::Second => self.invalid.push_back(probe),
            Turn::Last => self.crashing.push_back(probe),
        }
    }
}
