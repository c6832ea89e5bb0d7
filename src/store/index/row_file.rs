//! All rows in one file beside sled's own, so that a start reads them at once and nothing else.
//!
//! It is written now and then, and says how far the index had come. What changed since is asked of sled, by the ids that the
//! journal's lines behind it name. It is never believed when it does not fit: then sled is asked for all rows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::sled_index::Index;
use super::trees::{IndexProgress, Result};
use crate::model::RecordingId;
use crate::store::error::IndexError;
use crate::store::files;
use crate::store::journal::{Journal, JournalMark};
use crate::store::line::{JournalEntry, JournalLine};
use crate::store::packed_row::PackedRow;
use crate::store::survey::{JournalLines, Survey};

const NAME: &str = "rows";
/// The first bytes of the file.
const BEGIN: &[u8] = b"rows 1\n";
/// So many changes since it was written are asked of sled, and one for so many rows more; with more of them it is written anew.
const CHANGES: u64 = 256;
const SHARE: u64 = 64;

/// The state of the index that a file was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RowFileHeader {
    generation: u64,
    salt: [u8; 32],
    mark: JournalMark,
    /// The number of lines that the index had taken in.
    applied: u64,
    rows: u64,
}

impl RowFileHeader {
    fn of(state: &IndexProgress) -> Self {
        let IndexProgress { generation, salt, mark, counts, applied, .. } = *state;
        Self { generation, salt, mark, applied, rows: counts.rows }
    }

    /// True where so much has changed since that it is to be written anew.
    fn is_outdated(&self, state: &IndexProgress) -> bool {
        (self.generation, self.salt) != (state.generation, state.salt)
            || state
                .applied
                .checked_sub(self.applied)
                .is_none_or(|changes| changes > CHANGES + self.rows / SHARE)
    }
}

/// A file in the index that somebody derived from the recordings.
#[derive(Clone, Debug)]
pub struct KeptFile {
    /// As it was given.
    pub bytes: Bytes,
    /// The ids of the recordings that were changed since.
    pub changed: BTreeSet<String>,
}

impl Index {
    /// Keeps what is derived from the recordings as they are now, under a name of its own.
    pub(in crate::store) fn keep(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let state = self.state()?.unwrap_or_default();
        let head =
            postcard::to_stdvec(&RowFileHeader::of(&state)).map_err(|error| IndexError(error.to_string()))?;
        let mut text = BEGIN.to_vec();
        put(&mut text, &head);
        text.extend_from_slice(bytes);
        self.write(name, text);
        Ok(())
    }

    /// The file that was kept under a name; `None` where it does not fit, or too much was changed since.
    pub(in crate::store) fn derived(&self, name: &str) -> Result<Option<KeptFile>> {
        let state = self.state()?.unwrap_or_default();
        let Some((header, bytes)) = self.read(name) else { return Ok(None) };
        if header.is_outdated(&state) {
            return Ok(None);
        }
        let count = state.applied - header.applied;
        let changed = match count {
            0 => Some(BTreeSet::new()).filter(|_| header.mark == state.mark),
            _ => self.changed_since(header.mark, state.mark, count),
        };
        Ok(changed.map(|changed| KeptFile { bytes, changed }))
    }

    /// All rows, their use as the ledger says, in no order.
    pub(in crate::store) fn rows(&self) -> Result<Vec<PackedRow>> {
        let state = self.state()?.unwrap_or_default();
        if let Some((header, rows)) = self.kept_rows()
            && !header.is_outdated(&state)
            && let Some(rows) = self.brought_up(&state, &header, rows)?
        {
            return Ok(rows);
        }
        let mut rows = Vec::new();
        self.each(|indexed| {
            rows.push(PackedRow::of(&indexed));
            true
        })?;
        Ok(rows)
    }

    /// Writes the file anew if too much changed since; stops when `wanted` gives false, and tries again the next time.
    pub(in crate::store) fn keep_rows(&self, mut wanted: impl FnMut() -> bool) -> Result<()> {
        let state = self.state()?.unwrap_or_default();
        let path = self.place.join(NAME);
        if header(&path).is_some_and(|header| !header.is_outdated(&state)) {
            return Ok(());
        }
        let head =
            postcard::to_stdvec(&RowFileHeader::of(&state)).map_err(|error| IndexError(error.to_string()))?;
        let mut text = BEGIN.to_vec();
        put(&mut text, &head);
        let whole = self.each(|indexed| {
            put(&mut text, PackedRow::of(&indexed).bytes());
            wanted()
        })?;
        if whole {
            self.write(NAME, text);
        }
        Ok(())
    }

