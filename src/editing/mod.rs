//! Other answers made of recorded ones: edited by a person, or made to fail.
//!
//! All functions are pure and total: they take a response and give a new one, or an error that names the place. What an
//! edit does not speak of stays byte for byte as it was recorded, framing and times included. Encoded bodies are edited
//! decoded, and stay so.

mod body;
mod fault;
mod header;
mod image;
mod share;
mod splice;
mod text;

pub use body::set_body;
pub use fault::{Fault, FaultError, Faulty, ParseFaultError, derive};
pub use header::{remove_header, set_header, set_status};
pub use image::set_image;
pub use text::set_text;

use crate::wire::content_coding::CodingError;

/// The reason why an edit is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The body has an encoding that cannot be decoded.
    #[error("the answer cannot be edited: {0}")]
    Unreadable(#[from] CodingError),
    /// An answer without text that an edit could replace.
    #[error("the answer holds no text of a kind that is known; edit its body instead")]
    NoText,
    /// A body that is said to be JSON is not.
    #[error("line {line}, column {column}: {problem}; the content type `{content_type}` asks for JSON")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The problem, and what was expected there.
        problem: String,
        /// The response's media type.
        content_type: String,
    },
    /// No HTTP status, or one that this answer cannot have.
    #[error("the status {0} is refused: {1}")]
    Status(u16, &'static str),
    /// A header that cannot be set so.
    #[error("the header `{name}` is refused: {reason}")]
    Header {
        /// Name as given.
        name: String,
        /// The reason.
        reason: &'static str,
    },
    /// A header that is not there cannot be removed.
    #[error("the answer has no header `{0}`")]
    NoHeader(String),
    /// The new file is no picture.
    #[error("the file is no picture of a known kind (PNG, JPEG, WebP, GIF, AVIF or HEIC)")]
    NotAPicture,
    /// An answer without a picture.
    #[error("the answer holds no picture in base64")]
    NoPicture,
    /// Several pictures of which none was named.
    #[error("the answer holds {} pictures; name one of {}", .0.len(), .0.join(", "))]
    Which(Vec<String>),
    /// The field that was named holds no picture.
    #[error("`{field}` holds no picture; there are pictures in {}", .pictures.join(", "))]
    NoPictureAt {
        /// The field as given.
        field: String,
        /// The places of pictures.
        pictures: Vec<String>,
    },
}
