//! Recording: a forwarded call becomes a recording, verified, and announced only when it is safe.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::answer::{Answer, Asked, header_map, mark};
use super::body::AnswerBody;
use super::forward::{Sent, end_to_end, endpoint_of, retry_after};
use super::linked::cut;
use super::media::Downloaded;
use super::tee::{Arrived, End, Tee};
use super::ticket::{Ticket, micros};
use super::{Engine, clock, jobs};
use crate::dialect::Dialect;
use crate::matching::{Fields, summary};
use crate::model::{
    ByteLog, Completeness, Event, Hash, Level, Outcome, Provenance, Recording, RecordingId, Response, Row,
    Scrubbed, Strategy, Usage,
};
use crate::reading::{count_images, tokens};
use crate::store::{Change, Indexed, Keys, StoreError};
use crate::upstream::{Arriving, Base};

/// The longest answer that is recorded: longer ones are forwarded only.
pub(super) const KEEP: u64 = 256 << 20;

/// Recordings that are in the library but not yet safe in the store.
#[derive(Default)]
pub(super) struct Unsaved {
    recordings: Mutex<HashMap<RecordingId, Arc<Recording>>>,
}

/// A recording in the making.
pub(super) struct Draft {
    pub(super) engine: Engine,
    pub(super) id: RecordingId,
    pub(super) request: Scrubbed,
    fields: Fields,
    strategy: Strategy,
    /// The scope of the call.
    scope: Option<String>,
    /// Status and headers; the body is on its way.
    pub(super) response: Response,
    secrets: Vec<Bytes>,
    pub(super) upstream: Base,
    ticket: Ticket,
}

/// A recording in the making and the body that is on its way in.
pub(super) struct Drafted {
    pub(super) draft: Draft,
    pub(super) body: Arriving,
    pub(super) sent: Instant,
    /// What the client gets.
    pub(super) headers: http::HeaderMap,
    /// Where links stand; nothing where there are none to look for.
    pub(super) patterns: &'static [&'static str],
    /// The proxy's URL for them; none leaves them as they are.
    pub(super) base: Option<Arc<str>>,
}

