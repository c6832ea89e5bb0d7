//! The options of the screen.

use jiff::tz::TimeZone;

use crate::config::WorkbenchStart;
use crate::terminal::Protocol;
use crate::tui::input::keymap::Keymap;
use crate::tui::widgets::theme::Theme;

/// The facts of the start, and what the look among them comes to in this terminal.
#[derive(Clone, Debug)]
pub struct WorkbenchOptions {
    /// The facts of the start.
    pub start: WorkbenchStart,
    /// The theme.
    pub theme: Theme,
    /// The time zone of the clock on the screen.
    pub zone: TimeZone,
    /// The keys in force.
    pub keymap: Keymap,
    /// The protocol by which `i` shows a picture in full resolution; `None` asks the terminal. With half-blocks only,
    /// it stays in cells.
    pub protocol: Option<Protocol>,
}

impl WorkbenchOptions {
    /// The proxy's URL.
    #[must_use]
    pub fn url(&self) -> String {
        let address = &self.start.address;
        if address.contains("://") { address.clone() } else { format!("http://{address}") }
    }
}
