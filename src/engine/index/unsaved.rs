//! Recordings that look-ups see and that are not yet safe in the store.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};

use crate::model::{Hash, Recording, RecordingId};

/// Recordings that look-ups see and that are not yet safe in the store.
#[derive(Default)]
pub(crate) struct Unsaved {
    held: Mutex<HashMap<RecordingId, UnsavedRecording>>,
    /// True if the last change could not be stored.
    pub(crate) failing: AtomicBool,
    /// Lets verification fail, which nothing else does.
    #[cfg(test)]
    pub(crate) spoils: std::sync::atomic::AtomicBool,
}

pub(crate) struct UnsavedRecording {
    recording: Arc<Recording>,
    media: Vec<(Hash, Bytes)>,
    /// True if it is announced already, as it was before.
    listed: bool,
}

impl Unsaved {
    /// Holds a recording until it is safe. `known` says whether the index has it; gives whether anybody was told of it.
    pub(crate) fn hold(&self, recording: &Arc<Recording>, media: &[(Hash, Bytes)], known: bool) -> bool {
        let mut held = self.lock();
        // One that is entered a second time was not listed in between.
        let listed = held.get(&recording.id).map_or(known, |before| before.listed);
        let one = UnsavedRecording { recording: Arc::clone(recording), media: media.to_vec(), listed };
        held.insert(recording.id.clone(), one);
        listed
    }

    pub(crate) fn release(&self, ids: &[RecordingId]) {
        let mut held = self.lock();
        for id in ids {
            held.remove(id);
        }
    }

    /// The recordings that nobody was told of yet.
    pub(crate) fn ids(&self) -> Vec<RecordingId> {
        self.lock().iter().filter(|(_, held)| !held.listed).map(|(id, _)| id.clone()).collect()
    }

    pub(crate) fn get(&self, id: &RecordingId) -> Option<Arc<Recording>> {
        self.lock().get(id).map(|held| Arc::clone(&held.recording))
    }

    /// A file behind a link of a recording that is held.
    pub(crate) fn file(&self, hash: &Hash) -> Option<Bytes> {
        let held = self.lock();
        let mut files = held.values().flat_map(|held| &held.media);
        files.find(|(known, _)| known == hash).map(|(_, bytes)| bytes.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RecordingId, UnsavedRecording>> {
        self.held.lock()
    }
}
