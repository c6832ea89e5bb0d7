//! A refusal of retake itself, before it has a provider's shape.

use serde_json::Value;

/// A refusal of retake's own, to be put into a provider's words.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    /// The HTTP status.
    pub status: u16,
    /// A word for programs, `RECORDING_NOT_FOUND`.
    pub code: &'a str,
    /// A sentence for people.
    pub message: &'a str,
    /// More for programs, such as where the explanation is; it goes beside the error, under `retake`.
    pub details: Option<Value>,
}

impl<'a> Refusal<'a> {
    /// A refusal without details.
    #[must_use]
    pub fn new(status: u16, code: &'a str, message: &'a str) -> Self {
        Self { status, code, message, details: None }
    }
}
