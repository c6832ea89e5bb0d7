//! Measures for monitoring: latencies, sizes, and whether the store still takes anything.

use std::time::Duration;

use crate::engine::history::latencies::Histogram;
use crate::engine::history::model_calls::ModelCalls;
use crate::engine::state::Engine;
use crate::model::{Counters, Outcome};

/// All measures at one moment, since the engine started.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Calls by outcome, in flight, partial, coalesced.
    pub counters: Counters,
    /// The times that ended calls took, in the order of [`Outcome::ALL`].
    pub latencies: [Histogram; Outcome::ALL.len()],
    /// Ended calls by endpoint and model, sorted.
    pub models: Vec<ModelCalls>,
    /// The number of recordings.
    pub recordings: u64,
    /// Length of their request and response bodies and media, in bytes.
    pub recording_bytes: u64,
    /// The reason why nothing is recorded, or why the store's index is not used; `None` while all is well.
    pub degraded: Option<String>,
    /// The time for which the engine has been running.
    pub uptime: Duration,
}

impl Engine {
    /// All measures now.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let shared = &self.shared;
        let (recordings, recording_bytes) = shared.index.extent();
        Metrics {
            counters: shared.history.counters(),
            latencies: shared.history.latencies.histograms(),
            models: shared.history.model_calls(),
            recordings,
            recording_bytes,
            degraded: shared.store.degraded(),
            uptime: shared.lifetime.started.elapsed(),
        }
    }
}
