//! The bounded list of past calls, the counters, and the one voice that announces.
//!
//! State and announcement change under one lock, so that a listener's fold can never differ from the engine's own
//! snapshot. The lock is held for a few pushes and never across an await.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::engine::history::compared_request::ComparedRequest;
use crate::engine::history::exchanges::RememberedExchanges;
use crate::engine::history::latencies::Latencies;
use crate::engine::history::model_calls::{ModelCallCounts, ModelCalls};
use crate::matching::Outline;
use crate::model::{Call, CallId, Counters, Event, Hit, Mode, Rows, Scrubbed, Snapshot, Timestamp};

/// The number of announcements that a slow listener may lag behind before it must take a fresh snapshot.
const BACKLOG: usize = 4096;

/// The past calls of this process, and the announcements of everything that changes.
pub(crate) struct History {
    state: Mutex<CallList>,
    events: broadcast::Sender<Arc<Event>>,
    pub(crate) exchanges: RememberedExchanges,
    pub(crate) latencies: Latencies,
    /// The number of times that past calls were looked at.
    #[cfg(test)]
    pub(crate) looked_at: AtomicUsize,
}

/// A finished call with its request.
#[derive(Clone)]
pub(crate) struct ComparedCall {
    pub(crate) call: Arc<Call>,
    pub(crate) request: Arc<ComparedRequest>,
}

struct CallList {
    /// The newest calls, oldest first.
    calls: VecDeque<Arc<Call>>,
    counters: Counters,
    models: ModelCallCounts,
    /// The id of the next call.
    next: u64,
    /// The requests of finished calls, as far as they came to be compared; as many as calls.
    compared: VecDeque<ComparedCall>,
    /// The newest call that is written down in the store.
    written: CallId,
}

/// The extent of the call history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PastCalls {
    /// The number of calls.
    pub calls: u64,
    /// The most calls that are remembered: the oldest give way.
    pub limit: u64,
    /// The time at which the oldest of them arrived; `None` where there are none.
    pub since: Option<Timestamp>,
}

impl Default for History {
    fn default() -> Self {
        let state = CallList {
            calls: VecDeque::new(),
            counters: Counters::default(),
            models: ModelCallCounts::default(),
            next: 1,
            compared: VecDeque::new(),
            written: CallId::default(),
        };
        Self {
            state: Mutex::new(state),
            events: broadcast::Sender::new(BACKLOG),
            exchanges: RememberedExchanges::default(),
            latencies: Latencies::default(),
            #[cfg(test)]
            looked_at: AtomicUsize::new(0),
        }
    }
}

impl History {
    /// Announcements from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    /// Changes something and announces it as one step. `change` must not block.
    pub(crate) fn announce(&self, change: impl FnOnce() -> Event) {
        let _state = self.state.lock();
        self.send(change());
    }

    /// The id of a call that just arrived; it counts as in flight until [`Self::put`] sees it done.
    pub(crate) fn begin(&self) -> CallId {
        let mut state = self.state.lock();
        state.counters.in_flight += 1;
        state.next_id()
    }

    /// Puts a call as it stands now and announces it; `usage` counts a hit, if it is one. A call that is answered at once
    /// comes here only when it is done and without an id, and gets one. `request` is what it is compared by.
    pub(crate) fn put(
        &self,
        mut call: Call,
        request: Option<&Arc<ComparedRequest>>,
        usage: impl FnOnce() -> Option<Hit>,
    ) {
        if let Some(outcome) = call.outcome.filter(|_| call.done) {
            self.latencies.count(outcome, call.total.unwrap_or_default());
        }
        // What gives way is let go when the lock is free again: it may be much.
        let mut oldest = None;
        let mut state = self.state.lock();
        if call.id == CallId::default() {
            call.id = state.next_id();
        } else if call.done {
            state.counters.in_flight = state.counters.in_flight.saturating_sub(1);
        }
        let call = Arc::new(call);
        if let Some(outcome) = call.outcome.filter(|_| call.done) {
            state.counters.add(outcome);
            state.models.count(&call, outcome);
            state.counters.coalesced += u64::from(call.coalesced.is_some());
        }
        Snapshot::put(&mut state.calls, &call);
        if let Some(request) = request.filter(|_| call.done) {
            state.compared.push_back(ComparedCall { call: Arc::clone(&call), request: Arc::clone(request) });
            if state.compared.len() > Snapshot::CALLS {
                oldest = state.compared.pop_front();
            }
        }
        let counters = state.counters;
        let usage = usage();
        if self.events.receiver_count() > 0 {
            self.send(Event::Call { call, usage, counters });
        }
        drop(state);
        drop(oldest);
    }

    /// The request of a hit, where it differs from the recording that answered. Calls that are the same byte for byte share
    /// it: only the first of them was read.
    pub(crate) fn request_of_hit(&self, id: CallId) -> Option<Scrubbed> {
        let mut ids = HashSet::from([id]);
        {
            let state = self.state.lock();
            let own = state.compared.iter().rfind(|known| known.call.id == id);
            let same =
                |known: &&ComparedCall| own.is_some_and(|own| Arc::ptr_eq(&own.request, &known.request));
            ids.extend(state.compared.iter().filter(same).map(|known| known.call.id));
        }
        self.exchanges.request_of_hit(&ids)
    }

