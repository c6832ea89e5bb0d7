//! Replays, and the two maps that keep them fast: from the hash of a raw request to the recording that answered it
//! last time, and from a recording to its answer ready to be sent. Both hold what can be derived at any time.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use sha2::{Digest, Sha256};

use super::answer::{Answer, Asked, Overrides, header_map, mark};
use super::asking::Asking;
use super::body::AnswerBody;
use super::cursors::{Scope, Turn};
use super::lead_back::{Origin, door};
use super::library::Found;
use super::ticket::{Ticket, micros};
use super::use_count::Use;
use super::{Engine, Settings, clock, jobs, links};
use crate::dialect::Refusal;
use crate::matching::{CANONICAL_VERSION, replaced_places};
use crate::model::{
    ByteLog, Call, CallId, Ending, KEPT_HEADERS, Latency, Mode, Outcome, RecordingId, Timestamp,
};
use crate::store::StoreError;

/// How many raw requests are remembered to have been asked for.
const ASKED: usize = 1 << 14;
/// How many different raw requests are known.
const KNOWN: usize = 8192;
/// How many bytes of ready answers are kept.
const READY: usize = 48 << 20;

/// The hash of all that can change which recording answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawKey([u8; 32]);

/// A call as the server has it: nothing is copied out of it before it is clear that it was not seen before.
pub struct Raw<'a> {
    /// The method.
    pub method: &'a str,
    /// The mount.
    pub mount: &'a str,
    /// What follows the mount.
    pub target: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
    /// What the call's own headers ask for.
    pub overrides: &'a Overrides,
    /// The proxy's base URL as the client knows it.
    pub base: &'a Arc<str>,
    /// When it arrived.
    pub started: Instant,
}

/// What was derived for replays.
pub(super) struct Replays {
    /// The beginnings of raw keys that were asked for, each in the place of an earlier one.
    asked: Box<[AtomicU64]>,
    known: RwLock<Known>,
    ready: RwLock<Ready>,
}

#[derive(Default)]
struct Known {
    /// The library's generation that the entries hold for.
    generation: u64,
    entries: HashMap<RawKey, Arc<Hit>, BuildHasherDefault<FirstBytes>>,
}

#[derive(Default)]
struct Ready {
    answers: HashMap<(RecordingId, Option<Arc<str>>), Arc<Prepared>>,
    bytes: usize,
}

/// A raw request that a recording answers: all but the body, which stands among the ready answers.
struct Hit {
    recording: RecordingId,
    used: Arc<Use>,
    /// The call, but for its id and times.
    call: Call,
    /// What it asks for.
    asking: Option<Arc<Asking>>,
    headers: HeaderMap,
    /// From when on its age has to be looked at.
    expires: Option<Timestamp>,
    /// Whether it was found for a call that could have been sent to an upstream: then other takes may play.
    asks: bool,
}

/// An answer ready to be sent.
struct Prepared {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    /// Where it came from, if its headers say where something is.
    origin: Option<Box<Origin>>,
    /// The job that it says was submitted.
    job: Option<Arc<str>>,
    /// The recorded body and its pieces, for pacing.
    log: ByteLog,
    /// How fast it is sent, whatever the proxy's latency is.
    pace: Option<Latency>,
    ending: Ending,
}

impl Engine {
    /// The hash of a raw request, as the configuration in force looks at it.
    #[must_use]
    pub fn raw_key(&self, raw: &Raw<'_>) -> RawKey {
        let live = self.shared.live.load();
        raw.key_under(live.version, live.canon.headers())
    }

    /// The answer to a call whose raw bytes were seen before: no parsing, no comparing. None for any other.
    #[must_use]
    pub fn answer_known(&self, raw: &Raw<'_>, key: &RawKey) -> Option<Answer> {
        let hit = self.shared.replays.known(key, self.shared.library.generation())?;
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
        let ready = self.prepared(&hit.recording, raw.overrides, raw.base).ok()??;
        let (mut headers, status) = (hit.headers.clone(), ready.status);
        ready.lead_back(&mut headers, raw.base, raw.overrides, raw.mount);
        self.restart(&ready, &raw.overrides.scope);
        if ready.latency(raw.overrides, settings) == Latency::None && ready.ending == Ending::Clean {
            self.replayed_at_once(&hit, mode, raw.started);
            return Some(Answer { status, headers, body: AnswerBody::Whole(ready.body.clone()) });
        }
        let mut ticket = Ticket::like(self, &hit.call, mode, raw.started);
        ticket.hits(&hit.used);
        hit.asking.iter().for_each(|asking| ticket.asks(asking));
        Some(self.serve(ticket, headers, &ready, raw.overrides))
    }

