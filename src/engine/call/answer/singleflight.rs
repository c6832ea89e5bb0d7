//! Singleflight: one upstream call that answers many identical calls.
//!
//! The answer is kept as a list of shared pieces. A task that belongs to no client fills it; every client, the first
//! included, reads it from the start at its own pace. So a client that leaves harms nobody, and one that comes late
//! misses nothing.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use parking_lot::{Mutex, MutexGuard};

use crate::engine::budget::Hold;
use crate::engine::call::answer::call_guard::CallGuard;
use crate::engine::call::answer::tee::MAX_BODY;
use crate::engine::clock::micros;
use crate::model::{Call, CallId, CallScope, Fingerprint, Hash, RecordingId};
use crate::upstream::UpstreamError;

/// The bytes that the upstream may be read ahead of the fastest client.
const AHEAD: u64 = 16 << 20;
/// The bytes of an answer that are kept without being counted.
const NEAR: usize = 64 << 10;

/// All that must be equal for one upstream call to answer two calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SharedCallKey {
    pub(crate) mount: String,
    /// The fingerprint of all fields.
    pub(crate) all: Fingerprint,
    /// The fingerprint of what is significant under the strategy that the recording gets.
    pub(crate) significant: Fingerprint,
    pub(crate) scope: CallScope,
    /// The proxy's URL for links; `None` leaves them as they are.
    pub(crate) base: Option<Arc<str>>,
    /// A hash of who sends the call.
    pub(crate) sender: Hash,
}

/// The shared calls that can be joined.
#[derive(Default)]
pub(crate) struct Singleflight {
    under_way: Mutex<HashMap<SharedCallKey, Arc<SharedCall>>>,
}

/// One upstream call.
pub(crate) struct SharedCall {
    leader: CallId,
    state: Mutex<SharedBody>,
}

#[derive(Default)]
struct SharedBody {
    head: Option<Head>,
    pieces: VecDeque<Bytes>,
    /// The bytes of these pieces.
    kept: usize,
    /// The memory that these take.
    held: Option<Hold>,
    /// No memory is left for more pieces.
    full: bool,
    /// The number of pieces that stood before these and were let go, because everyone had them.
    dropped: usize,
    len: u64,
    /// The bytes that the fastest client took.
    taken: u64,
    /// The end of the body, or why the upstream cut it; `None` while more may come.
    end: Option<Result<(), String>>,
    /// No call may join any more.
    closed: bool,
    readers: HashMap<u64, ReaderPlace>,
    next: u64,
    /// The task that fills it, where it waits.
    source: Option<Waker>,
    /// Calls that ended before it was known what became of the leading one, which is what becomes of them.
    waiting: Vec<CallGuard>,
    verdict: Option<Call>,
}

#[derive(Default)]
struct ReaderPlace {
    /// The next piece.
    at: usize,
    /// The reader was left behind: there was no memory for what it had not read yet.
    left: bool,
    waker: Option<Waker>,
}

/// The beginning of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body's length, where it is known.
    pub(crate) declared: Option<u64>,
    pub(crate) recording: Option<RecordingId>,
}

/// A call's part in a shared call.
pub(crate) enum Joined {
    /// The leading call: whoever holds it must see that the shared call is filled and taken off the list.
    Leader(Arc<SharedCall>, SharedReader),
    /// A call that takes part.
    Follower(SharedReader),
}

/// One client's way through the answer.
pub struct SharedReader {
    flight: Arc<SharedCall>,
    number: u64,
    sent: u64,
    declared: Option<u64>,
    /// The call, unless it leads.
    guard: Option<CallGuard>,
}

impl Singleflight {
    /// A part in the shared call of this key, or the lead of a new one, whose answer is kept in `held`. `None` when there is no
    /// such call and `current` says that the index changed since this one looked: what it missed may be there now.
    pub(crate) fn join(
        &self,
        key: &SharedCallKey,
        call: CallId,
        held: Hold,
        current: impl FnOnce() -> bool,
    ) -> Option<Joined> {
        let mut flights = self.lock();
        if let Some(reader) = flights.get(key).and_then(SharedCall::reader) {
            return Some(Joined::Follower(reader));
        }
        if !current() {
            return None;
        }
        let state = SharedBody { held: Some(held), ..SharedBody::default() };
        let flight = Arc::new(SharedCall { leader: call, state: Mutex::new(state) });
        flights.insert(key.clone(), Arc::clone(&flight));
        let reader = SharedCall::reader(&flight)?;
        Some(Joined::Leader(flight, reader))
    }

