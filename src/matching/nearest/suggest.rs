//! Fields that people may want to ignore: those that vary between otherwise equal calls.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::candidate_index::Past;
use super::near_miss::Weight;
use super::simhash::mixed;
use crate::model::Strategy;

/// A field that varies between otherwise equal calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suggestion {
    /// The endpoint, `chat/completions`.
    pub endpoint: String,
    /// The field, with `*` for positions.
    pub field: String,
    /// Count of calls that differ in nothing else.
    pub calls: u64,
    /// Count of different values that it had in them.
    pub values: u64,
}

/// The fields of an endpoint that vary between calls which are equal in everything else that counts, those with most
/// calls first. The input is none of them: calls with another input want another answer.
#[must_use]
pub fn suggest(endpoint: &str, calls: &[Past]) -> Vec<Suggestion> {
    let mut groups: HashMap<(String, u64), (u64, HashSet<u64>)> = HashMap::new();
    for past in calls {
        let counted: Vec<_> = past.outline.counted(&Strategy::STANDARD).collect();
        for (left_out, field, weight, value) in &counted {
            if *weight != Weight::Parameter {
                continue;
            }
            let others = counted.iter().filter(|(hash, ..)| hash != left_out);
            let rest = others.fold(*left_out, |rest, (hash, _, _, value)| mixed(rest, mixed(*hash, *value)));
            let group = groups.entry((field.starred(), rest)).or_default();
            group.0 += past.count;
            group.1.insert(*value);
        }
    }
    let mut fields: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for ((field, _), (calls, values)) in groups.into_iter().filter(|(_, (_, values))| values.len() > 1) {
        let sum = fields.entry(field).or_default();
        sum.0 += calls;
        sum.1 += values.len() as u64;
    }
    let mut suggestions: Vec<_> = fields
        .into_iter()
        .map(|(field, (calls, values))| Suggestion { endpoint: endpoint.into(), field, calls, values })
        .collect();
    suggestions.sort_by_key(|suggestion| std::cmp::Reverse(suggestion.calls));
    suggestions
}
