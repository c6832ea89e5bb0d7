//! The one way into the store, for recordings that arrive with a call and for those that a verb changes.
//!
//! ```text
//!  entered: in memory, so that every later look-up sees it
//!     │
//!     ▼
//!  stored: one group of journal lines, synced ──── cannot be ──▶ taken back from memory
//!     │
//!     ▼
//!  verified: what was put is read back ──── differs ──▶ flagged, never replayed
//!     │
//!     ▼
//!  announced: with the rows as they stand now
//! ```

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use crate::engine::clock;
use crate::engine::recording::row::row_of;
use crate::engine::state::Engine;
use crate::model::{Completeness, Event, Hash, Labels, Level, Recording, RecordingId, Row, Usage};
use crate::store::{Indexed, LookUpKeys, StoreChange, StoreError};

/// Something to be written about one recording.
pub(crate) struct Write {
    pub(crate) id: RecordingId,
    pub(crate) change: StoreChange,
    /// The entry that look-ups see from now on; `None` where it is removed.
    pub(crate) entry: Option<Indexed>,
    /// The recording that is put, which is read back and compared with this; `None` where none is.
    pub(crate) put: Option<Arc<Recording>>,
}

/// Writes that look-ups see, and the entries that would take them back.
pub(crate) struct Entered {
    writes: Vec<Write>,
    before: Vec<(RecordingId, Option<Indexed>)>,
}

impl Write {
    /// A recording that is added, or replaced, which keeps its use; with the files behind its links that are not stored yet.
    pub(crate) fn put(
        recording: Arc<Recording>,
        keys: LookUpKeys,
        usage: Usage,
        media: Vec<(Hash, Bytes)>,
    ) -> Self {
        let entry = Indexed { row: Arc::new(Row { usage, ..row_of(&recording) }), keys };
        let change = StoreChange::Put {
            recording: Box::new(Recording::clone(&recording)),
            row: Arc::clone(&entry.row),
            keys: entry.keys.clone(),
            media,
        };
        Self { id: recording.id.clone(), change, entry: Some(entry), put: Some(recording) }
    }
}

impl Engine {
    /// Enters writes into memory: whoever looks up from now on sees them.
    pub(crate) fn enter(&self, writes: Vec<Write>) -> Entered {
        let index = &self.shared.index;
        let mut changed = Vec::new();
        let mut enter = |one: &Write| {
            let mut listed = true;
            if let (Some(put), StoreChange::Put { media, .. }) = (&one.put, &one.change) {
                listed = self.shared.unsaved.hold(put, media, index.contains(&one.id));
            }
            let before = match &one.entry {
                None => index.remove(&one.id),
                Some(entry) => index.replace(entry),
            };
            match (&one.entry, &before) {
                (Some(entry), None) => index.insert(entry),
                (_, Some(_)) => changed.push(one.id.clone()),
                (None, None) => {}
            }
            // What was entered a moment ago and nobody was told of is nothing to go back to.
            (one.id.clone(), before.filter(|_| listed))
        };
        let before: Vec<_> = writes.iter().map(&mut enter).collect();
        let removed = writes.iter().filter(|one| one.entry.is_none()).map(|one| one.id.clone());
        let removed: Vec<_> = removed.collect();
        if !removed.is_empty() {
            self.shared.takes.open_reads.forget(&removed);
        }
        if !changed.is_empty() {
            self.forget(&changed);
        }
        Entered { writes, before }
    }

