//! The pace of answers that retake gives itself.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The pace of replays and mocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Latency {
    /// No wait.
    #[default]
    None,
    /// The recorded offsets in time, multiplied by a factor (1 is as recorded).
    Recorded(f64),
    /// The first byte after a fixed wait, the rest at once.
    Fixed(Duration),
}

/// A text that names no latency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a latency; use none, recorded, a factor such as x0.5, or a time such as 250ms or 2s")]
pub struct ParseLatencyError(pub String);

impl Latency {
    /// The longest wait for one piece, below every SDK's default timeout.
    pub const LONGEST: Duration = Duration::from_secs(30);

    /// The time after the request at which a piece recorded at `at` is to be sent.
    #[must_use]
    pub fn due(self, at: Duration) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Recorded(factor) => {
                at.min(Self::LONGEST).mul_f64(factor.clamp(0.0, 100.0)).min(Self::LONGEST)
            }
            Self::Fixed(wait) => wait.min(Self::LONGEST),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Recorded(factor) if (factor - 1.0).abs() < f64::EPSILON => f.write_str("recorded"),
            Self::Recorded(factor) => write!(f, "x{factor}"),
            Self::Fixed(wait) => write!(f, "{}ms", wait.as_millis()),
        }
    }
}

impl FromStr for Latency {
    type Err = ParseLatencyError;
    fn from_str(text: &str) -> Result<Self, ParseLatencyError> {
        let wrong = || ParseLatencyError(text.into());
        let number = |digits: &str| {
            digits.parse::<f64>().ok().filter(|n| n.is_finite() && (0.0..=1e6).contains(n)).ok_or_else(wrong)
        };
        match text.trim() {
            "none" => Ok(Self::None),
            "recorded" => Ok(Self::Recorded(1.0)),
            other => {
                if let Some(factor) = other.strip_prefix('x') {
                    number(factor).map(Self::Recorded)
                } else if let Some(millis) = other.strip_suffix("ms") {
                    number(millis).map(|n| Self::Fixed(Duration::from_secs_f64(n / 1000.0)))
                } else if let Some(seconds) = other.strip_suffix('s') {
                    number(seconds).map(|n| Self::Fixed(Duration::from_secs_f64(n)))
                } else {
                    Err(wrong())
                }
            }
        }
    }
}
