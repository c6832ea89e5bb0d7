//! Why calls are answered as they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::addressing::Question;
use super::{Route, Verb};
use crate::engine::{Diff, Engine, ExchangeRef, Explanation, VerbError};
use crate::matching::Suggestion;
use crate::reading::contrast::CONTEXT;

/// What would serve a request, and why; nothing is sent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(example = serde_json::json!({
    "method": "POST",
    "url": "/openai/v1/chat/completions",
    "headers": [["content-type", "application/json"]],
    "body": r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"Hello"}]}"#,
}))]
pub struct ExplainRequest(pub Question);

/// What differs between two exchanges.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "one": "rec_2jKxKf7Qm9RzT4aW@original",
    "other": "rec_2jKxKf7Qm9RzT4aW",
    "context": 10,
}))]
pub struct DiffRequest {
    /// The first one.
    pub one: ExchangeRef,
    /// The other one.
    pub other: ExchangeRef,
    /// How many equal lines stand around those that differ; `None` is as many as usual.
    #[serde(default)]
    pub context: Option<usize>,
}

/// Fields that vary between otherwise equal calls of the history.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuggestionsRequest {}

impl Verb for ExplainRequest {
    type Answer = Explanation;
    const ROUTE: Route = Route::post("/explain").long();

    async fn run(self, engine: &Engine) -> Result<Explanation, VerbError> {
        let asked = self.0.request(&engine.settings().upstreams);
        let (request, overrides) = asked.map_err(VerbError::Invalid)?;
        engine.explain(&request, &overrides).await
    }
}

impl Verb for DiffRequest {
    type Answer = Diff;
    const ROUTE: Route = Route::get("/diff");

    async fn run(self, engine: &Engine) -> Result<Diff, VerbError> {
        engine.diff(&self.one, &self.other, self.context.unwrap_or(CONTEXT)).await
    }
}

impl Verb for SuggestionsRequest {
    type Answer = Vec<Suggestion>;
    const ROUTE: Route = Route::get("/suggestions");

    async fn run(self, engine: &Engine) -> Result<Vec<Suggestion>, VerbError> {
        Ok(engine.suggestions().await)
    }
}