    /// Announces a replay that was answered the moment it was asked: no ticket, because there is nothing to follow.
    fn replayed_at_once(&self, hit: &Hit, mode: Mode, started: Instant) {
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
    pub(super) fn replay(&self, mut asked: Asked, found: &Found) -> Answer {
        let generation = asked.generation;
        let incoming = &asked.incoming;
        match self.prepared(&found.id, &incoming.overrides, &incoming.base) {
            Ok(Some(ready)) => {
                let mut headers = ready.headers.clone();
                mark(&mut headers, Outcome::Replay, Some(&found.id), Some(&found.strategy));
                let call = asked.ticket.call();
                call.status = Some(ready.status);
                call.recording = Some(found.id.clone());
                call.cosmetic = found.cosmetic;
                call.response_len = ready.body.len() as u64;
                let hit = Hit {
                    recording: found.id.clone(),
                    used: Arc::clone(&found.used),
                    call: Call { id: CallId::default(), ..call.clone() },
                    asking: asked.ticket.asking().map(Arc::clone),
                    headers: headers.clone(),
                    expires: self.row(&found.id).and_then(|row| self.expires(&row)),
                    asks: self.settings().asks(asked.mode, &asked.scrubbed.mount),
                };
                ready.lead_back(&mut headers, &incoming.base, &incoming.overrides, &asked.scrubbed.mount);
                asked.ticket.hits(&found.used);
                self.restart(&ready, &incoming.overrides.scope);
                match &found.turn {
                    // What never comes again is not worth a place.
                    None if asked.lasting && self.shared.replays.seen(&incoming.key) => {
                        self.shared.replays.learn(incoming.key, hit, generation);
                    }
                    None => {}
                    Some(turn) => {
                        let job = jobs::polled(&asked.scrubbed);
                        asked.ticket.plays(Turn { job, ..turn.clone() });
                    }
                }
                if found.cosmetic {
                    self.shared.history.remember_hit(asked.ticket.call().id, asked.scrubbed);
                }
                self.serve(asked.ticket, headers, &ready, &incoming.overrides)
            }
            Ok(None) => {
                let text = format!("recording {} was removed while it was looked up", found.id);
                let status = self.settings().miss_status;
                self.refuse(asked, Outcome::Miss, &Refusal::new(status, "RECORDING_NOT_FOUND", &text))
            }
            Err(error) => {
                let text = format!("recording {} cannot be read: {error}", found.id);
                tracing::error!("{text}");
                self.refuse(asked, Outcome::Error, &Refusal::new(500, "STORE_UNREADABLE", &text))
            }
        }
    }

    fn serve(
        &self,
        mut ticket: Ticket,
        headers: HeaderMap,
        ready: &Prepared,
        overrides: &Overrides,
    ) -> Answer {
        let latency = ready.latency(overrides, &self.settings());
        let first = ticket.elapsed() + latency.due(ready.log.begins());
        ticket.call().first_byte = Some(micros(first));
        let in_pieces = ticket.is_turn() || ready.ending != Ending::Clean;
        let give = if in_pieces { AnswerBody::paced } else { AnswerBody::held };
        let body = give(ready.body.clone(), &ready.log, latency, move |delivered| ticket.replayed(delivered));
        let body = body.ending(ready.ending);
        Answer { status: ready.status, headers, body }
    }

    /// A submit that is replayed begins its job anew in the call's scope.
    fn restart(&self, ready: &Prepared, scope: &Scope) {
        if let Some(job) = &ready.job {
            self.shared.cursors.restart(scope, job);
        }
    }

    fn prepared(
        &self,
        id: &RecordingId,
        overrides: &Overrides,
        base: &Arc<str>,
    ) -> Result<Option<Arc<Prepared>>, StoreError> {
        let base = (!overrides.original_media).then(|| Arc::clone(base));
        let key = (id.clone(), base);
        if let Some(ready) = self.shared.replays.ready(&key) {
            return Ok(Some(ready));
        }
        let Some(recording) = self.recording(id)? else { return Ok(None) };
        let body = match &key.1 {
            Some(base) => links::rewritten(&recording.response.log.bytes, &recording.media, base),
            None => recording.response.log.bytes.clone(),
        };
        let mut headers = header_map(&recording.request.method, &recording.response);
        headers.remove("set-cookie");
        if let Some(places) = Some(replaced_places(&recording.response)).filter(|places| *places > 0) {
            headers.insert("x-retake-scrubbed", places.into());
        }
        let ready = Prepared {
            status: recording.response.status,
            origin: Origin::of(&headers, &recording.provenance.upstream, &recording.request.target)
                .map(Box::new),
            headers,
            body,
            job: jobs::submitted(&recording.request, &recording.response),
            log: recording.response.log.clone(),
            pace: recording.pace,
            ending: recording.ending,
        };
        let ready = Arc::new(ready);
        self.shared.replays.keep(key, &ready);
        Ok(Some(ready))
    }

    /// Forgets ready answers of recordings that changed.
    pub(super) fn forget(&self, ids: &[RecordingId]) {
        let mut ready = self.shared.replays.ready.write().unwrap_or_else(PoisonError::into_inner);
        ready.answers.retain(|(id, _), _| !ids.contains(id));
        self.shared.outlines.forget(ids);
        ready.bytes = ready.answers.values().map(|answer| answer.weight()).sum();
    }
}

impl Raw<'_> {
    /// The hash of the raw request with the headers that matter, and of what its own headers ask for, as no configuration
    /// looks at it.
    #[must_use]
    pub fn key(&self) -> RawKey {
        self.key_under(CANONICAL_VERSION, &[])
    }