impl Engine {
    pub(super) async fn record(&self, sent: Sent) -> Answer {
        let drafted = self.draft(sent);
        if drafted.is_linked() {
            // Read in a task of its own: a client that leaves does not stop the recording.
            let (dialect, (tell, told)) =
                (Dialect::of_mount(&drafted.draft.request.mount), oneshot::channel());
            self.shared.tasks.spawn(async move {
                let (answer, rest) = drafted.linked().await;
                let _ = tell.send(answer);
                rest.await;
            });
            return told.await.unwrap_or_else(|_| cut(dialect));
        }
        let Drafted { draft, body, sent, headers, .. } = drafted;
        let (status, tasks) = (draft.response.status, self.shared.tasks.clone());
        let finish = Box::new(move |arrived: Arrived| {
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                let engine = draft.engine.clone();
                engine.shared.tasks.spawn_on(draft.store(arrived, Vec::new()), &runtime);
            }
        });
        let tee = Tee::new(body, sent, KEEP, Some(tasks), finish);
        Answer { status, headers, body: AnswerBody::Tee(Box::new(tee)) }
    }

    /// Makes a draft of an answer that has begun.
    pub(super) fn draft(&self, sent: Sent) -> Drafted {
        let Sent { asked, answer, upstream, at } = sent;
        let (id, strategy) = (clock::recording_id(), self.stamped(&asked));
        let Asked { incoming, scrubbed, fields, secrets, mut ticket, .. } = asked;
        let response =
            Response { status: answer.status, headers: end_to_end(answer.headers), log: ByteLog::default() };
        let (status, mut headers) = (answer.status, header_map(&scrubbed.method, &response));
        mark(&mut headers, Outcome::Record, Some(&id), None);
        ticket.call().status = Some(status);
        ticket.call().retry_after = retry_after(&response, clock::now());
        ticket.call().recording = Some(id.clone());
        ticket.progress();
        let (dialect, endpoint) = endpoint_of(&scrubbed);
        let is_json = response.headers.media_type() == "application/json";
        let holds_links = is_json && (200..300).contains(&status);
        let patterns = if holds_links { dialect.links(&endpoint) } else { &[] };
        let overrides = incoming.overrides;
        let base = (!overrides.original_media).then_some(incoming.base);
        let draft = Draft {
            engine: self.clone(),
            id,
            fields,
            strategy,
            scope: overrides.scope.as_deref().map(str::to_owned),
            secrets,
            request: scrubbed,
            response,
            upstream,
            ticket,
        };
        Drafted { draft, body: answer.body, sent: at, headers, patterns, base }
    }

    /// The strategy of what a call records.
    pub(super) fn stamped(&self, asked: &Asked) -> Strategy {
        let summary = summary(&asked.scrubbed);
        let (header, profile) = (asked.incoming.overrides.strategy.as_ref(), asked.profile.as_deref());
        self.settings().strategy_of(header, profile, &summary.endpoint, summary.model.as_deref())
    }

    /// A whole recording, also one that is on its way into the store.
    ///
    /// # Errors
    /// When it cannot be read, or a body is not what was stored.
    pub fn recording(&self, id: &RecordingId) -> Result<Option<Arc<Recording>>, StoreError> {
        if let Some(recording) = self.shared.unsaved.get(id) {
            return Ok(Some(recording));
        }
        Ok(self.shared.store.recording(id)?.map(Arc::new))
    }

    /// Adds a recording that comes from elsewhere, such as a fixture.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn import(&self, recording: Recording, media: Vec<(Hash, Bytes)>) -> Result<(), StoreError> {
        let mut recording = self.scrub_answers_of(recording, &[]);
        recording.provenance.stored_at = clock::now();
        let keys = self.keys_of(&recording, &recording.strategy);
        let row = Arc::new(row_of(&recording));
        self.put(&recording, &row, &keys, media).await?;
        self.shared.library.insert(Indexed { row: Arc::clone(&row), keys });
        self.shared.history.announce(|| Event::Stored { rows: vec![row] });
        Ok(())
    }

    /// The fingerprints that a look-up needs.
    pub(super) fn keys(&self, fields: &Fields, strategy: &Strategy) -> Keys {
        let canonical = self.shared.live.load().version;
        Keys {
            canonical,
            all: fields.all(),
            significant: fields.fingerprint(strategy),
            answer: None,
            earlier: fields.earlier().to_vec(),
        }
    }

    /// The fingerprints of a recording as it would be looked up now.
    pub(super) fn keys_of(&self, recording: &Recording, strategy: &Strategy) -> Keys {
        let answer = jobs::answer_id(&recording.request, &recording.response);
        Keys { answer, ..self.keys(&self.fields(&self.scrub(&recording.request)), strategy) }
    }

    /// Brings the keys of recordings up to date that an older canonical form made.
    pub(super) fn rekey(&self) {
        let mut rows = self.shared.library.outdated(self.shared.live.load().version);
        // What a request names by an earlier answer's id comes first.
        rows.sort_by_key(|row| row.recorded_at);
        let mut changes = Vec::new();
        for row in rows {
            let Ok(Some(recording)) = self.recording(&row.id) else { continue };
            let keys = self.keys_of(&recording, &row.strategy);
            // A dialect that has come to be known calls the same endpoint by another name.
            let row = Arc::new(Row { usage: row.usage.clone(), ..row_of(&recording) });
            self.shared.library.replace(Indexed { row: Arc::clone(&row), keys: keys.clone() });
            changes.push(Change::Retag { row, keys });
        }
        // Queued by the call; nobody waits for it, because it would only be done again.
        if !changes.is_empty() {
            drop(self.shared.store.commit_all(changes, clock::now()));
        }
    }
}

