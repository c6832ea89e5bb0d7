//! Why calls are answered as they are.

use serde::{Deserialize, Serialize};

use super::addressing::Question;
use super::verb::optional_number;
use super::{Route, Verb};
use crate::engine::{Diff, Engine, ExchangeRef, Explanation, VerbError};
use crate::matching::Suggestion;
use crate::reading::contrast::CONTEXT;

/// What would serve a request, and why; nothing is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExplainRequest(pub Question);

/// What differs between two exchanges.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiffRequest {
    /// The first one.
    pub one: ExchangeRef,
    /// The other one.
    pub other: ExchangeRef,
    /// How many equal lines stand around those that differ; `None` is as many as usual.
    #[serde(default, deserialize_with = "optional_number")]
    pub context: Option<usize>,
}

/// Fields that vary between otherwise equal calls of the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuggestionsRequest {}

impl Verb for ExplainRequest {
    type Answer = Explanation;
    const ROUTE: Route = Route::post("/explain").long();

    async fn run(self, engine: &Engine) -> Result<Explanation, VerbError> {
        let asked = self.0.asked(&engine.settings().upstreams);
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
