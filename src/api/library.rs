//! The store as a whole: what it holds, what is used, what can go.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Route, Verb};
use crate::engine::{Compacted, Engine, Merged, Rescrub, Stats, UsageReport, VerbError};
use crate::model::RecordingId;
use crate::retention::PrunePlan;

/// Plans what a filter shows to go to the trash, as far as nothing speaks against it; moves it there only where `apply` says so.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "query": "mount:openai",
    "keep": ["rec_2jKxKf7Qm9RzT4aW"],
    "apply": false,
}))]
pub struct PruneRequest {
    /// The filter.
    pub query: String,
    /// Recordings that stay whatever the filter says.
    #[serde(default)]
    pub keep: BTreeSet<RecordingId>,
    /// Nothing but these goes, whatever came to match since somebody looked.
    #[serde(default)]
    pub only: Option<BTreeSet<RecordingId>>,
    /// Whether it is done; else the answer says what would go.
    #[serde(default)]
    pub apply: bool,
}

/// Writes the store anew without what nothing needs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "purge": true }))]
pub struct CompactRequest {
    /// Whether the trash is emptied too.
    #[serde(default)]
    pub purge: bool,
}

/// Rewrites all recordings with the patterns in force, for good.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "dry_run": true }))]
pub struct ScrubRequest {
    /// Only say what it would be.
    #[serde(default)]
    pub dry_run: bool,
}

/// How much the recordings of the store are used.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageRequest {}

/// Takes in what another store says of its use.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(example = serde_json::json!({
    "retake_usage": 1,
    "store": "store_9f31c07a",
    "written_at": 1_773_585_130_000_i64,
    "unknown_before": 0,
    "recordings": [{
        "id": "rec_2jKxKf7Qm9RzT4aW",
        "hash": "9f319f319f319f319f319f319f319f319f319f319f319f319f319f319f319f31",
        "usage": {
            "hits": 3,
            "last_hit": 1_773_585_129_000_i64,
            "scopes": { "checkout": { "count": 1, "last": 1_773_585_129_000_i64 } },
            "elsewhere": {},
        },
    }],
}))]
pub struct MergeUsageRequest(pub UsageReport);

/// The numbers of the store and of what runs on it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatsRequest {}

impl Verb for PruneRequest {
    type Answer = PrunePlan;
    const ROUTE: Route = Route::post("/prune");

    async fn run(self, engine: &Engine) -> Result<PrunePlan, VerbError> {
        if self.query.trim().is_empty() {
            let text = "an empty query matches everything; say what is to go";
            return Err(VerbError::Invalid(text.into()));
        }
        engine.prune(&self.query, self.keep, self.only, !self.apply).await
    }
}

impl Verb for CompactRequest {
    type Answer = Compacted;
    const ROUTE: Route = Route::post("/compact").slow();

    async fn run(self, engine: &Engine) -> Result<Compacted, VerbError> {
        engine.compact(self.purge).await
    }
}

impl Verb for ScrubRequest {
    type Answer = Rescrub;
    const ROUTE: Route = Route::post("/scrub").slow();

    async fn run(self, engine: &Engine) -> Result<Rescrub, VerbError> {
        engine.scrub_again(self.dry_run).await
    }
}

impl Verb for UsageRequest {
    type Answer = UsageReport;
    const ROUTE: Route = Route::get("/usage");

    async fn run(self, engine: &Engine) -> Result<UsageReport, VerbError> {
        engine.usage()
    }
}

impl Verb for MergeUsageRequest {
    type Answer = Merged;
    const ROUTE: Route = Route::post("/usage").long();

    async fn run(self, engine: &Engine) -> Result<Merged, VerbError> {
        engine.merge_usage(self.0).await
    }
}

impl Verb for StatsRequest {
    type Answer = Stats;
    const ROUTE: Route = Route::get("/stats");

    async fn run(self, engine: &Engine) -> Result<Stats, VerbError> {
        Ok(engine.stats().await?)
    }
}
