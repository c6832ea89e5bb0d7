//! What a call asked for, for the history: worked out when somebody wants to know, not while the call is answered.

use std::sync::{Arc, Mutex, PoisonError};

use super::outlines::Outlines;
use crate::matching::{Fields, Outline};

/// The fields of a call, and from the first question on only their outline, which is small.
pub(super) struct Asking(Mutex<State>);

enum State {
    Fields(Arc<Fields>),
    Outline(Arc<Outline>),
}

impl Asking {
    pub(super) fn new(fields: &Arc<Fields>) -> Self {
        Self(Mutex::new(State::Fields(Arc::clone(fields))))
    }

    /// One whose outline is known already.
    pub(super) fn known(outline: Outline) -> Self {
        Self(Mutex::new(State::Outline(Arc::new(outline))))
    }

    pub(super) fn outline(&self, outlines: &Outlines) -> Arc<Outline> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Outline(outline) => Arc::clone(outline),
            State::Fields(fields) => {
                let outline = Arc::new(outlines.shared(fields));
                *state = State::Outline(Arc::clone(&outline));
                outline
            }
        }
    }
}
