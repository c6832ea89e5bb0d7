//! The one thread that writes. It takes all changes that wait and makes them durable with one sync.
//!
//! Order of a change: body files, journal line, sync, index, answer. Whoever got the answer can rely on the change;
//! whoever did not may still find it after a crash.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::bodies::Unsynced;
use super::change::{Changed, Indexed, RecordingVersion, StoreChange, UndoStep};
use super::compact::{Old, Rewritten};
use super::core::Core;
use super::error::IndexProblem;
use super::error::StoreError;
use super::index::UncopiedLines;
use super::journal::{AppendedLines, Journal, JournalMark};
use super::line::{
    BodyRef, ChangedLine, Content, Detail, JournalEntry, JournalLine, MediaLine, Put, StepLine, VersionLine,
};
use super::offsets::Offsets;
use super::watch::{self, Left};
use super::{compact, mend};
use crate::model::{Gap, Hash, Notice, Recording, RecordingId, Timestamp, Usage};

/// Something to be done, and who waits for it.
pub(super) struct WriteJob {
    pub(super) work: Work,
    pub(super) now: Timestamp,
    pub(super) done: oneshot::Sender<Result<(), StoreError>>,
}

/// A task of the writer.
pub(super) enum Work {
    /// Make these durable, all or none.
    Commit(Vec<StoreChange>),
    /// Keep these past calls. They are not synced: a crash may take the newest.
    Remember(Vec<Vec<u8>>),
    /// Keep these past calls and no others.
    Rewrite(Vec<Vec<u8>>),
    /// Write the store anew without what was removed before this, and tell what is to be said of it.
    Compact(Timestamp, oneshot::Sender<Vec<Notice>>),
    /// Write nothing more until the other end is dropped: a test looks at what is there before anything is safe.
    #[cfg(test)]
    Hold(Receiver<()>),
}

/// The writer's own things.
pub(super) struct Writer {
    core: Arc<Core>,
    journal: Journal,
    /// Changes since sled's buffers were last written out.
    unflushed: usize,
    /// Lines that the index has no copy of yet.
    uncopied: UncopiedLines,
    /// True where anything was written since the rows were last kept together.
    changed: bool,
}

/// The most jobs that share a sync, so that the first of them does not wait for ever.
const BATCH: usize = 512;
/// The number of changes after which sled's buffers are written out: so many are read from the journal after a crash at
/// most.
const FLUSH: usize = 2048;
/// The time without work before the next start is seen to.
const IDLE: Duration = Duration::from_secs(1);

impl Writer {
    pub(super) fn new(core: Arc<Core>, journal: Journal) -> Self {
        Self { core, journal, unflushed: 0, uncopied: UncopiedLines::default(), changed: true }
    }

    /// Takes the use that a killed process noted into the ledger; gives the gap that the journal could not be told of, which
    /// is as long as if nothing had been noted. To be called before there is any work.
    pub(super) fn take_over(&mut self, left: &Left, now: Timestamp) -> Option<Gap> {
        let used = || -> Result<Vec<_>, StoreError> {
            let taken = |(id, used): (&RecordingId, &Usage)| {
                let mut known = self.core.usage(id)?;
                known.learn(used.clone());
                Ok((id.clone(), known))
            };
            left.used.iter().map(taken).collect()
        };
        let written = self.core.degraded().map_or(Ok(()), |reason| Err(StoreError::ReadOnly { reason }));
        let written = written.and_then(|()| used()).and_then(|used| {
            let gap = left.gap(now).map(JournalEntry::Gap);
            let used = (!used.is_empty()).then_some(JournalEntry::Ledger(used));
            self.append(used.into_iter().chain(gap).map(|entry| JournalLine::new(now, entry)).collect())
        });
        match written.and_then(|()| watch::end(self.core.dir())) {
            Ok(()) => None,
            Err(_) => left.without_notes().gap(now),
        }
    }

    /// Works until nobody can send any more.
    pub(super) fn run(mut self, jobs: &Receiver<WriteJob>) {
        while let Some(first) = self.next(jobs) {
            let mut batch = vec![first];
            batch.extend(jobs.try_iter().take(BATCH - 1));
            self.write(batch);
        }
    }

    /// The next job; none when nobody can send any more. What the next start has to catch up on is seen to when nothing else
    /// is to be done.
    fn next(&mut self, jobs: &Receiver<WriteJob>) -> Option<WriteJob> {
        while self.changed {
            match jobs.recv_timeout(IDLE) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.core.copy(&mut self.uncopied);
            self.core.flush();
            self.unflushed = 0;
            let mut came = None;
            self.core.keep_rows(|| match jobs.try_recv() {
                Ok(job) => {
                    came = Some(job);
                    false
                }
                Err(_) => true,
            });
            if came.is_some() {
                return came;
            }
            self.changed = false;
        }
        jobs.recv().ok()
    }

