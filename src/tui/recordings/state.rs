//! The state of the Recordings tab.
//!
//! The list shows what the last answer made it, however much has been typed since. What changes meanwhile is judged on
//! its own, and once more when the answer comes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::contact_sheet::ContactSheet;
use super::take_groups::TakeGroups;
use super::thumbnails::Thumbnails;
use crate::model::{Event, RecordingId, Row, Rows};
use crate::reading::Prices;
use crate::tui::contract::context::Context;
use crate::tui::listing::list::List;
use crate::tui::listing::list_query::{ListJob, ListQuery};
use crate::tui::listing::order::{RowKey, RowOrder, SortBy};
use crate::tui::listing::ranked_set::RankedSet;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::query::RemoteQuery;

/// The state of the Recordings tab.
#[derive(Debug)]
pub struct RecordingsTab {
    /// The recordings that pass the filter.
    pub list: List<RowKey>,
    /// The order that was chosen; the list has it as soon as it is sorted so.
    pub order: RowOrder,
    /// The filter and order of the rows on the screen, and what is under way.
    pub loader: ListLoader,
    /// Takes of one request, and steps of one job.
    pub groups: TakeGroups,
    /// The contact sheet, where it is shown in place of the list.
    pub sheet: Option<ContactSheet>,
    /// Small pictures.
    pub thumbnails: Thumbnails,
    /// The price list, for sorting and showing costs.
    pub prices: Arc<Prices>,
    /// The size of all recordings in bytes.
    pub stored_bytes: u64,
}

/// The query that made the list, and the one under way.
#[derive(Debug, Default)]
pub struct ListLoader {
    /// The filter and order that produced the rows on the screen.
    pub made_by: ListQuery,
    /// The filter and order of the newest job.
    requested: ListQuery,
    request_id: u64,
    /// True if an answer is awaited.
    pub waiting: bool,
    /// True if the list is not what its query would make now.
    stale: bool,
    /// True if recordings may have expired since that was last asked.
    expiry_stale: bool,
    /// The rows as handed to the running job: the old keys of rows that changed meanwhile are found in it.
    job_rows: Rows,
    /// The recordings that changed since.
    touched: HashSet<RecordingId>,
}

/// The keys, as they were, of recordings that an event is about.
pub type OldKeys = HashMap<RecordingId, RowKey>;

impl Default for RecordingsTab {
    fn default() -> Self {
        Self {
            list: List::new(false),
            order: RowOrder::default(),
            loader: ListLoader::default(),
            groups: TakeGroups::default(),
            sheet: None,
            thumbnails: Thumbnails::default(),
            prices: Arc::new(Prices::listed()),
            stored_bytes: 0,
        }
    }
}

