//! Removing recordings, and bringing them back from the trash.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::curate::step::RecordingEdit;
use crate::engine::state::Engine;
use crate::model::{RecordingId, Row, Timestamp};
use crate::store::StoreError;

/// A recording in the trash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trashed {
    /// The time of its removal.
    pub removed_at: Timestamp,
    /// The row as it was then.
    pub row: Arc<Row>,
}

impl Engine {
    /// Moves recordings to the trash; protected ones and those that are not there are passed over. Gives the ids that
    /// were removed.
    ///
    /// # Errors
    /// When the store cannot be written; nothing is removed then.
    pub async fn remove(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, StoreError> {
        self.remove_as("rm", ids).await
    }

    /// Removes recordings as a step of this verb, by whose name it is undone.
    pub(crate) async fn remove_as(
        &self,
        verb: &str,
        ids: &[RecordingId],
    ) -> Result<Vec<RecordingId>, StoreError> {
        let curation = self.curate().await;
        let open = |id: &&RecordingId| self.row(id).is_some_and(|row| !row.protected);
        curation.step(verb, ids.iter().filter(open).cloned().map(RecordingEdit::Remove).collect()).await
    }

    /// Brings recordings back from the trash; ids that are not in it are passed over. Gives the ids that came back.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn restore(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, StoreError> {
        let curation = self.curate().await;
        curation.step("restore", ids.iter().cloned().map(RecordingEdit::Restore).collect()).await
    }

    /// The removed recordings, the last one first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn trash(&self) -> Result<Vec<Trashed>, StoreError> {
        let trash = self.shared.store.trash()?.into_iter();
        let mut trash: Vec<_> =
            trash.map(|(removed_at, entry)| Trashed { removed_at, row: entry.row }).collect();
        trash.sort_by_key(|one| std::cmp::Reverse((one.removed_at, one.row.id.clone())));
        Ok(trash)
    }
}
