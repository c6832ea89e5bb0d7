//! Steps: one verb is one step, durable as a whole, announced, and undone as a whole.
//!
//! Verbs come one after the other: what one of them read is still so when it writes. Calls are recorded beside them,
//! which changes no recording that is there.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::MutexGuard;

use crate::engine::recording::commit::Write;
use crate::engine::state::Engine;
use crate::matching::narrowed;
use crate::model::{Hash, Labels, Recording, RecordingId, Row, StepId};
use crate::store::{Changed, Indexed, LookUpKeys, RecordingVersion, StoreChange, StoreError, UndoStep};

/// A change of one recording.
pub(crate) enum RecordingEdit {
    /// Adds a recording or replaces its content, with the files behind its links that are not stored yet.
    Put(Box<Recording>, Vec<(Hash, Bytes)>),
    /// Changes its labels, and with them its keys.
    Label(Indexed),
    /// Moves it to the trash.
    Remove(RecordingId),
    /// Brings it back from there.
    Restore(RecordingId),
}

/// The right to change recordings, held by one verb at a time.
pub(crate) struct Curation<'a> {
    pub(crate) engine: &'a Engine,
    _turn: MutexGuard<'a, ()>,
}

/// An edit with all that carrying it out takes, and taking it back.
struct Planned {
    before: Option<RecordingVersion>,
    after: Option<RecordingVersion>,
    write: Write,
}

impl Engine {
    /// Waits for the verb before this one.
    pub(crate) async fn curate(&self) -> Curation<'_> {
        Curation { engine: self, _turn: self.shared.curating.lock().await }
    }
}

impl Curation<'_> {
    /// Carries edits out as one step of a verb. Those of recordings that are not there are passed over; gives the
    /// recordings that changed.
    ///
    /// # Errors
    /// When the store cannot be read or written; nothing is changed then.
    pub(crate) async fn step(
        &self,
        verb: &str,
        edits: Vec<RecordingEdit>,
    ) -> Result<Vec<RecordingId>, StoreError> {
        let planned = self.planned(edits).await?;
        if planned.is_empty() {
            return Ok(Vec::new());
        }
        let last = self.engine.shared.store.steps()?.last().map_or(0, |step| step.id.0);
        let changed = planned
            .iter()
            .map(|one| Changed {
                id: one.write.id.clone(),
                before: one.before.clone(),
                after: one.after.clone(),
            })
            .collect();
        let step = UndoStep { id: StepId(last + 1), verb: verb.into(), undone: false, changed };
        self.carry_out(planned, |changes| {
            // Before them: whatever a crash leaves of the changes can be undone.
            changes.insert(0, StoreChange::Step(Box::new(step)));
        })
        .await
    }

    /// Carries edits out that undo a step, or do it again.
    pub(crate) async fn turn_back(
        &self,
        step: StepId,
        undone: bool,
        edits: Vec<RecordingEdit>,
    ) -> Result<Vec<RecordingId>, StoreError> {
        let planned = self.planned(edits).await?;
        // Behind them: what a crash leaves undone is undone the next time.
        self.carry_out(planned, |changes| changes.push(StoreChange::Undone { step, undone })).await
    }

    /// Carries edits out that cannot be taken back: what they replace is to be nowhere any more.
    ///
    /// # Errors
    /// When the store cannot be read or written; nothing is changed then.
    pub(crate) async fn replace(&self, edits: Vec<RecordingEdit>) -> Result<Vec<RecordingId>, StoreError> {
        let planned = self.planned(edits).await?;
        if planned.is_empty() { Ok(Vec::new()) } else { self.carry_out(planned, |_| ()).await }
    }

    async fn planned(&self, edits: Vec<RecordingEdit>) -> Result<Vec<Planned>, StoreError> {
        // Keys are made from requests, which may be long.
        self.engine
            .aside(move |engine| {
                let trash = if edits.iter().any(|edit| matches!(edit, RecordingEdit::Restore(_))) {
                    engine.shared.store.trash()?
                } else {
                    Vec::new()
                };
                let mut planned = Vec::with_capacity(edits.len());
                for edit in edits {
                    planned.extend(match edit {
                        RecordingEdit::Put(recording, media) => Some(engine.put_planned(recording, media)?),
                        RecordingEdit::Label(entry) => engine.label_planned(entry),
                        RecordingEdit::Remove(id) => engine.remove_planned(id),
                        RecordingEdit::Restore(id) => {
                            let found = trash.iter().find(|(_, entry)| entry.row.id == id);
                            found.map(|(_, entry)| restore_planned(entry.clone()))
                        }
                    });
                }
                // Whoever is named twice changes once.
                let mut seen = HashSet::new();
                planned.retain(|one| seen.insert(one.write.id.clone()));
                Ok(planned)
            })
            .await
    }

    async fn carry_out(
        &self,
        planned: Vec<Planned>,
        mark: impl FnOnce(&mut Vec<StoreChange>),
    ) -> Result<Vec<RecordingId>, StoreError> {
        let writes = planned.into_iter().map(|one| one.write).collect();
        self.engine.settle(self.engine.enter(writes), mark).await
    }
}

