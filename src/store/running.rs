//! The state that clones of an open store share, and how it ends.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use super::core::Core;
use super::error::StoreError;
use super::watch::{self, UseWatch};
use super::{lock, writer};
use crate::model::{Gap, RecordingId, Timestamp, Usage};

/// The state that clones share.
#[derive(Debug)]
pub(super) struct StoreState {
    pub(super) core: Arc<Core>,
    pub(super) token: String,
    /// The time in which hits may be missing, where the journal cannot be told of it.
    pub(super) gap: Option<Gap>,
    /// The notes of hits, while they are counted. Calls wait for it: nothing is synced under this lock.
    pub(super) watch: Mutex<Option<UseWatch>>,
    /// Held by whoever writes use down.
    pub(super) counting: Mutex<()>,
    /// Emptied when the store is closed; the lock is let go after the writer ended.
    pub(super) running: Mutex<Option<OpenParts>>,
}

/// The parts that only an open store has.
#[derive(Debug)]
pub(super) struct OpenParts {
    pub(super) jobs: Sender<writer::WriteJob>,
    pub(super) writer: JoinHandle<()>,
    pub(super) lock: lock::Lock,
}

impl StoreState {
    /// Hands work to the writer.
    pub(super) fn queue(
        &self,
        work: writer::Work,
        now: Timestamp,
    ) -> oneshot::Receiver<Result<(), StoreError>> {
        let (done, receiver) = oneshot::channel();
        let mut running = self.running.lock();
        if let Some(running) = &mut *running {
            running.lock.restore();
            // When the writer is gone, so is `done`, and that is the answer.
            running.jobs.send(writer::WriteJob { work, now, done }).ok();
        }
        receiver
    }

    /// Hands work to the writer, and waits until it is done.
    pub(super) fn queued(
        &self,
        work: writer::Work,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static + use<> {
        let done = self.queue(work, now);
        async move { done.await.unwrap_or(Err(StoreError::Closed)) }
    }

    /// The notes of hits, while they are counted.
    pub(super) fn watching(&self) -> MutexGuard<'_, Option<UseWatch>> {
        self.watch.lock()
    }

    /// Notes all use of these recordings; false where no notes are taken.
    pub(super) fn count_use(
        &self,
        entries: &[(RecordingId, Usage)],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let _one = self.counting.lock();
        let path = watch::path_in(self.core.dir());
        let noted = watch::counted(entries).and_then(|text| {
            let Some(file) = self.watching().as_mut().map(|watch| watch.append(&text)).transpose()? else {
                return Ok(None);
            };
            file.sync_data()?;
            // What this line says holds since the sync, so it comes behind it.
            let text = watch::ledger_note(now)?;
            let outgrown = self.watching().as_mut().map(|watch| {
                watch.append(&text)?;
                Ok::<_, io::Error>(watch.outgrown())
            });
            outgrown.transpose()
        });
        match noted.map_err(StoreError::io("write", &path))? {
            None => return Ok(false),
            Some(None) => {}
            Some(Some(len)) => self.shorten(&path, len),
        }
        Ok(true)
    }

    /// Writes the notes anew without what is outdated. What came behind the first `len` bytes meanwhile is copied.
    fn shorten(&self, path: &Path, len: u64) {
        let anew = watch::UseWatch::anew(path, len);
        if let Some(watch) = self.watching().as_mut()
            && !anew.is_some_and(|anew| watch.give_way(anew, len))
        {
            // It grows on, and the next time comes.
            watch.bear();
        }
    }

    /// `counted`: all hits are written down by now.
    pub(super) fn close(&self, counted: bool) {
        let running = self.running.lock().take();
        if let Some(OpenParts { jobs, writer, lock }) = running {
            drop(jobs);
            // A writer that panicked has nothing left to say.
            writer.join().ok();
            let watch = self.watching().take();
            // Behind the lock it may be the next owner's. Of what the journal was not told the file tells on.
            if counted && watch.is_some() && self.gap.is_none() && self.core.unwritten().is_none() {
                watch::end(self.core.dir()).ok();
            }
            drop(lock);
        }
    }
}

impl Drop for StoreState {
    fn drop(&mut self) {
        self.close(false);
    }
}
