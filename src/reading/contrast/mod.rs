//! The differences of two exchanges, for people.
//!
//! Whether two requests match is not said here (`matching` does): this shows what the answers say, how they came, and
//! how much their pictures look alike. All of it takes bounded work; where something was left out, that is said.

mod headers;
mod lines;
mod look;
mod pictures;
mod side;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use headers::{HeaderChange, header_changes};
pub use lines::{CONTEXT, DiffLines, DiffTag, Run};
pub use look::PerceptualHash;
pub use pictures::{Likeness, PictureContrast, PictureFacts, contrast_pictures};
pub use side::Side;

use super::decoded::decoded;
use super::events::events;
use super::text_of;
use crate::model::{Hash, Headers, Response};

/// The differences of two exchanges, first the older one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Contrast {
    /// Headers of the requests that differ.
    pub request_headers: Vec<HeaderChange>,
    /// Both statuses, where they differ.
    pub status: Option<(u16, u16)>,
    /// Headers of the responses that differ.
    pub response_headers: Vec<HeaderChange>,
    /// The bodies of the responses.
    pub body: BodyContrast,
    /// The texts of the answers, word by word, where either has one and they differ.
    pub text: Option<DiffLines>,
    /// The arrival of each answer.
    pub arrival: (AnswerArrival, AnswerArrival),
    /// The pictures in the answers, in pairs as they follow each other.
    pub pictures: Vec<PictureContrast>,
    /// Count of pairs of pictures that were not looked at.
    pub pictures_left_out: usize,
}

/// The difference of two bodies, decoded.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum BodyContrast {
    /// Two bodies of the same bytes.
    Same(Blob),
    /// Lines, as text for people: JSON with sorted keys, an event on each line.
    Text(DiffLines),
    /// Two bodies of which at least one is no text.
    Binary {
        /// The first one.
        before: Blob,
        /// The second one.
        after: Blob,
    },
}

/// Bytes that are not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Blob {
    /// Length in bytes.
    #[serde(rename = "size_bytes")]
    pub size: u64,
    /// SHA-256.
    pub hash: Hash,
    /// The media type of the response.
    pub content_type: String,
}

/// The arrival of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerArrival {
    /// Count of events or rows; 0 for what is no stream.
    pub events: usize,
    /// Arrival of the first bytes, in microseconds after the request.
    #[serde(rename = "first_byte_us")]
    pub first_byte: u64,
    /// Arrival of the last bytes, in microseconds after the request.
    #[serde(rename = "total_us")]
    pub total: u64,
}

/// The differences of two exchanges; of bodies with `context` equal lines around each difference.
#[must_use]
pub fn contrast(before: &Side<'_>, after: &Side<'_>, context: usize) -> Contrast {
    let (old, new) = (before.response, after.response);
    let said = [old, new].map(text_of);
    let text = match &said {
        [None, None] => None,
        [old, new] if old == new => None,
        [old, new] => Some(DiffLines::of_words(old.as_deref().unwrap_or(""), new.as_deref().unwrap_or(""))),
    };
    let (pictures, pictures_left_out) = pictures::contrasts(before, after);
    Contrast {
        request_headers: header_changes(&before.request.headers, &after.request.headers),
        status: Some((old.status, new.status)).filter(|(old, new)| old != new),
        response_headers: header_changes(&old.headers, &new.headers),
        body: body(old, new, context),
        text,
        arrival: (arrival(old), arrival(new)),
        pictures,
        pictures_left_out,
    }
}

fn body(old: &Response, new: &Response, context: usize) -> BodyContrast {
    // What cannot be decoded is compared as it came.
    let [before, after] = [old, new].map(|response| {
        let bytes = &response.log.bytes;
        decoded(&response.headers, bytes).map_err(|_| bytes.clone())
    });
    let blob = |body: &Result<Bytes, Bytes>, headers: &Headers| {
        let (Ok(body) | Err(body)) = body;
        Blob { size: body.len() as u64, hash: Hash::of(body), content_type: headers.media_type() }
    };
    let [first, second] = [blob(&before, &old.headers), blob(&after, &new.headers)];
    if before.is_ok() == after.is_ok() && first.hash == second.hash {
        return BodyContrast::Same(first);
    }
    let page = |body: &Result<Bytes, Bytes>, response| lines::page(response, body.as_ref().ok()?);
    match (page(&before, old), page(&after, new)) {
        (Some(before), Some(after)) => BodyContrast::Text(DiffLines::of_pages(&before, &after, context)),
        _ => BodyContrast::Binary { before: first, after: second },
    }
}

fn arrival(response: &Response) -> AnswerArrival {
    let micros = |at: std::time::Duration| u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
    AnswerArrival {
        events: events(response).len(),
        first_byte: micros(response.log.begins()),
        total: micros(response.log.ended()),
    }
}

#[cfg(test)]
mod tests;
