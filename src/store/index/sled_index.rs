//! The open index: reading from it and applying changes to it.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sled::transaction::{TransactionError, Transactional};
use sled::{Db, IVec, Tree};

use super::change;
use super::trees::{
    Counts, GAPS, IndexProgress, LongValue, REDO, Result, STATE, Trees, long_key, part_key, parts, sealed,
    state, unseal,
};
use crate::model::{Fingerprint, Gap, Hash, RecordingId, StepId, StepRow, Timestamp, Usage};
use crate::store::change::Indexed;
use crate::store::error::IndexError;
use crate::store::journal::JournalMark;
use crate::store::line::{Detail, JournalHeader, JournalLine};
use crate::store::watch;

/// The open index.
#[derive(Debug)]
pub(in crate::store) struct Index {
    pub(super) db: Db,
    trees: Trees<Tree>,
}

const CACHE: u64 = 64 << 20;
/// The longest wait for sled's own lock. Nobody else owns the store by then, but threads of a sled that was dropped a
/// moment ago, here or in the process that owned the store before, may still hold it.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread will be caught by the store: sled panics on damaged files, and the store goes on
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
            Ok(Self { trees: Trees::open(&db)?, db })
        })
    }

    /// The progress of the index; `None` when it is new.
    pub(in crate::store) fn state(&self) -> Result<Option<IndexProgress>> {
        guard(|| self.trees.meta.get(STATE)?.map(|value| state(&value)).transpose())
    }

    /// Reads all of what lists are made of, and holds it against the counts.
    pub(in crate::store) fn check(&self, header: &JournalHeader) -> Result<IndexProgress> {
        let state = self.state()?.ok_or_else(|| IndexError("it is empty".into()))?;
        if (state.generation, state.salt) != (header.generation, header.salt.0) {
            return Err(IndexError("it belongs to another journal".into()));
        }
        guard(|| {
            let mut rows = self.trees.rows.iter().map(|entry| self.row(&entry?).map(drop));
            let rows = rows.try_fold(0, |count, row| row.map(|()| count + 1))?;
            let hashes = count(&self.trees.hashes)?;
            let counts = Counts {
                rows,
                fingerprints: count(&self.trees.fingerprints)?,
                ledger: count(&self.trees.ledger)?,
                trash: count(&self.trees.trash)?,
                steps: count(&self.trees.steps)?,
            };
            if counts == state.counts && hashes == rows {
                return Ok(());
            }
            Err(IndexError(format!("it holds {rows} recordings and should hold {}", state.counts.rows)))
        })?;
        // What an older retake did not keep.
        let redo = sealed(&self.redo()?)?;
        guard(|| Ok(self.trees.meta.insert(REDO, redo).map(drop)?))?;
        Ok(state)
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
            &trees.details,
            &trees.bodies,
            &trees.hashes,
            &trees.fingerprints,
            &trees.ledger,
            &trees.trash,
            &trees.steps,
            &trees.meta,
        );
        guard(|| {
            let done = all.transaction(
                |(rows, details, bodies, hashes, fingerprints, ledger, trash, steps, meta)| {
                    let trees =
                        Trees { rows, details, bodies, hashes, fingerprints, ledger, trash, steps, meta };
                    change::Transaction::begin(trees, header)?.run(lines)
                },
            );
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
        guard(|| {
            let mut uses = self.trees.ledger.iter();
            let mut next = uses.next().transpose()?;
            let mut all = Vec::new();
            for entry in &self.trees.rows {
                let entry = entry?;
                let mut indexed = self.row(&entry)?;
                // Both trees are in the order of ids, so one pass over each is enough.
                while next.as_ref().is_some_and(|(id, _)| *id < entry.0) {
                    next = uses.next().transpose()?;
                }
                if let Some((_, usage)) = next.as_ref().filter(|(id, _)| *id == entry.0) {
                    Arc::make_mut(&mut indexed.row).usage = unseal(usage)?;
                }
                all.push(indexed);
            }
            Ok(all)
        })
    }

    /// The removed recordings, in the order of their ids, their use as the ledger says.
    pub(in crate::store) fn trash(&self) -> Result<Vec<(Timestamp, Indexed)>> {
        guard(|| {
            let used = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
                let (id, value) = entry?;
                let value = self.whole(LongValue::Trash, &id, &value)?;
                let (at, mut indexed) = unseal::<(Timestamp, Indexed)>(&value)?;
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

    /// Recordings whose hash lies between two bounds, both included.
    pub(in crate::store) fn hashed(&self, from: [u8; 32], to: [u8; 32]) -> Result<Vec<RecordingId>> {
        guard(|| {
            // Longer than any id, so that it stands behind all of the last hash.
            let to = [&to[..], &[0xff; 128]].concat();
            self.trees.hashes.range(&from[..]..=&to[..]).keys().map(|key| id_behind_hash(&key?)).collect()
        })
    }

    /// Recordings with this fingerprint, of all fields or of the significant ones.
    pub(in crate::store) fn fingerprinted(&self, fingerprint: &Fingerprint) -> Result<Vec<RecordingId>> {
        guard(|| {
            self.trees
                .fingerprints
                .scan_prefix(fingerprint.0)
                .keys()
                .map(|key| id_behind_hash(&key?))
                .collect()
        })
    }

    /// A recording without its bodies, as its row says now; also a removed one.
    pub(in crate::store) fn detail(&self, id: &RecordingId) -> Result<Option<Detail>> {
        guard(|| {
            let key = id.as_str().as_bytes();
            let indexed = match self.trees.rows.get(key)? {
                Some(value) => unseal(&self.whole(LongValue::Row, key, &value)?)?,
                None => match self.trees.trash.get(key)? {
                    Some(value) => {
                        unseal::<(Timestamp, Indexed)>(&self.whole(LongValue::Trash, key, &value)?)?.1
                    }
                    None => return Ok(None),
                },
            };
            let mut whole = Vec::new();
            for part in 0.. {
                let value = self.trees.details.get(part_key(id, part))?;
                let value = value.ok_or_else(|| IndexError(format!("it has lost a part of {id}")))?;
                whole.extend_from_slice(&value[1..]);
                if value.first() != Some(&1) {
                    break;
                }
            }
            let mut detail: Detail = unseal(&whole)?;
            detail.recording.label(indexed.row.labels());
            Ok(Some(detail))
        })
    }

    fn row(&self, (key, value): &(IVec, IVec)) -> Result<Indexed> {
        let indexed: Indexed = unseal(&self.whole(LongValue::Row, key, value)?)?;
        let fits = indexed.row.id.as_str().as_bytes() == &key[..];
        if fits { Ok(indexed) } else { Err(IndexError("a row stands under another's id".into())) }
    }

    /// A value, be it in one piece or in parts.
    fn whole<'a>(&self, kind: LongValue, id: &[u8], value: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let Some(parts) = parts(value) else { return Ok(Cow::Borrowed(value)) };
        let mut whole = Vec::new();
        for part in 0..parts {
            let value = self.trees.details.get(long_key(kind, id, part))?;
            whole.extend_from_slice(&value.ok_or_else(|| IndexError("it has lost a part of a row".into()))?);
        }
        Ok(Cow::Owned(whole))
    }

    /// A small body.
    pub(in crate::store) fn body(&self, hash: &Hash) -> Result<Option<Bytes>> {
        guard(|| Ok(self.trees.bodies.get(hash.0)?.map(|value| Bytes::copy_from_slice(&value))))
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
        self.trees.meta.insert(STATE, sealed(&state).unwrap()).unwrap();
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

fn id_behind_hash(key: &[u8]) -> Result<RecordingId> {
    let id = key.get(32..).and_then(|id| std::str::from_utf8(id).ok()).and_then(|id| id.parse().ok());
    id.ok_or_else(|| IndexError("a key in it holds no recording id".into()))
}
