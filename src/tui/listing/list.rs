//! A list that knows its place by keys, never by row numbers: what arrives, goes or is filtered does not move it.

use std::ops::Range;

use super::filter::Filter;
use super::ranked_set::RankedSet;

/// Sorted keys of what passes the filter, with the selected one and the first visible one.
#[derive(Clone, Debug)]
pub struct List<K> {
    keys: RankedSet<K>,
    selected: Option<K>,
    /// The first visible key; none at the very beginning, so that what arrives there is seen.
    top: Option<K>,
    /// The newest key when following stopped; none while following, or in a list that cannot follow.
    paused_at: Option<K>,
    following: bool,
    /// Counts what changed the keys.
    revision: u64,
    /// The filter.
    pub filter: Filter,
    /// Columns scrolled to the right.
    pub sideways: usize,
}

impl<K: Ord + Clone> List<K> {
    /// An empty list; one that follows keeps the last key selected until told otherwise.
    #[must_use]
    pub fn new(following: bool) -> Self {
        Self {
            keys: RankedSet::default(),
            selected: None,
            top: None,
            paused_at: None,
            following,
            revision: 0,
            filter: Filter::default(),
            sideways: 0,
        }
    }

    /// This list with another filter.
    #[must_use]
    pub fn filtered(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// The keys in order.
    #[must_use]
    pub fn keys(&self) -> &RankedSet<K> {
        &self.keys
    }

    /// A number that is another one after the keys changed.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The selected key.
    #[must_use]
    pub fn selected(&self) -> Option<&K> {
        self.selected.as_ref()
    }

    /// True if the newest is selected as it comes.
    #[must_use]
    pub fn following(&self) -> bool {
        self.following
    }

    /// Takes new keys; place and selection stay.
    pub fn replace(&mut self, keys: RankedSet<K>) {
        self.keys = keys;
        self.settle();
    }

    /// Keeps the keys that pass.
    pub fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.keys.retain(keep);
        self.settle();
    }

    /// Takes new keys, in which the selected row has another key: it stays where it is on a screen with room for so
    /// many rows.
    pub fn reorder(&mut self, keys: RankedSet<K>, selected: Option<K>, height: usize) {
        let above = self.index().map_or(0, |at| at.saturating_sub(self.window(height).start));
        self.keys = keys;
        self.selected = selected;
        self.settle();
        let start = self.index().unwrap_or(0).saturating_sub(above);
        self.top = self.keys.get(start).filter(|_| start > 0).cloned();
        self.reveal(height);
    }

    /// A row whose key was another one: what is selected stays that, and the window stays where it is.
    pub fn rekey(&mut self, before: &K, after: &K) {
        if before == after || !self.keys.remove(before) {
            return;
        }
        if self.selected.as_ref() == Some(before) {
            self.selected = Some(after.clone());
        }
        self.put(after, true);
    }

