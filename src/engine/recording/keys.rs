//! Requests and recordings as look-ups see them: scrubbed, as fields, as keys.

use std::sync::Arc;

use crate::engine::clock;
use crate::engine::recording::row::row_of;
use crate::engine::state::Engine;
use crate::matching::Fields;
use crate::model::{Recording, RecordingId, Request, Row, Scrubbed, Strategy};
use crate::reading::answer_ids::answer_id;
use crate::store::{Indexed, LookUpKeys, StoreChange, StoreError};

impl Engine {
    /// A request as it may be stored, and as it is compared.
    #[must_use]
    pub fn scrub(&self, request: &Request) -> Scrubbed {
        self.shared.live.load().scrubber.scrub(request)
    }

    /// The canonical fields of a scrubbed request.
    pub(crate) fn fields(&self, scrubbed: &Scrubbed) -> Fields {
        self.resolved(self.shared.live.load().canon.fields(scrubbed))
    }

    /// The fields with the ids of earlier answers replaced by what was asked then.
    pub(crate) fn resolved(&self, fields: Fields) -> Fields {
        fields.resolved(|id| self.shared.index.answered(id))
    }

    /// A whole recording, also one that is on its way into the store.
    ///
    /// # Errors
    /// When it cannot be read, or a body is not what was stored.
    pub fn recording(&self, id: &RecordingId) -> Result<Option<Arc<Recording>>, StoreError> {
        if let Some(recording) = self.shared.unsaved.get(id) {
            return Ok(Some(recording));
        }
        Ok(self.shared.store.recording(id)?.map(Arc::new))
    }

    /// The fingerprints that a look-up needs.
    pub(crate) fn keys(&self, fields: &Fields, strategy: &Strategy) -> LookUpKeys {
        let canonical = self.shared.live.load().version;
        LookUpKeys {
            canonical,
            all: fields.all(),
            significant: fields.fingerprint(strategy),
            answer: None,
            earlier: fields.earlier().to_vec(),
        }
    }

    /// The fingerprints of a recording as it would be looked up now.
    pub(crate) fn keys_of(&self, recording: &Recording, strategy: &Strategy) -> LookUpKeys {
        let answer = answer_id(&recording.request, &recording.response);
        LookUpKeys { answer, ..self.keys(&self.fields(&self.scrub(&recording.request)), strategy) }
    }

    /// The scrubbed request of a recording, also of one that is on its way into the store; `None` where it cannot be read.
    pub(crate) fn request_of(&self, id: &RecordingId) -> Option<Scrubbed> {
        if let Some(recording) = self.shared.unsaved.get(id) {
            return Some(recording.request.clone());
        }
        self.shared.store.request(id).ok()?
    }

    /// The fields of a recording's request, as they are compared now.
    pub(crate) fn fields_of(&self, id: &RecordingId) -> Option<Fields> {
        Some(self.fields(&self.scrub(&*self.request_of(id)?)))
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
            self.shared.index.replace(&Indexed { row: Arc::clone(&row), keys: keys.clone() });
            changes.push(StoreChange::Retag { row, keys });
        }
        // Queued by the call; nobody waits for it, because it would only be done again.
        if !changes.is_empty() {
            drop(self.shared.store.commit_all(changes, clock::now()));
        }
    }
}
