//! An open store, as the engine has it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::change::{Indexed, StoreChange, UndoStep};
use super::error::StoreError;
use super::index::KeptFile;
use super::lock::Ownership;
use super::packed_row::PackedRow;
use super::running::{OpenParts, StoreState};
use super::watch::UseNote;
use super::{files, index_dir, journal, lock, open, watch, writer};
use crate::model::{Gap, Hash, Notice, Recording, RecordingId, Scrubbed, StepId, StepRow, Timestamp, Usage};

/// An opened store, and what people should know about its opening.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// Repairs and losses, in sentences.
    pub notices: Vec<Notice>,
}

/// The size of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreStats {
    /// Recordings, without the trash.
    pub recordings: u64,
    /// Recordings in the trash.
    pub trash: u64,
    /// Length of the journal, in bytes.
    pub journal_bytes: u64,
    /// Length of the body files, in bytes.
    pub body_bytes: u64,
    /// Length of the index's files, in bytes.
    pub index_bytes: u64,
}

/// An open store. Clones are the same store; the last one to go closes it.
#[derive(Clone, Debug)]
pub struct Store(pub(super) Arc<StoreState>);

impl Store {
    /// Opens the store in `dir`, or makes one there, and owns it until it is closed. `now` is written down when it is
    /// made.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] when another process owns it, [`StoreError::Newer`] when a newer retake wrote it,
    /// [`StoreError::Unreadable`] when the journal cannot be understood at all, [`StoreError::Io`] for the rest.
    /// A damaged index and damaged lines are no errors but notices.
    pub fn open(dir: &Path, ownership: &Ownership, now: Timestamp) -> Result<Opened, StoreError> {
        open::prepare(dir)?;
        let lock = lock::Lock::take(dir, ownership)?;
        let open::Parts { core, journal, notices } = match open::open(dir, ownership, now) {
            Err(in_use @ StoreError::InUse { .. }) => {
                lock.abandon();
                return Err(in_use);
            }
            opened => opened?,
        };
        let core = Arc::new(core);
        let (jobs, queue) = mpsc::channel();
        let mut writing = writer::Writer::new(Arc::clone(&core), journal);
        let gap = watch::left(dir).and_then(|left| writing.take_over(&left, now));
        let thread = thread::Builder::new().name("store".into()).spawn(move || writing.run(&queue));
        let writer = thread.map_err(StoreError::io("start the writer of", dir))?;
        let token = lock.token().to_owned();
        let running = Mutex::new(Some(OpenParts { jobs, writer, lock }));
        let (watch, counting) = (Mutex::default(), Mutex::default());
        let store = Self(Arc::new(StoreState { core, token, gap, watch, counting, running }));
        Ok(Opened { store, notices })
    }

    /// True if the store in `dir` was closed in good order, so that opening it mends nothing and takes a moment.
    #[must_use]
    pub fn was_closed(dir: &Path) -> bool {
        let quick = dir.join(index_dir::INDEX).is_dir() && !dir.join(index_dir::MARK).exists();
        files::holds_store(dir) && quick && watch::left(dir).is_none()
    }

