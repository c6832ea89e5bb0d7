//! Presets: modes and ceilings that go together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use crate::model::Mode;

/// A way to run that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    Dev,
    Ci,
    Staging,
    Production,
}

/// The names of all presets.
pub(crate) const PRESETS: [&str; 4] = ["dev", "ci", "staging", "production"];

impl Preset {
    const ALL: [Self; 4] = [Self::Dev, Self::Ci, Self::Staging, Self::Production];

    fn name(self) -> &'static str {
        PRESETS[self as usize]
    }

    /// The mode of its calls.
    pub(crate) fn mode(self) -> Mode {
        match self {
            Self::Dev => Mode::ReplayOrRecord,
            Self::Ci => Mode::ReplayOrError,
            Self::Staging => Mode::ReplayOrLive,
            Self::Production => Mode::Off,
        }
    }

    /// True if no call may leave the machine.
    pub(crate) fn never_forward(self) -> bool {
        self == Self::Ci
    }

    /// True if a run fails where no recording answers a call.
    pub(crate) fn fails_on_miss(self) -> bool {
        self == Self::Ci
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Preset {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|preset| preset.name() == text).ok_or_else(|| {
            let meaning = |preset: &Self| {
                let ceiling = if preset.never_forward() { " and nothing is forwarded" } else { "" };
                format!("{preset} ({}{ceiling})", preset.mode())
            };
            let all: Vec<_> = Self::ALL.iter().map(meaning).collect();
            format!("`{text}` is not a preset; use {}", all.join(", "))
        })
    }
}

impl<'de> Deserialize<'de> for Preset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
