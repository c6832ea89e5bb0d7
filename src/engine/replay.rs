//! Replays, and the two maps that keep them fast: from the hash of a raw request to the recording that answered it
//! last time, and from a recording to its answer ready to be sent. Both hold what can be derived at any time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use sha2::{Digest, Sha256};

use super::answer::{Answer, Asked, Incoming, header_map, mark};
use super::body::AnswerBody;
use super::library::Found;
use super::ticket::{Ticket, micros};
use super::{Engine, links};
use crate::dialect::Refusal;
use crate::matching::{KEPT_HEADERS, Summary, summary};
use crate::model::{ByteLog, Latency, Mode, Outcome, RecordingId};
use crate::store::StoreError;

/// How many different raw requests are known.
const KNOWN: usize = 8192;
/// How many bytes of ready answers are kept.
const READY: usize = 48 << 20;

/// What was derived for replays.
#[derive(Default)]
pub(super) struct Replays {
    known: Mutex<Known>,
    ready: Mutex<Ready>,
}

#[derive(Default)]
struct Known {
    /// The library's generation that the entries hold for.
    generation: u64,
    entries: HashMap<[u8; 32], Arc<Hit>>,
}

#[derive(Default)]
struct Ready {
    answers: HashMap<(RecordingId, Option<Arc<str>>), Arc<Prepared>>,
    bytes: usize,
}

/// A raw request that a recording answers.
struct Hit {
    found: Found,
    summary: Summary,
}

/// An answer ready to be sent.
struct Prepared {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    /// The recorded body and its pieces, for pacing.
    log: ByteLog,
}

impl Engine {
    /// The answer to a request whose raw bytes were seen before: no parsing, no comparing.
    pub(super) fn replay_known(&self, incoming: &Incoming, mode: Mode) -> Option<Answer> {
        let hit = self.shared.replays.known(&raw_key(incoming), self.shared.library.generation())?;
        let ready = self.prepared(&hit.found.id, incoming).ok()??;
        let ticket = Ticket::new(self, &incoming.request, hit.summary.clone(), mode, incoming.started);
        Some(self.serve(ticket, &hit.found, &ready, incoming))
    }

    /// The answer of a recording that was found.
    pub(super) fn replay(&self, asked: Asked, found: &Found) -> Answer {
        let generation = self.shared.library.generation();
        match self.prepared(&found.id, &asked.incoming) {
            Ok(Some(ready)) => {
                let hit = Hit { found: found.clone(), summary: summary(&asked.scrubbed) };
                self.shared.replays.learn(raw_key(&asked.incoming), hit, generation);
                self.serve(asked.ticket, found, &ready, &asked.incoming)
            }
            Ok(None) => {
                let text = format!("recording {} was removed while it was looked up", found.id);
                self.refuse(
                    asked,
                    Outcome::Miss,
                    &Refusal::new(self.shared.settings.miss_status, "RECORDING_NOT_FOUND", &text),
                )
            }
            Err(error) => {
                let text = format!("recording {} cannot be read: {error}", found.id);
                tracing::error!("{text}");
                self.refuse(asked, Outcome::Error, &Refusal::new(500, "STORE_UNREADABLE", &text))
            }
        }
    }

    fn serve(&self, mut ticket: Ticket, found: &Found, ready: &Prepared, incoming: &Incoming) -> Answer {
        let mut headers = ready.headers.clone();
        mark(&mut headers, Outcome::Replay, Some(&found.id), Some(&found.strategy));
        let latency = incoming.overrides.latency.unwrap_or(self.shared.settings.latency);
        let elapsed = ticket.elapsed();
        let call = ticket.call();
        call.status = Some(ready.status);
        call.recording = Some(found.id.clone());
        call.cosmetic = found.cosmetic;
        call.response_len = ready.body.len() as u64;
        call.first_byte = Some(micros(elapsed + first_byte(&ready.log, latency)));
        let body =
            AnswerBody::held(ready.body.clone(), &ready.log, latency, move || ticket.done(Outcome::Replay));
        Answer { status: ready.status, headers, body }
    }

    fn prepared(&self, id: &RecordingId, incoming: &Incoming) -> Result<Option<Arc<Prepared>>, StoreError> {
        let base = (!incoming.overrides.original_media).then(|| Arc::clone(&incoming.base));
        let key = (id.clone(), base);
        if let Some(ready) = self.shared.replays.ready(&key) {
            return Ok(Some(ready));
        }
        let Some(recording) = self.recording(id)? else { return Ok(None) };
        let body = match &key.1 {
            Some(base) => links::rewritten(&recording.response.log.bytes, &recording.media, base),
            None => recording.response.log.bytes.clone(),
        };
        let mut headers = header_map(&recording.response);
        headers.remove("set-cookie");
        let ready = Prepared {
            status: recording.response.status,
            headers,
            body,
            log: recording.response.log.clone(),
        };
        let ready = Arc::new(ready);
        self.shared.replays.keep(key, &ready);
        Ok(Some(ready))
    }

    /// Forgets ready answers of recordings that changed.
    pub(super) fn forget(&self, ids: &[RecordingId]) {
        let mut ready = self.shared.replays.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.answers.retain(|(id, _), _| !ids.contains(id));
        ready.bytes = ready.answers.values().map(|answer| answer.weight()).sum();
    }
}

fn first_byte(log: &ByteLog, latency: Latency) -> Duration {
    latency.due(Duration::from_micros(log.pieces.first().map_or(0, |piece| piece.at)))
}

/// The hash of all that can change which recording answers: the raw request with the headers that matter, and what
/// its own headers asked for.
fn raw_key(incoming: &Incoming) -> [u8; 32] {
    let request = &incoming.request;
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    part(request.mount.as_bytes());
    part(request.method.as_bytes());
    part(request.target.as_bytes());
    for (name, value) in request.headers.iter().filter(|(name, _)| KEPT_HEADERS.contains(name)) {
        part(name.as_bytes());
        part(value);
    }
    part(b"");
    if let Some(strategy) = &incoming.overrides.strategy {
        part(strategy.to_string().as_bytes());
    }
    part(b"");
    part(incoming.overrides.recording.as_ref().map_or(b"", |id| id.as_str().as_bytes()));
    part(&request.body);
    digest.finalize().into()
}

// === impl Replays ===

impl Replays {
    fn known(&self, key: &[u8; 32], generation: u64) -> Option<Arc<Hit>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        (known.generation == generation).then(|| known.entries.get(key).map(Arc::clone)).flatten()
    }

    /// Learns an answer that was found at `generation`; an older one must not stand beside newer ones.
    fn learn(&self, key: [u8; 32], hit: Hit, generation: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
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
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).answers.get(key).map(Arc::clone)
    }

    fn keep(&self, key: (RecordingId, Option<Arc<str>>), answer: &Arc<Prepared>) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn weight(&self) -> usize {
        self.body.len() + self.log.bytes.len() + 1024
    }
}
