//! Past calls, kept beside the truth.

use std::future::Future;

use super::error::StoreError;
use super::handle::Store;
use super::writer;
use crate::model::Timestamp;

impl Store {
    /// Keeps past calls; those over 16 KiB are left out, and the oldest give way. They are no part of the truth: a crash may
    /// take the newest.
    ///
    /// # Errors
    ///
    /// The future's: [`StoreError::Closed`], [`StoreError::Io`].
    pub fn remember(
        &self,
        calls: Vec<Vec<u8>>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static + use<> {
        self.0.queued(writer::Work::Remember(calls), now)
    }

    /// Keeps these past calls in place of all others, of which nothing stays on the disk.
    ///
    /// # Errors
    ///
    /// As [`Store::remember`].
    pub fn rewrite_history(
        &self,
        calls: Vec<Vec<u8>>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static + use<> {
        self.0.queued(writer::Work::Rewrite(calls), now)
    }

    /// The past calls that are kept, the oldest first; some may stand there twice, the newer one last.
    #[must_use]
    pub fn history(&self) -> Vec<Vec<u8>> {
        self.0.core.history()
    }
}
