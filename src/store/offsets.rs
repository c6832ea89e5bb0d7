//! Reading without the index: rows in memory, and where in the journal the rest stands.
//!
//! This is what the store falls back on when sled failed. It takes in the same lines as the index and answers the same
//! questions, only with a start that reads the whole journal.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::change::{Indexed, STEPS};
use super::error::StoreError;
use super::journal::JournalMark;
use super::line::{Detail, JournalEntry, JournalLine, ParsedLine, Put, StepLine};
use super::survey::{self, JournalLines, Survey};
use super::{redo, watch};
use crate::model::{Gap, Hash, RecordingId, StepId, StepRow, Timestamp, Usage};

/// The store's content by place in the journal.
#[derive(Debug)]
pub(super) struct Offsets {
    path: PathBuf,
    rows: BTreeMap<RecordingId, Indexed>,
    /// The removed recordings, with the time of removal.
    trash: BTreeMap<RecordingId, (Timestamp, Indexed)>,
    ledger: HashMap<RecordingId, Usage>,
    /// The newest put of each recording.
    puts: HashMap<RecordingId, JournalMark>,
    /// A put that holds the body.
    bodies: HashMap<Hash, JournalMark>,
    steps: BTreeMap<StepId, (StepRow, JournalMark)>,
    gaps: Vec<Gap>,
    redo: Vec<StepId>,
}

impl Offsets {
    /// Reads the sound lines of a whole journal, and says what was found there.
    pub(super) fn read(path: &Path) -> Result<(Self, Survey), StoreError> {
        let survey = Survey::of(path, JournalMark::default())?;
        let mut all = Self {
            path: path.into(),
            rows: BTreeMap::new(),
            trash: BTreeMap::new(),
            ledger: HashMap::new(),
            puts: HashMap::new(),
            bodies: HashMap::new(),
            steps: BTreeMap::new(),
            gaps: Vec::new(),
            redo: Vec::new(),
        };
        for read in JournalLines::of(path, &survey.sound)? {
            let (line, mark) = read?;
            all.apply(&line, mark);
        }
        Ok((all, survey))
    }

    /// Takes a change in.
    pub(super) fn apply(&mut self, line: &JournalLine, mark: JournalMark) {
        match &line.entry {
            JournalEntry::Put(put) => self.put(put, mark),
            JournalEntry::Retag(indexed) => {
                if let Some(row) = self.rows.get_mut(&indexed.row.id) {
                    *row = indexed.clone();
                }
            }
            JournalEntry::Remove(ids) => {
                let removed = ids.iter().filter_map(|id| self.rows.remove_entry(id));
                self.trash.extend(removed.map(|(id, indexed)| (id, (line.at, indexed))));
            }
            JournalEntry::Restore(ids) => {
                let restored = ids.iter().filter_map(|id| self.trash.remove_entry(id));
                self.rows.extend(restored.map(|(id, (_, indexed))| (id, indexed)));
            }
            JournalEntry::Ledger(entries) => self.ledger.extend(entries.iter().cloned()),
            JournalEntry::Step(step) => {
                self.steps.insert(step.id, (step.row(line.at), mark));
                self.steps.retain(|id, _| id.0 + STEPS > step.id.0);
                redo::made(&mut self.redo, step.id, step.undone);
            }
            JournalEntry::Undone { step, undone } => {
                if let Some((row, _)) = self.steps.get_mut(step) {
                    row.undone = *undone;
                }
                redo::turned(&mut self.redo, *step, *undone);
            }
            JournalEntry::Unwatched(before) => {
                watch::widen(&mut self.gaps, Gap { from: Timestamp::default(), to: *before });
            }
            JournalEntry::Gap(gap) => watch::widen(&mut self.gaps, *gap),
        }
    }

    fn put(&mut self, put: &Put, mark: JournalMark) {
        let id = &put.row.id;
        self.bodies.extend(put.small_bodies().map(|(hash, _)| (hash, mark)));
        self.puts.insert(id.clone(), mark);
        self.trash.remove(id);
        self.rows.insert(id.clone(), put.indexed());
    }

    /// All recordings in the order of their ids, their use as the ledger says.
    pub(super) fn entries(&self) -> Vec<Indexed> {
        self.rows.values().map(|indexed| self.with_use(indexed)).collect()
    }

