//! The hit ledger, how often each recording answered, and the history: written down every few seconds.

use std::time::Duration;

use super::{Engine, clock};
use crate::store::{Change, StoreError};

/// How often use is written down; at most this much is lost in a crash.
const EVERY: Duration = Duration::from_secs(5);

impl Engine {
    /// Writes down what was called and hit since the last time.
    pub async fn checkpoint(&self) {
        self.keep_history().await;
        if let Err(error) = self.write_ledger().await {
            tracing::warn!("the hit ledger could not be written: {error}");
        }
    }

    /// Writes down what was hit since the last time.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(super) async fn write_ledger(&self) -> Result<(), StoreError> {
        let entries = self.shared.library.touched();
        if entries.is_empty() {
            return Ok(());
        }
        self.shared.store.commit(Change::Ledger { entries }, clock::now()).await
    }

    /// Writes the ledger every few seconds until the engine closes. That hits are counted is noted at once, before the
    /// future is polled: to be called before the first call comes in.
    pub fn keep_ledger(self) -> impl Future<Output = ()> + Send + 'static + use<> {
        if let Err(error) = self.shared.store.watch() {
            tracing::warn!("what a crash costs of the hit ledger will not be known: {error}");
        }
        async move {
            while tokio::time::timeout(EVERY, self.shared.closing.cancelled()).await.is_err() {
                self.checkpoint().await;
            }
        }
    }
}
