//! Reading recordings.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list_page::{ListOrder, ListPage, ListPlace, PageRange};
use super::{Route, Verb};
use crate::engine::{Deciding, Engine, VerbError};
use crate::matching::NamedField;
use crate::model::{Recording, RecordingId, Row};

/// Recordings by their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordingIds {
    /// The ids.
    pub ids: Vec<RecordingId>,
}

/// Rows of recordings, the newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "query": "model:gpt-*" }))]
pub struct ListRequest {
    /// Only those whose hash begins so.
    #[serde(default)]
    pub hash: Option<String>,
    /// Only those that this filter shows.
    #[serde(default)]
    pub query: Option<String>,
    /// The most that are listed, 1 to 1000; `None` is all.
    #[serde(default)]
    pub limit: Option<usize>,
    /// The `next` of the answer before; `None` begins the list.
    #[serde(default)]
    pub after: Option<String>,
}

/// The same as [`ListRequest`]; its body has room for a filter that is longer than a URL may be.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(example = serde_json::json!({ "query": "model:gpt-*" }))]
pub struct SearchRequest(pub ListRequest);

/// A whole recording.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "id": "rec_2jKxKf7Qm9RzT4aW" }))]
pub struct RecordingRequest {
    /// The recording.
    pub id: RecordingId,
}

/// The fields of a recording's request, and which of them decide.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "id": "rec_2jKxKf7Qm9RzT4aW" }))]
pub struct DecidingRequest {
    /// The recording.
    pub id: RecordingId,
}

/// The fields of a recording's request by the names that strategies have for them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "id": "rec_2jKxKf7Qm9RzT4aW" }))]
pub struct FieldsRequest {
    /// The recording.
    pub id: RecordingId,
}

/// The fields of recordings' requests by the names that strategies have for them, those of any.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "ids": ["rec_2jKxKf7Qm9RzT4aW", "rec_5NwToBeReviewed1"] }))]
pub struct AllFieldsRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
}

/// Groups of recordings that answer the same calls although their requests differ, the newest first in each.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmbiguousRequest {}

impl SearchRequest {
    /// A search for what a filter shows.
    #[must_use]
    pub fn of_query(query: impl Into<String>) -> Self {
        Self(ListRequest { query: Some(query.into()), ..ListRequest::default() })
    }

    /// A search for the hashes that begin so.
    #[must_use]
    pub fn of_hash(prefix: impl Into<String>) -> Self {
        Self(ListRequest { hash: Some(prefix.into()), ..ListRequest::default() })
    }
}

impl Verb for ListRequest {
    type Answer = ListPage<Arc<Row>>;
    const ROUTE: Route = Route::get("/recordings");

    async fn run(self, engine: &Engine) -> Result<ListPage<Arc<Row>>, VerbError> {
        let Self { hash, query, limit, after } = self;
        let rows = match (query, hash) {
            (Some(query), hash) => {
                let mut rows = engine.list(&query).await?;
                rows.retain(|row| hash.as_ref().is_none_or(|hash| row.hash.to_string().starts_with(hash)));
                rows
            }
            (None, hash) => {
                let mut rows: Vec<_> = match hash {
                    None => engine.rows().into_values().collect(),
                    Some(prefix) => {
                        engine.find_hash(&prefix)?.iter().filter_map(|id| engine.row(id)).collect()
                    }
                };
                rows.sort_by_key(|row| row.newest_first());
                rows
            }
        };
        let place = |row: &Arc<Row>| ListPlace(row.recorded_at.0, row.id.to_string());
        ListPage::cut(rows, PageRange { limit, after }, ListOrder::Falling, place)
    }
}

impl Verb for SearchRequest {
    type Answer = ListPage<Arc<Row>>;
    const ROUTE: Route = Route::post("/recordings/search");

    async fn run(self, engine: &Engine) -> Result<ListPage<Arc<Row>>, VerbError> {
        self.0.run(engine).await
    }
}

impl Verb for RecordingRequest {
    type Answer = Arc<Recording>;
    const ROUTE: Route = Route::get("/recordings/{id}");

    async fn run(self, engine: &Engine) -> Result<Arc<Recording>, VerbError> {
        engine.recording(&self.id)?.ok_or(VerbError::Unknown(self.id))
    }
}

impl Verb for DecidingRequest {
    type Answer = Deciding;
    const ROUTE: Route = Route::get("/recordings/{id}/deciding");

    async fn run(self, engine: &Engine) -> Result<Deciding, VerbError> {
        engine.deciding(&self.id).await.ok_or(VerbError::Unknown(self.id))
    }
}

impl Verb for FieldsRequest {
    type Answer = Vec<NamedField>;
    const ROUTE: Route = Route::get("/recordings/{id}/fields");

    async fn run(self, engine: &Engine) -> Result<Vec<NamedField>, VerbError> {
        let fields = engine.named_fields(std::slice::from_ref(&self.id)).await;
        fields.ok_or(VerbError::Unknown(self.id))
    }
}

impl Verb for AllFieldsRequest {
    type Answer = Vec<NamedField>;
    const ROUTE: Route = Route::post("/recordings/fields");

    async fn run(self, engine: &Engine) -> Result<Vec<NamedField>, VerbError> {
        let fields = engine.named_fields(&self.ids).await;
        let gone = || match self.ids.into_iter().next() {
            Some(id) => VerbError::Unknown(id),
            None => VerbError::Invalid("no recording is named".into()),
        };
        fields.ok_or_else(gone)
    }
}

impl Verb for AmbiguousRequest {
    type Answer = Vec<Vec<RecordingId>>;
    const ROUTE: Route = Route::get("/recordings/ambiguous");

    async fn run(self, engine: &Engine) -> Result<Vec<Vec<RecordingId>>, VerbError> {
        Ok(engine.ambiguous().await)
    }
}
