//! The hit ledger: how often each recording answered, written down every few seconds.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Engine, clock};
use crate::model::RecordingId;
use crate::store::Change;

/// How often use is written down; at most this much is lost in a crash.
const EVERY: Duration = Duration::from_secs(5);

/// The recordings that were hit since the last checkpoint.
#[derive(Default)]
pub(super) struct Ledger {
    touched: Mutex<HashSet<RecordingId>>,
}

impl Ledger {
    pub(super) fn note(&self, id: &RecordingId) {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        if !touched.contains(id) {
            touched.insert(id.clone());
        }
    }

    fn take(&self) -> HashSet<RecordingId> {
        std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine {
    /// Writes down what was hit since the last time.
    pub async fn checkpoint(&self) {
        let touched = self.shared.ledger.take();
        let used = touched.into_iter().filter_map(|id| self.row(&id).map(|row| (id, row.usage)));
        let entries: Vec<_> = used.collect();
        if entries.is_empty() {
            return;
        }
        if let Err(error) = self.shared.store.commit(Change::Ledger { entries }, clock::now()).await {
            tracing::warn!("the hit ledger could not be written: {error}");
        }
    }

    /// Writes the ledger every few seconds until the engine closes.
    pub async fn keep_ledger(self) {
        while tokio::time::timeout(EVERY, self.shared.closing.cancelled()).await.is_err() {
            self.checkpoint().await;
        }
    }
}