impl RecordingsTab {
    /// The selected recording.
    #[must_use]
    pub fn selected_row<'a>(&self, context: &'a Context) -> Option<&'a Row> {
        context.row(&self.list.selected()?.1)
    }

    /// The recordings that verbs are for: the marked ones, else the selected one, or the selected stack on the sheet.
    #[must_use]
    pub fn targets(&self, context: &Context) -> Vec<RecordingId> {
        if !context.marks.ids.is_empty() {
            return context.marks.ids.iter().cloned().collect();
        }
        match &self.sheet {
            Some(sheet) => sheet.selected().map(|stack| stack.ids.clone()).unwrap_or_default(),
            None => self.selected_row(context).map(|row| row.id.clone()).into_iter().collect(),
        }
    }

    /// The key of a recording in the list as it is sorted now.
    #[must_use]
    pub fn key_of(&self, row: &Row) -> RowKey {
        self.loader.made_by.order.key(row, &self.prices)
    }

    /// Sorts by a column; by the one that it is sorted by already, in the other direction.
    pub fn sort(&mut self, by: SortBy) {
        self.order = if by == self.order.by { self.order.reversed() } else { by.order() };
    }

    /// Selects a recording; a filter that hides it is turned off.
    pub fn show(&mut self, row: &Row, context: &Context) {
        let (key, rows) = (self.key_of(row), context.list_rows());
        if !self.list.select(&key, rows) {
            if !self.list.filter.text().is_empty() {
                self.list.filter.toggle();
            }
            // It is seen at once; the others follow when they are listed.
            self.list.put(&key, true);
            self.list.select(&key, rows);
        }
    }

    /// Starts over from a world as it stands.
    pub fn take_snapshot(&mut self, context: &Context) {
        self.stored_bytes = context.world.rows.values().map(|row| row.size).sum();
        self.groups = TakeGroups::of(&context.world);
        self.loader.stale = true;
        self.loader.expiry_stale = true;
    }

    /// Forgets what an event makes worthless, before the world takes it in; gives the keys that it is about to change.
    pub fn before_event(&mut self, event: &Event, context: &Context) -> OldKeys {
        let ids: Vec<&RecordingId> = match event {
            Event::Stored { rows } => rows.iter().map(|row| &row.id).collect(),
            Event::Removed { ids } => ids.iter().collect(),
            Event::Call { call, usage: Some(_), .. } => call.recording.iter().collect(),
            _ => Vec::new(),
        };
        let rows = ids.into_iter().filter_map(|id| context.row(id));
        let keys = rows.clone().map(|row| (row.id.clone(), self.key_of(row))).collect();
        // Hits change neither sizes nor groups.
        if !matches!(event, Event::Call { .. }) {
            for row in rows {
                self.groups.remove(row);
                self.stored_bytes = self.stored_bytes.saturating_sub(row.size);
            }
        }
        keys
    }

    /// Hits change a recording's place, where the list is sorted by them.
    pub fn rows_hit(&mut self, before: &OldKeys, context: &mut Context) {
        for (id, key) in before {
            if let Some(row) = context.world.rows.get(id).cloned() {
                self.row_changed(Some(key), &row, context);
            }
        }
    }

    /// Takes in recordings that are new or changed.
    pub fn rows_stored(&mut self, rows: &[Arc<Row>], before: &OldKeys, context: &mut Context) {
        for row in rows {
            self.groups.put(row);
            self.stored_bytes = self.stored_bytes.saturating_add(row.size);
            self.thumbnails.forget(&row.id);
            self.row_changed(before.get(&row.id), row, context);
        }
        self.rows_moved();
    }

    /// Drops recordings that were removed.
    pub fn rows_removed(&mut self, removed: &[RecordingId], context: &mut Context) {
        let ids: HashSet<&RecordingId> = removed.iter().collect();
        for id in removed {
            if context.marks.ids.remove(id) {
                context.marks.invalidate();
            }
        }
        self.list.retain(|key| !ids.contains(&key.1));
        self.rows_moved();
        if self.loader.waiting {
            self.loader.touched.extend(removed.iter().cloned());
        }
    }

    /// A minute went by: ages changed.
    pub fn aged(&mut self) {
        self.loader.expiry_stale = true;
        self.loader.stale |= self.loader.made_by.query.needs_now();
    }

    /// The query for what has expired, which takes rules that only the client knows; `None` while that is known.
    pub fn expired_query(&mut self, context: &Context) -> Option<RemoteQuery> {
        let wanted = self.loader.expiry_stale && !context.world.rows.is_empty();
        self.loader.expiry_stale &= !wanted;
        wanted.then_some(RemoteQuery::Expired)
    }

    /// Counts the marks anew, if they changed.
    pub fn count_marks(&self, context: &mut Context) {
        if !context.marks.take_stale() {
            return;
        }
        // A list of all hides none, which need not be looked at one by one.
        let some_hidden = self.list.keys().len() < context.world.rows.len();
        let (mut bytes, mut hidden) = (0_u64, 0);
        for row in context.marks.ids.iter().filter_map(|id| context.row(id)) {
            bytes = bytes.saturating_add(row.size);
            hidden += usize::from(some_hidden && !self.list.contains(&self.key_of(row)));
        }
        (context.marks.bytes, context.marks.hidden) = (bytes, hidden);
    }

    /// A recording changed, or is new; `before` is its key as it was.
    fn row_changed(&mut self, before: Option<&RowKey>, row: &Row, context: &mut Context) {
        let after = self.key_of(row);
        if context.marks.contains(&row.id) {
            context.marks.invalidate();
        }
        if let Some(before) = before {
            self.list.rekey(before, &after);
        }
        let shown = if self.loader.needs_facts() {
            self.list.contains(&after)
        } else {
            self.loader.made_by.shows(row, context.now)
        };
        self.list.put(&after, shown);
        if self.loader.waiting {
            self.loader.touched.insert(row.id.clone());
        }
    }

    /// Recordings came, changed or went: a query that needs facts has to be asked anew.
    fn rows_moved(&mut self) {
        self.loader.stale |= self.loader.needs_facts() || self.loader.requested.query.needs_facts();
    }
}

