//! Replays: the answer of a recording, to a call that is known by its bytes and to one that was looked up.

use std::sync::Arc;
use std::time::Instant;

use http::HeaderMap;

use crate::dialect::Refusal;
use crate::dialect::media_links;
use crate::engine::call::answer::body::AnswerBody;
use crate::engine::call::answer::call_guard::CallGuard;
use crate::engine::call::answer::call_types::{Answer, Incoming};
use crate::engine::call::answer::lead_back::UpstreamOrigin;
use crate::engine::call::answer::overrides::Overrides;
use crate::engine::call::answer::raw_call::{RawCall, RawKey};
use crate::engine::call::answer::replay_cache::{KnownHit, LONG, ReadyAnswer, ReadyKey, ready_key};
use crate::engine::call::answer::reply::{MATCHED, header_map, mark, strategy_value};
use crate::engine::call::answer::tee::MAX_BODY;
use crate::engine::call::call_context::CallContext;
use crate::engine::clock;
use crate::engine::clock::micros;
use crate::engine::index::cursors::TakeTurn;
use crate::engine::index::found_recording::FoundRecording;
use crate::engine::index::generations::Dependence;
use crate::engine::index::use_count::UseCounter;
use crate::engine::state::Engine;
use crate::matching::replaced_places;
use crate::model::{Call, CallId, CallScope, Ending, Latency, Mode, Outcome, RecordingId};
use crate::reading::jobs;
use crate::store::StoreError;

/// The reason why an answer is not ready.
enum NotReady {
    /// The recording cannot be read.
    Unreadable(StoreError),
    /// No memory is left for it.
    Full,
}

impl Engine {
    /// The hash of a raw request, as the configuration in force looks at it.
    #[must_use]
    pub fn raw_key(&self, raw: &RawCall<'_>) -> RawKey {
        let live = self.shared.live.load();
        raw.key_under(live.version, live.canon.headers())
    }

    /// The answer to a call whose raw bytes were seen before: no parsing, no comparing. None for any other.
    #[must_use]
    pub fn answer_known(&self, raw: &RawCall<'_>, key: &RawKey) -> Option<Answer> {
        let hit = self.shared.replay_cache.hit(key)?;
        if !self.shared.index.holds(&hit.depends) {
            return None;
        }
        if hit.expires.is_some_and(|at| clock::now() > at) {
            return None;
        }
        let live = self.shared.live.load();
        let (settings, call) = (&live.settings, &hit.call);
        let profile = settings.raw_profile(raw.headers, raw.target);
        let mode = settings
            .mode_of(
                raw.overrides.mode,
                profile.map(|profile| &**profile),
                &call.endpoint,
                call.model.as_deref(),
            )
            .unwrap_or_else(|| self.mode());
        let asks = settings.asks(mode, &call.mount);
        if !mode.looks_up() || asks != hit.asks || profile.map(|p| &p.name) != call.profile.as_ref() {
            return None;
        }
        let key = ready_key(&hit.recording, raw.overrides, raw.base);
        let ready = match self.shared.replay_cache.ready(&key) {
            Some(ready) => ready,
            // Reading it would keep others waiting.
            None if self.shared.index.size(&hit.recording)? >= LONG => return None,
            None => self.prepared(key).ok()??,
        };
        let (mut headers, status) = (ready.headers.clone(), ready.status);
        if let Some(matched) = &hit.matched {
            headers.insert(MATCHED, matched.clone());
        }
        ready.lead_back(&mut headers, raw.base, raw.overrides, raw.mount);
        self.restart(&ready, &raw.overrides.scope);
        if ready.latency(raw.overrides, settings) == Latency::None && ready.ending == Ending::Clean {
            self.replayed_at_once(&hit, mode, raw.started);
            return Some(Answer { status, headers, body: AnswerBody::Whole(ReadyAnswer::body(&ready)) });
        }
        let mut guard = CallGuard::like(&self.shared.history, &hit.call, mode, raw.started);
        self.count_hit(&mut guard, &hit.used);
        hit.asking.iter().for_each(|asking| guard.compares(asking));
        Some(self.serve(guard, (headers, &ready), raw.overrides, None))
    }

