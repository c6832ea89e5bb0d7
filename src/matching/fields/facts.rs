//! Facts of a request that rules ask for.

use super::field::Field;

/// The facts that rules ask for, gathered once for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The model as written and in canonical form.
    pub(crate) models: Vec<String>,
    /// The prompt, the input, or all text of the user's last message.
    pub prompt: String,
    /// The field that holds it.
    pub(crate) place: Option<Field>,
    /// Count of the assistant's messages.
    pub(crate) turns: u32,
    /// The tools that are offered, by name.
    pub(crate) tools: Vec<String>,
    /// The stored headers.
    pub(crate) headers: Vec<(String, String)>,
}
