//! Removing recordings, and bringing them back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list_page::{ListOrder, ListPage, ListPlace, PageRange};
use super::recordings::RecordingIds;
use super::{Route, Verb};
use crate::engine::{Engine, Trashed, VerbError};
use crate::model::RecordingId;

/// Moves recordings to the trash, but protected ones; answers with those that were removed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "ids": ["rec_2jKxKf7Qm9RzT4aW"] }))]
pub struct RemoveRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
}

/// Brings recordings back from the trash; answers with those that came back.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "ids": ["rec_2jKxKf7Qm9RzT4aW"] }))]
pub struct RestoreRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
}

/// The removed recordings, the last one first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrashRequest {
    /// The most that are listed, 1 to 1000; `None` is all.
    #[serde(default)]
    pub limit: Option<usize>,
    /// The `next` of the answer before; `None` begins the list.
    #[serde(default)]
    pub after: Option<String>,
}

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
    const OF_TRASH: bool = true;

    async fn run(self, engine: &Engine) -> Result<RecordingIds, VerbError> {
        Ok(RecordingIds { ids: engine.restore(&self.ids).await? })
    }
}

impl Verb for TrashRequest {
    type Answer = ListPage<Trashed>;
    const ROUTE: Route = Route::get("/trash");

    async fn run(self, engine: &Engine) -> Result<ListPage<Trashed>, VerbError> {
        let range = PageRange { limit: self.limit, after: self.after };
        ListPage::cut(engine.trash()?, range, ListOrder::Falling, |one| {
            ListPlace(one.removed_at.0, one.row.id.to_string())
        })
    }
}
