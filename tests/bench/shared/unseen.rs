//! Requests that no map of raw bytes knows.

use super::shared::load::{NUMBER, REQUESTS, Series};
use super::shared::stock::body;

/// The recorded requests with a cosmetic field that never is the same twice, so that no map of raw bytes knows it.
pub(crate) fn fresh() -> Series {
    Series::of("200", |at| body(at, "0.2", &format!(r#","user":"user-{NUMBER}""#)))
}

/// Requests from all over the first `recordings`, with another temperature, which nothing answers and which never is
/// the same twice.
pub(crate) fn missing(recordings: usize) -> Series {
    Series::of("404", |at| body(at * recordings / REQUESTS, &format!("0.3{NUMBER}"), ""))
}
