//! Commands that people name in variables and configuration files, as words.

/// A command with a quote or a backslash that is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a quote or a backslash is left open: write it as for a shell, such as '/path with blanks/program' --flag"
)]
pub struct OpenQuote;

/// The words of a command, with quotes as for a shell, which is what people write them for; a leading `~/` is the home
/// directory that `variable` knows.
///
/// # Errors
/// Where a quote or a backslash is left open.
pub fn words(command: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Vec<String>, OpenQuote> {
    let mut words = shell_words::split(command).map_err(|_| OpenQuote)?;
    let at_home = command.trim_start().starts_with("~/");
    if let (true, Some(home), Some(program)) = (at_home, variable("HOME"), words.first_mut()) {
        program.replace_range(..1, &home);
    }
    Ok(words)
}
