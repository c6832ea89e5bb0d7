//! Removing recordings, and bringing them back from the trash.

use std::sync::Arc;

use super::{Engine, clock};
use crate::model::{Event, RecordingId};
use crate::store::{Change, StoreError};

impl Engine {
    /// Moves recordings to the trash; ids that are not there are passed over. Gives the ids that were removed.
    ///
    /// # Errors
    /// When the store cannot be written; nothing is removed then.
    pub async fn remove(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, StoreError> {
        let ids: Vec<_> = ids.iter().filter(|id| self.row(id).is_some()).cloned().collect();
        if ids.is_empty() {
            return Ok(ids);
        }
        let removed: Vec<_> = ids.iter().filter_map(|id| self.shared.library.remove(id)).collect();
        self.forget(&ids);
        // With the use as it is now, so that it comes back with them.
        let entries = removed.iter().map(|entry| (entry.row.id.clone(), entry.row.usage.clone())).collect();
        let changes = vec![Change::Ledger { entries }, Change::Remove { ids: ids.clone() }];
        if let Err(error) = self.shared.store.commit_all(changes, clock::now()).await {
            for entry in removed {
                self.shared.library.insert(entry);
            }
            return Err(error);
        }
        self.shared.history.announce(|| Event::Removed { ids: ids.clone() });
        Ok(ids)
    }

    /// Brings recordings back from the trash; ids that are not in it are passed over. Gives the ids that came back.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn restore(&self, ids: &[RecordingId]) -> Result<Vec<RecordingId>, StoreError> {
        let trash = self.shared.store.trash()?;
        let back: Vec<_> = trash.into_iter().filter(|entry| ids.contains(&entry.row.id)).collect();
        let ids: Vec<_> = back.iter().map(|entry| entry.row.id.clone()).collect();
        if ids.is_empty() {
            return Ok(ids);
        }
        self.shared.store.commit(Change::Restore { ids: ids.clone() }, clock::now()).await?;
        let rows = back.iter().map(|entry| Arc::clone(&entry.row)).collect();
        for entry in back {
            self.shared.library.insert(entry);
        }
        self.shared.history.announce(|| Event::Stored { rows });
        Ok(ids)
    }
}
