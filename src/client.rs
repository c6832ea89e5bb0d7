//! The verbs, wherever the engine is: in this process, or in the one that owns the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::broadcast;

use crate::api::{CallShown, Question, Verb};
use crate::engine::{
    self, Blame, Diff, Engine, EngineError, Explanation, Media, Settings, Stats, Thing, VerbError,
};
use crate::matching::Suggestion;
use crate::model::{
    Call, CallId, Event, Exchange, MediaId, Mode, Notice, Recording, RecordingId, Row, Snapshot,
};
use crate::query::{Kind, Query, Subject};
use crate::reading::Prices;
use crate::store::{Ownership, Store, StoreError};

mod control_client;
mod listen;
mod verbs;

pub use control_client::ControlClient;

/// Where the verbs are carried out.
#[derive(Clone)]
pub enum Client {
    /// In this process.
    Local(Engine),
    /// In the process that owns the store, through its control API.
    Remote(ControlClient),
}

/// A verb that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine could not be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The owner could not be reached, or fell silent in the middle of an answer.
    #[error("the retake at {base}{} does not answer: {reason}", holder(*.process))]
    Unreachable {
        /// Its URL.
        base: String,
        /// Its process; none where it was found by its URL.
        process: Option<u32>,
        /// What went wrong.
        reason: String,
    },
    /// What answers is another program.
    #[error(
        "what answers at {base} is not a retake; give the URL that the proxy listens on, such as http://127.0.0.1:4010"
    )]
    NoRetake {
        /// The URL.
        base: String,
    },
    /// What answers is another program, although the store names the address.
    #[error(
        "what answers at {base} is not the retake that owns {}, although its LOCK says so: does that run in a container, \
         or on another machine?", store.display()
    )]
    Elsewhere {
        /// The URL.
        base: String,
        /// The store.
        store: PathBuf,
    },
    /// What answers speaks another control API.
    #[error(
        "the retake at {base} is version {theirs} and this one is {ours}; use the same version on both sides"
    )]
    OtherVersion {
        /// Its URL.
        base: String,
        /// Its version.
        theirs: String,
        /// This one's version.
        ours: &'static str,
    },
    /// No token is known.
    #[error(
        "the retake at {base} needs a token and no running retake owns {}: give the token of the LOCK file in its \
         store with --token or RETAKE_TOKEN", store.display()
    )]
    NoToken {
        /// Its URL.
        base: String,
        /// Where one was looked for.
        store: PathBuf,
    },
    /// The token is not the right one.
    #[error(
        "the retake at {base} does not take the token: it stands in the LOCK file of its store, and is another one at \
         each start; give it with --token or RETAKE_TOKEN"
    )]
    WrongToken {
        /// Its URL.
        base: String,
    },
    /// The owner refused, or answered something else.
    #[error("{}{message}", match status { 400..=409 | 502 => String::new(), _ => format!("the process that owns the store answered {status}: ") })]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The verb cannot be carried out.
    #[error(transparent)]
    Verb(#[from] VerbError),
    /// The request cannot be understood.
    #[error("{0}")]
    Question(String),
}

fn holder(process: Option<u32>) -> String {
    process.map(|process| format!(" (process {process}, which holds the store)")).unwrap_or_default()
}

impl ClientError {
    /// Whether it could be done by somebody who agrees to what it costs; the text says what that is.
    #[must_use]
    pub fn wants_consent(&self) -> bool {
        match self {
            Self::Verb(error) => error.blame() == Blame::Consent,
            Self::Refused { status, .. } => *status == 402,
            _ => false,
        }
    }
}

impl Client {
    /// Whether there is a store in `dir`.
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
        engine.recall();
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

