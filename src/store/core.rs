//! The part that readers and the writer share: the index or what stands in for it, and the bodies.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard, RwLock};

use super::bodies::Bodies;
use super::change::{Changed, Indexed, RecordingVersion, UndoStep};
use super::error::{IndexError, StoreError};
use super::index::{FoundPut, Index, KeptFile, UncopiedLines};
use super::index_dir::TOGETHER;
use super::journal::{Journal, JournalMark};
use super::line::{
    BodyRef, ChangedLine, Content, Detail, JournalEntry, JournalHeader, JournalLine, ParsedLine, VersionLine,
};
use super::offsets::Offsets;
use super::packed_row::PackedRow;
use super::ring::Ring;
use super::source::ReadSource;
use super::{index_dir, survey};
use crate::model::{Gap, Hash, Recording, RecordingId, Scrubbed, StepId, StepRow, Timestamp, Usage};

/// The shared part of an open store.
#[derive(Debug)]
pub(super) struct Core {
    dir: PathBuf,
    /// The journal's header; another one after compacting.
    header: Mutex<JournalHeader>,
    bodies: Bodies,
    ring: Mutex<Ring>,
    /// Locked only to clone or to swap what is inside: a call to sled may hang, and nobody else shall hang with it.
    source: RwLock<ReadSource>,
    trouble: Mutex<Trouble>,
}

/// Reasons why the store is not as it should be.
#[derive(Clone, Debug, Default)]
struct Trouble {
    /// The reason why there is no index. The journal has it all, so recording goes on.
    index: Option<String>,
    /// The reason why the last change could not be written; `None` again once one was.
    writing: Option<String>,
}

fn cause(reason: &str) -> Arc<std::io::Error> {
    Arc::new(std::io::Error::other(reason.to_owned()))
}

