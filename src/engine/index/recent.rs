//! A map with a bound: of more entries than that, the one that was put in least recently gives way. Reading an entry does
//! not make it younger.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// A map of the newest entries.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    /// Each value with its place in `order`.
    entries: BTreeMap<K, (u64, V)>,
    /// The keys in the order in which they were put in.
    order: BTreeMap<u64, K>,
    next: u64,
    most: usize,
}

impl<K: Ord + Clone, V> Recent<K, V> {
    /// An empty map of at most `most` entries.
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: BTreeMap::new(), order: BTreeMap::new(), next: 0, most }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// The entries with keys in `keys`, sorted by key.
    pub(crate) fn range(&self, keys: impl RangeBounds<K>) -> impl Iterator<Item = (&K, &V)> {
        self.entries.range(keys).map(|(key, (_, value))| (key, value))
    }

    /// Puts an entry in, in place of the one with this key. True when another one gave way for it.
    pub(crate) fn put(&mut self, key: K, value: V) -> bool {
        self.next += 1;
        self.order.insert(self.next, key.clone());
        if let Some((before, _)) = self.entries.insert(key, (self.next, value)) {
            self.order.remove(&before);
        }
        if self.entries.len() <= self.most {
            return false;
        }
        if let Some((_, oldest)) = self.order.pop_first() {
            self.entries.remove(&oldest);
        }
        true
    }

    /// Removes the entries for which `keep` is false; gives how many those were.
    pub(crate) fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) -> usize {
        let before = self.entries.len();
        let order = &mut self.order;
        self.entries.retain(|key, (at, value)| {
            let stays = keep(key, value);
            if !stays {
                order.remove(at);
            }
            stays
        });
        before - self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_that_was_put_in_least_recently_gives_way() {
        let mut recent = Recent::new(3);
        assert!(!recent.put(1, "a") && !recent.put(2, "b") && !recent.put(3, "c"));
        assert!(!recent.put(1, "A"), "the same key takes no further place");
        assert!(recent.put(4, "d"));
        assert_eq!(recent.range(..).collect::<Vec<_>>(), [(&1, &"A"), (&3, &"c"), (&4, &"d")]);
        assert_eq!(recent.retain(|key, _| *key != 3), 1);
        assert!(!recent.put(5, "e") && recent.put(6, "f"));
        assert_eq!((recent.get(&1), recent.len(), recent.order.len()), (None, 3, 3));
    }
}
