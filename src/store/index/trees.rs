//! The trees of the index, and the form of values in them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::transaction::ConflictableTransactionError;
use sled::{Db, Tree};

use crate::model::{Hash, Timestamp};
use crate::store::change::Indexed;
use crate::store::error::IndexError;
use crate::store::journal::JournalMark;
use crate::store::line::INLINE;

/// One of each tree that the journal fills.
#[derive(Clone, Debug)]
pub(super) struct Trees<T> {
    /// id -> [`PlacedRow`]
    pub(super) rows: T,
    /// id, part -> the parts of long values of `rows` and `trash`
    pub(super) parts: T,
    /// hash of a small file behind a link -> the mark behind the line that holds it
    pub(super) media: T,
    /// number of a change, part -> lines of the journal once more, see [`super::copies`]
    pub(super) copies: T,
    /// id -> [`Usage`]
    pub(super) ledger: T,
    /// id -> when it was removed, and its [`PlacedRow`]
    pub(super) trash: T,
    /// id of a step -> its row and the mark behind its line
    pub(super) steps: T,
    /// [`STATE`] -> [`IndexProgress`], [`GAPS`] -> times in which hits may have been lost, [`REDO`] -> ids of steps that can be
    /// done again, [`COPIED`] -> the mark behind the last line of which there is a copy
    pub(super) meta: T,
}

/// A row, and the mark behind the line that put its recording: what was exchanged is read from there.
pub(super) type PlacedRow = (JournalMark, Indexed);

/// The progress of the index through the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(in crate::store) struct IndexProgress {
    /// The version of this layout; always the first field.
    pub(in crate::store) format: u32,
    /// The generation of the journal that it is derived from.
    pub(super) generation: u64,
    pub(super) salt: [u8; 32],
    /// The mark behind the last line taken in.
    pub(in crate::store) mark: JournalMark,
    pub(super) counts: Counts,
    /// The number of lines taken in.
    pub(super) applied: u64,
    /// Before this time hits may have been lost, as journals said it that know no gaps.
    pub(super) unwatched: Timestamp,
}

impl IndexProgress {
    /// The generation and the salt of the journal that it is derived from.
    pub(in crate::store) fn journal(&self) -> (u64, Hash) {
        (self.generation, Hash(self.salt))
    }
}

/// Entries by tree. sled forgets the end of a damaged log without a word; these tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) ledger: u64,
    pub(super) trash: u64,
    pub(super) steps: u64,
}

pub(super) type Result<T> = std::result::Result<T, IndexError>;

pub(super) type InTransaction<T> = std::result::Result<T, ConflictableTransactionError<IndexError>>;

pub(super) const FORMAT: u32 = 5;

pub(super) const STATE: &[u8] = b"state";

pub(super) const GAPS: &[u8] = b"gaps";

pub(super) const REDO: &[u8] = b"redo";

pub(super) const COPIED: &[u8] = b"copied";

/// A value in the index is never longer than this, so that it is kept in sled's log and not beside it.
pub(super) const PART: usize = INLINE - 64;

impl Trees<Tree> {
    pub(super) fn open(db: &Db) -> Result<Self> {
        Ok(Self {
            rows: db.open_tree("rows")?,
            parts: db.open_tree("parts")?,
            media: db.open_tree("media")?,
            copies: db.open_tree("copies")?,
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
pub(super) fn sealed(value: &impl Serialize) -> Result<Vec<u8>> {
    let bytes = postcard::to_stdvec(value).map_err(|error| IndexError(error.to_string()))?;
    Ok([&crc32fast::hash(&bytes).to_be_bytes()[..], &bytes].concat())
}

/// Seals a value within a transaction.
pub(super) fn seal(value: &impl Serialize) -> InTransaction<Vec<u8>> {
    sealed(value).map_err(ConflictableTransactionError::Abort)
}

pub(super) fn unseal<T: DeserializeOwned>(value: &[u8]) -> Result<T> {
    let fine = value
        .split_first_chunk::<4>()
        .filter(|(sum, rest)| u32::from_be_bytes(**sum) == crc32fast::hash(rest));
    let (_, bytes) = fine.ok_or_else(|| IndexError("a value in it is damaged".into()))?;
    postcard::from_bytes(bytes)
        .map_err(|error| IndexError(format!("a value in it is not understood: {error}")))
}

/// A value that is too long for one entry.
#[derive(Clone, Copy)]
pub(super) enum LongValue {
    Row,
    Trash,
}

/// The number of parts that stand in a tree of their own, where a value says that and nothing else. Any other value is longer.
pub(super) fn parts(value: &[u8]) -> Option<u32> {
    <[u8; 4]>::try_from(value).ok().map(u32::from_be_bytes)
}

pub(super) fn long_key(kind: LongValue, id: &[u8], part: u32) -> Vec<u8> {
    let kind: &[u8] = match kind {
        LongValue::Row => b"\tr",
        LongValue::Trash => b"\tt",
    };
    [id, kind, &part.to_be_bytes()].concat()
}

/// The state, unless a newer version wrote it: then the layout may be another, and all of it is made anew.
pub(super) fn state(value: &[u8]) -> Result<IndexProgress> {
    let format = value.get(4..).and_then(|bytes| postcard::take_from_bytes::<u32>(bytes).ok());
    match format {
        Some((FORMAT, _)) => unseal(value),
        Some((other, _)) => Err(IndexError(format!("it has format version {other}, not {FORMAT}"))),
        None => Err(IndexError("its state is damaged".into())),
    }
}
