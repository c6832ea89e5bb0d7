//! The outlines of recordings, kept in memory once something asked for them: for explaining, not for answering.

use std::collections::HashMap;
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
    /// The last lineup that was asked for, and the library's generation that it holds for.
    last: Mutex<Option<(u64, Place, Arc<Lineup>)>>,
}

impl Engine {
    /// The recordings of an endpoint, ready to be asked who answers what. The first time it reads their requests, so
    /// it belongs off the answering threads.
    pub(super) fn lineup(&self, method: &str, endpoint: &str) -> Arc<Lineup> {
        let generation = self.shared.library.generation();
        let place = (method.to_owned(), endpoint.to_owned());
        let outlines = &self.shared.outlines;
        let mut last = outlines.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, known, lineup)) = &*last
            && (*at, known) == (generation, &place)
        {
            return Arc::clone(lineup);
        }
        let rows = self.shared.library.select(|row| row.endpoint == endpoint && row.method == method);
        let candidate =
            |row: &Arc<Row>| Some(Candidate { row: Arc::clone(row), outline: self.outline(&row.id)? });
        let lineup = Arc::new(Lineup::new(rows.iter().filter_map(|entry| candidate(&entry.row)).collect()));
        *last = Some((generation, place, Arc::clone(&lineup)));
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
