//! What a retake is and does at the moment: its version, its mode, its scopes.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list_page::{ListOrder, ListPage, ListPlace, PageRange};
use super::{Route, Verb};
use crate::engine::{Engine, VerbError};
use crate::model::{Mode, ScopeState, Snapshot};

/// How long calls under way are waited for at the end.
pub const DRAIN: Duration = Duration::from_secs(5);

/// Whether this is a retake, and which.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthRequest {}

/// Says that this is a retake, and which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// `retake`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The mode.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModeRequest {}

/// Switches the mode.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(example = "replay-or-error")]
pub struct SetModeRequest(pub Mode);

/// All that is known now.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotRequest {}

/// What is known of each scope.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopesRequest {
    /// The most that are listed, 1 to 1000; `None` is all.
    #[serde(default)]
    pub limit: Option<usize>,
    /// The `next` of the answer before; `None` begins the list.
    #[serde(default)]
    pub after: Option<String>,
}

/// Starts the sequences of a scope anew, or all.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "scope": "checkout-test" }))]
pub struct ResetScopesRequest {
    /// The scope; `None` is all of them.
    #[serde(default)]
    pub scope: Option<String>,
}

/// How many sequences had begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BegunCursors {
    /// Their number.
    pub cursors: usize,
}

impl Verb for HealthRequest {
    type Answer = Health;
    const ROUTE: Route = Route::get("/health").open();

    async fn run(self, _: &Engine) -> Result<Health, VerbError> {
        let (status, name, version) = ("ok".into(), "retake".into(), env!("CARGO_PKG_VERSION").into());
        Ok(Health { status, name, version })
    }
}

impl Verb for ModeRequest {
    type Answer = Mode;
    const ROUTE: Route = Route::get("/mode");

    async fn run(self, engine: &Engine) -> Result<Mode, VerbError> {
        Ok(engine.mode())
    }
}

impl Verb for SetModeRequest {
    type Answer = Mode;
    const ROUTE: Route = Route::put("/mode");

    async fn run(self, engine: &Engine) -> Result<Mode, VerbError> {
        engine.set_mode(self.0);
        Ok(self.0)
    }
}

impl Verb for SnapshotRequest {
    type Answer = Snapshot;
    const ROUTE: Route = Route::get("/snapshot");

    async fn run(self, engine: &Engine) -> Result<Snapshot, VerbError> {
        Ok(engine.snapshot())
    }
}

impl Verb for ScopesRequest {
    type Answer = ListPage<ScopeState>;
    const ROUTE: Route = Route::get("/scopes");

    async fn run(self, engine: &Engine) -> Result<ListPage<ScopeState>, VerbError> {
        let range = PageRange { limit: self.limit, after: self.after };
        ListPage::cut(engine.scopes(), range, ListOrder::Rising, |scope| {
            ListPlace(i64::from(scope.name.is_some()), scope.name.clone().unwrap_or_default())
        })
    }
}

impl Verb for ResetScopesRequest {
    type Answer = BegunCursors;
    const ROUTE: Route = Route::post("/scopes/reset");

    async fn run(self, engine: &Engine) -> Result<BegunCursors, VerbError> {
        Ok(BegunCursors { cursors: engine.reset_cursors(self.scope.as_deref()) })
    }
}
