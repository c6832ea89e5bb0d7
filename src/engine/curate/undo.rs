//! Undoing steps and doing them again, also after a restart: the steps stand in the journal.

use crate::engine::curate::step::RecordingEdit;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::model::{RecordingId, StepRow};
use crate::store::{Changed, RecordingVersion, StoreError, UndoStep};

/// The direction in which a step is gone through.
#[derive(Clone, Copy)]
enum Way {
    Back,
    Forward,
}

impl Engine {
    /// The steps that are kept, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn steps(&self) -> Result<Vec<StepRow>, StoreError> {
        self.shared.store.steps()
    }

    /// Undoes the newest step that is not undone, and gives it.
    ///
    /// # Errors
    /// When there is none, one of its recordings was changed since, or the store says no.
    pub async fn undo(&self) -> Result<StepRow, VerbError> {
        self.go(Way::Back).await
    }

    /// Does the step again that was undone last, and gives it. A new step ends that.
    ///
    /// # Errors
    /// As [`Engine::undo`].
    pub async fn redo(&self) -> Result<StepRow, VerbError> {
        self.go(Way::Forward).await
    }

    async fn go(&self, way: Way) -> Result<StepRow, VerbError> {
        let curation = self.curate().await;
        let steps = self.shared.store.steps()?;
        let row = match way {
            Way::Back => steps.into_iter().rfind(|step| !step.undone).ok_or(VerbError::NoStep("undo"))?,
            Way::Forward => {
                let next = self.shared.store.redoable()?;
                steps.into_iter().find(|step| Some(step.id) == next).ok_or(VerbError::NoStep("redo"))?
            }
        };
        let Some(step) = self.shared.store.step(row.id)? else { return Err(VerbError::NoStep("undo")) };
        let edits = self.edits(&step, way, &row)?;
        curation.turn_back(row.id, matches!(way, Way::Back), edits).await?;
        Ok(StepRow { undone: matches!(way, Way::Back), ..row })
    }

    fn edits(&self, step: &UndoStep, way: Way, row: &StepRow) -> Result<Vec<RecordingEdit>, VerbError> {
        let trash = self.shared.store.trash()?;
        let mut edits = Vec::with_capacity(step.changed.len());
        for changed in &step.changed {
            let Changed { id, before, after } = changed;
            let (from, to) = match way {
                Way::Back => (after, before),
                Way::Forward => (before, after),
            };
            let refused =
                |reason| VerbError::Changed { step: row.to_string(), recording: id.clone(), reason };
            // A crash may have left it half way; what is there already is as good.
            if self.is_at(id, to.as_ref())? {
                continue;
            }
            if !self.is_at(id, from.as_ref())? {
                return Err(refused(self.difference(id, from.as_ref())));
            }
            edits.push(match (from, to) {
                (_, None) => RecordingEdit::Remove(id.clone()),
                (None, Some(_)) if trash.iter().any(|(_, entry)| entry.row.id == *id) => {
                    RecordingEdit::Restore(id.clone())
                }
                (None, Some(_)) => return Err(refused("is no longer in the trash")),
                (Some(_), Some(RecordingVersion { recording: Some(recording), labels, media })) => {
                    let mut recording = recording.clone();
                    recording.label(labels.clone());
                    RecordingEdit::Put(recording, media.clone())
                }
                (Some(_), Some(RecordingVersion { labels, recording: None, .. })) => {
                    let labelled = self.row(id).and_then(|row| self.labelled(&row, labels));
                    RecordingEdit::Label(labelled.ok_or_else(|| refused("cannot be read"))?)
                }
            });
        }
        Ok(edits)
    }

    /// True if a recording is as it was listed at some time, its use apart.
    fn is_at(&self, id: &RecordingId, version: Option<&RecordingVersion>) -> Result<bool, StoreError> {
        let (row, version) = match (self.row(id), version) {
            (None, None) => return Ok(true),
            (Some(row), Some(version)) => (row, version),
            _ => return Ok(false),
        };
        let mut labels = row.labels();
        // Verification may have flagged it since.
        labels.completeness = version.labels.completeness;
        let Some(wanted) = &version.recording else { return Ok(labels == version.labels) };
        let Some(now) = self.recording(id)? else { return Ok(false) };
        Ok(labels == version.labels
            && now.response == wanted.response
            && now.pace == wanted.pace
            && now.ending == wanted.ending
            && now.media == wanted.media)
    }

    fn difference(&self, id: &RecordingId, version: Option<&RecordingVersion>) -> &'static str {
        match (self.row(id), version) {
            (None, _) => "was removed since",
            (Some(_), None) => "is there again",
            (Some(row), Some(version)) if row.labels() != version.labels => "was changed since",
            _ => "was edited since",
        }
    }
}
