//! The bounded list of past calls, the counters, and the one voice that announces.
//!
//! State and announcement change under one lock, so that a listener's fold can never differ from the engine's own
//! snapshot. The lock is held for a few pushes and never across an await.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::engine::history::compared_request::ComparedRequest;
use crate::engine::history::latencies::Latencies;
use crate::matching::Outline;
use crate::model::{
    Call, CallId, Counters, Event, Exchange, Hit, Mode, RecordingId, Request, Rows, Scrubbed, Snapshot,
    Timestamp,
};

/// How many announcements a slow listener may lag behind before it must take a fresh snapshot.
const BACKLOG: usize = 4096;
/// How much memory exchanges without a recording take that are kept for looking at, in bytes: all of it, not their bodies
/// alone.
pub(crate) const REMEMBERED: usize = 64 << 20;
/// What an exchange takes beside itself: its place in the map, and the allocations.
const PLACE: usize = 2 * size_of::<(CallId, RememberedExchange)>() + 64;

pub(crate) struct History {
    /// The mode's place in [`Mode::ALL`], also readable without the lock: every call asks for it.
    mode: AtomicUsize,
    state: Mutex<HistoryState>,
    latencies: Latencies,
    events: broadcast::Sender<Arc<Event>>,
    /// How often past calls were looked at.
    #[cfg(test)]
    pub(crate) looked_at: AtomicUsize,
}

/// A call that is done, and what it asked for.
#[derive(Clone)]
pub(crate) struct ComparedCall {
    pub(crate) call: Arc<Call>,
    pub(crate) asking: Arc<ComparedRequest>,
}

struct HistoryState {
    /// Mode, calls and counters; the rows stand in the library.
    picture: Snapshot,
    next: u64,
    /// What the calls asked for, as far as they came to be compared; as many as calls.
    asked: VecDeque<ComparedCall>,
    /// The newest call that the store knows.
    kept: CallId,
    /// By call, so that the oldest gives way first, and every call finds its own at once.
    exchanges: BTreeMap<CallId, RememberedExchange>,
    remembered: usize,
}

/// What a call without a recording asked for and got.
struct RememberedExchange {
    exchange: Arc<Exchange>,
    /// The request with its credentials, of calls that may be asked once more; nowhere but here.
    asked: Option<Request>,
    /// The recording that somebody made of it since.
    kept: Option<RecordingId>,
    /// Whether a recording answered: only what was asked for is remembered then.
    hit: bool,
    /// The memory that this takes, in bytes.
    len: usize,
}

/// What is remembered of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastCalls {
    /// How many calls.
    pub calls: u64,
    /// How many there are at most: the oldest give way.
    pub limit: u64,
    /// When the oldest of them arrived; none where there are none.
    pub since: Option<Timestamp>,
}

/// How much is kept of calls.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct HistoryExtent {
    pub(crate) calls: usize,
    pub(crate) asked: usize,
    pub(crate) exchanges: usize,
    /// Of the exchanges, in bytes.
    pub(crate) memory: usize,
}

