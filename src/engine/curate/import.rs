//! Recordings from elsewhere, and those whose keys an older form made.

use std::sync::Arc;

use bytes::Bytes;

use crate::engine::clock;
use crate::engine::index::row::row_of;
use crate::engine::recording::commit::Write;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::model::{Hash, Recording, Row};
use crate::store::{Indexed, StoreChange};

impl Engine {
    /// Adds a recording that comes from elsewhere, such as a fixture.
    ///
    /// # Errors
    /// When nobody knows what its answer holds, or it cannot be stored.
    pub async fn import(&self, recording: Recording, media: Vec<(Hash, Bytes)>) -> Result<(), VerbError> {
        let recording = self.scrub_answers_of(recording, &[])?;
        let mut recording = Arc::unwrap_or_clone(self.mended(Arc::new(recording)));
        recording.provenance.stored_at = clock::now();
        let keys = self.keys_of(&recording, &recording.strategy);
        let row = Arc::new(row_of(&recording));
        let write = Write::put(Arc::new(recording), Indexed { row, keys }, media);
        self.settle(self.enter(vec![write]), |_| {}).await?;
        Ok(())
    }

    /// Brings the keys of recordings up to date that an older canonical form made.
    pub(crate) fn rekey(&self) {
        let mut rows = self.shared.index.outdated(self.shared.live.load().version);
        // What a request names by an earlier answer's id comes first.
        rows.sort_by_key(|row| row.recorded_at);
        let mut changes = Vec::new();
        for row in rows {
            let Ok(Some(recording)) = self.recording(&row.id) else { continue };
            let recording = self.mended(recording);
            let keys = self.keys_of(&recording, &recording.strategy);
            // A dialect that has come to be known calls the same endpoint by another name.
            let row = Arc::new(Row { usage: row.usage.clone(), ..row_of(&recording) });
            self.shared.index.replace(Indexed { row: Arc::clone(&row), keys: keys.clone() });
            changes.push(StoreChange::Retag { row, keys });
        }
        // Queued by the call; nobody waits for it, because it would only be done again.
        if !changes.is_empty() {
            drop(self.shared.store.commit_all(changes, clock::now()));
        }
    }
}
