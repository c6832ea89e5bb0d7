//! The hit ledger, how often each recording answered, and the history: written down every few seconds.
//!
//! While hits are counted they stand beside the journal, in notes that take the room of what is known and not of how long
//! it was counted. The journal, which only grows, gets the ledger at the end, with verbs that want it there, and at the
//! start after a process that was killed.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::aside::aside;
use crate::engine::clock;
use crate::engine::index::use_count::{LEDGER, UseCounter, WATCH};
use crate::engine::state::Engine;
use crate::model::{RecordingId, Timestamp, Usage};
use crate::store::{StoreChange, StoreError};

/// The interval in which use is written down; at most this much is unknown when the machine goes down.
const EVERY: Duration = Duration::from_secs(5);

impl Engine {
    /// Writes down what was called and hit since the last time, where it takes no more room however long that goes on.
    pub async fn checkpoint(&self) {
        self.write_history().await;
        if let Err(error) = self.count_use().await {
            tracing::warn!("how often recordings were hit could not be written down: {error}");
        }
    }

    /// Writes down what was called and hit since the last time, for good; gives whether the ledger knows all of it now.
    pub(crate) async fn conclude(&self) -> bool {
        self.write_history().await;
        let written = self.write_ledger().await;
        if let Err(error) = &written {
            tracing::warn!("the hit ledger could not be written: {error}");
        }
        written.is_ok()
    }

    /// Notes beside the journal what was hit since the last time; writes it into the journal where no notes are taken.
    async fn count_use(&self) -> Result<(), StoreError> {
        let now = clock::now();
        let entries = self.shared.index.touched(WATCH);
        if entries.is_empty() {
            return Ok(());
        }
        let ids = ids(&entries);
        let store = self.shared.store.clone();
        match aside(move || store.count_use(&entries, now)).await {
            Ok(true) => Ok(()),
            Ok(false) => self.write_ledger().await,
            Err(error) => {
                self.touch(&ids, WATCH);
                Err(error)
            }
        }
    }

    /// Writes down in the journal what was hit since the last time.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) async fn write_ledger(&self) -> Result<(), StoreError> {
        let entries = self.shared.index.touched(LEDGER);
        if entries.is_empty() {
            return Ok(());
        }
        let ids = ids(&entries);
        let written = self.shared.store.commit(StoreChange::Ledger { entries }, clock::now()).await;
        if written.is_err() {
            self.touch(&ids, LEDGER | WATCH);
        }
        written
    }

    /// The next time they are told again.
    fn touch(&self, ids: &[RecordingId], who: u8) {
        ids.iter().filter_map(|id| self.shared.index.used(id)).for_each(|used| used.touch(who));
    }

    /// The time before which hits may be missing; 1970 where none can be.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn use_unknown_before(&self) -> Result<Timestamp, StoreError> {
        Ok(self.shared.store.gaps()?.last().map_or(Timestamp::default(), |gap| gap.to))
    }

    /// Notes a hit that is about to be counted. Before its call is answered: a hit that a client saw is never forgotten.
    pub(crate) fn note_use(&self, used: &UseCounter, at: Timestamp, scope: Option<&Arc<str>>) {
        if let Some(note) = used.note(at, scope) {
            self.shared.store.note_use(note);
        }
    }

    /// Writes use down every few seconds until the engine closes. That hits are counted is noted at once, before the future
    /// is polled: to be called before the first call comes in.
    pub fn keep_ledger(self) -> impl Future<Output = ()> + Send + 'static + use<> {
        if let Err(error) = self.shared.store.watch(clock::now()) {
            tracing::warn!("what a crash costs of the hit ledger will not be known: {error}");
        }
        async move {
            self.outline_ahead().await;
            while tokio::time::timeout(EVERY, self.shared.lifetime.closing.cancelled()).await.is_err() {
                self.checkpoint().await;
                self.outline_ahead().await;
            }
        }
    }
}

fn ids(entries: &[(RecordingId, Usage)]) -> Vec<RecordingId> {
    entries.iter().map(|(id, _)| id.clone()).collect()
}