    fn write(&self, name: &str, mut text: Vec<u8>) {
        let sum = crc32fast::hash(&text);
        text.extend_from_slice(&sum.to_be_bytes());
        // Where it cannot be written the next start takes longer.
        let _ = files::write_derived(&self.place.join(name), &self.place.join(format!("{name}.new")), &text);
    }

    /// The head of a file and the bytes behind it; `None` where it is not as it was written.
    fn read(&self, name: &str) -> Option<(RowFileHeader, Bytes)> {
        let mut text = fs::read(self.place.join(name)).ok()?;
        let (body, sum) = text.split_last_chunk::<4>()?;
        if !body.starts_with(BEGIN) || crc32fast::hash(body) != u32::from_be_bytes(*sum) {
            return None;
        }
        text.truncate(text.len() - 4);
        let text = Bytes::from(text);
        let mut at = BEGIN.len();
        let head = taken(&text, &mut at)?;
        Some((postcard::from_bytes(&head).ok()?, text.slice(at..)))
    }

    fn kept_rows(&self) -> Option<(RowFileHeader, Vec<PackedRow>)> {
        let (header, text) = self.read(NAME)?;
        let mut at = 0;
        let mut rows = Vec::with_capacity(usize::try_from(header.rows).ok()?.min(text.len()));
        while at < text.len() {
            rows.push(PackedRow::of_bytes(taken(&text, &mut at)?));
        }
        (rows.len() as u64 == header.rows).then_some((header, rows))
    }

    /// The rows of the file with what changed since; none where the journal does not tell what did.
    fn brought_up(
        &self,
        state: &IndexProgress,
        header: &RowFileHeader,
        mut rows: Vec<PackedRow>,
    ) -> Result<Option<Vec<PackedRow>>> {
        let count = state.applied - header.applied;
        if count > 0 {
            let Some(changed) = self.changed_since(header.mark, state.mark, count) else { return Ok(None) };
            rows.retain(|row| !changed.contains(row.id()));
            for id in &changed {
                if let Ok(id) = id.parse() {
                    rows.extend(self.entry(&id)?.as_ref().map(PackedRow::of));
                }
            }
        } else if header.mark != state.mark {
            return Ok(None);
        }
        Ok((rows.len() as u64 == state.counts.rows).then_some(rows))
    }

    /// The recordings that the lines of the journal between two marks name; none unless there are so many and all are sound.
    fn changed_since(&self, from: JournalMark, to: JournalMark, count: u64) -> Option<BTreeSet<String>> {
        let path = Journal::path_in(self.place.parent()?);
        let survey = Survey::between(&path, from, to).ok()?;
        if !survey.flaws.is_empty() || survey.sound.len() as u64 != count || survey.end != to {
            return None;
        }
        let mut changed = BTreeSet::new();
        for line in JournalLines::of(&path, &survey.sound).ok()? {
            changed.extend(named(&line.ok()?.0).iter().map(|id| id.as_str().to_owned()));
        }
        Some(changed)
    }
}

/// The recordings whose rows a line changes.
fn named(line: &JournalLine) -> Vec<RecordingId> {
    match &line.entry {
        JournalEntry::Put(put) => vec![put.row.id.clone()],
        JournalEntry::Retag(indexed) => vec![indexed.row.id.clone()],
        JournalEntry::Remove(ids) | JournalEntry::Restore(ids) => ids.clone(),
        JournalEntry::Ledger(entries) => entries.iter().map(|(id, _)| id.clone()).collect(),
        JournalEntry::Step(_)
        | JournalEntry::Undone { .. }
        | JournalEntry::Unwatched(_)
        | JournalEntry::Gap(_) => Vec::new(),
    }
}

fn put(text: &mut Vec<u8>, bytes: &[u8]) {
    text.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    text.extend_from_slice(bytes);
}

/// The next bytes that [`put`] put there.
fn taken(text: &Bytes, at: &mut usize) -> Option<Bytes> {
    let len = text.get(*at..)?.first_chunk::<4>()?;
    let from = *at + 4;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    let to = from.checked_add(len).filter(|to| *to <= text.len())?;
    *at = to;
    Some(text.slice(from..to))
}

/// The head of a file, whose rows are not looked at.
fn header(path: &Path) -> Option<RowFileHeader> {
    use std::io::Read;
    let mut text = Vec::new();
    files::open(path).ok()?.take(256).read_to_end(&mut text).ok()?;
    let rest = text.strip_prefix(BEGIN)?.get(4..)?;
    postcard::take_from_bytes(rest).ok().map(|(header, _)| header)
}