    /// All that is known now.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn snapshot(&self) -> Result<Snapshot, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.snapshot()),
            Self::Remote(owner) => owner.get("/snapshot").await,
        }
    }

    /// All rows, the newest first.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn rows(&self) -> Result<Vec<Arc<Row>>, ClientError> {
        match self {
            Self::Local(engine) => {
                let mut rows: Vec<_> = engine.rows().into_values().collect();
                rows.sort_by_key(|row| std::cmp::Reverse((row.recorded_at, row.id.clone())));
                Ok(rows)
            }
            Self::Remote(owner) => owner.get("/recordings").await,
        }
    }

    /// The rows that a query shows, the newest first.
    ///
    /// # Errors
    /// When the query cannot be understood, or the store cannot be read.
    pub async fn list(&self, query: &str) -> Result<Vec<Arc<Row>>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.list(query).await?),
            Self::Remote(owner) => {
                // In the body: a filter may be longer than the line of a request.
                owner.call(Method::POST, "/recordings/search", &json!({ "query": query })).await
            }
        }
    }

    /// The numbers of the store and of what runs on it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn stats(&self) -> Result<Stats, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.stats().await?),
            Self::Remote(owner) => owner.get("/stats").await,
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

    /// The rows whose hash begins with `prefix`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find_hash(&self, prefix: &str) -> Result<Vec<Arc<Row>>, ClientError> {
        match self {
            Self::Local(engine) => {
                Ok(engine.find_hash(prefix)?.iter().filter_map(|id| engine.row(id)).collect())
            }
            Self::Remote(owner) => {
                owner.call(Method::POST, "/recordings/search", &json!({ "hash": prefix })).await
            }
        }
    }

    /// A whole recording.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn recording(&self, id: &RecordingId) -> Result<Option<Arc<Recording>>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.recording(id)?),
            Self::Remote(owner) => known(owner.get(&format!("/recordings/{id}")).await),
        }
    }

    /// The exchange of a recent call that became no recording.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn exchange(&self, call: CallId) -> Result<Option<Arc<Exchange>>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.exchange(call)),
            Self::Remote(owner) => {
                let shown: Option<CallShown> = known(owner.get(&format!("/calls/{}", call.0)).await)?;
                Ok(shown.and_then(|shown| shown.exchange))
            }
        }
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

    /// Switches the proxy's mode.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn set_mode(&self, mode: Mode) -> Result<(), ClientError> {
        match self {
            Self::Local(engine) => engine.set_mode(mode),
            Self::Remote(owner) => _ = owner.call::<_, Mode>(Method::PUT, "/mode", &mode).await?,
        }
        Ok(())
    }

    /// Starts the sequences of a scope anew, or all; gives how many had begun.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn reset_cursors(&self, scope: Option<&str>) -> Result<usize, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.reset_cursors(scope)),
            Self::Remote(owner) => {
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
    pub async fn explain(&self, question: &Question) -> Result<Explanation, ClientError> {
        match self {
            Self::Local(engine) => {
                let asked = question.clone().asked(&engine.settings().upstreams);
                let (request, overrides) = asked.map_err(ClientError::Question)?;
                Ok(engine.explain(&request, &overrides).await?)
            }
            Self::Remote(owner) => owner.call(Method::POST, "/explain", question).await,
        }
    }

    /// Why a call of the history was answered as it was; none where its request is not remembered.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn explain_call(&self, call: CallId) -> Result<Option<Explanation>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.explain_call(call).await),
            Self::Remote(owner) => known(owner.get(&format!("/calls/{}/explain", call.0)).await),
        }
    }

    /// What differs between two exchanges.
    ///
    /// # Errors
    /// When one is not there, is forgotten or has no answer yet, or the owner does not answer.
    pub async fn diff(&self, one: &Thing, other: &Thing, context: usize) -> Result<Diff, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.diff(one, other, context).await?),
            Self::Remote(owner) => {
                owner.get(&format!("/diff?one={one}&other={other}&context={context}")).await
            }
        }
    }

    /// The calls of the history that a query shows, the oldest first.
    ///
    /// # Errors
    /// When the query cannot be understood, or the owner does not answer.
    pub async fn calls(&self, query: &str) -> Result<Vec<Arc<Call>>, ClientError> {
        let query = Query::parse(query, Kind::Calls).map_err(VerbError::Query)?;
        let mut calls: Vec<Arc<Call>> = match self {
            Self::Local(engine) => engine.calls().into(),
            Self::Remote(owner) => owner.get("/calls").await?,
        };
        let now = engine::now();
        calls.retain(|call| query.shows(Subject::Call(call), now));
        Ok(calls)
    }

    /// Groups of recordings that answer the same calls although their requests differ, the newest first in each.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn ambiguous(&self) -> Result<Vec<Vec<RecordingId>>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.ambiguous().await),
            Self::Remote(owner) => owner.get("/recordings/ambiguous").await,
        }
    }

    /// Fields that vary between otherwise equal calls of the history.
    ///
    /// # Errors
    /// When the owner does not answer.
    pub async fn suggestions(&self) -> Result<Vec<Suggestion>, ClientError> {
        match self {
            Self::Local(engine) => Ok(engine.suggestions().await),
            Self::Remote(owner) => owner.get("/suggestions").await,
        }
    }

    /// Closes the store, if it is ours.
    pub async fn close(self) {
        if let Self::Local(engine) = self {
            engine.close(crate::api::DRAIN).await;
        }
    }
}

/// What an owner has, or none where it says that there is no such thing.
fn known<T>(answer: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match answer {
        Ok(thing) => Ok(Some(thing)),
        Err(ClientError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(serde::Deserialize)]
struct Begun {
    cursors: usize,
}
