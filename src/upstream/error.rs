//! Errors on the way out.

use std::time::Duration;

use super::connect::NotPublic;

/// An upstream that did not answer, or a link that could not be fetched. An answer with an error status is not one.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No connection, or it broke before the answer began.
    #[error("{base} could not be reached: {reason}")]
    Unreachable {
        /// The upstream's base URL or the link.
        base: String,
        /// The innermost cause.
        reason: String,
    },
    /// The answer did not begin in time.
    #[error("{base} did not answer within {} s", after.as_secs())]
    Timeout {
        /// The upstream's base URL or the link.
        base: String,
        /// The time that was waited.
        after: Duration,
    },
    /// The connection broke in the middle of the answer.
    #[error("the upstream broke off in the middle of the answer: {0}")]
    Cut(String),
    /// The way to the upstream leads back to where it began.
    #[error("{base} leads back to this proxy; point it to the provider with --upstream NAME=URL")]
    Loop {
        /// The upstream's base URL.
        base: String,
    },
    /// The request cannot be written as HTTP.
    #[error("the request cannot be forwarded: {0}")]
    Invalid(String),
    /// A link that must not be followed, or whose answer is not media.
    #[error("{url} was not fetched: {reason}")]
    Refused {
        /// The link.
        url: String,
        /// The reason.
        reason: String,
    },
}

/// The error where nobody answered at `name`, an upstream's base URL or a link.
pub(super) fn unreached(name: &str, error: &(dyn std::error::Error + 'static)) -> UpstreamError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let refused =
            inner.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref::<NotPublic>());
        if let Some(refused) = refused {
            return UpstreamError::Refused { url: name.into(), reason: refused.to_string() };
        }
        cause = error.source();
    }
    UpstreamError::Unreachable { base: name.into(), reason: root_cause(error) }
}

/// The innermost cause of an error: the sentence that says something.
pub(super) fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