    /// Announces a replay that was answered at once: no guard, because there is nothing to follow.
    fn replayed_at_once(&self, hit: &KnownHit, mode: Mode, started: Instant) {
        let (at, took) = (clock::now(), micros(started.elapsed()));
        self.note_use(&hit.used, at, hit.call.scope.as_ref());
        let call = Call {
            at,
            mode,
            outcome: Some(Outcome::Replay),
            done: true,
            first_byte: Some(took),
            total: Some(took),
            ..hit.call.clone()
        };
        self.shared
            .history
            .put(call, hit.asking.as_ref(), || Some(hit.used.hit(at, hit.call.scope.as_ref())));
    }

    /// The answer of a recording that was found.
    pub(crate) async fn replay(&self, mut context: CallContext, found: &FoundRecording) -> Answer {
        let ready = self.made_ready(&found.id, &context.incoming).await;
        let incoming = &context.incoming;
        match ready {
            Ok(Some(ready)) => {
                let (mut headers, matched) = (ready.headers.clone(), strategy_value(&found.strategy));
                let matched = matched.filter(|matched| headers.get(MATCHED) != Some(matched));
                if let Some(matched) = &matched {
                    headers.insert(MATCHED, matched.clone());
                }
                let call = context.guard.call();
                call.status = Some(ready.status);
                call.recording = Some(found.id.clone());
                call.cosmetic = found.cosmetic;
                call.response_len = ready.body.len() as u64;
                // What never comes again is not worth a place.
                if found.turn.is_none() && context.lasting && self.shared.replay_cache.seen(&incoming.key) {
                    let call = Call { id: CallId::default(), ..context.guard.call().clone() };
                    self.shared.replay_cache.learn(
                        incoming.key,
                        KnownHit {
                            recording: found.id.clone(),
                            used: Arc::clone(&found.used),
                            call,
                            asking: context.guard.compared().map(Arc::clone),
                            matched,
                            depends: self.dependence(&context, found),
                            expires: self.expires_at(&found.id),
                            asks: self.settings().asks(context.mode, &context.scrubbed.mount),
                        },
                    );
                }
                ready.lead_back(&mut headers, &incoming.base, &incoming.overrides, &context.scrubbed.mount);
                self.count_hit(&mut context.guard, &found.used);
                self.restart(&ready, &incoming.overrides.scope);
                let turn = found.turn.as_ref();
                let turn = turn.map(|turn| TakeTurn { job: jobs::polled(&context.scrubbed), ..turn.clone() });
                if found.cosmetic {
                    self.shared.history.exchanges.remember_hit(context.guard.call().id, context.scrubbed);
                }
                self.serve(context.guard, (headers, &ready), &incoming.overrides, turn)
            }
            Ok(None) => {
                let text = format!("recording {} was removed while it was looked up", found.id);
                let status = self.settings().miss_status;
                self.refuse(context, Outcome::Miss, &Refusal::new(status, "RECORDING_NOT_FOUND", &text))
            }
            Err(NotReady::Full) => {
                let text = "the answers that are being read take too much memory together; try again later";
                self.refuse(context, Outcome::Error, &Refusal::new(413, "ANSWERS_TOO_LARGE", text))
            }
            Err(NotReady::Unreadable(error)) => {
                let text = format!("recording {} cannot be read: {error}", found.id);
                tracing::error!("{text}");
                self.refuse(context, Outcome::Error, &Refusal::new(500, "STORE_UNREADABLE", &text))
            }
        }
    }

    /// The recordings on which it hangs that `found` answers a call.
    fn dependence(&self, context: &CallContext, found: &FoundRecording) -> Dependence {
        let CallContext { incoming: Incoming { overrides, .. }, generation, .. } = context;
        // A job's state hangs on the submit, too; what the call names itself on all recordings of its endpoint.
        let named = overrides.strategy.is_some() || overrides.recording.is_some();
        if named || jobs::polled(&context.scrubbed).is_some() {
            return Dependence::on_everything(*generation);
        }
        self.shared.index.dependence(context.fields(self), found, *generation)
    }

