//! Somebody's editor: a text is opened in it, and what they left is read.

use super::exit::Usage;
use super::print;
use crate::terminal::{self, EditorError};

/// A text as somebody left it in their editor, which `VISUAL` or `EDITOR` name; none when they changed nothing. `ending`
/// tells the editor what it is.
///
/// # Errors
/// When there is no terminal, or the editor cannot be started or fails.
pub(super) fn edited(before: &str, ending: &str) -> anyhow::Result<Option<String>> {
    if !print::can_ask() {
        let text = "nothing to change was given, and without a terminal no editor can be opened; see --help";
        return Err(Usage(text.into()).into());
    }
    terminal::edited(before, ending).map_err(|error| match error {
        EditorError::Unstartable { .. } | EditorError::Unquoted { .. } => Usage(error.to_string()).into(),
        other => other.into(),
    })
}
