//! Recording: a forwarded call becomes a recording, verified, and announced only when it is safe.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::answer::{Answer, LARGE, header_map, mark};
use super::asked::Asked;
use super::body::AnswerBody;
use super::budget::Hold;
use super::cursors::Scope;
use super::failures::OnFailure;
use super::forward::{Sent, end_to_end, endpoint_of, retry_after};
use super::linked::cut;
use super::media::Downloaded;
use super::reads::Arrival;
use super::tee::{Arrived, Before, End, Tee, Watch};
use super::ticket::{Ticket, micros};
use super::write::{Entered, Write};
use super::{Engine, VerbError, clock, jobs, lead_back};
use crate::dialect::{AnswerState, Dialect};
use crate::matching::Fields;
use crate::matching::summary;
use crate::model::{
    AnswerFailure, ByteLog, Completeness, Hash, Level, Mode, Outcome, Provenance, Recording, RecordingId,
    Response, Row, Scrubbed, Strategy, Timestamp, Usage,
};
use crate::reading::{count_images, tokens};
use crate::store::{Change, Indexed, Keys, StoreError};
use crate::upstream::{Arriving, Base};
use crate::wire::content_coding::decoded_len;

/// The longest answer that is recorded: longer ones are forwarded only.
pub(super) const KEEP: u64 = 256 << 20;

/// A recording in the making, and the call it comes from.
pub(super) struct Draft {
    pub(super) making: Arc<Making>,
    ticket: Ticket,
}

/// All that a recording is made of but the body, which is on its way.
pub(super) struct Making {
    pub(super) engine: Engine,
    pub(super) id: RecordingId,
    pub(super) request: Scrubbed,
    fields: Fields,
    strategy: Strategy,
    /// The scope of the call.
    scope: Scope,
    /// Whether a repeated read is recorded that says nothing new.
    again: bool,
    /// Status and headers.
    pub(super) response: Response,
    secrets: Vec<Bytes>,
    pub(super) upstream: Base,
    recorded_at: OnceLock<Timestamp>,
    /// What was shown already, because its stream said that it ended, and how long the body was.
    early: Mutex<Option<(u64, Fate)>>,
}

/// A recording that look-ups see, on its way into the store; or why there is none.
pub(super) struct Shown {
    engine: Engine,
    ticket: Ticket,
    fate: Fate,
    /// The memory that the answer takes until it is stored.
    _memory: Option<Hold>,
}

