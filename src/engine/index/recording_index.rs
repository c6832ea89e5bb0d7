//! The recordings in memory: what a look-up needs and nothing more. Bodies stay in the store.
//!
//! Three maps and no scan: by the fingerprint of all fields, by the fingerprint of the significant fields under each
//! strategy in use, and by id; rules are asked one by one. Partial recordings are listed but stand in no look-up map, so they are never replayed.

use std::cell::LazyCell;
use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::engine::failures::FailurePolicy;
use crate::engine::index::cursors::{Cursors, TakeTurn};
use crate::engine::index::generations::{Dependence, Generations};
use crate::engine::index::index_entry::{EntryIds, IndexEntry, Interned};
use crate::engine::index::use_count::UseCounter;
use crate::matching::{Condition, Fields, RankedRecording};
use crate::model::CallScope;
use crate::model::{Fingerprint, Playback, RecordingId, Row, Rule, Scrubbed, Strategy, Timestamp, Usage};
use crate::reading::answer_ids;
use crate::store::{Indexed, LookUpKeys, PackedRow};

/// All recordings, for look-up and listing.
#[derive(Default)]
pub(crate) struct RecordingIndex {
    state: RwLock<IndexState>,
    /// So that what was derived can be dropped.
    generations: Generations,
}

#[derive(Default)]
struct IndexState {
    entries: HashMap<RecordingId, IndexEntry>,
    by_all: HashMap<Fingerprint, EntryIds>,
    by_significant: HashMap<Fingerprint, EntryIds>,
    /// What the answers with these ids answered: the fingerprint of all fields. It outlives their recordings, because
    /// others go on naming them.
    answers: HashMap<String, Fingerprint>,
    /// The strategies in use and by how many recordings, narrow ones first.
    shapes: BTreeMap<(u8, Strategy), usize>,
    /// The recordings with a rule instead, in the order in which they are asked.
    rules: BTreeMap<RuleOrder, Condition>,
    /// The number of recordings that are failures: without any nothing has to step back.
    failures: usize,
    /// The length of all recordings, in bytes.
    size: u64,
    interned: Interned,
}

/// The number of strategies in use beyond which every change is looked at anew: a fingerprint for each would cost more.
const SHAPES: usize = 16;

/// A recording and its id.
type IdentifiedEntry<'a> = (&'a RecordingId, &'a IndexEntry);

/// When a rule is asked: by its breadth, the highest priority first, then the oldest.
type RuleOrder = (u8, Reverse<i32>, Timestamp, RecordingId);

/// A recording that answers a request.
#[derive(Clone, Debug)]
pub(crate) struct FoundRecording {
    pub(crate) id: RecordingId,
    /// The strategy that matched.
    pub(crate) strategy: Strategy,
    /// Whether cosmetic fields differ.
    pub(crate) cosmetic: bool,
    /// The use in which hits are counted.
    pub(crate) used: Arc<UseCounter>,
    /// The recording's turn, where takes play in order.
    pub(crate) turn: Option<TakeTurn>,
    /// Whether it is a failure that may pass: an upstream that can be asked goes before it.
    pub(crate) steps_back: bool,
}

/// The view that a look-up has of failures that may pass.
#[derive(Clone, Copy)]
pub(crate) struct FailureLens<'a> {
    pub(crate) policy: &'a FailurePolicy,
    /// Whether an upstream can be asked instead.
    pub(crate) asks: bool,
}

impl RecordingIndex {
    pub(crate) fn generation(&self) -> u64 {
        self.generations.newest()
    }

    /// Makes what was derived be derived anew.
    pub(crate) fn outdate(&self) {
        self.generations.change_all();
    }

