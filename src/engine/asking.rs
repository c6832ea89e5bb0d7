//! What a call asked for, for the history: worked out when somebody wants to know, not while the call is answered.

use std::sync::{Arc, Mutex, PoisonError};

use super::Engine;
use crate::matching::{Fields, Outline};
use crate::model::Scrubbed;

/// The request of a call, and from the first question on only its outline, which is smaller.
pub(super) struct Asking(Mutex<State>);

enum State {
    Request(Box<Scrubbed>),
    Outline(Arc<Outline>),
}

/// Longer bodies are not kept for this: their outline is made at once.
const SHORT: usize = 16 << 10;

impl Asking {
    pub(super) fn new(engine: &Engine, request: &Scrubbed, fields: &Fields) -> Self {
        if request.body.len() > SHORT {
            return Self::known(engine.shared.outlines.shared(fields));
        }
        Self(Mutex::new(State::Request(Box::new(request.detached()))))
    }

    /// One whose outline is known already.
    pub(super) fn known(outline: Outline) -> Self {
        Self(Mutex::new(State::Outline(Arc::new(outline))))
    }

    pub(super) fn outline(&self, engine: &Engine) -> Arc<Outline> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Outline(outline) => Arc::clone(outline),
            State::Request(request) => {
                let outline = Arc::new(engine.shared.outlines.shared(&engine.fields(request)));
                *state = State::Outline(Arc::clone(&outline));
                outline
            }
        }
    }
}
