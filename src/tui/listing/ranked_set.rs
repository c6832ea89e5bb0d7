//! Sorted keys, however many: in runs short enough that one more costs little, and a copy next to nothing.

use std::ops::Range;
use std::sync::Arc;

/// Keys of a run when it is made; a run that grew to twice as many is halved.
const RUN: usize = 512;

/// Different keys in their order.
#[derive(Clone, Debug)]
pub struct RankedSet<K> {
    /// Runs of keys, none of them empty.
    runs: Vec<Arc<Vec<K>>>,
    len: usize,
}

impl<K> Default for RankedSet<K> {
    fn default() -> Self {
        Self { runs: Vec::new(), len: 0 }
    }
}

impl<K: Ord + Clone> PartialEq for RankedSet<K> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<K: Ord + Clone> RankedSet<K> {
    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All of them.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.runs.iter().flat_map(|run| run.iter())
    }

    /// The keys at these places.
    pub fn range(&self, range: Range<usize>) -> impl Iterator<Item = &K> + Clone {
        let (run, at) = self.run_at(range.start);
        let runs = self.runs.get(run..).unwrap_or_default();
        runs.iter().flat_map(|run| run.iter()).skip(at).take(range.len())
    }

    /// The key at a position.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&K> {
        self.range(at..at.saturating_add(1)).next()
    }

    /// The last one.
    #[must_use]
    pub fn last(&self) -> Option<&K> {
        self.runs.last()?.last()
    }

    /// True if the key is there.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.find(key).1.is_ok()
    }

    /// The place of a key, if it is there.
    #[must_use]
    pub fn place(&self, key: &K) -> Option<usize> {
        let (run, at) = self.find(key);
        Some(self.before(run) + at.ok()?)
    }

    /// The number of keys at the beginning for which this holds, as it does for none behind them.
    pub fn partition_point(&self, first: impl Fn(&K) -> bool) -> usize {
        let run = self.runs.partition_point(|run| run.last().is_some_and(&first));
        self.before(run) + self.runs.get(run).map_or(0, |run| run.partition_point(first))
    }

    /// Adds a key; false if it was there.
    pub fn insert(&mut self, key: K) -> bool {
        let (Some(last), (run, Err(at))) = (self.runs.len().checked_sub(1), self.find(&key)) else {
            let first = self.runs.is_empty();
            if first {
                *self = Self { runs: vec![Arc::new(vec![key])], len: 1 };
            }
            return first;
        };
        // Behind all others it joins the last run.
        let (run, at) = if run > last { (last, self.runs[last].len()) } else { (run, at) };
        let keys = Arc::make_mut(&mut self.runs[run]);
        keys.insert(at, key);
        if keys.len() >= 2 * RUN {
            let rest = keys.split_off(RUN);
            self.runs.insert(run + 1, Arc::new(rest));
        }
        self.len += 1;
        true
    }

    /// Takes a key out; false if it was not there.
    pub fn remove(&mut self, key: &K) -> bool {
        let (run, Ok(at)) = self.find(key) else { return false };
        let keys = Arc::make_mut(&mut self.runs[run]);
        keys.remove(at);
        if keys.is_empty() {
            self.runs.remove(run);
        }
        self.len -= 1;
        true
    }

    /// Drops the keys before this one; false if there are none.
    pub fn drop_before(&mut self, key: &K) -> bool {
        let (run, Ok(at) | Err(at)) = self.find(key);
        let gone = self.before(run) + at;
        self.runs.drain(..run);
        if let Some(first) = self.runs.first_mut().filter(|_| at > 0) {
            Arc::make_mut(first).drain(..at);
        }
        self.len -= gone;
        gone > 0
    }

    /// Keeps the keys that pass.
    pub fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        for run in &mut self.runs {
            // A run that stays as it is goes on being shared.
            if !run.iter().all(&keep) {
                Arc::make_mut(run).retain(&keep);
            }
        }
        self.runs.retain(|run| !run.is_empty());
        self.len = self.runs.iter().map(|run| run.len()).sum();
    }

    /// The run that holds a key or would, and its place in there. Behind all keys it is that after the last run.
    fn find(&self, key: &K) -> (usize, Result<usize, usize>) {
        let run = self.runs.partition_point(|run| run.last().is_some_and(|last| last < key));
        (run, self.runs.get(run).map_or(Err(0), |run| run.binary_search(key)))
    }

    /// The number of keys in the runs before this one.
    fn before(&self, run: usize) -> usize {
        self.runs[..run].iter().map(|run| run.len()).sum()
    }

    /// The run of a place, and the place in there.
    fn run_at(&self, mut at: usize) -> (usize, usize) {
        for (nth, run) in self.runs.iter().enumerate() {
            if at < run.len() {
                return (nth, at);
            }
            at -= run.len();
        }
        (self.runs.len(), 0)
    }
}

