//! Playback: the choice among several takes of a request.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The choice among several recordings of the same request; the newest one's decides for all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Playback {
    /// The newest, always.
    #[default]
    Newest,
    /// Oldest first, one after the other; the last repeats.
    Sequence,
    /// Oldest first, one after the other, and from the start again.
    Cycle,
}

/// A text that names no playback.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a playback; use newest, sequence or cycle")]
pub struct ParsePlaybackError(pub String);

impl Playback {
    /// All, in the order menus show them.
    pub const ALL: [Self; 3] = [Self::Newest, Self::Sequence, Self::Cycle];

    /// The playback's name, as flags and the configuration spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Sequence => "sequence",
            Self::Cycle => "cycle",
        }
    }

    /// The take that answers, of `takes` (at least one, oldest first), when `delivered` were; and how many count as
    /// delivered after it.
    #[must_use]
    pub fn turn(self, delivered: usize, takes: usize) -> (usize, usize) {
        let last = takes.saturating_sub(1);
        match self {
            Self::Newest => (last, 0),
            Self::Sequence => (delivered.min(last), delivered.min(last) + 1),
            Self::Cycle => (delivered % takes.max(1), (delivered % takes.max(1) + 1) % takes.max(1)),
        }
    }
}

impl fmt::Display for Playback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Playback {
    type Err = ParsePlaybackError;
    fn from_str(text: &str) -> Result<Self, ParsePlaybackError> {
        let wanted = text.trim().to_ascii_lowercase();
        let known = Self::ALL.into_iter().find(|playback| playback.as_str() == wanted);
        known.ok_or_else(|| ParsePlaybackError(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_round_trips_and_a_wrong_one_says_what_is_allowed() {
        for playback in Playback::ALL {
            assert_eq!(playback.to_string().parse(), Ok(playback));
            assert_eq!(serde_json::to_value(playback).unwrap(), playback.as_str());
        }
        assert!("shuffle".parse::<Playback>().unwrap_err().to_string().contains("newest, sequence or cycle"));
    }

    #[test]
    fn takes_play_in_turn() {
        let played = |playback: Playback, takes| {
            let mut delivered = 0;
            let mut turn = || {
                let (take, next) = playback.turn(delivered, takes);
                delivered = next;
                take
            };
            [turn(), turn(), turn(), turn(), turn()]
        };
        assert_eq!(played(Playback::Newest, 3), [2, 2, 2, 2, 2]);
        assert_eq!(played(Playback::Sequence, 3), [0, 1, 2, 2, 2]);
        assert_eq!(played(Playback::Cycle, 3), [0, 1, 2, 0, 1]);
        assert_eq!(Playback::Sequence.turn(3, 4), (3, 4), "a take that was appended comes next");
        assert_eq!(Playback::Sequence.turn(9, 2), (1, 2), "takes were removed");
    }
}
