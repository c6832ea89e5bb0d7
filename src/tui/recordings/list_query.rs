//! Which recordings are listed, and in what order: worked out by a worker, as there can be very many.
//!
//! The list shows what the last answer made it, however much has been typed since. What changes meanwhile is judged on its
//! own, and once more when the answer comes.

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use crate::model::{Part, RecordingId, Row, Rows, Timestamp};
use crate::query::{Kind, Query, RowFacts, Subject};
use crate::reading::Prices;
use crate::tui::app::state::App;
use crate::tui::input::tab::Tab;
use crate::tui::listing::order::{RowKey, RowOrder};
use crate::tui::listing::ranked_set::RankedSet;
use crate::tui::overlay::Overlay;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::query::RemoteQuery;

/// What makes a list: which recordings, and in what order.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// Which.
    pub query: Arc<Query>,
    /// In what order.
    pub order: RowOrder,
}

/// Recordings to be sifted and sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct ListJob {
    /// Comes back with the answer; only the newest counts.
    pub generation: u64,
    /// How.
    pub recipe: ListQuery,
    /// All recordings.
    pub rows: Rows,
    /// Those that may be in the list, where that is not all of them.
    pub within: Option<RankedSet<RowKey>>,
    /// How late it is.
    pub now: Timestamp,
    /// What things cost.
    pub prices: Arc<Prices>,
}

/// What the list was made by, and what is under way.
#[derive(Debug, Default)]
pub struct ListLoader {
    /// What the list on the screen was made by.
    pub made_by: ListQuery,
    asked: ListQuery,
    generation: u64,
    /// Whether an answer is awaited.
    pub waiting: bool,
    /// Whether the list is not what its recipe would make now.
    stale: bool,
    /// Whether it may not be known any more what has expired.
    aged: bool,
    /// The rows that somebody was asked about.
    given: Rows,
    /// What changed since.
    touched: HashSet<RecordingId>,
    /// What the desk lists, while it is not sorted.
    answered: Option<Rows>,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { query: Arc::new(Query::all(Kind::Recordings)), order: RowOrder::default() }
    }
}

impl ListQuery {
    /// Whether a recording belongs into the list; for queries that need no facts.
    fn shows(&self, row: &Row, now: Timestamp) -> bool {
        self.query.is_empty() || self.query.shows(Subject::Row(row, &RowFacts::default()), now)
    }
}

impl ListJob {
    /// The keys of what is listed.
    #[must_use]
    pub fn keys(&self) -> RankedSet<RowKey> {
        let key = |row: &Arc<Row>| {
            self.recipe.shows(row, self.now).then(|| self.recipe.order.key(row, &self.prices))
        };
        if let Some(keys) = &self.within {
            return keys.iter().filter_map(|known| self.rows.get(&known.1)).filter_map(key).collect();
        }
        // Rows lie all over the memory, and most of the time is spent waiting for that: two wait half as long.
        let half = |parts: &[Arc<Part>]| {
            let mut keys: Vec<RowKey> = parts.iter().flat_map(|part| part.values()).filter_map(key).collect();
            keys.sort_unstable();
            keys
        };
        let parts = self.rows.parts();
        let (here, there) = parts.split_at(parts.len() / 2);
        thread::scope(|scope| {
            let there = scope.spawn(|| half(there));
            let here = half(here);
            let there = there.join().unwrap_or_else(|panic| resume_unwind(panic));
            here.into_iter().chain(there).collect()
        })
    }
}

impl ListLoader {
    /// The list is to be made anew.
    pub fn spoil(&mut self) {
        self.stale = true;
        self.aged = true;
    }

    fn facts(&self) -> bool {
        self.made_by.query.needs_facts()
    }
}

impl App {
    /// The key of a recording in the list as it is sorted now.
    #[must_use]
    pub fn key_of(&self, row: &Row) -> RowKey {
        self.sieve.made_by.order.key(row, &self.prices)
    }

    /// Has the list made anew, if what it should hold is not what it was made by.
    pub(crate) fn sift(&mut self) -> Option<Effect> {
        if let Some(rows) = self.sieve.answered.take() {
            let recipe = ListQuery { order: self.sieve.asked.order, ..ListQuery::default() };
            return Some(self.sift_among(rows, recipe, None));
        }
        let wanted = ListQuery { query: self.recordings.filter.query(), order: self.order };
        let same = wanted == self.sieve.asked;
        // What is under way is not asked for twice, or steady changes would keep it from ever being answered.
        if same && (self.sieve.waiting || !self.sieve.stale) {
            return None;
        }
        let made_by = &self.sieve.made_by;
        // To look rows up costs more than to go through them: that has to be worth it.
        let few = self.recordings.keys().len() < self.world.rows.len() / 4;
        let narrow = few && !self.sieve.stale && wanted.query.narrows(&made_by.query);
        self.sieve.stale = false;
        self.sieve.waiting = true;
        self.sieve.asked = wanted.clone();
        self.sieve.touched.clear();
        if wanted.query.needs_facts() {
            let effect = self.ask(RemoteQuery::List(wanted.query.to_string()));
            self.sieve.generation = self.questions;
            return Some(effect);
        }
        let within = narrow.then(|| self.recordings.keys().clone());
        Some(self.sift_among(self.world.rows.clone(), wanted, within))
    }

