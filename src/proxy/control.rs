//! The control API under `/__retake/`: the engine's verbs for other `retake` commands.
//!
//! It needs the token of the store's `LOCK` (health and media do not), refuses browsers and foreign hosts, and takes
//! small bodies only.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Question, Shared, media};
use crate::engine::{Blame, Explanation, Retagged, Tag, VerbError};
use crate::matching::Suggestion;
use crate::model::{CallId, Mode, RecordingId, Row, ScopeState};
use crate::store::StoreError;

/// Ids in a body take some thirty bytes each: this is room for 100,000.
const LARGEST_BODY: usize = 4 << 20;

/// A request that is asked about may be a long one.
const LARGEST_QUESTION: usize = 64 << 20;

/// What recordings are given.
#[derive(Deserialize)]
struct Retag {
    ids: Vec<RecordingId>,
    tag: Tag,
    #[serde(default)]
    dry_run: bool,
}

/// Which recordings are asked for.
#[derive(Deserialize)]
struct Wanted {
    /// Only those whose hash begins so.
    hash: Option<String>,
}

/// Which recordings a verb is for.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ids {
    pub(crate) ids: Vec<RecordingId>,
}

/// Whose sequences start anew.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    /// A scope's; without it all.
    #[serde(default)]
    scope: Option<String>,
}

/// How many sequences had begun.
#[derive(Serialize, Deserialize)]
struct Begun {
    cursors: usize,
}

/// A failure, as status and text.
struct Failure(StatusCode, String);

pub(super) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let open = Router::new().route("/health", get(health)).route("/media/{id}", get(media::media));
    let closed = Router::new()
        .route("/recordings", get(list))
        .route("/recordings/{id}", get(show))
        .route("/recordings/remove", post(remove))
        .route("/recordings/restore", post(restore))
        .route("/recordings/retag", post(retag))
        .route("/recordings/ambiguous", get(ambiguous))
        .route("/explain", post(explain).layer(DefaultBodyLimit::max(LARGEST_QUESTION)))
        .route("/suggestions", get(suggestions))
        .route("/scopes", get(scopes))
        .route("/scopes/reset", post(reset_scopes))
        .route("/calls", get(calls))
        .route("/calls/{id}/explain", get(explain_call))
        .route("/mode", get(mode).put(set_mode))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), authorize));
    open.merge(closed)
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), admit))
}

async fn admit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.guard.admit(request.headers()) {
        Ok(()) => next.run(request).await,
        Err((status, text)) => Failure(status, text.into()).into_response(),
    }
}

async fn authorize(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.guard.authorize(request.headers()) {
        Ok(()) => next.run(request).await,
        Err((status, text)) => Failure(status, text.into()).into_response(),
    }
}

/// `/__retake/media/<id>` behind the path prefix of a scope, which routes do not see.
pub(super) async fn scoped_media(shared: Arc<Shared>, id: String, headers: HeaderMap) -> Response {
    match shared.guard.admit(&headers) {
        Ok(()) => media::media(State(shared), Path(id), headers).await,
        Err((status, text)) => Failure(status, text.into()).into_response(),
    }
}

async fn health() -> Response {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })).into_response()
}

async fn nothing() -> Failure {
    Failure(StatusCode::NOT_FOUND, "the control API has no such path".into())
}

/// All rows, the newest first.
async fn list(
    State(shared): State<Arc<Shared>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Arc<Row>>>, Failure> {
    let mut rows: Vec<_> = match &wanted.hash {
        None => shared.engine.rows().into_values().collect(),
        Some(prefix) => {
            shared.engine.find_hash(prefix)?.iter().filter_map(|id| shared.engine.row(id)).collect()
        }
    };
    rows.sort_by_key(|row| std::cmp::Reverse((row.recorded_at, row.id.clone())));
    Ok(Json(rows))
}

async fn show(State(shared): State<Arc<Shared>>, Path(id): Path<RecordingId>) -> Result<Response, Failure> {
    match shared.engine.recording(&id)? {
        Some(recording) => Ok(Json(&*recording).into_response()),
        None => Err(Failure(StatusCode::NOT_FOUND, format!("there is no recording `{id}`"))),
    }
}

async fn remove(
    State(shared): State<Arc<Shared>>,
    Json(Ids { ids }): Json<Ids>,
) -> Result<Json<Ids>, Failure> {
    Ok(Json(Ids { ids: shared.engine.remove(&ids).await? }))
}

async fn restore(
    State(shared): State<Arc<Shared>>,
    Json(Ids { ids }): Json<Ids>,
) -> Result<Json<Ids>, Failure> {
    Ok(Json(Ids { ids: shared.engine.restore(&ids).await? }))
}

async fn retag(
    State(shared): State<Arc<Shared>>,
    Json(Retag { ids, tag, dry_run }): Json<Retag>,
) -> Result<Json<Vec<Retagged>>, Failure> {
    Ok(Json(shared.engine.retag(&ids, &tag, dry_run).await?))
}

async fn ambiguous(State(shared): State<Arc<Shared>>) -> Json<Vec<Vec<RecordingId>>> {
    Json(shared.engine.ambiguous().await)
}

async fn explain(
    State(shared): State<Arc<Shared>>,
    Json(question): Json<Question>,
) -> Result<Json<Explanation>, Failure> {
    let asked = question.asked(&shared.engine.settings().upstreams);
    let (request, overrides) = asked.map_err(|text| Failure(StatusCode::BAD_REQUEST, text))?;
    Ok(Json(shared.engine.explain(&request, &overrides).await))
}

async fn explain_call(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<u64>,
) -> Result<Json<Explanation>, Failure> {
    let explained = shared.engine.explain_call(CallId(id)).await;
    let gone = || Failure(StatusCode::NOT_FOUND, format!("the request of call {id} is not remembered"));
    explained.map(Json).ok_or_else(gone)
}

async fn suggestions(State(shared): State<Arc<Shared>>) -> Json<Vec<Suggestion>> {
    Json(shared.engine.suggestions().await)
}

async fn scopes(State(shared): State<Arc<Shared>>) -> Json<Vec<ScopeState>> {
    Json(shared.engine.scopes())
}

async fn reset_scopes(State(shared): State<Arc<Shared>>, Json(reset): Json<Reset>) -> Json<Begun> {
    Json(Begun { cursors: shared.engine.reset_cursors(reset.scope.as_deref()) })
}

async fn calls(State(shared): State<Arc<Shared>>) -> Response {
    Json(shared.engine.snapshot().calls).into_response()
}

async fn mode(State(shared): State<Arc<Shared>>) -> Json<Mode> {
    Json(shared.engine.mode())
}

async fn set_mode(State(shared): State<Arc<Shared>>, Json(mode): Json<Mode>) -> Json<Mode> {
    shared.engine.set_mode(mode);
    Json(mode)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<VerbError> for Failure {
    fn from(error: VerbError) -> Self {
        let status = match error.blame() {
            Blame::Missing => StatusCode::NOT_FOUND,
            Blame::Wrong => StatusCode::BAD_REQUEST,
            Blame::Conflict => StatusCode::CONFLICT,
            Blame::Store => StatusCode::INTERNAL_SERVER_ERROR,
            Blame::Upstream => StatusCode::BAD_GATEWAY,
        };
        Self(status, error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": { "message": self.1 } }))).into_response()
    }
}
