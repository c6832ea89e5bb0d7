//! The index: where recordings are listed and found. The only place that names sled.
//!
//! sled 0.34 panics on damaged files, loses whole ends of its log without an error, and does not survive its own
//! write errors. So every call runs under [`guard`], every value carries a CRC, the whole of it is derived from the
//! journal, and a change to all trees is one transaction that also says how far in the journal it has come.

mod change;
mod history;

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional};
use sled::{Db, IVec, Tree};

use super::journal::Mark;
use super::line::{Detail, Header, Line};
use super::{INLINE, Indexed, Keys, watch};
use crate::model::{Fingerprint, Gap, Hash, RecordingId, StepId, StepRow, Timestamp, Usage};

/// The open index.
#[derive(Debug)]
pub(super) struct Index {
    db: Db,
    trees: Trees<Tree>,
}

/// One of each tree that the journal fills.
#[derive(Clone, Debug)]
struct Trees<T> {
    /// id -> [`Indexed`]
    rows: T,
    /// id, part -> [`Detail`], cut into parts; also the parts of long rows
    details: T,
    /// hash -> bytes of a small body
    bodies: T,
    /// hash of a recording, id -> nothing
    hashes: T,
    /// fingerprint, id -> nothing
    fingerprints: T,
    /// id -> [`Usage`]
    ledger: T,
    /// id -> when it was removed, and its [`Indexed`]
    trash: T,
    /// id of a step -> its row and the mark behind its line
    steps: T,
    /// [`STATE`] -> [`State`], [`GAPS`] -> times in which hits may have been lost, [`REDO`] -> ids of steps that can be
    /// done again
    meta: T,
}

/// How far the index has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct State {
    /// The version of this layout; always the first field.
    pub(super) format: u32,
    /// Of the journal that it is derived from.
    generation: u64,
    salt: [u8; 32],
    /// Behind the last line taken in.
    pub(super) mark: Mark,
    counts: Counts,
    /// Before this time hits may have been lost, as journals said it that know no gaps.
    unwatched: Timestamp,
}

impl State {
    /// The generation and the salt of the journal that it is derived from.
    pub(super) fn journal(&self) -> (u64, Hash) {
        (self.generation, Hash(self.salt))
    }
}

/// Entries by tree. sled forgets the end of a damaged log without a word; these tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Counts {
    rows: u64,
    fingerprints: u64,
    ledger: u64,
    trash: u64,
    steps: u64,
}

/// Why the index cannot be used any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IndexError(pub(super) String);

type Result<T> = std::result::Result<T, IndexError>;
type InTransaction<T> = std::result::Result<T, ConflictableTransactionError<IndexError>>;

