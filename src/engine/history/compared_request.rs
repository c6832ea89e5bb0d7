//! The request of a past call, for comparing: its outline is made when somebody needs it, not while the call is
//! answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::engine::index::sketches::Sketches;
use crate::matching::{Fields, Outline};
use crate::model::Scrubbed;

/// The request of a call, and from the first question on only its outline, which is smaller.
pub(crate) struct ComparedRequest(Mutex<AskingState>);

enum AskingState {
    Request { request: Box<Scrubbed>, _waiting: WaitingMemory },
    Outline(Arc<Outline>),
}

/// The memory of a request whose outline is not made yet, in bytes: its part of what all of them take.
struct WaitingMemory {
    all: Arc<AtomicUsize>,
    taken: usize,
}

/// Longer bodies are not kept for this: their outline is made at once.
const SHORT: usize = 16 << 10;
/// The memory that all waiting requests take, in bytes; beyond it, outlines are made at once. All are made when the
/// history is written down.
pub(crate) const WAITING: usize = 16 << 20;

impl ComparedRequest {
    pub(crate) fn new<'a>(
        sketches: &Sketches,
        request: &Scrubbed,
        fields: impl FnOnce() -> &'a Fields,
    ) -> Self {
        let waiting = WaitingMemory::new(&sketches.waiting, request.memory());
        match waiting.filter(|_| request.body.len() <= SHORT) {
            None => Self::of_outline(sketches.shared(fields())),
            Some(waiting) => {
                let request = Box::new(request.detached());
                Self(Mutex::new(AskingState::Request { request, _waiting: waiting }))
            }
        }
    }

    /// One whose outline is known already.
    pub(crate) fn of_outline(outline: Outline) -> Self {
        Self(Mutex::new(AskingState::Outline(Arc::new(outline))))
    }

    /// The request's outline; `made` makes one where nobody needed it before.
    pub(crate) fn outline(&self, made: impl FnOnce(&Scrubbed) -> Outline) -> Arc<Outline> {
        let mut state = self.0.lock();
        match &*state {
            AskingState::Outline(outline) => Arc::clone(outline),
            AskingState::Request { request, .. } => {
                let outline = Arc::new(made(request));
                *state = AskingState::Outline(Arc::clone(&outline));
                outline
            }
        }
    }
}

impl WaitingMemory {
    fn new(all: &Arc<AtomicUsize>, taken: usize) -> Option<Self> {
        let waiting = Self { all: Arc::clone(all), taken };
        // Where there is no room it is given back at once.
        (all.fetch_add(taken, Ordering::AcqRel) + taken <= WAITING).then_some(waiting)
    }
}

impl Drop for WaitingMemory {
    fn drop(&mut self) {
        self.all.fetch_sub(self.taken, Ordering::AcqRel);
    }
}
