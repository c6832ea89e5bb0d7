//! Typing a filter, and choosing an order.

use tui_input::Input;

use super::app::{App, Tab};
use super::filter::Filter;
use super::order::SortBy;
use super::overlay::{Choice, Item, Menu, Overlay};
use super::vocabulary;
use crate::query::{Key, Kind};

impl App {
    /// Changes the filter of the tab, and lists what it shows then.
    pub(super) fn change_filter(&mut self, change: impl FnOnce(&mut Filter)) {
        match self.tab {
            Tab::Live => {
                let before = self.live.filter.query();
                change(&mut self.live.filter);
                if before != self.live.filter.query() {
                    self.list_calls();
                }
            }
            // What they list follows when the state is reconciled.
            Tab::Recordings => change(&mut self.recordings.filter),
        }
    }

    /// Begins to type a filter.
    pub(super) fn edit_filter(&mut self) {
        self.in_detail = false;
        self.overlay = Some(Overlay::Filter);
        self.change_filter(Filter::edit);
    }

    /// Ends typing; what was typed stays in force.
    pub(super) fn keep_filter(&mut self) {
        if matches!(self.overlay, Some(Overlay::Filter)) {
            self.overlay = None;
            self.live.filter.keep();
            self.recordings.filter.keep();
        }
    }

    /// Changes the text that is being typed, and what is listed.
    pub(super) fn type_filter(&mut self, change: impl FnOnce(&mut Input)) {
        self.with_values(|filter, values| filter.change(change, values));
    }

    /// Puts in how the word at the cursor could go on.
    pub(super) fn complete_filter(&mut self, forward: bool) {
        self.with_values(|filter, values| filter.complete(forward, values));
    }

    /// Gives back what was typed before, or after that.
    pub(super) fn recall(&mut self, earlier: bool) {
        self.change_filter(|filter| filter.recall(earlier));
    }

    /// Changes the filter by what is known of the values behind a key.
    fn with_values(&mut self, change: impl FnOnce(&mut Filter, &dyn Fn(Key) -> Vec<String>)) {
        let mut filter = match self.tab {
            Tab::Live => std::mem::take(&mut self.live.filter),
            Tab::Recordings => std::mem::take(&mut self.recordings.filter),
        };
        let before = filter.query();
        let kind = match self.tab {
            Tab::Live => Kind::Calls,
            Tab::Recordings => Kind::Recordings,
        };
        change(&mut filter, &|key| vocabulary::values(&self.world, kind, key));
        let changed = before != filter.query();
        match self.tab {
            Tab::Live => self.live.filter = filter,
            Tab::Recordings => self.recordings.filter = filter,
        }
        if changed && self.tab == Tab::Live {
            self.list_calls();
        }
    }

    /// Asks by what to sort.
    pub(super) fn choose_order(&mut self) {
        let item = |(by, key): &(SortBy, char)| Item {
            key: Some(*key),
            label: by.name().into(),
            note: by.first().into(),
            current: *by == self.order.by,
            choice: Choice::Sort(*by),
        };
        let items = SortBy::ALL.iter().map(item).collect();
        self.overlay = Some(Overlay::Menu(Menu::new("Sort by", items)));
    }

    /// Sorts by this; by what it is sorted by already, the other way round.
    pub(super) fn sort(&mut self, by: SortBy) {
        self.order = if by == self.order.by { self.order.reversed() } else { by.order() };
    }
}