    fn with_use(&self, indexed: &Indexed) -> Indexed {
        let mut indexed = indexed.clone();
        if let Some(usage) = self.ledger.get(&indexed.row.id) {
            std::sync::Arc::make_mut(&mut indexed.row).usage = usage.clone();
        }
        indexed
    }

    /// The removed recordings, in the order of their ids, their use as the ledger says.
    pub(super) fn trash(&self) -> Vec<(Timestamp, Indexed)> {
        self.trash.values().map(|(at, indexed)| (*at, self.with_use(indexed))).collect()
    }

    /// All steps that are kept, oldest first.
    pub(super) fn steps(&self) -> Vec<StepRow> {
        self.steps.values().map(|(row, _)| row.clone()).collect()
    }

    /// A step, and the mark behind its line.
    pub(super) fn step(&self, id: StepId) -> Option<(StepRow, JournalMark)> {
        self.steps.get(&id).cloned()
    }

    /// The steps that can be done again, the next one last.
    pub(super) fn redo(&self) -> &[StepId] {
        &self.redo
    }

    /// The times in which hits may have been lost, in their order.
    pub(super) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The steps since a time with their lines, oldest first, undone or not as they are now.
    pub(super) fn steps_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(Timestamp, Box<StepLine>)>, StoreError> {
        let recent = self.steps.values().filter(|(row, _)| row.at >= since);
        let read = recent.map(|(row, mark)| match survey::line_before(&self.path, *mark)? {
            Some(ParsedLine::Line(line)) => match line.entry {
                JournalEntry::Step(step) => Ok((line.at, Box::new(StepLine { undone: row.undone, ..*step }))),
                _ => Err(survey::changed(&self.path, *mark)),
            },
            _ => Err(survey::changed(&self.path, *mark)),
        });
        read.collect()
    }

    /// A recording without its bodies, as its row says now; also a removed one.
    pub(super) fn detail(&self, id: &RecordingId) -> Result<Option<Detail>, StoreError> {
        let trashed = || self.trash.get(id).map(|(_, indexed)| indexed);
        let Some(indexed) = self.rows.get(id).or_else(trashed) else { return Ok(None) };
        let Some(mark) = self.puts.get(id) else { return Ok(None) };
        let (put, _) = self.put_at(*mark)?;
        let mut detail = put.detail;
        detail.recording.label(indexed.row.labels());
        Ok(Some(detail))
    }

    /// A small body.
    pub(super) fn body(&self, hash: &Hash) -> Result<Option<Bytes>, StoreError> {
        let Some(mark) = self.bodies.get(hash) else { return Ok(None) };
        let (put, _) = self.put_at(*mark)?;
        Ok(put.small_bodies().find(|(known, _)| known == hash).map(|(_, bytes)| bytes))
    }

    /// The number of recordings, and of those in the trash.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.rows.len() as u64, self.trash.len() as u64)
    }

    /// Everything but what was removed before `trash_since`: when it was removed, and the mark behind its newest put.
    pub(super) fn recordings_since(
        &self,
        trash_since: Timestamp,
    ) -> impl Iterator<Item = (&Indexed, Option<Timestamp>, JournalMark)> + '_ {
        let rows = self.rows.values().map(|indexed| (indexed, None));
        let trash = self.trash.values().filter(move |(at, _)| *at >= trash_since);
        let all = rows.chain(trash.map(|(at, indexed)| (indexed, Some(*at))));
        all.filter_map(|(indexed, removed)| Some((indexed, removed, *self.puts.get(&indexed.row.id)?)))
    }

    /// A recording's use, as the ledger says.
    pub(super) fn usage(&self, id: &RecordingId) -> Option<(RecordingId, Usage)> {
        self.ledger.get_key_value(id).map(|(id, usage)| (id.clone(), usage.clone()))
    }

    /// The put that ends at a mark, and its time.
    pub(super) fn put_at(&self, mark: JournalMark) -> Result<(Box<Put>, Timestamp), StoreError> {
        if let Some(ParsedLine::Line(line)) = survey::line_before(&self.path, mark)?
            && let JournalEntry::Put(put) = line.entry
        {
            return Ok((put, line.at));
        }
        Err(survey::changed(&self.path, mark))
    }
}
