//! Sending a request once more to see what answers it, and the fields of it that decide. Nothing is forwarded.

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::call::answer::call_types::Incoming;
use crate::engine::call::answer::overrides::Overrides;
use crate::engine::call::answer::raw_call::RawCall;
use crate::engine::explain::diff::ExchangeRef;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::model::{CallId, Latency, Mode, Outcome, RecordingId, Request};

/// The number of fields that are told; a body may have many more.
const TOLD: usize = 500;

/// The outcome of a request that was sent once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fired {
    /// The call in the history.
    pub call: CallId,
    /// A replay or a miss; nothing else can come of it.
    pub outcome: Option<Outcome>,
    /// The recording that answered.
    pub recording: Option<RecordingId>,
    /// One line that says why, where nothing did.
    pub reason: Option<String>,
}

/// The fields of a recording's request, as its strategy sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deciding {
    /// The hash of the fields that decide.
    pub fingerprint: String,
    /// The fields, sorted by name.
    pub fields: Vec<FieldShown>,
    /// The number of fields beyond those.
    pub left_out: usize,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldShown {
    /// The field's name.
    pub field: String,
    /// The value in one line of at most 80 characters.
    pub value: String,
    /// True if it decides.
    pub significant: bool,
}

impl Engine {
    /// Sends the request of a recording, in its scope, or of a call, with its scope and match headers, through the engine
    /// once more, in mode `replay-or-error`: nothing is forwarded. It is a call like any other: it is in the history, and a
    /// hit counts.
    ///
    /// # Errors
    /// When the recording is not there or cannot be read, or the call or what it asked for is not in memory: another
    /// request is never sent in its place.
    pub async fn fire(&self, thing: &ExchangeRef) -> Result<Fired, VerbError> {
        let (request, asked) = match thing {
            ExchangeRef::Recording(id) | ExchangeRef::Original(id) => self.request_to_fire(id)?,
            ExchangeRef::Call(id) => {
                let call = self.call(*id).ok_or(VerbError::UnknownCall(id.0))?;
                let request = self.request_of_call(&call).ok_or(VerbError::Forgotten(id.0))?;
                (request.get().clone(), Overrides::of_call(&call))
            }
        };
        let overrides = Overrides {
            mode: Some(Mode::ReplayOrError),
            latency: Some(Latency::None),
            original_media: true,
            ..asked
        };
        let (base, started) = (Arc::from("http://127.0.0.1"), Instant::now());
        let raw = RawCall {
            method: &request.method,
            mount: &request.mount,
            target: &request.target,
            headers: &sent(&request.headers),
            body: &request.body,
            overrides: &overrides,
            base: &base,
            started,
        };
        let key = self.raw_key(&raw);
        let mut context =
            self.call_context(Incoming { request, overrides, base, started, key, held: None }).await;
        let call = context.guard.call().id;
        // Whoever reads the answer to its end could wait for ever: a recording may be one that stalls.
        drop(self.answer_context(context).await);
        let known = self.call(call).ok_or(VerbError::UnknownCall(call.0))?;
        let (outcome, recording) = (known.outcome, known.recording.clone());
        Ok(Fired { call, outcome, recording, reason: known.reason.clone() })
    }

    fn request_to_fire(&self, id: &RecordingId) -> Result<(Request, Overrides), VerbError> {
        let unknown = || VerbError::Unknown(id.clone());
        // One in the trash can still be read.
        self.row(id).ok_or_else(unknown)?;
        let recording = self.recording(id)?.ok_or_else(unknown)?;
        let scope = recording.scope.as_deref().map(Into::into);
        Ok((recording.request.get().clone(), Overrides { scope, ..Overrides::default() }))
    }

    /// The fields of a recording's request, and which of them decide; `None` where it is not there.
    pub async fn deciding(&self, id: &RecordingId) -> Option<Deciding> {
        let strategy = self.row(id)?.strategy.clone();
        let id = id.clone();
        self.aside(move |engine| {
            let fields = engine.fields_of(&id)?;
            let mut all = fields.under_strategy(&strategy);
            let told = all.by_ref().take(TOLD).map(|(field, value, significant)| FieldShown {
                value: match fields.opaque.filter(|_| field.is_whole_body()) {
                    Some(why) => format!("as it is, byte for byte: {why}"),
                    None => value,
                },
                field: field.to_string(),
                significant,
            });
            let told: Vec<_> = told.collect();
            let left_out = all.count();
            Some(Deciding { fingerprint: fields.fingerprint(&strategy).to_string(), fields: told, left_out })
        })
        .await
    }
}

/// Headers as a client sends them.
fn sent(headers: &crate::model::Headers) -> HeaderMap {
    let parsed = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
    });
    let mut map = HeaderMap::new();
    for (name, value) in parsed {
        map.append(name, value);
    }
    map
}
