//! A list that knows its place by keys, never by row numbers: what arrives, goes or is filtered does not move it.

use std::ops::Range;

use tui_input::Input;

/// Sorted keys of what passes the filter, with the selected one and the first visible one.
#[derive(Clone, Debug)]
pub struct List<K> {
    keys: Vec<K>,
    selected: Option<K>,
    /// The first visible key; none at the very beginning, so that what arrives there is seen.
    top: Option<K>,
    /// The newest key when following stopped; none while following, or in a list that cannot follow.
    paused_at: Option<K>,
    following: bool,
    /// The filter.
    pub filter: Filter,
    /// Columns scrolled to the right.
    pub sideways: usize,
}

/// A text that rows must contain.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The text, kept while it is off.
    text: String,
    off: bool,
    /// While it is being typed.
    pub input: Option<Input>,
}

impl<K: Ord + Clone> List<K> {
    /// An empty list; one that follows keeps the last key selected until told otherwise.
    #[must_use]
    pub fn new(following: bool) -> Self {
        Self {
            keys: Vec::new(),
            selected: None,
            top: None,
            paused_at: None,
            following,
            filter: Filter::default(),
            sideways: 0,
        }
    }

    /// The keys in order.
    #[must_use]
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// The selected key.
    #[must_use]
    pub fn selected(&self) -> Option<&K> {
        self.selected.as_ref()
    }

    /// Whether the newest is selected as it comes.
    #[must_use]
    pub fn following(&self) -> bool {
        self.following
    }

    /// Takes new keys, sorted; place and selection stay.
    pub fn replace(&mut self, keys: Vec<K>) {
        self.keys = keys;
        self.settle();
    }

    /// Keeps the keys that pass.
    pub fn retain(&mut self, keep: impl FnMut(&K) -> bool) {
        self.keys.retain(keep);
        self.settle();
    }

    /// Drops the keys before this one.
    pub fn drop_before(&mut self, key: &K) {
        let gone = self.position(Some(key));
        if gone > 0 {
            self.keys.drain(..gone);
            self.settle();
        }
    }

    /// Puts a key in, or takes it out.
    pub fn put(&mut self, key: &K, shown: bool) {
        match (self.keys.binary_search(key), shown) {
            (Err(at), true) => self.keys.insert(at, key.clone()),
            (Ok(at), false) => {
                self.keys.remove(at);
            }
            _ => {}
        }
        self.settle();
    }

    /// Where the selected key stands.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.keys.binary_search(selected).ok()
    }

    /// The rows to draw on a screen with room for so many.
    #[must_use]
    pub fn window(&self, height: usize) -> Range<usize> {
        let at = if self.following { usize::MAX } else { self.position(self.top.as_ref()) };
        let at = at.min(self.keys.len().saturating_sub(height));
        at..(at + height).min(self.keys.len())
    }

    /// How many rows arrived since following stopped.
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

    /// Selects a key, if it is there.
    pub fn select(&mut self, key: &K, height: usize) -> bool {
        let Ok(at) = self.keys.binary_search(key) else { return false };
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
        if self.following {
            self.selected = self.keys.last().cloned();
        } else if self.index().is_none() {
            let at = self.position(self.selected.as_ref());
            self.selected = self.keys.get(at.min(self.keys.len().saturating_sub(1))).cloned();
        }
    }
}

impl Filter {
    /// This text, in force.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// The text in force; empty when there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.input {
            Some(input) => input.value(),
            None if self.off => "",
            None => &self.text,
        }
    }

    /// The text that is kept, in force or not.
    #[must_use]
    pub fn kept(&self) -> &str {
        &self.text
    }

    /// Tells whether a row passes, by its haystack; which is only made when there is something to look for.
    pub fn test(&self) -> impl Fn(&dyn Fn() -> String) -> bool + use<> {
        let needle = self.text().to_lowercase();
        move |haystack| needle.is_empty() || haystack().to_lowercase().contains(&needle)
    }

    /// Begins to type, with the text as it is.
    pub fn edit(&mut self) {
        self.input = Some(Input::new(self.text.clone()));
    }

    /// Ends typing and keeps the text.
    pub fn keep(&mut self) {
        if let Some(input) = self.input.take() {
            input.value().clone_into(&mut self.text);
            self.off = false;
        }
    }

    /// Turns it off or on.
    pub fn toggle(&mut self) {
        self.off = !self.off && !self.text.is_empty();
    }

    /// Forgets it.
    pub fn clear(&mut self) {
        *self = Self::default();
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
        let seen: Vec<u64> = list.keys()[list.window(5)].to_vec();
        list.retain(|key| *key >= 30);
        list.replace((30..200).collect());
        assert_eq!(list.keys()[list.window(5)], seen);
        assert_eq!(list.selected(), Some(&49));
    }

    #[test]
    fn what_arrives_at_the_beginning_is_seen_there() {
        let mut list = List::new(false);
        list.replace(vec![10, 11, 12]);
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
