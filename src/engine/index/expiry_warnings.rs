//! Recordings about whose age people were told.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::model::RecordingId;

/// The recordings about whose age people were told. Once is enough.
#[derive(Default)]
pub(crate) struct ExpiryWarnings(Mutex<HashSet<RecordingId>>);

impl ExpiryWarnings {
    /// Whether nobody was told yet; from now on everybody was.
    pub(crate) fn first(&self, id: &RecordingId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone())
    }
}
