//! Ended calls by endpoint and model, for monitoring.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Call, Outcome};

/// The most pairs of endpoint and model that are told apart: clients choose the names, and a name costs memory for good.
const PAIRS: usize = 200;
/// The longest name that is told apart, in bytes.
const LONGEST: usize = 100;
/// Name that stands for all others.
const OTHER: &str = "other";

/// The ended calls of one model at one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelCalls {
    /// The endpoint; `other` for those that are not told apart.
    pub endpoint: Arc<str>,
    /// The model; empty where a call names none.
    pub model: Arc<str>,
    /// Numbers by outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; Outcome::ALL.len()],
    /// The time of all of them together.
    pub time: Duration,
}

/// All of them, by endpoint and model.
#[derive(Default)]
pub(crate) struct ModelCallCounts(BTreeMap<(Arc<str>, Arc<str>), ModelCalls>);

impl ModelCallCounts {
    /// Counts an ended call.
    pub(crate) fn count(&mut self, call: &Call, outcome: Outcome) {
        let model = call.model.clone().unwrap_or_default();
        let mut pair = (Arc::clone(&call.endpoint), model);
        let fits = pair.0.len() <= LONGEST && pair.1.len() <= LONGEST;
        if !fits || self.0.len() >= PAIRS && !self.0.contains_key(&pair) {
            pair = (OTHER.into(), OTHER.into());
        }
        let calls = self.0.entry(pair).or_insert_with_key(|(endpoint, model)| ModelCalls {
            endpoint: Arc::clone(endpoint),
            model: Arc::clone(model),
            outcomes: [0; Outcome::ALL.len()],
            time: Duration::ZERO,
        });
        if let Some(at) = Outcome::ALL.iter().position(|known| *known == outcome) {
            calls.outcomes[at] += 1;
        }
        calls.time += Duration::from_micros(call.total.unwrap_or_default());
    }

    /// All of them, sorted.
    pub(crate) fn all(&self) -> Vec<ModelCalls> {
        self.0.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_clients_make_up_end_in_one_place() {
        let mut counts = ModelCallCounts::default();
        let call = |endpoint: &str, model: &str| Call {
            endpoint: endpoint.into(),
            model: Some(model.into()),
            total: Some(1_500_000),
            ..Call::default()
        };
        for number in 0..PAIRS + 50 {
            counts.count(&call("chat/completions", &format!("model-{number}")), Outcome::Miss);
        }
        counts.count(&call(&"x".repeat(LONGEST + 1), "m"), Outcome::Replay);
        counts.count(&call("chat/completions", "model-3"), Outcome::Replay);
        let all = counts.all();
        assert_eq!(all.len(), PAIRS + 1);
        let of = |model: &str| all.iter().find(|calls| &*calls.model == model).unwrap();
        assert_eq!(
            (of(OTHER).outcomes, of(OTHER).time),
            ([1, 50, 0, 0, 0, 0], Duration::from_millis(76_500))
        );
        assert_eq!(of("model-3").outcomes, [1, 1, 0, 0, 0, 0]);
    }
}
