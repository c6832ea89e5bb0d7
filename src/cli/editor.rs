//! Somebody's editor: a text is opened in it, and what they left is read.

use super::exit::UsageError;
use super::print;
use crate::terminal::{self, EditorError, EditorOutcome, Signals};

/// A text as somebody left it in their editor, which `VISUAL` or `EDITOR` name; none when they changed nothing. `ending`
/// tells the editor what it is.
///
/// # Errors
/// When there is no terminal, or the editor cannot be started or fails.
pub(super) async fn edited(before: &str, ending: &str) -> anyhow::Result<Option<String>> {
    if !print::can_ask() {
        let text = "nothing to change was given, and without a terminal no editor can be opened; see --help";
        return Err(UsageError(text.into()).into());
    }
    match terminal::edited(before, ending, &mut Signals::listen()?).await {
        Ok(EditorOutcome::Unchanged) => Ok(None),
        Ok(EditorOutcome::Changed(text)) => Ok(Some(text)),
        Ok(EditorOutcome::Asked(_)) => {
            anyhow::bail!("retake was asked to end, and the editor with it; nothing was changed")
        }
        Err(error @ (EditorError::Unstartable { .. } | EditorError::Unquoted { .. })) => {
            Err(UsageError(error.to_string()).into())
        }
        Err(error) => Err(error.into()),
    }
}
