//! Formats on the wire, read once for all: JSON text, event streams, content codings, multipart, percent coding, media
//! types. Matching compares by these readings and the screen shows them, so neither sees what the other does not.
//!
//! It knows no API, no recording and no strategy.

pub mod body_kind;
pub mod content_coding;
pub mod event_stream;
pub(crate) mod json;
pub(crate) mod json_excerpt;
pub(crate) mod json_text;
pub(crate) mod media_type;
pub(crate) mod multipart;
pub(crate) mod percent;
pub(crate) mod pointer;
pub mod sniff;

/// Text without the byte order mark at its front, which senders on Windows put there and no reader counts.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
