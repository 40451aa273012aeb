//! A map with a limit. An insertion beyond the limit drops the oldest entry, so callers cannot exhaust the memory.

use std::collections::BTreeMap;

/// Entries by key and by age. Ages are unique and increase.
#[derive(Debug, Clone)]
pub(super) struct Bounded<K, V> {
    entries: BTreeMap<K, (u64, V)>,
    ages: BTreeMap<u64, K>,
    next_age: u64,
    limit: usize,
}

impl<K: Ord + Clone, V> Bounded<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: BTreeMap::new(), ages: BTreeMap::new(), next_age: 0, limit }
    }

    /// Inserts an entry, replaces one of the same key, and returns the entry that was dropped for it.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        self.remove(&key);
        let dropped = if self.entries.len() >= self.limit { self.drop_oldest() } else { None };
        self.ages.insert(self.next_age, key.clone());
        self.entries.insert(key, (self.next_age, value));
        self.next_age += 1;
        dropped
    }

    fn drop_oldest(&mut self) -> Option<(K, V)> {
        let (_, key) = self.ages.pop_first()?;
        let (_, value) = self.entries.remove(&key)?;
        Some((key, value))
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (age, value) = self.entries.remove(key)?;
        self.ages.remove(&age);
        Some(value)
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// All keys, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    /// The entries older than `age`, newest first.
    pub(super) fn older_than(&self, age: u64) -> impl Iterator<Item = (u64, &K, &V)> {
        self.ages.range(..age).rev().filter_map(|(age, key)| self.get(key).map(|value| (*age, key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insertion_beyond_the_limit_drops_the_oldest_entry() {
        let mut map = Bounded::new(2);
        assert_eq!(map.insert("a", 1), None);
        assert_eq!(map.insert("b", 2), None);
        assert_eq!(map.insert("c", 3), Some(("a", 1)));
        assert!(!map.contains(&"a") && map.contains(&"c"));
        assert_eq!(map.keys().count(), 2);
    }

    #[test]
    fn iteration_goes_from_the_newest_entry_back_and_can_resume_at_an_age() {
        let mut map = Bounded::new(9);
        for key in ["x", "y", "z"] {
            map.insert(key, ());
        }
        map.remove(&"y");
        let visited: Vec<_> = map.older_than(u64::MAX).map(|(age, key, ())| (age, *key)).collect();
        assert_eq!(visited, [(2, "z"), (0, "x")]);
        assert_eq!(map.older_than(2).count(), 1);
    }
}
