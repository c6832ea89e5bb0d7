//! The hit ledger, how often each recording answered, and the history: written down every few seconds.

use std::time::Duration;

use super::{Engine, clock};
use crate::store::Change;

/// How often use is written down; at most this much is lost in a crash.
const EVERY: Duration = Duration::from_secs(5);

impl Engine {
    /// Writes down what was called and hit since the last time.
    pub async fn checkpoint(&self) {
        self.keep_history().await;
        let entries = self.shared.library.touched();
        if entries.is_empty() {
            return;
        }
        if let Err(error) = self.shared.store.commit(Change::Ledger { entries }, clock::now()).await {
            tracing::warn!("the hit ledger could not be written: {error}");
        }
    }

    /// Writes the ledger every few seconds until the engine closes.
    pub async fn keep_ledger(self) {
        if let Err(error) = self.shared.store.watch() {
            tracing::warn!("what a crash costs of the hit ledger will not be known: {error}");
        }
        while tokio::time::timeout(EVERY, self.shared.closing.cancelled()).await.is_err() {
            self.checkpoint().await;
        }
    }
}
