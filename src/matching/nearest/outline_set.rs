//! The outlines of very many recordings in little room: those of one shape stand in rows behind each other, so that a hundred
//! thousand of them are one walk through memory, and one read from a file.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::plan::{FieldPlan, input_apart, plan};
use super::sketch::{Outline, Shape};
use crate::matching::fields::canon_config::Canon;
use crate::model::{RecordingId, Strategy, Timestamp};

/// Outlines by their recordings' ids.
#[derive(Debug, Default)]
pub struct OutlineSet {
    groups: Vec<OutlineGroup>,
    /// By a hash of the id: two that had the same would be explained wrongly, and nothing else.
    places: HashMap<u64, OutlinePlace>,
    /// Groups by their shapes and the length of their input.
    known: HashMap<(u64, usize), u32>,
    /// The number of outlines that were added or taken out.
    changes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OutlinePlace {
    group: u32,
    nth: u32,
}

/// Outlines of one shape.
#[derive(Debug)]
struct OutlineGroup {
    shape: Arc<Shape>,
    /// The number of values in the input of each.
    input_len: usize,
    /// Nothing in the place of one that was taken out.
    ids: Vec<Option<RecordingId>>,
    /// The words and the written form of each, see [`Outline`].
    marks: Vec<[u64; 2]>,
    /// The values of all rows, one row behind the other.
    values: Vec<u64>,
    input: Vec<u64>,
}

/// A recording that may come near a request.
#[derive(Clone, Debug)]
pub struct RankedRecording {
    /// The recording's id.
    pub id: RecordingId,
    /// The recording's strategy.
    pub strategy: Arc<Strategy>,
    /// The recording's scope.
    pub scope: Option<Arc<str>>,
    /// The time of the call: of equally near ones the newest comes first.
    pub recorded_at: Timestamp,
}

/// The recordings of an endpoint, in the order of a set's outlines.
#[derive(Debug, Default)]
pub struct RankedRecordings {
    all: Vec<(OutlinePlace, RankedRecording)>,
}

/// The rank of a recording: the smallest comes first.
type OutlineRank<'a> = (u64, bool, Reverse<(Timestamp, &'a RecordingId)>);

/// The size of all outlines, in bytes, from which on no more are made ahead.
const MOST: usize = 64 << 20;

impl OutlineSet {
    /// True where there is one of a recording.
    #[must_use]
    pub fn contains(&self, id: &RecordingId) -> bool {
        self.places.contains_key(&key(id.as_str()))
    }

    /// The outline of a recording.
    #[must_use]
    pub fn get(&self, id: &RecordingId) -> Option<Outline> {
        let place = self.places.get(&key(id.as_str()))?;
        self.group(*place)?.outline(place.nth as usize)
    }

    /// Adds one, or replaces that of the same recording.
    pub fn insert(&mut self, id: RecordingId, outline: &Outline) {
        self.remove(&id);
        self.changes += 1;
        let of = (outline.shape.identity, outline.input.len());
        let groups = &mut self.groups;
        let group = *self.known.entry(of).or_insert_with(|| {
            groups.push(OutlineGroup::new(&outline.shape, outline.input.len()));
            u32::try_from(groups.len() - 1).unwrap_or(u32::MAX)
        });
        let Some(into) = self.groups.get_mut(group as usize) else { return };
        let Ok(nth) = u32::try_from(into.ids.len()) else { return };
        self.places.insert(key(id.as_str()), OutlinePlace { group, nth });
        into.ids.push(Some(id));
        into.marks.push([outline.words, outline.written()]);
        into.values.extend_from_slice(&outline.values);
        into.input.extend_from_slice(&outline.input);
    }

    /// Takes that of a recording out.
    pub fn remove(&mut self, id: &RecordingId) {
        if let Some(place) = self.places.remove(&key(id.as_str())) {
            self.changes += 1;
            let group = self.groups.get_mut(place.group as usize);
            if let Some(id) = group.and_then(|group| group.ids.get_mut(place.nth as usize)) {
                *id = None;
            }
        }
    }

