//! The screen's part of the configuration, and the facts that a screen needs at its start.
//!
//! Data alone, known to the command line, which reads it, and to the screen, which goes by it.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::model::Notice;

/// The colours, marks, keys and programs of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenLook {
    /// The theme.
    pub theme: ThemeChoice,
    /// The file with colours laid over the theme; `None` keeps the theme's own.
    pub colors: Option<PathBuf>,
    /// True if marks and frames are ASCII.
    pub ascii: bool,
    /// True if the screen takes the mouse.
    pub mouse: bool,
    /// Keys that somebody chose.
    pub keymap: Vec<Remap>,
    /// The command that puts its input on the clipboard, with its arguments; empty asks the terminal to do it.
    pub copy: Vec<String>,
    /// The command that opens a file, with its arguments; empty takes the system's.
    pub open: Vec<String>,
}

/// Other keys for an action of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remap {
    /// The action's name.
    pub action: String,
    /// The keys; none takes the action's keys away.
    pub keys: Vec<String>,
    /// The line that says so.
    pub at: ConfigLine,
}

/// A line of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigLine {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// A problem of a look: a sentence, and the line to blame; `None` where no line is.
pub type LookProblem = (Option<ConfigLine>, String);

/// A built-in theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// Dark or light, by the terminal's background.
    #[default]
    Auto,
    /// Colours for dark backgrounds.
    Dark,
    /// Colours for light backgrounds.
    Light,
    /// No colours.
    Mono,
}

/// The facts that a screen starts with.
#[derive(Clone, Debug)]
pub struct WorkbenchStart {
    /// The proxy's address, `127.0.0.1:4010`; with a scheme where that is not `http`.
    pub address: String,
    /// The targets of forwarded calls, in a few words; empty where they are not known.
    pub upstream: String,
    /// The word behind the name in the title, `demo`.
    pub suffix: Option<String>,
    /// True if the proxy runs in another process, which goes on when the screen is left.
    pub attached: bool,
    /// Lines below the live list on wide screens: how to point something at the proxy.
    pub banner: Vec<String>,
    /// The look.
    pub look: ScreenLook,
    /// Notices about the start.
    pub notices: Vec<Notice>,
    /// The time after which the screen leaves by itself; `None` waits for somebody to leave it.
    pub length: Option<Duration>,
}

/// An answer to what a project's file wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// A value of the configuration, until it changes.
    Given,
    /// Start without it.
    Withheld,
    /// Do not start.
    Leave,
}

/// The marks of the screen, as the file names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Icons {
    #[default]
    Unicode,
    Ascii,
}

impl Default for ScreenLook {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::Auto,
            colors: None,
            ascii: false,
            mouse: true,
            keymap: Vec::new(),
            copy: Vec::new(),
            open: Vec::new(),
        }
    }
}

impl ThemeChoice {
    /// The theme of this name; `None` for any other word, which names a file.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "dark" => Some(Self::Dark),
            "light" => Some(Self::Light),
            "mono" => Some(Self::Mono),
            _ => None,
        }
    }
}
