//! Typing a filter, and choosing an order.

use std::cell::Cell;

use tui_input::Input;

use super::state::App;
use crate::query::{Key, Kind, Query};
use crate::tui::input::tab::Tab;
use crate::tui::listing::filter::Filter;
use crate::tui::listing::order::SortBy;
use crate::tui::listing::vocabulary;
use crate::tui::overlay::{Menu, MenuChoice, MenuItem, Overlay};
use crate::tui::protocol::effect::Effect;

impl App {
    /// Changes the filter of the tab, and lists what it shows then.
    pub(crate) fn change_filter(&mut self, change: impl FnOnce(&mut Filter)) {
        let before = self.live.filter.query();
        change(self.filter_mut());
        self.list_calls_unless(&before);
    }

    /// Lists the calls anew if their query is another one. What other tabs list follows when the state is reconciled.
    fn list_calls_unless(&mut self, before: &Query) {
        if *before != *self.live.filter.query() {
            self.list_calls();
        }
    }

    /// The filter of the tab.
    fn filter_mut(&mut self) -> &mut Filter {
        match self.tab {
            Tab::Live => &mut self.live.filter,
            Tab::Recordings | Tab::Diff => &mut self.recordings.filter,
            Tab::Prune => &mut self.prune.list.filter,
            Tab::Log => &mut self.log.filter,
        }
    }

    /// Begins to type a filter.
    pub(crate) fn edit_filter(&mut self) {
        self.in_detail = false;
        self.overlay = Some(Overlay::Filter);
        self.change_filter(Filter::edit);
    }

    /// Ends typing; what was typed stays in force. What cannot be understood does not: a shorter filter that happened to
    /// be right on the way there would let verbs act on strangers.
    pub(crate) fn keep_filter(&mut self) {
        if !matches!(self.overlay, Some(Overlay::Filter)) {
            return;
        }
        self.overlay = None;
        let before = self.live.filter.query();
        let lists = [&mut self.recordings.filter, &mut self.prune.list.filter, &mut self.log.filter];
        let wrong = lists.into_iter().find_map(Filter::keep).or_else(|| self.live.filter.keep());
        if let Some(wrong) = wrong {
            self.toasts.info(self.now, format!("`{wrong}` is no filter; the one before it is back"));
        }
        self.list_calls_unless(&before);
    }

    /// Keeps what was typed; while it is wrong typing goes on, with what is wrong beside it.
    pub(crate) fn accept_filter(&mut self) {
        if self.filter().error().is_none() {
            self.keep_filter();
        }
    }

    /// Changes the text that is being typed, and what is listed.
    pub(crate) fn type_filter(&mut self, change: impl FnOnce(&mut Input)) {
        self.with_values(|filter, values| filter.change(change, values));
    }

    /// Puts in how the word at the cursor could go on.
    pub(crate) fn complete_filter(&mut self, forward: bool) {
        self.with_values(|filter, values| filter.complete(forward, values));
    }

    /// Gives back what was typed before, or after that.
    pub(crate) fn recall(&mut self, earlier: bool) {
        self.change_filter(|filter| filter.recall(earlier));
    }

    /// Changes the filter by what is known of the values behind a key.
    fn with_values(&mut self, change: impl FnOnce(&mut Filter, &dyn Fn(Key) -> Option<Vec<String>>)) {
        let before = self.live.filter.query();
        let mut filter = std::mem::take(self.filter_mut());
        let (kind, wanted) = (filter.kind(), Cell::new(None));
        change(&mut filter, &|key| match kind {
            Kind::Calls => Some(vocabulary::of_calls(&self.world.calls, key)),
            Kind::Recordings => {
                wanted.set(Some(key));
                None
            }
        });
        *self.filter_mut() = filter;
        self.counting = wanted.get().or(self.counting);
        self.list_calls_unless(&before);
    }

    /// Has a worker find what stands behind a key of recordings: there can be very many.
    pub(crate) fn count_values(&mut self) -> Option<Effect> {
        Some(Effect::Values(self.counting.take()?, self.world.rows.clone()))
    }

    /// It is known what stands behind a key of recordings.
    pub(crate) fn learn(&mut self, key: Key, values: Vec<String>) {
        if self.filter().kind() == Kind::Recordings {
            self.filter_mut().learn(key, values);
        }
    }

    /// Asks by what to sort.
    pub(crate) fn choose_order(&mut self) {
        let item = |(by, key): &(SortBy, char)| MenuItem {
            key: Some(*key),
            label: by.name().into(),
            note: by.first().into(),
            current: *by == self.order.by,
            choice: MenuChoice::Sort(*by),
        };
        let items = SortBy::ALL.iter().map(item).collect();
        self.overlay = Some(Overlay::Menu(Menu::new("Sort by", items)));
    }

    /// Sorts by this; by what it is sorted by already, the other way round.
    pub(crate) fn sort(&mut self, by: SortBy) {
        self.order = if by == self.order.by { self.order.reversed() } else { by.order() };
    }
}
