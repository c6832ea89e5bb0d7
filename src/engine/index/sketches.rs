//! Outlines of recordings, kept in memory once something needed them: for explaining, not for answering.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use parking_lot::{Mutex, RwLock};

use crate::matching::{Fields, Lineup, Outline, Shapes};
use crate::model::RecordingId;

/// Method and endpoint of the recordings in a lineup.
type EndpointKey = (String, String);

/// The outlines and lineups that were made so far. All of it can be derived at any time.
#[derive(Default)]
pub(crate) struct Sketches {
    outlines: RwLock<HashMap<RecordingId, Arc<Outline>>>,
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
}

/// The number of endpoints whose lineups are kept: calls that miss go to a few in turn.
pub(crate) const LINEUPS: usize = 16;

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
            *lineups = Lineups { generation, newest: Vec::new() };
        }
        if let Some(at) = lineups.newest.iter().position(|(known, _)| *known == place) {
            let known = lineups.newest.remove(at);
            let lineup = Arc::clone(&known.1);
            lineups.newest.push(known);
            return lineup;
        }
        #[cfg(test)]
        self.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
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
        if let Some(known) = self.outlines.read().get(id) {
            return Some(Arc::clone(known));
        }
        let outline = Arc::new(self.shared(&fields()?));
        let mut known = self.outlines.write();
        known.insert(id.clone(), Arc::clone(&outline));
        Some(outline)
    }

    /// The number of lineups that are kept.
    #[cfg(test)]
    pub(crate) fn lineups(&self) -> usize {
        self.lineups.lock().newest.len()
    }

    /// The outline of a request, whose shape equal ones share.
    pub(crate) fn shared(&self, fields: &Fields) -> Outline {
        self.share(fields.outline())
    }

    pub(crate) fn share(&self, outline: Outline) -> Outline {
        self.shapes.share(outline)
    }

    pub(crate) fn forget(&self, ids: &[RecordingId]) {
        let mut known = self.outlines.write();
        for id in ids {
            known.remove(id);
        }
    }

    pub(crate) fn clear(&self) {
        self.outlines.write().clear();
    }
}