    /// The number of outlines that were added or taken out.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// True where no more are to be made ahead.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let of = |group: &OutlineGroup| 8 * (group.values.len() + group.input.len()) + 64 * group.ids.len();
        self.groups.iter().map(of).sum::<usize>() >= MOST
    }

    /// These recordings in the order of their outlines, and those that have none.
    #[must_use]
    pub fn ranked(&self, all: Vec<RankedRecording>) -> (RankedRecordings, Vec<RankedRecording>) {
        let mut missing = Vec::new();
        let mut ranked = Vec::with_capacity(all.len());
        for one in all {
            match self.places.get(&key(one.id.as_str())) {
                Some(place) => ranked.push((*place, one)),
                None => missing.push(one),
            }
        }
        ranked.sort_unstable_by_key(|(place, _)| *place);
        (RankedRecordings { all: ranked }, missing)
    }

    /// The recordings that come nearest to a request, the nearest first; of equally near ones those that are not `hidden`
    /// come first, and then the newest. Those of other endpoints are passed over.
    #[must_use]
    pub fn shortlist<'a>(
        &self,
        ranked: &'a RankedRecordings,
        incoming: &Outline,
        limit: usize,
        hidden: impl Fn(&RankedRecording) -> bool,
    ) -> Vec<&'a RankedRecording> {
        let mut best: Vec<(OutlineRank<'_>, &RankedRecording)> = Vec::new();
        for of_group in ranked.all.chunk_by(|one, other| one.0.group == other.0.group) {
            let Some(group) = of_group.first().and_then(|(place, _)| self.group(*place)) else { continue };
            if !group.shape.same_endpoint(&incoming.shape) {
                continue;
            }
            let mut plans: Vec<(&Arc<Strategy>, FieldPlan)> = Vec::new();
            for (place, one) in of_group {
                let known = plans.iter().position(|(strategy, _)| Arc::ptr_eq(strategy, &one.strategy));
                let at = known.unwrap_or_else(|| {
                    plans.push((&one.strategy, plan(&one.strategy, &incoming.shape, &group.shape)));
                    plans.len() - 1
                });
                let Some(distance) = group.distance(&plans[at].1, incoming, place.nth as usize) else {
                    continue;
                };
                if best.len() >= limit && best.last().is_some_and(|((worst, ..), _)| *worst < distance) {
                    continue;
                }
                let rank = (distance, hidden(one), Reverse((one.recorded_at, &one.id)));
                let place = best.partition_point(|(known, _)| *known <= rank);
                if place < limit {
                    best.insert(place, (rank, one));
                    best.truncate(limit);
                }
            }
        }
        best.into_iter().map(|(_, one)| one).collect()
    }

    fn group(&self, place: OutlinePlace) -> Option<&OutlineGroup> {
        self.groups.get(place.group as usize)
    }

    /// All of it, for a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for group in &self.groups {
            let rows = || group.ids.iter().enumerate().filter_map(|(nth, id)| Some((nth, id.as_ref()?)));
            let first = rows().next().and_then(|(nth, _)| postcard::to_stdvec(&group.outline(nth)?).ok());
            let Some(first) = first else { continue };
            bytes.extend_from_slice(&length(first.len()));
            bytes.extend_from_slice(&first);
            bytes.extend_from_slice(&length(rows().count()));
            for (nth, id) in rows() {
                bytes.extend_from_slice(&length(id.as_str().len()));
                bytes.extend_from_slice(id.as_str().as_bytes());
                let (values, input) = group.row(nth).unwrap_or_default();
                let marks = group.marks.get(nth).copied().unwrap_or_default();
                marks
                    .iter()
                    .chain(values)
                    .chain(input)
                    .for_each(|one| bytes.extend_from_slice(&one.to_le_bytes()));
            }
        }
        bytes
    }

    /// The outlines of such a file, of recordings that are `current`, compared under `canon`; `None` of another file.
    #[must_use]
    pub fn from_bytes(
        mut bytes: &[u8],
        current: impl Fn(&str) -> Option<RecordingId>,
        canon: &Canon,
    ) -> Option<Self> {
        let mut set = Self::default();
        while !bytes.is_empty() {
            let first = taken(&mut bytes)?;
            let Outline { shape, input, .. } = postcard::from_bytes::<Outline>(first).ok()?.under(canon);
            let mut group = OutlineGroup::new(&shape, input.len());
            let rows = count(&mut bytes)?;
            let nth_group = u32::try_from(set.groups.len()).ok()?;
            let per_row = 2 + shape.fields.len() + input.len();
            group.reserve(rows.min(bytes.len() / (8 * per_row)));
            for _ in 0..rows {
                let id = std::str::from_utf8(taken(&mut bytes)?).ok()?;
                let (row, rest) = bytes.split_at_checked(8 * per_row)?;
                bytes = rest;
                let Some(id) = current(id) else { continue };
                let (words, _) = row.as_chunks::<8>();
                let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
                let nth = u32::try_from(group.ids.len()).ok()?;
                set.places.insert(key(id.as_str()), OutlinePlace { group: nth_group, nth });
                group.ids.push(Some(id));
                group.marks.push([words.next()?, words.next()?]);
                group.values.extend(words.by_ref().take(shape.fields.len()));
                group.input.extend(words);
            }
            set.known.insert((shape.identity, input.len()), nth_group);
            set.groups.push(group);
        }
        Some(set)
    }
}

impl RankedRecordings {
    /// Takes in others of the same endpoint.
    pub fn extend(&mut self, others: Self) {
        self.all.extend(others.all);
        self.all.sort_unstable_by_key(|(place, _)| *place);
    }
}

impl OutlineGroup {
    fn new(shape: &Arc<Shape>, input_len: usize) -> Self {
        let shape = Arc::clone(shape);
        let (ids, marks, values, input) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { shape, input_len, ids, marks, values, input }
    }

    fn reserve(&mut self, rows: usize) {
        self.ids.reserve(rows);
        self.marks.reserve(rows);
        self.values.reserve(rows * self.shape.fields.len());
        self.input.reserve(rows * self.input_len);
    }

    fn row(&self, nth: usize) -> Option<(&[u64], &[u64])> {
        let fields = self.shape.fields.len();
        let values = self.values.get(nth * fields..(nth + 1) * fields)?;
        Some((values, self.input.get(nth * self.input_len..(nth + 1) * self.input_len)?))
    }

    fn outline(&self, nth: usize) -> Option<Outline> {
        let (values, input) = self.row(nth)?;
        let [words, written] = *self.marks.get(nth)?;
        Some(Outline::new(Arc::clone(&self.shape), values.into(), written, input.into(), words))
    }

    fn distance(&self, plan: &FieldPlan, incoming: &Outline, nth: usize) -> Option<u64> {
        let (values, input) = self.row(nth)?;
        let [words, _] = *self.marks.get(nth)?;
        let words = u64::from((incoming.words ^ words).count_ones());
        Some(plan.apart(&incoming.values, values) + input_apart(&incoming.input, input, words))
    }
}

fn key(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

fn length(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes()
}

fn count(bytes: &mut &[u8]) -> Option<usize> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    usize::try_from(u32::from_le_bytes(*len)).ok()
}

fn taken<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = count(bytes)?;
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}
