//! Matches the identities of two observations: `<deployment-id:1>` on one side may be `<deployment-id:2>` on the
//! other, as long as the mapping is consistent.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::{Captures, Regex};

use super::volatile::settled;

static IDENTITY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<([a-z0-9][a-z0-9_.-]*):(\d+)>").ok());

/// A mapping between the identities of both sides.
#[derive(Debug, Default)]
pub(super) struct Identities {
    there: BTreeMap<String, String>,
    here: BTreeMap<String, String>,
}

impl Identities {
    /// Returns whether two texts are equal under the mapping. Identities that are not mapped yet are mapped to each
    /// other.
    pub(super) fn same(&mut self, a: &str, b: &str) -> bool {
        if nameless(a) != nameless(b) {
            return false;
        }
        let pairs: Vec<(String, String)> = names(a).into_iter().zip(names(b)).collect();
        pairs.into_iter().fold(true, |same, (a, b)| self.pair(a, b) && same)
    }

    fn pair(&mut self, a: String, b: String) -> bool {
        match (self.there.get(&a), self.here.get(&b)) {
            (None, None) => {
                self.there.insert(a.clone(), b.clone());
                self.here.insert(b, a);
                true
            }
            (Some(known), _) => *known == b,
            (None, Some(_)) => false,
        }
    }
}

/// A side of the comparison.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    First,
    Second,
}

impl Identities {
    /// The text with mapped identities replaced by those of the second side, and with other identities unnumbered.
    pub(super) fn known(&self, text: &str, of: Of) -> String {
        let text = settled(text);
        let Some(identity) = &*IDENTITY else { return text.into_owned() };
        let called = |found: &Captures<'_>| {
            let (whole, label) = (&found[0], &found[1]);
            let known = match of {
                Of::First => self.there.get(whole).cloned(),
                Of::Second => self.here.contains_key(whole).then(|| whole.to_owned()),
            };
            known.unwrap_or_else(|| format!("<{label}>"))
        };
        identity.replace_all(&text, called).into_owned()
    }
}

/// The text without what changes from run to run, and with identities unnumbered.
pub(super) fn nameless(text: &str) -> String {
    let text = settled(text);
    match &*IDENTITY {
        Some(identity) => identity.replace_all(&text, "<$1>").into_owned(),
        None => text.into_owned(),
    }
}

/// The identities of a text, in order.
fn names(text: &str) -> Vec<String> {
    let found = IDENTITY.iter().flat_map(|identity| identity.find_iter(text));
    found.map(|found| found.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_may_have_different_names() {
        let mut identities = Identities::default();
        assert!(identities.same("<id:1>", "<id:7>"));
        assert!(identities.same("of <id:2> and <id:1>", "of <id:1> and <id:7>"));
    }

    #[test]
    fn an_identity_stays_the_same_one() {
        let mut identities = Identities::default();
        assert!(identities.same("<id:1>", "<id:1>"));
        assert!(!identities.same("<id:1>", "<id:2>"), "one of the first side is two of the second");
        assert!(!identities.same("<id:2>", "<id:1>"), "two of the first side are one of the second");
        assert!(identities.same("<id:2>", "<id:2>"), "what was told apart is not taken");
    }

    #[test]
    fn identities_of_different_kinds_are_different() {
        assert!(!Identities::default().same("<task-id:1>", "<plan-id:1>"));
        assert!(!Identities::default().same("<id:1> a", "<id:1> b"));
    }

    #[test]
    fn times_and_random_ids_are_not_identities() {
        let mut identities = Identities::default();
        assert!(identities.same("2026-11-22T08:54:17Z", "2027-01-01T00:00:00.5Z"));
        assert_eq!(nameless("<a-b:12>/<c:1> <timestamp>"), "<a-b>/<c> <timestamp>");
    }
}