    /// The same under a configuration: `own` are the headers that matter because that says so.
    fn key_under(&self, version: u32, own: &[String]) -> RawKey {
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        // What was learned under one configuration is unknown under another, whichever headers that looks at.
        part(&version.to_le_bytes());
        part(self.mount.as_bytes());
        part(self.method.as_bytes());
        part(self.target.as_bytes());
        let counts = |name: &str| KEPT_HEADERS.contains(&name) || own.iter().any(|own| own == name);
        for (name, value) in self.headers.iter().filter(|(name, _)| counts(name.as_str())) {
            part(name.as_str().as_bytes());
            part(value.as_bytes());
        }
        part(b"");
        if let Some(strategy) = &self.overrides.strategy {
            part(strategy.to_string().as_bytes());
        }
        part(b"");
        part(self.overrides.recording.as_ref().map_or(b"", |id| id.as_str().as_bytes()));
        part(self.overrides.scope.as_deref().unwrap_or_default().as_bytes());
        part(self.body);
        RawKey(digest.finalize().into())
    }
}

impl std::hash::Hash for RawKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let first = self.0.first_chunk().copied().unwrap_or_default();
        state.write_u64(u64::from_le_bytes(first));
    }
}

/// The hash of a [`RawKey`], which is one already.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

// === impl Replays ===

impl Default for Replays {
    fn default() -> Self {
        let asked = (0..ASKED).map(|_| AtomicU64::new(0)).collect();
        Self { asked, known: RwLock::default(), ready: RwLock::default() }
    }
}

impl Replays {
    /// Whether a raw request was asked for before, as far as that is remembered; from now on it was.
    fn seen(&self, key: &RawKey) -> bool {
        let first = u64::from_le_bytes(key.0.first_chunk().copied().unwrap_or_default());
        let place = usize::try_from(first).unwrap_or_default() % ASKED;
        self.asked[place].swap(first, Ordering::Relaxed) == first
    }

    fn known(&self, key: &RawKey, generation: u64) -> Option<Arc<Hit>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        (known.generation == generation).then(|| known.entries.get(key).map(Arc::clone)).flatten()
    }

    /// Learns an answer that was found at `generation`; an older one must not stand beside newer ones.
    fn learn(&self, key: RawKey, hit: Hit, generation: u64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.generation > generation {
            return;
        }
        if known.generation < generation || known.entries.len() >= KNOWN {
            known.entries.clear();
            known.generation = generation;
        }
        known.entries.insert(key, Arc::new(hit));
    }

    fn ready(&self, key: &(RecordingId, Option<Arc<str>>)) -> Option<Arc<Prepared>> {
        self.ready.read().unwrap_or_else(PoisonError::into_inner).answers.get(key).map(Arc::clone)
    }

    fn keep(&self, key: (RecordingId, Option<Arc<str>>), answer: &Arc<Prepared>) {
        let mut ready = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        if answer.weight() > READY / 4 {
            return;
        }
        if ready.bytes + answer.weight() > READY {
            ready.answers.clear();
            ready.bytes = 0;
        }
        ready.bytes += answer.weight();
        ready.answers.insert(key, Arc::clone(answer));
    }
}

impl Prepared {
    /// How fast it is sent: as the call says, else as the recording says, else as the proxy does.
    fn latency(&self, overrides: &Overrides, settings: &Settings) -> Latency {
        overrides.latency.or(self.pace).unwrap_or(settings.latency)
    }

    /// Makes headers that say where something is lead back to the proxy, as this client knows it.
    fn lead_back(&self, headers: &mut HeaderMap, base: &str, overrides: &Overrides, mount: &str) {
        if let Some(origin) = &self.origin
            && let Some(door) = door(base, overrides, mount)
        {
            origin.lead_back(headers, &door);
        }
    }

    fn weight(&self) -> usize {
        self.body.len() + self.log.bytes.len() + 1024
    }
}
