//! Recording anew, and deciding between the old answer and the new one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::recordings::RecordingIds;
use super::{Route, Verb};
use crate::engine::{Engine, Rerecord, ReviewVerdict, VerbError};
use crate::model::{RecordingId, Row};

/// Records recordings anew, one after the other. The new answers wait for review.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RerecordRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
    /// Only say what it would cost, and which of them cannot be.
    #[serde(default)]
    pub dry_run: bool,
}

/// The recordings that wait for review, the newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewsRequest {}

/// Decides reviews, all or none; answers with the recordings that changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    type Answer = Vec<Arc<Row>>;
    const ROUTE: Route = Route::get("/reviews");

    async fn run(self, engine: &Engine) -> Result<Vec<Arc<Row>>, VerbError> {
        Ok(engine.reviews())
    }
}

impl Verb for ReviewRequest {
    type Answer = RecordingIds;
    const ROUTE: Route = Route::post("/reviews");

    async fn run(self, engine: &Engine) -> Result<RecordingIds, VerbError> {
        Ok(RecordingIds { ids: engine.review(&self.ids, self.verdict).await? })
    }
}