    /// True if the key is in the list.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.keys.contains(key)
    }

    /// Drops the keys before this one.
    pub fn drop_before(&mut self, key: &K) {
        if self.keys.drop_before(key) {
            self.settle();
        }
    }

    /// Puts a key in, or takes it out.
    pub fn put(&mut self, key: &K, shown: bool) {
        let changed = if shown { self.keys.insert(key.clone()) } else { self.keys.remove(key) };
        if changed {
            self.settle();
        }
    }

    /// The position of the selected key.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.keys.place(selected)
    }

    /// The rows to draw on a screen with room for so many.
    #[must_use]
    pub fn window(&self, height: usize) -> Range<usize> {
        let at = if self.following { usize::MAX } else { self.position(self.top.as_ref()) };
        let at = at.min(self.keys.len().saturating_sub(height));
        at..(at + height).min(self.keys.len())
    }

    /// The number of rows that arrived since following stopped.
    #[must_use]
    pub fn new_below(&self) -> usize {
        let Some(seen) = &self.paused_at else { return 0 };
        self.keys.len() - self.keys.partition_point(|key| key <= seen)
    }

    /// Selects the row `by` rows further (or back); stops or resumes following.
    pub fn step(&mut self, by: isize, height: usize) {
        let Some(at) = self.index() else { return };
        self.select_at(at.saturating_add_signed(by), height);
    }

    /// Selects a row by its place.
    pub fn select_at(&mut self, at: usize, height: usize) {
        let Some(last) = self.keys.len().checked_sub(1) else { return };
        let at = at.min(last);
        let back = self.index().is_some_and(|now| at < now);
        self.selected = self.keys.get(at).cloned();
        if back {
            self.pause(height);
        } else if at == last && self.paused_at.is_some() {
            self.follow();
        }
        self.reveal(height);
    }

    /// Selects the row that stands so far down on a screen with room for so many.
    pub fn select_visible(&mut self, row: usize, height: usize) {
        let at = self.window(height).start + row;
        if at < self.keys.len() {
            self.select_at(at, height);
        }
    }

    /// Selects a key, if it is there.
    pub fn select(&mut self, key: &K, height: usize) -> bool {
        let Some(at) = self.keys.place(key) else { return false };
        if Some(at) != self.index() {
            self.pause(height);
        }
        self.selected = self.keys.get(at).cloned();
        self.reveal(height);
        true
    }

    /// Selects the newest from now on.
    pub fn follow(&mut self) {
        self.following = true;
        self.paused_at = None;
        self.settle();
    }

    /// Stops following and stays where it is.
    pub fn pause(&mut self, height: usize) {
        if self.following {
            self.top = self.keys.get(self.window(height).start).cloned();
            self.paused_at = self.keys.last().cloned();
            self.following = false;
        }
    }

    /// Moves the window just so far that the selected row is in it.
    pub fn reveal(&mut self, height: usize) {
        if self.following || height == 0 {
            return;
        }
        let mut start = self.window(height).start;
        if let Some(at) = self.index() {
            start = start.clamp((at + 1).saturating_sub(height), at);
        }
        self.top = self.keys.get(start).filter(|_| start > 0).cloned();
    }

    fn position(&self, key: Option<&K>) -> usize {
        key.map_or(0, |key| self.keys.partition_point(|known| known < key))
    }

    /// Selects the newest while following, else the nearest key to one that went away.
    fn settle(&mut self) {
        self.revision += 1;
        if self.following {
            self.selected = self.keys.last().cloned();
        } else if self.index().is_none() {
            let at = self.position(self.selected.as_ref());
            self.selected = self.keys.get(at.min(self.keys.len().saturating_sub(1))).cloned();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(keys: Range<u64>) -> List<u64> {
        let mut list = List::new(true);
        list.replace(keys.collect());
        list
    }

    #[test]
    fn it_follows_until_somebody_looks_back() {
        let mut list = list(0..20);
        assert_eq!((list.window(5), list.selected()), (15..20, Some(&19)));
        list.step(-1, 5);
        list.put(&20, true);
        list.put(&21, true);
        assert_eq!((list.window(5), list.selected(), list.new_below()), (15..20, Some(&18), 2));
        list.follow();
        assert_eq!((list.window(5), list.selected(), list.new_below()), (17..22, Some(&21), 0));
    }

    #[test]
    fn turnover_and_filters_do_not_move_the_view() {
        let mut list = list(0..100);
        list.step(-50, 5);
        let seen = |list: &List<u64>| list.keys().range(list.window(5)).copied().collect::<Vec<_>>();
        let before = seen(&list);
        list.retain(|key| *key >= 30);
        list.replace((30..200).collect());
        assert_eq!(seen(&list), before);
        assert_eq!(list.selected(), Some(&49));
    }

    #[test]
    fn a_row_with_another_key_keeps_the_selection_and_leaves_the_view() {
        let mut list = List::new(false);
        list.replace((10..40).collect());
        list.select(&20, 5);
        list.step(-1, 5);
        list.rekey(&19, &5);
        assert_eq!((list.selected(), list.index()), (Some(&5), Some(0)));
        list.rekey(&30, &7);
        assert!(list.contains(&7) && !list.contains(&30));
        list.select(&20, 5);
        let above = list.index().map(|at| at - list.window(5).start);
        let back = (0..30).map(|key| 100 - key).collect();
        list.reorder(back, Some(80), 5);
        assert_eq!(list.selected(), Some(&80));
        assert_eq!(list.index().map(|at| at - list.window(5).start), above, "it stays on its line");
    }

    #[test]
    fn what_arrives_at_the_beginning_is_seen_there() {
        let mut list = List::new(false);
        list.replace([10, 11, 12].into_iter().collect());
        list.reveal(2);
        list.put(&9, true);
        list.reveal(2);
        assert_eq!((list.window(2), list.selected()), (0..2, Some(&10)));
    }

    proptest! {
        #[test]
        fn the_selected_row_is_always_in_the_window(
            steps in prop::collection::vec((-30..30_isize, 0..100_u64, any::<bool>()), 0..60),
            height in 1..20_usize,
        ) {
            let mut list = list(0..30);
            for (by, key, shown) in steps {
                list.step(by, height);
                list.put(&key, shown);
                list.reveal(height);
                let window = list.window(height);
                prop_assert_eq!(list.keys().is_empty(), list.selected().is_none());
                prop_assert!(list.index().is_none_or(|at| window.contains(&at)), "{:?} {:?}", list.index(), window);
            }
        }
    }
}
