//! Cursors: how far takes that play in order have played, for each scope.
//!
//! A cursor moves when an answer was delivered in full and not before: a client that breaks off and tries again gets
//! the same take again. Nothing is reserved, so calls of one scope that overlap get the same take. Cursors live in memory:
//! every run starts every sequence anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Engine;
use crate::model::{CursorState, Fingerprint, ScopeState};

/// The cursors by the scope of the calls (none for those without) and by the takes.
#[derive(Default)]
pub(super) struct Cursors {
    scopes: Mutex<HashMap<Scope, HashMap<Takes, Cursor>>>,
}

/// The fingerprint of all fields of takes, and whether they play for calls whose upstream can be asked. What such calls saw
/// while it was recorded is behind them; where nobody can be asked the takes play from the first.
pub(super) type Takes = (Fingerprint, bool);

/// The scope of a call.
pub(super) type Scope = Option<Arc<str>>;

#[derive(Clone, Debug, Default)]
struct Cursor {
    delivered: usize,
    /// The job whose polls these are.
    job: Option<Arc<str>>,
}

/// One take's turn: what its delivery means for the cursor.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    /// Of the call.
    pub(super) scope: Scope,
    /// What plays.
    pub(super) takes: Takes,
    /// Where the cursor was when the take was chosen.
    pub(super) from: usize,
    /// Where it is after the delivery.
    pub(super) to: usize,
    /// The job whose poll it is.
    pub(super) job: Option<Arc<str>>,
}

impl Cursors {
    /// How many takes were delivered.
    pub(super) fn position(&self, scope: &Scope, takes: &Takes) -> usize {
        self.lock().get(scope).and_then(|cursors| cursors.get(takes)).map_or(0, |cursor| cursor.delivered)
    }

    /// Takes note of a delivery. Of overlapping calls that got the same take one counts.
    pub(super) fn delivered(&self, turn: Turn) {
        let mut scopes = self.lock();
        let cursor = scopes.entry(turn.scope).or_default().entry(turn.takes).or_default();
        if cursor.delivered == turn.from {
            *cursor = Cursor { delivered: turn.to, job: turn.job };
        }
    }

    /// Puts a cursor behind so many takes: they were seen while they were recorded.
    pub(super) fn place(&self, scope: &Scope, takes: Takes, delivered: usize, job: Option<Arc<str>>) {
        let cursor = Cursor { delivered, job };
        self.lock().entry(scope.clone()).or_default().insert(takes, cursor);
    }

    /// A job begins anew in a scope: its polls play from the first.
    pub(super) fn restart(&self, scope: &Scope, job: &str) {
        if let Some(cursors) = self.lock().get_mut(scope) {
            cursors.retain(|_, cursor| cursor.job.as_deref() != Some(job));
        }
    }

    /// Drops the cursors of a scope, or of all; gives how many there were.
    fn reset(&self, scope: Option<&str>) -> usize {
        let mut scopes = self.lock();
        let mut dropped = 0;
        scopes.retain(|name, cursors| {
            let stays = scope.is_some() && name.as_deref() != scope;
            dropped += if stays { 0 } else { cursors.len() };
            stays
        });
        dropped
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Scope, HashMap<Takes, Cursor>>> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Starts all sequences of a scope anew, or of all scopes and of calls without one; gives how many had begun.
    #[must_use]
    pub fn reset_cursors(&self, scope: Option<&str>) -> usize {
        self.shared.cursors.reset(scope)
    }

    /// What is known of each scope, in the order of names; first what has none.
    #[must_use]
    pub fn scopes(&self) -> Vec<ScopeState> {
        let mut scopes = BTreeMap::<Option<String>, ScopeState>::new();
        let mut of = |name: Option<&str>, note: &mut dyn FnMut(&mut ScopeState)| {
            let name = name.map(str::to_owned);
            note(scopes.entry(name.clone()).or_insert(ScopeState { name, ..ScopeState::default() }));
        };
        self.rows().values().for_each(|row| of(row.scope.as_deref(), &mut |scope| scope.recordings += 1));
        self.shared.history.calls().iter().for_each(|call| {
            of(call.scope.as_deref(), &mut |scope| scope.calls += 1);
        });
        for (name, cursors) in &*self.shared.cursors.lock() {
            for ((takes, _), cursor) in cursors {
                let fingerprint = takes.to_string()[..12].to_owned();
                let state = CursorState { fingerprint, position: cursor.delivered };
                of(name.as_deref(), &mut |scope| scope.cursors.push(state.clone()));
            }
        }
        let sorted = |mut scope: ScopeState| {
            scope.cursors.sort();
            scope
        };
        scopes.into_values().map(sorted).collect()
    }
}
