//! The beginnings of the ids that a selection can contain, so that only their probes are derived.

use super::ProbeOptions;
use crate::suite::{Glob, ServiceFixtures};

/// The beginnings of the ids that options can select; `None`: any.
#[derive(Debug)]
pub(super) struct IdHeads(Option<Vec<String>>);

impl IdHeads {
    pub(super) fn of(options: &ProbeOptions, service: &ServiceFixtures) -> Self {
        let heads = match &options.only {
            Some(only) => Some(only.iter().cloned().collect()),
            None if options.filters.is_empty() => None,
            None => options.filters.iter().map(|glob| head(glob, service).map(str::to_owned)).collect(),
        };
        Self(heads)
    }

    /// Returns whether an id that starts with this text may be selected.
    pub(super) fn reach(&self, start: &str) -> bool {
        let meets = |head: &String| head.starts_with(start) || start.starts_with(head.as_str());
        self.0.as_ref().is_none_or(|heads| heads.iter().any(meets))
    }
}

/// The beginning of every id that a glob matches. A text that starts with `service.Operation/` is in no other place of an id.
fn head<'g>(glob: &'g Glob, service: &ServiceFixtures) -> Option<&'g str> {
    let head = glob.head();
    let operation = || head.strip_prefix(service.name.as_str())?.strip_prefix('.')?.split('/').next();
    let is_at_the_start = || {
        let named = operation().filter(|name| head.len() > service.name.len() + 1 + name.len());
        named.is_some_and(|name| service.contract().operation(name).is_some())
    };
    (glob.is_wild() || is_at_the_start()).then_some(head)
}
