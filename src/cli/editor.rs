//! Somebody's editor: a text is opened in it, and what they left is read.

use super::exit::Usage;
use super::print;

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
    let file = tempfile::Builder::new().prefix("retake-").suffix(ending).tempfile()?;
    std::fs::write(file.path(), before)?;
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let editor = named.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_else(|| "vi".into());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = std::process::Command::new(program).args(words).arg(file.path()).status();
    let status = status
        .map_err(|error| Usage(format!("the editor `{editor}` cannot be started: {error}; set EDITOR")))?;
    if !status.success() {
        return Err(anyhow::anyhow!("the editor `{editor}` ended with {status}; nothing was changed"));
    }
    let after = std::fs::read_to_string(file.path())?;
    // Editors end a file with a line feed that nobody typed.
    let after =
        if before.ends_with('\n') { after } else { after.strip_suffix('\n').unwrap_or(&after).to_owned() };
    Ok((after != before).then_some(after))
}
