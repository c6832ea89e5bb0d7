//! Two caches that keep replays fast: from the hash of a raw request to the recording that answered it last time, and
//! from a recording to its answer ready to be sent. Both hold what can be derived at any time, and let go of one after the
//! other when they are full: whoever asks for more than they hold in turn still finds most of it.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use parking_lot::Mutex;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::engine::budget::Hold;
use crate::engine::call::answer::lead_back::{UpstreamOrigin, door};
use crate::engine::call::answer::overrides::Overrides;
use crate::engine::call::answer::raw_call::RawKey;
use crate::engine::history::compared_request::ComparedRequest;
use crate::engine::index::generations::Dependence;
use crate::engine::index::use_count::UseCounter;
use crate::engine::settings::Settings;
use crate::model::{ByteLog, Call, Ending, Latency, RecordingId, Timestamp};

/// A quarter of the raw requests that are remembered to have been asked for.
const SEEN: usize = 1 << 13;

/// The number of different raw requests that are known.
const KNOWN: usize = 1 << 14;

/// The bytes of ready answers that are kept.
const READY: usize = 48 << 20;

/// Parts of the ready answers, each with a lock and so much room of its own. More would have no room for a long answer.
const READY_PARTS: usize = 4;

/// Answers of recordings from this size on are made ready aside, in bytes, and kept only while somebody reads them.
pub(crate) const LONG: u64 = (READY / 8) as u64;

/// The derived data of replays.
pub(crate) struct ReplayCache {
    /// Beginnings of raw keys that were asked for, sixteen bits each, the newest of four at the end.
    seen: Box<[AtomicU64]>,
    hits: KnownHits,
    ready: ReadyAnswers,
    long: Mutex<HashMap<ReadyKey, LongAnswer>>,
}

type KnownHits = Cache<RawKey, Arc<KnownHit>, quick_cache::UnitWeighter, BuildHasherDefault<FirstBytes>>;

type ReadyAnswers = Cache<ReadyKey, Arc<ReadyAnswer>, AnswerWeight>;

/// The memory of a ready answer.
#[derive(Clone)]
struct AnswerWeight;

impl Weighter<ReadyKey, Arc<ReadyAnswer>> for AnswerWeight {
    fn weight(&self, _: &ReadyKey, answer: &Arc<ReadyAnswer>) -> u64 {
        answer.weight() as u64
    }
}

/// A recording, and the proxy's URL for the links in its answer; `None` leaves them as they are.
pub(crate) type ReadyKey = (RecordingId, Option<Arc<str>>);

/// A long answer that is being made ready, or that somebody reads.
pub(crate) type LongAnswer = Arc<tokio::sync::Mutex<Weak<ReadyAnswer>>>;

/// A raw request that a recording answers: all but the body, which stands among the ready answers.
pub(crate) struct KnownHit {
    pub(crate) recording: RecordingId,
    pub(crate) used: Arc<UseCounter>,
    /// The call, but for its id and times.
    pub(crate) call: Call,
    /// The request, for comparing it with others later.
    pub(crate) asking: Option<Arc<ComparedRequest>>,
    /// The strategy that matched, where it is not the recording's own.
    pub(crate) matched: Option<HeaderValue>,
    /// What ends it.
    pub(crate) depends: Dependence,
    /// From when on its age has to be looked at.
    pub(crate) expires: Option<Timestamp>,
    /// True if it was found for a call that could have been sent to an upstream: then other takes may play.
    pub(crate) asks: bool,
}

/// An answer ready to be sent.
pub(crate) struct ReadyAnswer {
    pub(crate) status: u16,
    /// With what retake says of a replay, where the recording's own strategy matched.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The answer's origin; `None` where no header says where something is.
    pub(crate) origin: Option<Box<UpstreamOrigin>>,
    /// The job that it says was submitted.
    pub(crate) job: Option<Arc<str>>,
    /// The recorded body and its pieces, for pacing.
    pub(crate) log: ByteLog,
    /// The pace, whatever the proxy's latency is.
    pub(crate) pace: Option<Latency>,
    pub(crate) ending: Ending,
    /// The memory that a long body takes, whoever reads it.
    pub(crate) held: Option<Hold>,
}

/// A part in a long answer: while somebody has its bytes, whoever wants them, too, gets the same.
pub(crate) struct AnswerPart(Arc<ReadyAnswer>);

impl AsRef<[u8]> for AnswerPart {
    fn as_ref(&self) -> &[u8] {
        &self.0.body
    }
}

