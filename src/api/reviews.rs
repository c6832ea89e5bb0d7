//! Recording anew, and deciding between the old answer and the new one.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list_page::{ListOrder, ListPage, ListPlace, PageRange};
use super::recordings::RecordingIds;
use super::{Route, Verb};
use crate::engine::{Engine, Rerecord, ReviewVerdict, VerbError};
use crate::model::{RecordingId, Row};

/// Records recordings anew, one after the other. The new answers wait for review.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "ids": ["rec_2jKxKf7Qm9RzT4aW"], "dry_run": true }))]
pub struct RerecordRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
    /// Only say what it would cost, and which of them cannot be.
    #[serde(default)]
    pub dry_run: bool,
}

/// The recordings that wait for review, the newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewsRequest {
    /// The most that are listed, 1 to 1000; `None` is all.
    #[serde(default)]
    pub limit: Option<usize>,
    /// The `next` of the answer before; `None` begins the list.
    #[serde(default)]
    pub after: Option<String>,
}

/// Decides reviews, all or none; answers with the recordings that changed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "ids": ["rec_5NwToBeReviewed1"], "verdict": "accept" }))]
pub struct ReviewRequest {
    /// The recordings that wait.
    pub ids: Vec<RecordingId>,
    /// What becomes of them.
    pub verdict: ReviewVerdict,
}

impl Verb for RerecordRequest {
    type Answer = Vec<Rerecord>;
    const ROUTE: Route = Route::post("/recordings/rerecord").slow();

    async fn run(self, engine: &Engine) -> Result<Vec<Rerecord>, VerbError> {
        if self.dry_run {
            return engine.rerecord_plan(&self.ids);
        }
        let mut done = Vec::with_capacity(self.ids.len());
        for id in &self.ids {
            done.push(engine.rerecord(id).await?);
        }
        Ok(done)
    }
}

impl Verb for ReviewsRequest {
    type Answer = ListPage<Arc<Row>>;
    const ROUTE: Route = Route::get("/reviews");

    async fn run(self, engine: &Engine) -> Result<ListPage<Arc<Row>>, VerbError> {
        let range = PageRange { limit: self.limit, after: self.after };
        ListPage::cut(engine.reviews(), range, ListOrder::Falling, |row| {
            ListPlace(row.recorded_at.0, row.id.to_string())
        })
    }
}

impl Verb for ReviewRequest {
    type Answer = RecordingIds;
    const ROUTE: Route = Route::post("/reviews");

    async fn run(self, engine: &Engine) -> Result<RecordingIds, VerbError> {
        Ok(RecordingIds { ids: engine.review(&self.ids, self.verdict).await? })
    }
}
