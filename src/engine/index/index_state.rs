//! The maps in which look-ups go, and their order.

use std::cell::LazyCell;
use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use crate::engine::index::found_recording::{FailureLens, FoundRecording};
use crate::engine::index::index_entry::{EntryIds, IndexEntry, InternedValues};
use crate::matching::{Condition, Fields};
use crate::model::{CallScope, Fingerprint, Playback, RecordingId, Rule, Scrubbed, Strategy, Timestamp};
use crate::reading::answer_ids;
use crate::store::{Indexed, PackedRow};

#[derive(Default)]
pub(super) struct IndexState {
    pub(super) entries: HashMap<RecordingId, IndexEntry>,
    pub(super) by_all: HashMap<Fingerprint, EntryIds>,
    pub(super) by_significant: HashMap<Fingerprint, EntryIds>,
    /// Answer id (`resp_…`) → fingerprint of all fields of the request that it answered, so that `previous_response_id`
    /// can be compared by content. An entry outlives its recording, because others go on naming it.
    pub(super) answers: HashMap<String, Fingerprint>,
    /// The strategies in use and by how many recordings, narrow ones first.
    pub(super) shapes: BTreeMap<(u8, Strategy), usize>,
    /// The recordings with a rule instead, in the order in which they are asked.
    rules: BTreeMap<RuleOrder, Condition>,
    /// The number of recordings that are failures: without any nothing has to step back.
    pub(super) failures: usize,
    /// The length of all recordings, in bytes.
    pub(super) size: u64,
    interned: InternedValues,
}

/// A recording and its id.
pub(super) type IdentifiedEntry<'a> = (&'a RecordingId, &'a IndexEntry);

/// The order in which rules are asked: by breadth, the highest priority first, then the oldest.
type RuleOrder = (u8, Reverse<i32>, Timestamp, RecordingId);

fn order(id: &RecordingId, entry: &IndexEntry, rule: &Rule) -> RuleOrder {
    (entry.strategy.breadth(), Reverse(rule.priority), entry.recorded_at, id.clone())
}

fn found_recording((id, entry): IdentifiedEntry<'_>, cosmetic: bool) -> FoundRecording {
    FoundRecording {
        id: id.clone(),
        strategy: (*entry.strategy).clone(),
        cosmetic,
        used: entry.used(id),
        turn: None,
        steps_back: false,
    }
}

/// True where an entry that a strategy found differs from a request in cosmetic fields.
fn is_cosmetic(entry: &IndexEntry, all: Fingerprint) -> bool {
    entry.keys().is_none_or(|keys| keys.all != all)
}

impl IndexState {
    /// The takes of what `entry` is one of that play in order, and how; `None` where one of them answers alone. Takes are
    /// the recordings with all fields equal that belong to the same scope, or to any for a call without one.
    ///
    /// The newest one's playback decides. Where that is `newest`, those play in order that were recorded one behind the
    /// other, as polls and calls tried again are. Failures behind the last good take never play; where an upstream can be
    /// asked no failure does.
    pub(super) fn in_order<'a>(
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
    pub(super) fn takes<'a>(
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
    pub(super) fn under<'a>(
        &'a self,
        map: &'a HashMap<Fingerprint, EntryIds>,
        key: &Fingerprint,
    ) -> impl DoubleEndedIterator<Item = IdentifiedEntry<'a>> + use<'a> {
        let ids = map.get(key).map(EntryIds::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| Some((id, self.entries.get(id)?)))
    }

    /// The recording that answers among those that pass. Which scopes recordings belong to stands in their rows and not in
    /// the maps: takes of one request are few, and the first-level map knows the answer the next time.
    pub(super) fn find(
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
                return Some(found_recording(entry, false));
            }
            first_equal = first_equal.or(Some(entry));
        }
        if let Some(entry) = first_equal {
            return Some(found_recording(entry, false));
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
            Some(found_recording(own, is_cosmetic(own.1, all)))
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
            same.then(|| found_recording((id, own), keys.all != all))
        })
    }

    pub(super) fn insert(&mut self, row: PackedRow) {
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

    pub(super) fn remove(&mut self, id: &RecordingId) -> Option<Indexed> {
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
