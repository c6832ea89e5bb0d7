//! What the clones of an open store share, and how that ends.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::core::Core;
use super::{StoreError, lock, open, writer};
use crate::model::Timestamp;

/// What clones share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) core: Arc<Core>,
    pub(super) token: String,
    /// What the journal is about to say: before this time a process died that counted hits.
    pub(super) unwatched: Timestamp,
    /// Emptied when the store is closed; the lock is let go after the writer ended.
    pub(super) running: Mutex<Option<Running>>,
}

/// What only an open store has.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) jobs: Sender<writer::Job>,
    pub(super) writer: JoinHandle<()>,
    pub(super) lock: lock::Lock,
}

impl Shared {
    /// Hands work to the writer.
    pub(super) fn queue(
        &self,
        work: writer::Work,
        now: Timestamp,
    ) -> oneshot::Receiver<Result<(), StoreError>> {
        let (done, receiver) = oneshot::channel();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &mut *running {
            running.lock.restore();
            // When the writer is gone, so is `done`, and that is the answer.
            let _ = running.jobs.send(writer::Job { work, now, done });
        }
        receiver
    }

    /// `counted`: all hits are written down by now.
    pub(super) fn close(&self, counted: bool) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { jobs, writer, lock }) = running {
            drop(jobs);
            // A writer that panicked has nothing left to say.
            let _ = writer.join();
            // Behind the lock it may be the next owner's.
            if counted && self.core.unwritten().is_none() {
                let _ = std::fs::remove_file(self.core.dir().join(open::WATCH));
            }
            drop(lock);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close(false);
    }
}
