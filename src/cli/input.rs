//! The input of a verb: a file, or stdin for `-`.

use std::io::{IsTerminal as _, stdin};
use std::path::Path;

use super::exit::UsageError;
use crate::reading::{LARGE_FILE, bounded, named_bytes};

/// True if a file's name stands for stdin.
pub(super) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// True if somebody types on stdin, so that nothing comes from it by itself.
pub(super) fn is_typed() -> bool {
    stdin().is_terminal()
}

/// The bytes of a file.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>, UsageError> {
    let bytes = if is_stdin(file) { bounded(stdin(), LARGE_FILE) } else { named_bytes(file, LARGE_FILE) };
    bytes.map_err(|error| UsageError(format!("{} cannot be read: {error}", name(file))))
}

/// The text of a file, and its name for messages.
pub(super) fn text(file: &Path) -> Result<(String, String), UsageError> {
    let name = name(file);
    match String::from_utf8(bytes(file)?) {
        Ok(text) => Ok((text, name)),
        Err(_) => Err(UsageError(format!("{name} cannot be read: it is not UTF-8 text"))),
    }
}

fn name(file: &Path) -> String {
    if is_stdin(file) { "stdin".into() } else { file.display().to_string() }
}
