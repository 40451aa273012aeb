//! A map with a bound. An insertion into a full map drops the oldest item.
//!
//! The endpoint accepts all valid resources, so the bound prevents that callers exhaust the memory.

use std::{borrow::Borrow, collections::BTreeMap};

#[derive(Debug, Clone)]
pub(super) struct ResourceStore<K, T> {
    items: BTreeMap<K, StoredItem<T>>,
    bound: usize,
    next: u64,
}

#[derive(Debug, Clone)]
struct StoredItem<T> {
    /// The number of the insertion. The oldest item has the lowest number.
    number: u64,
    item: T,
}

impl<K: Ord + Clone, T> ResourceStore<K, T> {
    pub(super) fn bounded(bound: usize) -> Self {
        Self { items: BTreeMap::new(), bound, next: 0 }
    }

    pub(super) fn insert(&mut self, key: K, item: T) {
        if self.items.len() >= self.bound && !self.items.contains_key(&key) {
            self.drop_oldest();
        }
        self.items.insert(key, StoredItem { number: self.next, item });
        self.next += 1;
    }

    fn drop_oldest(&mut self) {
        let oldest = self.items.iter().min_by_key(|(_, stored)| stored.number).map(|(key, _)| key.clone());
        if let Some(key) = oldest {
            self.items.remove(&key);
        }
    }

    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.items.get(key).map(|stored| &stored.item)
    }

    pub(super) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut T>
    where
        K: Borrow<Q>,
    {
        self.items.get_mut(key).map(|stored| &mut stored.item)
    }

    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<T>
    where
        K: Borrow<Q>,
    {
        self.items.remove(key).map(|stored| stored.item)
    }

    /// All items, in the order of their keys.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &T)> {
        self.items.iter().map(|(key, stored)| (key, &stored.item))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.items.values().map(|stored| &stored.item)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.values_mut().map(|stored| &mut stored.item)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.items.retain(|_, stored| keep(&stored.item));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_drops_the_oldest_item() {
        let mut store = ResourceStore::bounded(2);
        for key in ["b", "a", "c"] {
            store.insert(key, ());
        }
        assert_eq!(store.iter().map(|(key, ())| *key).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn a_replaced_item_drops_no_other_and_counts_as_new() {
        let mut store = ResourceStore::bounded(2);
        for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            store.insert(key, value);
        }
        assert_eq!(store.iter().map(|(key, value)| (*key, *value)).collect::<Vec<_>>(), [("a", 3), ("c", 4)]);
    }
}
