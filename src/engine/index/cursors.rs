//! Cursors: how far takes that play in order have played, for each scope.
//!
//! A cursor moves when an answer was delivered in full and not before: a client that breaks off and tries again gets
//! the same take again. Nothing is reserved, so calls of one scope that overlap get the same take. Cursors live in memory:
//! every run starts every sequence anew. There are [`CURSORS`] at most; of more the one that moved least recently is given
//! up, and its sequence starts anew, of which people are told once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::Fingerprint;

/// How many cursors there are at most: each takes some 300 bytes.
pub(crate) const CURSORS: usize = 16_384;

/// The cursors that there are.
#[derive(Default)]
pub(crate) struct Cursors(Mutex<CursorMap>);

#[derive(Default)]
pub(crate) struct CursorMap {
    /// By the scope of the calls (none for those without) and by the takes.
    pub(crate) scopes: HashMap<Scope, HashMap<Takes, Cursor>>,
    /// When each moved, as their moves are counted: the first is the one that moved least recently.
    moves: BTreeMap<u64, (Scope, Takes)>,
    /// How many moves there were.
    moved: u64,
    /// Whether one was given up.
    gave_up: bool,
}

/// The fingerprint of all fields of takes, and whether they play for calls whose upstream can be asked. What such calls saw
/// while it was recorded is behind them; where nobody can be asked the takes play from the first.
pub(crate) type Takes = (Fingerprint, bool);

/// The scope of a call.
pub(crate) type Scope = Option<Arc<str>>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    pub(crate) delivered: usize,
    /// The job whose polls these are.
    job: Option<Arc<str>>,
    /// Its last move's place among [`CursorMap::moves`].
    moved: u64,
}

/// One take's turn: what its delivery means for the cursor.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// Of the call.
    pub(crate) scope: Scope,
    /// What plays.
    pub(crate) takes: Takes,
    /// Where the cursor was when the take was chosen.
    pub(crate) from: usize,
    /// Where it is after the delivery.
    pub(crate) to: usize,
    /// The job whose poll it is.
    pub(crate) job: Option<Arc<str>>,
}

impl Cursors {
    /// How many takes were delivered.
    pub(crate) fn position(&self, scope: &Scope, takes: &Takes) -> usize {
        self.lock().cursor(scope, takes).map_or(0, |cursor| cursor.delivered)
    }

    /// Takes note of a delivery. Of overlapping calls that got the same take one counts. Gives whether a cursor was given up
    /// for it, the first time.
    #[must_use]
    pub(crate) fn delivered(&self, turn: Turn) -> bool {
        let mut state = self.lock();
        let from = state.cursor(&turn.scope, &turn.takes).map_or(0, |cursor| cursor.delivered);
        from == turn.from && state.place((turn.scope, turn.takes), turn.to, turn.job)
    }

    /// Puts a cursor behind so many takes: they were seen while they were recorded. Gives what [`Cursors::delivered`] does.
    #[must_use]
    pub(crate) fn place(&self, scope: &Scope, takes: Takes, delivered: usize, job: Option<Arc<str>>) -> bool {
        self.lock().place((scope.clone(), takes), delivered, job)
    }

    /// A job begins anew in a scope: its polls play from the first.
    pub(crate) fn restart(&self, scope: &Scope, job: &str) {
        self.lock().drop_if(|name, cursor| name == scope && cursor.job.as_deref() == Some(job));
    }

    /// Drops the cursors of a scope, or of all; gives how many there were.
    pub(crate) fn reset(&self, scope: Option<&str>) -> usize {
        self.lock().drop_if(|name, _| scope.is_none() || name.as_deref() == scope)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, CursorMap> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CursorMap {
    fn cursor(&self, scope: &Scope, takes: &Takes) -> Option<&Cursor> {
        self.scopes.get(scope)?.get(takes)
    }

    fn place(&mut self, (scope, takes): (Scope, Takes), delivered: usize, job: Option<Arc<str>>) -> bool {
        self.moved += 1;
        let cursor = Cursor { delivered, job, moved: self.moved };
        self.moves.insert(self.moved, (scope.clone(), takes));
        if let Some(before) = self.scopes.entry(scope).or_default().insert(takes, cursor) {
            self.moves.remove(&before.moved);
        }
        if self.moves.len() <= CURSORS {
            return false;
        }
        if let Some((_, (scope, takes))) = self.moves.pop_first()
            && let Some(cursors) = self.scopes.get_mut(&scope)
        {
            cursors.remove(&takes);
            if cursors.is_empty() {
                self.scopes.remove(&scope);
            }
        }
        !std::mem::replace(&mut self.gave_up, true)
    }

    fn drop_if(&mut self, drop: impl Fn(&Scope, &Cursor) -> bool) -> usize {
        let before = self.moves.len();
        let moves = &mut self.moves;
        self.scopes.retain(|name, cursors| {
            cursors.retain(|_, cursor| {
                let stays = !drop(name, cursor);
                if !stays {
                    moves.remove(&cursor.moved);
                }
                stays
            });
            !cursors.is_empty()
        });
        before - self.moves.len()
    }
}
