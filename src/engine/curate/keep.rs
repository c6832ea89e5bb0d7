//! Keeping a call of the history after the fact, while its request and its answer are still in memory.

use crate::dialect::{BodyEnd, answer_state};
use crate::engine::call::media::Downloaded;
use crate::engine::clock;
use crate::engine::curate::step::RecordingEdit;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::model::{Call, CallId, Exchange, Outcome, Provenance, Recording, RecordingId, Response, Scrubbed};
use crate::upstream::Base;

impl Engine {
    /// Makes a recording of a forwarded or mocked call; of one that missed, with `fetch`, by asking its upstream now with
    /// the credentials that the call carried. Gives the recording.
    ///
    /// # Errors
    /// When the call is unknown or no longer in memory, is a recording, got nothing worth keeping, or cannot be stored.
    pub async fn keep(&self, id: CallId, fetch: bool) -> Result<RecordingId, VerbError> {
        let call = self.call(id).ok_or(VerbError::UnknownCall(id.0))?;
        self.check_unkept(&call)?;
        if !call.done {
            return Err(VerbError::UnderWay(id.0));
        }
        let (exchange, asked) = self.shared.history.exchanges.get(id).ok_or(VerbError::Forgotten(id.0))?;
        let new = clock::recording_id();
        let Exchange { request, response } = (*exchange).clone();
        let (recording, media) = match (call.outcome, response) {
            (Some(Outcome::Live | Outcome::Mock), Some(response)) => {
                self.recorded_call(new.clone(), &call, request, response).await
            }
            // It was too long to be remembered.
            (Some(Outcome::Live | Outcome::Mock), None) => return Err(VerbError::Forgotten(id.0)),
            (Some(Outcome::Miss), _) => {
                let asked = asked.ok_or(VerbError::Forgotten(id.0))?;
                if !fetch {
                    return Err(VerbError::Unanswered { call: id.0, price: self.estimate(&request) });
                }
                let fetched = self.fetch(&new, asked, request).await?;
                (fetched.recording, fetched.media)
            }
            _ => return Err(VerbError::NothingToKeep(id.0)),
        };
        let recording = Recording {
            strategy: self.strategy_of(&recording.request),
            scope: call.scope.as_deref().map(str::to_owned),
            ..recording
        };
        // Not before: an upstream may take minutes, and other verbs do not wait for it. One of them may have kept the call.
        let curation = self.curate().await;
        self.check_unkept(&call)?;
        curation.step("keep", vec![RecordingEdit::Put(Box::new(recording), media)]).await?;
        self.shared.history.exchanges.note_recording(id, &new);
        Ok(new)
    }

    /// True if a call is no recording, be it since it was made or since somebody kept it.
    fn check_unkept(&self, call: &Call) -> Result<(), VerbError> {
        let known = self.shared.history.exchanges.recording_of(call.id).or_else(|| call.recording.clone());
        match known.filter(|recording| self.row(recording).is_some()) {
            Some(recording) => Err(VerbError::Recorded { call: call.id.0, recording }),
            None => Ok(()),
        }
    }

    /// A recording of what a call got.
    async fn recorded_call(
        &self,
        id: RecordingId,
        call: &Call,
        request: Scrubbed,
        mut response: Response,
    ) -> (Recording, Vec<(crate::model::Hash, bytes::Bytes)>) {
        response.headers.retain(|name| name != "set-cookie");
        let live = call.outcome == Some(Outcome::Live);
        let base = self.settings().upstreams.get(&request.mount).cloned().filter(|_| live);
        let downloads = match &base {
            Some(base) => self.download(Self::links_of(&id, &request, &response), base).await,
            None => Vec::new(),
        };
        let upstream = base.as_ref().map(Base::as_str).unwrap_or_default();
        let (first, total) = (call.first_byte.unwrap_or_default(), call.total.unwrap_or_default());
        let provenance =
            Provenance { stored_at: clock::now(), ..Provenance::new(call.at, upstream, first, total) };
        let end = if call.reason.is_none() { BodyEnd::Clean } else { BodyEnd::Cut };
        let (media, bodies) = Downloaded::split(downloads);
        let recording = Recording {
            completeness: answer_state(&request, &response).completeness(end),
            playback: self.playback(&request),
            media,
            ..Recording::new(id, request, response, provenance)
        };
        (recording, bodies)
    }
}
