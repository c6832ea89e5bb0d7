//! Near misses: the recordings that are closest to a request that none answers. They explain; they never serve.

use serde::{Deserialize, Serialize};

use crate::matching::fields::field::{Field, FieldPlace};
use crate::matching::fields::leaf::Leaf;
use crate::matching::fields::request_fields::Fields;
use crate::matching::fields::value::FieldValue;
use crate::matching::strategy::compare::{Comparison, compare, merge};
use crate::matching::strategy::condition::Condition;
use crate::matching::strategy::significance::is_significant;
use crate::model::{RecordingId, Strategy};

/// A recording that nearly answers a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    /// The recording.
    pub id: RecordingId,
    /// The comparison under the recording's own strategy.
    pub comparison: Comparison,
    /// Likeness in percent: 100 is a match, 0 has nothing in common.
    pub likeness: u8,
    /// True if another candidate is exactly as near.
    pub tie: bool,
}

/// Limit of fields of a candidate that are looked at: the cost of one is bounded.
const LOOKED_AT: usize = 4096;
/// The distance of another endpoint, asked for the same model.
const FAR: u64 = 9_500;
/// The distance of another endpoint and another model.
const FARTHEST: u64 = 10_000;
/// The weight of a field in the distance of two requests, by its effect on the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A name of the endpoint or of the API.
    Identity,
    /// The model.
    Model,
    /// A parameter of the output.
    Parameter,
    /// The input, which is weighed as a whole, however many messages it has.
    Input,
}

impl Weight {
    /// The weight in numbers; of the input that of all of it.
    pub(crate) fn whole(self) -> u64 {
        match self {
            Self::Identity => 10_000,
            Self::Model => 2_000,
            Self::Parameter | Self::Input => 500,
        }
    }
}

/// The `limit` candidates that are closest to `incoming`, each under its own strategy, closest first; equally close
/// ones in the order they came in. Endpoint and model weigh most, then parameters, and the input least.
#[must_use]
pub fn nearest<'a>(
    incoming: &Fields,
    candidates: impl IntoIterator<Item = (RecordingId, &'a Strategy, &'a Fields)>,
    limit: usize,
) -> Vec<NearMiss> {
    let mut best: Vec<(u64, RecordingId, &Strategy, &Fields)> = Vec::new();
    for (id, strategy, recorded) in candidates {
        let distance = distance(strategy, recorded, incoming);
        let at = best.partition_point(|known| known.0 <= distance);
        // One more than wanted, because the last one may have a tie with it.
        if at <= limit {
            best.insert(at, (distance, id, strategy, recorded));
            best.truncate(limit + 1);
        }
    }
    let distances: Vec<u64> = best.iter().map(|known| known.0).collect();
    let near = |(distance, id, strategy, recorded): (u64, RecordingId, &Strategy, &Fields)| {
        let comparison = compare(strategy, recorded, incoming);
        let percent = u8::try_from(100 - (distance / 100).min(100)).unwrap_or(0);
        // Rounding never makes a miss look like a match.
        let likeness = if comparison.is_match() { 100 } else { percent.min(99) };
        let tie = distances.iter().filter(|other| **other == distance).count() > 1;
        NearMiss { id, comparison, likeness, tie }
    };
    best.into_iter().take(limit).map(near).collect()
}

/// The distance of two requests, from 0 to 10,000.
fn distance(strategy: &Strategy, recorded: &Fields, incoming: &Fields) -> u64 {
    if !same_endpoint(recorded, incoming) {
        return if recorded.model() == incoming.model() { FAR } else { FARTHEST };
    }
    let (mut apart, mut all) = (0, 0);
    let (mut input_apart, mut input_all) = (0, 0);
    let mut looked_at = 0;
    merge(&recorded.leaves, &incoming.leaves, |one, other| {
        let (one, other) = (one.filter(|leaf| !leaf.absent), other.filter(|leaf| !leaf.absent));
        let Some(leaf) = one.or(other) else { return };
        looked_at += 1;
        let decides = |context| is_significant(strategy, context, &leaf.field);
        if looked_at > LOOKED_AT || !(decides(recorded) || decides(incoming)) {
            return;
        }
        let difference = difference(one, other);
        match weight(recorded, &leaf.field) {
            Weight::Input => {
                input_all += 1;
                input_apart += difference;
            }
            weight => {
                all += weight.whole();
                apart += weight.whole() * difference / 100;
            }
        }
    });
    if input_all > 0 {
        all += Weight::Input.whole();
        apart += Weight::Input.whole() * input_apart / (100 * input_all);
    }
    for (one, other) in recorded.exact.iter().zip(&incoming.exact) {
        if is_significant(strategy, recorded, &one.field) {
            all += 1;
            apart += u64::from(one.value != other.value);
        }
    }
    if let Strategy::Rule(rule) = strategy {
        all += Weight::Parameter.whole() * rule.conditions() as u64;
        apart += Weight::Parameter.whole() * Condition::of(rule).unmet(&incoming.facts).len() as u64;
    }
    if all == 0 { 0 } else { (apart * 10_000).div_ceil(all) }
}

/// Fields of different endpoints have nothing to do with each other, so they are not looked at.
fn same_endpoint(recorded: &Fields, incoming: &Fields) -> bool {
    let method = |fields: &Fields| fields.leaves.first().map(|leaf| leaf.value.clone());
    recorded.dialect == incoming.dialect
        && recorded.endpoint.template == incoming.endpoint.template
        && method(recorded) == method(incoming)
}

/// The weight of a field of a request with the endpoint of `context`.
pub(crate) fn weight(context: &Fields, field: &Field) -> Weight {
    match field.place {
        FieldPlace::Method | FieldPlace::Mount => Weight::Identity,
        FieldPlace::Path if field.steps.is_empty() => Weight::Identity,
        _ if context.is_model(field) => Weight::Model,
        FieldPlace::Body if field.steps.is_empty() => Weight::Input,
        FieldPlace::Body | FieldPlace::Part
            if context.endpoint.rules.input.iter().any(|name| field.below(name)) =>
        {
            Weight::Input
        }
        _ => Weight::Parameter,
    }
}

/// The difference of two values, in percent: of texts by the share of their common beginnings and ends.
fn difference(one: Option<&Leaf>, other: Option<&Leaf>) -> u64 {
    let (Some(one), Some(other)) = (one, other) else { return 100 };
    match (&one.value, &other.value) {
        (one, other) if one == other => 0,
        (FieldValue::Text(one), FieldValue::Text(other)) => {
            let start = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
            let (one, other) = (&one.as_bytes()[start..], &other.as_bytes()[start..]);
            let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
            let longer = one.len().max(other.len());
            (((longer - end) * 100).div_ceil(longer + start) as u64).clamp(10, 100)
        }
        _ => 100,
    }
}
