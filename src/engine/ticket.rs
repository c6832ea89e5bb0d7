//! A call on its way: what the history shows of it until it is done.

use std::time::{Duration, Instant};

use super::{Engine, clock};
use crate::matching::Summary;
use crate::model::{Call, Mode, Outcome, Request};

/// Belongs to one call; announces it as it progresses, and surely once when it is done.
pub(super) struct Ticket {
    engine: Engine,
    call: Call,
    started: Instant,
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
            id: engine.shared.history.begin(),
            at: clock::now(),
            method: request.method.clone(),
            mount: request.mount.clone(),
            endpoint: summary.endpoint,
            model: summary.model,
            prompt: summary.prompt,
            mode,
            outcome: None,
            done: false,
            status: None,
            streamed: summary.streamed,
            cosmetic: false,
            recording: None,
            request_len: request.body.len() as u64,
            response_len: 0,
            first_byte: None,
            total: None,
            reason: None,
        };
        Self { engine: engine.clone(), call, started }
    }

    pub(super) fn call(&mut self) -> &mut Call {
        &mut self.call
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Announces the call as it stands.
    pub(super) fn progress(&self) {
        self.engine.shared.history.put(self.call.clone(), || None);
    }

    /// Announces the end; a replay counts as a hit of its recording.
    pub(super) fn done(mut self, outcome: Outcome) {
        self.call.outcome = Some(outcome);
        self.settle();
    }

    fn settle(&mut self) {
        self.call.done = true;
        self.call.total.get_or_insert(micros(self.started.elapsed()));
        let (library, ledger) = (&self.engine.shared.library, &self.engine.shared.ledger);
        let hit = self.call.recording.as_ref().filter(|_| self.call.outcome == Some(Outcome::Replay));
        let usage = || {
            let usage = hit.and_then(|id| library.hit(id, self.call.at))?;
            hit.inspect(|id| ledger.note(id));
            Some(usage)
        };
        self.engine.shared.history.put(self.call.clone(), usage);
    }
}

impl Drop for Ticket {
    /// A call whose work was dropped (the client left before an answer began) still ends.
    fn drop(&mut self) {
        if !self.call.done {
            self.call.outcome.get_or_insert(Outcome::Error);
            self.call.reason.get_or_insert_with(|| "the client left before the answer began".into());
            self.settle();
        }
    }
}

/// Microseconds, as calls and logs count them.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
