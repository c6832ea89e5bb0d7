//! The words of retake as data: ids, exchanges, recordings, modes, strategies, calls, events.
//!
//! Nothing here does anything: no IO, no clock, no randomness, no terminal. Every other module speaks in
//! these types, so this is the place to start reading.

mod call;
mod event;
pub(crate) mod exchange;
mod id;
mod labels;
mod latency;
mod mode;
mod name;
mod pattern;
mod playback;
mod recording;
mod rows;
mod rule;
mod scope;
mod step;
mod strategy;
mod time;
mod usage;

pub use call::{Call, Cause, MatchHeader, Outcome};
pub use event::{Counters, Event, Level, Notice, Snapshot};
pub use exchange::{
    ByteLog, Exchange, Headers, KEPT_HEADERS, Piece, Request, Response, Scrubbed, is_header_name,
    is_hop_by_hop, is_own, speaks_for_origin,
};
pub use id::{CANONICAL_VERSION, CallId, Fingerprint, Hash, MediaId, ParseIdError, RecordingId};
pub use labels::Labels;
pub use latency::{Latency, ParseLatencyError};
pub use mode::{Mode, ParseModeError};
pub use name::{LONGEST_SCOPE, ParseNameError, check_name, check_scope, check_tag};
pub use pattern::{LARGEST_PATTERN, bytes_pattern, text_pattern};
pub use playback::{ParsePlaybackError, Playback};
pub use recording::{
    AnswerFailure, Completeness, Derivation, Ending, MediaRef, Original, Provenance, Recording, Row, Source,
    Tokens, Usd,
};
pub use rows::{Part, Rows};
pub use rule::Rule;
pub use scope::{CallScope, CursorState, ScopeState};
pub use step::{StepId, StepRow};
pub use strategy::{ParseStrategyError, Strategy};
pub use time::Timestamp;
pub use usage::{Gap, Hit, Hits, Usage};
