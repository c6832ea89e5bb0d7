//! The deletions that can be taken back, as the engine announced them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{RecordingId, Row};

/// Deletions, the last one on top.
#[derive(Clone, Debug, Default)]
pub struct Undo(Vec<Deletion>);

#[derive(Clone, Debug)]
struct Deletion {
    ids: Vec<RecordingId>,
    /// Whether its return was asked for already, so that pressing the key twice takes back two.
    asked: bool,
}

impl Undo {
    /// Recordings were deleted.
    pub fn push(&mut self, ids: Vec<RecordingId>) {
        self.0.push(Deletion { ids, asked: false });
    }

    /// What to ask back next.
    pub fn ask(&mut self) -> Option<Vec<RecordingId>> {
        let last = self.0.iter_mut().rev().find(|deletion| !deletion.asked)?;
        last.asked = true;
        Some(last.ids.clone())
    }

    /// Forgets what is back; returns how many recordings came back.
    pub fn settle(&mut self, rows: &HashMap<RecordingId, Arc<Row>>) -> usize {
        let before: usize = self.0.iter().map(|deletion| deletion.ids.len()).sum();
        for deletion in &mut self.0 {
            deletion.ids.retain(|id| !rows.contains_key(id));
        }
        self.0.retain(|deletion| !deletion.ids.is_empty());
        before - self.0.iter().map(|deletion| deletion.ids.len()).sum::<usize>()
    }

    /// Something failed: what was asked for and did not come may be asked for again.
    pub fn failed(&mut self) {
        self.0.iter_mut().for_each(|deletion| deletion.asked = false);
    }
}
