//! Recordings that no call made: copies, and ones from scratch.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;
use crate::engine::aside::aside;
use crate::engine::clock;
use crate::engine::curate::label::Relabel;
use crate::engine::curate::step::RecordingEdit;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::matching::{check_strategy, credentials};
use crate::model::{
    ByteLog, Derivation, Headers, MediaId, MediaRef, Provenance, Recording, RecordingId, Request, Response,
    Source, Strategy, check_scope,
};

/// A recording from scratch.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The request that it answers; credentials are left out when it is stored.
    pub request: Request,
    /// The response; without one an answer is made up as a mock would be.
    #[serde(default)]
    pub response: Option<Response>,
    /// The match strategy; without one that of the configuration.
    #[serde(default)]
    pub strategy: Option<Strategy>,
    /// The scope it belongs to.
    #[serde(default)]
    pub scope: Option<String>,
    /// The recording's name.
    #[serde(default)]
    pub name: Option<String>,
    /// Only check it: the id that is given is of nothing.
    #[serde(default)]
    pub dry_run: bool,
}

impl Engine {
    /// Stores a recording from scratch, and gives its id.
    ///
    /// # Errors
    /// When it has no response and none can be made up, nobody knows what that holds, or the store cannot be written.
    pub async fn create(&self, draft: Draft) -> Result<RecordingId, VerbError> {
        let curation = self.curate().await;
        let Draft { request, response, strategy, scope, name, dry_run } = draft;
        let named = Relabel { name: name.clone(), ..Relabel::default() };
        named.check()?;
        self.check_taken(&[], &named)?;
        scope.as_deref().map_or(Ok(()), check_scope)?;
        let mock = request.clone();
        let made = || aside(move || Dialect::of_mount(&mock.mount).mock(&mock, "http://127.0.0.1"));
        let response = match response {
            Some(response) => Some(response),
            None => made().await,
        };
        let response = response.ok_or_else(|| VerbError::NoAnswer(request.target.clone()))?;
        let (id, scrubbed) = (clock::recording_id(), self.scrub(&request));
        if let Some(strategy) = &strategy {
            check_strategy(strategy, &self.fields(&scrubbed)).map_err(VerbError::Strategy)?;
        }
        let recording = Recording {
            strategy: strategy.unwrap_or_else(|| self.strategy_of(&scrubbed)),
            scope,
            name,
            ..Recording::new(id.clone(), scrubbed, response, Provenance::new(clock::next(), "", 0, 0))
        };
        let own = credentials(&request);
        let recording = self.aside(move |engine| engine.scrub_answers_of(recording, &own)).await?;
        if dry_run {
            return Ok(id);
        }
        curation.step("new", vec![RecordingEdit::Put(Box::new(recording), Vec::new())]).await?;
        Ok(id)
    }

    /// Copies recordings, and gives the ids of the copies in the same order. A copy is the newest take of its request, so
    /// it answers from now on.
    ///
    /// # Errors
    /// When one is not there, or the store cannot be read or written.
    pub async fn duplicate(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, VerbError> {
        let curation = self.curate().await;
        let mut edits = Vec::with_capacity(ids.len());
        for id in ids {
            let source = self.recording(id)?.ok_or_else(|| VerbError::Unknown(id.clone()))?;
            edits.push(RecordingEdit::Put(Box::new(derived(&source, Derivation::Duplicate)), Vec::new()));
        }
        Ok(curation.step("duplicate", edits).await?)
    }
}

/// A recording like another one, with an id of its own.
pub(crate) fn derived(source: &Recording, how: Derivation) -> Recording {
    let (id, now) = (clock::recording_id(), clock::next());
    let medium = |medium: &MediaRef| MediaRef { id: MediaId::of(&id, &medium.field), ..medium.clone() };
    Recording {
        media: source.media.iter().map(medium).collect(),
        provenance: Provenance { recorded_at: now, stored_at: now, ..source.provenance.clone() },
        source: Some(Source { recording: source.id.clone(), how }),
        // Names are for one, and what somebody protects is what they have looked at.
        name: None,
        protected: false,
        review: None,
        continues: None,
        id,
        ..source.clone()
    }
}

/// A response with one body, as people write one.
#[must_use]
pub fn plain_response(status: u16, content_type: &str, body: Bytes) -> Response {
    let headers = Headers::from_iter([("content-type", content_type.to_owned())]);
    Response { status, headers, log: ByteLog::whole(body, std::time::Duration::ZERO) }
}