    fn write(&mut self, batch: Vec<WriteJob>) {
        self.changed = true;
        let mut unsynced = Unsynced::default();
        let mut lines = Vec::new();
        let mut waiting = Vec::new();
        let mut compact = Vec::new();
        let (ready, mut refused) = (self.ready(), Vec::new());
        for WriteJob { work, now, done } in batch {
            match work {
                Work::Commit(changes) => {
                    match ready.clone().and_then(|()| self.prepare(changes, now, &mut unsynced)) {
                        Ok(more) => {
                            lines.extend(more);
                            waiting.push(done);
                        }
                        Err(error) => refused.push((done, error)),
                    }
                }
                Work::Remember(calls) => answer([done], &self.core.ring().push(&calls)),
                Work::Rewrite(calls) => answer([done], &self.core.ring().replace(&calls)),
                Work::Compact(trash_since, told) => compact.push((trash_since, now, told, done)),
                #[cfg(test)]
                Work::Hold(until) => _ = until.recv(),
            }
        }
        let written = unsynced.sync().and_then(|()| self.append(lines));
        // Before anybody is told: who asks then what is wrong gets the answer.
        match refused.last() {
            Some((_, error)) => self.core.written(&Err(error.clone())),
            None if waiting.is_empty() => {}
            None => self.core.written(&written),
        }
        for (done, error) in refused {
            answer([done], &Err(error));
        }
        answer(waiting, &written);
        for (trash_since, now, told, done) in compact {
            let compacted = self.compact(trash_since, now).map(|notices| _ = told.send(notices));
            answer([done], &compacted);
        }
    }

    fn compact(&mut self, trash_since: Timestamp, now: Timestamp) -> Result<Vec<Notice>, StoreError> {
        self.ready()?;
        self.core.copy(&mut self.uncopied);
        let dir = self.core.dir();
        let (offsets, mut survey) = Offsets::read(self.journal.path())?;
        let known = self.journal.last();
        survey.shortened(known);
        let flawed = !survey.flaws.is_empty();
        let journal = &self.journal;
        let index = if flawed { self.core.index() } else { None };
        let old = Old { journal, offsets: &offsets, index: index.as_deref(), flawed };
        let Rewritten { journal, named, lost, aside } = compact::rewrite(dir, &old, trash_since, now)
            .map_err(|problem| match problem {
                IndexProblem::Store(error) => error,
                IndexProblem::Index(error) => self.core.fail(index.as_ref(), &error),
            })?;
        let known = if index.is_some() { known } else { 0 };
        let notices = mend::notices(&survey, known, &lost, aside.as_deref());
        self.journal = journal;
        self.core.reindex(&self.journal)?;
        // What only a damaged line names may be wanted by whoever reads the damaged journal.
        if trash_since == Timestamp(i64::MAX) || compact::damaged_journals(self.core.dir()).is_empty() {
            compact::sweep(self.core.bodies().root(), &named);
        }
        Ok(notices)
    }

    fn append(&mut self, mut lines: Vec<JournalLine>) -> Result<(), StoreError> {
        if lines.is_empty() {
            return Ok(());
        }
        let AppendedLines { marks, text } = self.journal.append(&mut lines)?;
        // Nobody is told of what is in no place.
        self.ready()?;
        let lines: Vec<_> = lines.into_iter().zip(marks).collect();
        self.core.apply(&lines);
        self.wait_for_copies(&lines, &text);
        self.unflushed += lines.len();
        if self.unflushed >= FLUSH {
            self.unflushed = 0;
            self.core.copy(&mut self.uncopied);
            self.core.flush();
        }
        Ok(())
    }

    /// Keeps lines until there are so many that copying them pays.
    fn wait_for_copies(&mut self, lines: &[(JournalLine, JournalMark)], text: &[u8]) {
        let mut rest = text;
        for (line, mark) in lines {
            let len = usize::try_from(mark.end - mark.start).unwrap_or(usize::MAX).min(rest.len());
            let (text, behind) = rest.split_at(len);
            rest = behind;
            match line.entry {
                JournalEntry::Put(_) => self.uncopied.push(*mark, text),
                _ => self.uncopied.pass(*mark),
            }
            if self.uncopied.is_full() {
                self.core.copy(&mut self.uncopied);
            }
        }
    }

    /// True if anything can be written: the journal can, and is still where it was.
    fn ready(&self) -> Result<(), StoreError> {
        if let Some(reason) = self.journal.broken() {
            return Err(StoreError::ReadOnly { reason: reason.into() });
        }
        if self.journal.is_in_place() {
            return Ok(());
        }
        Err(StoreError::Gone { dir: self.core.dir().into() })
    }

