//! Sequences of takes, scope by scope.

use std::collections::BTreeMap;

use crate::engine::index::cursors::CURSORS;
use crate::engine::state::Engine;
use crate::model::{CursorState, Level, ScopeState};

impl Engine {
    /// Tells people, the first time, that a sequence was given up.
    pub(crate) fn tell_given_up(&self, given_up: bool) {
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
        self.shared.takes.cursors.reset(scope)
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
        for (name, cursors) in &self.shared.takes.cursors.lock().scopes {
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
