//! Recordings from elsewhere, such as fixtures.

use std::sync::Arc;

use bytes::Bytes;

use crate::engine::clock;
use crate::engine::recording::commit::Write;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::model::{Hash, Recording, Usage};

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
        let write = Write::put(Arc::new(recording), keys, Usage::default(), media);
        self.settle(self.enter(vec![write]), |_| {}).await?;
        Ok(())
    }
}