    /// Writes the large bodies and makes the lines.
    fn prepare(
        &self,
        changes: Vec<StoreChange>,
        at: Timestamp,
        unsynced: &mut Unsynced,
    ) -> Result<Vec<JournalLine>, StoreError> {
        let line = |entry| JournalLine::new(at, entry);
        changes.into_iter().map(|change| self.entry(change, unsynced).map(line)).collect()
    }

    fn entry(&self, change: StoreChange, unsynced: &mut Unsynced) -> Result<JournalEntry, StoreError> {
        Ok(match change {
            StoreChange::Put { recording, row, keys, media } => {
                let detail = self.detail(*recording, unsynced)?;
                let media = media.iter().map(|(hash, bytes)| self.media(hash, bytes, unsynced));
                let media = media.collect::<Result<_, _>>()?;
                let Indexed { row, keys } = unused(Indexed { row, keys });
                JournalEntry::Put(Box::new(Put { detail, row, keys, media }))
            }
            StoreChange::Retag { row, keys } => JournalEntry::Retag(unused(Indexed { row, keys })),
            StoreChange::Remove { ids } => JournalEntry::Remove(ids),
            StoreChange::Restore { ids } => JournalEntry::Restore(ids),
            StoreChange::Ledger { entries } => JournalEntry::Ledger(entries),
            StoreChange::Step(step) => JournalEntry::Step(Box::new(self.step(*step, unsynced)?)),
            StoreChange::Undone { step, undone } => JournalEntry::Undone { step, undone },
            StoreChange::Gap(gap) => JournalEntry::Gap(gap),
        })
    }

    fn step(&self, step: UndoStep, unsynced: &mut Unsynced) -> Result<StepLine, StoreError> {
        let mut version = |version: Option<RecordingVersion>| -> Result<Option<VersionLine>, StoreError> {
            let Some(RecordingVersion { labels, recording, .. }) = version else { return Ok(None) };
            let content = recording.map(|recording| self.content(*recording, unsynced)).transpose()?;
            Ok(Some(VersionLine { labels, content: content.map(Box::new) }))
        };
        let changed = step.changed.into_iter().map(|Changed { id, before, after }| {
            Ok(ChangedLine { id, before: version(before)?, after: version(after)? })
        });
        Ok(StepLine {
            id: step.id,
            verb: step.verb,
            undone: step.undone,
            changed: changed.collect::<Result<_, _>>()?,
        })
    }

    /// An exchange with all that it needs to be put again, the small files behind its links included.
    fn content(&self, recording: Recording, unsynced: &mut Unsynced) -> Result<Content, StoreError> {
        let detail = self.detail(recording, unsynced)?;
        let linked: Vec<_> = detail.linked().collect();
        // One that is not there was never kept or is damaged: the rest is worth keeping.
        let known = linked.iter().filter_map(|hash| Some((hash, self.core.body(hash).ok()?)));
        let media = known.map(|(hash, bytes)| MediaLine::of(*hash, &bytes)).collect();
        Ok(Content { detail, media })
    }

    fn detail(&self, recording: Recording, unsynced: &mut Unsynced) -> Result<Detail, StoreError> {
        let (detail, large) = Detail::of(recording);
        for (body, bytes) in large {
            self.core.bodies().write(&body.hash, &bytes, unsynced)?;
        }
        Ok(detail)
    }

    fn body(&self, bytes: &[u8], unsynced: &mut Unsynced) -> Result<BodyRef, StoreError> {
        let body = BodyRef::of(bytes);
        if !body.small() {
            self.core.bodies().write(&body.hash, bytes, unsynced)?;
        }
        Ok(body)
    }

    fn media(&self, hash: &Hash, bytes: &[u8], unsynced: &mut Unsynced) -> Result<MediaLine, StoreError> {
        if self.body(bytes, unsynced)?.hash == *hash {
            return Ok(MediaLine::of(*hash, bytes));
        }
        let path = self.core.bodies().path(hash);
        Err(StoreError::Body { path, recording: None, problem: "was handed in with other bytes".into() })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.core.copy(&mut self.uncopied);
        self.core.close();
    }
}

/// A row without its use, which stands in the ledger.
fn unused(mut indexed: Indexed) -> Indexed {
    if indexed.row.usage != Usage::default() {
        Arc::make_mut(&mut indexed.row).usage = Usage::default();
    }
    indexed
}

fn answer(
    waiting: impl IntoIterator<Item = oneshot::Sender<Result<(), StoreError>>>,
    result: &Result<(), StoreError>,
) {
    for done in waiting {
        // Whoever stopped waiting does not want to know.
        done.send(result.clone()).ok();
    }
}
