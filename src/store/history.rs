//! Past calls, kept beside the truth.

use std::future::Future;

use super::{Store, StoreError, writer};
use crate::model::Timestamp;

impl Store {
    /// Keeps past calls, each in a slot whose earlier call it replaces; calls over 16 KiB are left out. They are no part of
    /// the truth: a crash may take the newest, and making the index anew takes all.
    ///
    /// # Errors
    ///
    /// The future's: [`StoreError::Closed`].
    pub fn remember(
        &self,
        calls: Vec<(u64, Vec<u8>)>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static + use<> {
        let done = self.0.queue(writer::Work::Remember(calls), now);
        async move { done.await.unwrap_or(Err(StoreError::Closed)) }
    }

    /// The past calls that are kept, by slot.
    #[must_use]
    pub fn history(&self) -> Vec<(u64, Vec<u8>)> {
        self.0.core.history()
    }
}
