//! The control API under `/__retake/`: the engine's verbs for other `retake` commands.
//!
//! It needs the token of the store's `LOCK` (health and media do not), refuses browsers and foreign hosts, and takes
//! small bodies only. All of it is described by `assets/openapi.json`; a test fails where that and this differ.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::guard::Asker;
use super::{Question, Shared, cors, media};
use crate::engine::{Blame, Deciding, Diff, Explanation, Stats, Thing, VerbError};
use crate::matching::Suggestion;
use crate::model::{Call, CallId, Exchange, Mode, RecordingId, Row, ScopeState, Snapshot};
use crate::reading::contrast::CONTEXT;
use crate::store::StoreError;

mod events;
mod log;
mod metrics;
mod verbs;

/// Ids in a body take some thirty bytes each: this is room for 100,000.
const LARGEST_BODY: usize = 4 << 20;

/// A request that is asked about may be a long one.
const LARGEST_QUESTION: usize = 64 << 20;

/// Which recordings are asked for.
#[derive(Deserialize)]
struct Wanted {
    /// Only those whose hash begins so.
    hash: Option<String>,
    /// Only those that this shows.
    query: Option<String>,
}

/// What is compared.
#[derive(Deserialize)]
struct Sides {
    one: Thing,
    other: Thing,
    /// How many equal lines stand around those that differ.
    context: Option<usize>,
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

/// One call of the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallShown {
    /// The call as it stands.
    pub call: Arc<Call>,
    /// What it held; none when it became a recording or is not remembered.
    pub exchange: Option<Arc<Exchange>>,
}

/// The description of the control API, an `OpenAPI` document.
const OPENAPI: &str = include_str!("../../assets/openapi.json");

/// Routes, and their paths by name: a router does not tell.
#[derive(Default)]
struct Routes {
    router: Router<Arc<Shared>>,
    paths: Vec<&'static str>,
}

/// A failure, as status and text.
struct Failure(StatusCode, String);

pub(super) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let authorized = closed().router.layer(middleware::from_fn_with_state(Arc::clone(shared), authorize));
    open()
        .router
        .merge(authorized)
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), admit))
        .layer(middleware::map_response(as_failure))
}

/// The paths of all routes of the control API, as the router spells them (`/__retake/recordings/{id}`).
#[must_use]
pub fn control_paths() -> Vec<String> {
    let all = [open().paths, closed().paths].concat();
    all.iter().map(|path| format!("/__retake{path}")).collect()
}

/// What everyone on this machine may ask for.
fn open() -> Routes {
    Routes::default().route("/health", get(health)).route("/media/{id}", get(media::media))
}

/// What needs the token.
fn closed() -> Routes {
    Routes::default()
        .route("/recordings", get(list))
        .route("/recordings/search", post(search))
        .route("/recordings/{id}", get(show))
        .route("/recordings/{id}/deciding", get(deciding))
        .route("/recordings/ambiguous", get(ambiguous))
        .route("/explain", post(explain).layer(DefaultBodyLimit::max(LARGEST_QUESTION)))
        .route("/suggestions", get(suggestions))
        .route("/stats", get(stats))
        .route("/scopes", get(scopes))
        .route("/scopes/reset", post(reset_scopes))
        .route("/diff", get(diff))
        .route("/calls", get(calls))
        .route("/calls/{id}", get(call))
        .route("/calls/{id}/explain", get(explain_call))
        .route("/mode", get(mode).put(set_mode))
        .route("/snapshot", get(snapshot))
        .route("/events", get(events::events))
        .route("/metrics", get(metrics::metrics))
        .route("/v1/requests", get(log::list))
        .route("/v1/requests/{id}", get(log::show))
        .route("/openapi.json", get(openapi))
        .verbs()
}

async fn admit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.guard.admit(&shared.engine.settings(), &request) {
        Ok(Asker::Program) => next.run(request).await,
        // What links in answers lead to belongs to the answers.
        Ok(Asker::Page(origin)) if request.uri().path().starts_with("/media/") => {
            if cors::is_preflight(request.method(), request.headers()) {
                return cors::allowed(origin, request.headers());
            }
            cors::shared(next.run(request).await, origin)
        }
        Ok(Asker::Page(_)) => {
            let text = "the control API is not for web pages: leave the Origin header out";
            Failure(StatusCode::FORBIDDEN, text.into()).into_response()
        }
        Err(stranger) => {
            let status = StatusCode::from_u16(stranger.status).unwrap_or(StatusCode::FORBIDDEN);
            Failure(status, stranger.message).into_response()
        }
    }
}

async fn authorize(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.guard.authorize(request.headers()) {
        Ok(()) => next.run(request).await,
        Err((status, text)) => Failure(status, text).into_response(),
    }
}

