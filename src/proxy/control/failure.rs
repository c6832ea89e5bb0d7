//! Errors in the one shape that the control API has for them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::api::status_of;
use crate::engine::VerbError;

/// A failure, as status and text.
pub(super) struct ControlFailure(pub(super) StatusCode, pub(super) String);

impl From<VerbError> for ControlFailure {
    fn from(error: VerbError) -> Self {
        let status = StatusCode::from_u16(status_of(&error)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self(status, error.to_string())
    }
}

impl IntoResponse for ControlFailure {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": { "message": self.1 } }))).into_response()
    }
}
