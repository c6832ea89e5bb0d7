//! Cursors: how far takes that play in order have played, for each scope.
//!
//! A cursor moves when an answer was delivered in full and not before: a client that breaks off and tries again gets
//! the same take again. Nothing is reserved, so calls of one scope that overlap get the same take. Cursors live in memory:
//! every run starts every sequence anew. There are [`CURSORS`] at most; of more the one that moved least recently is given
//! up, and its sequence starts anew, of which people are told once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Engine;
use crate::model::{CursorState, Fingerprint, Level, ScopeState};

/// How many cursors there are at most: each takes some 300 bytes.
pub(super) const CURSORS: usize = 16_384;

/// The cursors that there are.
#[derive(Default)]
pub(super) struct Cursors(Mutex<State>);

#[derive(Default)]
struct State {
    /// By the scope of the calls (none for those without) and by the takes.
    scopes: HashMap<Scope, HashMap<Takes, Cursor>>,
    /// When each moved, as their moves are counted: the first is the one that moved least recently.
    moves: BTreeMap<u64, (Scope, Takes)>,
    /// How many moves there were.
    moved: u64,
    /// Whether one was given up.
    gave_up: bool,
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
    /// Its last move's place among [`State::moves`].
    moved: u64,
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
        self.lock().cursor(scope, takes).map_or(0, |cursor| cursor.delivered)
    }

    /// Takes note of a delivery. Of overlapping calls that got the same take one counts. Gives whether a cursor was given up
    /// for it, the first time.
    #[must_use]
    pub(super) fn delivered(&self, turn: Turn) -> bool {
        let mut state = self.lock();
        let from = state.cursor(&turn.scope, &turn.takes).map_or(0, |cursor| cursor.delivered);
        from == turn.from && state.place((turn.scope, turn.takes), turn.to, turn.job)
    }

    /// Puts a cursor behind so many takes: they were seen while they were recorded. Gives what [`Cursors::delivered`] does.
    #[must_use]
    pub(super) fn place(&self, scope: &Scope, takes: Takes, delivered: usize, job: Option<Arc<str>>) -> bool {
        self.lock().place((scope.clone(), takes), delivered, job)
    }

    /// A job begins anew in a scope: its polls play from the first.
    pub(super) fn restart(&self, scope: &Scope, job: &str) {
        self.lock().drop_if(|name, cursor| name == scope && cursor.job.as_deref() == Some(job));
    }

    /// Drops the cursors of a scope, or of all; gives how many there were.
    fn reset(&self, scope: Option<&str>) -> usize {
        self.lock().drop_if(|name, _| scope.is_none() || name.as_deref() == scope)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
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

impl Engine {
    /// Tells people, the first time, that a sequence was given up.
    pub(super) fn tell_given_up(&self, given_up: bool) {
        if given_up {
            let text = format!(
                "more than {CURSORS} sequences play at once, in all scopes together: those that moved least recently \
                 start anew; POST /__retake/scopes/reset ends those of a scope that is done"
            );
            self.notify(Level::Warning, text);
        }
    }

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
        for (name, cursors) in &self.shared.cursors.lock().scopes {
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
