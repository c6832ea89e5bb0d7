//! A recording in the making: before its body has arrived, and until it is stored or given up.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

use crate::dialect::{answer_state, endpoint_of};
use crate::engine::budget::Hold;
use crate::engine::call::answer::call_guard::{CallGuard, note_end};
use crate::engine::call::answer::lead_back;
use crate::engine::call::answer::reply::{header_map, mark};
use crate::engine::call::answer::tee::{ArrivedBody, MAX_BODY, StreamWatch, Tee};
use crate::engine::call::answer::upstream_headers::{end_to_end, retry_after};
use crate::engine::call::call_context::CallContext;
use crate::engine::call::forward::SentCall;
use crate::engine::call::media::Downloaded;
use crate::engine::clock;
use crate::engine::failures::OnFailure;
use crate::engine::index::open_reads::ReadArrival;
use crate::engine::recording::commit::{Entered, Write};
use crate::engine::state::Engine;
use crate::matching::Fields;
use crate::model::{
    AnswerFailure, ByteLog, CallScope, Completeness, Level, Mode, Outcome, Recording, RecordingId, Response,
    Scrubbed, Strategy, Timestamp, Usage,
};
use crate::reading::answer_ids::answer_id;
use crate::reading::jobs::polled;
use crate::store::LookUpKeys;
use crate::upstream::{Arriving, Base};
use crate::wire::content_coding::decoded_len;