    /// True if there is a store in `dir`.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        files::holds_store(dir)
    }

    /// All recordings in the order of their ids, with their use.
    ///
    /// # Errors
    ///
    /// When the store was closed, or when neither index nor journal can be read.
    pub fn entries(&self) -> Result<Vec<Indexed>, StoreError> {
        self.0.core.entries()
    }

    /// The same in no order, and packed: for whoever holds all of them.
    ///
    /// # Errors
    ///
    /// As [`Store::entries`].
    pub fn packed(&self) -> Result<Vec<PackedRow>, StoreError> {
        self.0.core.packed()
    }

    /// Keeps what somebody derived from the recordings as they are now, under a name of its own; it may get lost.
    pub fn keep(&self, name: &str, bytes: &[u8]) {
        self.0.core.keep(name, bytes);
    }

    /// The file that was kept under a name; `None` where too much was changed since.
    #[must_use]
    pub fn derived(&self, name: &str) -> Option<KeptFile> {
        self.0.core.derived(name)
    }

    /// The removed recordings with the time of their removal, in the order of their ids.
    ///
    /// # Errors
    ///
    /// As [`Store::entries`].
    pub fn trash(&self) -> Result<Vec<(Timestamp, Indexed)>, StoreError> {
        self.0.core.trash()
    }

    /// The steps that are kept, oldest first.
    ///
    /// # Errors
    ///
    /// As [`Store::entries`].
    pub fn steps(&self) -> Result<Vec<StepRow>, StoreError> {
        self.0.core.steps()
    }

    /// The step that is done again next: the one that was undone last, if no step was made since.
    ///
    /// # Errors
    ///
    /// As [`Store::entries`].
    pub fn redoable(&self) -> Result<Option<StepId>, StoreError> {
        Ok(self.0.core.redo()?.last().copied())
    }

    /// A step, whole; `None` for one that is not kept.
    ///
    /// # Errors
    ///
    /// As [`Store::recording`].
    pub fn step(&self, id: StepId) -> Result<Option<UndoStep>, StoreError> {
        self.0.core.step(id)
    }

    /// The times in which hits may have been lost, in their order; a few at most. What a killed process had counted is
    /// not lost, see [`Store::note_use`]: these are of machines that went down.
    ///
    /// # Errors
    ///
    /// As [`Store::entries`].
    pub fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        let mut gaps = self.0.core.gaps()?;
        self.0.gap.iter().for_each(|gap| watch::widen(&mut gaps, *gap));
        Ok(gaps)
    }

    /// Hits are counted from `now` on, until [`Store::close`] ends that in good order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when that cannot be noted.
    pub fn watch(&self, now: Timestamp) -> Result<(), StoreError> {
        let watch = watch::UseWatch::begin(self.0.core.dir(), now)?;
        *self.watching() = Some(watch);
        Ok(())
    }

    /// Notes a hit before its call is answered, so that it is known even if this process is killed before the ledger is
    /// written. It does nothing before [`Store::watch`].
    pub fn note_use(&self, note: UseNote) {
        if let Some(watch) = self.watching().as_mut() {
            watch.note(note);
        }
    }

    /// Notes all use of these recordings, so that it is known after the machine went down, too. The notes take as much room
    /// as what is known, however often this is done. It blocks, and does nothing and gives false before [`Store::watch`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when it cannot be noted.
    pub fn count_use(&self, entries: &[(RecordingId, Usage)], now: Timestamp) -> Result<bool, StoreError> {
        self.0.count_use(entries, now)
    }

    fn watching(&self) -> MutexGuard<'_, Option<watch::UseWatch>> {
        self.0.watching()
    }

    /// The recordings whose hash begins with these hexadecimal digits, in the order of their hashes; none for a text
    /// that no hash begins with.
    ///
    /// # Errors
    ///
    /// As [`Store::entries`].
    pub fn find(&self, hash_prefix: &str) -> Result<Vec<RecordingId>, StoreError> {
        // The lowest and the highest hash with this beginning. `parse` lets signs and multi-byte text fail.
        let filled =
            |digit: char| hash_prefix.chars().chain(std::iter::repeat(digit)).take(64).collect::<String>();
        let whole = hash_prefix.bytes().all(|digit| digit.is_ascii_hexdigit()) && hash_prefix.len() <= 64;
        match (filled('0').parse::<Hash>(), filled('f').parse::<Hash>()) {
            (Ok(from), Ok(to)) if whole => self.0.core.hashed(from.0, to.0),
            _ => Ok(Vec::new()),
        }
    }

    /// A recording with its bodies, also one in the trash; none for an unknown id. Its line is held against its checksum,
    /// and a large body against its SHA-256 at its first read in this process.
    ///
    /// # Errors
    ///
    /// [`StoreError::Body`] when a body is missing or damaged, else as [`Store::entries`].
    pub fn recording(&self, id: &RecordingId) -> Result<Option<Recording>, StoreError> {
        self.0.core.recording(id)
    }

    /// The request of a recording alone, also of one in the trash: what [`Store::recording`] reads without the response.
    ///
    /// # Errors
    ///
    /// As [`Store::recording`].
    pub fn request(&self, id: &RecordingId) -> Result<Option<Scrubbed>, StoreError> {
        self.0.core.request(id)
    }

    /// A file behind a link by its SHA-256, or a body that is too large for the journal. Verified as by [`Store::recording`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Body`] when it is missing or damaged, else as [`Store::entries`].
    pub fn body(&self, hash: &Hash) -> Result<Bytes, StoreError> {
        self.0.core.body(hash)
    }

    /// Makes a change durable. It is queued when this is called, so changes happen in the order of calls; the future
    /// ends when a crash can no longer take it back.
    ///
    /// # Errors
    ///
    /// The future's: [`StoreError::Io`] when it could not be written (nothing changed then),
    /// [`StoreError::ReadOnly`] in a store that cannot be written and after a failure that left no safe way on,
    /// [`StoreError::Gone`] when the store was removed meanwhile, [`StoreError::Closed`].
    pub fn commit(
        &self,
        change: StoreChange,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static + use<> {
        self.commit_all(vec![change], now)
    }

    /// Makes changes durable together: when one of them cannot be, none is.
    ///
    /// # Errors
    ///
    /// The future's, as for [`Store::commit`].
    pub fn commit_all(
        &self,
        changes: Vec<StoreChange>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static + use<> {
        self.0.queued(writer::Work::Commit(changes), now)
    }

    /// [`Store::commit_all`] for code that is not asynchronous. It panics inside an asynchronous runtime.
    ///
    /// # Errors
    ///
    /// As [`Store::commit`].
    pub fn commit_blocking(&self, changes: Vec<StoreChange>, now: Timestamp) -> Result<(), StoreError> {
        self.0.queue(writer::Work::Commit(changes), now).blocking_recv().unwrap_or(Err(StoreError::Closed))
    }

    /// Writes the store anew under a new generation, without replaced versions, unreferenced bodies and what was removed
    /// before `trash_since`. Reads go on meanwhile, changes wait. What a damaged journal lost is taken from the index; gives
    /// what is to be said of that.
    ///
    /// # Errors
    ///
    /// The future's, as for [`Store::commit`]; before the new journal is in place nothing has changed.
    pub fn compact(
        &self,
        trash_since: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Notice>, StoreError>> + Send + 'static + use<> {
        let (told, notices) = oneshot::channel();
        let done = self.0.queued(writer::Work::Compact(trash_since, told), now);
        async move {
            done.await?;
            Ok(notices.await.unwrap_or_default())
        }
    }

    /// Keeps all changes from becoming durable until what is given back is dropped.
    #[cfg(test)]
    pub(crate) fn hold(&self, now: Timestamp) -> std::sync::mpsc::Sender<()> {
        let (release, until) = std::sync::mpsc::channel();
        drop(self.0.queue(writer::Work::Hold(until), now));
        release
    }

    /// Files that repairs left behind: indexes that were not believed, journals that were not sound, and half a line.
    #[must_use]
    pub fn remains(&self) -> Vec<PathBuf> {
        open::remains(self.0.core.dir())
    }

    /// Deletes what repairs left behind.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when one of them cannot be deleted.
    pub fn discard_remains(&self) -> Result<(), StoreError> {
        open::discard_remains(self.0.core.dir())
    }

    /// 32 random bytes made with the store, for placeholders that are the same wherever the store travels.
    #[must_use]
    pub fn salt(&self) -> [u8; 32] {
        self.0.core.header().salt.0
    }

    /// The name by which other stores know this one. A copy that stands elsewhere is another one: it is used on its own.
    /// It tells neither salt nor place.
    #[must_use]
    pub fn name(&self) -> String {
        let core = &self.0.core;
        let dir = core.dir().canonicalize().unwrap_or_else(|_| core.dir().to_owned());
        let parts = [b"usage", &self.salt()[..], dir.as_os_str().as_encoded_bytes()].concat();
        format!("store_{}", Hash::of(&parts).short())
    }

    /// The size of the store. It looks at every file of the store.
    ///
    /// # Errors
    ///
    /// As [`Store::entries`].
    pub fn stats(&self) -> Result<StoreStats, StoreError> {
        let core = &self.0.core;
        let (recordings, trash) = core.counts()?;
        let journal = journal::Journal::path_in(core.dir());
        let journal_bytes = journal.metadata().map_err(StoreError::io("look at", &journal))?.len();
        let body_bytes = files::disk_use(core.bodies().root());
        let index_bytes = files::disk_use(&core.dir().join(index_dir::INDEX));
        Ok(StoreStats { recordings, trash, journal_bytes, body_bytes, index_bytes })
    }

    /// The reason why nothing is recorded, or why the index is not used; `None` while all is well.
    #[must_use]
    pub fn degraded(&self) -> Option<String> {
        self.0.core.degraded()
    }

    /// The token that the control API asks for; new at every opening.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.0.token
    }

    /// Tells other processes where this one listens.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when `LOCK` cannot be written, [`StoreError::Closed`].
    pub fn announce(&self, address: &str) -> Result<(), StoreError> {
        let mut running = self.0.running.lock();
        running.as_mut().map_or(Err(StoreError::Closed), |running| running.lock.announce(address))
    }

    /// Tells other processes that this one listens no more and lets the store go soon.
    pub fn withdraw(&self) {
        let mut running = self.0.running.lock();
        if let Some(running) = running.as_mut() {
            running.lock.withdraw();
        }
    }

    /// Waits for all queued changes, writes everything out and lets the store go. Harmless when done twice.
    pub fn close(&self) {
        self.0.close(true);
    }

    /// Closes the store where the ledger does not know all hits: the next start finds them in their notes.
    pub fn close_uncounted(&self) {
        self.0.close(false);
    }
}
