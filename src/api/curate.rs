//! Changing recordings, and making new ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recordings::RecordingIds;
use super::{Route, Verb};
use crate::editing::ParseFaultError;
use crate::engine::{Draft, Engine, MatchSettings, Relabel, Retagged, Revision, VerbError};
use crate::model::RecordingId;

/// Gives recordings another strategy or playback, all or none.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "ids": ["rec_2jKxKf7Qm9RzT4aW"],
    "tag": { "strategy": "pinned", "playback": "newest" },
    "dry_run": true,
}))]
pub struct RetagRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
    /// What they are given.
    #[serde(rename = "tag")]
    pub settings: MatchSettings,
    /// Only say what it would do.
    #[serde(default)]
    pub dry_run: bool,
}

/// Names, tags or protects recordings, all or none; answers with those that changed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "ids": ["rec_2jKxKf7Qm9RzT4aW"],
    "relabel": { "name": "images/cat", "tag": ["ci"], "protected": true },
}))]
pub struct RelabelRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
    /// How they are called from now on.
    pub relabel: Relabel,
}

/// Copies recordings; answers with the copies in the same order.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "ids": ["rec_2jKxKf7Qm9RzT4aW"] }))]
pub struct DuplicateRequest {
    /// The recordings.
    pub ids: Vec<RecordingId>,
}

/// Edits what a recording answers, all of the revisions or none.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "id": "rec_2jKxKf7Qm9RzT4aW",
    "revisions": [
        { "status": 201 },
        { "header": { "name": "x-request-id", "value": "req_1" } },
        { "pace": { "recorded": 0.5 } },
    ],
}))]
pub struct EditRequest {
    /// The recording.
    pub id: RecordingId,
    /// How its answer changes.
    pub revisions: Vec<Revision>,
}

/// Makes a recording that fails out of one that did not; answers with the new one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "id": "rec_2jKxKf7Qm9RzT4aW",
    "fault": "429 retry-after=5",
    "scope": "checkout-test",
}))]
pub struct DeriveRequest {
    /// The recording.
    pub id: RecordingId,
    /// How the new one fails, as `retake derive` spells it.
    pub fault: String,
    /// The scope that the new one belongs to.
    #[serde(default)]
    pub scope: Option<String>,
}

/// Stores a recording from scratch; answers with its id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(example = serde_json::json!({
    "request": {
        "method": "POST",
        "mount": "openai",
        "target": "/v1/chat/completions",
        "headers": [["content-type", "application/json"]],
        "body": r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"Hello"}]}"#,
    },
    "name": "greeting",
}))]
pub struct CreateRequest(pub Draft);

impl Verb for RetagRequest {
    type Answer = Vec<Retagged>;
    const ROUTE: Route = Route::post("/recordings/retag");

    async fn run(self, engine: &Engine) -> Result<Vec<Retagged>, VerbError> {
        engine.retag(&self.ids, &self.settings, self.dry_run).await
    }
}

impl Verb for RelabelRequest {
    type Answer = RecordingIds;
    const ROUTE: Route = Route::post("/recordings/relabel");

    async fn run(self, engine: &Engine) -> Result<RecordingIds, VerbError> {
        Ok(RecordingIds { ids: engine.relabel(&self.ids, &self.relabel).await? })
    }
}

impl Verb for DuplicateRequest {
    type Answer = RecordingIds;
    const ROUTE: Route = Route::post("/recordings/duplicate");

    async fn run(self, engine: &Engine) -> Result<RecordingIds, VerbError> {
        Ok(RecordingIds { ids: engine.duplicate(&self.ids).await? })
    }
}

impl Verb for EditRequest {
    type Answer = RecordingIds;
    const ROUTE: Route = Route::post("/recordings/{id}/edit").long();

    async fn run(self, engine: &Engine) -> Result<RecordingIds, VerbError> {
        engine.edit(&self.id, self.revisions).await?;
        Ok(RecordingIds { ids: vec![self.id] })
    }
}

impl Verb for DeriveRequest {
    type Answer = RecordingId;
    const ROUTE: Route = Route::post("/recordings/{id}/derive");

    async fn run(self, engine: &Engine) -> Result<RecordingId, VerbError> {
        let fault = self.fault.parse();
        let fault = fault.map_err(|error: ParseFaultError| VerbError::Invalid(error.to_string()))?;
        engine.derive(&self.id, fault, self.scope).await
    }
}

impl Verb for CreateRequest {
    type Answer = RecordingId;
    const ROUTE: Route = Route::post("/recordings/new").long();

    async fn run(self, engine: &Engine) -> Result<RecordingId, VerbError> {
        engine.create(self.0).await
    }
}
