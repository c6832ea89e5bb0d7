//! Undoing what verbs did, and doing it again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list_page::{ListOrder, ListPage, ListPlace, PageRange};
use super::{Route, Verb};
use crate::engine::{Engine, VerbError};
use crate::model::StepRow;

/// The steps that can be undone or done again, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepsRequest {
    /// The most that are listed, 1 to 1000; `None` is all.
    #[serde(default)]
    pub limit: Option<usize>,
    /// The `next` of the answer before; `None` begins the list.
    #[serde(default)]
    pub after: Option<String>,
}

/// Undoes the newest step that is not undone.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoRequest {}

/// Does the step again that was undone last.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedoRequest {}

impl Verb for StepsRequest {
    type Answer = ListPage<StepRow>;
    const ROUTE: Route = Route::get("/steps");

    async fn run(self, engine: &Engine) -> Result<ListPage<StepRow>, VerbError> {
        let range = PageRange { limit: self.limit, after: self.after };
        ListPage::cut(engine.steps()?, range, ListOrder::Rising, |step| {
            ListPlace(step.id.0.cast_signed(), String::new())
        })
    }
}

impl Verb for UndoRequest {
    type Answer = StepRow;
    const ROUTE: Route = Route::post("/undo");

    async fn run(self, engine: &Engine) -> Result<StepRow, VerbError> {
        engine.undo().await
    }
}

impl Verb for RedoRequest {
    type Answer = StepRow;
    const ROUTE: Route = Route::post("/redo");

    async fn run(self, engine: &Engine) -> Result<StepRow, VerbError> {
        engine.redo().await
    }
}