/// Errors in the one shape that they have here, also those that the server's own parts answer with.
async fn as_failure(response: Response) -> Response {
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !(status.is_client_error() || status.is_server_error()) || is_json {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let text = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let text = match status {
        StatusCode::METHOD_NOT_ALLOWED => "this path of the control API has no such method".into(),
        _ => String::from_utf8_lossy(&text).into_owned(),
    };
    let (own, body) = Failure(status, text).into_response().into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.extend(own.headers);
    Response::from_parts(head, body)
}

/// Says that this is a retake, and which.
async fn health() -> Response {
    Json(json!({ "status": "ok", "name": "retake", "version": env!("CARGO_PKG_VERSION") })).into_response()
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn nothing() -> Failure {
    Failure(StatusCode::NOT_FOUND, "the control API has no such path".into())
}

/// All rows, the newest first.
async fn list(
    State(shared): State<Arc<Shared>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Arc<Row>>>, Failure> {
    found(&shared, &wanted).await.map(Json)
}

/// The same; what is wanted may be longer than a URL.
async fn search(
    State(shared): State<Arc<Shared>>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Vec<Arc<Row>>>, Failure> {
    found(&shared, &wanted).await.map(Json)
}

async fn found(shared: &Shared, wanted: &Wanted) -> Result<Vec<Arc<Row>>, Failure> {
    if let Some(query) = &wanted.query {
        let rows = shared.engine.list(query).await?;
        let begins =
            |row: &Arc<Row>| wanted.hash.as_ref().is_none_or(|hash| row.hash.to_string().starts_with(hash));
        return Ok(rows.into_iter().filter(begins).collect());
    }
    let mut rows: Vec<_> = match &wanted.hash {
        None => shared.engine.rows().into_values().collect(),
        Some(prefix) => {
            shared.engine.find_hash(prefix)?.iter().filter_map(|id| shared.engine.row(id)).collect()
        }
    };
    rows.sort_by_key(|row| std::cmp::Reverse((row.recorded_at, row.id.clone())));
    Ok(rows)
}

async fn show(State(shared): State<Arc<Shared>>, Path(id): Path<RecordingId>) -> Result<Response, Failure> {
    match shared.engine.recording(&id)? {
        Some(recording) => Ok(Json(&*recording).into_response()),
        None => Err(Failure(StatusCode::NOT_FOUND, format!("there is no recording `{id}`"))),
    }
}

async fn deciding(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<RecordingId>,
) -> Result<Json<Deciding>, Failure> {
    let gone = || Failure(StatusCode::NOT_FOUND, format!("there is no recording `{id}`"));
    shared.engine.deciding(&id).await.map(Json).ok_or_else(gone)
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
    Ok(Json(shared.engine.explain(&request, &overrides).await?))
}

async fn explain_call(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<u64>,
) -> Result<Json<Explanation>, Failure> {
    let explained = shared.engine.explain_call(CallId(id)).await;
    let gone = || Failure(StatusCode::NOT_FOUND, format!("the request of call {id} is not remembered"));
    explained.map(Json).ok_or_else(gone)
}

async fn diff(State(shared): State<Arc<Shared>>, Query(sides): Query<Sides>) -> Result<Json<Diff>, Failure> {
    Ok(Json(shared.engine.diff(&sides.one, &sides.other, sides.context.unwrap_or(CONTEXT)).await?))
}

async fn suggestions(State(shared): State<Arc<Shared>>) -> Json<Vec<Suggestion>> {
    Json(shared.engine.suggestions().await)
}

async fn stats(State(shared): State<Arc<Shared>>) -> Result<Json<Stats>, Failure> {
    Ok(Json(shared.engine.stats().await?))
}

async fn scopes(State(shared): State<Arc<Shared>>) -> Json<Vec<ScopeState>> {
    Json(shared.engine.scopes())
}

async fn reset_scopes(State(shared): State<Arc<Shared>>, Json(reset): Json<Reset>) -> Json<Begun> {
    Json(Begun { cursors: shared.engine.reset_cursors(reset.scope.as_deref()) })
}

async fn calls(State(shared): State<Arc<Shared>>) -> Response {
    Json(shared.engine.calls()).into_response()
}

async fn call(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Result<Json<CallShown>, Failure> {
    let id = CallId(id);
    let call = shared.engine.call(id).ok_or_else(|| unknown_call(id.0))?;
    Ok(Json(CallShown { call, exchange: shared.engine.exchange(id) }))
}

fn unknown_call(id: u64) -> Failure {
    Failure(StatusCode::NOT_FOUND, format!("there is no call {id} in the history; see /__retake/calls"))
}

async fn snapshot(State(shared): State<Arc<Shared>>) -> Json<Snapshot> {
    Json(shared.engine.snapshot())
}

async fn mode(State(shared): State<Arc<Shared>>) -> Json<Mode> {
    Json(shared.engine.mode())
}

async fn set_mode(State(shared): State<Arc<Shared>>, Json(mode): Json<Mode>) -> Json<Mode> {
    shared.engine.set_mode(mode);
    Json(mode)
}

impl Routes {
    fn route(mut self, path: &'static str, methods: MethodRouter<Arc<Shared>>) -> Self {
        self.paths.push(path);
        Self { router: self.router.route(path, methods), paths: self.paths }
    }
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
            Blame::Consent => StatusCode::PAYMENT_REQUIRED,
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
