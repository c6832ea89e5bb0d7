//! The verbs that change recordings, here or there.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;
use serde_json::json;

use super::{Client, ClientError, known};
use crate::editing::Fault;
use crate::engine::{
    Compacted, Deciding, Draft, Fired, Merged, Relabel, Rerecord, Rescrub, Retagged, Revision, Tag, Thing,
    Trashed, UsageReport, Verdict,
};
use crate::matching::NamedField;
use crate::model::{CallId, RecordingId, Row, StepRow};
use crate::retention::PrunePlan;

impl Client {
    /// Moves recordings to the trash, but protected ones; gives the ids that were removed.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.remove(ids).await?),
            Self::Remote(owner) => owner.ids("/recordings/remove", &json!({ "ids": ids })).await,
        }
    }

    /// Brings recordings back from the trash; gives the ids that came back.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn restore(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.restore(ids).await?),
            Self::Remote(owner) => owner.ids("/recordings/restore", &json!({ "ids": ids })).await,
        }
    }

    /// The removed recordings, the last one first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn trash(&self) -> Result<Vec<Trashed>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.trash()?),
            Self::Remote(owner) => owner.get("/trash").await,
        }
    }

    /// Moves what a query matches to the trash, as far as nothing speaks against it; with `dry_run` it only says what that
    /// would be. With `only`, nothing else goes, whatever came to match since somebody looked.
    ///
    /// # Errors
    /// When the query cannot be understood, or the store cannot be written.
    pub async fn prune(
        &self,
        query: &str,
        keep: &BTreeSet<RecordingId>,
        only: Option<&BTreeSet<RecordingId>>,
        dry_run: bool,
    ) -> Result<PrunePlan, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.prune(query, keep.clone(), only.cloned(), dry_run).await?),
            Self::Remote(owner) => {
                let body = json!({ "query": query, "keep": keep, "only": only, "dry_run": dry_run });
                owner.call(Method::POST, "/prune", &body).await
            }
        }
    }

    /// Writes the store anew without what nothing needs, and with `purge` without anything in the trash.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn compact(&self, purge: bool) -> Result<Compacted, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.compact(purge).await?),
            Self::Remote(owner) => {
                // It takes as long as it takes: megabytes are written anew and synced.
                owner.patient().call(Method::POST, "/compact", &json!({ "purge": purge })).await
            }
        }
    }

    /// Rewrites all recordings with the patterns in force, for good; with `dry_run` it only says what that would be.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn scrub_again(&self, dry_run: bool) -> Result<Rescrub, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.scrub_again(dry_run).await?),
            Self::Remote(owner) => {
                owner.patient().call(Method::POST, "/scrub", &json!({ "dry_run": dry_run })).await
            }
        }
    }

    /// What the store knows of its recordings' use.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn usage(&self) -> Result<UsageReport, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.usage()?),
            Self::Remote(owner) => owner.get("/usage").await,
        }
    }

    /// Takes in what another store says of its use.
    ///
    /// # Errors
    /// When the report is of no use here, or the store cannot be written.
    pub async fn merge_usage(&self, report: UsageReport) -> Result<Merged, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.merge_usage(report).await?),
            Self::Remote(owner) => owner.call(Method::POST, "/usage", &report).await,
        }
    }

    /// The fields of recordings' requests by the names that strategies have for them, those of any; none where the only one
    /// is not there.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn fields(&self, ids: &[RecordingId]) -> Result<Option<Vec<NamedField>>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.named_fields(ids).await),
            Self::Remote(owner) => {
                known(owner.call(Method::POST, "/recordings/fields", &json!({ "ids": ids })).await)
            }
        }
    }

    /// Gives recordings another strategy or playback, all or none; with `dry_run` it only says what that would do.
    ///
    /// # Errors
    /// When one is not there, a field's name is not clear, or the store cannot be written.
    pub async fn retag(
        &self,
        ids: &[RecordingId],
        tag: &Tag,
        dry_run: bool,
    ) -> Result<Vec<Retagged>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.retag(ids, tag, dry_run).await?),
            Self::Remote(owner) => {
                let retag = json!({ "ids": ids, "tag": tag, "dry_run": dry_run });
                owner.call(Method::POST, "/recordings/retag", &retag).await
            }
        }
    }

    /// Names, tags or protects recordings, all or none; gives those that changed.
    ///
    /// # Errors
    /// When one is not there, a name or tag cannot be, or the store cannot be written.
    pub async fn relabel(
        &self,
        ids: &[RecordingId],
        relabel: &Relabel,
    ) -> Result<Vec<RecordingId>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.relabel(ids, relabel).await?),
            Self::Remote(owner) => {
                owner.ids("/recordings/relabel", &json!({ "ids": ids, "relabel": relabel })).await
            }
        }
    }

    /// Copies recordings; gives the copies in the same order.
    ///
    /// # Errors
    /// When one is not there, or the store cannot be written.
    pub async fn duplicate(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.duplicate(ids).await?),
            Self::Remote(owner) => owner.ids("/recordings/duplicate", &json!({ "ids": ids })).await,
        }
    }

    /// Edits a recording, all of the revisions or none.
    ///
    /// # Errors
    /// When it is not there, a revision cannot be, or the store cannot be written.
    pub async fn edit(&self, id: &RecordingId, revisions: &[Revision]) -> Result<(), ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.edit(id, revisions.to_vec()).await?),
            Self::Remote(owner) => {
                let path = format!("/recordings/{id}/edit");
                let ids = owner.ids(&path, &json!({ "revisions": revisions })).await?;
                debug_assert_eq!(ids, std::slice::from_ref(id));
                Ok(())
            }
        }
    }

    /// Makes a recording that fails out of one that did not; gives the new one.
    ///
    /// # Errors
    /// When it is not there or cannot fail so, or the store cannot be written.
    pub async fn derive(
        &self,
        id: &RecordingId,
        fault: Fault,
        scope: Option<&str>,
    ) -> Result<RecordingId, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.derive(id, fault, scope.map(str::to_owned)).await?),
            Self::Remote(owner) => {
                let body = json!({ "fault": fault.to_string(), "scope": scope });
                owner.call(Method::POST, &format!("/recordings/{id}/derive"), &body).await
            }
        }
    }

    /// Stores a recording from scratch; gives its id.
    ///
    /// # Errors
    /// When no answer can be made up, or the store cannot be written.
    pub async fn create(&self, draft: Draft) -> Result<RecordingId, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.create(draft).await?),
            Self::Remote(owner) => owner.call(Method::POST, "/recordings/new", &draft).await,
        }
    }

    /// Makes a recording of a call of the history; of one that missed, with `fetch`, by asking its upstream now.
    ///
    /// # Errors
    /// When the call cannot be kept, or the store cannot be written.
    pub async fn keep(&self, call: CallId, fetch: bool) -> Result<RecordingId, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.keep(call, fetch).await?),
            Self::Remote(owner) => {
                owner
                    .patient()
                    .call(Method::POST, &format!("/calls/{}/keep", call.0), &json!({ "fetch": fetch }))
                    .await
            }
        }
    }

    /// Sends the request of a recording or a call to the proxy once more; nothing is forwarded.
    ///
    /// # Errors
    /// When it is not there, cannot be read or, of a call, is not in memory.
    pub async fn fire(&self, thing: &Thing) -> Result<Fired, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.fire(thing).await?),
            Self::Remote(owner) => {
                let path = match thing {
                    Thing::Recording(id) | Thing::Original(id) => format!("/recordings/{id}/fire"),
                    Thing::Call(id) => format!("/calls/{}/fire", id.0),
                };
                owner.call(Method::POST, &path, &json!({})).await
            }
        }
    }

    /// The fields of a recording's request, and which of them decide; none where it is not there.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn deciding(&self, id: &RecordingId) -> Result<Option<Deciding>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.deciding(id).await),
            Self::Remote(owner) => known(owner.get(&format!("/recordings/{id}/deciding")).await),
        }
    }

    /// What recording these anew would cost, and which of them cannot be.
    ///
    /// # Errors
    /// When one is not there.
    pub async fn rerecord_plan(&self, ids: &[RecordingId]) -> Result<Vec<Rerecord>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.rerecord_plan(ids)?),
            Self::Remote(owner) => {
                owner
                    .call(Method::POST, "/recordings/rerecord", &json!({ "ids": ids, "dry_run": true }))
                    .await
            }
        }
    }

    /// Records one anew. The new answer waits for review.
    ///
    /// # Errors
    /// When it is not there, or the store cannot be written.
    pub async fn rerecord(&self, id: &RecordingId) -> Result<Rerecord, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.rerecord(id).await?),
            Self::Remote(owner) => {
                let answered: Vec<Rerecord> = owner
                    .patient()
                    .call(Method::POST, "/recordings/rerecord", &json!({ "ids": [id] }))
                    .await?;
                let message = "no word about the recording".to_owned();
                answered.into_iter().next().ok_or(ClientError::Refused { status: 200, message })
            }
        }
    }

    /// The recordings that wait for review, the newest first.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn reviews(&self) -> Result<Vec<Arc<Row>>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.reviews()),
            Self::Remote(owner) => owner.get("/reviews").await,
        }
    }

    /// Decides reviews, all or none; gives the recordings that changed.
    ///
    /// # Errors
    /// When one does not wait, or the store cannot be written.
    pub async fn review(
        &self,
        ids: &[RecordingId],
        verdict: Verdict,
    ) -> Result<Vec<RecordingId>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.review(ids, verdict).await?),
            Self::Remote(owner) => owner.ids("/reviews", &json!({ "ids": ids, "verdict": verdict })).await,
        }
    }

    /// The steps that can be undone or done again, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn steps(&self) -> Result<Vec<StepRow>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.steps()?),
            Self::Remote(owner) => owner.get("/steps").await,
        }
    }

    /// Undoes the newest step that is not undone.
    ///
    /// # Errors
    /// When there is none, or something changed one of its recordings since.
    pub async fn undo(&self) -> Result<StepRow, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.undo().await?),
            Self::Remote(owner) => owner.call(Method::POST, "/undo", &json!({})).await,
        }
    }

    /// Does the step again that was undone last.
    ///
    /// # Errors
    /// As [`Client::undo`].
    pub async fn redo(&self) -> Result<StepRow, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.redo().await?),
            Self::Remote(owner) => owner.call(Method::POST, "/redo", &json!({})).await,
        }
    }
}
