//! Scopes as lists show them: recordings, calls and cursors of each.

use std::collections::BTreeMap;

use crate::engine::state::Engine;
use crate::model::{CursorState, ScopeState};

impl Engine {
    /// The state of each scope, in the order of names; first that of all without one.
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
        for ((name, (takes, _)), cursor) in self.shared.takes.cursors.lock().cursors.range(..) {
            let fingerprint = takes.to_string()[..12].to_owned();
            let state = CursorState { fingerprint, position: cursor.delivered };
            of(name.as_deref(), &mut |scope| scope.cursors.push(state.clone()));
        }
        let sorted = |mut scope: ScopeState| {
            scope.cursors.sort();
            scope
        };
        scopes.into_values().map(sorted).collect()
    }
}