impl Core {
    pub(super) fn new(
        dir: &Path,
        header: JournalHeader,
        bodies: Bodies,
        source: ReadSource,
        failed: Option<String>,
    ) -> Self {
        let trouble = Mutex::new(Trouble { index: failed, writing: None });
        let (header, ring) = (Mutex::new(header), Mutex::new(Ring::new(dir)));
        Self { dir: dir.into(), header, bodies, ring, source: RwLock::new(source), trouble }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn header(&self) -> JournalHeader {
        *self.header.lock()
    }

    pub(super) fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    /// The reason why the store is not as it should be; `None` while all is well.
    pub(super) fn degraded(&self) -> Option<String> {
        let Trouble { index, writing } = self.trouble().clone();
        let unwritten = writing.map(|reason| format!("nothing is recorded: {reason}"));
        unwritten.or_else(|| {
            let reason = index?;
            Some(format!(
                "the index failed ({reason}): recordings are read from the journal, and the next start makes the index anew"
            ))
        })
    }

    /// The reason why nothing is recorded; `None` while changes are written.
    pub(super) fn unwritten(&self) -> Option<String> {
        self.trouble().writing.clone()
    }

    /// Notes how the last change went.
    pub(super) fn written(&self, result: &Result<(), StoreError>) {
        self.trouble().writing = result.as_ref().err().map(ToString::to_string);
    }

    pub(super) fn entries(&self) -> Result<Vec<Indexed>, StoreError> {
        self.read(Index::entries, |offsets| Ok(offsets.entries()))
    }

    pub(super) fn trash(&self) -> Result<Vec<(Timestamp, Indexed)>, StoreError> {
        self.read(Index::trash, |offsets| Ok(offsets.trash()))
    }

    pub(super) fn counts(&self) -> Result<(u64, u64), StoreError> {
        self.read(Index::counts, |offsets| Ok(offsets.counts()))
    }

    /// All recordings in no order, as few bytes.
    pub(super) fn packed(&self) -> Result<Vec<PackedRow>, StoreError> {
        self.read(Index::rows, |offsets| Ok(offsets.entries().iter().map(PackedRow::of).collect()))
    }

    pub(super) fn hashed(&self, from: [u8; 32], to: [u8; 32]) -> Result<Vec<RecordingId>, StoreError> {
        let mut found: Vec<_> = self.entries()?;
        found.retain(|known| (from..=to).contains(&known.row.hash.0));
        found.sort_by_key(|known| known.row.hash);
        Ok(found.into_iter().map(|known| known.row.id.clone()).collect())
    }

    /// A recording with its small bodies, its labels as they are now.
    fn detail(&self, id: &RecordingId) -> Result<Option<Detail>, StoreError> {
        let indexed = |index: &Index| {
            let Some(FoundPut { indexed, put, mark }) = index.put(id)? else { return Ok(Ok(None)) };
            let Some(mut put) = put else { return Ok(Err(mark)) };
            put.detail.recording.label(indexed.row.labels());
            Ok(Ok(Some(put.detail)))
        };
        let found = self.read(indexed, |offsets| offsets.detail(id).map(Ok))?;
        found.map_err(|mark| survey::changed(&Journal::path_in(&self.dir), mark))
    }

    /// A body of a recording: itself where it stands in the line, else from its file.
    fn body_of(&self, id: &RecordingId, body: BodyRef, inside: &Bytes) -> Result<Bytes, StoreError> {
        if body.small() {
            return Ok(inside.clone());
        }
        self.body(&body.hash).map_err(|error| error.of_recording(id))
    }

    /// A recording, whole.
    pub(super) fn recording(&self, id: &RecordingId) -> Result<Option<Recording>, StoreError> {
        let Some(detail) = self.detail(id)? else { return Ok(None) };
        let Detail { mut recording, request, response, original } = detail;
        recording.response.log.bytes = self.body_of(id, response, &recording.response.log.bytes)?;
        if let (Some(before), Some(kept)) = (&mut recording.original, original) {
            before.response.log.bytes = self.body_of(id, kept, &before.response.log.bytes)?;
        }
        let body = self.body_of(id, request, &recording.request.body)?;
        recording.request = recording.request.with_body(body);
        Ok(Some(recording))
    }

    /// All steps that are kept, oldest first.
    pub(super) fn steps(&self) -> Result<Vec<StepRow>, StoreError> {
        self.read(Index::steps, |offsets| Ok(offsets.steps()))
    }

    /// The steps that can be done again, the next one last.
    pub(super) fn redo(&self) -> Result<Vec<StepId>, StoreError> {
        self.read(Index::redo, |offsets| Ok(offsets.redo().to_vec()))
    }

    /// A step with the exchanges that it keeps, as the journal has it.
    pub(super) fn step(&self, id: StepId) -> Result<Option<UndoStep>, StoreError> {
        let mark = self.read(|index| index.step(id), |offsets| Ok(offsets.step(id)))?;
        let Some((row, mark)) = mark else { return Ok(None) };
        let path = Journal::path_in(&self.dir);
        let Some(ParsedLine::Line(line)) = survey::line_before(&path, mark)? else {
            return Err(survey::changed(&path, mark));
        };
        let JournalEntry::Step(step) = line.entry else { return Err(survey::changed(&path, mark)) };
        let changed = step.changed.into_iter().map(|changed| {
            let ChangedLine { id, before, after } = changed;
            Ok(Changed { before: self.version(before)?, after: self.version(after)?, id })
        });
        let changed = changed.collect::<Result<_, StoreError>>()?;
        Ok(Some(UndoStep { id, verb: step.verb, undone: row.undone, changed }))
    }

    fn version(&self, line: Option<VersionLine>) -> Result<Option<RecordingVersion>, StoreError> {
        let Some(VersionLine { labels, content }) = line else { return Ok(None) };
        let whole = |content: Content| -> Result<_, StoreError> {
            let media = content.media.iter().filter_map(|media| Some((media.body.hash, media.bytes()?)));
            let media: Vec<_> = media.collect();
            let Detail { mut recording, request, response, original } = content.detail;
            let filled = |body: BodyRef, known: &Bytes| {
                if body.small() { Ok(known.clone()) } else { self.body(&body.hash) }
            };
            recording.response.log.bytes = filled(response, &recording.response.log.bytes)?;
            if let (Some(before), Some(kept)) = (&mut recording.original, original) {
                before.response.log.bytes = filled(kept, &before.response.log.bytes)?;
            }
            let body = filled(request, &recording.request.body)?;
            recording.request = recording.request.with_body(body);
            Ok((Box::new(recording), media))
        };
        let (recording, media) = content.map(|content| whole(*content)).transpose()?.unzip();
        Ok(Some(RecordingVersion { labels, recording, media: media.unwrap_or_default() }))
    }

    /// The times in which hits may have been lost, in their order.
    pub(super) fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        self.read(Index::gaps, |offsets| Ok(offsets.gaps().to_vec()))
    }

