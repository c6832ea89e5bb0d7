//! Compacting: a new journal with what is still there, under a new generation, and an index made from it.
//!
//! Until the rename of the journal nothing has changed. After it a crash costs nothing either: an index of an older
//! generation is not believed, and unreferenced bodies wait for the next time.
//!
//! A journal that is not all sound is never thrown away: a copy is kept beside the new one, and what it lost is taken from
//! the index.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::change::Indexed;
use super::error::IndexProblem;
use super::error::StoreError;
use super::files;
use super::index::Index;
use super::journal::{Journal, JournalMark};
use super::line::{JournalEntry, JournalLine, MediaLine, Put};
use super::offsets::Offsets;
use crate::model::{Hash, RecordingId, StepRow, Timestamp, Usage};

/// The number of recordings that are written with one sync.
const TOGETHER: usize = 64;
/// A journal of which not all was sound.
pub(super) const DAMAGED: &str = "journal.damaged-";

/// The parts of the store that a new journal is made of.
pub(super) struct Old<'a> {
    pub(super) journal: &'a Journal,
    /// The offsets of that journal.
    pub(super) offsets: &'a Offsets,
    /// The index, for what the journal lost; `None` where nothing is to be taken from it.
    pub(super) index: Option<&'a Index>,
    /// True if the old journal is to be kept.
    pub(super) flawed: bool,
}

/// A new journal, which is in place.
pub(super) struct Rewritten {
    pub(super) journal: Journal,
    /// The bodies that it names.
    pub(super) named: HashSet<Hash>,
    /// Steps whose lines the old one lost.
    pub(super) lost: Vec<StepRow>,
    /// The copy of the old one.
    pub(super) aside: Option<PathBuf>,
}

/// A recording as compacting keeps it.
struct KeptRecording {
    indexed: Indexed,
    /// The time at which it went to the trash; `None` where it did not.
    removed: Option<Timestamp>,
    /// The mark behind its line; `None` where the index has it.
    mark: Option<JournalMark>,
}

struct Listed {
    recordings: Vec<KeptRecording>,
    uses: Vec<(RecordingId, Usage)>,
}

/// Writes the journal anew. What was removed before `trash_since` is left out.
pub(super) fn rewrite(
    dir: &Path,
    old: &Old<'_>,
    trash_since: Timestamp,
    now: Timestamp,
) -> Result<Rewritten, IndexProblem> {
    let mut new = old.journal.successor(now)?;
    let made = fill(&mut new, old, trash_since, now).and_then(|(named, lost)| {
        let aside = if old.flawed { Some(keep(dir, old.journal.path())?) } else { None };
        Ok((named, lost, aside))
    });
    // Half a journal helps nobody, least of all on a full disk.
    let (named, lost, aside) = made.inspect_err(|_| _ = files::remove(new.path()))?;
    new.replace(old.journal.path())?;
    files::sync_dir(dir)?;
    Ok(Rewritten { journal: new, named, lost, aside })
}

/// Deletes the body files that nothing names.
pub(super) fn sweep(bodies: &Path, named: &HashSet<Hash>) {
    let below = |dir: &Path| match files::is_dir(dir) {
        // What lies behind a link is not the store's.
        Ok(true) => fs::read_dir(dir).into_iter().flatten().flatten().collect(),
        _ => Vec::new(),
    };
    let folders = below(bodies).into_iter();
    for file in folders.flat_map(|folder| below(&folder.path())) {
        let hash = file.file_name().to_str().and_then(|name| name.parse::<Hash>().ok());
        if hash.is_some_and(|hash| !named.contains(&hash)) {
            // What stays costs space and nothing else.
            fs::remove_file(file.path()).ok();
        }
    }
}

/// Journals of which not all was sound, kept in `dir`.
pub(super) fn damaged_journals(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let named =
        entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(DAMAGED)));
    named.map(|entry| entry.path()).collect()
}

fn fill(
    new: &mut Journal,
    old: &Old<'_>,
    trash_since: Timestamp,
    now: Timestamp,
) -> Result<(HashSet<Hash>, Vec<StepRow>), IndexProblem> {
    let Old { offsets, index, .. } = *old;
    let mut named = HashSet::new();
    let Listed { recordings, uses } = listed(offsets, index, trash_since)?;
    for some in recordings.chunks(TOGETHER) {
        let mut lines = Vec::new();
        for KeptRecording { indexed, removed, mark } in some {
            let (mut put, at) = match (mark, index) {
                (None, Some(index)) => (from_index(index, indexed)?, indexed.row.stored_at),
                (mark, _) => offsets.put_at(mark.unwrap_or_default())?,
            };
            put.row = indexed.row.clone();
            put.keys = indexed.keys.clone();
            put.detail.recording.label(indexed.row.labels());
            complete(&mut put, offsets)?;
            named.extend(large_bodies(&put));
            let id = put.row.id.clone();
            lines.push(JournalLine::new(at, JournalEntry::Put(put)));
            lines.extend(removed.map(|at| JournalLine::new(at, JournalEntry::Remove(vec![id]))));
        }
        new.append(&mut lines)?;
    }
    let gaps = index.map_or_else(|| Ok(offsets.gaps().to_vec()), Index::gaps)?;
    let noted = [JournalEntry::Ledger(uses)].into_iter().chain(gaps.into_iter().map(JournalEntry::Gap));
    new.append(&mut noted.map(|entry| JournalLine::new(now, entry)).collect::<Vec<_>>())?;
    // What a step would bring back is still there as long as the trash of its time is.
    let redo = index.map_or_else(|| Ok(offsets.redo().to_vec()), Index::redo)?;
    let mut steps = BTreeMap::new();
    for (at, mut step) in offsets.steps_since(trash_since)? {
        if let Some(index) = index
            && let Some((row, _)) = index.step(step.id)?
        {
            step.undone = row.undone;
        }
        // One that can be done again is undone behind all of them: a step that is made ends what could be done again.
        step.undone &= !redo.contains(&step.id);
        let bodies = step
            .contents()
            .flat_map(|content| content.detail.bodies().map(|body| body.hash).chain(content.detail.linked()));
        named.extend(bodies.collect::<Vec<_>>());
        steps.insert(step.id, JournalLine::new(at, JournalEntry::Step(step)));
    }
    let mut lost = index.map_or(Ok(Vec::new()), Index::steps)?;
    lost.retain(|row| row.at >= trash_since && !steps.contains_key(&row.id));
    for step in steps.into_values() {
        new.append(&mut [step])?;
    }
    let again =
        redo.into_iter().map(|step| JournalLine::new(now, JournalEntry::Undone { step, undone: true }));
    new.append(&mut again.collect::<Vec<_>>())?;
    Ok((named, lost))
}

