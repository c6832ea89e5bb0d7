//! Modes: which calls are forwarded, recorded, replayed or mocked.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rule for calls: forward, record, replay or mock, with and without a recording that answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Forward, store nothing, look nothing up.
    Off,
    /// Forward and store a new take, look nothing up.
    Record,
    /// Serve the recording, else answer 404 with the near misses.
    ReplayOrError,
    /// Serve the recording, else forward and store.
    ReplayOrRecord,
    /// Serve the recording, else forward and store nothing.
    ReplayOrLive,
    /// Serve the recording, else synthesize; nothing leaves the machine.
    #[default]
    ReplayOrMock,
    /// Synthesize; the store is not touched.
    Mock,
}

/// A text that names no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a mode; use off, record, replay-or-error, replay-or-record, replay-or-live, replay-or-mock or mock"
)]
pub struct ParseModeError(pub String);

impl Mode {
    /// All modes, in the order menus show them.
    pub const ALL: [Self; 7] = [
        Self::ReplayOrMock,
        Self::ReplayOrRecord,
        Self::ReplayOrError,
        Self::ReplayOrLive,
        Self::Record,
        Self::Mock,
        Self::Off,
    ];

    /// The mode's name, as flags, headers and the configuration spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Record => "record",
            Self::ReplayOrError => "replay-or-error",
            Self::ReplayOrRecord => "replay-or-record",
            Self::ReplayOrLive => "replay-or-live",
            Self::ReplayOrMock => "replay-or-mock",
            Self::Mock => "mock",
        }
    }

    /// The mode's effect, in a few words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Off => "forward every call, store nothing",
            Self::Record => "forward every call and store it",
            Self::ReplayOrError => "serve recordings, else 404 with the reason",
            Self::ReplayOrRecord => "serve recordings, else forward and store",
            Self::ReplayOrLive => "serve recordings, else forward",
            Self::ReplayOrMock => "serve recordings, else synthesize; nothing leaves this machine",
            Self::Mock => "synthesize every answer; nothing leaves this machine",
        }
    }

    /// Whether recordings are looked up.
    #[must_use]
    pub fn looks_up(self) -> bool {
        !matches!(self, Self::Off | Self::Record | Self::Mock)
    }

    /// Whether a call may reach an upstream when no recording answers it.
    #[must_use]
    pub fn forwards(self) -> bool {
        matches!(self, Self::Off | Self::Record | Self::ReplayOrRecord | Self::ReplayOrLive)
    }

    /// Whether a forwarded call is stored.
    #[must_use]
    pub fn stores(self) -> bool {
        matches!(self, Self::Record | Self::ReplayOrRecord)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = ParseModeError;
    fn from_str(text: &str) -> Result<Self, ParseModeError> {
        let wanted = text.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|mode| mode.as_str() == wanted).ok_or_else(|| ParseModeError(text.into()))
    }
}
