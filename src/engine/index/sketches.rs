//! Outlines of recordings, kept in memory once something needed them: for explaining, not for answering.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::matching::{Fields, Lineup, Outline, OutlineSet, RankedRecordings, Shapes};
use crate::model::RecordingId;

/// Method and endpoint of the recordings in a lineup.
type EndpointKey = (String, String);

/// The outlines and lineups that were made so far. All of it can be derived at any time.
#[derive(Default)]
pub(crate) struct Sketches {
    outlines: RwLock<OutlineSet>,
    /// The number of changes when outlines were last written down or read; `None` before they were read.
    kept: Mutex<Option<u64>>,
    /// The generation of the index up to which outlines were made ahead.
    ahead: AtomicU64,
    shapes: Shapes,
    /// The memory of calls of the history whose outlines are not made yet, in bytes.
    pub(crate) waiting: Arc<AtomicUsize>,
    /// The lineups that were asked for last, and the index's generation that they hold for.
    lineups: Mutex<Lineups>,
    /// The number of lineups that were made.
    #[cfg(test)]
    pub(crate) made: AtomicUsize,
}

#[derive(Default)]
struct Lineups {
    generation: u64,
    /// The one that was asked for last at the end.
    newest: Vec<(EndpointKey, Arc<Lineup>)>,
    ranked: Vec<(EndpointKey, Arc<RankedRecordings>)>,
}

/// The number of endpoints whose lineups are kept: calls that miss go to a few in turn.
pub(crate) const LINEUPS: usize = 16;
/// So many outlines are made anew rather than written down.
const UNKEPT: u64 = 64;

impl Sketches {
    /// The lineup of an endpoint (method and name) at this generation of the index; `make` makes one where none is known.
    pub(crate) fn lineup(
        &self,
        generation: u64,
        (method, endpoint): (&str, &str),
        make: impl FnOnce() -> Lineup,
    ) -> Arc<Lineup> {
        let place = (method.to_owned(), endpoint.to_owned());
        let mut lineups = self.lineups.lock();
        if lineups.generation != generation {
            *lineups = Lineups { generation, ..Lineups::default() };
        }
        if let Some(at) = lineups.newest.iter().position(|(known, _)| *known == place) {
            let known = lineups.newest.remove(at);
            let lineup = Arc::clone(&known.1);
            lineups.newest.push(known);
            return lineup;
        }
        #[cfg(test)]
        self.made.fetch_add(1, Ordering::Relaxed);
        let lineup = Arc::new(make());
        if lineups.newest.len() >= LINEUPS {
            lineups.newest.remove(0);
        }
        lineups.newest.push((place, Arc::clone(&lineup)));
        lineup
    }

    /// The outline of a recording's request, whose `fields` are read where it is not known.
    pub(crate) fn outline(
        &self,
        id: &RecordingId,
        fields: impl FnOnce() -> Option<Fields>,
    ) -> Option<Arc<Outline>> {
        if let Some(known) = self.outlines().get(id) {
            return Some(Arc::new(known));
        }
        let outline = self.shared(&fields()?);
        self.write().insert(id.clone(), &outline);
        Some(Arc::new(outline))
    }

    /// The ranked recordings of an endpoint at this generation of the index, where they are known.
    pub(crate) fn ranked(&self, generation: u64, place: (&str, &str)) -> Option<Arc<RankedRecordings>> {
        let lineups = self.lineups.lock();
        let known = lineups.ranked.iter().filter(|_| lineups.generation == generation);
        known
            .rev()
            .find(|(known, _)| (known.0.as_str(), known.1.as_str()) == place)
            .map(|(_, r)| Arc::clone(r))
    }

    /// Keeps the ranked recordings of an endpoint.
    pub(crate) fn keep_ranked(
        &self,
        generation: u64,
        (method, endpoint): (&str, &str),
        all: &Arc<RankedRecordings>,
    ) {
        let mut lineups = self.lineups.lock();
        if lineups.generation != generation {
            *lineups = Lineups { generation, ..Lineups::default() };
        }
        #[cfg(test)]
        self.made.fetch_add(1, Ordering::Relaxed);
        if lineups.ranked.len() >= LINEUPS {
            lineups.ranked.remove(0);
        }
        lineups.ranked.push(((method.to_owned(), endpoint.to_owned()), Arc::clone(all)));
    }

    /// The outlines that are known.
    pub(crate) fn outlines(&self) -> RwLockReadGuard<'_, OutlineSet> {
        self.outlines.read()
    }

    fn write(&self) -> RwLockWriteGuard<'_, OutlineSet> {
        self.outlines.write()
    }

    /// Takes in what was written down; `read` reads it, once.
    pub(crate) fn restore(&self, read: impl FnOnce() -> Option<OutlineSet>) {
        let mut kept = self.kept.lock();
        if kept.is_some() {
            return;
        }
        *kept = Some(0);
        if let Some(set) = read() {
            *self.write() = set;
        }
    }

    /// True where the index changed since outlines were last made ahead; from now on they are.
    pub(crate) fn falls_behind(&self, generation: u64) -> bool {
        // No generation is the first one.
        self.ahead.swap(generation + 1, Ordering::AcqRel) != generation + 1
    }

    /// The outlines as they are to be written down; `None` where few changed since.
    pub(crate) fn unkept(&self) -> Option<Vec<u8>> {
        let mut kept = self.kept.lock();
        let known = self.outlines();
        let before = (*kept)?;
        (known.changes() > before + UNKEPT).then(|| {
            *kept = Some(known.changes());
            known.to_bytes()
        })
    }

    /// The number of lineups that are kept.
    #[cfg(test)]
    pub(crate) fn lineups(&self) -> usize {
        self.lineups.lock().ranked.len()
    }

    /// The outline of a request, whose shape equal ones share.
    pub(crate) fn shared(&self, fields: &Fields) -> Outline {
        self.share(fields.outline())
    }

    pub(crate) fn share(&self, outline: Outline) -> Outline {
        self.shapes.share(outline)
    }

    pub(crate) fn forget(&self, ids: &[RecordingId]) {
        let mut known = self.write();
        for id in ids {
            known.remove(id);
        }
    }

    pub(crate) fn clear(&self) {
        let mut kept = self.kept.lock();
        // What was written down is of no use either.
        *kept = Some(0);
        self.ahead.store(0, Ordering::Release);
        *self.write() = OutlineSet::default();
    }
}
