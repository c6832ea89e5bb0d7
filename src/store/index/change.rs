//! Applying a line of the journal to the trees.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::transaction::{ConflictableTransactionError, TransactionalTree};

use super::trees::{
    FORMAT, GAPS, InTransaction, IndexProgress, LongValue, PART, PlacedRow, REDO, STATE, Trees, long_key,
    parts, seal, state, unseal,
};
use crate::model::{Gap, RecordingId, StepId, StepRow, Timestamp, Usage};
use crate::store::change::{Indexed, STEPS};
use crate::store::journal::JournalMark;
use crate::store::line::INLINE;
use crate::store::line::{JournalEntry, JournalHeader, JournalLine, Put};
use crate::store::{redo, watch};

/// A transaction under way.
pub(super) struct Transaction<'a> {
    trees: Trees<&'a TransactionalTree>,
    state: IndexProgress,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(trees: Trees<&'a TransactionalTree>, header: &JournalHeader) -> InTransaction<Self> {
        let old = trees
            .meta
            .get(STATE)?
            .map(|value| state(&value))
            .transpose()
            .map_err(ConflictableTransactionError::Abort)?;
        let new = IndexProgress {
            format: FORMAT,
            generation: header.generation,
            salt: header.salt.0,
            ..IndexProgress::default()
        };
        Ok(Self { trees, state: old.unwrap_or(new) })
    }

    /// Takes the changes in and notes how far that was.
    pub(super) fn run(mut self, lines: &[(JournalLine, JournalMark)]) -> InTransaction<()> {
        for (line, mark) in lines {
            match &line.entry {
                JournalEntry::Put(put) => self.put(put, *mark)?,
                JournalEntry::Retag(indexed) => self.retag(indexed)?,
                JournalEntry::Remove(ids) => ids.iter().try_for_each(|id| self.remove(id, line.at))?,
                JournalEntry::Restore(ids) => ids.iter().try_for_each(|id| self.restore(id))?,
                JournalEntry::Ledger(entries) => {
                    entries.iter().try_for_each(|(id, usage)| self.used(id, usage))?;
                }
                JournalEntry::Step(step) => {
                    self.step(&step.row(line.at), *mark)?;
                    self.redo(|redo| redo::made(redo, step.id, step.undone))?;
                }
                JournalEntry::Undone { step, undone } => {
                    self.undone(*step, *undone)?;
                    self.redo(|redo| redo::turned(redo, *step, *undone))?;
                }
                JournalEntry::Unwatched(before) => self.state.unwatched = self.state.unwatched.max(*before),
                JournalEntry::Gap(gap) => self.gap(*gap)?,
            }
            self.state.mark = *mark;
            self.state.applied += 1;
        }
        self.trees.meta.insert(STATE, seal(&self.state)?)?;
        Ok(())
    }

    fn put(&mut self, put: &Put, mark: JournalMark) -> InTransaction<()> {
        for (hash, _) in put.media.iter().filter_map(|media| Some((media.body.hash, media.base64.as_ref()?)))
        {
            self.trees.media.insert(&hash.0, seal(&mark)?)?;
        }
        let id = put.row.id.as_str();
        if let Some(old) = self.trees.trash.remove(id)? {
            self.together(LongValue::Trash, id, &old)?;
            self.state.counts.trash -= 1;
        }
        self.row(&(mark, put.indexed()))
    }

    /// A sealed value as it is put into its tree: itself, or how many parts of it stand elsewhere.
    fn apart(&self, kind: LongValue, id: &str, sealed: Vec<u8>) -> InTransaction<Vec<u8>> {
        if sealed.len() <= INLINE {
            return Ok(sealed);
        }
        let mut count = 0_u32;
        for part in sealed.chunks(PART) {
            self.trees.parts.insert(long_key(kind, id.as_bytes(), count), part)?;
            count += 1;
        }
        Ok(count.to_be_bytes().to_vec())
    }

    /// A value that was taken out of its tree, and with it the parts that stood elsewhere.
    fn together(&self, kind: LongValue, id: &str, value: &[u8]) -> InTransaction<Vec<u8>> {
        let Some(count) = parts(value) else { return Ok(value.to_vec()) };
        let mut whole = Vec::new();
        for part in 0..count {
            let part = self.trees.parts.remove(long_key(kind, id.as_bytes(), part))?;
            whole.extend_from_slice(&part.unwrap_or_default());
        }
        Ok(whole)
    }

    fn retag(&mut self, indexed: &Indexed) -> InTransaction<()> {
        match self.taken(indexed.row.id.as_str())? {
            Some((mark, _)) => self.row(&(mark, indexed.clone())),
            None => Ok(()),
        }
    }

    /// Takes a row out.
    fn taken(&mut self, id: &str) -> InTransaction<Option<PlacedRow>> {
        let Some(old) = self.trees.rows.remove(id)? else { return Ok(None) };
        self.state.counts.rows -= 1;
        let old = self.together(LongValue::Row, id, &old)?;
        unseal(&old).map(Some).map_err(ConflictableTransactionError::Abort)
    }

    /// Sets a row.
    fn row(&mut self, placed: &PlacedRow) -> InTransaction<()> {
        let id = placed.1.row.id.as_str();
        let old = self.trees.rows.get(id)?;
        if let Some(old) = &old {
            self.together(LongValue::Row, id, old)?;
        }
        self.trees.rows.insert(id, self.apart(LongValue::Row, id, seal(placed)?)?)?;
        self.state.counts.rows += u64::from(old.is_none());
        Ok(())
    }

    fn remove(&mut self, id: &RecordingId, at: Timestamp) -> InTransaction<()> {
        let id = id.as_str();
        let Some(old) = self.taken(id)? else { return Ok(()) };
        self.trees.trash.insert(id, self.apart(LongValue::Trash, id, seal(&(at, old))?)?)?;
        self.state.counts.trash += 1;
        Ok(())
    }

    fn restore(&mut self, id: &RecordingId) -> InTransaction<()> {
        let Some(old) = self.trees.trash.remove(id.as_str())? else { return Ok(()) };
        let old = self.together(LongValue::Trash, id.as_str(), &old)?;
        let (_, old) = unseal::<(Timestamp, PlacedRow)>(&old).map_err(ConflictableTransactionError::Abort)?;
        self.state.counts.trash -= 1;
        self.row(&old)
    }

    fn step(&mut self, row: &StepRow, mark: JournalMark) -> InTransaction<()> {
        let key = |id: u64| id.to_be_bytes();
        if self.trees.steps.insert(&key(row.id.0), seal(&(row, mark))?)?.is_none() {
            self.state.counts.steps += 1;
        }
        // One comes, one goes.
        if let Some(oldest) = row.id.0.checked_sub(STEPS)
            && self.trees.steps.remove(&key(oldest))?.is_some()
        {
            self.state.counts.steps -= 1;
        }
        Ok(())
    }

    fn undone(&mut self, id: StepId, undone: bool) -> InTransaction<()> {
        let key = id.0.to_be_bytes();
        let Some(value) = self.trees.steps.get(key)? else { return Ok(()) };
        let (row, mark) =
            unseal::<(StepRow, JournalMark)>(&value).map_err(ConflictableTransactionError::Abort)?;
        self.trees.steps.insert(&key, seal(&(StepRow { undone, ..row }, mark))?)?;
        Ok(())
    }

    fn gap(&mut self, gap: Gap) -> InTransaction<()> {
        self.noted(GAPS, |gaps| watch::widen(gaps, gap))
    }

    fn redo(&mut self, change: impl FnOnce(&mut Vec<StepId>)) -> InTransaction<()> {
        self.noted(REDO, change)
    }

    /// Changes a list that stands beside the state.
    fn noted<T: Serialize + DeserializeOwned>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut Vec<T>),
    ) -> InTransaction<()> {
        let known = self.trees.meta.get(key)?.map(|value| unseal::<Vec<T>>(&value));
        let mut list = known.transpose().map_err(ConflictableTransactionError::Abort)?.unwrap_or_default();
        change(&mut list);
        self.trees.meta.insert(key, seal(&list)?)?;
        Ok(())
    }

    fn used(&mut self, id: &RecordingId, usage: &Usage) -> InTransaction<()> {
        if self.trees.ledger.insert(id.as_str(), seal(usage)?)?.is_none() {
            self.state.counts.ledger += 1;
        }
        Ok(())
    }
}
