//! The routes that change recordings.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;

use super::{Failure, Ids, LARGEST_QUESTION, Routes};
use crate::editing::ParseFaultError;
use crate::engine::{
    Compacted, Draft, Fired, Merged, Relabel, Rerecord, Rescrub, Retagged, Revision, Tag, Thing, Trashed,
    UsageReport, VerbError, Verdict,
};
use crate::matching::NamedField;
use crate::model::{CallId, RecordingId, Row, StepRow};
use crate::proxy::Shared;
use crate::retention::PrunePlan;

type Here = State<Arc<Shared>>;
type Answered<T> = Result<Json<T>, Failure>;

/// What recordings are given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retag {
    ids: Vec<RecordingId>,
    tag: Tag,
    #[serde(default)]
    dry_run: bool,
}

/// How recordings are called from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Relabelled {
    ids: Vec<RecordingId>,
    relabel: Relabel,
}

/// Which recordings are recorded anew.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Anew {
    ids: Vec<RecordingId>,
    #[serde(default)]
    dry_run: bool,
}

/// What becomes of recordings that wait.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    ids: Vec<RecordingId>,
    verdict: Verdict,
}

/// How an answer changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edited {
    revisions: Vec<Revision>,
}

/// How a recording is to fail, and for which calls.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failing {
    fault: String,
    #[serde(default)]
    scope: Option<String>,
}

/// What is to go.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prune {
    query: String,
    #[serde(default)]
    keep: BTreeSet<RecordingId>,
    #[serde(default)]
    only: Option<BTreeSet<RecordingId>>,
    #[serde(default)]
    dry_run: bool,
}

/// How much is left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Compact {
    #[serde(default)]
    purge: bool,
}

/// Whether anything is rewritten.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    #[serde(default)]
    dry_run: bool,
}

/// Whether an upstream may be asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keep {
    #[serde(default)]
    fetch: bool,
}

impl Routes {
    /// Adds the routes that change recordings.
    pub(super) fn verbs(self) -> Self {
        self.route("/recordings/remove", post(remove))
            .route("/recordings/restore", post(restore))
            .route("/recordings/{id}/fields", get(fields))
            .route("/recordings/fields", post(all_fields))
            .route("/recordings/retag", post(retag))
            .route("/recordings/relabel", post(relabel))
            .route("/recordings/duplicate", post(duplicate))
            .route("/recordings/{id}/edit", post(edit).layer(DefaultBodyLimit::max(LARGEST_QUESTION)))
            .route("/recordings/{id}/derive", post(derive))
            .route("/recordings/{id}/fire", post(fire))
            .route("/calls/{id}/fire", post(fire_call))
            .route("/recordings/new", post(create).layer(DefaultBodyLimit::max(LARGEST_QUESTION)))
            .route("/recordings/rerecord", post(rerecord))
            .route("/calls/{id}/keep", post(keep))
            .route("/reviews", get(reviews).post(review))
            .route("/prune", post(prune))
            .route("/compact", post(compact))
            .route("/scrub", post(scrub))
            .route("/usage", get(usage).post(merge_usage).layer(DefaultBodyLimit::max(LARGEST_QUESTION)))
            .route("/trash", get(trash))
            .route("/steps", get(steps))
            .route("/undo", post(undo))
            .route("/redo", post(redo))
    }
}

async fn remove(State(shared): Here, Json(Ids { ids }): Json<Ids>) -> Answered<Ids> {
    Ok(Json(Ids { ids: shared.engine.remove(&ids).await? }))
}

async fn restore(State(shared): Here, Json(Ids { ids }): Json<Ids>) -> Answered<Ids> {
    Ok(Json(Ids { ids: shared.engine.restore(&ids).await? }))
}

async fn fields(State(shared): Here, Path(id): Path<RecordingId>) -> Answered<Vec<NamedField>> {
    let fields = shared.engine.named_fields(std::slice::from_ref(&id)).await;
    Ok(Json(fields.ok_or(VerbError::Unknown(id))?))
}

async fn all_fields(State(shared): Here, Json(Ids { ids }): Json<Ids>) -> Answered<Vec<NamedField>> {
    let fields = shared.engine.named_fields(&ids).await;
    let gone = || {
        ids.first().map_or(Failure(StatusCode::BAD_REQUEST, "no recording is named".into()), |id| {
            VerbError::Unknown(id.clone()).into()
        })
    };
    Ok(Json(fields.ok_or_else(gone)?))
}

