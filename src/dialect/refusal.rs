//! A refusal of retake itself, before a dialect words it.

/// A refusal of retake's own, to be put into a dialect's words.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    /// The HTTP status.
    pub status: u16,
    /// A word for programs, `RECORDING_NOT_FOUND`.
    pub code: &'a str,
    /// A sentence for people.
    pub message: &'a str,
    /// More for programs, such as near misses; it goes beside the error, under `retake`.
    pub details: Option<serde_json::Value>,
}

impl<'a> Refusal<'a> {
    /// A refusal without details.
    #[must_use]
    pub fn new(status: u16, code: &'a str, message: &'a str) -> Self {
        Self { status, code, message, details: None }
    }
}