impl Draft {
    /// Makes the recording, shows it to the next call, stores it, verifies it, announces it.
    pub(super) async fn store(mut self, arrived: Arrived, media: Vec<Downloaded>) {
        let engine = self.engine.clone();
        Engine::note_end(&mut self.ticket, &arrived);
        let log = (!arrived.too_long).then(|| arrived.log.clone());
        let response = log.map(|log| Response { log, ..self.response.clone() });
        let response = match response {
            Some(response) => engine.scrub_arrived(&self.request, response, &self.secrets).await,
            None => None,
        };
        let Some(response) = response else {
            let why = if arrived.too_long { "more than 256 MiB" } else { "an encoding that cannot be read" };
            let text = format!("{} answered with {why}: passed on, not recorded", self.upstream);
            engine.notify(Level::Warning, text);
            self.ticket.call().recording = None;
            self.ticket.done(Outcome::Live);
            return;
        };
        self.response = response;
        // The answer that this request names may have become a recording meanwhile.
        let fields = engine.resolved(self.fields.literal().unwrap_or_else(|| self.fields.clone()));
        let answer = jobs::answer_id(&self.request, &self.response);
        let keys = Keys { answer, ..engine.keys(&fields, &self.strategy) };
        let (recording, bodies, ticket) = self.recording(&arrived, media);
        engine.downloaded(&recording.media);
        engine.add(recording, keys, bodies, ticket).await;
    }

    fn recording(self, arrived: &Arrived, media: Vec<Downloaded>) -> (Recording, Vec<(Hash, Bytes)>, Ticket) {
        let mut response = self.response;
        response.headers.retain(|name| name != "set-cookie");
        let playback = self.engine.playback(&self.request);
        let completeness = completeness(&self.request, &response, arrived.end);
        let bodies = media.iter().filter_map(|m| Some((m.medium.body?, m.body.clone()?))).collect();
        let recorded_at = clock::next();
        let provenance = Provenance {
            recorded_at,
            stored_at: recorded_at,
            upstream: self.upstream.as_str().into(),
            version: env!("CARGO_PKG_VERSION").into(),
            first_byte: micros(arrived.first_byte.unwrap_or(arrived.total)),
            total: micros(arrived.total),
        };
        let recording = Recording {
            strategy: self.strategy,
            scope: self.scope,
            playback,
            completeness,
            media: media.into_iter().map(|m| m.medium).collect(),
            ..Recording::new(self.id, self.request, response, provenance)
        };
        (recording, bodies, self.ticket)
    }
}

impl Engine {
    /// The order of a change: in memory, so that the next call sees it; in the store; announced.
    async fn add(&self, recording: Recording, keys: Keys, media: Vec<(Hash, Bytes)>, mut ticket: Ticket) {
        let (row, recording) = (Arc::new(row_of(&recording)), Arc::new(recording));
        let id = recording.id.clone();
        self.shared.unsaved.hold(&recording);
        self.shared.library.insert(Indexed { row: Arc::clone(&row), keys: keys.clone() });
        self.note_job(&recording, &keys);
        let stored = self.put(&recording, &row, &keys, media).await;
        self.shared.unsaved.release(&id);
        match stored {
            Ok(()) => {
                if !recording.completeness.replayable() {
                    self.shared.history.count_partial();
                    ticket.call().reason =
                        Some(format!("stored as partial: {}", recording.completeness.word()));
                }
                self.shared.history.announce(|| Event::Stored { rows: vec![row] });
                self.shared.history.forget(ticket.call().id);
                ticket.done(Outcome::Record);
            }
            Err(error) => {
                self.shared.library.remove(&id);
                self.forget(std::slice::from_ref(&id));
                let text = format!("{id} could not be stored: {error}");
                self.notify(Level::Error, text.clone());
                ticket.call().recording = None;
                ticket.call().reason = Some(text);
                ticket.done(Outcome::Error);
            }
        }
    }

