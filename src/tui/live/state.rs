//! The state of the Live tab.

use std::collections::VecDeque;

use super::causes::MissCauses;
use super::stats::LiveStats;
use crate::model::{Call, CallId, Outcome, RecordingId, Snapshot, Timestamp};
use crate::query::{Query, QueryKind, Subject};
use crate::tui::contract::context::Context;
use crate::tui::listing::filter::Filter;
use crate::tui::listing::list::List;
use crate::tui::protocol::query::RemoteQuery;

/// Seconds whose calls are counted.
const SECONDS: usize = 60;
/// The shortest time between two queries for totals of the store, in milliseconds.
const STATS_EVERY: u64 = 10_000;

/// The part of an explanation that is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExplanationCursor {
    /// The call that the newest explanation was asked for.
    pub call: Option<CallId>,
    /// The index of the near recording that is shown.
    pub near: usize,
    /// True if recordings changed since it was asked for.
    pub stale: bool,
}

/// The state of the Live tab.
#[derive(Debug)]
pub struct LiveTab {
    /// The calls that pass the filter.
    pub list: List<CallId>,
    /// The misses among them by cause.
    pub causes: MissCauses,
    /// Latencies, misses and upstreams.
    pub stats: LiveStats,
    /// Calls in each of the last seconds, the current one last.
    pub rates: VecDeque<u64>,
    /// Calls up to this one were cleared from the list.
    pub cleared: CallId,
    /// A call to select as soon as it is known.
    pub awaited: Option<CallId>,
    /// The part of the selected call's explanation that is shown.
    pub explanation: ExplanationCursor,
    /// The filter before a jump put another in its place.
    pub saved_filter: Option<Filter>,
    /// The time of the last query for totals, and the number of hits and recordings then.
    stats_asked_at: Option<(Timestamp, (u64, usize))>,
}

impl Default for LiveTab {
    fn default() -> Self {
        Self {
            list: List::new(true).filtered(Filter::of(QueryKind::Calls)),
            causes: MissCauses::default(),
            stats: LiveStats::default(),
            rates: VecDeque::from(vec![0]),
            cleared: CallId::default(),
            awaited: None,
            explanation: ExplanationCursor::default(),
            saved_filter: None,
            stats_asked_at: None,
        }
    }
}

