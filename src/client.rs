//! The verbs, wherever the engine is: in this process, or in the one that owns the store.

use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio::sync::broadcast;

use crate::api::{CallRequest, CallsRequest, FireCallRequest, FireRequest, RerecordRequest, Verb};
use crate::engine::{self, Blame, Engine, ExchangeRef, Fired, Media, Rerecord, Settings, VerbError};
use crate::model::{Call, CallId, Event, Exchange, MediaId, Notice, RecordingId};
use crate::query::{Query, QueryKind, Subject};
use crate::reading::Prices;
use crate::store::{Ownership, Store, StoreError};

mod control_client;
mod error;
mod listen;

pub use control_client::ControlClient;
pub use error::ClientError;

/// The process that carries the verbs out.
#[derive(Clone)]
pub enum Client {
    /// This process.
    Local(Engine),
    /// The process that owns the store, through its control API.
    Remote(ControlClient),
}

impl Client {
    /// True if there is a store in `dir`.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        Store::exists(dir)
    }

    /// The client of a store: its owner's where one runs, else an engine of our own that no proxy feeds; and what
    /// people should know about the opening.
    ///
    /// # Errors
    /// When the store cannot be opened, or belongs to a process without an address.
    pub fn open(dir: &Path, settings: Settings) -> Result<(Self, Vec<Notice>), ClientError> {
        if let Some(owner) = ControlClient::of(dir) {
            return Ok((Self::Remote(owner), Vec::new()));
        }
        let opened = match Store::open(dir, &Ownership::default(), engine::now()) {
            // Who had it said meanwhile where it listens.
            Err(in_use @ StoreError::InUse { address: Some(_), .. }) => {
                let owner = ControlClient::of(dir).ok_or(in_use)?;
                return Ok((Self::Remote(owner), Vec::new()));
            }
            opened => opened?,
        };
        let engine = Engine::new(settings, opened.store)?;
        engine.restore_history();
        Ok((Self::Local(engine), opened.notices))
    }

    /// Carries out a verb.
    ///
    /// # Errors
    /// When it cannot be done, or the owner does not answer.
    pub async fn run<V: Verb<Answer: DeserializeOwned>>(&self, verb: V) -> Result<V::Answer, ClientError> {
        match self {
            Self::Local(engine) => Ok(verb.run(engine).await?),
            Self::Remote(owner) => owner.run(&verb).await,
        }
    }

    /// The answer of a verb about something; `None` where that is not there.
    ///
    /// # Errors
    /// As [`Client::run`], for any other reason.
    pub async fn find<V: Verb<Answer: DeserializeOwned>>(
        &self,
        verb: V,
    ) -> Result<Option<V::Answer>, ClientError> {
        match self.run(verb).await {
            Ok(answer) => Ok(Some(answer)),
            Err(ClientError::Refused { status: 404, .. }) => Ok(None),
            Err(ClientError::Verb(error)) if error.blame() == Blame::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Announcements from now on. An owner in another process is listened to for as long as the receiver lives; what
    /// happens to it is announced, too.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        match self {
            Self::Local(engine) => engine.subscribe(),
            Self::Remote(owner) => listen::listen(owner.clone()),
        }
    }

    /// The prices in force; of an owner in another process the list prices, as it does not tell its own.
    #[must_use]
    pub fn prices(&self) -> Arc<Prices> {
        match self {
            Self::Local(engine) => Arc::clone(&engine.settings().prices),
            Self::Remote(_) => Arc::new(Prices::listed()),
        }
    }

    /// The exchange of a recent call that became no recording.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn exchange(&self, call: CallId) -> Result<Option<Arc<Exchange>>, ClientError> {
        let shown = self.find(CallRequest { id: call }).await?;
        Ok(shown.and_then(|shown| shown.exchange))
    }

    /// A file that a recording keeps.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn media(&self, id: &MediaId) -> Result<Option<Media>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.media(id.as_str()).await?),
            Self::Remote(owner) => {
                let (status, headers, body) = owner.fetch(&format!("/media/{id}")).await?;
                let content_type = headers.text("content-type").unwrap_or_default().to_owned();
                Ok((status == 200).then_some(Media { content_type, body }))
            }
        }
    }

    /// Sends the request of a recording or a call to the proxy once more; nothing is forwarded.
    ///
    /// # Errors
    /// When it is not there, cannot be read or, of a call, is not in memory.
    pub async fn fire(&self, thing: &ExchangeRef) -> Result<Fired, ClientError> {
        match thing {
            ExchangeRef::Recording(id) | ExchangeRef::Original(id) => {
                self.run(FireRequest { id: id.clone() }).await
            }
            ExchangeRef::Call(id) => self.run(FireCallRequest { id: *id }).await,
        }
    }

    /// Records one anew. The new answer waits for review.
    ///
    /// # Errors
    /// When it is not there, or the store cannot be written.
    pub async fn rerecord(&self, id: &RecordingId) -> Result<Rerecord, ClientError> {
        let done = self.run(RerecordRequest { ids: vec![id.clone()], dry_run: false }).await?;
        let message = "no word about the recording".to_owned();
        done.into_iter().next().ok_or(ClientError::Refused { status: 200, message })
    }

    /// The calls of the history that a query shows, the oldest first.
    ///
    /// # Errors
    /// When the query cannot be understood, or the owner does not answer.
    pub async fn calls(&self, query: &str) -> Result<Vec<Arc<Call>>, ClientError> {
        let query = Query::parse(query, QueryKind::Calls).map_err(VerbError::Query)?;
        let mut calls = self.run(CallsRequest::default()).await?.items;
        let now = engine::now();
        calls.retain(|call| query.shows(Subject::Call(call), now));
        Ok(calls)
    }

    /// Closes the store, if it is ours.
    pub async fn close(self) {
        if let Self::Local(engine) = self {
            engine.close(crate::api::DRAIN).await;
        }
    }
}
