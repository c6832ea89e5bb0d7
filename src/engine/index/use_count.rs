//! Counting hits of recordings without keeping anybody waiting.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::model::{Hit, Hits, RecordingId, Timestamp, Usage};
use crate::store::UseNote;

/// The use of one recording since it was taken in, counted without a lock: a hit must neither copy a row nor keep
/// other look-ups waiting. Rows are brought up to date when they are asked for.
#[derive(Debug)]
pub(crate) struct UseCounter {
    id: RecordingId,
    hits: AtomicU64,
    /// Milliseconds; [`i64::MIN`] for never.
    last: AtomicI64,
    /// Locked by calls in a scope only; at most [`Usage::SCOPES`].
    scopes: Mutex<BTreeMap<Arc<str>, Hits>>,
    /// The use in other stores.
    elsewhere: Mutex<BTreeMap<Arc<str>, Usage>>,
    /// The readers that do not know the newest yet: [`WATCH`], [`LEDGER`].
    touched: AtomicU8,
    /// The time of the newest hit that was noted; [`i64::MIN`] for none.
    noted: AtomicI64,
}

/// The notes beside the journal, which know each hit within seconds.
pub(crate) const WATCH: u8 = 1;
/// The ledger in the journal, which is told at the end.
pub(crate) const LEDGER: u8 = 2;

/// The time for which a note stands for the hits behind it, in milliseconds: so exact is the time of the last hit after
/// a kill.
const NOTED: i64 = 1000;

impl UseCounter {
    /// True if it changed since `who` was last told; from now on they know. What the ledger knows nobody has to note.
    pub(crate) fn tell(&self, who: u8) -> bool {
        let told = if who == LEDGER { LEDGER | WATCH } else { who };
        self.touched.fetch_and(!told, Ordering::AcqRel) & who != 0
    }

    /// Marks that these readers do not know the newest.
    pub(crate) fn touch(&self, who: u8) {
        self.touched.fetch_or(who, Ordering::AcqRel);
    }

    /// The note for a hit that is about to be counted; `None` while a note of a moment ago stands for it.
    pub(crate) fn note(&self, at: Timestamp, scope: Option<&Arc<str>>) -> Option<UseNote> {
        let noted = self.noted.load(Ordering::Acquire);
        let fresh = (noted..noted.saturating_add(NOTED)).contains(&at.0);
        // Of several at once one is enough.
        if fresh || self.noted.compare_exchange(noted, at.0, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return None;
        }
        let in_scope = |scope: &Arc<str>| {
            let scopes = self.scopes.lock();
            let count = scopes.get(scope).map_or(0, |hits| hits.count) + 1;
            (Arc::clone(scope), Hits { count, last: Some(at) })
        };
        let hits = self.hits.load(Ordering::Acquire) + 1;
        Some(UseNote { id: self.id.clone(), hits, last: at, scope: scope.map(in_scope) })
    }

    pub(crate) fn of(id: RecordingId, usage: Usage) -> Self {
        let usage = usage.bounded();
        let last = usage.last_hit.map_or(i64::MIN, |at| at.0);
        Self {
            id,
            noted: AtomicI64::new(i64::MIN),
            hits: AtomicU64::new(usage.hits),
            last: AtomicI64::new(last),
            scopes: Mutex::new(usage.scopes),
            elsewhere: Mutex::new(usage.elsewhere),
            touched: AtomicU8::new(0),
        }
    }

    /// Counts a hit and gives the use after it.
    pub(crate) fn hit(&self, at: Timestamp, scope: Option<&Arc<str>>) -> Hit {
        self.hits.fetch_add(1, Ordering::AcqRel);
        self.last.fetch_max(at.0, Ordering::AcqRel);
        let in_scope = scope.map(|scope| {
            let mut scopes = self.scopes.lock();
            let hits = scopes.entry(Arc::clone(scope)).or_default();
            *hits = Hits { count: hits.count + 1, last: hits.last.max(Some(at)) };
            let hits = *hits;
            Usage::forget_scopes(&mut scopes);
            hits
        });
        self.touch(WATCH | LEDGER);
        Hit { all: self.all(), in_scope: in_scope.unwrap_or_default() }
    }

    /// Takes in what another store said, in place of what it said when there were fewer hits.
    pub(crate) fn hear(&self, from: &Arc<str>, usage: &Usage) {
        let mut elsewhere = self.elsewhere.lock();
        let known = elsewhere.entry(Arc::clone(from)).or_default();
        if usage.hits >= known.hits {
            *known = Usage { elsewhere: BTreeMap::default(), ..usage.clone() }.bounded();
        }
        Usage::sum_up_stores(&mut elsewhere);
        self.touch(WATCH | LEDGER);
    }

    fn all(&self) -> Hits {
        let last = self.last.load(Ordering::Acquire);
        Hits { count: self.hits.load(Ordering::Acquire), last: (last != i64::MIN).then_some(Timestamp(last)) }
    }

    pub(crate) fn get(&self) -> Usage {
        let Hits { count: hits, last: last_hit } = self.all();
        let scopes = self.scopes.lock().clone();
        let elsewhere = self.elsewhere.lock().clone();
        Usage { hits, last_hit, scopes, elsewhere }
    }

    /// True if this is all that happened. Each hit counts, so the count alone tells about those here.
    pub(crate) fn is(&self, usage: &Usage) -> bool {
        self.hits.load(Ordering::Acquire) == usage.hits && *self.elsewhere.lock() == usage.elsewhere
    }
}
