//! Marks by which a call is known that has passed this or another retake.

use crate::upstream::{Base, Forwarded, UpstreamError};

/// Holds the marks of the retakes that a call has passed, in order.
pub const HOPS: &str = "x-retake-hop";

/// Says, in an answer, that a call went round: other retakes on the way must know that it is nobody's answer to record.
pub(crate) const LOOP: &str = "x-retake-loop";

/// The code of such an answer.
pub const LOOPED: &str = "UPSTREAM_LOOP";

/// The answer of an upstream, where it is not one of a retake behind it that says that the way leads back.
pub(crate) fn arrived(answer: Forwarded, upstream: &Base) -> Result<Forwarded, UpstreamError> {
    if answer.headers.get(LOOP).is_none() {
        Ok(answer)
    } else {
        Err(UpstreamError::Loop { base: upstream.as_str().into() })
    }
}
