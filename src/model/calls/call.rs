//! Calls: requests that reached the proxy, with their outcome.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{CallId, Mode, RecordingId, Strategy, Timestamp};

/// The outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A recording answered.
    Replay,
    /// Forwarded, and the answer is stored.
    Record,
    /// Forwarded, nothing stored.
    Live,
    /// Synthesized.
    Mock,
    /// No recording answers it, and the mode says to stop there.
    Miss,
    /// It could not be answered, or the upstream answered with an error of its own that was not stored.
    Error,
}

/// One request that reached the proxy, as the live list shows it. Its texts are shared, because a call that is answered
/// again is the same but for times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// The call's id.
    pub id: CallId,
    /// The time of its arrival.
    pub at: Timestamp,
    /// The method.
    pub method: Arc<str>,
    /// The mount.
    pub mount: Arc<str>,
    /// The endpoint as people say it (`chat/completions`).
    pub endpoint: Arc<str>,
    /// The model, where the request names one.
    pub model: Option<Arc<str>>,
    /// The beginning of the prompt, one line.
    pub prompt: Option<Arc<str>>,
    /// The scope it was made in.
    #[serde(default)]
    pub scope: Option<Arc<str>>,
    /// The name of the profile whose key it carried.
    #[serde(default)]
    pub profile: Option<Arc<str>>,
    /// The mode that decided.
    pub mode: Mode,
    /// The outcome; `None` while the call is in flight and that is not decided.
    pub outcome: Option<Outcome>,
    /// Whether all of the answer was sent.
    pub done: bool,
    /// The answer's status.
    pub status: Option<u16>,
    /// Whether the answer is an event stream.
    pub streamed: bool,
    /// Whether cosmetic fields differ from the recording that answered.
    pub cosmetic: bool,
    /// The recording that answered, or that the call becomes.
    pub recording: Option<RecordingId>,
    /// The call whose upstream call answered this one too.
    #[serde(default)]
    pub coalesced: Option<CallId>,
    /// Length of the request's body, in bytes.
    pub request_len: u64,
    /// Length of the answer's body so far, in bytes.
    pub response_len: u64,
    /// Microseconds to the first byte of the answer.
    pub first_byte: Option<u64>,
    /// Microseconds to the end of the answer.
    pub total: Option<u64>,
    /// One line that says why: of a miss or an error.
    pub reason: Option<String>,
    /// The word for programs in an answer of retake's own that refuses, `RECORDING_NOT_FOUND`.
    #[serde(default)]
    pub code: Option<Arc<str>>,
    /// Of a miss: the nearest recording and what differs from it. `None` where nothing comes near.
    #[serde(default)]
    pub cause: Option<Arc<Cause>>,
    /// Seconds that an upstream which refused asks to wait.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// The call's match headers, as they were understood; `None` where it sent none.
    #[serde(default)]
    pub match_header: Option<Arc<MatchHeader>>,
}

/// The match headers of a call (`X-Retake-Match`, `X-Retake-Fields`, `X-Retake-Recording`), as they were understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatchHeader {
    /// The strategy, instead of each recording's own.
    pub strategy: Option<Strategy>,
    /// The recording that answers, whatever the call holds.
    pub recording: Option<RecordingId>,
}

/// The cause of a miss, in a form that misses for the same reason share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// The recording that came nearest.
    pub nearest: RecordingId,
    /// The significant fields that differ from it, without what is below them (`body/messages`), sorted; the first
    /// [`Cause::FIELDS`] of them.
    pub fields: Vec<String>,
}

impl Cause {
    /// The most fields that are named.
    pub const FIELDS: usize = 8;
}

impl Outcome {
    /// All outcomes, in the order of design and summary lines.
    pub const ALL: [Self; 6] = [Self::Replay, Self::Miss, Self::Record, Self::Mock, Self::Live, Self::Error];

    /// The word on screen: `HIT`, `MISS`, `REC`, `MOCK`, `LIVE`, `ERR`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Replay => "HIT",
            Self::Record => "REC",
            Self::Live => "LIVE",
            Self::Mock => "MOCK",
            Self::Miss => "MISS",
            Self::Error => "ERR",
        }
    }

    /// The word in `X-Retake-Result`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Record => "record",
            Self::Live => "live",
            Self::Mock => "mock",
            Self::Miss => "miss",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Call {
    /// The word on screen: the outcome, `HIT~` when cosmetic fields differ, `…` while undecided.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self.outcome {
            None => "…",
            Some(Outcome::Replay) if self.cosmetic => "HIT~",
            Some(outcome) => outcome.label(),
        }
    }
}
