//! The resources that a model server keeps, in bounded memory.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::tag_set::TagSet;
use crate::{model::ShapeId, probe::IdentityForm};

/// At most this many resources are kept. A new one beyond it drops the oldest.
const MOST: usize = 4_096;

/// At most about this many bytes of members are kept.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct KeptResource {
    /// The index of its kind.
    pub(super) kind: usize,
    /// The values that identify its parents, by member.
    pub(super) parents: BTreeMap<String, String>,
    /// Its identifiers.
    pub(super) identity: BTreeMap<IdentityForm, String>,
    /// Every string that means it.
    pub(super) names: BTreeSet<String>,
    /// What it was given, by member.
    pub(super) members: BTreeMap<String, KeptMember>,
    pub(super) tags: TagSet,
    /// The call that made it, if it had an idempotency token.
    pub(super) creation: Option<KeptCreation>,
    /// Only of mutants: it was deleted, and is kept.
    pub(super) is_deleted: bool,
}

/// A member that was given.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KeptMember {
    pub(super) target: ShapeId,
    pub(super) value: Value,
}

/// A call that made a resource.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KeptCreation {
    pub(super) operation: String,
    pub(super) token: String,
    pub(super) output: Value,
}

impl KeptResource {
    /// Returns whether a call with these identifiers means this resource.
    pub(super) fn is_meant(&self, kind: usize, parents: &BTreeMap<String, String>, own: &[String]) -> bool {
        let is_parent = |(member, value): (&String, &String)| self.parents.get(member).is_none_or(|kept| kept == value);
        self.kind == kind && parents.iter().all(is_parent) && own.iter().any(|name| self.names.contains(name))
    }

    pub(super) fn keep_identity(&mut self, form: IdentityForm, value: String) {
        self.names.insert(value.clone());
        self.identity.insert(form, value);
    }

    /// The approximate size in bytes.
    fn size(&self) -> usize {
        let members: usize = self.members.iter().map(|(name, member)| name.len() + size(&member.value)).sum();
        let names: usize = self.names.iter().map(String::len).sum();
        let output = self.creation.as_ref().map_or(0, |creation| size(&creation.output));
        members + 2 * names + output + self.tags.size() + 256
    }
}

fn size(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 0,
    };
    inner + 32
}

/// Resources by their age: the first is the oldest.
#[derive(Debug, Default)]
pub(super) struct KeptResources {
    by_age: BTreeMap<u64, (usize, KeptResource)>,
    bytes: usize,
    next: u64,
}

impl KeptResources {
    /// Keeps a new resource, drops the oldest ones beyond the limits, and returns its number.
    pub(super) fn add(&mut self, resource: KeptResource) -> u64 {
        let number = self.next;
        self.next += 1;
        self.put(number, resource);
        while self.by_age.len() > MOST || (self.bytes > MOST_BYTES && self.by_age.len() > 1) {
            let Some(oldest) = self.by_age.keys().next().copied() else { break };
            self.remove(oldest);
        }
        number
    }

    /// Keeps a changed resource under its number.
    pub(super) fn put(&mut self, number: u64, resource: KeptResource) {
        self.remove(number);
        let size = resource.size();
        self.bytes += size;
        self.by_age.insert(number, (size, resource));
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<KeptResource> {
        let (size, resource) = self.by_age.remove(&number)?;
        self.bytes = self.bytes.saturating_sub(size);
        Some(resource)
    }

    pub(super) fn get(&self, number: u64) -> Option<&KeptResource> {
        self.by_age.get(&number).map(|(_, resource)| resource)
    }

    /// Every resource with its number, from the oldest.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &KeptResource)> {
        self.by_age.iter().map(|(number, (_, resource))| (*number, resource))
    }

    /// The numbers of those that match.
    pub(super) fn numbers(&self, matches: impl Fn(&KeptResource) -> bool) -> Vec<u64> {
        self.iter().filter(|(_, resource)| matches(resource)).map(|(number, _)| number).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(name: &str) -> KeptResource {
        KeptResource { names: [name.to_owned()].into(), ..KeptResource::default() }
    }

    #[test]
    fn the_oldest_resource_is_dropped_beyond_the_number_and_beyond_the_bytes() {
        let mut kept = KeptResources::default();
        for index in 0..=MOST {
            kept.add(named(&index.to_string()));
        }
        assert_eq!((kept.by_age.len(), kept.iter().next().map(|(number, _)| number)), (MOST, Some(1)));
        let large = KeptMember { target: ShapeId::new("x#S"), value: json!("x".repeat(MOST_BYTES)) };
        let number = kept.add(KeptResource { members: [("m".to_owned(), large)].into(), ..named("large") });
        assert_eq!(kept.iter().map(|(number, _)| number).collect::<Vec<_>>(), [number]);
        kept.remove(number);
        assert_eq!(kept.bytes, 0);
    }

    #[test]
    fn a_resource_is_meant_by_each_of_its_names_below_its_parents() {
        let parents: BTreeMap<String, String> = [("Bucket".to_owned(), "b".to_owned())].into();
        let kept = KeptResource { parents: parents.clone(), ..named("key") };
        let own = |name: &str| vec![name.to_owned()];
        assert!(kept.is_meant(0, &parents, &own("key")) && kept.is_meant(0, &BTreeMap::new(), &own("key")));
        let other: BTreeMap<String, String> = [("Bucket".to_owned(), "c".to_owned())].into();
        assert!(!kept.is_meant(0, &other, &own("key")) && !kept.is_meant(1, &parents, &own("key")));
        assert!(!kept.is_meant(0, &parents, &own("other")));
    }
}
