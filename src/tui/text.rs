//! What the screen needs of an exchange's reading: harmless text, readable bodies, a stream's text and events, pictures.
//!
//! The one place that knows where these views come from.

use std::time::Duration;

use bytes::Bytes;

use crate::model::{Headers, MediaId, MediaRef, Response};
use crate::reading;

pub use crate::reading::human::{duration, size};
pub use crate::reading::{assembled, sanitize};

/// A picture of an exchange, not decoded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where it stands in the answer, for people.
    pub field: String,
    /// Its media type.
    pub content_type: String,
    /// Its length in bytes.
    pub len: u64,
    /// Where its bytes are.
    pub source: Source,
}

/// Where a picture's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the exchange itself.
    Inline(Bytes),
    /// Downloaded, kept under this id.
    Media(MediaId),
}

/// Texts are shown up to this many characters.
pub const SHOWN: usize = 256 * 1024;

/// A body as readable lines: JSON indented, media by a placeholder, all else as text; sanitized and bounded.
#[must_use]
pub fn body_lines(headers: &Headers, bytes: &Bytes) -> Vec<String> {
    reading::pretty(headers, bytes).lines().map(|line| sanitize(line).into_owned()).collect()
}

/// The events of a streamed answer: when, name, data.
#[must_use]
pub fn events(response: &Response) -> Vec<(Duration, String, String)> {
    reading::events(response)
        .into_iter()
        .map(|event| (event.at, event.name.unwrap_or_default(), event.data))
        .collect()
}

/// The pictures of an answer, in the order in which they stand in it; downloaded ones last.
#[must_use]
pub fn pictures(response: &Response, media: &[MediaRef]) -> Vec<Picture> {
    let inside =
        reading::media(response).into_iter().filter(|medium| medium.content_type.starts_with("image/"));
    let inside = inside.map(|medium| Picture {
        field: medium.field,
        content_type: medium.content_type.into(),
        len: medium.bytes.len() as u64,
        source: Source::Inline(medium.bytes),
    });
    let behind =
        media.iter().filter(|medium| medium.content_type.starts_with("image/") && medium.body.is_some());
    let behind = behind.map(|medium| Picture {
        field: medium.field.clone(),
        content_type: medium.content_type.clone(),
        len: medium.len,
        source: Source::Media(medium.id.clone()),
    });
    inside.chain(behind).collect()
}
