//! A call on its way: what the history shows of it until it is done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::asking::Asking;
use super::cursors::Turn;
use super::flight::Flight;
use super::use_count::Use;
use super::{Engine, clock};
use crate::matching::Summary;
use crate::model::{Call, Mode, Outcome, Request};

/// Belongs to one call; announces it as it progresses, and surely once when it is done.
pub(super) struct Ticket {
    engine: Engine,
    call: Call,
    started: Instant,
    /// Where a hit is counted.
    used: Option<Arc<Use>>,
    /// What it asks for.
    asking: Option<Arc<Asking>>,
    /// The take whose turn it is.
    turn: Option<Turn>,
    /// The flight that waits to learn what becomes of it.
    leads: Option<Arc<Flight>>,
    settled: bool,
}

impl Ticket {
    /// A call that arrived `started`.
    pub(super) fn new(
        engine: &Engine,
        request: &Request,
        summary: Summary,
        mode: Mode,
        started: Instant,
    ) -> Self {
        let call = Call {
            method: request.method.as_str().into(),
            mount: request.mount.as_str().into(),
            endpoint: summary.endpoint.into(),
            model: summary.model.map(Into::into),
            prompt: summary.prompt.map(Into::into),
            mode,
            streamed: summary.streamed,
            request_len: request.body.len() as u64,
            ..Call::default()
        };
        Self::like(engine, &call, mode, started)
    }

    /// A call that arrived `started` and is like another but for its id and time.
    pub(super) fn like(engine: &Engine, call: &Call, mode: Mode, started: Instant) -> Self {
        let call = Call { id: engine.shared.history.begin(), at: clock::now(), mode, ..call.clone() };
        Self {
            engine: engine.clone(),
            call,
            started,
            used: None,
            asking: None,
            turn: None,
            leads: None,
            settled: false,
        }
    }

    /// Its end will be a hit of the recording whose use is counted there.
    pub(super) fn hits(&mut self, used: &Arc<Use>) {
        self.engine.note_use(used, self.call.at, self.call.scope.as_ref());
        self.used = Some(Arc::clone(used));
    }

    /// What the call asks for, for the history.
    pub(super) fn asks(&mut self, asking: &Arc<Asking>) {
        self.asking = Some(Arc::clone(asking));
    }

    pub(super) fn asking(&self) -> Option<&Arc<Asking>> {
        self.asking.as_ref()
    }

    /// Its delivery moves a cursor.
    pub(super) fn plays(&mut self, turn: Turn) {
        self.turn = Some(turn);
    }

    /// Whether its delivery moves a cursor.
    pub(super) fn is_turn(&self) -> bool {
        self.turn.is_some()
    }

    /// Announces the end of a replay, of which all was `delivered` or not.
    pub(super) fn replayed(mut self, delivered: bool) {
        if let Some(turn) = self.turn.take().filter(|_| delivered) {
            self.engine.tell_given_up(self.engine.shared.cursors.delivered(turn));
        }
        self.done(Outcome::Replay);
    }

    /// What becomes of it becomes of all calls of the flight.
    pub(super) fn leads(&mut self, flight: &Arc<Flight>) {
        self.leads = Some(Arc::clone(flight));
    }

    pub(super) fn id(&self) -> crate::model::CallId {
        self.call.id
    }

    pub(super) fn call(&mut self) -> &mut Call {
        &mut self.call
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Announces the call as it stands.
    pub(super) fn progress(&self) {
        self.engine.shared.history.put(self.call.clone(), None, || None);
    }

    /// Announces the end; a replay counts as a hit of its recording.
    pub(super) fn done(mut self, outcome: Outcome) {
        self.call.outcome = Some(outcome);
        self.settle();
    }

    fn settle(&mut self) {
        self.settled = true;
        let mut call = std::mem::take(&mut self.call);
        call.done = true;
        call.total.get_or_insert(micros(self.started.elapsed()));
        if let Some(flight) = self.leads.take() {
            flight.settle(&call);
        }
        let (used, at, scope) = (self.used.take(), call.at, call.scope.clone());
        let hit = || used.map(|used| used.hit(at, scope.as_ref()));
        self.engine.shared.history.put(call, self.asking.as_ref(), hit);
    }
}

impl Drop for Ticket {
    /// A call whose work was dropped (the client left before an answer began, or answering it panicked) still ends.
    fn drop(&mut self) {
        if !self.settled {
            let reason = if std::thread::panicking() {
                self.call.outcome = Some(Outcome::Error);
                self.call.status.get_or_insert(500);
                "retake failed to answer this call; this is a bug"
            } else {
                "the client left before the answer began"
            };
            self.call.outcome.get_or_insert(Outcome::Error);
            self.call.reason.get_or_insert_with(|| reason.into());
            self.settle();
        }
    }
}

/// Microseconds, as calls and logs count them.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