    /// Takes a shared call off the list: what it recorded is in the index by now, or nothing will be.
    pub(crate) fn landed(&self, key: &SharedCallKey, flight: &Arc<SharedCall>) {
        let mut flights = self.lock();
        if flights.get(key).is_some_and(|known| Arc::ptr_eq(known, flight)) {
            flights.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SharedCallKey, Arc<SharedCall>>> {
        self.under_way.lock()
    }
}

// === impl SharedCall: the side of the task ===

impl SharedCall {
    /// The answer begins.
    pub(crate) fn begin(&self, head: Head) {
        self.change(|state| state.head = Some(head));
    }

    /// A piece arrived. What is too long to be recorded, or for the memory, is not kept for clients to come; where there is no
    /// memory either for what some have read and others have not, the slowest are left behind.
    pub(crate) fn push(&self, piece: Bytes) {
        self.change(|state| {
            state.len += piece.len() as u64;
            state.kept += piece.len();
            state.pieces.push_back(piece);
            state.closed |= state.len > MAX_BODY || !state.fits();
            state.shed();
            while !state.fits() && state.leave_slowest() {
                state.shed();
            }
            state.full = !state.fits();
        });
    }

    /// The body ended; only the first end counts.
    pub(crate) fn end(&self, end: Result<(), String>) {
        self.change(|state| _ = state.end.get_or_insert(end));
    }

    /// Waits until the upstream may be read on: as fast as the fastest client reads, or freely when there is none.
    pub(crate) async fn room(&self) {
        self.until(|state| {
            let ahead = if state.full { 0 } else { AHEAD };
            state.readers.is_empty() || state.len - state.taken <= ahead
        })
        .await;
    }

    /// Waits until there was no client for as long as `patience`; from then on nobody can join.
    pub(crate) async fn abandoned(&self, patience: Duration) {
        loop {
            self.until(|state| state.readers.is_empty()).await;
            let back = self.until(|state| !state.readers.is_empty());
            if tokio::time::timeout(patience, back).await.is_err() {
                let mut state = self.lock();
                if state.readers.is_empty() {
                    state.closed = true;
                    return;
                }
            }
        }
    }

    /// Tells all followers what became of the leading call.
    pub(crate) fn settle(&self, leading: &Call) {
        let mut state = self.lock();
        let waiting = std::mem::take(&mut state.waiting);
        state.verdict = Some(leading.clone());
        drop(state);
        for guard in waiting {
            follow(guard, leading);
        }
    }

    async fn until(&self, holds: impl Fn(&SharedBody) -> bool) {
        poll_fn(|cx| {
            let mut state = self.lock();
            if holds(&state) {
                return Poll::Ready(());
            }
            state.source = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Changes the state and wakes all clients, outside the lock.
    fn change(&self, change: impl FnOnce(&mut SharedBody)) {
        let mut state = self.lock();
        change(&mut state);
        let wakers: Vec<_> = state.readers.values_mut().filter_map(|place| place.waker.take()).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, SharedBody> {
        self.state.lock()
    }

    fn reader(self: &Arc<Self>) -> Option<SharedReader> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.readers.insert(number, ReaderPlace::default());
        let source = state.source.take();
        drop(state);
        wake(source);
        Some(SharedReader { flight: Arc::clone(self), number, sent: 0, declared: None, guard: None })
    }
}

/// Ends a call like the one that led it.
fn follow(mut guard: CallGuard, leading: &Call) {
    let call = guard.call();
    call.recording.clone_from(&leading.recording);
    call.reason = call.reason.take().or_else(|| leading.reason.clone());
    call.code = call.code.take().or_else(|| leading.code.clone());
    let outcome = leading.outcome.unwrap_or(crate::model::Outcome::Error);
    guard.done(outcome);
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

// === impl SharedReader: the side of a client ===

impl SharedReader {
    /// The call that takes part without leading.
    pub(crate) fn of(mut self, mut guard: CallGuard) -> Self {
        guard.call().outcome = Some(crate::model::Outcome::Record);
        guard.call().coalesced = Some(self.flight.leader);
        guard.progress();
        self.guard = Some(guard);
        self
    }

    /// Waits for the beginning of the answer; `None` when there will be no answer.
    pub(crate) async fn head(&mut self) -> Option<Head> {
        let head = poll_fn(|cx| {
            let mut state = self.flight.lock();
            if state.head.is_some() || state.end.is_some() {
                return Poll::Ready(state.head.clone());
            }
            state.wait(self.number, cx);
            Poll::Pending
        })
        .await?;
        self.declared = head.declared;
        if let Some(guard) = &mut self.guard {
            let first = micros(guard.elapsed());
            let call = guard.call();
            (call.status, call.first_byte) = (Some(head.status), Some(first));
            call.recording.clone_from(&head.recording);
        }
        Some(head)
    }

    pub(crate) fn declared_len(&self) -> Option<u64> {
        self.declared
    }

    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        let mut state = self.flight.lock();
        if state.readers.get(&self.number).is_some_and(|place| place.left) {
            drop(state);
            let reason = "this client read too slowly: there was no memory for what it had not read yet";
            self.leave(false);
            return Poll::Ready(Some(Err(UpstreamError::Cut(reason.into()))));
        }
        let Some(piece) = state.piece(self.number) else {
            let Some(end) = state.end.clone() else {
                state.wait(self.number, cx);
                return Poll::Pending;
            };
            drop(state);
            self.leave(true);
            return Poll::Ready(end.err().map(|reason| Err(UpstreamError::Cut(reason))));
        };
        self.sent += piece.len() as u64;
        state.taken = state.taken.max(self.sent);
        let source = state.source.take();
        drop(state);
        wake(source);
        if self.declared == Some(self.sent) {
            // The server stops asking when it has sent that much.
            self.leave(true);
        }
        Poll::Ready(Some(Ok(piece)))
    }

    /// Ends the call, or lets it wait for what becomes of the one that leads it.
    fn leave(&mut self, whole: bool) {
        let Some(mut guard) = self.guard.take() else { return };
        let total = micros(guard.elapsed());
        let call = guard.call();
        (call.response_len, call.total) = (self.sent, Some(total));
        if !whole {
            call.reason = Some("the client left before the answer was complete".into());
        }
        let mut state = self.flight.lock();
        match state.verdict.clone() {
            Some(leading) => {
                drop(state);
                follow(guard, &leading);
            }
            None => state.waiting.push(guard),
        }
    }
}

impl Drop for SharedReader {
    fn drop(&mut self) {
        let mut state = self.flight.lock();
        let place = state.readers.remove(&self.number).unwrap_or_default();
        let all = state.end.is_some() && place.at == state.dropped + state.pieces.len();
        state.shed();
        let source = state.source.take();
        drop(state);
        wake(source);
        // A body without bytes is never asked for.
        self.leave(all || self.declared == Some(self.sent));
    }
}

impl SharedBody {
    fn wait(&mut self, reader: u64, cx: &Context<'_>) {
        if let Some(place) = self.readers.get_mut(&reader) {
            place.waker = Some(cx.waker().clone());
        }
    }

    fn piece(&mut self, reader: u64) -> Option<Bytes> {
        let place = self.readers.get_mut(&reader)?;
        let piece = self.pieces.get(place.at.checked_sub(self.dropped)?)?.clone();
        place.at += 1;
        self.shed();
        Some(piece)
    }

    /// Lets go of pieces that everyone has, where nobody can come who has not.
    fn shed(&mut self) {
        if !self.closed {
            return;
        }
        let slowest = self.readers.values().filter(|place| !place.left).map(|place| place.at).min();
        let read = slowest.unwrap_or(self.dropped + self.pieces.len()) - self.dropped;
        let shed = self.pieces.drain(..read.min(self.pieces.len()));
        self.kept -= shed.map(|piece| piece.len()).sum::<usize>();
        self.dropped += read;
    }

    /// True if there is memory for the pieces; the fastest client is always so far behind.
    fn fits(&mut self) -> bool {
        self.kept <= NEAR || self.held.as_mut().is_none_or(|held| held.cover(self.kept))
    }

    /// Leaves those behind that have read least, unless all have read as much. False where there is nobody to be left.
    fn leave_slowest(&mut self) -> bool {
        let going = || self.readers.values().filter(|place| !place.left).map(|place| place.at);
        let (Some(slowest), Some(fastest)) = (going().min(), going().max()) else { return false };
        if slowest == fastest {
            return false;
        }
        for place in self.readers.values_mut().filter(|place| place.at == slowest) {
            place.left = true;
        }
        true
    }
}

#[cfg(test)]
mod tests;