impl Engine {
    /// Makes a draft of an answer that has begun.
    pub(crate) fn draft(&self, sent: SentCall) -> RecordingDraft {
        let SentCall { context, answer, upstream, at } = sent;
        let (id, strategy) = (clock::recording_id(), self.stamped(&context));
        let response =
            Response { status: answer.status, headers: end_to_end(answer.headers), log: ByteLog::default() };
        let (status, mut headers) = (answer.status, header_map(&context.scrubbed.method, &response));
        lead_back::at_once(&mut headers, &context.incoming, &upstream);
        let CallContext { incoming, scrubbed, fields, secrets, mode, mut guard, .. } = context;
        let failed = (status >= 400).then(|| self.settings().failures.of(status, AnswerFailure::Status));
        if failed == Some(OnFailure::Drop) {
            mark(&mut headers, Outcome::Live, None, None);
        } else {
            mark(&mut headers, Outcome::Record, Some(&id), None);
            guard.call().recording = Some(id.clone());
        }
        guard.call().status = Some(status);
        guard.call().retry_after = retry_after(&response, clock::now());
        guard.progress();
        let (dialect, endpoint) = endpoint_of(&scrubbed);
        let is_json = response.headers.media_type() == "application/json";
        let holds_links = is_json && (200..300).contains(&status);
        let patterns = if holds_links { dialect.links(&endpoint) } else { &[] };
        let overrides = incoming.overrides;
        let base = (!overrides.original_media).then_some(incoming.base);
        let pending = PendingRecording {
            engine: self.clone(),
            id,
            fields: fields.into_inner().unwrap_or_else(|| self.fields(&scrubbed)),
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
        RecordingDraft {
            pending: Arc::new(pending),
            guard,
            body: answer.body,
            sent: at,
            headers,
            patterns,
            base,
        }
    }
}

/// All that a recording is made of but the body, which is on its way.
pub(crate) struct PendingRecording {
    pub(crate) engine: Engine,
    pub(crate) id: RecordingId,
    pub(crate) request: Scrubbed,
    fields: Fields,
    strategy: Strategy,
    /// The scope of the call.
    scope: CallScope,
    /// True if a repeated read is recorded that says nothing new.
    again: bool,
    /// Status and headers.
    pub(crate) response: Response,
    secrets: Vec<Bytes>,
    pub(crate) upstream: Base,
    recorded_at: OnceLock<Timestamp>,
    /// The outcome that was shown already, because its stream said that it ended, with the length of the body then.
    early: Mutex<Option<(u64, RecordingOutcome)>>,
}

/// A recording that look-ups see, on its way into the store; or why there is none.
pub(crate) struct ShownRecording {
    engine: Engine,
    guard: CallGuard,
    fate: RecordingOutcome,
    /// The memory that the answer takes until it is stored.
    _memory: Option<Hold>,
}

/// The outcome of an answer that was to be recorded.
pub(crate) enum RecordingOutcome {
    /// A recording.
    Entered(Entered, Completeness),
    /// No recording, for this reason.
    Unfit(&'static str),
    /// Failures like it are not stored.
    Dropped,
    /// A repetition of what this recording says.
    Same(RecordingId),
}

/// A recording in the making, the call that it comes from, and the body that is on its way in.
pub(crate) struct RecordingDraft {
    pub(crate) pending: Arc<PendingRecording>,
    pub(crate) guard: CallGuard,
    pub(crate) body: Arriving,
    pub(crate) sent: Instant,
    /// The headers that the client gets.
    pub(crate) headers: http::HeaderMap,
    /// The places where links stand; none where there are none to look for.
    pub(crate) patterns: &'static [&'static str],
    /// The proxy's URL for them; `None` leaves them as they are.
    pub(crate) base: Option<Arc<str>>,
}

impl RecordingDraft {
    /// The body, passed on and recorded: what is made of it can be seen by everybody before its last bytes are handed over,
    /// and goes into the store behind them.
    pub(crate) fn tee(self, drain: Option<TaskTracker>) -> (http::HeaderMap, Tee) {
        let Self { pending, guard, body, sent, headers, .. } = self;
        let early = Arc::clone(&pending);
        let (dialect, endpoint) = endpoint_of(&pending.request);
        let engine = pending.engine.clone();
        let (watching, held) = (engine.clone(), engine.hold());
        let watch = dialect.end_watch(&endpoint, &pending.response.headers).map(|end| StreamWatch {
            end,
            ended: Box::new(move |arrived| {
                let (pending, len) = (Arc::clone(&early), early.len(&arrived));
                watching.aside_if_large(len, move || pending.show_early(&arrived), drop)
            }),
        });
        let finish = Box::new(move |arrived: ArrivedBody| {
            let (settling, len) = (engine.shared.lifetime.tasks.clone(), pending.len(&arrived));
            let settle = move |shown: ShownRecording| drop(settling.spawn(shown.settle()));
            engine.aside_if_large(len, move || pending.show(guard, arrived, Vec::new()), settle)
        });
        (headers, Tee::new(body, sent, MAX_BODY, drain, finish).watched(watch).within(held))
    }
}

impl PendingRecording {
    /// Makes the recording and shows it to all calls to come.
    pub(crate) fn show(
        &self,
        mut guard: CallGuard,
        arrived: ArrivedBody,
        media: Vec<Downloaded>,
    ) -> ShownRecording {
        note_end(&mut guard, &arrived);
        let early = self.early.lock().take();
        let fate = match early {
            Some((len, fate)) if len == arrived.len => fate,
            _ => self.fate(&arrived, media),
        };
        ShownRecording { engine: self.engine.clone(), guard, fate, _memory: arrived.memory }
    }

    /// The length of what arrived once it is decoded, at most.
    fn len(&self, arrived: &ArrivedBody) -> usize {
        decoded_len(&self.response.headers, arrived.log.bytes.len())
    }

    /// Shows what a stream holds that says it has ended. More may come: then it is shown again.
    fn show_early(&self, arrived: &ArrivedBody) {
        let len = arrived.len;
        let fate = self.fate(arrived, Vec::new());
        *self.early.lock() = Some((len, fate));
    }

