//! Cursors: the progress of takes that play in order, for each scope.
//!
//! A cursor moves when an answer was delivered in full and not before: a client that breaks off and tries again gets
//! the same take again. Nothing is reserved, so calls of one scope that overlap get the same take. Cursors live in memory:
//! every run starts every sequence anew. There are [`CURSORS`] at most; of more the one that moved least recently is given
//! up, and its sequence starts anew, of which people are told once.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::engine::index::recent::Recent;
use crate::model::{CallScope, Fingerprint};

/// The most cursors: each takes some 300 bytes.
pub(crate) const CURSORS: usize = 16_384;

/// The cursors of all scopes.
pub(crate) struct Cursors(Mutex<CursorMap>);

pub(crate) struct CursorMap {
    /// The cursors by the scope of the calls and by the takes; the one that moved least recently gives way.
    pub(crate) cursors: Recent<(CallScope, PlayingTakes), Cursor>,
    /// True if one was given up.
    gave_up: bool,
}

/// The fingerprint of all fields of takes, and whether they play for calls whose upstream can be asked. What such calls saw
/// while it was recorded is behind them; where nobody can be asked the takes play from the first.
pub(crate) type PlayingTakes = (Fingerprint, bool);

#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    /// The number of takes that were delivered.
    pub(crate) delivered: usize,
    /// The job whose polls these are; `None` for takes of anything else.
    job: Option<Arc<str>>,
}

/// One take's turn: what its delivery means for the cursor.
#[derive(Clone, Debug)]
pub(crate) struct TakeTurn {
    /// The scope of the call.
    pub(crate) scope: CallScope,
    /// The takes that play.
    pub(crate) takes: PlayingTakes,
    /// The cursor's position when the take was chosen.
    pub(crate) from: usize,
    /// The cursor's position after the delivery.
    pub(crate) to: usize,
    /// The job whose poll it is.
    pub(crate) job: Option<Arc<str>>,
}

impl Cursors {
    /// The number of takes that were delivered.
    pub(crate) fn position(&self, scope: &CallScope, takes: &PlayingTakes) -> usize {
        self.lock().position(&(scope.clone(), *takes))
    }

    /// Takes note of a delivery. Of overlapping calls that got the same take one counts. Gives whether a cursor was given up
    /// for it, the first time.
    #[must_use]
    pub(crate) fn delivered(&self, turn: TakeTurn) -> bool {
        let mut state = self.lock();
        let at = (turn.scope, turn.takes);
        state.position(&at) == turn.from && state.place(at, turn.to, turn.job)
    }

    /// Puts a cursor behind so many takes: they were seen while they were recorded. Gives what [`Cursors::delivered`] does.
    #[must_use]
    pub(crate) fn place(
        &self,
        scope: &CallScope,
        takes: PlayingTakes,
        delivered: usize,
        job: Option<Arc<str>>,
    ) -> bool {
        self.lock().place((scope.clone(), takes), delivered, job)
    }

    /// A job begins anew in a scope: its polls play from the first.
    pub(crate) fn restart(&self, scope: &CallScope, job: &str) {
        self.lock().cursors.retain(|(of, _), cursor| of != scope || cursor.job.as_deref() != Some(job));
    }

    /// Drops the cursors of a scope, or of all; gives how many there were.
    pub(crate) fn reset(&self, scope: Option<&str>) -> usize {
        self.lock().cursors.retain(|(of, _), _| scope.is_some() && of.as_deref() != scope)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, CursorMap> {
        self.0.lock()
    }
}

impl Default for Cursors {
    fn default() -> Self {
        Self(Mutex::new(CursorMap { cursors: Recent::new(CURSORS), gave_up: false }))
    }
}

impl CursorMap {
    fn position(&self, at: &(CallScope, PlayingTakes)) -> usize {
        self.cursors.get(at).map_or(0, |cursor| cursor.delivered)
    }

    fn place(&mut self, at: (CallScope, PlayingTakes), delivered: usize, job: Option<Arc<str>>) -> bool {
        self.cursors.put(at, Cursor { delivered, job }) && !std::mem::replace(&mut self.gave_up, true)
    }
}