    /// Stores what was entered, verifies and announces it. `mark` adds what goes into the store with it.
    ///
    /// # Errors
    /// When the store cannot be written; what was entered is taken back then.
    pub(crate) async fn settle(
        &self,
        entered: Entered,
        mark: impl FnOnce(&mut Vec<StoreChange>),
    ) -> Result<Vec<RecordingId>, StoreError> {
        let Entered { writes, before } = entered;
        let ids: Vec<_> = writes.iter().map(|one| one.id.clone()).collect();
        let mut changes: Vec<_> = writes.iter().map(|one| one.change.clone()).collect();
        mark(&mut changes);
        // A removed recording is asked for its use no more.
        let removed = writes.iter().zip(&before).filter(|(one, _)| one.entry.is_none());
        let used = removed
            .filter_map(|(one, (_, before))| Some((one.id.clone(), before.as_ref()?.row.usage.clone())));
        let used: Vec<_> = used.filter(|(_, usage)| *usage != Usage::default()).collect();
        if !used.is_empty() {
            changes.push(StoreChange::Ledger { entries: used });
        }
        let stored = self.shared.store.commit_all(changes, clock::now()).await;
        if let Err(error) = stored {
            self.shared.unsaved.failing.store(true, Ordering::Relaxed);
            self.take_back(before);
            self.shared.unsaved.release(&ids);
            return Err(error);
        }
        if self.shared.unsaved.failing.swap(false, Ordering::Relaxed) {
            self.notify(Level::Info, "The store can be written again: recording goes on.");
        }
        let verified = self.verified(&writes).await;
        self.shared.unsaved.release(&ids);
        // Also of what could not be read back: it is in the index, and lists show it.
        self.announce(&writes);
        verified.map(|()| ids)
    }

    fn take_back(&self, before: Vec<(RecordingId, Option<Indexed>)>) {
        let index = &self.shared.index;
        let ids: Vec<_> = before.iter().map(|(id, _)| id.clone()).collect();
        self.shared.takes.open_reads.forget(&ids);
        for (id, before) in before {
            match before {
                Some(entry) if index.replace(&entry).is_none() => index.insert(&entry),
                Some(_) => {}
                None => _ = index.remove(&id),
            }
        }
        self.forget(&ids);
    }

    /// Reads back what was put, and flags what is not what was meant.
    async fn verified(&self, writes: &[Write]) -> Result<(), StoreError> {
        for one in writes {
            let (Some(put), Some(entry)) = (&one.put, &one.entry) else { continue };
            if !put.completeness.replayable() || self.verify(put, &entry.keys)? {
                continue;
            }
            self.notify(Level::Error, format!("{} failed verification and will not be replayed", one.id));
            let labels = Labels { completeness: Completeness::Unverified, ..entry.row.labels() };
            let row = Arc::new(entry.row.labelled(&labels));
            self.shared.index.replace(&Indexed { row: Arc::clone(&row), keys: entry.keys.clone() });
            self.forget(std::slice::from_ref(&one.id));
            let change = StoreChange::Retag { row, keys: entry.keys.clone() };
            self.shared.store.commit(change, clock::now()).await?;
        }
        Ok(())
    }

    /// True if what the store gives back replays equal bytes and answers its own request, scrubbed once more. The ids of
    /// earlier answers mean what they meant when it was recorded: what became known since has no part in that.
    fn verify(&self, recording: &Recording, keys: &LookUpKeys) -> Result<bool, StoreError> {
        #[cfg(test)]
        if self.shared.unsaved.spoils.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(false);
        }
        let Some(stored) = self.shared.store.recording(&recording.id)? else { return Ok(false) };
        // Another configuration came into force meanwhile, under which the keys were made anew.
        if keys.canonical != self.shared.live.load().version {
            return Ok(stored == *recording);
        }
        let again = self.scrub(stored.request.get());
        let known = |id: &str| keys.earlier.iter().find(|(known, _)| known == id).map(|(_, asked)| *asked);
        let fields = self.shared.live.load().canon.fields(&again).resolved(known);
        let own = LookUpKeys { answer: keys.answer.clone(), ..self.keys(&fields, &stored.strategy) };
        Ok(stored == *recording && own == *keys)
    }

    fn announce(&self, writes: &[Write]) {
        let (put, removed): (Vec<_>, Vec<_>) = writes.iter().partition(|one| one.entry.is_some());
        let ids: Vec<_> = removed.iter().map(|one| one.id.clone()).collect();
        if !ids.is_empty() {
            self.shared.history.announce(|| Event::Removed { ids });
        }
        if !put.is_empty() {
            let rows = || put.iter().filter_map(|one| self.row(&one.id)).collect();
            self.shared.history.announce(|| Event::Stored { rows: rows() });
        }
    }
}

// === impl Unsaved ===