    /// Whether nothing changed since that an answer hangs on.
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
    pub(crate) fn asked(&self) -> BTreeSet<(String, String)> {
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

fn order(id: &RecordingId, entry: &IndexEntry, rule: &Rule) -> RuleOrder {
    (entry.strategy.breadth(), Reverse(rule.priority), entry.recorded_at, id.clone())
}

fn found((id, entry): IdentifiedEntry<'_>, cosmetic: bool) -> FoundRecording {
    FoundRecording {
        id: id.clone(),
        strategy: (*entry.strategy).clone(),
        cosmetic,
        used: entry.used(id),
        turn: None,
        steps_back: false,
    }
}

/// Whether an entry that a strategy found differs from a request in cosmetic fields.
fn is_cosmetic(entry: &IndexEntry, all: Fingerprint) -> bool {
    entry.keys().is_none_or(|keys| keys.all != all)
}

// === impl IndexState ===

impl IndexState {
    /// The takes of what `entry` is one of that play in order, and how; `None` where one of them answers alone. Takes are
    /// the recordings with all fields equal that belong to the same scope, or to any for a call without one.
    ///
    /// The newest one's playback decides. Where that is `newest`, those play in order that were recorded one behind the
    /// other, as polls and calls tried again are. Failures behind the last good take never play; where an upstream can be
    /// asked no failure does.
    fn in_order<'a>(
        &'a self,
        all: &Fingerprint,
        entry: &'a IndexEntry,
        scope: &'a CallScope,
        lens: FailureLens<'_>,
    ) -> Option<(Vec<IdentifiedEntry<'a>>, Playback)> {
        let back = |(_, entry): &IdentifiedEntry<'_>| entry.steps_back(lens.policy);
        let takes = self.takes(all, entry, scope);
        let mut takes: Vec<_> = takes.filter(|take| !(lens.asks && back(take))).collect();
        if let Some(last) = takes.iter().rposition(|take| !back(take)) {
            takes.truncate(last + 1);
            // Who is let in now was not to be kept out: another key had been sent.
            takes.retain(|take| !(back(take) && matches!(take.1.status, 401 | 403)));
        }
        let (_, newest) = takes.last()?;
        if newest.playback != Playback::Newest {
            return Some((takes.clone(), newest.playback));
        }
        let begins = takes.iter().rposition(|(_, take)| !take.continues).unwrap_or(0);
        let chain = takes.split_off(begins);
        (chain.len() > 1).then_some((chain, Playback::Sequence))
    }

    /// The takes of what `entry` is one of, oldest first.
    fn takes<'a>(
        &'a self,
        all: &Fingerprint,
        entry: &'a IndexEntry,
        scope: &'a CallScope,
    ) -> impl Iterator<Item = IdentifiedEntry<'a>> {
        let hash = LazyCell::new(|| entry.hash());
        self.under(&self.by_all, all).filter(move |(_, other)| {
            let beside = scope.is_none() || other.scope == entry.scope;
            // Under `strict` equal fields are not enough.
            beside && (*other.strategy != Strategy::Strict || other.hash() == *hash)
        })
    }

    /// The recordings under a key, oldest first.
    fn under<'a>(
        &'a self,
        map: &'a HashMap<Fingerprint, EntryIds>,
        key: &Fingerprint,
    ) -> impl DoubleEndedIterator<Item = IdentifiedEntry<'a>> + use<'a> {
        let ids = map.get(key).map(EntryIds::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| Some((id, self.entries.get(id)?)))
    }

    /// The recording that answers among those that pass. Which scopes recordings belong to stands in their rows and not in
    /// the maps: takes of one request are few, and the first-level map knows the answer the next time.
    fn find(
        &self,
        request: &Scrubbed,
        fields: &Fields,
        pass: impl Fn(&IndexEntry) -> bool,
    ) -> Option<FoundRecording> {
        let all = fields.all();
        // Hashes of everything: only where something asks for them.
        let strict = LazyCell::new(|| fields.fingerprint(&Strategy::Strict));
        let hash = LazyCell::new(|| request.hash());
        let equal = self.under(&self.by_all, &all).rev().filter(|(_, entry)| pass(entry));
        // Under `strict` equal fields are not enough: the bytes decide.
        let equal = equal.filter(|(_, entry)| {
            *entry.strategy != Strategy::Strict
                || entry.keys().is_some_and(|keys| keys.significant == *strict)
        });
        let mut first_equal = None;
        for entry in equal {
            // Where there is one it answers in any case.
            if entry.1.hash() == Some(*hash) {
                return Some(found(entry, false));
            }
            first_equal = first_equal.or(Some(entry));
        }
        if let Some(entry) = first_equal {
            return Some(found(entry, false));
        }
        (0..=Strategy::WIDEST).find_map(|breadth| {
            let by_strategy = self.by_strategy(breadth, fields, all, &pass);
            by_strategy.or_else(|| self.by_rule(breadth, fields, all, &pass))
        })
    }

    fn by_strategy(
        &self,
        breadth: u8,
        fields: &Fields,
        all: Fingerprint,
        pass: &impl Fn(&IndexEntry) -> bool,
    ) -> Option<FoundRecording> {
        let shapes = self.shapes.keys().filter(|(own, _)| *own == breadth);
        shapes.map(|(_, strategy)| strategy).find_map(|strategy| {
            let own = self.under(&self.by_significant, &fields.fingerprint(strategy)).rev();
            let mut own = own.filter(|(_, entry)| *entry.strategy == *strategy && !entry.is_conditional());
            let own = own.find(|(_, entry)| pass(entry))?;
            Some(found(own, is_cosmetic(own.1, all)))
        })
    }

    fn by_rule(
        &self,
        breadth: u8,
        fields: &Fields,
        all: Fingerprint,
        pass: &impl Fn(&IndexEntry) -> bool,
    ) -> Option<FoundRecording> {
        let rules = self.rules.iter().filter(|((own, ..), _)| *own == breadth);
        rules.filter(|(_, condition)| condition.holds(&fields.facts)).find_map(|((.., id), _)| {
            let own = self.entries.get(id).filter(|entry| pass(entry))?;
            // The fingerprint says that the endpoint is the same; names tell most others apart without it.
            let keys = (own.asked.1 == fields.endpoint.name).then(|| own.keys()).flatten()?;
            let same = keys.significant == fields.fingerprint(&own.strategy);
            same.then(|| found((id, own), keys.all != all))
        })
    }

    fn insert(&mut self, row: PackedRow) {
        let Some((id, entry, keys)) = IndexEntry::of(row, &mut self.interned) else { return };
        self.failures += usize::from(entry.failure.is_some());
        self.size += entry.size;
        for (earlier, asked) in keys.earlier {
            self.answers.entry(earlier).or_insert(asked);
        }
        let said = keys.answer.as_deref();
        for (answer, meaning) in said.into_iter().flat_map(|said| answer_ids::meanings(said, keys.all)) {
            self.answers.insert(answer.to_owned(), meaning);
        }
        if !entry.answers {
            // It is listed and never found.
        } else if let Strategy::Rule(rule) = &*entry.strategy {
            self.rules.insert(order(&id, &entry, rule), Condition::of(rule));
        } else {
            let newer = |other: &RecordingId| {
                let other = self.entries.get_key_value(other);
                other.is_some_and(|(other, known)| (known.recorded_at, other) < (entry.recorded_at, &id))
            };
            for (map, key) in [(&mut self.by_all, keys.all), (&mut self.by_significant, keys.significant)] {
                match map.entry(key) {
                    Entry::Vacant(vacant) => _ = vacant.insert(EntryIds::One(id.clone())),
                    Entry::Occupied(mut known) => {
                        let at = known.get().as_slice().partition_point(newer);
                        known.get_mut().insert(at, id.clone());
                    }
                }
            }
            *self.shapes.entry((entry.strategy.breadth(), (*entry.strategy).clone())).or_default() += 1;
        }
        self.entries.insert(id, entry);
    }

    fn remove(&mut self, id: &RecordingId) -> Option<Indexed> {
        let entry = self.entries.remove(id)?;
        self.failures -= usize::from(entry.failure.is_some());
        self.size -= entry.size;
        if let Strategy::Rule(rule) = &*entry.strategy {
            self.rules.remove(&order(id, &entry, rule));
        } else if let Some(keys) = entry.keys().filter(|_| entry.answers) {
            for (map, key) in [(&mut self.by_all, keys.all), (&mut self.by_significant, keys.significant)] {
                if map.get_mut(&key).is_some_and(|ids| ids.remove(id)) {
                    map.remove(&key);
                }
            }
            let shape = (entry.strategy.breadth(), (*entry.strategy).clone());
            if let Some(count) = self.shapes.get_mut(&shape) {
                *count -= 1;
                if *count == 0 {
                    self.shapes.remove(&shape);
                }
            }
        }
        entry.indexed()
    }
}
