//! Facts of a recording beside its bytes, and of its sounds and films.

use crate::engine::Deciding;
use crate::model::{Latency, MediaId, MediaRef, Provenance, Recording, Response, Usd};
use crate::reading::{self, Film};

/// Facts of a recording beside its bytes and its row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordingFacts {
    /// The origin of the recording.
    pub provenance: Provenance,
    /// The pace of its replay; `None` for the proxy's.
    pub pace: Option<Latency>,
    /// The files that it keeps.
    pub files: Vec<MediaRef>,
    /// The cost of its answer; `None` where it is not known.
    pub price: Option<Usd>,
    /// The fields that decide; `None` where they are not known.
    pub deciding: Option<Deciding>,
}

/// A sound or film of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerMedium {
    /// The field of the answer that holds it.
    pub field: String,
    /// The media type.
    pub content_type: String,
    /// The length in bytes.
    pub len: u64,
    /// The file, where it is one behind a link.
    pub file: Option<MediaId>,
    /// The facts of a film's header.
    pub film: Option<Film>,
}

impl RecordingFacts {
    /// The facts that the recording itself tells.
    pub(crate) fn of(recording: &Recording) -> Self {
        Self {
            provenance: recording.provenance.clone(),
            pace: recording.pace,
            files: recording.media.clone(),
            price: None,
            deciding: None,
        }
    }
}

/// The sounds and films of an answer; what stands in films behind links is not known yet.
pub(crate) fn media(response: &Response, linked: &[MediaRef]) -> Vec<AnswerMedium> {
    let plays = |kind: &str| kind.starts_with("video/") || kind.starts_with("audio/");
    let inside = reading::media(response).into_iter().filter(|one| plays(one.content_type));
    let inside = inside.map(|one| AnswerMedium {
        field: one.field,
        content_type: one.content_type.into(),
        len: one.bytes.len() as u64,
        file: None,
        film: reading::film(&one.bytes),
    });
    let behind = linked.iter().filter(|one| plays(&one.content_type) && one.body.is_some());
    let behind = behind.map(|one| AnswerMedium {
        field: one.field.clone(),
        content_type: one.content_type.clone(),
        len: one.len,
        file: Some(one.id.clone()),
        film: None,
    });
    inside.chain(behind).collect()
}
