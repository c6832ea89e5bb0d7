//! The nearest recordings out of very many: the exact distance is worked out for these alone.
//!
//! Outlines of one shape stand in rows behind each other, so that a hundred thousand of them are one walk through memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::near_miss::Weight;
use super::sketch::{Outline, Shape};
use crate::model::Strategy;

/// Outlines, each with the strategy of its recording, ready to be ranked.
#[derive(Debug, Default)]
pub struct Ranking {
    groups: Vec<Group>,
}

/// Outlines of one shape.
#[derive(Debug)]
struct Group {
    shape: Arc<Shape>,
    strategies: Vec<Strategy>,
    rows: Vec<RankedRow>,
    /// The values of all rows, one row behind the other.
    values: Vec<u64>,
    /// The hashes of their input, ascending in each row.
    input: Vec<u64>,
}

/// One outline: where it came in, and what of it does not fill a row.
#[derive(Clone, Copy, Debug)]
struct RankedRow {
    at: usize,
    strategy: usize,
    words: u64,
}

/// The fields that two shapes have in common under a strategy.
struct Plan {
    /// The fields that count and that both have: their places, and what they weigh.
    both: Vec<(usize, usize, u64)>,
    /// The weight of those that only one has.
    single: u64,
}

impl Ranking {
    /// A ranking of outlines; their places are those in which they come.
    pub fn new<'a>(outlines: impl IntoIterator<Item = (&'a Strategy, &'a Outline)>) -> Self {
        let mut ranking = Self::default();
        let mut known: HashMap<u64, usize> = HashMap::new();
        for (at, (strategy, outline)) in outlines.into_iter().enumerate() {
            let nth = *known.entry(outline.shape.identity).or_insert_with(|| {
                ranking.groups.push(Group::new(&outline.shape));
                ranking.groups.len() - 1
            });
            ranking.groups[nth].push(at, strategy, outline);
        }
        ranking
    }

    /// The places of the `limit` outlines that are closest to `incoming`, each under its own strategy, closest first; of
    /// equally close ones those that are not `last`, and then those that came first. Those of other endpoints are passed
    /// over.
    #[must_use]
    pub fn shortlist(&self, incoming: &Outline, limit: usize, last: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut best: Vec<(u64, bool, usize)> = Vec::with_capacity(limit + 1);
        for group in self.groups.iter().filter(|group| group.shape.same_endpoint(&incoming.shape)) {
            group.each(incoming, |at, distance| {
                if best.len() >= limit && best.last().is_some_and(|worst| worst.0 < distance) {
                    return;
                }
                let rank = (distance, last(at), at);
                let place = best.partition_point(|known| *known <= rank);
                if place < limit {
                    best.insert(place, rank);
                    best.truncate(limit);
                }
            });
        }
        best.into_iter().map(|(.., at)| at).collect()
    }
}

impl Group {
    fn new(shape: &Arc<Shape>) -> Self {
        let shape = Arc::clone(shape);
        Self { shape, strategies: Vec::new(), rows: Vec::new(), values: Vec::new(), input: Vec::new() }
    }

    fn push(&mut self, at: usize, strategy: &Strategy, outline: &Outline) {
        let known = self.strategies.iter().position(|known| known == strategy);
        let strategy = known.unwrap_or_else(|| {
            self.strategies.push(strategy.clone());
            self.strategies.len() - 1
        });
        self.rows.push(RankedRow { at, strategy, words: outline.words });
        self.values.extend_from_slice(&outline.values);
        self.input.extend_from_slice(&outline.input);
    }

    /// Calls `found` with the place and the distance of each outline.
    fn each(&self, incoming: &Outline, mut found: impl FnMut(usize, u64)) {
        let plans: Vec<Plan> =
            self.strategies.iter().map(|strategy| plan(strategy, &incoming.shape, &self.shape)).collect();
        let (values, input) = (self.shape.fields.len(), self.input.len() / self.rows.len().max(1));
        for (nth, row) in self.rows.iter().enumerate() {
            let own = &self.values[nth * values..][..values];
            let Plan { both, single } = &plans[row.strategy];
            let differ = both.iter().filter(|(one, other, _)| incoming.values[*one] != own[*other]);
            let apart = single + differ.map(|(.., weight)| weight).sum::<u64>();
            let own = &self.input[nth * input..][..input];
            let words = u64::from((incoming.words ^ row.words).count_ones());
            found(row.at, apart + input_apart(&incoming.input, own, words));
        }
    }
}

/// The fields that the shapes of an incoming and a recorded request have in common.
fn plan(strategy: &Strategy, incoming: &Shape, recorded: &Shape) -> Plan {
    let masks = (incoming.mask(strategy), recorded.mask(strategy));
    let mut plan = Plan { both: Vec::new(), single: 0 };
    let places: HashMap<u64, usize> =
        recorded.fields.iter().enumerate().map(|(at, field)| (field.0, at)).collect();
    let mut shared = vec![false; recorded.fields.len()];
    // The input is weighed as a whole.
    let weighed = |counts: bool, weight: Weight| counts && weight != Weight::Input;
    for (at, (hash, _, weight)) in incoming.fields.iter().enumerate() {
        let other = places.get(hash).copied();
        if let Some(other) = other {
            shared[other] = true;
        }
        if weighed(masks.0[at], *weight) {
            match other {
                Some(other) => plan.both.push((at, other, weight.whole())),
                None => plan.single += weight.whole(),
            }
        }
    }
    for (at, (.., weight)) in recorded.fields.iter().enumerate() {
        if !shared[at] && weighed(masks.1[at], *weight) {
            plan.single += weight.whole();
        }
    }
    if let Strategy::Rule(rule) = strategy {
        // Whether its conditions hold does not show here.
        plan.single += Weight::Parameter.whole() * rule.conditions() as u64 / 2;
    }
    plan
}

/// The distance of two inputs: by values that only one of them has, and by words.
fn input_apart(one: &[u64], other: &[u64], words: u64) -> u64 {
    let (mut a, mut b, mut shared) = (0, 0, 0);
    while let (Some(left), Some(right)) = (one.get(a), other.get(b)) {
        shared += u64::from(left == right);
        a += usize::from(left <= right);
        b += usize::from(right <= left);
    }
    let all = one.len().max(other.len()) as u64;
    if all == 0 || shared == all {
        return 0;
    }
    Weight::Input.whole() * ((all - shared) * 64 / all + words) / 128
}
