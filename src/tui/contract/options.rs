//! The configuration of the screen.

use jiff::tz::TimeZone;

use crate::model::Notice;
use crate::terminal::Protocol;
use crate::tui::input::keymap::Keymap;
use crate::tui::widgets::theme::Theme;

/// The configuration of the screen.
#[derive(Clone, Debug)]
pub struct WorkbenchOptions {
    /// Where the proxy listens, `127.0.0.1:4010`; with a scheme where that is not `http`.
    pub address: String,
    /// Where calls go that are forwarded, in a few words; empty where that is not known.
    pub upstream: String,
    /// Stands behind the name in the title, `demo`.
    pub suffix: Option<String>,
    /// Whether the proxy goes on when the screen is left.
    pub attached: bool,
    /// Lines below the live list on wide screens: how to point something at the proxy.
    pub banner: Vec<String>,
    /// The look.
    pub theme: Theme,
    /// The time zone of the clock on the screen.
    pub zone: TimeZone,
    /// Notices about the start.
    pub notices: Vec<Notice>,
    /// The bindings in force.
    pub keymap: Keymap,
    /// Whether the screen takes the mouse.
    pub mouse: bool,
    /// The command that puts its input on the clipboard, with its arguments; empty asks the terminal to do it.
    pub copy: Vec<String>,
    /// The command that opens a file, with its arguments; empty takes the system's.
    pub open: Vec<String>,
    /// The protocol for pictures in full resolution (`i`); `None` asks the terminal. With half-blocks only, it stays in
    /// cells.
    pub protocol: Option<Protocol>,
}

impl WorkbenchOptions {
    /// The proxy's URL.
    #[must_use]
    pub fn url(&self) -> String {
        if self.address.contains("://") { self.address.clone() } else { format!("http://{}", self.address) }
    }
}
