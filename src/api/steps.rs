//! Undoing what verbs did, and doing it again.

use serde::{Deserialize, Serialize};

use super::{Route, Verb};
use crate::engine::{Engine, VerbError};
use crate::model::StepRow;

/// The steps that can be undone or done again, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepsRequest {}

/// Undoes the newest step that is not undone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoRequest {}

/// Does the step again that was undone last.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedoRequest {}

impl Verb for StepsRequest {
    type Answer = Vec<StepRow>;
    const ROUTE: Route = Route::get("/steps");

    async fn run(self, engine: &Engine) -> Result<Vec<StepRow>, VerbError> {
        Ok(engine.steps()?)
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