    fn sift_among(&mut self, rows: Rows, recipe: ListQuery, within: Option<RankedSet<RowKey>>) -> Effect {
        self.questions += 1;
        self.sieve.generation = self.questions;
        self.sieve.given = rows.clone();
        let (generation, now, prices) = (self.questions, self.now, Arc::clone(&self.prices));
        Effect::Sift(ListJob { generation, recipe, rows, within, now, prices })
    }

    /// The desk says what is listed, for a query that only it can answer; a worker has to sort it.
    pub(crate) fn take_list(&mut self, generation: u64) {
        if !self.sieve.waiting || generation != self.sieve.generation {
            return;
        }
        match &self.known.list.value {
            Some(Ok(rows)) => self.sieve.answered = Some(rows.clone()),
            Some(Err(why)) => {
                let text = format!("filter: {why}");
                self.sieve.waiting = false;
                self.toasts.error(text);
            }
            None => {}
        }
    }

    /// Takes the keys of what is listed.
    pub(crate) fn sifted(&mut self, generation: u64, mut keys: RankedSet<RowKey>) {
        if !self.sieve.waiting || generation != self.sieve.generation {
            return;
        }
        self.sieve.waiting = false;
        let other_order = self.sieve.made_by.order != self.sieve.asked.order;
        self.sieve.made_by = self.sieve.asked.clone();
        let given = std::mem::take(&mut self.sieve.given);
        for id in std::mem::take(&mut self.sieve.touched) {
            let listed = given.get(&id).is_some_and(|row| keys.remove(&self.key_of(row)));
            if let Some(row) = self.world.rows.get(&id)
                && (if self.sieve.facts() { listed } else { self.sieve.made_by.shows(row, self.now) })
            {
                keys.insert(self.key_of(row));
            }
        }
        self.marks.spoil();
        if other_order {
            let selected = self.recordings.selected().and_then(|key| self.world.rows.get(&key.1));
            let selected = selected.map(|row| self.key_of(row));
            self.recordings.reorder(keys, selected, self.areas().list_rows());
        } else {
            self.recordings.replace(keys);
        }
    }

    /// A recording changed, or is new; `before` is its key as it was.
    pub(crate) fn row_changed(&mut self, before: Option<&RowKey>, row: &Row) {
        let after = self.key_of(row);
        if self.marked.contains(&row.id) {
            self.marks.spoil();
        }
        if let Some(before) = before {
            self.recordings.rekey(before, &after);
        }
        let shown = if self.sieve.facts() {
            self.recordings.contains(&after)
        } else {
            self.sieve.made_by.shows(row, self.now)
        };
        self.recordings.put(&after, shown);
        if self.sieve.waiting {
            self.sieve.touched.insert(row.id.clone());
        }
    }

    /// Recordings came, changed or went: what needs facts has to be asked anew, and what is gone must not come back.
    pub(crate) fn rows_moved<'a>(&mut self, gone: impl IntoIterator<Item = &'a RecordingId>) {
        self.sieve.stale |= self.sieve.facts() || self.sieve.asked.query.needs_facts();
        if let Some(Overlay::Finder(finder)) = &mut self.overlay {
            finder.stale = true;
        }
        if self.sieve.waiting {
            self.sieve.touched.extend(gone.into_iter().cloned());
        }
    }

    /// Asks what has expired, which takes rules that only the desk knows; not while nobody looks.
    pub(crate) fn look_for_expired(&mut self) -> Option<Effect> {
        let wanted = self.tab == Tab::Recordings && self.sieve.aged && !self.world.rows.is_empty();
        self.sieve.aged &= !wanted;
        wanted.then(|| self.ask(RemoteQuery::Expired))
    }

    /// Whether a recording is older than its rule allows, as far as that is known.
    #[must_use]
    pub fn is_expired(&self, id: &RecordingId) -> bool {
        self.known.expired.known().is_some_and(|expired| expired.contains(id))
    }

    /// A minute went by.
    pub(crate) fn aged(&mut self) {
        self.sieve.aged = true;
        self.sieve.stale |= self.sieve.made_by.query.needs_now();
        if self.live.filter.query().needs_now() {
            self.list_calls();
        }
    }
}