impl LiveTab {
    /// The selected call; of misses by cause the newest one.
    #[must_use]
    pub fn selected_call<'a>(&self, context: &'a Context) -> Option<&'a Call> {
        let id = if self.causes.shown { self.causes.selected() } else { self.list.selected().copied() };
        context.call(id?)
    }

    /// Starts over from a world as it stands; `before` is the newest call of the one before.
    pub fn take_snapshot(&mut self, before: Option<CallId>, context: &Context) {
        let newest = context.world.calls.back().map(|call| call.id.0);
        if let (Some(before), Some(now)) = (before, newest) {
            self.count(now.saturating_sub(before.0));
        }
        let lost = self.stats.lost;
        self.stats = LiveStats::of(context.world.calls.iter().map(AsRef::as_ref));
        self.stats.lost = lost;
        self.explanation.stale = true;
        self.list_calls(context);
    }

    /// Counts a call that ended in the statistics, unless it was known as such in the world before the event.
    pub fn count_ended(&mut self, call: &Call, before: &Snapshot) {
        let at = before.calls.binary_search_by_key(&call.id, |call| call.id);
        let known = at.ok().and_then(|at| before.calls.get(at)).is_some_and(|known| known.done);
        if call.done && !known {
            self.stats.take(call);
        }
    }

    /// Takes in a call that is new or changed; `newest` is the newest one before it.
    pub fn call_changed(&mut self, call: &Call, newest: Option<CallId>, context: &Context) {
        // Ids are consecutive: so calls count of which nothing was heard.
        self.count(newest.map_or(1, |newest| call.id.0.saturating_sub(newest.0)));
        let oldest = context.world.calls.front().map(|call| call.id);
        if let Some(oldest) = oldest {
            self.list.drop_before(&oldest);
            self.causes.drop_before(oldest);
        }
        let listed = Some(call.id) >= oldest && call.id > self.cleared;
        let shown = listed && self.list.filter.query().shows(Subject::Call(call), context.now);
        self.list.put(&call.id, shown);
        if shown {
            self.causes.put(call);
        }
    }

    /// Lists all calls that pass the filter.
    pub fn list_calls(&mut self, context: &Context) {
        let query = self.list.filter.query();
        let calls = context.world.calls.iter().filter(|call| call.id > self.cleared);
        let calls = calls.filter(|call| query.shows(Subject::Call(call), context.now));
        let keys = calls.clone().map(|call| call.id).collect();
        self.causes.replace(calls.map(AsRef::as_ref));
        self.list.replace(keys);
    }

    /// Lists the calls anew if the filter's query is another one.
    pub fn list_calls_unless(&mut self, before: &Query, context: &Context) {
        if *before != *self.list.filter.query() {
            self.list_calls(context);
        }
    }

    /// Hides all calls so far; those under way, and what came after them, stay. Gives how many are hidden.
    pub fn clear_calls(&mut self, context: &Context) -> Option<usize> {
        let calls = &context.world.calls;
        let flying = calls.iter().find(|call| !call.done).map(|call| CallId(call.id.0.saturating_sub(1)));
        self.cleared = flying.or(calls.back().map(|call| call.id))?;
        let before = self.list.keys().len();
        self.list_calls(context);
        self.list.follow();
        Some(before.saturating_sub(self.list.keys().len()))
    }

    /// True if a call in the list was answered by this recording.
    #[must_use]
    pub fn answered_by(&self, id: &RecordingId, context: &Context) -> bool {
        let mut listed = context.world.calls.iter().filter(|call| call.id > self.cleared);
        listed.any(|call| call.recording.as_ref() == Some(id))
    }

    /// Lists the calls that a recording answered, the newest selected; the filter that was there is kept.
    pub fn show_calls_of(&mut self, id: &RecordingId, context: &Context) {
        self.saved_filter.get_or_insert_with(|| self.list.filter.clone());
        self.list.filter.set(format!("id:{id}"));
        self.causes.shown = false;
        self.list_calls(context);
        self.list.follow();
    }

    /// Puts the filter back that a jump replaced.
    pub fn restore_filter(&mut self, context: &Context) {
        if let Some(filter) = self.saved_filter.take() {
            self.list.filter = filter;
            self.list_calls(context);
        }
    }

    /// Selects a call and stops following; a filter that hides it is turned off.
    pub fn show_call(&mut self, id: CallId, context: &Context) {
        let rows = context.list_rows();
        // What was asked for must not be replaced by the next call.
        self.list.pause(rows);
        if !self.list.select(&id, rows) && !self.list.filter.text().is_empty() {
            self.list.filter.toggle();
            self.list_calls(context);
            self.list.select(&id, rows);
        }
    }

    /// A second went by. True where something looks different.
    pub fn tick(&mut self, now: Timestamp) -> bool {
        let busy = self.rates.iter().any(|calls| *calls > 0);
        self.rates.push_back(0);
        while self.rates.len() > SECONDS {
            self.rates.pop_front();
        }
        self.stats.age(now) || busy
    }

    /// The query for totals of the store, where there was something to count since the last one.
    pub fn stats_query(&mut self, context: &Context) -> Option<RemoteQuery> {
        let counts = (context.world.counters.of(Outcome::Replay), context.world.rows.len());
        let due = self
            .stats_asked_at
            .is_none_or(|(at, before)| before != counts && context.now.since(at) >= STATS_EVERY);
        if !due {
            return None;
        }
        self.stats_asked_at = Some((context.now, counts));
        Some(RemoteQuery::Stats)
    }

    fn count(&mut self, calls: u64) {
        if let Some(second) = self.rates.back_mut() {
            *second += calls;
        }
    }
}