async fn retag(State(shared): Here, Json(retag): Json<Retag>) -> Answered<Vec<Retagged>> {
    let Retag { ids, tag, dry_run } = retag;
    Ok(Json(shared.engine.retag(&ids, &tag, dry_run).await?))
}

async fn relabel(State(shared): Here, Json(relabelled): Json<Relabelled>) -> Answered<Ids> {
    let Relabelled { ids, relabel } = relabelled;
    Ok(Json(Ids { ids: shared.engine.relabel(&ids, &relabel).await? }))
}

async fn duplicate(State(shared): Here, Json(Ids { ids }): Json<Ids>) -> Answered<Ids> {
    Ok(Json(Ids { ids: shared.engine.duplicate(&ids).await? }))
}

async fn edit(State(shared): Here, Path(id): Path<RecordingId>, Json(edited): Json<Edited>) -> Answered<Ids> {
    shared.engine.edit(&id, edited.revisions).await?;
    Ok(Json(Ids { ids: vec![id] }))
}

async fn derive(
    State(shared): Here,
    Path(id): Path<RecordingId>,
    Json(failing): Json<Failing>,
) -> Answered<RecordingId> {
    let Failing { fault, scope } = failing;
    let fault = fault
        .parse()
        .map_err(|error: ParseFaultError| Failure(StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok(Json(shared.engine.derive(&id, fault, scope).await?))
}

async fn fire(State(shared): Here, Path(id): Path<RecordingId>) -> Answered<Fired> {
    Ok(Json(shared.engine.fire(&Thing::Recording(id)).await?))
}

async fn fire_call(State(shared): Here, Path(id): Path<u64>) -> Answered<Fired> {
    Ok(Json(shared.engine.fire(&Thing::Call(CallId(id))).await?))
}

async fn create(State(shared): Here, Json(draft): Json<Draft>) -> Answered<RecordingId> {
    Ok(Json(shared.engine.create(draft).await?))
}

async fn rerecord(State(shared): Here, Json(Anew { ids, dry_run }): Json<Anew>) -> Answered<Vec<Rerecord>> {
    if dry_run {
        return Ok(Json(shared.engine.rerecord_plan(&ids)?));
    }
    let mut done = Vec::with_capacity(ids.len());
    for id in &ids {
        done.push(shared.engine.rerecord(id).await?);
    }
    Ok(Json(done))
}

async fn keep(State(shared): Here, Path(id): Path<u64>, Json(keep): Json<Keep>) -> Answered<RecordingId> {
    Ok(Json(shared.engine.keep(CallId(id), keep.fetch).await?))
}

async fn reviews(State(shared): Here) -> Json<Vec<Arc<Row>>> {
    Json(shared.engine.reviews())
}

async fn review(State(shared): Here, Json(Decided { ids, verdict }): Json<Decided>) -> Answered<Ids> {
    Ok(Json(Ids { ids: shared.engine.review(&ids, verdict).await? }))
}

async fn prune(State(shared): Here, Json(prune): Json<Prune>) -> Answered<PrunePlan> {
    let Prune { query, keep, only, dry_run } = prune;
    if query.trim().is_empty() {
        let text = "an empty query matches everything; say what is to go";
        return Err(Failure(StatusCode::BAD_REQUEST, text.into()));
    }
    Ok(Json(shared.engine.prune(&query, keep, only, dry_run).await?))
}

async fn compact(State(shared): Here, Json(Compact { purge }): Json<Compact>) -> Answered<Compacted> {
    Ok(Json(shared.engine.compact(purge).await?))
}

async fn scrub(State(shared): Here, Json(Again { dry_run }): Json<Again>) -> Answered<Rescrub> {
    Ok(Json(shared.engine.scrub_again(dry_run).await?))
}

async fn usage(State(shared): Here) -> Answered<UsageReport> {
    Ok(Json(shared.engine.usage()?))
}

async fn merge_usage(State(shared): Here, Json(report): Json<UsageReport>) -> Answered<Merged> {
    Ok(Json(shared.engine.merge_usage(report).await?))
}

async fn trash(State(shared): Here) -> Answered<Vec<Trashed>> {
    Ok(Json(shared.engine.trash()?))
}

async fn steps(State(shared): Here) -> Answered<Vec<StepRow>> {
    Ok(Json(shared.engine.steps()?))
}

async fn undo(State(shared): Here) -> Answered<StepRow> {
    Ok(Json(shared.engine.undo().await?))
}

async fn redo(State(shared): Here) -> Answered<StepRow> {
    Ok(Json(shared.engine.redo().await?))
}
