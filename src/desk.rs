//! The verbs, wherever the engine is: in this process, or in the one that owns the store.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::broadcast;

use crate::engine::{self, Engine, EngineError, Explanation, Media, RetagError, Retagged, Settings, Tag};
use crate::matching::Suggestion;
use crate::model::{
    CallId, Event, Exchange, Headers, MediaId, Mode, Notice, Recording, RecordingId, Request, Row, Snapshot,
};
use crate::proxy::Question;
use crate::store::{Ownership, Store, StoreError};
use crate::upstream::{Base, Client, UpstreamError};

/// Where the verbs are carried out.
#[derive(Clone)]
pub enum Desk {
    /// In this process.
    Here(Engine),
    /// In the process that owns the store, through its control API.
    There(Owner),
}

/// The process that owns the store.
#[derive(Clone)]
pub struct Owner {
    client: Client,
    base: Base,
    token: String,
}

/// A verb that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine could not be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The owner could not be reached.
    #[error("the process that owns the store does not answer: {0}")]
    Unreachable(#[from] UpstreamError),
    /// The owner refused, or answered something else.
    #[error("the process that owns the store answered {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// A recording cannot be given the strategy.
    #[error(transparent)]
    Retag(#[from] RetagError),
    /// The request cannot be understood.
    #[error("{0}")]
    Question(String),
    /// Only the owning process has this.
    #[error("{0} can only be seen in the process that owns the store")]
    OnlyThere(&'static str),
}

impl Desk {
    /// Whether there is a store in `dir`.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        Store::exists(dir)
    }

    /// The desk of a store: its owner's where one runs, else an engine of our own that no proxy feeds; and what
    /// people should know about the opening.
    ///
    /// # Errors
    /// When the store cannot be opened, or belongs to a process without an address.
    pub fn open(dir: &Path, settings: Settings) -> Result<(Self, Vec<Notice>), DeskError> {
        if let Some(owner) = crate::store::owner(dir)
            && let Some(base) =
                owner.address.as_deref().and_then(|address| format!("http://{address}").parse().ok())
        {
            let owner = Owner { client: Client::new(Owner::PATIENCE), base, token: owner.token };
            return Ok((Self::There(owner), Vec::new()));
        }
        let opened = Store::open(dir, &Ownership::default(), engine::now())?;
        let engine = Engine::new(settings, opened.store)?;
        engine.recall();
        Ok((Self::Here(engine), opened.notices))
    }

    /// Announcements from now on.
    ///
    /// # Errors
    /// When the engine is in another process.
    pub fn subscribe(&self) -> Result<broadcast::Receiver<Arc<Event>>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.subscribe()),
            Self::There(_) => Err(DeskError::OnlyThere("live traffic")),
        }
    }

    /// All that is known now.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn snapshot(&self) -> Result<Snapshot, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.snapshot()),
            Self::There(owner) => {
                let rows: Vec<Arc<Row>> = owner.get("/recordings").await?;
                let rows = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
                let (mode, calls) = (owner.get("/mode").await?, owner.get("/calls").await?);
                Ok(Snapshot { mode, rows, calls, ..Snapshot::default() })
            }
        }
    }

    /// All rows, the newest first.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn rows(&self) -> Result<Vec<Arc<Row>>, DeskError> {
        match self {
            Self::Here(engine) => {
                let mut rows: Vec<_> = engine.rows().into_values().collect();
                rows.sort_by_key(|row| std::cmp::Reverse((row.recorded_at, row.id.clone())));
                Ok(rows)
            }
            Self::There(owner) => owner.get("/recordings").await,
        }
    }

    /// The rows whose hash begins with `prefix`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find_hash(&self, prefix: &str) -> Result<Vec<Arc<Row>>, DeskError> {
        match self {
            Self::Here(engine) => {
                Ok(engine.find_hash(prefix)?.iter().filter_map(|id| engine.row(id)).collect())
            }
            Self::There(owner) => owner.get(&format!("/recordings?hash={prefix}")).await,
        }
    }

    /// A whole recording.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn recording(&self, id: &RecordingId) -> Result<Option<Arc<Recording>>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.recording(id)?),
            Self::There(owner) => match owner.get(&format!("/recordings/{id}")).await {
                Ok(recording) => Ok(Some(Arc::new(recording))),
                Err(DeskError::Refused { status: 404, .. }) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    /// The exchange of a recent call that became no recording.
    ///
    /// # Errors
    /// When the engine is in another process.
    pub fn exchange(&self, call: CallId) -> Result<Option<Arc<Exchange>>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.exchange(call)),
            Self::There(_) => Err(DeskError::OnlyThere("a call without a recording")),
        }
    }

    /// A file that a recording keeps.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn media(&self, id: &MediaId) -> Result<Option<Media>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.media(id.as_str()).await?),
            Self::There(owner) => {
                let (status, headers, body) =
                    owner.send(Method::GET, &format!("/media/{id}"), Bytes::new()).await?;
                let content_type = headers.text("content-type").unwrap_or_default().to_owned();
                Ok((status == 200).then_some(Media { content_type, body }))
            }
        }
    }

    /// Switches the proxy's mode.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn set_mode(&self, mode: Mode) -> Result<(), DeskError> {
        match self {
            Self::Here(engine) => engine.set_mode(mode),
            Self::There(owner) => _ = owner.call::<_, Mode>(Method::PUT, "/mode", &mode).await?,
        }
        Ok(())
    }

    /// Moves recordings to the trash; gives the ids that were removed.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.remove(ids).await?),
            Self::There(owner) => owner.ids("/recordings/remove", ids).await,
        }
    }

    /// Brings recordings back from the trash; gives the ids that came back.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn restore(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.restore(ids).await?),
            Self::There(owner) => owner.ids("/recordings/restore", ids).await,
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
    ) -> Result<Vec<Retagged>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.retag(ids, tag, dry_run).await?),
            Self::There(owner) => {
                let retag = json!({ "ids": ids, "tag": tag, "dry_run": dry_run });
                owner.call(Method::POST, "/recordings/retag", &retag).await
            }
        }
    }

    /// Starts the sequences of a scope anew, or all; gives how many had begun.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn reset_cursors(&self, scope: Option<&str>) -> Result<usize, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.reset_cursors(scope)),
            Self::There(owner) => {
                let begun: Begun =
                    owner.call(Method::POST, "/scopes/reset", &json!({ "scope": scope })).await?;
                Ok(begun.cursors)
            }
        }
    }

    /// What would serve a request, and why; nothing is sent.
    ///
    /// # Errors
    /// When the request belongs to no mount, or the owner does not answer.
    pub async fn explain(&self, question: &Question) -> Result<Explanation, DeskError> {
        match self {
            Self::Here(engine) => {
                let asked = question.clone().asked(&engine.settings().upstreams);
                let (request, overrides) = asked.map_err(DeskError::Question)?;
                Ok(engine.explain(&request, &overrides).await)
            }
            Self::There(owner) => owner.call(Method::POST, "/explain", question).await,
        }
    }

    /// Why a call of the history was answered as it was; none where its request is not remembered.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn explain_call(&self, call: CallId) -> Result<Option<Explanation>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.explain_call(call).await),
            Self::There(owner) => match owner.get(&format!("/calls/{}/explain", call.0)).await {
                Ok(explanation) => Ok(Some(explanation)),
                Err(DeskError::Refused { status: 404, .. }) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    /// Groups of recordings that answer the same calls although their requests differ, the newest first in each.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn ambiguous(&self) -> Result<Vec<Vec<RecordingId>>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.ambiguous().await),
            Self::There(owner) => owner.get("/recordings/ambiguous").await,
        }
    }

    /// Fields that vary between otherwise equal calls of the history.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn suggestions(&self) -> Result<Vec<Suggestion>, DeskError> {
        match self {
            Self::Here(engine) => Ok(engine.suggestions().await),
            Self::There(owner) => owner.get("/suggestions").await,
        }
    }

    /// Closes the store, if it is ours.
    pub async fn close(self) {
        if let Self::Here(engine) = self {
            engine.close(crate::proxy::DRAIN).await;
        }
    }
}

