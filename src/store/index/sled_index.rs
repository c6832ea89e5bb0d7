//! The open index: reading from it and applying changes to it.

use std::borrow::Cow;
use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sled::transaction::{TransactionError, Transactional};
use sled::{Db, Tree};

use super::change;
use super::trees::{
    Counts, GAPS, IndexProgress, LongValue, PlacedRow, REDO, Result, STATE, Trees, long_key, parts, state,
    unseal,
};
use crate::model::{Gap, Hash, RecordingId, StepId, StepRow, Timestamp, Usage};
use crate::store::change::Indexed;
use crate::store::error::IndexError;
use crate::store::journal::{Journal, JournalMark};
use crate::store::line::{JournalEntry, JournalHeader, JournalLine, Put};
use crate::store::{files, survey, watch};

/// The open index.
#[derive(Debug)]
pub(in crate::store) struct Index {
    pub(super) db: Db,
    pub(super) trees: Trees<Tree>,
    /// The directory.
    pub(super) place: PathBuf,
    /// Recordings are read from there; none where it cannot be opened.
    journal: Option<File>,
}

/// A recording as it stands in the index.
#[derive(Debug)]
pub(in crate::store) struct FoundPut {
    pub(in crate::store) indexed: Indexed,
    /// The line that put it; none where it is lost.
    pub(in crate::store) put: Option<Box<Put>>,
    pub(in crate::store) mark: JournalMark,
}

/// The most that sled keeps of its pages, in bytes: a start does not read them, and what is read is small.
const CACHE: u64 = 8 << 20;
/// Up to so many recordings are read whole when the index is opened.
const FEW: u64 = 1024;
/// The longest wait for sled's own lock. Nobody else owns the store by then, but threads of a sled that was dropped a
/// moment ago, here or in the process that owned the store before, may still hold it.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// True if a panic on this thread will be caught by the store: sled panics on damaged files, and the store goes on
/// without it. A panic hook asks this to stay quiet.
#[must_use]
pub fn catches_panics() -> bool {
    GUARDED.get()
}

/// Runs something that calls sled; a panic in there is an error.
pub(super) fn guard<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(before);
    result.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        // A panic of unknown make may panic again when it is dropped.
        std::mem::forget(panic);
        Err(IndexError(format!("sled panicked: {}", text.unwrap_or_else(|| "without a message".into()))))
    })
}

impl Index {
    /// Opens or creates the index in a directory.
    pub(in crate::store) fn open(dir: &Path) -> Result<Self> {
        guard(|| {
            // No flushing by the clock: whatever is missing after a crash is in the journal.
            let config = sled::Config::new().path(dir).cache_capacity(CACHE).flush_every_ms(None);
            let started = Instant::now();
            let db = loop {
                match config.open() {
                    Err(error) if is_locked(&error) && started.elapsed() < PATIENCE => thread::sleep(PAUSE),
                    opened => break opened?,
                }
            };
            let journal = dir.parent().and_then(|dir| files::open(&Journal::path_in(dir)).ok());
            Ok(Self { trees: Trees::open(&db)?, journal, place: dir.into(), db })
        })
    }

    /// The progress of the index; `None` when it is new.
    pub(in crate::store) fn state(&self) -> Result<Option<IndexProgress>> {
        guard(|| self.trees.meta.get(STATE)?.map(|value| state(&value)).transpose())
    }

    /// The progress of an index that belongs to a journal.
    pub(in crate::store) fn check(&self, header: &JournalHeader) -> Result<IndexProgress> {
        let state = self.state()?.ok_or_else(|| IndexError("it is empty".into()))?;
        if (state.generation, state.salt) != (header.generation, header.salt.0) {
            return Err(IndexError("it belongs to another journal".into()));
        }
        if state.counts.rows <= FEW {
            self.entries()?;
        }
        Ok(state)
    }

    /// Holds what was read against the counts: sled forgets the end of a damaged log without a word.
    fn all_there(&self, rows: u64) -> Result<()> {
        let state = self.trees.meta.get(STATE)?.map(|value| state(&value)).transpose()?.unwrap_or_default();
        let counts = Counts {
            rows,
            ledger: count(&self.trees.ledger)?,
            trash: count(&self.trees.trash)?,
            steps: count(&self.trees.steps)?,
        };
        if counts == state.counts {
            return Ok(());
        }
        Err(IndexError(format!("it holds {rows} recordings and should hold {}", state.counts.rows)))
    }

    /// Takes changes in, all or none.
    pub(in crate::store) fn apply(
        &self,
        header: &JournalHeader,
        lines: &[(JournalLine, JournalMark)],
    ) -> Result<()> {
        let trees = &self.trees;
        let all = (
            &trees.rows,
            &trees.parts,
            &trees.media,
            &trees.copies,
            &trees.ledger,
            &trees.trash,
            &trees.steps,
            &trees.meta,
        );
        guard(|| {
            let done = all.transaction(|(rows, parts, media, copies, ledger, trash, steps, meta)| {
                let trees = Trees { rows, parts, media, copies, ledger, trash, steps, meta };
                change::Transaction::begin(trees, header)?.run(lines)
            });
            done.map_err(|error| match error {
                TransactionError::Abort(error) => error,
                TransactionError::Storage(error) => error.into(),
            })
        })
    }

