//! The recordings in memory: what a look-up needs and nothing more. Bodies stay in the store.
//!
//! Three maps and no scan: by the fingerprint of all fields, by the fingerprint of the significant fields under each
//! strategy in use, and by id; rules are asked one by one. Partial recordings are listed but stand in no look-up map, so they are never replayed.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::engine::failures::FailurePolicy;
use crate::engine::index::cursors::{Cursors, TakeTurn};
use crate::engine::index::found_recording::{FailureLens, FoundRecording};
use crate::engine::index::generations::{Dependence, Generations};
use crate::engine::index::index_entry::IndexEntry;
use crate::engine::index::index_state::IndexState;
use crate::engine::index::use_count::UseCounter;
use crate::matching::{Fields, RankedRecording};
use crate::model::CallScope;
use crate::model::{Fingerprint, RecordingId, Row, Scrubbed, Strategy, Usage};
use crate::store::{Indexed, LookUpKeys, PackedRow};

/// All recordings, for look-up and listing.
#[derive(Default)]
pub(crate) struct RecordingIndex {
    state: RwLock<IndexState>,
    /// So that what was derived can be dropped.
    generations: Generations,
}

/// The number of strategies in use beyond which every change is looked at anew: a fingerprint for each would cost more.
const SHAPES: usize = 16;

impl RecordingIndex {
    pub(crate) fn generation(&self) -> u64 {
        self.generations.newest()
    }

    /// Makes what was derived be derived anew.
    pub(crate) fn outdate(&self) {
        self.generations.change_all();
    }

    /// True if nothing changed since that an answer hangs on.
    pub(crate) fn holds(&self, dependence: &Dependence) -> bool {
        self.generations.holds(dependence)
    }

    /// The recordings on which it hangs that `found` answers a request with these fields, looked up at `generation` or later.
    pub(crate) fn dependence(&self, fields: &Fields, found: &FoundRecording, generation: u64) -> Dependence {
        let state = self.read();
        if fields.names_earlier() || state.shapes.len() > SHAPES {
            return Dependence::on_everything(generation);
        }
        let under = state.shapes.keys().map(|(_, strategy)| fields.fingerprint(strategy));
        let takes = state.entries.get(&found.id).and_then(|entry| Some(entry.keys()?.all));
        Dependence::on_prints(generation, under.chain(takes).chain([fields.all()]))
    }

    /// An index of these.
    pub(crate) fn of(rows: Vec<PackedRow>) -> Self {
        let index = Self::default();
        let mut state = index.write();
        state.entries.reserve(rows.len());
        state.by_all.reserve(rows.len());
        state.by_significant.reserve(rows.len());
        for row in rows {
            state.insert(row);
        }
        drop(state);
        index
    }

    /// The recordings whose strategy is a rule.
    pub(crate) fn rules(&self) -> Vec<(RecordingId, Arc<Strategy>)> {
        let state = self.read();
        let rules = state.entries.iter().filter(|(_, entry)| matches!(*entry.strategy, Strategy::Rule(_)));
        rules.map(|(id, entry)| (id.clone(), Arc::clone(&entry.strategy))).collect()
    }

    pub(crate) fn insert(&self, entry: &Indexed) {
        let packed = PackedRow::of(entry);
        let mut state = self.write();
        let before = state.remove(&entry.row.id);
        state.insert(packed);
        self.changed(&state, before.iter().chain([entry]));
    }

    /// Puts an entry in the place of the one with its id, and gives that; nothing happens where there is none.
    pub(crate) fn replace(&self, entry: &Indexed) -> Option<Indexed> {
        let packed = PackedRow::of(entry);
        let mut state = self.write();
        let id = &entry.row.id;
        let used = state.entries.get(id)?.counted().cloned();
        let before = state.remove(id);
        state.insert(packed);
        // Hits go on being counted where others count them already.
        if let (Some(entry), Some(used)) = (state.entries.get_mut(id), used) {
            entry.count_with(used);
        }
        self.changed(&state, before.iter().chain([entry]));
        before
    }

