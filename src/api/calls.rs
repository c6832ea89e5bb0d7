//! The calls of the history, and what can be made of them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list_page::{ListOrder, ListPage, ListPlace, PageRange};
use super::{Route, Verb};
use crate::engine::{Engine, ExchangeRef, Explanation, Fired, VerbError};
use crate::model::{Call, CallId, Exchange, RecordingId};

/// The calls of the history, the oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallsRequest {
    /// The most that are listed, 1 to 1000; `None` is all.
    #[serde(default)]
    pub limit: Option<usize>,
    /// The `next` of the answer before; `None` begins the list.
    #[serde(default)]
    pub after: Option<String>,
}

/// One call of the history.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "id": 1 }))]
pub struct CallRequest {
    /// The call.
    pub id: CallId,
}

/// A call, and what it held.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CallShown {
    /// The call as it stands.
    pub call: Arc<Call>,
    /// What it held; `None` when it became a recording or is not remembered.
    pub exchange: Option<Arc<Exchange>>,
}

/// Why a call was answered as it was.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "id": 1 }))]
pub struct ExplainCallRequest {
    /// The call.
    pub id: CallId,
}

/// Sends the request of a recording to the proxy once more; nothing is forwarded.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "id": "rec_2jKxKf7Qm9RzT4aW" }))]
pub struct FireRequest {
    /// The recording.
    pub id: RecordingId,
}

/// Sends the request of a call to the proxy once more; nothing is forwarded.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "id": 1 }))]
pub struct FireCallRequest {
    /// The call.
    pub id: CallId,
}

/// Makes a recording of a call; answers with its id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "id": 1, "fetch": true }))]
pub struct KeepRequest {
    /// The call.
    pub id: CallId,
    /// Whether the upstream may be asked for what has no answer.
    #[serde(default)]
    pub fetch: bool,
}

impl Verb for CallsRequest {
    type Answer = ListPage<Arc<Call>>;
    const ROUTE: Route = Route::get("/calls");

    async fn run(self, engine: &Engine) -> Result<ListPage<Arc<Call>>, VerbError> {
        let range = PageRange { limit: self.limit, after: self.after };
        ListPage::cut(engine.calls().into(), range, ListOrder::Rising, |call| {
            ListPlace(call.id.0.cast_signed(), String::new())
        })
    }
}

impl Verb for CallRequest {
    type Answer = CallShown;
    const ROUTE: Route = Route::get("/calls/{id}");

    async fn run(self, engine: &Engine) -> Result<CallShown, VerbError> {
        let call = engine.call(self.id).ok_or(VerbError::UnknownCall(self.id.0))?;
        Ok(CallShown { call, exchange: engine.exchange(self.id) })
    }
}

impl Verb for ExplainCallRequest {
    type Answer = Explanation;
    const ROUTE: Route = Route::get("/calls/{id}/explain");

    async fn run(self, engine: &Engine) -> Result<Explanation, VerbError> {
        engine.explain_call(self.id).await.ok_or(VerbError::Forgotten(self.id.0))
    }
}

impl Verb for FireRequest {
    type Answer = Fired;
    const ROUTE: Route = Route::post("/recordings/{id}/fire");

    async fn run(self, engine: &Engine) -> Result<Fired, VerbError> {
        engine.fire(&ExchangeRef::Recording(self.id)).await
    }
}

impl Verb for FireCallRequest {
    type Answer = Fired;
    const ROUTE: Route = Route::post("/calls/{id}/fire");

    async fn run(self, engine: &Engine) -> Result<Fired, VerbError> {
        engine.fire(&ExchangeRef::Call(self.id)).await
    }
}

impl Verb for KeepRequest {
    type Answer = RecordingId;
    const ROUTE: Route = Route::post("/calls/{id}/keep").slow();

    async fn run(self, engine: &Engine) -> Result<RecordingId, VerbError> {
        engine.keep(self.id, self.fetch).await
    }
}