    /// Writes out what is in sled's buffers.
    pub(in crate::store) fn flush(&self) -> Result<()> {
        guard(|| self.db.flush().map(drop).map_err(IndexError::from))
    }

    /// All recordings in the order of their ids, their use as the ledger says.
    pub(in crate::store) fn entries(&self) -> Result<Vec<Indexed>> {
        let mut all = Vec::new();
        self.each(|indexed| {
            all.push(indexed);
            true
        })?;
        Ok(all)
    }

    /// Calls `found` with all recordings in the order of their ids, their use as the ledger says, until it gives false; gives
    /// whether it never did.
    pub(super) fn each(&self, mut found: impl FnMut(Indexed) -> bool) -> Result<bool> {
        guard(|| {
            let mut uses = self.trees.ledger.iter();
            let mut next = uses.next().transpose()?;
            let mut rows = 0;
            for entry in &self.trees.rows {
                let entry = entry?;
                let mut indexed = self.placed(&entry.0, &entry.1)?.1;
                // Both trees are in the order of ids, so one pass over each is enough.
                while next.as_ref().is_some_and(|(id, _)| *id < entry.0) {
                    next = uses.next().transpose()?;
                }
                if let Some((_, usage)) = next.as_ref().filter(|(id, _)| *id == entry.0) {
                    Arc::make_mut(&mut indexed.row).usage = unseal(usage)?;
                }
                rows += 1;
                if !found(indexed) {
                    return Ok(false);
                }
            }
            self.all_there(rows).map(|()| true)
        })
    }

    /// A recording with its use, as [`Index::each`] gives it.
    pub(super) fn entry(&self, id: &RecordingId) -> Result<Option<Indexed>> {
        guard(|| {
            let key = id.as_str().as_bytes();
            let Some(value) = self.trees.rows.get(key)? else { return Ok(None) };
            let (_, mut indexed) = self.placed(key, &value)?;
            if let Some(usage) = self.trees.ledger.get(key)? {
                Arc::make_mut(&mut indexed.row).usage = unseal(&usage)?;
            }
            Ok(Some(indexed))
        })
    }