pub(crate) fn ready_key(id: &RecordingId, overrides: &Overrides, base: &Arc<str>) -> ReadyKey {
    (id.clone(), (!overrides.original_media).then(|| Arc::clone(base)))
}

impl Default for ReplayCache {
    fn default() -> Self {
        let hits = Cache::with(
            KNOWN,
            KNOWN as u64,
            quick_cache::UnitWeighter,
            BuildHasherDefault::default(),
            DefaultLifecycle::default(),
        );
        let room = OptionsBuilder::new()
            .shards(READY_PARTS)
            .estimated_items_capacity(KNOWN)
            .weight_capacity(READY as u64)
            .build();
        let ready = room.map_or_else(
            |_| Cache::with_weighter(KNOWN, READY as u64, AnswerWeight),
            |room| {
                Cache::with_options(
                    room,
                    AnswerWeight,
                    DefaultHashBuilder::default(),
                    DefaultLifecycle::default(),
                )
            },
        );
        let seen = (0..SEEN).map(|_| AtomicU64::new(0)).collect();
        Self { seen, hits, ready, long: Mutex::default() }
    }
}

impl ReplayCache {
    /// True if a raw request was asked for before, as far as that is remembered; from now on it was.
    pub(crate) fn seen(&self, key: &RawKey) -> bool {
        let first = u64::from_le_bytes(key.0.first_chunk().copied().unwrap_or_default());
        let place = &self.seen[usize::try_from(first >> 16).unwrap_or_default() % SEEN];
        let (mark, four) = (first & 0xffff, place.load(Ordering::Relaxed));
        let known = (0..4).any(|nth| four >> (16 * nth) & 0xffff == mark);
        if !known {
            // Of two at once one is forgotten, which is asked for again.
            place.store(four << 16 | mark, Ordering::Relaxed);
        }
        known
    }

    pub(crate) fn hit(&self, key: &RawKey) -> Option<Arc<KnownHit>> {
        self.hits.get(key)
    }

    pub(crate) fn learn(&self, key: RawKey, hit: KnownHit) {
        self.hits.insert(key, Arc::new(hit));
    }

    /// The place of a long answer; those that nobody reads any more are given up.
    pub(crate) fn place(&self, key: &ReadyKey) -> LongAnswer {
        let mut long = self.long.lock();
        let read = |place: &LongAnswer| place.try_lock().map_or(true, |ready| ready.strong_count() > 0);
        long.retain(|_, place| Arc::strong_count(place) > 1 || read(place));
        Arc::clone(long.entry(key.clone()).or_default())
    }

    pub(crate) fn ready(&self, key: &ReadyKey) -> Option<Arc<ReadyAnswer>> {
        self.ready.get(key)
    }

    /// Forgets ready answers of recordings that changed.
    pub(crate) fn forget(&self, ids: &[RecordingId]) {
        let ids: HashSet<_> = ids.iter().collect();
        self.ready.retain(|(id, _), _| !ids.contains(id));
        let mut long = self.long.lock();
        long.retain(|(id, _), _| !ids.contains(id));
    }

    pub(crate) fn keep(&self, key: ReadyKey, answer: &Arc<ReadyAnswer>) {
        self.ready.insert(key, Arc::clone(answer));
    }
}

impl ReadyAnswer {
    /// The body; that of a long answer keeps the whole answer here for others.
    pub(crate) fn body(ready: &Arc<Self>) -> Bytes {
        if ready.held.is_some() {
            Bytes::from_owner(AnswerPart(Arc::clone(ready)))
        } else {
            ready.body.clone()
        }
    }

    /// The pace: as the call says, else as the recording says, else as the proxy does.
    pub(crate) fn latency(&self, overrides: &Overrides, settings: &Settings) -> Latency {
        overrides.latency.or(self.pace).unwrap_or(settings.latency)
    }

    /// Makes headers that say where something is lead back to the proxy, as this client knows it.
    pub(crate) fn lead_back(&self, headers: &mut HeaderMap, base: &str, overrides: &Overrides, mount: &str) {
        if let Some(origin) = &self.origin
            && let Some(door) = door(base, overrides, mount)
        {
            origin.lead_back(headers, &door);
        }
    }

    fn weight(&self) -> usize {
        // The same bytes, where no link in them was rewritten.
        let recorded = if self.body.as_ptr() == self.log.bytes.as_ptr() { 0 } else { self.log.bytes.len() };
        self.body.len() + recorded + 1024
    }
}

/// The hash of a [`RawKey`], which is one already.
#[derive(Default)]
pub(crate) struct FirstBytes(u64);

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
