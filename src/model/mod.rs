//! The words of retake as data: ids, exchanges, recordings, modes, strategies, calls, events.
//!
//! Nothing here does anything: no IO, no clock, no randomness, no terminal. Every other module speaks in
//! these types, so this is the place to start reading.

mod calls;
pub(crate) mod exchange;
mod id;
mod name;
mod recordings;
mod strategies;
mod time;

pub use calls::call::{Call, Cause, MatchHeader, Outcome};
pub use calls::event::{Counters, Event, Level, Notice, Snapshot};
pub use calls::latency::{Latency, ParseLatencyError};
pub use calls::mode::{Mode, ParseModeError};
pub use calls::scope::{CallScope, CursorState, ScopeState};
pub use exchange::{
    ByteLog, Exchange, Headers, KEPT_HEADERS, Piece, Request, Response, Scrubbed, is_header_name,
    is_hop_by_hop, is_own, media_type, speaks_for_origin,
};
pub use id::{CANONICAL_VERSION, CallId, Fingerprint, Hash, MediaId, ParseIdError, RecordingId};
pub use name::{LONGEST_SCOPE, ParseNameError, check_name, check_scope, check_tag};
pub use recordings::labels::Labels;
pub use recordings::recording::{
    AnswerFailure, Completeness, Derivation, Ending, MediaRef, Original, Provenance, Recording, Row, Source,
    Tokens, Usd,
};
pub use recordings::rows::{Part, Rows};
pub use recordings::step::{StepId, StepRow};
pub use recordings::usage::{Gap, Hit, Hits, Usage};
pub use strategies::pattern::{LARGEST_PATTERN, bytes_pattern, text_pattern};
pub use strategies::playback::{ParsePlaybackError, Playback};
pub use strategies::rule::Rule;
pub use strategies::strategy::{ParseStrategyError, Strategy};
pub use time::Timestamp;