impl History {
    pub(crate) fn new(mode: Mode) -> Self {
        let state = HistoryState {
            picture: Snapshot { mode, ..Snapshot::default() },
            next: 1,
            asked: VecDeque::new(),
            kept: CallId::default(),
            exchanges: BTreeMap::new(),
            remembered: 0,
        };
        Self {
            mode: AtomicUsize::new(place(mode)),
            state: Mutex::new(state),
            latencies: Latencies::default(),
            events: broadcast::Sender::new(BACKLOG),
            #[cfg(test)]
            looked_at: AtomicUsize::new(0),
        }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    pub(crate) fn mode(&self) -> Mode {
        Mode::ALL.get(self.mode.load(Ordering::Acquire)).copied().unwrap_or_default()
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        let mut state = self.lock();
        self.mode.store(place(mode), Ordering::Release);
        state.picture.mode = mode;
        self.send(Event::Mode(mode));
    }

    /// Changes something and announces it as one step. `change` must not block.
    pub(crate) fn announce(&self, change: impl FnOnce() -> Event) {
        let _state = self.lock();
        self.send(change());
    }

    /// The id of a call that just arrived; it counts as in flight until [`Self::put`] sees it done.
    pub(crate) fn begin(&self) -> CallId {
        let mut state = self.lock();
        let id = CallId(state.next);
        state.next += 1;
        state.picture.counters.in_flight += 1;
        id
    }

    /// Puts a call as it stands now and announces it; `usage` counts a hit, if it is one. A call that is answered at
    /// once comes here only when it is done and without an id, and gets one. `asking` is what it asks for.
    pub(crate) fn put(
        &self,
        call: Call,
        asking: Option<&Arc<ComparedRequest>>,
        usage: impl FnOnce() -> Option<Hit>,
    ) {
        if let Some(outcome) = call.outcome.filter(|_| call.done) {
            self.latencies.count(outcome, call.total.unwrap_or_default());
        }
        let mut call = Arc::new(call);
        // What gives way is let go when the lock is free again: it may be much.
        let mut oldest = None;
        let mut state = self.lock();
        if call.id == CallId::default() {
            if let Some(call) = Arc::get_mut(&mut call) {
                call.id = CallId(state.next);
            }
            state.next += 1;
        } else if call.done {
            state.picture.counters.in_flight = state.picture.counters.in_flight.saturating_sub(1);
        }
        if let Some(outcome) = call.outcome.filter(|_| call.done) {
            state.picture.counters.add(outcome);
            state.picture.counters.coalesced += u64::from(call.coalesced.is_some());
        }
        state.picture.put(&call);
        if let Some(asking) = asking.filter(|_| call.done) {
            state.asked.push_back(ComparedCall { call: Arc::clone(&call), asking: Arc::clone(asking) });
            if state.asked.len() > Snapshot::CALLS {
                oldest = state.asked.pop_front();
            }
        }
        let counters = state.picture.counters;
        let usage = usage();
        if self.events.receiver_count() > 0 {
            self.send(Event::Call { call, usage, counters });
        }
        drop(state);
        drop(oldest);
    }

    /// Keeps the exchange of a call that becomes no recording, for looking at.
    pub(crate) fn remember(&self, call: CallId, exchange: Exchange) {
        self.remember_all(call, exchange, None);
    }

    /// The same with the request as it came, credentials and all, so that it can be sent once more.
    pub(crate) fn remember_all(&self, call: CallId, exchange: Exchange, asked: Option<Request>) {
        self.keep_in_mind(call, exchange, asked, false);
    }

    /// Keeps what a hit asked for that differs from the recording that answered it.
    pub(crate) fn remember_hit(&self, call: CallId, request: Scrubbed) {
        self.keep_in_mind(call, Exchange { request, response: None }, None, true);
    }

    fn keep_in_mind(&self, call: CallId, exchange: Exchange, asked: Option<Request>, hit: bool) {
        let answer = exchange.response.as_ref().map_or(0, |response| response.log.bytes.len());
        // Not even its bodies, which would be copied.
        if exchange.request.body.len() + answer > REMEMBERED / 8 {
            return;
        }
        let (exchange, asked, taken) = exchange.kept(asked);
        let len = taken + PLACE;
        if len > REMEMBERED / 8 {
            return;
        }
        let memory = RememberedExchange { exchange: Arc::new(exchange), asked, kept: None, hit, len };
        // What gives way is let go when the lock is free again: it may be much.
        let mut gone = Vec::new();
        let mut state = self.lock();
        gone.extend(state.forget(call));
        state.exchanges.insert(call, memory);
        state.remembered += len;
        while state.remembered > REMEMBERED || state.exchanges.len() > Snapshot::CALLS {
            let Some((_, memory)) = state.exchanges.pop_first() else { break };
            state.remembered -= memory.len;
            gone.push(memory);
        }
        drop(state);
        drop(gone);
    }

    /// Lets go of the exchange of a call that became a recording.
    pub(crate) fn forget(&self, id: CallId) {
        self.lock().forget(id);
    }

    pub(crate) fn exchange(&self, id: CallId) -> Option<Arc<Exchange>> {
        self.memory(id).map(|(exchange, _)| exchange)
    }

    /// What a call asked for and got, and its request as it came, where that is kept.
    pub(crate) fn memory(&self, id: CallId) -> Option<(Arc<Exchange>, Option<Request>)> {
        let state = self.lock();
        let memory = state.exchanges.get(&id).filter(|memory| !memory.hit)?;
        Some((Arc::clone(&memory.exchange), memory.asked.clone()))
    }

    /// What a hit asked for. Calls that are the same byte for byte share it: only the first of them was read.
    pub(crate) fn asked_for(&self, id: CallId) -> Option<Scrubbed> {
        let state = self.lock();
        let asking = state.asked.iter().rfind(|known| known.call.id == id).map(|known| &known.asking);
        let same = |known: &&ComparedCall| asking.is_some_and(|asking| Arc::ptr_eq(asking, &known.asking));
        let mut ids: HashSet<CallId> = state.asked.iter().filter(same).map(|known| known.call.id).collect();
        ids.insert(id);
        let known = state.exchanges.iter().rfind(|(call, memory)| memory.hit && ids.contains(call));
        known.map(|(_, memory)| memory.exchange.request.clone())
    }

    /// Notes which recording was made of a call after the fact.
    pub(crate) fn keep(&self, id: CallId, recording: &RecordingId) {
        let mut state = self.lock();
        if let Some(memory) = state.exchanges.get_mut(&id) {
            memory.kept = Some(recording.clone());
        }
    }

    /// The recording that was made of a call after the fact.
    pub(crate) fn kept(&self, id: CallId) -> Option<RecordingId> {
        self.lock().exchanges.get(&id)?.kept.clone()
    }

    pub(crate) fn call(&self, id: CallId) -> Option<Arc<Call>> {
        let state = self.lock();
        state.picture.calls.iter().rev().find(|call| call.id == id).map(Arc::clone)
    }

    /// The calls of an endpoint that are done, and what they asked for.
    pub(crate) fn past(&self, method: &str, endpoint: &str) -> Vec<ComparedCall> {
        #[cfg(test)]
        self.looked_at.fetch_add(1, Ordering::Relaxed);
        let here = |known: &&ComparedCall| *known.call.method == *method && *known.call.endpoint == *endpoint;
        self.lock().asked.iter().filter(here).cloned().collect()
    }

    /// Methods and endpoints of the calls.
    pub(crate) fn places(&self) -> BTreeSet<(Arc<str>, Arc<str>)> {
        let state = self.lock();
        let place = |call: &Arc<Call>| (Arc::clone(&call.method), Arc::clone(&call.endpoint));
        state.picture.calls.iter().map(place).collect()
    }

    /// The calls that ended since this was last asked, and what they asked for; at most as many as are listed.
    pub(crate) fn unkept(&self) -> Vec<(Arc<Call>, Option<Arc<ComparedRequest>>)> {
        let mut state = self.lock();
        let since = state.kept;
        let asked: HashMap<CallId, &Arc<ComparedRequest>> =
            state.asked.iter().map(|known| (known.call.id, &known.asking)).collect();
        let new = state.picture.calls.iter().filter(|call| call.id > since && call.done);
        let new: Vec<_> = new.map(|call| (Arc::clone(call), asked.get(&call.id).copied().cloned())).collect();
        // One that is still under way is asked for again, with all behind it.
        let open = state.picture.calls.iter().filter(|call| !call.done).map(|call| CallId(call.id.0 - 1));
        let newest = state.picture.calls.iter().map(|call| call.id).max().unwrap_or_default();
        state.kept = open.min().unwrap_or(newest).max(since);
        new
    }

    /// Puts the calls of earlier runs before those of this one, the oldest first.
    pub(crate) fn recall(&self, calls: Vec<(Call, Option<Outline>)>) {
        let mut state = self.lock();
        if !state.picture.calls.is_empty() {
            return;
        }
        for (call, outline) in calls {
            state.next = state.next.max(call.id.0 + 1);
            state.kept = state.kept.max(call.id);
            let call = Arc::new(call);
            state.picture.put(&call);
            state.asked.extend(
                outline
                    .map(|outline| ComparedCall { call, asking: Arc::new(ComparedRequest::known(outline)) }),
            );
        }
    }

    /// Rewrites the texts of all calls, and forgets what those without a recording asked for and got.
    pub(crate) fn rewrite(&self, rewritten: impl Fn(&Call) -> Call) {
        let mut state = self.lock();
        let state = &mut *state;
        let calls: Vec<_> = state.picture.calls.iter().map(|call| Arc::new(rewritten(call))).collect();
        let known: HashMap<_, _> = calls.iter().map(|call| (call.id, call)).collect();
        for remembered in &mut state.asked {
            let same = known.get(&remembered.call.id).map(|call| Arc::clone(call));
            remembered.call = same.unwrap_or_else(|| Arc::new(rewritten(&remembered.call)));
        }
        for (nth, call) in calls.into_iter().enumerate() {
            state.picture.calls[nth] = call;
        }
        state.exchanges.clear();
        state.remembered = 0;
    }

    pub(crate) fn counters(&self) -> Counters {
        self.lock().picture.counters
    }

    pub(crate) fn latencies(&self) -> &Latencies {
        &self.latencies
    }

    pub(crate) fn calls(&self) -> VecDeque<Arc<Call>> {
        self.lock().picture.calls.clone()
    }

    /// How many calls are remembered, and since when.
    pub(crate) fn extent(&self) -> PastCalls {
        let calls = &self.lock().picture.calls;
        let since = calls.front().map(|call| call.at);
        PastCalls { calls: calls.len() as u64, limit: Snapshot::CALLS as u64, since }
    }

    pub(crate) fn count_partial(&self) {
        self.lock().picture.counters.partial += 1;
    }

    /// Mode, calls and counters; `rows` is asked under the same lock.
    pub(crate) fn snapshot(&self, rows: impl FnOnce() -> Rows) -> Snapshot {
        let state = self.lock();
        Snapshot { rows: rows(), ..state.picture.clone() }
    }

    /// How much is kept.
    #[cfg(test)]
    pub(crate) fn held(&self) -> HistoryExtent {
        let state = self.lock();
        let (calls, asked) = (state.picture.calls.len(), state.asked.len());
        HistoryExtent { calls, asked, exchanges: state.exchanges.len(), memory: state.remembered }
    }

    fn lock(&self) -> MutexGuard<'_, HistoryState> {
        self.state.lock()
    }

    fn send(&self, event: Event) {
        // Nobody listening is fine.
        self.events.send(Arc::new(event)).ok();
    }
}

fn place(mode: Mode) -> usize {
    Mode::ALL.iter().position(|known| *known == mode).unwrap_or_default()
}

impl HistoryState {
    fn forget(&mut self, id: CallId) -> Option<RememberedExchange> {
        let memory = self.exchanges.remove(&id)?;
        self.remembered -= memory.len;
        Some(memory)
    }
}