/// A request to make the list anew.
#[derive(Debug)]
pub enum ListRefresh {
    /// A job for a worker.
    Job(Effect),
    /// A query to the client, for filters on facts that no row holds.
    Query(RemoteQuery),
}

impl RecordingsTab {
    /// Asks for the list anew, if its filter or order is not that of the rows.
    pub fn load(&mut self, context: &Context) -> Option<ListRefresh> {
        let wanted = ListQuery { query: self.list.filter.query(), order: self.order };
        let same = wanted == self.loader.requested;
        // What is under way is not asked for twice, or steady changes would keep it from ever being answered.
        if same && (self.loader.waiting || !self.loader.stale) {
            return None;
        }
        let made_by = &self.loader.made_by;
        // To look rows up costs more than to go through them: that has to be worth it.
        let few = self.list.keys().len() < context.world.rows.len() / 4;
        let narrower = few && !self.loader.stale && wanted.query.narrows(&made_by.query);
        self.loader.stale = false;
        self.loader.waiting = true;
        self.loader.requested = wanted.clone();
        self.loader.touched.clear();
        if wanted.query.needs_facts() {
            return Some(ListRefresh::Query(RemoteQuery::List(wanted.query.to_string())));
        }
        let within = narrower.then(|| self.list.keys().clone());
        Some(ListRefresh::Job(self.job(context.world.rows.clone(), wanted, within, context)))
    }

    /// The request id of the query that the client was asked for the list.
    pub fn await_query(&mut self, request_id: u64) {
        self.loader.request_id = request_id;
    }

    /// Takes the rows that the client lists; a worker has to sort them.
    pub fn take_rows(&mut self, request_id: u64, rows: Rows, context: &Context) -> Option<Effect> {
        if !self.loader.waiting || request_id != self.loader.request_id {
            return None;
        }
        let query = ListQuery { order: self.loader.requested.order, ..ListQuery::default() };
        Some(self.job(rows, query, None, context))
    }

    /// The client could not list anything.
    pub fn list_failed(&mut self, request_id: u64) {
        self.loader.waiting &= request_id != self.loader.request_id;
    }

    fn job(
        &mut self,
        rows: Rows,
        query: ListQuery,
        within: Option<RankedSet<RowKey>>,
        context: &Context,
    ) -> Effect {
        let request_id = context.next_request_id();
        self.loader.request_id = request_id;
        self.loader.job_rows = rows.clone();
        let prices = Arc::clone(&self.prices);
        Effect::List(ListJob { request_id, query, rows, within, now: context.now, prices })
    }

    /// Takes the keys of the rows to list.
    pub fn take_keys(&mut self, request_id: u64, mut keys: RankedSet<RowKey>, context: &mut Context) {
        if !self.loader.waiting || request_id != self.loader.request_id {
            return;
        }
        self.loader.waiting = false;
        let reordered = self.loader.made_by.order != self.loader.requested.order;
        self.loader.made_by = self.loader.requested.clone();
        let job_rows = std::mem::take(&mut self.loader.job_rows);
        for id in std::mem::take(&mut self.loader.touched) {
            let listed = job_rows.get(&id).is_some_and(|row| keys.remove(&self.key_of(row)));
            if let Some(row) = context.row(&id)
                && (if self.loader.needs_facts() {
                    listed
                } else {
                    self.loader.made_by.shows(row, context.now)
                })
            {
                keys.insert(self.key_of(row));
            }
        }
        context.marks.invalidate();
        if reordered {
            let selected = self.selected_row(context).map(|row| self.key_of(row));
            self.list.reorder(keys, selected, context.list_rows());
        } else {
            self.list.replace(keys);
        }
    }
}

impl ListLoader {
    fn needs_facts(&self) -> bool {
        self.made_by.query.needs_facts()
    }
}