    pub(crate) fn call(&self, id: CallId) -> Option<Arc<Call>> {
        self.state.lock().calls.iter().rev().find(|call| call.id == id).map(Arc::clone)
    }

    /// The finished calls of an endpoint, with their requests.
    pub(crate) fn past(&self, method: &str, endpoint: &str) -> Vec<ComparedCall> {
        #[cfg(test)]
        self.looked_at.fetch_add(1, Ordering::Relaxed);
        let here = |known: &&ComparedCall| *known.call.method == *method && *known.call.endpoint == *endpoint;
        self.state.lock().compared.iter().filter(here).cloned().collect()
    }

    /// Methods and endpoints of the calls.
    pub(crate) fn places(&self) -> BTreeSet<(Arc<str>, Arc<str>)> {
        let place = |call: &Arc<Call>| (Arc::clone(&call.method), Arc::clone(&call.endpoint));
        self.state.lock().calls.iter().map(place).collect()
    }

    /// Finished calls since the last time, with their requests; advances the mark, but not past a call that is still under
    /// way, so some come twice. At most as many as are listed.
    pub(crate) fn take_unwritten(&self) -> Vec<(Arc<Call>, Option<Arc<ComparedRequest>>)> {
        let mut state = self.state.lock();
        let since = state.written;
        let requests: HashMap<CallId, &Arc<ComparedRequest>> =
            state.compared.iter().map(|known| (known.call.id, &known.request)).collect();
        let new = state.calls.iter().filter(|call| call.id > since && call.done);
        let new: Vec<_> =
            new.map(|call| (Arc::clone(call), requests.get(&call.id).copied().cloned())).collect();
        let open = state.calls.iter().filter(|call| !call.done).map(|call| CallId(call.id.0 - 1));
        let newest = state.calls.iter().map(|call| call.id).max().unwrap_or_default();
        state.written = open.min().unwrap_or(newest).max(since);
        new
    }

    /// Puts the calls of earlier runs before those of this one, the oldest first. Nothing happens once there are any.
    pub(crate) fn restore(&self, calls: Vec<(Call, Option<Outline>)>) {
        let mut state = self.state.lock();
        if !state.calls.is_empty() {
            return;
        }
        for (call, outline) in calls {
            state.next = state.next.max(call.id.0 + 1);
            state.written = state.written.max(call.id);
            let call = Arc::new(call);
            Snapshot::put(&mut state.calls, &call);
            let request = outline.map(|outline| Arc::new(ComparedRequest::of_outline(outline)));
            state.compared.extend(request.map(|request| ComparedCall { call, request }));
        }
    }

    /// Rewrites the texts of all calls, and forgets the exchanges of those without a recording.
    pub(crate) fn rewrite(&self, rewritten: impl Fn(&Call) -> Call) {
        {
            let mut state = self.state.lock();
            let state = &mut *state;
            for call in &mut state.calls {
                *call = Arc::new(rewritten(call));
            }
            let known: HashMap<_, _> = state.calls.iter().map(|call| (call.id, call)).collect();
            for compared in &mut state.compared {
                let same = known.get(&compared.call.id).map(|call| Arc::clone(call));
                compared.call = same.unwrap_or_else(|| Arc::new(rewritten(&compared.call)));
            }
        }
        self.exchanges.clear();
    }

    pub(crate) fn counters(&self) -> Counters {
        self.state.lock().counters
    }

    pub(crate) fn model_calls(&self) -> Vec<ModelCalls> {
        self.state.lock().models.all()
    }

    pub(crate) fn calls(&self) -> VecDeque<Arc<Call>> {
        self.state.lock().calls.clone()
    }

    /// The extent of the list: number, bound and age.
    pub(crate) fn extent(&self) -> PastCalls {
        let calls = &self.state.lock().calls;
        let since = calls.front().map(|call| call.at);
        PastCalls { calls: calls.len() as u64, limit: Snapshot::CALLS as u64, since }
    }

    pub(crate) fn count_partial(&self) {
        self.state.lock().counters.partial += 1;
    }

    /// Mode, rows, calls and counters at one moment: mode and rows are asked under the same lock.
    pub(crate) fn snapshot(&self, rest: impl FnOnce() -> (Mode, Rows)) -> Snapshot {
        let state = self.state.lock();
        let (mode, rows) = rest();
        Snapshot { mode, rows, calls: state.calls.clone(), counters: state.counters }
    }

    /// The number of calls, and of those with their requests.
    #[cfg(test)]
    pub(crate) fn held(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.calls.len(), state.compared.len())
    }

    fn send(&self, event: Event) {
        // Nobody listening is fine.
        self.events.send(Arc::new(event)).ok();
    }
}

impl CallList {
    fn next_id(&mut self) -> CallId {
        let id = CallId(self.next);
        self.next += 1;
        id
    }
}