    pub(crate) fn remove(&self, id: &RecordingId) -> Option<Indexed> {
        let mut state = self.write();
        let removed = state.remove(id);
        self.changed(&state, removed.iter());
        removed
    }

    /// Notes that these came, changed or went, while the others are kept from looking.
    fn changed<'a>(&self, state: &IndexState, entries: impl Iterator<Item = &'a Indexed> + Clone) {
        // Rules look at more than fingerprints; under a strategy that is new nobody's fingerprint is known.
        let any = |entry: &Indexed| {
            let shape = (entry.row.strategy.breadth(), entry.row.strategy.clone());
            matches!(entry.row.strategy, Strategy::Rule(_)) || state.shapes.get(&shape) == Some(&1)
        };
        if entries.clone().any(any) {
            self.generations.change_all();
        } else {
            let prints = entries.flat_map(|entry| [entry.keys.all, entry.keys.significant]);
            self.generations.change(prints);
        }
    }

    pub(crate) fn row(&self, id: &RecordingId) -> Option<Arc<Row>> {
        let state = self.read();
        state.entries.get(id)?.indexed().map(|indexed| indexed.row)
    }

    pub(crate) fn rows(&self) -> HashMap<RecordingId, Arc<Row>> {
        let state = self.read();
        state.entries.values().filter_map(IndexEntry::indexed).map(|i| (i.row.id.clone(), i.row)).collect()
    }

    /// The id of a recording that there is, as it is kept once.
    pub(crate) fn id(&self, text: &str) -> Option<RecordingId> {
        let id: RecordingId = text.parse().ok()?;
        self.read().entries.get_key_value(&id).map(|(id, _)| id.clone())
    }

    pub(crate) fn contains(&self, id: &RecordingId) -> bool {
        self.read().entries.contains_key(id)
    }

    /// The length of a recording, in bytes.
    pub(crate) fn size(&self, id: &RecordingId) -> Option<u64> {
        self.read().entries.get(id).map(|entry| entry.size)
    }

    /// The number of recordings, and the length of all in bytes.
    pub(crate) fn extent(&self) -> (u64, u64) {
        let state = self.read();
        (state.entries.len() as u64, state.size)
    }

    /// The keys that find a recording.
    pub(crate) fn keys(&self, id: &RecordingId) -> Option<LookUpKeys> {
        self.read().entries.get(id)?.keys()
    }

    /// The fingerprint of the request that the answer with this id answered.
    pub(crate) fn answered(&self, id: &str) -> Option<Fingerprint> {
        self.read().answers.get(id).copied()
    }

    /// The use in which the hits of a recording are counted.
    pub(crate) fn used(&self, id: &RecordingId) -> Option<Arc<UseCounter>> {
        self.read().entries.get_key_value(id).map(|(id, entry)| entry.used(id))
    }

    /// The use of the recordings that were hit since `who` was last told.
    pub(crate) fn touched(&self, who: u8) -> Vec<(RecordingId, Usage)> {
        let state = self.read();
        let used = state.entries.iter().filter_map(|(id, entry)| Some((id, entry.counted()?)));
        used.filter(|(_, used)| used.tell(who)).map(|(id, used)| (id.clone(), used.get())).collect()
    }

    /// The recording that answers a call, each recording judged by its own strategy: exact bytes first, then all
    /// fields equal, then from narrow to wide, the newest within one. A call in a scope goes through the scope's own
    /// recordings first, then through those without a scope. Failures that may pass come behind all others.
    pub(crate) fn find(
        &self,
        request: &Scrubbed,
        fields: &Fields,
        scope: Option<&str>,
        policy: &FailurePolicy,
    ) -> Option<FoundRecording> {
        let state = self.read();
        let among = |back: bool| {
            let stands = |entry: &IndexEntry| entry.steps_back(policy) == back;
            match scope {
                None => state.find(request, fields, stands),
                Some(_) => [scope, None].into_iter().find_map(|of| {
                    state.find(request, fields, |entry| entry.scope.as_deref() == of && stands(entry))
                }),
            }
        };
        let failed = || (state.failures > 0).then(|| among(true)).flatten();
        among(false).or_else(|| failed().map(|found| FoundRecording { steps_back: true, ..found }))
    }

    /// The take of what was found whose turn it is in the call's scope, where takes play in order.
    pub(crate) fn take(
        &self,
        found: FoundRecording,
        scope: &CallScope,
        cursors: &Cursors,
        lens: FailureLens<'_>,
    ) -> FoundRecording {
        let state = self.read();
        let Some(entry) = state.entries.get(&found.id) else { return found };
        let Some(all) = entry.keys().map(|keys| keys.all) else { return found };
        let Some((takes, playback)) = state.in_order(&all, entry, scope, lens) else { return found };
        let playing = (all, lens.asks);
        let from = cursors.position(scope, &playing);
        let (at, to) = playback.turn(from, takes.len());
        let Some((id, take)) = takes.get(at) else { return found };
        let (id, strategy, used) = ((*id).clone(), (*take.strategy).clone(), take.used(id));
        let turn = TakeTurn { scope: scope.clone(), takes: playing, from, to, job: None };
        FoundRecording { id, strategy, used, turn: Some(turn), ..found }
    }

    /// The number of takes with these fields that play in order for a call in this scope.
    pub(crate) fn takes(&self, all: &Fingerprint, scope: &CallScope, lens: FailureLens<'_>) -> usize {
        let state = self.read();
        let own = state.under(&state.by_all, all).rev().find(|(_, entry)| entry.scope == *scope);
        let takes = own.and_then(|(_, entry)| state.in_order(all, entry, scope, lens));
        takes.map_or(0, |(takes, _)| takes.len())
    }

    /// All recordings that pass, in no order: for explaining, and for strategies given by a call. `may` tells from what stands
    /// beside the rows, before they are read.
    pub(crate) fn select(
        &self,
        may: impl Fn(&IndexEntry) -> bool,
        mut pass: impl FnMut(&Row) -> bool,
    ) -> Vec<Indexed> {
        let state = self.read();
        let entries = state.entries.values().filter(|entry| may(entry)).filter_map(IndexEntry::indexed);
        entries.filter(|indexed| pass(&indexed.row)).collect()
    }

    /// The recordings of an endpoint that answer, as they are ranked, in no order.
    pub(crate) fn rankable(&self, asks: Option<(&str, &str)>) -> Vec<RankedRecording> {
        let state = self.read();
        let answering = state
            .entries
            .iter()
            .filter(|(_, entry)| entry.answers && asks.is_none_or(|asks| entry.asks(asks)));
        let ranked = answering.map(|(id, entry)| RankedRecording {
            id: id.clone(),
            strategy: Arc::clone(&entry.strategy),
            scope: entry.scope.clone(),
            recorded_at: entry.recorded_at,
        });
        ranked.collect()
    }

    /// The methods and endpoints of what answers, in their order.
    pub(crate) fn answering_endpoints(&self) -> BTreeSet<(String, String)> {
        let state = self.read();
        let asked: HashSet<_> = state.entries.values().filter(|e| e.answers).map(|e| &*e.asked).collect();
        asked.into_iter().cloned().collect()
    }

    /// The rows whose keys were not made by this version of the canonical form.
    pub(crate) fn outdated(&self, version: u32) -> Vec<Arc<Row>> {
        let state = self.read();
        let old = state.entries.values().filter(|entry| !entry.is_current(version));
        old.filter_map(|entry| Some(entry.indexed()?.row)).collect()
    }

    fn write(&self) -> RwLockWriteGuard<'_, IndexState> {
        self.state.write()
    }

    fn read(&self) -> RwLockReadGuard<'_, IndexState> {
        self.state.read()
    }
}
