//! A call and its answer at the edge of the engine.

use std::sync::Arc;
use std::time::Instant;

use http::HeaderMap;

use crate::engine::budget::Hold;
use crate::engine::call::answer::body::AnswerBody;
use crate::engine::call::answer::overrides::Overrides;
use crate::engine::call::answer::raw_call::RawKey;
use crate::model::Request;

/// A call as it came in.
pub struct Incoming {
    /// The request, without hop-by-hop headers and retake's own.
    pub request: Request,
    /// The call's own headers, understood.
    pub overrides: Overrides,
    /// The proxy's base URL as the client knows it, for links to media (`http://127.0.0.1:4010`).
    pub base: Arc<str>,
    /// The time of its arrival.
    pub started: Instant,
    /// The hash of its raw bytes.
    pub key: RawKey,
    /// The memory that its body takes, where that is long enough to count.
    pub held: Option<Hold>,
}

/// The answer to a call.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, retake's own included; the server adds `date` and the framing.
    pub headers: HeaderMap,
    /// The body.
    pub body: AnswerBody,
}
