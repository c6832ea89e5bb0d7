//! A recording in memory: its row packed, and beside it what every look-up asks for.

use std::sync::{Arc, OnceLock};

use crate::engine::failures::FailurePolicy;
use crate::engine::index::use_count::UseCounter;
use crate::model::{AnswerFailure, Hash, Playback, RecordingId, Strategy, Timestamp, Usage};
use crate::store::{Indexed, LookUpKeys, PackedRow, RowView};

/// A recording, for look-ups. There are very many of them: what a row says else is read from its bytes.
#[derive(Debug)]
pub(crate) struct IndexEntry {
    packed: PackedRow,
    used: OnceLock<Arc<UseCounter>>,
    pub(crate) strategy: Arc<Strategy>,
    pub(crate) scope: Option<Arc<str>>,
    /// The method and the endpoint.
    pub(crate) asked: Arc<(String, String)>,
    pub(crate) recorded_at: Timestamp,
    /// Length of all its bodies, in bytes.
    pub(crate) size: u64,
    /// The version of the canonical form that its keys were made under.
    canonical: u32,
    /// True where the row says what the answer is.
    answered: bool,
    pub(crate) status: u16,
    pub(crate) playback: Playback,
    pub(crate) failure: Option<AnswerFailure>,
    /// True where a replay may use it.
    pub(crate) answers: bool,
    /// True where it plays behind another take.
    pub(crate) continues: bool,
}

/// Values that very many recordings have in common, each kept once.
#[derive(Debug, Default)]
pub(crate) struct InternedValues {
    strategies: Vec<Arc<Strategy>>,
    scopes: Vec<Arc<str>>,
    asked: Vec<Arc<(String, String)>>,
}

/// The number of values of a kind that are looked through for an equal one.
const KNOWN: usize = 256;

impl InternedValues {
    fn strategy(&mut self, text: &str) -> Option<Arc<Strategy>> {
        // Nearly all are written as the first one is.
        let strategy: Strategy = text.parse().ok()?;
        Some(interned(&mut self.strategies, |known| **known == strategy, || Arc::new(strategy.clone())))
    }

    fn scope(&mut self, name: &str) -> Arc<str> {
        interned(&mut self.scopes, |known| **known == *name, || name.into())
    }

    fn endpoint(&mut self, (method, endpoint): (&str, &str)) -> Arc<(String, String)> {
        let same = |known: &Arc<(String, String)>| known.1 == endpoint && known.0 == method;
        interned(&mut self.asked, same, || Arc::new((method.to_owned(), endpoint.to_owned())))
    }
}

fn interned<T: Clone>(all: &mut Vec<T>, same: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> T {
    if let Some(found) = all.iter().rev().find(|one| same(one)) {
        return found.clone();
    }
    let new = make();
    if all.len() >= KNOWN {
        all.clear();
    }
    all.push(new.clone());
    new
}

impl IndexEntry {
    /// An entry, its id, and what finds it; none of bytes that are no row.
    pub(crate) fn of(
        packed: PackedRow,
        interned: &mut InternedValues,
    ) -> Option<(RecordingId, Self, LookUpKeys)> {
        let view = packed.view()?;
        let id = view.id.parse().ok()?;
        let RowView { strategy, scope, asked, recorded_at, size, status, playback, .. } = view;
        let RowView { failure, answers, continues, usage, answered, keys, .. } = view;
        let strategy = interned.strategy(strategy)?;
        let scope = scope.map(|scope| interned.scope(scope));
        let asked = interned.endpoint(asked);
        let used = OnceLock::new();
        if usage != Usage::default() {
            let id: &RecordingId = &id;
            used.get_or_init(|| Arc::new(UseCounter::of(id.clone(), usage)));
        }
        let entry = Self {
            packed,
            used,
            strategy,
            scope,
            asked,
            recorded_at,
            size,
            canonical: keys.canonical,
            answered,
            status,
            playback,
            failure,
            answers,
            continues,
        };
        Some((id, entry, keys))
    }

    /// The row with its use as it is now, and what finds it.
    pub(crate) fn indexed(&self) -> Option<Indexed> {
        let mut indexed = self.packed.unpack()?;
        if let Some(used) = self.used.get().filter(|used| !used.is(&indexed.row.usage)) {
            Arc::make_mut(&mut indexed.row).usage = used.get();
        }
        Some(indexed)
    }

    pub(crate) fn keys(&self) -> Option<LookUpKeys> {
        self.packed.view().map(|view| view.keys)
    }

    pub(crate) fn hash(&self) -> Option<Hash> {
        self.packed.view().map(|view| view.hash)
    }

    /// True where the keys were made by this version of the canonical form, and the row says what the answer is, which those of
    /// an older retake do not.
    pub(crate) fn is_current(&self, version: u32) -> bool {
        self.canonical == version && self.answered
    }

    /// The use in which hits are counted.
    pub(crate) fn used(&self, id: &RecordingId) -> Arc<UseCounter> {
        Arc::clone(self.used.get_or_init(|| Arc::new(UseCounter::of(id.clone(), Usage::default()))))
    }

    /// The same, where anything was counted.
    pub(crate) fn counted(&self) -> Option<&Arc<UseCounter>> {
        self.used.get()
    }

    /// Counts where another counted.
    pub(crate) fn count_with(&mut self, used: Arc<UseCounter>) {
        self.used = OnceLock::from(used);
    }

    /// True where it steps back, see [`FailurePolicy::steps_back`].
    pub(crate) fn steps_back(&self, policy: &FailurePolicy) -> bool {
        policy.passes_over(self.status, self.failure)
    }

    /// True where the request has this method and endpoint.
    pub(crate) fn asks(&self, (method, endpoint): (&str, &str)) -> bool {
        self.asked.1 == endpoint && self.asked.0 == method
    }

    /// True where a call in `scope` sees it, see [`crate::model::Row::is_seen_in`].
    pub(crate) fn is_seen_in(&self, scope: Option<&str>) -> bool {
        scope.is_none() || self.scope.is_none() || self.scope.as_deref() == scope
    }

    /// True where the answer means something only under the same condition, see [`crate::model::Row::is_conditional`].
    pub(crate) fn is_conditional(&self) -> bool {
        matches!(self.status, 304 | 412)
    }
}

/// The recordings under one key, oldest first: nearly always one.
#[derive(Debug)]
pub(crate) enum EntryIds {
    One(RecordingId),
    Many(Vec<RecordingId>),
}

impl EntryIds {
    pub(crate) fn as_slice(&self) -> &[RecordingId] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }

    /// Adds one at a place.
    pub(crate) fn insert(&mut self, at: usize, id: RecordingId) {
        match self {
            Self::One(known) => {
                let mut ids = vec![known.clone()];
                ids.insert(at, id);
                *self = Self::Many(ids);
            }
            Self::Many(ids) => ids.insert(at, id),
        }
    }

    /// Takes one out; gives whether there is none left.
    pub(crate) fn remove(&mut self, id: &RecordingId) -> bool {
        match self {
            Self::One(known) => known == id,
            Self::Many(ids) => {
                ids.retain(|known| known != id);
                ids.is_empty()
            }
        }
    }
}
