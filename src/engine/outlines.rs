//! The outlines of recordings, kept in memory once something asked for them: for explaining, not for answering.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::Engine;
use crate::matching::{Candidate, Fields, Lineup, Outline, Shapes};
use crate::model::{RecordingId, Row};

/// Which recordings a lineup is made of: method and endpoint.
type Place = (String, String);

/// What was worked out so far. All of it can be derived at any time.
#[derive(Default)]
pub(super) struct Outlines {
    known: RwLock<HashMap<RecordingId, Arc<Outline>>>,
    shapes: Shapes,
    /// The memory of calls of the history whose outlines are not made yet, in bytes.
    pub(super) waiting: Arc<AtomicUsize>,
    /// The lineups that were asked for last, and the library's generation that they hold for.
    lineups: Mutex<Lineups>,
    /// How often one was made.
    #[cfg(test)]
    pub(super) made: AtomicUsize,
}

#[derive(Default)]
struct Lineups {
    generation: u64,
    /// The one that was asked for last at the end.
    known: Vec<(Place, Arc<Lineup>)>,
}

/// Of how many endpoints lineups are kept: calls that miss go to a few in turn.
pub(super) const LINEUPS: usize = 16;

impl Engine {
    /// The recordings of an endpoint, ready to be asked who answers what. The first time it reads their requests, so
    /// it belongs off the answering threads.
    pub(super) fn lineup(&self, method: &str, endpoint: &str) -> Arc<Lineup> {
        let generation = self.shared.library.generation();
        let place = (method.to_owned(), endpoint.to_owned());
        let outlines = &self.shared.outlines;
        let mut lineups = outlines.lineups.lock().unwrap_or_else(PoisonError::into_inner);
        if lineups.generation != generation {
            *lineups = Lineups { generation, known: Vec::new() };
        }
        if let Some(at) = lineups.known.iter().position(|(known, _)| *known == place) {
            let known = lineups.known.remove(at);
            let lineup = Arc::clone(&known.1);
            lineups.known.push(known);
            return lineup;
        }
        #[cfg(test)]
        outlines.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let rows = self.shared.library.select(|row| row.endpoint == endpoint && row.method == method);
        let candidate =
            |row: &Arc<Row>| Some(Candidate { row: Arc::clone(row), outline: self.outline(&row.id)? });
        let lineup = Arc::new(Lineup::new(rows.iter().filter_map(|entry| candidate(&entry.row)).collect()));
        if lineups.known.len() >= LINEUPS {
            lineups.known.remove(0);
        }
        lineups.known.push((place, Arc::clone(&lineup)));
        lineup
    }

    /// The outline of a recording's request.
    fn outline(&self, id: &RecordingId) -> Option<Arc<Outline>> {
        let outlines = &self.shared.outlines;
        if let Some(known) = outlines.known.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Some(Arc::clone(known));
        }
        let outline = Arc::new(outlines.shared(&self.fields_of(id)?));
        let mut known = outlines.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(id.clone(), Arc::clone(&outline));
        Some(outline)
    }

    /// The fields of a recording's request, as they are compared now.
    pub(super) fn fields_of(&self, id: &RecordingId) -> Option<Fields> {
        Some(self.fields(&self.scrub(&*self.request_of(id)?)))
    }
}

impl Outlines {
    /// How many lineups are kept.
    #[cfg(test)]
    pub(super) fn lineups(&self) -> usize {
        self.lineups.lock().unwrap_or_else(PoisonError::into_inner).known.len()
    }

    /// The outline of a request, whose shape equal ones share.
    pub(super) fn shared(&self, fields: &Fields) -> Outline {
        self.share(fields.outline())
    }

    pub(super) fn share(&self, outline: Outline) -> Outline {
        self.shapes.share(outline)
    }

    pub(super) fn forget(&self, ids: &[RecordingId]) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            known.remove(id);
        }
    }

    pub(super) fn clear(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
