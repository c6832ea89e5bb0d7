//! What rules ask of a request.

use super::field::Field;

/// What rules may ask of a request, gathered once for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The model as written and in canonical form.
    pub(crate) models: Vec<String>,
    /// The prompt, the input, or all text of the user's last message.
    pub said: String,
    /// Where that stands.
    pub(crate) place: Option<Field>,
    /// How many messages of the assistant there are.
    pub(crate) turns: u32,
    /// The tools that are offered, by name.
    pub(crate) tools: Vec<String>,
    /// The stored headers.
    pub(crate) headers: Vec<(String, String)>,
}
