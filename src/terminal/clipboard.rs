//! Text for the clipboard, through the terminal.

use std::io::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Asks the terminal to put text on the clipboard (OSC 52). It goes out in base64, so nothing in it can be taken for
/// anything else. Terminals that do not do that ignore it, and none says whether it did.
///
/// # Errors
/// When the terminal cannot be written to.
pub fn copy(text: &str) -> io::Result<()> {
    let encoded = STANDARD.encode(text);
    let mut out = io::stdout();
    write!(out, "\x1b]52;c;{encoded}\x07")?;
    out.flush()
}
