//! Statistics of a store: how much it holds, and how much that answered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::history::calls::PastCalls;
use crate::engine::state::Engine;
use crate::model::{Counters, Gap, Outcome, Row, Timestamp, Usd};
use crate::store;
use crate::store::StoreError;

/// The numbers of a store and of what runs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stats {
    /// The number of recordings.
    pub recordings: u64,
    /// The length of their bodies and media, in bytes.
    pub bytes: u64,
    /// The number of protected recordings.
    pub protected: u64,
    /// The number of recordings that answer nothing because they are partial, failed verification or wait for review.
    pub silent: u64,
    /// The number of recordings that never answered, here or elsewhere.
    pub never_hit: u64,
    /// The time before which hits may be missing; 1970 where none can be.
    pub use_unknown_before: Timestamp,
    /// The times in which they may be missing, in their order.
    #[serde(default)]
    pub use_gaps: Vec<Gap>,
    /// Hits here.
    pub hits: u64,
    /// The price of those hits, where prices are known.
    #[serde(rename = "saved_usd")]
    pub saved: Usd,
    /// Hits whose price is not known.
    pub unpriced_hits: u64,
    /// The share of each endpoint.
    pub endpoints: BTreeMap<String, Share>,
    /// The store's files.
    pub store: store::StoreStats,
    /// The calls since the engine started; nothing where no proxy runs.
    pub calls: Counters,
    /// The times that those took, in microseconds, by outcome.
    #[schemars(extend("propertyNames" = { "enum": Outcome::ALL.map(Outcome::as_str) }))]
    pub latencies: BTreeMap<String, Quantiles>,
    /// The calls that are remembered, of earlier runs, too.
    #[serde(default)]
    pub history: PastCalls,
}

/// An endpoint's part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// The number of recordings.
    pub recordings: u64,
    /// The length of their bodies and media, in bytes.
    pub bytes: u64,
    /// The hits of its recordings.
    pub hits: u64,
    /// The price of those hits.
    #[serde(rename = "saved_usd")]
    pub saved: Usd,
}

/// The times that most calls took, in microseconds: upper bounds, because times are counted in classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quantiles {
    /// The number of calls.
    pub count: u64,
    /// Half of them took at most this.
    #[serde(rename = "p50_us")]
    pub p50: u64,
    /// 95 in 100 of them took at most this.
    #[serde(rename = "p95_us")]
    pub p95: u64,
}

impl Engine {
    /// The numbers as they are now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        let (rows, metrics) = (self.rows(), self.metrics());
        let mut stats = Stats {
            recordings: rows.len() as u64,
            bytes: 0,
            protected: 0,
            silent: 0,
            never_hit: 0,
            use_unknown_before: self.use_unknown_before()?,
            use_gaps: self.shared.store.gaps()?,
            hits: 0,
            saved: Usd(0),
            unpriced_hits: 0,
            endpoints: BTreeMap::new(),
            store: self.store_stats().await?,
            calls: metrics.counters,
            latencies: BTreeMap::new(),
            history: self.shared.history.extent(),
        };
        for row in rows.values() {
            stats.add(row, self.price(row));
        }
        for (outcome, histogram) in Outcome::ALL.into_iter().zip(&metrics.latencies) {
            if let (Some(p50), Some(p95)) = (histogram.quantile(50), histogram.quantile(95)) {
                let count = histogram.counts.iter().sum();
                stats.latencies.insert(outcome.to_string(), Quantiles { count, p50, p95 });
            }
        }
        Ok(stats)
    }
}

impl Stats {
    fn add(&mut self, row: &Row, price: Option<Usd>) {
        let hits = row.usage.hits;
        let saved = Usd(price.map_or(0, |price| price.0.saturating_mul(hits)));
        self.bytes += row.size;
        self.protected += u64::from(row.protected);
        self.silent += u64::from(!row.answers());
        self.never_hit += u64::from(row.usage.everywhere().count == 0);
        self.hits += hits;
        self.saved = [self.saved, saved].into_iter().sum();
        self.unpriced_hits += if price.is_none() { hits } else { 0 };
        let share = self.endpoints.entry(row.endpoint.clone()).or_default();
        share.recordings += 1;
        share.bytes += row.size;
        share.hits += hits;
        share.saved = [share.saved, saved].into_iter().sum();
    }
}
