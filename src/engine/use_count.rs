//! How often a recording answered, counted without keeping anybody waiting.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{Hit, Hits, Timestamp, Usage};

/// The use of one recording since it was taken in, counted without a lock: a hit must neither copy a row nor keep
/// other look-ups waiting. Rows are brought up to date when they are asked for.
#[derive(Debug, Default)]
pub(super) struct Use {
    hits: AtomicU64,
    /// Milliseconds; [`i64::MIN`] for never.
    last: AtomicI64,
    /// Locked by calls in a scope only.
    scopes: Mutex<BTreeMap<Arc<str>, Hits>>,
    /// What other stores said.
    elsewhere: Mutex<BTreeMap<Arc<str>, Usage>>,
    /// Whether the ledger does not know the newest yet.
    touched: AtomicBool,
}

impl Use {
    /// Whether it changed since this was last asked.
    pub(super) fn take_touched(&self) -> bool {
        self.touched.swap(false, Ordering::AcqRel)
    }

    pub(super) fn of(usage: Usage) -> Self {
        let last = usage.last_hit.map_or(i64::MIN, |at| at.0);
        Self {
            hits: AtomicU64::new(usage.hits),
            last: AtomicI64::new(last),
            scopes: Mutex::new(usage.scopes),
            elsewhere: Mutex::new(usage.elsewhere),
            touched: AtomicBool::new(false),
        }
    }

    /// Counts a hit and gives the use after it.
    pub(super) fn hit(&self, at: Timestamp, scope: Option<&Arc<str>>) -> Hit {
        self.hits.fetch_add(1, Ordering::AcqRel);
        self.last.fetch_max(at.0, Ordering::AcqRel);
        let in_scope = scope.map(|scope| {
            let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
            let hits = scopes.entry(Arc::clone(scope)).or_default();
            *hits = Hits { count: hits.count + 1, last: hits.last.max(Some(at)) };
            *hits
        });
        self.touched.store(true, Ordering::Release);
        Hit { all: self.all(), in_scope: in_scope.unwrap_or_default() }
    }

    /// Takes in what another store said, in place of what it said when there were fewer hits.
    pub(super) fn hear(&self, from: &Arc<str>, usage: &Usage) {
        let mut elsewhere = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        let known = elsewhere.entry(Arc::clone(from)).or_default();
        if usage.hits >= known.hits {
            known.clone_from(usage);
        }
        self.touched.store(true, Ordering::Release);
    }

    fn all(&self) -> Hits {
        let last = self.last.load(Ordering::Acquire);
        Hits { count: self.hits.load(Ordering::Acquire), last: (last != i64::MIN).then_some(Timestamp(last)) }
    }

    pub(super) fn get(&self) -> Usage {
        let Hits { count: hits, last: last_hit } = self.all();
        let scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let elsewhere = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Usage { hits, last_hit, scopes, elsewhere }
    }

    /// Whether this is all that happened. Each hit counts, so the count alone tells about those here.
    pub(super) fn is(&self, usage: &Usage) -> bool {
        self.hits.load(Ordering::Acquire) == usage.hits
            && *self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner) == usage.elsewhere
    }
}