/// The recordings to keep, in the order in which they were put, which is how people read a journal; and their use.
fn listed(offsets: &Offsets, index: Option<&Index>, trash_since: Timestamp) -> Result<Listed, IndexProblem> {
    let mut all = Vec::new();
    let mut uses = Vec::new();
    let mut known = HashSet::new();
    if let Some(index) = index {
        let rows = index.entries()?.into_iter().map(|indexed| (indexed, None));
        let trash = index.trash()?.into_iter().map(|(at, indexed)| (indexed, Some(at)));
        for (mut indexed, removed) in rows.chain(trash) {
            known.insert(indexed.row.id.clone());
            // It stands in the ledger, not in the row.
            let usage = std::mem::take(&mut std::sync::Arc::make_mut(&mut indexed.row).usage);
            if removed.is_none_or(|at| at >= trash_since) {
                uses.push((indexed.row.id.clone(), usage));
                all.push(KeptRecording { indexed, removed, mark: None });
            }
        }
        uses.retain(|(_, usage)| *usage != Usage::default());
        all.sort_by_key(|kept| (kept.indexed.row.stored_at, kept.indexed.row.id.clone()));
    }
    let others =
        offsets.recordings_since(trash_since).filter(|(indexed, ..)| !known.contains(&indexed.row.id));
    let mut others: Vec<_> = others
        .map(|(indexed, removed, mark)| KeptRecording { indexed: indexed.clone(), removed, mark: Some(mark) })
        .collect();
    others.sort_by_key(|kept| kept.mark.map(|mark| mark.start));
    uses.extend(others.iter().filter_map(|kept| offsets.usage(&kept.indexed.row.id)));
    all.extend(others);
    Ok(Listed { recordings: all, uses })
}

/// A recording with its small bodies, from the line that put it or from the copy of that.
fn from_index(index: &Index, indexed: &Indexed) -> Result<Box<Put>, IndexProblem> {
    let id = &indexed.row.id;
    let lost = || IndexProblem::doubt(&format!("it has lost {id}"));
    let mut put = index.put(id)?.and_then(|found| found.put).ok_or_else(lost)?;
    for hash in put.detail.linked().collect::<Vec<_>>() {
        if !put.media.iter().any(|media| media.body.hash == hash) {
            put.media.extend(index.file(&hash)?.map(|bytes| MediaLine::of(hash, &bytes)));
        }
    }
    Ok(put)
}

/// Copies a journal that is about to be replaced.
fn keep(dir: &Path, path: &Path) -> Result<PathBuf, StoreError> {
    let numbers = damaged_journals(dir)
        .into_iter()
        .filter_map(|path| path.file_name()?.to_str()?.strip_prefix(DAMAGED)?.parse::<u32>().ok());
    let aside = dir.join(format!("{DAMAGED}{}", numbers.max().unwrap_or(0).saturating_add(1)));
    let mut from = files::open(path)?;
    let mut to = files::open_to_write(&aside, File::options().write(true).create_new(true))?;
    let copied = io::copy(&mut from, &mut to).and_then(|_| to.sync_all());
    copied.map_err(|cause| {
        // Half a copy is none.
        files::remove(&aside).ok();
        StoreError::io("copy the damaged journal to", &aside)(cause)
    })?;
    Ok(aside)
}

/// A put that replaced another may name a small file that only the other brought along.
fn complete(put: &mut Put, offsets: &Offsets) -> Result<(), StoreError> {
    let listed: Vec<_> = put.detail.linked().collect();
    for hash in listed {
        if !put.media.iter().any(|media| media.body.hash == hash)
            && let Some(bytes) = offsets.body(&hash)?
        {
            put.media.push(MediaLine::of(hash, &bytes));
        }
    }
    Ok(())
}

/// The bodies of a recording that may be files.
fn large_bodies(put: &Put) -> Vec<Hash> {
    let own = put.detail.bodies().map(|body| body.hash);
    let brought = put.media.iter().map(|media| media.body.hash);
    own.chain(brought).chain(put.detail.linked()).collect()
}
