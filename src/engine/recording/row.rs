//! The row of a recording, as lists show it.

use crate::dialect::answer_state;
use crate::matching::summary;
use crate::model::{AnswerFailure, Hash, Recording, Row, Usage};
use crate::reading::{count_images, jobs, tokens};

/// The row of a recording, without its use.
#[must_use]
pub fn row_of(recording: &Recording) -> Row {
    let summary = summary(&recording.request);
    let linked = recording.media.iter().filter(|m| m.content_type.starts_with("image/")).count();
    let submitted = || jobs::submitted(&recording.request, &recording.response);
    let job = jobs::polled(&recording.request).or_else(submitted);
    let size = recording.request.body.len() + recording.response.log.bytes.len();
    Row {
        id: recording.id.clone(),
        hash: recording.hash,
        method: recording.request.method.clone(),
        mount: recording.request.mount.clone(),
        endpoint: summary.endpoint,
        model: summary.model,
        prompt: summary.prompt,
        strategy: recording.strategy.clone(),
        name: recording.name.clone(),
        tags: recording.tags.clone(),
        protected: recording.protected,
        scope: recording.scope.clone(),
        playback: recording.playback,
        completeness: recording.completeness,
        status: recording.response.status,
        streamed: recording.response.headers.media_type() == "text/event-stream",
        images: count_images(&recording.response).max(u32::try_from(linked).unwrap_or(u32::MAX)),
        size: size as u64 + recording.media.iter().map(|m| m.len).sum::<u64>(),
        recorded_at: recording.provenance.recorded_at,
        stored_at: recording.provenance.stored_at,
        total: recording.provenance.total,
        answer: Some(Hash::of(&recording.response.log.bytes)),
        tokens: tokens(&recording.response),
        ending: recording.ending,
        source: recording.source.clone(),
        review: recording.review.clone(),
        edited: recording.original.is_some(),
        job: job.map(|job| job.to_string()),
        failure: failure(recording),
        continues: recording.continues.clone(),
        usage: Usage::default(),
    }
}

/// The failure of the upstream that sent an answer. Whoever made one fail on purpose wants to see it.
pub(crate) fn failure(recording: &Recording) -> Option<AnswerFailure> {
    recording.is_genuine().then(|| answer_state(&recording.request, &recording.response).failure).flatten()
}
