//! The hit ledger, how often each recording answered, and the history: written down every few seconds.

use std::sync::Arc;
use std::time::Duration;

use super::answer::aside;
use super::use_count::Use;
use super::{Engine, clock};
use crate::model::Timestamp;
use crate::store::{Change, StoreError};

/// How often use is written into the journal; at most this much is lost when the machine goes down.
const EVERY: Duration = Duration::from_secs(5);

impl Engine {
    /// Writes down what was called and hit since the last time; gives whether the ledger knows all of it now.
    pub async fn checkpoint(&self) -> bool {
        self.keep_history().await;
        let written = self.write_ledger().await;
        if let Err(error) = &written {
            tracing::warn!("the hit ledger could not be written: {error}");
        }
        written.is_ok()
    }

    /// Writes down what was hit since the last time.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(super) async fn write_ledger(&self) -> Result<(), StoreError> {
        let now = clock::now();
        let entries = self.shared.library.touched();
        if entries.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = entries.iter().map(|(id, _)| id.clone()).collect();
        let written = self.shared.store.commit(Change::Ledger { entries }, now).await;
        match written {
            Ok(()) => {
                let store = self.shared.store.clone();
                aside(move || store.use_known(now)).await;
            }
            // The next time they are told again.
            Err(_) => ids.iter().filter_map(|id| self.shared.library.used(id)).for_each(|used| used.touch()),
        }
        written
    }

    /// Before this time hits may be missing; 1970 where none can be.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn use_unknown_before(&self) -> Result<Timestamp, StoreError> {
        Ok(self.shared.store.gaps()?.last().map_or(Timestamp::default(), |gap| gap.to))
    }

    /// Notes a hit that is about to be counted. Before its call is answered: a hit that a client saw is never forgotten.
    pub(super) fn note_use(&self, used: &Use, at: Timestamp, scope: Option<&Arc<str>>) {
        if let Some(note) = used.note(at, scope) {
            self.shared.store.note_use(note);
        }
    }

    /// Writes the ledger every few seconds until the engine closes. That hits are counted is noted at once, before the
    /// future is polled: to be called before the first call comes in.
    pub fn keep_ledger(self) -> impl Future<Output = ()> + Send + 'static + use<> {
        if let Err(error) = self.shared.store.watch(clock::now()) {
            tracing::warn!("what a crash costs of the hit ledger will not be known: {error}");
        }
        async move {
            while tokio::time::timeout(EVERY, self.shared.closing.cancelled()).await.is_err() {
                self.checkpoint().await;
            }
        }
    }
}