    fn fate(&self, arrived: &ArrivedBody, media: Vec<Downloaded>) -> RecordingOutcome {
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
            Err(why) => return RecordingOutcome::Unfit(why),
        };
        response.headers.retain(|name| name != "set-cookie");
        let state = answer_state(&self.request, &response);
        let completeness = state.completeness(arrived.end);
        let on_failure = state.failure.map(|failure| settings.failures.of(response.status, failure));
        if on_failure == Some(OnFailure::Drop)
            || !(completeness.replayable() || settings.failures.keeps_incomplete())
        {
            return RecordingOutcome::Dropped;
        }
        // The answer that this request names may have become a recording meanwhile.
        let fields = engine.resolved(self.fields.literal().unwrap_or_else(|| self.fields.clone()));
        let answer = answer_id(&self.request, &response);
        let keys = LookUpKeys { answer, ..engine.keys(&fields, &self.strategy) };
        let passing = on_failure == Some(OnFailure::Retry) || !completeness.replayable();
        let place = (keys.all, &self.scope);
        let arrival = engine.shared.takes.open_reads.note(
            &self.id,
            place,
            (&self.request, &response),
            (passing, self.again),
        );
        let continues = match arrival {
            ReadArrival::Same(recording) => return RecordingOutcome::Same(recording),
            ReadArrival::Next(before) => Some(before),
            ReadArrival::First => None,
        };
        self.enter(
            Recording { completeness, continues, ..self.recording(response, arrived, &media) },
            &keys,
            media,
        )
    }

    fn recording(&self, response: Response, arrived: &ArrivedBody, media: &[Downloaded]) -> Recording {
        let recorded_at = *self.recorded_at.get_or_init(clock::next);
        let provenance = arrived.provenance(recorded_at, self.upstream.as_str());
        Recording {
            strategy: self.strategy.clone(),
            scope: self.scope.as_deref().map(str::to_owned),
            playback: self.engine.playback(&self.request),
            media: media.iter().map(|file| file.medium.clone()).collect(),
            ..Recording::new(self.id.clone(), self.request.clone(), response, provenance)
        }
    }

    fn enter(&self, recording: Recording, keys: &LookUpKeys, media: Vec<Downloaded>) -> RecordingOutcome {
        let engine = &self.engine;
        let (_, bodies) = Downloaded::split(media);
        let recording = Arc::new(recording);
        // Noted before the index says that something changed: who looks up then finds both.
        engine.note_job(&recording);
        let write = Write::put(Arc::clone(&recording), keys.clone(), Usage::default(), bodies);
        let entered = engine.enter(vec![write]);
        if recording.continues.is_some() || polled(&recording.request).is_some() {
            engine.note_played(&recording, keys);
        }
        RecordingOutcome::Entered(entered, recording.completeness)
    }
}

impl ShownRecording {
    /// Stores what is shown, and ends the call.
    pub(crate) async fn settle(self) {
        let Self { engine, mut guard, fate, _memory } = self;
        match fate {
            RecordingOutcome::Entered(entered, completeness) => {
                if let Err(error) = engine.settle(entered, |_| {}).await {
                    let id = guard.call().recording.take().map(|id| id.to_string()).unwrap_or_default();
                    let text = format!("{id} could not be stored: {error}");
                    engine.notify(Level::Error, text.clone());
                    guard.call().reason = Some(text);
                    return guard.done(Outcome::Error);
                }
                let row = guard.call().recording.as_ref().and_then(|id| engine.row(id));
                let completeness = row.map_or(completeness, |row| row.completeness);
                if !completeness.replayable() {
                    engine.shared.history.count_partial();
                    guard.call().reason = Some(format!("stored as partial: {}", completeness.word()));
                }
                engine.shared.history.exchanges.forget(guard.call().id);
                guard.done(Outcome::Record);
            }
            RecordingOutcome::Unfit(why) => {
                let mount = guard.call().mount.to_string();
                engine
                    .notify(Level::Warning, format!("{mount} answered with {why}: passed on, not recorded"));
                guard.call().recording = None;
                guard.done(Outcome::Live);
            }
            RecordingOutcome::Dropped => {
                guard.call().recording = None;
                guard.call().reason = Some("a failure, which the configuration says not to store".into());
                guard.done(Outcome::Live);
            }
            RecordingOutcome::Same(recording) => {
                guard.call().reason = Some(format!("it says what {recording} says: not stored once more"));
                guard.call().recording = Some(recording);
                guard.done(Outcome::Live);
            }
        }
    }
}