/// A set of keys in any order; the more of them are sorted already, the quicker.
impl<K: Ord> FromIterator<K> for RankedSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut keys: Vec<K> = keys.into_iter().collect();
        keys.sort();
        keys.dedup();
        let len = keys.len();
        let mut runs = Vec::with_capacity(len.div_ceil(RUN));
        let mut keys = keys.into_iter().peekable();
        while keys.peek().is_some() {
            runs.push(Arc::new(keys.by_ref().take(RUN).collect()));
        }
        Self { runs, len }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Carries a step out on both.
    fn step(sorted: &mut RankedSet<u16>, model: &mut BTreeSet<u16>, what: u8, key: u16) {
        match what {
            0..4 => assert_eq!(sorted.insert(key), model.insert(key)),
            4..7 => assert_eq!(sorted.remove(&key), model.remove(&key)),
            7 => {
                let rest = model.split_off(&(key / 8));
                assert_eq!(sorted.drop_before(&(key / 8)), !model.is_empty());
                *model = rest;
            }
            _ => {
                sorted.retain(|known| known % 16 != key % 16);
                model.retain(|known| known % 16 != key % 16);
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_set_with_places(
            begin in prop::collection::vec(0..4_000_u16, 0..3_000),
            steps in prop::collection::vec((0..9_u8, 0..4_000_u16), 0..200),
            (from, to) in (0..3_000_usize, 0..3_000_usize),
        ) {
            let (mut sorted, mut model): (RankedSet<u16>, BTreeSet<u16>) = (begin.iter().copied().collect(), begin.into_iter().collect());
            let (shared, before) = (sorted.clone(), model.clone());
            for (what, key) in steps {
                step(&mut sorted, &mut model, what, key);
            }
            let keys: Vec<u16> = model.into_iter().collect();
            prop_assert!(sorted.iter().eq(&keys) && sorted.iter().rev().eq(keys.iter().rev()));
            prop_assert_eq!((sorted.len(), sorted.is_empty(), sorted.last()), (keys.len(), keys.is_empty(), keys.last()));
            let range = from.min(keys.len())..to.min(keys.len());
            prop_assert!(sorted.range(range.clone()).eq(keys.get(range).unwrap_or_default()));
            for key in [0, 1, 77, 2_000, 3_999] {
                prop_assert_eq!(sorted.place(&key), keys.binary_search(&key).ok());
                prop_assert_eq!(sorted.partition_point(|known| *known < key), keys.partition_point(|known| *known < key));
            }
            prop_assert_eq!(sorted.get(from), keys.get(from));
            prop_assert!(shared.iter().eq(&before), "a copy stays as it was");
        }
    }

    #[test]
    fn runs_stay_short_and_full_enough() {
        let mut sorted = RankedSet::default();
        for key in (0..20_000_u32).rev() {
            sorted.insert(key);
        }
        assert!(sorted.runs.iter().all(|run| run.len() < 2 * RUN));
        assert!(sorted.runs.len() <= 20_000 / RUN + 1, "{}", sorted.runs.len());
    }
}
