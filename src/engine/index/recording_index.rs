//! The recordings in memory: what a look-up needs and nothing more. Bodies stay in the store.
//!
//! Three maps and no scan: by the fingerprint of all fields, by the fingerprint of the significant fields under each
//! strategy in use, and by id; rules are asked one by one. Partial recordings are listed but stand in no look-up map, so they are never replayed.

use std::cell::LazyCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::engine::failures::FailurePolicy;
use crate::engine::index::cursors::{Cursors, TakeTurn};
use crate::engine::index::generations::{Dependence, Generations};
use crate::engine::index::use_count::UseCounter;
use crate::matching::{Condition, Fields};
use crate::model::{
    CallScope, Fingerprint, Playback, RecordingId, Row, Rule, Scrubbed, Strategy, Timestamp, Usage,
};
use crate::reading::answer_ids;
use crate::store::{Indexed, LookUpKeys};

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
    by_all: HashMap<Fingerprint, Vec<RecordingId>>,
    by_significant: HashMap<Fingerprint, Vec<RecordingId>>,
    /// Answer id (`resp_…`) → fingerprint of all fields of the request that it answered, so that `previous_response_id`
    /// can be compared by content. An entry outlives its recording, because others go on naming it.
    answers: HashMap<String, Fingerprint>,
    /// The strategies in use and by how many recordings, narrow ones first.
    shapes: BTreeMap<(u8, Strategy), usize>,
    /// The recordings with a rule instead, in the order in which they are asked.
    rules: BTreeMap<RuleOrder, Condition>,
    /// The number of recordings that are failures: without any nothing has to step back.
    failures: usize,
}

/// The number of strategies in use beyond which every change is looked at anew: a fingerprint for each would cost more.
const SHAPES: usize = 16;

/// The order in which rules are asked: by breadth, the highest priority first, then the oldest.
type RuleOrder = (u8, Reverse<i32>, Timestamp, RecordingId);

struct IndexEntry {
    indexed: Indexed,
    used: Arc<UseCounter>,
}

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
        let takes = state.entries.get(&found.id).map(|entry| entry.indexed.keys.all);
        Dependence::on_prints(generation, under.chain(takes).chain([fields.all()]))
    }

    pub(crate) fn insert(&self, entry: Indexed) {
        let mut state = self.write();
        let (before, now) = (state.remove(&entry.row.id), entry.clone());
        state.insert(entry);
        self.changed(&state, before.iter().chain([&now]));
    }

    /// Puts an entry in the place of the one with its id, and gives that; nothing happens where there is none.
    pub(crate) fn replace(&self, entry: Indexed) -> Option<Indexed> {
        let mut state = self.write();
        let used = Arc::clone(&state.entries.get(&entry.row.id)?.used);
        let (id, now) = (entry.row.id.clone(), entry.clone());
        let before = state.remove(&id);
        state.insert(entry);
        // Hits go on being counted where others count them already.
        if let Some(entry) = state.entries.get_mut(&id) {
            entry.used = used;
        }
        self.changed(&state, before.iter().chain([&now]));
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
        if let Some(entry) = self.read().entries.get(id)
            && entry.is_settled()
        {
            return Some(Arc::clone(&entry.indexed.row));
        }
        self.write().entries.get_mut(id).map(|entry| Arc::clone(entry.settled()))
    }

    pub(crate) fn rows(&self) -> HashMap<RecordingId, Arc<Row>> {
        self.write().entries.iter_mut().map(|(id, entry)| (id.clone(), Arc::clone(entry.settled()))).collect()
    }

    /// The number of recordings, and the length of all in bytes.
    pub(crate) fn extent(&self) -> (u64, u64) {
        let state = self.read();
        (state.entries.len() as u64, state.entries.values().map(|entry| entry.indexed.row.size).sum())
    }

    /// The keys that find a recording.
    pub(crate) fn keys(&self, id: &RecordingId) -> Option<LookUpKeys> {
        self.read().entries.get(id).map(|entry| entry.indexed.keys.clone())
    }

    /// The fingerprint of the request that the answer with this id answered.
    pub(crate) fn answered(&self, id: &str) -> Option<Fingerprint> {
        self.read().answers.get(id).copied()
    }

    /// The use in which the hits of a recording are counted.
    pub(crate) fn used(&self, id: &RecordingId) -> Option<Arc<UseCounter>> {
        self.read().entries.get(id).map(|entry| Arc::clone(&entry.used))
    }

    /// The use of the recordings that were hit since `who` was last told.
    pub(crate) fn touched(&self, who: u8) -> Vec<(RecordingId, Usage)> {
        let state = self.read();
        let touched = state.entries.iter().filter(|(_, entry)| entry.used.tell(who));
        touched.map(|(id, entry)| (id.clone(), entry.used.get())).collect()
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
            let stands = |row: &Row| policy.steps_back(row) == back;
            match scope {
                None => state.find(request, fields, stands),
                Some(_) => [scope, None].into_iter().find_map(|of| {
                    state.find(request, fields, |row| row.scope.as_deref() == of && stands(row))
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
        let Some((takes, playback)) = state.in_order(entry, scope, lens) else { return found };
        let all = entry.indexed.keys.all;
        let playing = (all, lens.asks);
        let from = cursors.position(scope, &playing);
        let (at, to) = playback.turn(from, takes.len());
        let Some(take) = takes.get(at) else { return found };
        let FoundRecording { strategy, used, id, .. } = found_recording(take, all);
        let turn = TakeTurn { scope: scope.clone(), takes: playing, from, to, job: None };
        FoundRecording { id, strategy, used, turn: Some(turn), ..found }
    }

    /// The number of takes with these fields that play in order for a call in this scope.
    pub(crate) fn takes(&self, all: &Fingerprint, scope: &CallScope, lens: FailureLens<'_>) -> usize {
        let state = self.read();
        let newest = state.by_all.get(all).into_iter().flatten().rev().filter_map(|id| state.entries.get(id));
        let own = newest.clone().find(|entry| entry.indexed.row.scope.as_deref() == scope.as_deref());
        own.and_then(|entry| state.in_order(entry, scope, lens)).map_or(0, |(takes, _)| takes.len())
    }

    /// All entries that pass, in no order: for explaining and for strategies given by a call.
    pub(crate) fn select(&self, mut pass: impl FnMut(&Row) -> bool) -> Vec<Indexed> {
        let state = self.read();
        let entries = state.entries.values().map(|entry| &entry.indexed);
        entries.filter(|entry| pass(&entry.row)).cloned().collect()
    }

    /// The rows whose keys were not made by this version of the canonical form.
    pub(crate) fn outdated(&self, version: u32) -> Vec<Arc<Row>> {
        let state = self.read();
        let entries = state.entries.values().map(|entry| &entry.indexed);
        // The rows of an older retake do not say what the answer is.
        let old = |e: &&Indexed| e.keys.canonical != version || e.row.answer.is_none();
        entries.filter(old).map(|e| Arc::clone(&e.row)).collect()
    }

    fn write(&self) -> RwLockWriteGuard<'_, IndexState> {
        self.state.write()
    }

    fn read(&self) -> RwLockReadGuard<'_, IndexState> {
        self.state.read()
    }
}