impl Engine {
    fn put_planned(
        &self,
        recording: Box<Recording>,
        media: Vec<(Hash, Bytes)>,
    ) -> Result<Planned, StoreError> {
        let id = recording.id.clone();
        let known = self.row(&id);
        let old = if known.is_some() { self.recording(&id)? } else { None };
        let keys = self.keys_of(&recording, &recording.strategy);
        let usage = known.as_ref().map(|row| row.usage.clone()).unwrap_or_default();
        let before = known.zip(old).map(|(row, old)| RecordingVersion {
            labels: row.labels(),
            recording: Some(Box::new(Recording::clone(&old))),
            media: Vec::new(),
        });
        // One that was not there is brought back from the trash: its content is kept there.
        let after = before.is_some().then(|| recording.clone());
        let write = Write::put(Arc::from(recording), keys, usage, media);
        let version = |entry: &Indexed| RecordingVersion {
            labels: entry.row.labels(),
            recording: after,
            media: Vec::new(),
        };
        Ok(Planned { before, after: write.entry.as_ref().map(version), write })
    }

    fn label_planned(&self, entry: Indexed) -> Option<Planned> {
        let before = self.row(&entry.row.id)?.labels();
        let change = StoreChange::Retag { row: Arc::clone(&entry.row), keys: entry.keys.clone() };
        Some(Planned {
            before: Some(bare(before)),
            after: Some(bare(entry.row.labels())),
            write: Write { id: entry.row.id.clone(), change, entry: Some(entry), put: None },
        })
    }

    fn remove_planned(&self, id: RecordingId) -> Option<Planned> {
        let before = self.row(&id)?.labels();
        let change = StoreChange::Remove { ids: vec![id.clone()] };
        Some(Planned {
            before: Some(bare(before)),
            after: None,
            write: Write { id, change, entry: None, put: None },
        })
    }

    /// A row with other labels, and what finds it then. The request is read only where that changes.
    pub(crate) fn labelled(&self, row: &Row, labels: &Labels) -> Option<Indexed> {
        let known = self.shared.index.keys(&row.id)?;
        let keys = if row.strategy == labels.strategy {
            known
        } else {
            let request = self.request_of(&row.id)?;
            let fields = self.fields(&self.scrub(&request));
            // What an older retake accepted does not come back as it was.
            if let Some(strategy) = narrowed(&labels.strategy, &fields) {
                return self.labelled(row, &Labels { strategy, ..labels.clone() });
            }
            LookUpKeys { answer: known.answer, ..self.keys(&fields, &labels.strategy) }
        };
        Some(Indexed { row: Arc::new(row.labelled(labels)), keys })
    }
}

fn bare(labels: Labels) -> RecordingVersion {
    RecordingVersion { labels, recording: None, media: Vec::new() }
}

fn restore_planned(entry: Indexed) -> Planned {
    let id = entry.row.id.clone();
    Planned {
        before: None,
        after: Some(bare(entry.row.labels())),
        write: Write {
            change: StoreChange::Restore { ids: vec![id.clone()] },
            entry: Some(entry),
            put: None,
            id,
        },
    }
}
