//! Exchanges of calls without a recording, for looking at and for making recordings of them later. Bounded in bytes and
//! in number, and in memory only: a restart forgets them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::model::{CallId, Exchange, RecordingId, Request, Scrubbed, Snapshot};

/// The memory that all of them take, in bytes: all of each, not its bodies alone.
pub(crate) const REMEMBERED: usize = 64 << 20;
/// The bytes that an exchange takes beside itself: its place in the map, and the allocations.
const PLACE: usize = 2 * size_of::<(CallId, RememberedExchange)>() + 64;

/// The exchanges of the newest calls without a recording.
#[derive(Default)]
pub(crate) struct RememberedExchanges(Mutex<ExchangeMap>);

#[derive(Default)]
struct ExchangeMap {
    /// The exchanges by call, so that the oldest gives way first, and every call finds its own at once.
    by_call: BTreeMap<CallId, RememberedExchange>,
    /// The memory that they take, in bytes.
    taken: usize,
}

struct RememberedExchange {
    exchange: Arc<Mutex<LateExchange>>,
    /// The request with its credentials, of a call that may be sent once more; nowhere but here.
    repeatable_request: Option<Request>,
    /// The recording that somebody made of it since.
    recording: Option<RecordingId>,
    /// True if a recording answered: only the request is remembered then.
    hit: bool,
    /// The memory that this takes, in bytes.
    len: usize,
}

/// An exchange, or how to make it.
enum LateExchange {
    /// `None` where nobody can say what it holds.
    Made(Option<Arc<Exchange>>),
    /// An exchange whose answer is as it came.
    Unscrubbed(Box<Exchange>, Scrub),
}

/// Scrubs the answer of an exchange; `None` where nobody can say what it holds. It must not hold the engine, which holds it.
pub(crate) type Scrub = Box<dyn FnOnce(Exchange) -> Option<Exchange> + Send>;

impl RememberedExchanges {
    /// Remembers an exchange whose answer is as it came and is scrubbed when somebody wants to look at it: most never are.
    pub(crate) fn remember_unscrubbed(&self, call: CallId, exchange: Exchange, scrub: Scrub) {
        let (exchange, _, taken) = exchange.into_compact(None);
        self.put(call, LateExchange::Unscrubbed(Box::new(exchange), scrub), None, (false, taken + PLACE));
    }

    /// Remembers the exchange of a call that becomes no recording.
    pub(crate) fn remember(&self, call: CallId, exchange: Exchange) {
        self.insert(call, exchange, None, false);
    }

    /// Remembers an exchange with the request as it came, credentials and all, so that it can be sent once more.
    pub(crate) fn remember_repeatable(&self, call: CallId, exchange: Exchange, request: Option<Request>) {
        self.insert(call, exchange, request, false);
    }

    /// Remembers the request of a hit that differs from the recording that answered it.
    pub(crate) fn remember_hit(&self, call: CallId, request: Scrubbed) {
        self.insert(call, Exchange { request, response: None }, None, true);
    }

    fn insert(&self, call: CallId, exchange: Exchange, request: Option<Request>, hit: bool) {
        let answer = exchange.response.as_ref().map_or(0, |response| response.log.bytes.len());
        // Not even its bodies, which would be copied.
        if exchange.request.body.len() + answer > REMEMBERED / 8 {
            return;
        }
        let (exchange, repeatable_request, taken) = exchange.into_compact(request);
        let exchange = LateExchange::Made(Some(Arc::new(exchange)));
        self.put(call, exchange, repeatable_request, (hit, taken + PLACE));
    }

    fn put(
        &self,
        call: CallId,
        exchange: LateExchange,
        repeatable_request: Option<Request>,
        (hit, len): (bool, usize),
    ) {
        if len > REMEMBERED / 8 {
            return;
        }
        let exchange = Arc::new(Mutex::new(exchange));
        let one = RememberedExchange { exchange, repeatable_request, recording: None, hit, len };
        let mut map = self.0.lock();
        let mut gone: Vec<_> = map.remove(call).into_iter().collect();
        map.by_call.insert(call, one);
        map.taken += len;
        while map.taken > REMEMBERED || map.by_call.len() > Snapshot::CALLS {
            let Some((_, oldest)) = map.by_call.pop_first() else { break };
            map.taken -= oldest.len;
            gone.push(oldest);
        }
        // What gives way is let go when the lock is free again: it may be much.
        drop(map);
        drop(gone);
    }

    /// Lets go of the exchange of a call that became a recording.
    pub(crate) fn forget(&self, call: CallId) {
        let gone = self.0.lock().remove(call);
        drop(gone);
    }

    /// Lets go of all.
    pub(crate) fn clear(&self) {
        let gone = std::mem::take(&mut *self.0.lock());
        drop(gone);
    }

    /// The exchange of a call, and its request as it came where that is remembered.
    pub(crate) fn get(&self, call: CallId) -> Option<(Arc<Exchange>, Option<Request>)> {
        let map = self.0.lock();
        let one = map.by_call.get(&call).filter(|one| !one.hit)?;
        let (exchange, request) = (Arc::clone(&one.exchange), one.repeatable_request.clone());
        // Calls go on being remembered meanwhile.
        drop(map);
        Some((LateExchange::made(&exchange)?, request))
    }

    /// The newest request among those of these hits.
    pub(crate) fn request_of_hit(&self, calls: &HashSet<CallId>) -> Option<Scrubbed> {
        let map = self.0.lock();
        let one = map.by_call.iter().rfind(|(call, one)| one.hit && calls.contains(call));
        one.and_then(|(_, one)| Some(LateExchange::made(&one.exchange)?.request.clone()))
    }

    /// Notes which recording was made of a call after the fact.
    pub(crate) fn note_recording(&self, call: CallId, recording: &RecordingId) {
        if let Some(one) = self.0.lock().by_call.get_mut(&call) {
            one.recording = Some(recording.clone());
        }
    }

    /// The recording that was made of a call after the fact.
    pub(crate) fn recording_of(&self, call: CallId) -> Option<RecordingId> {
        self.0.lock().by_call.get(&call)?.recording.clone()
    }

    /// The number of exchanges, and the memory that they take in bytes.
    #[cfg(test)]
    pub(crate) fn extent(&self) -> (usize, usize) {
        let map = self.0.lock();
        (map.by_call.len(), map.taken)
    }
}

impl LateExchange {
    /// The exchange, made now where it was not; whoever asks meanwhile waits for it.
    fn made(late: &Mutex<Self>) -> Option<Arc<Exchange>> {
        let mut late = late.lock();
        let exchange = match std::mem::replace(&mut *late, Self::Made(None)) {
            Self::Made(exchange) => exchange,
            Self::Unscrubbed(exchange, scrub) => scrub(*exchange).map(Arc::new),
        };
        *late = Self::Made(exchange.clone());
        exchange
    }
}

impl ExchangeMap {
    fn remove(&mut self, call: CallId) -> Option<RememberedExchange> {
        let gone = self.by_call.remove(&call)?;
        self.taken -= gone.len;
        Some(gone)
    }
}