fn order(row: &Row, rule: &Rule) -> RuleOrder {
    (row.strategy.breadth(), Reverse(rule.priority), row.recorded_at, row.id.clone())
}

fn found_recording(entry: &IndexEntry, all: Fingerprint) -> FoundRecording {
    let Indexed { row, keys } = &entry.indexed;
    let used = Arc::clone(&entry.used);
    FoundRecording {
        id: row.id.clone(),
        strategy: row.strategy.clone(),
        cosmetic: keys.all != all,
        used,
        turn: None,
        steps_back: false,
    }
}

impl IndexEntry {
    /// The row with its use as it is now.
    fn settled(&mut self) -> &Arc<Row> {
        if !self.is_settled() {
            Arc::make_mut(&mut self.indexed.row).usage = self.used.get();
        }
        &self.indexed.row
    }

    /// Whether the row says the use as it is now.
    fn is_settled(&self) -> bool {
        self.used.is(&self.indexed.row.usage)
    }
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
        entry: &'a IndexEntry,
        scope: &'a CallScope,
        lens: FailureLens<'_>,
    ) -> Option<(Vec<&'a IndexEntry>, Playback)> {
        let back = |entry: &IndexEntry| lens.policy.steps_back(&entry.indexed.row);
        let mut takes: Vec<_> = self.takes(entry, scope).filter(|take| !(lens.asks && back(take))).collect();
        if let Some(last) = takes.iter().rposition(|take| !back(take)) {
            takes.truncate(last + 1);
            // Who is let in now was not to be kept out: another key had been sent.
            takes.retain(|take| !(back(take) && matches!(take.indexed.row.status, 401 | 403)));
        }
        let newest = takes.last()?;
        if newest.indexed.row.playback != Playback::Newest {
            return Some((takes.clone(), newest.indexed.row.playback));
        }
        let begins = takes.iter().rposition(|take| take.indexed.row.continues.is_none()).unwrap_or(0);
        let chain = takes.split_off(begins);
        (chain.len() > 1).then_some((chain, Playback::Sequence))
    }

    /// The takes of what `entry` is one of, oldest first.
    fn takes<'a>(
        &'a self,
        entry: &'a IndexEntry,
        scope: &'a CallScope,
    ) -> impl Iterator<Item = &'a IndexEntry> {
        let Indexed { row, keys } = &entry.indexed;
        let ids = self.by_all.get(&keys.all).into_iter().flatten();
        ids.filter_map(|id| self.entries.get(id)).filter(move |other| {
            let other = &other.indexed.row;
            let beside = scope.is_none() || other.scope == row.scope;
            // Under `strict` equal fields are not enough.
            beside && (other.strategy != Strategy::Strict || other.hash == row.hash)
        })
    }

    /// The recording that answers among those that pass. Which scopes recordings belong to stands in their rows and not in
    /// the maps: takes of one request are few, and the first-level map knows the answer the next time.
    fn find(
        &self,
        request: &Scrubbed,
        fields: &Fields,
        pass: impl Fn(&Row) -> bool,
    ) -> Option<FoundRecording> {
        let all = fields.all();
        // Hashes of everything: only where something asks for them.
        let strict = LazyCell::new(|| fields.fingerprint(&Strategy::Strict));
        let hash = LazyCell::new(|| request.hash());
        let equal = self.by_all.get(&all).into_iter().flatten().rev();
        let equal = equal.filter_map(|id| self.entries.get(id)).filter(|entry| pass(&entry.indexed.row));
        // Under `strict` equal fields are not enough: the bytes decide.
        let equal = equal.filter(|entry| {
            entry.indexed.row.strategy != Strategy::Strict || entry.indexed.keys.significant == *strict
        });
        let mut first_equal = None;
        for entry in equal {
            if entry.indexed.row.hash == *hash {
                return Some(found_recording(entry, all));
            }
            first_equal = first_equal.or(Some(entry));
        }
        if let Some(entry) = first_equal {
            return Some(found_recording(entry, all));
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
        pass: &impl Fn(&Row) -> bool,
    ) -> Option<FoundRecording> {
        let shapes = self.shapes.keys().filter(|(own, _)| *own == breadth);
        shapes.map(|(_, strategy)| strategy).find_map(|strategy| {
            let ids = self.by_significant.get(&fields.fingerprint(strategy))?;
            let own = ids.iter().rev().filter_map(|id| self.entries.get(id)).find(|e| {
                e.indexed.row.strategy == *strategy && !e.indexed.row.is_conditional() && pass(&e.indexed.row)
            })?;
            Some(found_recording(own, all))
        })
    }

    fn by_rule(
        &self,
        breadth: u8,
        fields: &Fields,
        all: Fingerprint,
        pass: &impl Fn(&Row) -> bool,
    ) -> Option<FoundRecording> {
        let rules = self.rules.iter().filter(|((own, ..), _)| *own == breadth);
        rules.filter(|(_, condition)| condition.holds(&fields.facts)).find_map(|((.., id), _)| {
            let own = self.entries.get(id).filter(|entry| pass(&entry.indexed.row))?;
            let Indexed { row, keys } = &own.indexed;
            // The fingerprint says that the endpoint is the same; names tell most others apart without it.
            let same =
                row.endpoint == fields.endpoint.name && keys.significant == fields.fingerprint(&row.strategy);
            same.then(|| found_recording(own, all))
        })
    }

    fn insert(&mut self, entry: Indexed) {
        let row = &entry.row;
        self.failures += usize::from(row.failure.is_some());
        for (id, asked) in &entry.keys.earlier {
            self.answers.entry(id.clone()).or_insert(*asked);
        }
        let said = entry.keys.answer.as_deref();
        for (id, meaning) in said.into_iter().flat_map(|said| answer_ids::meanings(said, entry.keys.all)) {
            self.answers.insert(id.to_owned(), meaning);
        }
        if !row.answers() {
            // It is listed and never found.
        } else if let Strategy::Rule(rule) = &row.strategy {
            self.rules.insert(order(row, rule), Condition::of(rule));
        } else {
            let (LookUpKeys { all, significant, .. }, id) = (&entry.keys, &row.id);
            let newer = |other: &RecordingId| {
                let other = self.entries.get(other).map(|e| &e.indexed.row);
                other.is_some_and(|other| (other.recorded_at, &other.id) < (row.recorded_at, &row.id))
            };
            for (map, key) in [(&mut self.by_all, all), (&mut self.by_significant, significant)] {
                let ids = map.entry(*key).or_default();
                let at = ids.partition_point(newer);
                ids.insert(at, id.clone());
            }
            *self.shapes.entry((row.strategy.breadth(), row.strategy.clone())).or_default() += 1;
        }
        let used = Arc::new(UseCounter::of(row.id.clone(), row.usage.clone()));
        self.entries.insert(row.id.clone(), IndexEntry { indexed: entry, used });
    }

    fn remove(&mut self, id: &RecordingId) -> Option<Indexed> {
        let mut entry = self.entries.remove(id)?;
        entry.settled();
        let entry = entry.indexed;
        self.failures -= usize::from(entry.row.failure.is_some());
        if let Strategy::Rule(rule) = &entry.row.strategy {
            self.rules.remove(&order(&entry.row, rule));
        } else if entry.row.answers() {
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
