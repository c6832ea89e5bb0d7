//! What a call asked for, for the history: worked out when somebody wants to know, not while the call is answered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Engine;
use crate::matching::{Fields, Outline};
use crate::model::Scrubbed;

/// The request of a call, and from the first question on only its outline, which is smaller.
pub(super) struct Asking(Mutex<State>);

enum State {
    Request { request: Box<Scrubbed>, _waiting: Waiting },
    Outline(Arc<Outline>),
}

/// The memory of a request whose outline is not made yet, in bytes: its part of what all of them take.
struct Waiting {
    all: Arc<AtomicUsize>,
    taken: usize,
}

/// Longer bodies are not kept for this: their outline is made at once.
const SHORT: usize = 16 << 10;
/// So much memory all of them take; beyond it, outlines are made at once. They are made when the history is written down.
pub(super) const WAITING: usize = 16 << 20;

impl Asking {
    pub(super) fn new(engine: &Engine, request: &Scrubbed, fields: &Fields) -> Self {
        let waiting = Waiting::new(&engine.shared.outlines.waiting, request.memory());
        match waiting.filter(|_| request.body.len() <= SHORT) {
            None => Self::known(engine.shared.outlines.shared(fields)),
            Some(waiting) => {
                let request = Box::new(request.detached());
                Self(Mutex::new(State::Request { request, _waiting: waiting }))
            }
        }
    }

    /// One whose outline is known already.
    pub(super) fn known(outline: Outline) -> Self {
        Self(Mutex::new(State::Outline(Arc::new(outline))))
    }

    pub(super) fn outline(&self, engine: &Engine) -> Arc<Outline> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Outline(outline) => Arc::clone(outline),
            State::Request { request, .. } => {
                let outline = Arc::new(engine.shared.outlines.shared(&engine.fields(request)));
                *state = State::Outline(Arc::clone(&outline));
                outline
            }
        }
    }
}

impl Waiting {
    fn new(all: &Arc<AtomicUsize>, taken: usize) -> Option<Self> {
        let waiting = Self { all: Arc::clone(all), taken };
        // Where there is no room it is given back at once.
        (all.fetch_add(taken, Ordering::AcqRel) + taken <= WAITING).then_some(waiting)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.all.fetch_sub(self.taken, Ordering::AcqRel);
    }
}