const FORMAT: u32 = 4;
const STATE: &[u8] = b"state";
const GAPS: &[u8] = b"gaps";
const REDO: &[u8] = b"redo";
const CACHE: u64 = 64 << 20;
/// How long sled's own lock is waited for. Nobody else owns the store by then, but threads of a sled that was dropped a
/// moment ago, here or in the process that owned the store before, may still hold it.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);
/// A value in the index is never longer than this, so that it is kept in sled's log and not beside it.
const PART: usize = INLINE - 64;

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
fn guard<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
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
    pub(super) fn open(dir: &Path) -> Result<Self> {
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

    /// How far it has come; none when it is new.
    pub(super) fn state(&self) -> Result<Option<State>> {
        guard(|| self.trees.meta.get(STATE)?.map(|value| state(&value)).transpose())
    }

    /// Reads all of what lists are made of, and holds it against the counts.
    pub(super) fn check(&self, header: &Header) -> Result<State> {
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
    pub(super) fn apply(&self, header: &Header, lines: &[(Line, Mark)]) -> Result<()> {
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
    pub(super) fn flush(&self) -> Result<()> {
        guard(|| self.db.flush().map(drop).map_err(IndexError::from))
    }

    /// All recordings in the order of their ids, their use as the ledger says.
    pub(super) fn entries(&self) -> Result<Vec<Indexed>> {
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
    pub(super) fn trash(&self) -> Result<Vec<(Timestamp, Indexed)>> {
        guard(|| {
            let used = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
                let (id, value) = entry?;
                let value = self.whole(Kind::Trash, &id, &value)?;
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
    pub(super) fn steps(&self) -> Result<Vec<StepRow>> {
        guard(|| {
            self.trees.steps.iter().values().map(|value| Ok(unseal::<(StepRow, Mark)>(&value?)?.0)).collect()
        })
    }

    /// The steps that can be done again, the next one last.
    pub(super) fn redo(&self) -> Result<Vec<StepId>> {
        if let Some(value) = guard(|| Ok(self.trees.meta.get(REDO)?))? {
            return unseal(&value);
        }
        // One that an older retake made: those that were undone last are all that it tells.
        let undone = self.steps()?.into_iter().rev().take_while(|step| step.undone);
        Ok(undone.map(|step| step.id).collect())
    }

    /// A step, and the mark behind its line.
    pub(super) fn step(&self, id: StepId) -> Result<Option<(StepRow, Mark)>> {
        guard(|| self.trees.steps.get(id.0.to_be_bytes())?.map(|value| unseal(&value)).transpose())
    }

    /// The times in which hits may have been lost, in their order.
    pub(super) fn gaps(&self) -> Result<Vec<Gap>> {
        let before = self.state()?.map(|state| state.unwatched).unwrap_or_default();
        let mut gaps = guard(|| self.trees.meta.get(GAPS)?.map_or(Ok(Vec::new()), |value| unseal(&value)))?;
        watch::widen(&mut gaps, Gap { from: Timestamp::default(), to: before });
        Ok(gaps)
    }

    /// What the ledger says of a recording's use.
    pub(super) fn usage(&self, id: &RecordingId) -> Result<Usage> {
        guard(|| self.trees.ledger.get(id.as_str())?.map_or(Ok(Usage::default()), |value| unseal(&value)))
    }

    /// Recordings whose hash lies between two bounds, both included.
    pub(super) fn hashed(&self, from: [u8; 32], to: [u8; 32]) -> Result<Vec<RecordingId>> {
        guard(|| {
            // Longer than any id, so that it stands behind all of the last hash.
            let to = [&to[..], &[0xff; 128]].concat();
            self.trees.hashes.range(&from[..]..=&to[..]).keys().map(|key| id_behind_hash(&key?)).collect()
        })
    }

    /// Recordings with this fingerprint, of all fields or of the significant ones.
    pub(super) fn fingerprinted(&self, fingerprint: &Fingerprint) -> Result<Vec<RecordingId>> {
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
    pub(super) fn detail(&self, id: &RecordingId) -> Result<Option<Detail>> {
        guard(|| {
            let key = id.as_str().as_bytes();
            let indexed = match self.trees.rows.get(key)? {
                Some(value) => unseal(&self.whole(Kind::Row, key, &value)?)?,
                None => match self.trees.trash.get(key)? {
                    Some(value) => unseal::<(Timestamp, Indexed)>(&self.whole(Kind::Trash, key, &value)?)?.1,
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
        let indexed: Indexed = unseal(&self.whole(Kind::Row, key, value)?)?;
        let fits = indexed.row.id.as_str().as_bytes() == &key[..];
        if fits { Ok(indexed) } else { Err(IndexError("a row stands under another's id".into())) }
    }

    /// A value, be it in one piece or in parts.
    fn whole<'a>(&self, kind: Kind, id: &[u8], value: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let Some(parts) = parts(value) else { return Ok(Cow::Borrowed(value)) };
        let mut whole = Vec::new();
        for part in 0..parts {
            let value = self.trees.details.get(long_key(kind, id, part))?;
            whole.extend_from_slice(&value.ok_or_else(|| IndexError("it has lost a part of a row".into()))?);
        }
        Ok(Cow::Owned(whole))
    }

    /// A small body.
    pub(super) fn body(&self, hash: &Hash) -> Result<Option<Bytes>> {
        guard(|| Ok(self.trees.bodies.get(hash.0)?.map(|value| Bytes::copy_from_slice(&value))))
    }

    /// How many recordings there are, and how many in the trash.
    pub(super) fn counts(&self) -> Result<(u64, u64)> {
        Ok(self.state()?.map(|state| (state.counts.rows, state.counts.trash)).unwrap_or_default())
    }
}

#[cfg(test)]
impl Index {
    /// Keeps a past call as older versions did.
    pub(super) fn keep_as_before(&self, slot: u64, call: &[u8]) {
        let value = [&crc32fast::hash(call).to_be_bytes()[..], call].concat();
        self.db.open_tree("history").unwrap().insert(slot.to_be_bytes(), value).unwrap();
        self.db.flush().unwrap();
    }

    /// Makes all values of a tree meaningless.
    pub(super) fn spoil(&self, tree: &str) {
        let tree = self.db.open_tree(tree).unwrap();
        for entry in &tree {
            let entry = entry.unwrap();
            tree.insert(entry.0, b"spoiled").unwrap();
        }
    }

    /// Makes it say that another version wrote it.
    pub(super) fn set_format(&self, format: u32) {
        let state = State { format, ..self.state().unwrap().unwrap() };
        self.trees.meta.insert(STATE, seal(&state).unwrap()).unwrap();
    }

    /// The length of the longest value of any tree.
    pub(super) fn longest_value(&self) -> usize {
        let trees = self.db.tree_names().into_iter().map(|name| self.db.open_tree(name).unwrap());
        trees.filter_map(|tree| tree.iter().values().map(|value| value.unwrap().len()).max()).max().unwrap()
    }
}

impl Trees<Tree> {
    fn open(db: &Db) -> Result<Self> {
        Ok(Self {
            rows: db.open_tree("rows")?,
            details: db.open_tree("details")?,
            bodies: db.open_tree("bodies")?,
            hashes: db.open_tree("hashes")?,
            fingerprints: db.open_tree("fingerprints")?,
            ledger: db.open_tree("ledger")?,
            trash: db.open_tree("trash")?,
            steps: db.open_tree("steps")?,
            meta: db.open_tree("meta")?,
        })
    }
}

impl From<sled::Error> for IndexError {
    fn from(error: sled::Error) -> Self {
        Self(error.to_string())
    }
}

/// A value as it is kept: CRC32, then postcard.
fn sealed(value: &impl Serialize) -> Result<Vec<u8>> {
    let bytes = postcard::to_stdvec(value).map_err(|error| IndexError(error.to_string()))?;
    Ok([&crc32fast::hash(&bytes).to_be_bytes()[..], &bytes].concat())
}

/// The same in a transaction.
fn seal(value: &impl Serialize) -> InTransaction<Vec<u8>> {
    sealed(value).map_err(ConflictableTransactionError::Abort)
}

fn unseal<T: DeserializeOwned>(value: &[u8]) -> Result<T> {
    let fine = value
        .split_first_chunk::<4>()
        .filter(|(sum, rest)| u32::from_be_bytes(**sum) == crc32fast::hash(rest));
    let (_, bytes) = fine.ok_or_else(|| IndexError("a value in it is damaged".into()))?;
    postcard::from_bytes(bytes)
        .map_err(|error| IndexError(format!("a value in it is not understood: {error}")))
}

/// What is too long for one value.
#[derive(Clone, Copy)]
enum Kind {
    Row,
    Trash,
}

/// How many parts stand elsewhere, where a value says that and nothing else. Any other value is longer.
fn parts(value: &[u8]) -> Option<u32> {
    <[u8; 4]>::try_from(value).ok().map(u32::from_be_bytes)
}

fn long_key(kind: Kind, id: &[u8], part: u32) -> Vec<u8> {
    let kind: &[u8] = match kind {
        Kind::Row => b"\tr",
        Kind::Trash => b"\tt",
    };
    [id, kind, &part.to_be_bytes()].concat()
}

/// The state, unless a newer version wrote it: then the layout may be another, and all of it is made anew.
fn state(value: &[u8]) -> Result<State> {
    let format = value.get(4..).and_then(|bytes| postcard::take_from_bytes::<u32>(bytes).ok());
    match format {
        Some((FORMAT, _)) => unseal(value),
        Some((other, _)) => Err(IndexError(format!("it has format version {other}, not {FORMAT}"))),
        None => Err(IndexError("its state is damaged".into())),
    }
}

fn is_locked(error: &sled::Error) -> bool {
    // sled wraps the answer of the lock in a text.
    matches!(error, sled::Error::Io(cause) if cause.to_string().contains("could not acquire lock"))
}

fn count(tree: &Tree) -> Result<u64> {
    tree.iter().keys().try_fold(0, |count, key| key.map(|_| count + 1).map_err(IndexError::from))
}

fn part_key(id: &RecordingId, part: usize) -> Vec<u8> {
    let part = u32::try_from(part).unwrap_or(u32::MAX);
    [id.as_str().as_bytes(), b" ", &part.to_be_bytes()].concat()
}

fn fingerprint_keys(id: &str, keys: &Keys) -> [Vec<u8>; 2] {
    [keys.all, keys.significant].map(|fingerprint| [&fingerprint.0[..], id.as_bytes()].concat())
}

fn id_behind_hash(key: &[u8]) -> Result<RecordingId> {
    let id = key.get(32..).and_then(|id| std::str::from_utf8(id).ok()).and_then(|id| id.parse().ok());
    id.ok_or_else(|| IndexError("a key in it holds no recording id".into()))
}