// === impl Owner ===

#[derive(serde::Deserialize)]
struct Ids {
    ids: Vec<RecordingId>,
}

#[derive(serde::Deserialize)]
struct Begun {
    cursors: usize,
}

impl Owner {
    /// How long the owner may take: its answers come from memory and disk.
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, DeskError> {
        Self::read(self.send(Method::GET, path, Bytes::new()).await?)
    }

    async fn call<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<T, DeskError> {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self::read(self.send(method, path, body.into()).await?)
    }

    async fn ids(&self, path: &str, ids: &[RecordingId]) -> Result<Vec<RecordingId>, DeskError> {
        let answer: Ids = self.call(Method::POST, path, &json!({ "ids": ids })).await?;
        Ok(answer.ids)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(u16, Headers, Bytes), DeskError> {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let request = Request {
            method: method.as_str().into(),
            target: format!("/__retake{path}"),
            headers: headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect(),
            body,
            ..Request::default()
        };
        let mut answer = self.client.forward(&request, &self.base).await?;
        let mut whole = Vec::new();
        while let Some(piece) = answer.body.piece().await {
            whole.extend_from_slice(&piece?);
        }
        Ok((answer.status, answer.headers, whole.into()))
    }

    fn read<T: DeserializeOwned>((status, _, body): (u16, Headers, Bytes)) -> Result<T, DeskError> {
        if !(200..300).contains(&status) {
            let value: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            let message =
                value["error"]["message"].as_str().unwrap_or("an answer that is not retake's").to_owned();
            return Err(DeskError::Refused { status, message });
        }
        serde_json::from_slice(&body)
            .map_err(|error| DeskError::Refused { status, message: error.to_string() })
    }
}
