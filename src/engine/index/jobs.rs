//! Jobs that this process saw submitted and that have no final state yet. What a job's answers say is read by `reading`.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::engine::index::recent::Recent;

/// The most jobs that are remembered: many are submitted and never asked for again.
const JOBS: usize = 4096;

/// The jobs under way, by the ids that their providers gave them.
pub(crate) struct Jobs(Mutex<Recent<Arc<str>, ()>>);

impl Default for Jobs {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(JOBS)))
    }
}

impl Jobs {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Recent<Arc<str>, ()>> {
        self.0.lock()
    }
}
