//! Recording anew: the new answer waits beside the old one until somebody has looked at both.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::clock;
use crate::engine::curate::step::RecordingEdit;
use crate::engine::state::Engine;
use crate::engine::upstream_keys::keyed;
use crate::engine::verb_error::{FetchError, VerbError};
use crate::matching::placeholders;
use crate::model::{Derivation, Labels, Recording, RecordingId, Row, Source, Usd};

/// The cost and the result of recording a recording anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rerecord {
    /// The recording.
    pub recording: RecordingId,
    /// The likely price; `None` where no price is known.
    #[serde(rename = "price_usd")]
    pub price: Option<Usd>,
    /// The reason why it cannot be; `None` where it can.
    pub problem: Option<String>,
    /// The new recording, which waits for review; `None` when nothing was asked yet, or it failed.
    pub new: Option<RecordingId>,
}

/// The decision on a recording that waits for review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewVerdict {
    /// The new one takes the old one's place, and its labels.
    Accept,
    /// Both stay, as takes of the same request.
    KeepBoth,
    /// The new one goes to the trash.
    Reject,
}

impl Engine {
    /// The likely prices of recording these anew, and which of them cannot be.
    ///
    /// # Errors
    /// When one is not there, or cannot be read.
    pub fn rerecord_plan(&self, ids: &[RecordingId]) -> Result<Vec<Rerecord>, VerbError> {
        ids.iter()
            .map(|id| {
                let row = self.row(id).ok_or_else(|| VerbError::Unknown(id.clone()))?;
                let recording = self.recording(id)?.ok_or_else(|| VerbError::Unknown(id.clone()))?;
                Ok(Rerecord {
                    recording: id.clone(),
                    price: self.price(&row).or_else(|| self.estimate(&recording.request)),
                    problem: self.unaskable(&recording),
                    new: None,
                })
            })
            .collect()
    }

    /// The reason why a recording's request cannot be sent once more; `None` where it can.
    fn unaskable(&self, recording: &Recording) -> Option<String> {
        if let Some(held) = placeholders(&recording.request).first() {
            let text =
                "was scrubbed when it was recorded, and the original is gone; make the call again instead";
            return Some(format!("its request holds {held}, which {text}"));
        }
        let (request, settings) = (recording.request.get(), self.settings());
        if settings.never_forward {
            return Some(FetchError::Forbidden.to_string());
        }
        if !settings.upstreams.contains_key(&request.mount) {
            return Some(FetchError::NoUpstream(request.mount.clone()).to_string());
        }
        keyed(&settings, request).err().map(|error| error.to_string())
    }

    /// Asks the upstream once more for what a recording holds. The answer waits for review; until then the old one goes on
    /// answering.
    ///
    /// # Errors
    /// When it is not there or cannot be stored. That the upstream cannot be asked, or does not answer, stands in what is
    /// given.
    pub async fn rerecord(&self, id: &RecordingId) -> Result<Rerecord, VerbError> {
        let mut plan = self.rerecord_plan(std::slice::from_ref(id))?;
        let Some(mut one) = plan.pop().filter(|one| one.problem.is_none()) else {
            return Ok(self.rerecord_plan(std::slice::from_ref(id))?.remove(0));
        };
        let old = self.recording(id)?.ok_or_else(|| VerbError::Unknown(id.clone()))?;
        let new = clock::recording_id();
        let request = match keyed(&self.settings(), old.request.get()) {
            Ok(request) => request,
            Err(error) => return Ok(Rerecord { problem: Some(error.to_string()), ..one }),
        };
        match self.fetch(&new, request, old.request.clone()).await {
            Err(error) => one.problem = Some(error.to_string()),
            Ok(fetched) => {
                let recording = Recording {
                    review: Some(id.clone()),
                    source: Some(Source { recording: id.clone(), how: Derivation::Rerecord }),
                    strategy: old.strategy.clone(),
                    scope: old.scope.clone(),
                    playback: old.playback,
                    ..fetched.recording
                };
                let curation = self.curate().await;
                curation
                    .step("rerecord", vec![RecordingEdit::Put(Box::new(recording), fetched.media)])
                    .await?;
                one.new = Some(new);
            }
        }
        Ok(one)
    }

    /// Decides reviews, all or none, as one step. Gives the recordings that changed.
    ///
    /// # Errors
    /// When one is not there or does not wait, or the store cannot be written.
    pub async fn review(
        &self,
        ids: &[RecordingId],
        verdict: ReviewVerdict,
    ) -> Result<Vec<RecordingId>, VerbError> {
        let curation = self.curate().await;
        let (mut edits, mut replaced) = (Vec::new(), HashSet::new());
        for id in ids {
            let row = self.row(id).ok_or_else(|| VerbError::Unknown(id.clone()))?;
            let old = row.review.as_ref().ok_or_else(|| VerbError::Decided(id.clone()))?;
            // Of several that wait beside the same one the first takes its place; the others stay as takes.
            let old = self
                .row(old)
                .filter(|old| verdict != ReviewVerdict::Accept || replaced.insert(old.id.clone()));
            if verdict == ReviewVerdict::Reject {
                edits.push(RecordingEdit::Remove(id.clone()));
                continue;
            }
            let labels = match (&old, verdict) {
                (Some(old), ReviewVerdict::Accept) => {
                    Labels { review: None, completeness: row.completeness, ..old.labels() }
                }
                _ => Labels { review: None, ..row.labels() },
            };
            let entry = self.labelled(&row, &labels).ok_or_else(|| VerbError::Unknown(id.clone()))?;
            edits.push(RecordingEdit::Label(entry));
            edits.extend(
                old.filter(|_| verdict == ReviewVerdict::Accept)
                    .map(|old| RecordingEdit::Remove(old.id.clone())),
            );
        }
        let verb = match verdict {
            ReviewVerdict::Accept => "review accept",
            ReviewVerdict::KeepBoth => "review keep",
            ReviewVerdict::Reject => "review reject",
        };
        Ok(curation.step(verb, edits).await?)
    }

    /// The recordings that wait for review, the newest first.
    #[must_use]
    pub fn reviews(&self) -> Vec<std::sync::Arc<Row>> {
        let mut waiting: Vec<_> = self.rows().into_values().filter(|row| row.review.is_some()).collect();
        waiting.sort_by_key(|row| row.newest_first());
        waiting
    }
}