/// What became of an answer.
enum Fate {
    /// It is a recording.
    Entered(Entered, Completeness),
    /// It cannot be one.
    Unfit(&'static str),
    /// Failures like it are not stored.
    Dropped,
    /// It says what this recording says.
    Same(RecordingId),
}

/// A draft and the body that is on its way in.
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
                (Dialect::of_mount(&drafted.draft.making.request.mount), oneshot::channel());
            self.shared.tasks.spawn(async move {
                let (answer, rest) = drafted.linked().await;
                let _ = tell.send(answer);
                rest.await;
            });
            return told.await.unwrap_or_else(|_| cut(dialect));
        }
        let (status, tasks) = (drafted.draft.making.response.status, self.shared.tasks.clone());
        let (headers, tee) = drafted.tee(Some(tasks));
        Answer { status, headers, body: AnswerBody::Tee(Box::new(tee)) }
    }

    /// Makes a draft of an answer that has begun.
    pub(super) fn draft(&self, sent: Sent) -> Drafted {
        let Sent { asked, answer, upstream, at } = sent;
        let (id, strategy) = (clock::recording_id(), self.stamped(&asked));
        let response =
            Response { status: answer.status, headers: end_to_end(answer.headers), log: ByteLog::default() };
        let (status, mut headers) = (answer.status, header_map(&asked.scrubbed.method, &response));
        lead_back::at_once(&mut headers, &asked, &upstream);
        let Asked { incoming, scrubbed, fields, secrets, mode, mut ticket, .. } = asked;
        let failed = (status >= 400).then(|| self.settings().failures.of(status, AnswerFailure::Status));
        if failed == Some(OnFailure::Drop) {
            mark(&mut headers, Outcome::Live, None, None);
        } else {
            mark(&mut headers, Outcome::Record, Some(&id), None);
            ticket.call().recording = Some(id.clone());
        }
        ticket.call().status = Some(status);
        ticket.call().retry_after = retry_after(&response, clock::now());
        ticket.progress();
        let (dialect, endpoint) = endpoint_of(&scrubbed);
        let is_json = response.headers.media_type() == "application/json";
        let holds_links = is_json && (200..300).contains(&status);
        let patterns = if holds_links { dialect.links(&endpoint) } else { &[] };
        let overrides = incoming.overrides;
        let base = (!overrides.original_media).then_some(incoming.base);
        let making = Making {
            engine: self.clone(),
            id,
            fields,
            strategy,
            scope: overrides.scope,
            again: mode == Mode::Record,
            secrets,
            request: scrubbed,
            response,
            upstream,
            recorded_at: OnceLock::new(),
            early: Mutex::default(),
        };
        let draft = Draft { making: Arc::new(making), ticket };
        Drafted { draft, body: answer.body, sent: at, headers, patterns, base }
    }

    /// The strategy of what a call records.
    pub(super) fn stamped(&self, asked: &Asked) -> Strategy {
        let summary = summary(&asked.scrubbed);
        let (header, profile) = (asked.incoming.overrides.strategy.as_ref(), asked.profile.as_deref());
        let settings = self.settings();
        let wanted = settings.strategy_of(header, profile, &summary.endpoint, summary.model.as_deref());
        self.stamp(wanted, &asked.fields)
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
    /// When nobody knows what its answer holds, or it cannot be stored.
    pub async fn import(&self, recording: Recording, media: Vec<(Hash, Bytes)>) -> Result<(), VerbError> {
        let recording = self.scrub_answers_of(recording, &[])?;
        let mut recording = Arc::unwrap_or_clone(self.mended(Arc::new(recording)));
        recording.provenance.stored_at = clock::now();
        let keys = self.keys_of(&recording, &recording.strategy);
        let row = Arc::new(row_of(&recording));
        let write = Write::put(Arc::new(recording), Indexed { row, keys }, media);
        self.settle(self.enter(vec![write]), |_| {}).await?;
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
            let recording = self.mended(recording);
            let keys = self.keys_of(&recording, &recording.strategy);
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

impl Drafted {
    /// The body, passed on and recorded: what is made of it can be seen by everybody before its last bytes are handed over,
    /// and goes into the store behind them.
    pub(super) fn tee(self, drain: Option<TaskTracker>) -> (http::HeaderMap, Tee) {
        let Self { draft, body, sent, headers, .. } = self;
        let making = Arc::clone(&draft.making);
        let (dialect, endpoint) = endpoint_of(&making.request);
        let engine = making.engine.clone();
        let (watching, held) = (engine.clone(), engine.hold());
        let watch = dialect.end_watch(&endpoint, &making.response.headers).map(|end| Watch {
            end,
            ended: Box::new(move |arrived| {
                let (making, len) = (Arc::clone(&making), making.len(&arrived));
                aside_if_large(&watching, len, move || making.show_early(&arrived), drop)
            }),
        });
        let finish = Box::new(move |arrived: Arrived| {
            let (settling, len) = (engine.shared.tasks.clone(), draft.making.len(&arrived));
            let settle = move |shown: Shown| drop(settling.spawn(shown.settle()));
            aside_if_large(&engine, len, move || draft.show(arrived, Vec::new()), settle)
        });
        (headers, Tee::new(body, sent, KEEP, drain, finish).watched(watch).within(held))
    }
}

/// Runs work that takes as long as a body is long: at once for a short one, else where it keeps nobody else waiting. Gives
/// what is to be waited for until it is done; `then` begins what nobody waits for, but the end of the program.
pub(super) fn aside_if_large<T: Send + 'static>(
    engine: &Engine,
    len: usize,
    work: impl FnOnce() -> T + Send + 'static,
    then: impl FnOnce(T) + Send + 'static,
) -> Option<Before> {
    // Without a runtime the program is about to end.
    let runtime = tokio::runtime::Handle::try_current().ok()?;
    if len <= LARGE {
        then(work());
        return None;
    }
    // A task of its own: a client that leaves meanwhile does not stop it.
    let working = engine.clone();
    let task = async move { then(working.shared.budget.aside(len, work).await) };
    let task = engine.shared.tasks.spawn_on(task, &runtime);
    Some(Box::pin(async move { _ = task.await }))
}

impl Draft {
    /// Makes the recording and shows it to all calls to come.
    pub(super) fn show(mut self, arrived: Arrived, media: Vec<Downloaded>) -> Shown {
        Engine::note_end(&mut self.ticket, &arrived);
        let early = self.making.early.lock().unwrap_or_else(PoisonError::into_inner).take();
        let fate = match early {
            Some((len, fate)) if len == arrived.len => fate,
            _ => self.making.fate(&arrived, media),
        };
        Shown { engine: self.making.engine.clone(), ticket: self.ticket, fate, _memory: arrived.memory }
    }
}

impl Making {
    /// How long what arrived is when it is decoded, at most.
    fn len(&self, arrived: &Arrived) -> usize {
        decoded_len(&self.response.headers, arrived.log.bytes.len())
    }

    /// Shows what a stream holds that says it has ended. More may come: then it is shown again.
    fn show_early(&self, arrived: &Arrived) {
        let len = arrived.len;
        let fate = self.fate(arrived, Vec::new());
        *self.early.lock().unwrap_or_else(PoisonError::into_inner) = Some((len, fate));
    }

    fn fate(&self, arrived: &Arrived, media: Vec<Downloaded>) -> Fate {
        let (engine, settings) = (&self.engine, self.engine.settings());
        let scrubbed = arrived.unkept.map_or_else(
            || {
                let response = Response { log: arrived.log.clone(), ..self.response.clone() };
                engine.scrub_answer(&self.request, response, &self.secrets)
            },
            Err,
        );
        let mut response = match scrubbed {
            Ok(response) => response,
            Err(why) => return Fate::Unfit(why),
        };
        response.headers.retain(|name| name != "set-cookie");
        let (dialect, endpoint) = endpoint_of(&self.request);
        let state = dialect.answer_state(&endpoint, &self.request.method, &response);
        let completeness = completeness(state, arrived.end);
        let on_failure = state.failure.map(|failure| settings.failures.of(response.status, failure));
        if on_failure == Some(OnFailure::Drop)
            || !(completeness.replayable() || settings.failures.keeps_incomplete())
        {
            return Fate::Dropped;
        }
        // The answer that this request names may have become a recording meanwhile.
        let fields = engine.resolved(self.fields.literal().unwrap_or_else(|| self.fields.clone()));
        let answer = jobs::answer_id(&self.request, &response);
        let keys = Keys { answer, ..engine.keys(&fields, &self.strategy) };
        let passing = on_failure == Some(OnFailure::Retry) || !completeness.replayable();
        let place = (keys.all, &self.scope);
        let arrival =
            engine.shared.reads.note(&self.id, place, (&self.request, &response), (passing, self.again));
        let continues = match arrival {
            Arrival::Same(recording) => return Fate::Same(recording),
            Arrival::Next(before) => Some(before),
            Arrival::First => None,
        };
        self.enter(
            Recording { completeness, continues, ..self.recording(response, arrived, &media) },
            &keys,
            media,
        )
    }

    fn recording(&self, response: Response, arrived: &Arrived, media: &[Downloaded]) -> Recording {
        let recorded_at = *self.recorded_at.get_or_init(clock::next);
        let provenance = Provenance {
            recorded_at,
            stored_at: recorded_at,
            upstream: self.upstream.as_str().into(),
            version: env!("CARGO_PKG_VERSION").into(),
            first_byte: micros(arrived.first_byte.unwrap_or(arrived.total)),
            total: micros(arrived.total),
        };
        Recording {
            strategy: self.strategy.clone(),
            scope: self.scope.as_deref().map(str::to_owned),
            playback: self.engine.playback(&self.request),
            media: media.iter().map(|file| file.medium.clone()).collect(),
            ..Recording::new(self.id.clone(), self.request.clone(), response, provenance)
        }
    }

    fn enter(&self, recording: Recording, keys: &Keys, media: Vec<Downloaded>) -> Fate {
        let engine = &self.engine;
        let bodies = media.into_iter().filter_map(|m| Some((m.medium.body?, m.body?))).collect();
        let (row, recording) = (Arc::new(row_of(&recording)), Arc::new(recording));
        // Noted before the library says that something changed: who looks up then finds both.
        engine.note_job(&recording);
        let write = Write::put(Arc::clone(&recording), Indexed { row, keys: keys.clone() }, bodies);
        let entered = engine.enter(vec![write]);
        if recording.continues.is_some() || jobs::polled(&recording.request).is_some() {
            engine.note_played(&recording, keys);
        }
        Fate::Entered(entered, recording.completeness)
    }
}

impl Shown {
    /// Stores what is shown, and ends the call.
    pub(super) async fn settle(self) {
        let Self { engine, mut ticket, fate, _memory } = self;
        match fate {
            Fate::Entered(entered, completeness) => {
                if let Err(error) = engine.settle(entered, |_| {}).await {
                    let id = ticket.call().recording.take().map(|id| id.to_string()).unwrap_or_default();
                    let text = format!("{id} could not be stored: {error}");
                    engine.notify(Level::Error, text.clone());
                    ticket.call().reason = Some(text);
                    return ticket.done(Outcome::Error);
                }
                let row = ticket.call().recording.as_ref().and_then(|id| engine.row(id));
                let completeness = row.map_or(completeness, |row| row.completeness);
                if !completeness.replayable() {
                    engine.shared.history.count_partial();
                    ticket.call().reason = Some(format!("stored as partial: {}", completeness.word()));
                }
                engine.shared.history.forget(ticket.call().id);
                ticket.done(Outcome::Record);
            }
            Fate::Unfit(why) => {
                let mount = ticket.call().mount.to_string();
                engine
                    .notify(Level::Warning, format!("{mount} answered with {why}: passed on, not recorded"));
                ticket.call().recording = None;
                ticket.done(Outcome::Live);
            }
            Fate::Dropped => {
                ticket.call().recording = None;
                ticket.call().reason = Some("a failure, which the configuration says not to store".into());
                ticket.done(Outcome::Live);
            }
            Fate::Same(recording) => {
                ticket.call().reason = Some(format!("it says what {recording} says: not stored once more"));
                ticket.call().recording = Some(recording);
                ticket.done(Outcome::Live);
            }
        }
    }
}

/// Whether a response arrived whole: the dialect's terminator was seen, or, where the endpoint has none, the body
/// ended cleanly (which includes the declared length).
pub(super) fn completeness(state: AnswerState, end: End) -> Completeness {
    match end {
        _ if state.terminated => Completeness::Whole,
        End::Clean if state.ended => Completeness::Whole,
        End::Clean | End::Cut => Completeness::CutByUpstream,
        End::Abandoned => Completeness::CutByClient,
    }
}

/// What an answer to a request says of itself.
pub(super) fn answer_state(request: &Scrubbed, response: &Response) -> AnswerState {
    let (dialect, endpoint) = endpoint_of(request);
    dialect.answer_state(&endpoint, &request.method, response)
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
        failure: failure(recording),
        continues: recording.continues.clone(),
        usage: Usage::default(),
    }
}

/// How the upstream failed that sent an answer. Whoever made one fail on purpose wants to see it.
fn failure(recording: &Recording) -> Option<AnswerFailure> {
    recording.is_genuine().then(|| answer_state(&recording.request, &recording.response).failure).flatten()
}