    /// A recording's use, as the ledger says.
    pub(super) fn usage(&self, id: &RecordingId) -> Result<Usage, StoreError> {
        let known = |offsets: &Offsets| Ok(offsets.usage(id).map(|(_, usage)| usage).unwrap_or_default());
        self.read(|index| index.usage(id), known)
    }

    /// The request of a recording.
    pub(super) fn request(&self, id: &RecordingId) -> Result<Option<Scrubbed>, StoreError> {
        let Some(Detail { recording, request, .. }) = self.detail(id)? else { return Ok(None) };
        let body = self.body_of(id, request, &recording.request.body)?;
        Ok(Some(recording.request.with_body(body)))
    }

    /// A file behind a link, or a large body, by its hash.
    pub(super) fn body(&self, hash: &Hash) -> Result<Bytes, StoreError> {
        let sound = |body: Option<Bytes>| match body {
            Some(bytes) if !self.bodies.verify(hash, &bytes) => {
                Err(IndexError(format!("the file {hash} is damaged")))
            }
            body => Ok(body),
        };
        let small = self.read(|index| index.file(hash).and_then(sound), |offsets| offsets.body(hash))?;
        match small {
            Some(bytes) => Ok(bytes),
            None if *hash == Hash::of(b"") => Ok(Bytes::new()),
            None => self.bodies.read(hash)?.ok_or_else(|| StoreError::Body {
                path: self.bodies.path(hash),
                recording: None,
                problem: "is missing".into(),
            }),
        }
    }

    /// Takes in lines that are durable in the journal. It cannot fail: when the index does, the store goes on without.
    pub(super) fn apply(&self, lines: &[(JournalLine, JournalMark)]) {
        for lines in lines.chunks(TOGETHER) {
            if let ReadSource::Index(index) = self.source() {
                match index.apply(&self.header(), lines) {
                    Ok(()) => continue,
                    Err(error) => self.degrade(&index, &error),
                }
            }
            // Reading the journal may have taken them in already, which is harmless.
            if let ReadSource::Offsets(offsets) = self.source() {
                let mut offsets = offsets.lock();
                for (line, mark) in lines {
                    offsets.apply(line, *mark);
                }
            }
        }
    }

