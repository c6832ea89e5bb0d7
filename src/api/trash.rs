//! Removing recordings, and bringing them back.

use serde::{Deserialize, Serialize};

use super::recordings::RecordingIds;
use super::{Route, Verb};
use crate::engine::{Engine, Trashed, VerbError};
use crate::model::RecordingId;

/// Moves recordings to the trash, but protected ones; answers with those that were removed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
}

/// Brings recordings back from the trash; answers with those that came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
}

/// The removed recordings, the last one first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrashRequest {}

impl Verb for RemoveRequest {
    type Answer = RecordingIds;
    const ROUTE: Route = Route::post("/recordings/remove");

    async fn run(self, engine: &Engine) -> Result<RecordingIds, VerbError> {
        Ok(RecordingIds { ids: engine.remove(&self.ids).await? })
    }
}

impl Verb for RestoreRequest {
    type Answer = RecordingIds;
    const ROUTE: Route = Route::post("/recordings/restore");

    async fn run(self, engine: &Engine) -> Result<RecordingIds, VerbError> {
        Ok(RecordingIds { ids: engine.restore(&self.ids).await? })
    }
}

impl Verb for TrashRequest {
    type Answer = Vec<Trashed>;
    const ROUTE: Route = Route::get("/trash");

    async fn run(self, engine: &Engine) -> Result<Vec<Trashed>, VerbError> {
        Ok(engine.trash()?)
    }
}
