//! Somebody's editor: a text is opened in it, and what they left is read.

use std::io;
use std::process::{Command, ExitStatus};

/// Why nothing was edited.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// The file for the text cannot be written or read.
    #[error("the text cannot be handed to an editor: {0}")]
    File(#[from] io::Error),
    /// There is no such program.
    #[error("the editor `{editor}` cannot be started: {problem}; set EDITOR")]
    Unstartable {
        /// What was started.
        editor: String,
        /// Why not.
        problem: io::Error,
    },
    /// It did not end well, which is how people leave it without changing anything.
    #[error("the editor `{editor}` ended with {status}; nothing was changed")]
    Failed {
        /// What was started.
        editor: String,
        /// How it ended.
        status: ExitStatus,
    },
}

/// A text as somebody left it in their editor, which `VISUAL` or `EDITOR` name; none when they changed nothing. `ending`
/// tells the editor what it is. Only while nobody else reads from the terminal.
///
/// # Errors
/// When the editor cannot be started or fails.
pub fn edited(before: &str, ending: &str) -> Result<Option<String>, EditorError> {
    let file = tempfile::Builder::new().prefix("retake-").suffix(ending).tempfile()?;
    std::fs::write(file.path(), before)?;
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let editor = named.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_else(|| "vi".into());
    let mut words = editor.split_whitespace();
    let status = Command::new(words.next().unwrap_or("vi")).args(words).arg(file.path()).status();
    let status = match status {
        Ok(status) => status,
        Err(problem) => return Err(EditorError::Unstartable { editor, problem }),
    };
    if !status.success() {
        return Err(EditorError::Failed { editor, status });
    }
    let after = std::fs::read_to_string(file.path())?;
    // Editors end a file with a line feed that nobody typed.
    let after =
        if before.ends_with('\n') { after } else { after.strip_suffix('\n').unwrap_or(&after).to_owned() };
    Ok((after != before).then_some(after))
}