    fn serve(
        &self,
        mut guard: CallGuard,
        (headers, ready): (HeaderMap, &Arc<ReadyAnswer>),
        overrides: &Overrides,
        turn: Option<TakeTurn>,
    ) -> Answer {
        let latency = ready.latency(overrides, &self.settings());
        let first = guard.elapsed() + latency.due(ready.log.begins());
        guard.call().first_byte = Some(micros(first));
        let in_pieces = turn.is_some() || ready.ending != Ending::Clean;
        let give = if in_pieces { AnswerBody::paced } else { AnswerBody::held };
        let turn = turn.map(|turn| (self.clone(), turn));
        let ended = move |delivered: bool| {
            if let Some((engine, turn)) = turn.filter(|_| delivered) {
                engine.tell_given_up(engine.shared.takes.cursors.delivered(turn));
            }
            guard.done(Outcome::Replay);
        };
        let body = give(ReadyAnswer::body(ready), &ready.log, latency, ended);
        let body = body.ending(ready.ending);
        Answer { status: ready.status, headers, body }
    }

    /// Notes that a call answers from a recording, and makes its end a hit.
    fn count_hit(&self, guard: &mut CallGuard, used: &Arc<UseCounter>) {
        let call = guard.call();
        self.note_use(used, call.at, call.scope.as_ref());
        guard.hits(used);
    }

    /// A submit that is replayed begins its job anew in the call's scope.
    fn restart(&self, ready: &ReadyAnswer, scope: &CallScope) {
        if let Some(job) = &ready.job {
            self.shared.takes.cursors.restart(scope, job);
        }
    }

    /// The answer of a recording, ready to be sent. A long one is made ready once for all who want it.
    async fn made_ready(
        &self,
        id: &RecordingId,
        incoming: &Incoming,
    ) -> Result<Option<Arc<ReadyAnswer>>, NotReady> {
        let key = ready_key(id, &incoming.overrides, &incoming.base);
        if let Some(ready) = self.shared.replay_cache.ready(&key) {
            return Ok(Some(ready));
        }
        let Some(size) = self.shared.index.size(id).filter(|size| *size >= LONG) else {
            return self.prepared(key).map_err(NotReady::Unreadable);
        };
        let place = self.shared.replay_cache.place(&key);
        let mut known = place.lock().await;
        if let Some(ready) = known.upgrade() {
            return Ok(Some(ready));
        }
        // Files behind links count for a recording's size, and are read apart.
        let (mut held, size) = (self.hold(), usize::try_from(size.min(MAX_BODY)).unwrap_or(usize::MAX));
        if !held.cover(size) {
            return Err(NotReady::Full);
        }
        let engine = self.clone();
        let ready = self.shared.budget.aside(size, move || engine.prepared(key)).await;
        let Some(ready) = ready.map_err(NotReady::Unreadable)? else { return Ok(None) };
        // Nobody else has it yet, unless it is one of the short ones that stay.
        let ready = Arc::try_unwrap(ready)
            .map_or_else(|kept| kept, |ready| Arc::new(ReadyAnswer { held: Some(held), ..ready }));
        *known = Arc::downgrade(&ready);
        Ok(Some(ready))
    }

    fn prepared(&self, key: ReadyKey) -> Result<Option<Arc<ReadyAnswer>>, StoreError> {
        let Some(recording) = self.recording(&key.0)? else { return Ok(None) };
        let body = match &key.1 {
            Some(base) => media_links::rewritten(&recording.response.log.bytes, &recording.media, base),
            None => recording.response.log.bytes.clone(),
        };
        let mut headers = header_map(&recording.request.method, &recording.response);
        headers.remove("set-cookie");
        if let Some(places) = Some(replaced_places(&recording.response)).filter(|places| *places > 0) {
            headers.insert("x-retake-scrubbed", places.into());
        }
        mark(&mut headers, Outcome::Replay, Some(&key.0), Some(&recording.strategy));
        let ready = ReadyAnswer {
            status: recording.response.status,
            origin: UpstreamOrigin::of(&headers, &recording.provenance.upstream, &recording.request.target)
                .map(Box::new),
            headers,
            body,
            job: jobs::submitted(&recording.request, &recording.response),
            log: recording.response.log.clone(),
            pace: recording.pace,
            ending: recording.ending,
            held: None,
        };
        let ready = Arc::new(ready);
        self.shared.replay_cache.keep(key, &ready);
        Ok(Some(ready))
    }

    /// Forgets ready answers of recordings that changed.
    pub(crate) fn forget(&self, ids: &[RecordingId]) {
        self.shared.replay_cache.forget(ids);
        self.shared.sketches.forget(ids);
    }
}
