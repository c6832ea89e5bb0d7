//! The distance of two outlines: what their shapes have in common under a strategy, worked out once for many of them.

use std::collections::HashMap;

use super::near_miss::Weight;
use super::sketch::Shape;
use crate::model::Strategy;

/// The fields that two shapes have in common under a strategy.
pub(super) struct FieldPlan {
    /// The fields that count and that both have: their places, and what they weigh.
    both: Vec<(usize, usize, u64)>,
    /// The weight of those that only one has.
    single: u64,
}

impl FieldPlan {
    /// The distance of the values of an incoming and a recorded request, the input left out.
    pub(super) fn apart(&self, incoming: &[u64], recorded: &[u64]) -> u64 {
        let differ = self.both.iter().filter(|(one, other, _)| incoming.get(*one) != recorded.get(*other));
        self.single + differ.map(|(.., weight)| weight).sum::<u64>()
    }
}

/// The fields that the shapes of an incoming and a recorded request have in common.
pub(super) fn plan(strategy: &Strategy, incoming: &Shape, recorded: &Shape) -> FieldPlan {
    let masks = (incoming.mask(strategy), recorded.mask(strategy));
    let mut plan = FieldPlan { both: Vec::new(), single: 0 };
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
pub(super) fn input_apart(one: &[u64], other: &[u64], words: u64) -> u64 {
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