    /// The removed recordings, in the order of their ids, their use as the ledger says.
    pub(in crate::store) fn trash(&self) -> Result<Vec<(Timestamp, Indexed)>> {
        guard(|| {
            let used = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
                let (id, value) = entry?;
                let value = self.whole(LongValue::Trash, &id, &value)?;
                let (at, (_, mut indexed)) = unseal::<(Timestamp, PlacedRow)>(&value)?;
                if let Some(usage) = self.trees.ledger.get(id)? {
                    Arc::make_mut(&mut indexed.row).usage = unseal(&usage)?;
                }
                Ok((at, indexed))
            };
            self.trees.trash.iter().map(used).collect()
        })
    }

    /// All steps that are kept, oldest first.
    pub(in crate::store) fn steps(&self) -> Result<Vec<StepRow>> {
        guard(|| {
            self.trees
                .steps
                .iter()
                .values()
                .map(|value| Ok(unseal::<(StepRow, JournalMark)>(&value?)?.0))
                .collect()
        })
    }

    /// The steps that can be done again, the next one last.
    pub(in crate::store) fn redo(&self) -> Result<Vec<StepId>> {
        if let Some(value) = guard(|| Ok(self.trees.meta.get(REDO)?))? {
            return unseal(&value);
        }
        // One that an older retake made: those that were undone last are all that it tells.
        let undone = self.steps()?.into_iter().rev().take_while(|step| step.undone);
        Ok(undone.map(|step| step.id).collect())
    }

    /// A step, and the mark behind its line.
    pub(in crate::store) fn step(&self, id: StepId) -> Result<Option<(StepRow, JournalMark)>> {
        guard(|| self.trees.steps.get(id.0.to_be_bytes())?.map(|value| unseal(&value)).transpose())
    }

    /// The times in which hits may have been lost, in their order.
    pub(in crate::store) fn gaps(&self) -> Result<Vec<Gap>> {
        let before = self.state()?.map(|state| state.unwatched).unwrap_or_default();
        let mut gaps = guard(|| self.trees.meta.get(GAPS)?.map_or(Ok(Vec::new()), |value| unseal(&value)))?;
        watch::widen(&mut gaps, Gap { from: Timestamp::default(), to: before });
        Ok(gaps)
    }

    /// A recording's use, as the ledger says.
    pub(in crate::store) fn usage(&self, id: &RecordingId) -> Result<Usage> {
        guard(|| self.trees.ledger.get(id.as_str())?.map_or(Ok(Usage::default()), |value| unseal(&value)))
    }

    /// A recording as its row says now, and the line that put it; also a removed one. No line where neither the journal nor
    /// the copies have it.
    pub(in crate::store) fn put(&self, id: &RecordingId) -> Result<Option<FoundPut>> {
        guard(|| {
            let key = id.as_str().as_bytes();
            let (mark, indexed) = match self.trees.rows.get(key)? {
                Some(value) => self.placed(key, &value)?,
                None => match self.trees.trash.get(key)? {
                    Some(value) => {
                        unseal::<(Timestamp, PlacedRow)>(&self.whole(LongValue::Trash, key, &value)?)?.1
                    }
                    None => return Ok(None),
                },
            };
            Ok(Some(FoundPut { put: self.put_at(mark, |put| put.row.id == *id)?, indexed, mark }))
        })
    }

    /// The put that ends at a mark and is the `wanted` one, from the journal, or from the copies where that is not as it was
    /// written.
    fn put_at(&self, mark: JournalMark, wanted: impl Fn(&Put) -> bool) -> Result<Option<Box<Put>>> {
        let of = |line: JournalLine| match line.entry {
            JournalEntry::Put(put) if line.seq == mark.seq && wanted(&put) => Some(put),
            _ => None,
        };
        let written = self.journal.as_ref().and_then(|journal| survey::line_in(journal, mark)).and_then(&of);
        if written.is_some() {
            return Ok(written);
        }
        Ok(self.copy_of(mark.seq)?.and_then(of))
    }

    fn placed(&self, key: &[u8], value: &[u8]) -> Result<PlacedRow> {
        let placed: PlacedRow = unseal(&self.whole(LongValue::Row, key, value)?)?;
        let fits = placed.1.row.id.as_str().as_bytes() == key;
        if fits { Ok(placed) } else { Err(IndexError("a row stands under another's id".into())) }
    }

    /// A value, be it in one piece or in parts.
    fn whole<'a>(&self, kind: LongValue, id: &[u8], value: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let Some(parts) = parts(value) else { return Ok(Cow::Borrowed(value)) };
        let mut whole = Vec::new();
        for part in 0..parts {
            let value = self.trees.parts.get(long_key(kind, id, part))?;
            whole.extend_from_slice(&value.ok_or_else(|| IndexError("it has lost a part of a row".into()))?);
        }
        Ok(Cow::Owned(whole))
    }

    /// A small file behind a link.
    pub(in crate::store) fn file(&self, hash: &Hash) -> Result<Option<Bytes>> {
        guard(|| {
            let Some(mark) = self.trees.media.get(hash.0)? else { return Ok(None) };
            let file = |put: &Put| put.media.iter().find(|media| media.body.hash == *hash)?.bytes();
            Ok(self.put_at(unseal(&mark)?, |put| file(put).is_some())?.and_then(|put| file(&put)))
        })
    }

    /// The number of recordings, and of those in the trash.
    pub(in crate::store) fn counts(&self) -> Result<(u64, u64)> {
        Ok(self.state()?.map(|state| (state.counts.rows, state.counts.trash)).unwrap_or_default())
    }
}

#[cfg(test)]
impl Index {
    /// Keeps a past call as older versions did.
    pub(in crate::store) fn keep_as_before(&self, slot: u64, call: &[u8]) {
        let value = [&crc32fast::hash(call).to_be_bytes()[..], call].concat();
        self.db.open_tree("history").unwrap().insert(slot.to_be_bytes(), value).unwrap();
        self.db.flush().unwrap();
    }

    /// Makes all values of a tree meaningless.
    pub(in crate::store) fn spoil(&self, tree: &str) {
        let tree = self.db.open_tree(tree).unwrap();
        for entry in &tree {
            let entry = entry.unwrap();
            tree.insert(entry.0, b"spoiled").unwrap();
        }
    }

    /// Makes it say that another version wrote it.
    pub(in crate::store) fn set_format(&self, format: u32) {
        let state = IndexProgress { format, ..self.state().unwrap().unwrap() };
        self.trees.meta.insert(STATE, super::trees::sealed(&state).unwrap()).unwrap();
    }

    /// The length of the longest value of any tree.
    pub(in crate::store) fn longest_value(&self) -> usize {
        let trees = self.db.tree_names().into_iter().map(|name| self.db.open_tree(name).unwrap());
        trees.filter_map(|tree| tree.iter().values().map(|value| value.unwrap().len()).max()).max().unwrap()
    }
}

fn is_locked(error: &sled::Error) -> bool {
    // sled wraps the answer of the lock in a text.
    matches!(error, sled::Error::Io(cause) if cause.to_string().contains("could not acquire lock"))
}

fn count(tree: &Tree) -> Result<u64> {
    tree.iter().keys().try_fold(0, |count, key| key.map(|_| count + 1).map_err(IndexError::from))
}
