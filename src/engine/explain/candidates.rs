//! The lineup of an endpoint: its recordings, ready for the question who answers what.

use std::sync::Arc;

use crate::engine::state::Engine;
use crate::matching::{Candidate, Lineup, Outline};
use crate::model::{RecordingId, Row};

impl Engine {
    /// The recordings of an endpoint, ready to be asked who answers what. The first time it reads their requests, so
    /// it belongs off the answering threads.
    pub(crate) fn lineup(&self, method: &str, endpoint: &str) -> Arc<Lineup> {
        let generation = self.shared.index.generation();
        self.shared.sketches.lineup(generation, (method, endpoint), || {
            let rows = self.shared.index.select(|row| row.endpoint == endpoint && row.method == method);
            let candidate =
                |row: &Arc<Row>| Some(Candidate { row: Arc::clone(row), outline: self.outline(&row.id)? });
            Lineup::new(rows.iter().filter_map(|entry| candidate(&entry.row)).collect())
        })
    }

    /// The outline of a recording's request; `None` where that cannot be read.
    fn outline(&self, id: &RecordingId) -> Option<Arc<Outline>> {
        self.shared.sketches.outline(id, || self.fields_of(id))
    }
}
