//! The recordings in memory: what a look-up needs and nothing more. Bodies stay in the store.
//!
//! Three maps and no scan: by the fingerprint of all fields, by the fingerprint of the significant fields under each
//! strategy in use, and by id. Partial recordings are listed but stand in no look-up map, so they are never replayed.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::matching::Fields;
use crate::model::{Fingerprint, Hash, RecordingId, Row, Strategy, Timestamp, Usage};
use crate::store::{Indexed, Keys};

/// All recordings, for look-up and listing.
#[derive(Default)]
pub(super) struct Library {
    state: RwLock<State>,
    /// Changes with every change, so that what was derived can be dropped.
    generation: AtomicU64,
}

#[derive(Default)]
struct State {
    entries: HashMap<RecordingId, Indexed>,
    by_all: HashMap<Fingerprint, Vec<RecordingId>>,
    by_significant: HashMap<Fingerprint, Vec<RecordingId>>,
    /// The use of recordings that were hit since the rows were last brought up to date: counting must neither copy a
    /// row nor keep other look-ups waiting.
    used: Mutex<HashMap<RecordingId, Usage>>,
    /// The strategies in use and by how many recordings, narrow ones first.
    shapes: BTreeMap<(u8, Strategy), usize>,
}

/// A recording that answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) id: RecordingId,
    /// The strategy that matched.
    pub(super) strategy: Strategy,
    /// Whether cosmetic fields differ.
    pub(super) cosmetic: bool,
}

impl Library {
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn insert(&self, entry: Indexed) {
        let mut state = self.write();
        state.remove(&entry.row.id);
        state.insert(entry);
        self.generation.fetch_add(1, Ordering::Release);
    }

    pub(super) fn remove(&self, id: &RecordingId) -> Option<Indexed> {
        let mut state = self.write();
        let removed = state.remove(id);
        self.generation.fetch_add(1, Ordering::Release);
        removed
    }

    pub(super) fn row(&self, id: &RecordingId) -> Option<Arc<Row>> {
        self.write().entries.get(id).map(|entry| Arc::clone(&entry.row))
    }

    pub(super) fn rows(&self) -> HashMap<RecordingId, Arc<Row>> {
        self.write().entries.iter().map(|(id, entry)| (id.clone(), Arc::clone(&entry.row))).collect()
    }

    /// Counts a hit and gives the use after it.
    pub(super) fn hit(&self, id: &RecordingId, at: Timestamp) -> Option<Usage> {
        let state = self.read();
        let mut used = state.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains_key(id) {
            used.insert(id.clone(), state.entries.get(id)?.row.usage);
        }
        let usage = used.get_mut(id)?;
        usage.hits += 1;
        usage.last_hit = usage.last_hit.max(Some(at));
        Some(*usage)
    }

    /// The recording that answers, each recording judged by its own strategy: exact bytes first, then all fields
    /// equal, then from narrow to wide, the newest within one.
    pub(super) fn find(&self, hash: &Hash, fields: &Fields) -> Option<Found> {
        let state = self.read();
        let all = fields.all();
        let strict = fields.fingerprint(&Strategy::Strict);
        let equal = state.by_all.get(&all).into_iter().flatten().rev().filter_map(|id| state.entries.get(id));
        // Under `strict` equal fields are not enough: the bytes decide.
        let equal =
            equal.filter(|entry| entry.row.strategy != Strategy::Strict || entry.keys.significant == strict);
        let mut first_equal = None;
        for entry in equal {
            if entry.row.hash == *hash {
                return Some(found(entry, all));
            }
            first_equal = first_equal.or(Some(entry));
        }
        if let Some(entry) = first_equal {
            return Some(found(entry, all));
        }
        state.shapes.keys().find_map(|(_, strategy)| {
            let ids = state.by_significant.get(&fields.fingerprint(strategy))?;
            let own = ids
                .iter()
                .rev()
                .filter_map(|id| state.entries.get(id))
                .find(|e| e.row.strategy == *strategy)?;
            Some(found(own, all))
        })
    }

    /// All entries that pass, in no order: for explaining and for strategies given by a call.
    pub(super) fn select(&self, mut pass: impl FnMut(&Row) -> bool) -> Vec<Indexed> {
        self.read().entries.values().filter(|entry| pass(&entry.row)).cloned().collect()
    }

    /// The rows whose keys were not made by this version of the canonical form.
    pub(super) fn outdated(&self, version: u32) -> Vec<Arc<Row>> {
        let state = self.read();
        state.entries.values().filter(|e| e.keys.canonical != version).map(|e| Arc::clone(&e.row)).collect()
    }

    /// The state to change or to list, its rows up to date.
    fn write(&self) -> RwLockWriteGuard<'_, State> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.settle_use();
        state
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn found(entry: &Indexed, all: Fingerprint) -> Found {
    Found { id: entry.row.id.clone(), strategy: entry.row.strategy.clone(), cosmetic: entry.keys.all != all }
}

// === impl State ===

impl State {
    /// Writes the use that was counted into the rows.
    fn settle_use(&mut self) {
        let used = self.used.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (id, usage) in used.drain() {
            if let Some(entry) = self.entries.get_mut(&id) {
                Arc::make_mut(&mut entry.row).usage = usage;
            }
        }
    }

    fn insert(&mut self, entry: Indexed) {
        let row = &entry.row;
        if row.completeness.replayable() {
            let (Keys { all, significant, .. }, id) = (&entry.keys, &row.id);
            let newer = |other: &RecordingId| {
                let other = self.entries.get(other).map(|e| (e.row.recorded_at, e.row.id.clone()));
                other.is_some_and(|other| other < (row.recorded_at, row.id.clone()))
            };
            for (map, key) in [(&mut self.by_all, all), (&mut self.by_significant, significant)] {
                let ids = map.entry(*key).or_default();
                let at = ids.partition_point(newer);
                ids.insert(at, id.clone());
            }
            *self.shapes.entry((row.strategy.breadth(), row.strategy.clone())).or_default() += 1;
        }
        self.entries.insert(row.id.clone(), entry);
    }

    fn remove(&mut self, id: &RecordingId) -> Option<Indexed> {
        let entry = self.entries.remove(id)?;
        if entry.row.completeness.replayable() {
            for (map, key) in
                [(&mut self.by_all, entry.keys.all), (&mut self.by_significant, entry.keys.significant)]
            {
                if let Some(ids) = map.get_mut(&key) {
                    ids.retain(|other| other != id);
                    if ids.is_empty() {
                        map.remove(&key);
                    }
                }
            }
            let shape = (entry.row.strategy.breadth(), entry.row.strategy.clone());
            if let Some(count) = self.shapes.get_mut(&shape) {
                *count -= 1;
                if *count == 0 {
                    self.shapes.remove(&shape);
                }
            }
        }
        Some(entry)
    }
}