    /// Stores a recording, reads it back, and flags it when it is not what was meant.
    async fn put(
        &self,
        recording: &Recording,
        row: &Arc<Row>,
        keys: &Keys,
        media: Vec<(Hash, Bytes)>,
    ) -> Result<(), StoreError> {
        let put = |recording: Recording, row: Arc<Row>, media| Change::Put {
            recording: Box::new(recording),
            row,
            keys: keys.clone(),
            media,
        };
        self.shared.store.commit(put(recording.clone(), Arc::clone(row), media), clock::now()).await?;
        if self.verify(recording, keys)? {
            return Ok(());
        }
        self.notify(Level::Error, format!("{} failed verification and will not be replayed", recording.id));
        let recording = Recording { completeness: Completeness::Unverified, ..recording.clone() };
        let row = Arc::new(Row { completeness: Completeness::Unverified, ..Row::clone(row) });
        self.shared.library.insert(Indexed { row: Arc::clone(&row), keys: keys.clone() });
        self.shared.store.commit(put(recording, row, Vec::new()), clock::now()).await
    }

    /// Whether what the store gives back replays equal bytes and answers its own request, scrubbed once more.
    pub(super) fn verify(&self, recording: &Recording, keys: &Keys) -> Result<bool, StoreError> {
        let Some(stored) = self.shared.store.recording(&recording.id)? else { return Ok(false) };
        let again = self.scrub(stored.request.get());
        let own = Keys { answer: keys.answer.clone(), ..self.keys(&self.fields(&again), &stored.strategy) };
        Ok(stored == *recording && own == *keys)
    }
}

// === impl Unsaved ===

impl Unsaved {
    fn hold(&self, recording: &Arc<Recording>) {
        let mut recordings = self.recordings.lock().unwrap_or_else(PoisonError::into_inner);
        recordings.insert(recording.id.clone(), Arc::clone(recording));
    }

    fn release(&self, id: &RecordingId) {
        self.recordings.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    pub(super) fn ids(&self) -> Vec<RecordingId> {
        self.recordings.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(super) fn get(&self, id: &RecordingId) -> Option<Arc<Recording>> {
        self.recordings.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

/// Whether a response arrived whole: the dialect's terminator was seen, or, where the endpoint has none, the body
/// ended cleanly (which includes the declared length).
pub(super) fn completeness(request: &Scrubbed, response: &Response, end: End) -> Completeness {
    let (dialect, endpoint) = endpoint_of(request);
    let terminated = dialect.complete(&endpoint, request, response);
    let nothing = Response { log: ByteLog::default(), ..response.clone() };
    let has_terminator = !dialect.complete(&endpoint, request, &nothing);
    match end {
        End::Clean if terminated => Completeness::Whole,
        End::Cut | End::Abandoned if terminated && has_terminator => Completeness::Whole,
        End::Clean | End::Cut => Completeness::CutByUpstream,
        End::Abandoned => Completeness::CutByClient,
    }
}

/// What lists show of a recording.
#[must_use]
pub fn row_of(recording: &Recording) -> Row {
    let summary = summary(&recording.request);
    let linked = recording.media.iter().filter(|m| m.content_type.starts_with("image/")).count();
    let submitted = || jobs::submitted(&recording.request, &recording.response);
    let job = jobs::polled(&recording.request).or_else(submitted);
    let size = recording.request.body.len() + recording.response.log.bytes.len();
    Row {
        id: recording.id.clone(),
        hash: recording.hash,
        method: recording.request.method.clone(),
        mount: recording.request.mount.clone(),
        endpoint: summary.endpoint,
        model: summary.model,
        prompt: summary.prompt,
        strategy: recording.strategy.clone(),
        name: recording.name.clone(),
        tags: recording.tags.clone(),
        protected: recording.protected,
        scope: recording.scope.clone(),
        playback: recording.playback,
        completeness: recording.completeness,
        status: recording.response.status,
        streamed: recording.response.headers.media_type() == "text/event-stream",
        images: count_images(&recording.response).max(u32::try_from(linked).unwrap_or(u32::MAX)),
        size: size as u64 + recording.media.iter().map(|m| m.len).sum::<u64>(),
        recorded_at: recording.provenance.recorded_at,
        stored_at: recording.provenance.stored_at,
        total: recording.provenance.total,
        answer: Some(Hash::of(&recording.response.log.bytes)),
        tokens: tokens(&recording.response),
        ending: recording.ending,
        source: recording.source.clone(),
        review: recording.review.clone(),
        edited: recording.original.is_some(),
        job: job.map(|job| job.to_string()),
        usage: Usage::default(),
    }
}
