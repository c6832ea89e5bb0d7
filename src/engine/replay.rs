//! Replays, and the two maps that keep them fast: from the hash of a raw request to the recording that answered it
//! last time, and from a recording to its answer ready to be sent. Both hold what can be derived at any time.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;

use super::answer::{Answer, Incoming, Overrides, header_map, mark};
use super::asked::Asked;
use super::asking::Asking;
use super::body::AnswerBody;
use super::budget::Hold;
use super::cursors::{Scope, Turn};
use super::lead_back::{Origin, door};
use super::library::Found;
use super::raw::{FirstBytes, Raw, RawKey};
use super::record::KEEP;
use super::ticket::{Ticket, micros};
use super::use_count::Use;
use super::{Engine, Settings, clock, jobs, links};
use crate::dialect::Refusal;
use crate::matching::replaced_places;
use crate::model::{ByteLog, Call, CallId, Ending, Latency, Mode, Outcome, RecordingId, Timestamp};
use crate::store::StoreError;

/// How many raw requests are remembered to have been asked for.
const ASKED: usize = 1 << 14;
/// How many different raw requests are known.
const KNOWN: usize = 8192;
/// How many bytes of ready answers are kept.
const READY: usize = 48 << 20;
/// Answers of recordings from this size on are made ready aside, in bytes, and kept only while somebody reads them.
const LONG: u64 = (READY / 8) as u64;

/// What was derived for replays.
pub(super) struct Replays {
    /// The beginnings of raw keys that were asked for, each in the place of an earlier one.
    asked: Box<[AtomicU64]>,
    known: RwLock<Known>,
    ready: RwLock<Ready>,
    long: Mutex<HashMap<ReadyKey, Place>>,
}

/// A recording, and the proxy's URL for the links in its answer; none leaves them as they are.
type ReadyKey = (RecordingId, Option<Arc<str>>);

/// A long answer that is being made ready, or that somebody reads.
type Place = Arc<tokio::sync::Mutex<Weak<Prepared>>>;

#[derive(Default)]
struct Known {
    /// The library's generation that the entries hold for.
    generation: u64,
    entries: HashMap<RawKey, Arc<Hit>, BuildHasherDefault<FirstBytes>>,
}

#[derive(Default)]
struct Ready {
    answers: HashMap<ReadyKey, Arc<Prepared>>,
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
    /// The memory that a long body takes, whoever reads it.
    held: Option<Hold>,
}

/// A part in a long answer: while somebody has its bytes, whoever wants them, too, gets the same.
struct Part(Arc<Prepared>);

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.0.body
    }
}

