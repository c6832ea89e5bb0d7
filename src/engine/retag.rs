//! Changing what recordings answer.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::answer::aside;
use super::curate::Edit;
use super::{Engine, VerbError};
use crate::matching::{BlastRadius, Fields, NamedField, ResolveFieldError};
use crate::model::{Playback, RecordingId, Row, Strategy};
use crate::store::{Indexed, Keys};

/// What recordings are given; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// What they answer.
    #[serde(default)]
    pub strategy: Option<Strategy>,
    /// How takes of the same request play.
    #[serde(default)]
    pub playback: Option<Playback>,
}

/// What a change of strategy does to one recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retagged {
    /// The recording.
    pub recording: RecordingId,
    /// The strategy it had.
    pub before: Strategy,
    /// The strategy it has now, or would have.
    pub after: Strategy,
    /// How it plays among takes of the same request.
    pub playback: Playback,
    /// What that does to the calls of the history and to other recordings.
    pub radius: BlastRadius,
    /// All recordings that answer the same calls with it, takes of it left out.
    pub ambiguous: Vec<RecordingId>,
}

impl Engine {
    /// Gives recordings another strategy or playback, all or none, and says what that does; with `dry_run` it only says it.
    ///
    /// # Errors
    /// When one is not there, a field's name is not clear in its request, or the store cannot be written. Nothing is
    /// changed then.
    pub async fn retag(
        &self,
        ids: &[RecordingId],
        tag: &Tag,
        dry_run: bool,
    ) -> Result<Vec<Retagged>, VerbError> {
        let curation = self.curate().await;
        let (engine, wanted, tag) = (self.clone(), ids.to_vec(), tag.clone());
        let planned = aside(move || -> Result<Vec<_>, VerbError> {
            wanted.iter().map(|id| engine.planned(id, &tag)).collect()
        });
        let planned = planned.await?;
        if !dry_run {
            let edits = planned.iter().map(|(_, entry)| Edit::Label(entry.clone()));
            curation.step("retag", edits.collect()).await?;
        }
        Ok(planned.into_iter().map(|(retagged, _)| retagged).collect())
    }

    /// The fields of a recording's request by the names that strategies have for them; none where it is not there.
    pub async fn named_fields(&self, id: &RecordingId) -> Option<Vec<NamedField>> {
        let (engine, id) = (self.clone(), id.clone());
        aside(move || Some(engine.fields_of(&id)?.named())).await
    }

    fn planned(&self, id: &RecordingId, tag: &Tag) -> Result<(Retagged, Indexed), VerbError> {
        let unknown = || VerbError::Unknown(id.clone());
        let row = self.row(id).ok_or_else(unknown)?;
        let strategy = tag.strategy.as_ref().unwrap_or(&row.strategy);
        let playback = tag.playback.unwrap_or(row.playback);
        let request = self.request_of(id).ok_or_else(unknown)?;
        let fields = self.fields(&self.scrub(&request));
        clear(strategy, &fields).map_err(|problem| VerbError::Field { recording: id.clone(), problem })?;
        let lineup = self.lineup(&row.method, &row.endpoint);
        let past = self.past(&row.method, &row.endpoint);
        let radius = lineup.blast_radius(id, strategy, &past).unwrap_or_default();
        let retagged = Retagged {
            recording: id.clone(),
            before: row.strategy.clone(),
            after: strategy.clone(),
            playback,
            ambiguous: lineup.twins(id, strategy),
            radius,
        };
        let answer = self.shared.library.keys(id).and_then(|keys| keys.answer);
        let keys = Keys { answer, ..self.keys(&fields, strategy) };
        let row = Arc::new(Row { strategy: strategy.clone(), playback, ..Row::clone(&row) });
        Ok((retagged, Indexed { row, keys }))
    }

    /// Groups of recordings that answer the same calls although their requests differ, the newest first in each.
    pub async fn ambiguous(&self) -> Vec<Vec<RecordingId>> {
        let engine = self.clone();
        aside(move || {
            let mut places: Vec<_> = engine
                .shared
                .library
                .select(Row::answers)
                .into_iter()
                .map(|entry| (entry.row.method.clone(), entry.row.endpoint.clone()))
                .collect();
            places.sort();
            places.dedup();
            places.iter().flat_map(|(method, endpoint)| engine.lineup(method, endpoint).ambiguous()).collect()
        })
        .await
    }
}

/// Whether each name in a strategy means one field of the request, or one that it could have.
pub(super) fn clear(strategy: &Strategy, fields: &Fields) -> Result<(), ResolveFieldError> {
    let (Strategy::Standard { ignored: names } | Strategy::Specific { fields: names }) = strategy else {
        return Ok(());
    };
    for name in names {
        match fields.resolve(name) {
            // A whole name may stand for a field that other requests have.
            Err(ResolveFieldError::Unknown(_)) if name.contains('/') => {}
            Err(problem) => return Err(problem),
            Ok(_) => {}
        }
    }
    Ok(())
}