    /// Past calls on disk.
    pub(super) fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock()
    }

    /// The past calls that are kept, the oldest first.
    pub(super) fn history(&self) -> Vec<Vec<u8>> {
        self.ring().calls()
    }

    /// Takes past calls over that an older retake kept in the index.
    pub(super) fn move_history(&self) {
        let ReadSource::Index(index) = self.source() else { return };
        let moved = index.history().and_then(|calls| match calls.as_slice() {
            [] => Ok(()),
            // Where they cannot be written they wait for the next time.
            calls => self.ring().push(calls).map_or(Ok(()), |()| index.drop_history()),
        });
        if let Err(error) = moved {
            self.degrade(&index, &error);
        }
    }

    /// Copies lines of the journal into the index.
    pub(super) fn copy(&self, uncopied: &mut UncopiedLines) {
        self.indexing(|index| index.copy(uncopied));
    }

    /// Writes out what is in sled's buffers, so that the next start has less to catch up on.
    pub(super) fn flush(&self) {
        self.indexing(Index::flush);
    }

    /// Keeps all rows together for the next start, where that is due; gives up when `wanted` gives false.
    pub(super) fn keep_rows(&self, wanted: impl FnMut() -> bool) {
        self.indexing(|index| index.keep_rows(wanted));
    }

    /// Keeps what is derived from the recordings.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) {
        self.indexing(|index| index.keep(name, bytes));
    }

    /// A file that was kept so.
    pub(super) fn derived(&self, name: &str) -> Option<KeptFile> {
        self.read(|index| index.derived(name), |_| Ok(None)).ok().flatten()
    }

    fn indexing(&self, work: impl FnOnce(&Index) -> Result<(), IndexError>) {
        if let ReadSource::Index(index) = self.source()
            && let Err(error) = work(&index)
        {
            self.degrade(&index, &error);
        }
    }

    /// Makes the index anew, from a journal that has taken the place of the old one. Reads go on meanwhile.
    pub(super) fn reindex(&self, journal: &Journal) -> Result<(), StoreError> {
        *self.header.lock() = *journal.header();
        let failed = self.index().is_none();
        let (offsets, _) = Offsets::read(journal.path())?;
        self.swap(ReadSource::Offsets(Arc::new(Mutex::new(offsets))));
        if failed {
            // sled is not called again in this process.
            return Ok(());
        }
        match index_dir::anew(&self.dir, journal) {
            Ok(index) => self.swap(ReadSource::Index(Arc::new(index))),
            Err(problem) => self.trouble().index = Some(problem.to_string()),
        }
        Ok(())
    }

    /// Ends sled; nothing is read from now on.
    pub(super) fn close(&self) {
        self.keep_rows(|| true);
        self.flush();
        self.swap(ReadSource::Closed);
    }

    fn read<T>(
        &self,
        indexed: impl FnOnce(&Index) -> Result<T, IndexError>,
        without: impl FnOnce(&Offsets) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let ReadSource::Index(index) = self.source() {
            match indexed(&index) {
                Ok(value) => return Ok(value),
                Err(error) => self.degrade(&index, &error),
            }
        }
        match self.source() {
            ReadSource::Offsets(offsets) => without(&offsets.lock()),
            ReadSource::Index(_) | ReadSource::Closed => Err(self.unserved()),
        }
    }

    fn unserved(&self) -> StoreError {
        match &self.trouble().index {
            Some(reason) => {
                StoreError::Io { action: "read", path: Journal::path_in(&self.dir), cause: cause(reason) }
            }
            None => StoreError::Closed,
        }
    }

    /// sled failed: from now on it is neither called nor dropped, and the next start makes the index anew.
    fn degrade(&self, index: &Arc<Index>, error: &IndexError) {
        let mut trouble = self.trouble();
        // Another thread may have met the same failure a moment before.
        if !matches!(self.source(), ReadSource::Index(_)) {
            return;
        }
        // Dropping sled writes, and may hang or panic: it is leaked on purpose.
        std::mem::forget(Arc::clone(index));
        // If even the mark cannot be written, the checks of the next start remain.
        index_dir::mark(&self.dir).ok();
        let mut reason = error.0.clone();
        self.swap(match Offsets::read(&Journal::path_in(&self.dir)) {
            Ok((offsets, survey)) => {
                let flaws = survey.flaws.iter().map(|flaw| flaw.notice(0, survey.last()).text);
                flaws.for_each(|flaw| reason = format!("{reason}; {flaw}"));
                ReadSource::Offsets(Arc::new(Mutex::new(offsets)))
            }
            Err(unread) => {
                reason = format!("{reason}; {unread}");
                ReadSource::Closed
            }
        });
        trouble.index = Some(reason);
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock()
    }

    /// The index, where it has not failed.
    pub(super) fn index(&self) -> Option<Arc<Index>> {
        match self.source() {
            ReadSource::Index(index) => Some(index),
            ReadSource::Offsets(_) | ReadSource::Closed => None,
        }
    }

    /// Goes on without an index that failed; gives what to say to whoever needed it.
    pub(super) fn fail(&self, index: Option<&Arc<Index>>, error: &IndexError) -> StoreError {
        if let Some(index) = index {
            self.degrade(index, error);
        }
        StoreError::Unreadable {
            path: self.dir.join(index_dir::INDEX),
            problem: format!("failed ({})", error.0),
            advice: "try again: the journal is read instead",
        }
    }

    pub(super) fn source(&self) -> ReadSource {
        self.source.read().clone()
    }

    fn swap(&self, source: ReadSource) {
        *self.source.write() = source;
    }
}