/// Why an answer is not ready.
enum Unready {
    /// It cannot be read.
    Unreadable(StoreError),
    /// There is no memory for it.
    Full,
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
        let key = ready_key(&hit.recording, raw.overrides, raw.base);
        let ready = match self.shared.replays.ready(&key) {
            Some(ready) => ready,
            // Reading it would keep others waiting.
            None if self.row(&hit.recording)?.size >= LONG => return None,
            None => self.prepared(key).ok()??,
        };
        let (mut headers, status) = (hit.headers.clone(), ready.status);
        ready.lead_back(&mut headers, raw.base, raw.overrides, raw.mount);
        self.restart(&ready, &raw.overrides.scope);
        if ready.latency(raw.overrides, settings) == Latency::None && ready.ending == Ending::Clean {
            self.replayed_at_once(&hit, mode, raw.started);
            return Some(Answer { status, headers, body: AnswerBody::Whole(Prepared::body(&ready)) });
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
    pub(super) async fn replay(&self, mut asked: Asked, found: &Found) -> Answer {
        let generation = asked.generation;
        let ready = self.made_ready(&found.id, &asked.incoming).await;
        let incoming = &asked.incoming;
        match ready {
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
            Err(Unready::Full) => {
                let text = "the answers that are being read take too much memory together; try again later";
                self.refuse(asked, Outcome::Error, &Refusal::new(413, "ANSWERS_TOO_LARGE", text))
            }
            Err(Unready::Unreadable(error)) => {
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
        ready: &Arc<Prepared>,
        overrides: &Overrides,
    ) -> Answer {
        let latency = ready.latency(overrides, &self.settings());
        let first = ticket.elapsed() + latency.due(ready.log.begins());
        ticket.call().first_byte = Some(micros(first));
        let in_pieces = ticket.is_turn() || ready.ending != Ending::Clean;
        let give = if in_pieces { AnswerBody::paced } else { AnswerBody::held };
        let body =
            give(Prepared::body(ready), &ready.log, latency, move |delivered| ticket.replayed(delivered));
        let body = body.ending(ready.ending);
        Answer { status: ready.status, headers, body }
    }

    /// A submit that is replayed begins its job anew in the call's scope.
    fn restart(&self, ready: &Prepared, scope: &Scope) {
        if let Some(job) = &ready.job {
            self.shared.cursors.restart(scope, job);
        }
    }

    /// The answer of a recording, ready to be sent. A long one is made ready once for all who want it.
    async fn made_ready(
        &self,
        id: &RecordingId,
        incoming: &Incoming,
    ) -> Result<Option<Arc<Prepared>>, Unready> {
        let key = ready_key(id, &incoming.overrides, &incoming.base);
        if let Some(ready) = self.shared.replays.ready(&key) {
            return Ok(Some(ready));
        }
        let Some(size) = self.row(id).map(|row| row.size).filter(|size| *size >= LONG) else {
            return self.prepared(key).map_err(Unready::Unreadable);
        };
        let place = self.shared.replays.place(&key);
        let mut known = place.lock().await;
        if let Some(ready) = known.upgrade() {
            return Ok(Some(ready));
        }
        // Files behind links count for a recording's size, and are read apart.
        let (mut held, size) = (self.hold(), usize::try_from(size.min(KEEP)).unwrap_or(usize::MAX));
        if !held.cover(size) {
            return Err(Unready::Full);
        }
        let engine = self.clone();
        let ready = self.shared.budget.aside(size, move || engine.prepared(key)).await;
        let Some(ready) = ready.map_err(Unready::Unreadable)? else { return Ok(None) };
        // Nobody else has it yet, unless it is one of the short ones that stay.
        let ready = Arc::try_unwrap(ready)
            .map_or_else(|kept| kept, |ready| Arc::new(Prepared { held: Some(held), ..ready }));
        *known = Arc::downgrade(&ready);
        Ok(Some(ready))
    }

    fn prepared(&self, key: ReadyKey) -> Result<Option<Arc<Prepared>>, StoreError> {
        let Some(recording) = self.recording(&key.0)? else { return Ok(None) };
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
            held: None,
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
        let mut long = self.shared.replays.long.lock().unwrap_or_else(PoisonError::into_inner);
        long.retain(|(id, _), _| !ids.contains(id));
        ready.bytes = ready.answers.values().map(|answer| answer.weight()).sum();
    }
}

fn ready_key(id: &RecordingId, overrides: &Overrides, base: &Arc<str>) -> ReadyKey {
    (id.clone(), (!overrides.original_media).then(|| Arc::clone(base)))
}

// === impl Replays ===

impl Default for Replays {
    fn default() -> Self {
        let asked = (0..ASKED).map(|_| AtomicU64::new(0)).collect();
        Self { asked, known: RwLock::default(), ready: RwLock::default(), long: Mutex::default() }
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

    /// The place of a long answer; those that nobody reads any more are given up.
    fn place(&self, key: &ReadyKey) -> Place {
        let mut long = self.long.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |place: &Place| place.try_lock().map_or(true, |ready| ready.strong_count() > 0);
        long.retain(|_, place| Arc::strong_count(place) > 1 || read(place));
        Arc::clone(long.entry(key.clone()).or_default())
    }

    fn ready(&self, key: &ReadyKey) -> Option<Arc<Prepared>> {
        self.ready.read().unwrap_or_else(PoisonError::into_inner).answers.get(key).map(Arc::clone)
    }

    fn keep(&self, key: ReadyKey, answer: &Arc<Prepared>) {
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
    /// The body; that of a long answer keeps the whole answer here for others.
    fn body(ready: &Arc<Self>) -> Bytes {
        if ready.held.is_some() { Bytes::from_owner(Part(Arc::clone(ready))) } else { ready.body.clone() }
    }

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
