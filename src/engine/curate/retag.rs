//! Changing the match strategy and the playback of recordings.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::curate::step::RecordingEdit;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::matching::{BlastRadius, NamedField, NamedUnion, PastIndex, StrategyCheck, StrategyProblem};
use crate::model::{Playback, RecordingId, Row, Strategy};
use crate::store::{Indexed, LookUpKeys};

/// New match settings of recordings; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchSettings {
    /// The match strategy.
    #[serde(default)]
    pub strategy: Option<Strategy>,
    /// The playback among takes of the same request.
    #[serde(default)]
    pub playback: Option<Playback>,
}

/// The effect of new match settings on one recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retagged {
    /// The recording.
    pub recording: RecordingId,
    /// The strategy it had.
    pub before: Strategy,
    /// The strategy it has now, or would have.
    pub after: Strategy,
    /// The playback among takes of the same request.
    pub playback: Playback,
    /// The effect on the calls of the history and on other recordings.
    pub radius: BlastRadius,
    /// Recordings that answer the same calls with it, takes of it left out; where thousands are changed together only the
    /// first of them.
    pub ambiguous: Vec<RecordingId>,
    /// Fields that the strategy names and this recording's request lacks: it answers requests that lack them, too.
    #[serde(default)]
    pub absent: Vec<String>,
    /// From how many others of those that are changed together it could no longer be told apart, although they ask for
    /// something else: the newest of them answers.
    #[serde(default)]
    pub collisions: u64,
}

/// The most twins that are named in all: thousands of recordings that answer the same would name each other.
const TWINS: usize = 100_000;

/// A recording's row, and its place among those that are changed.
type Numbered = (usize, Arc<Row>);

impl Engine {
    /// Gives recordings another strategy or playback, all or none, and says what that does; with `dry_run` it only says it.
    ///
    /// # Errors
    /// When one is not there, the strategy names a field that none of those at an endpoint can have or that is not clear in
    /// one, or the store cannot be written. Nothing is changed then.
    pub async fn retag(
        &self,
        ids: &[RecordingId],
        tag: &MatchSettings,
        dry_run: bool,
    ) -> Result<Vec<Retagged>, VerbError> {
        let curation = self.curate().await;
        let (wanted, tag) = (ids.to_vec(), tag.clone());
        let planned = self.aside(move |engine| engine.planned(&wanted, &tag)).await?;
        if !dry_run {
            let edits = planned.iter().map(|(_, entry)| RecordingEdit::Label(entry.clone()));
            curation.step("retag", edits.collect()).await?;
        }
        Ok(planned.into_iter().map(|(retagged, _)| retagged).collect())
    }

    /// The fields of recordings' requests by the names that strategies have for them, those of any; `None` where the only
    /// one is not there.
    pub async fn named_fields(&self, ids: &[RecordingId]) -> Option<Vec<NamedField>> {
        let ids = ids.to_vec();
        self.aside(move |engine| {
            if let [id] = &ids[..] {
                return Some(engine.fields_of(id)?.named());
            }
            let mut union = NamedUnion::default();
            // What was removed meanwhile has no say.
            ids.iter().filter_map(|id| engine.fields_of(id)).for_each(|fields| union.add(&fields));
            Some(union.named())
        })
        .await
    }

    /// The effect of the change on each, and the keys that find it then; in the order of `ids`.
    fn planned(
        &self,
        ids: &[RecordingId],
        tag: &MatchSettings,
    ) -> Result<Vec<(Retagged, Indexed)>, VerbError> {
        let alone = |problem: StrategyProblem| match ids {
            [recording] => VerbError::Field { recording: recording.clone(), problem },
            _ => VerbError::NoneHas(problem),
        };
        let check = tag.strategy.as_ref().map(StrategyCheck::new).transpose();
        let mut check = check.map_err(VerbError::Match)?;
        // Endpoint by endpoint: who answers there is worked out once.
        let mut places: BTreeMap<(String, String), Vec<Numbered>> = BTreeMap::new();
        for (at, id) in ids.iter().enumerate() {
            let row = self.row(id).ok_or_else(|| VerbError::Unknown(id.clone()))?;
            places.entry((row.method.clone(), row.endpoint.clone())).or_default().push((at, row));
        }
        let mut planned = Vec::with_capacity(ids.len());
        for ((method, endpoint), rows) in places {
            let lineup = self.lineup(&method, &endpoint);
            let mut past = PastIndex::new(self.past(&method, &endpoint));
            let strategy = |row: &Row| tag.strategy.as_ref().unwrap_or(&row.strategy).clone();
            let set: Vec<_> = rows.iter().map(|(_, row)| (row.id.clone(), strategy(row))).collect();
            let collisions = lineup.collisions(&set);
            for (at, row) in rows {
                let (mut retagged, indexed) = self.planned_one(&row, tag, check.as_mut())?;
                let after = &retagged.after;
                let radius = lineup.blast_radius_among(&row.id, after, &mut past);
                retagged.radius = radius.unwrap_or_default();
                retagged.ambiguous = lineup.twins(&row.id, after);
                retagged.ambiguous.truncate((TWINS / ids.len().max(1)).max(1));
                retagged.collisions = collisions.get(&row.id).copied().unwrap_or_default();
                planned.push((at, (retagged, indexed)));
            }
        }
        check.map_or(Ok(()), StrategyCheck::finish).map_err(alone)?;
        planned.sort_by_key(|(at, _)| *at);
        Ok(planned.into_iter().map(|(_, one)| one).collect())
    }

    fn planned_one(
        &self,
        row: &Row,
        tag: &MatchSettings,
        check: Option<&mut StrategyCheck<'_>>,
    ) -> Result<(Retagged, Indexed), VerbError> {
        let strategy = tag.strategy.as_ref().unwrap_or(&row.strategy);
        let playback = tag.playback.unwrap_or(row.playback);
        let request = self.request_of(&row.id).ok_or_else(|| VerbError::Unknown(row.id.clone()))?;
        let fields = self.fields(&self.scrub(&request));
        let absent = check.map_or(Ok(Vec::new()), |check| check.look(&fields));
        let absent = absent.map_err(|problem| VerbError::Field { recording: row.id.clone(), problem })?;
        let retagged = Retagged {
            recording: row.id.clone(),
            before: row.strategy.clone(),
            after: strategy.clone(),
            playback,
            radius: BlastRadius::default(),
            ambiguous: Vec::new(),
            absent,
            collisions: 0,
        };
        let answer = self.shared.index.keys(&row.id).and_then(|keys| keys.answer);
        let keys = LookUpKeys { answer, ..self.keys(&fields, strategy) };
        let row = Arc::new(Row { strategy: strategy.clone(), playback, ..row.clone() });
        Ok((retagged, Indexed { row, keys }))
    }

    /// Groups of recordings that answer the same calls although their requests differ, the newest first in each.
    pub async fn ambiguous(&self) -> Vec<Vec<RecordingId>> {
        self.aside(move |engine| {
            let places = engine.shared.index.answering_endpoints();
            let ambiguous =
                |(method, endpoint): &(String, String)| engine.lineup(method, endpoint).ambiguous();
            places.iter().flat_map(ambiguous).collect()
        })
        .await
    }
}
