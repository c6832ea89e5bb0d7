//! What is sent besides the recorded requests.

use crate::shared::load::{NUMBER, REQUESTS, Series};
use crate::shared::stock::body;

/// The recorded requests, each with a cosmetic field of its own, which is the same whenever it comes again.
pub(super) fn cosmetic() -> Series {
    Series::of("200", |at| body(at, "0.2", &format!(r#","user":"user-{at}""#)))
}

/// The same with a cosmetic field that never is the same twice, so that no map of raw bytes knows it.
pub(super) fn fresh() -> Series {
    Series::of("200", |at| body(at, "0.2", &format!(r#","user":"user-{NUMBER}""#)))
}

/// Requests from all over the first `recordings`, with another temperature, which nothing answers and which never is
/// the same twice.
pub(super) fn missing(recordings: usize) -> Series {
    Series::of("404", |at| body(at * recordings / REQUESTS, &format!("0.3{NUMBER}"), ""))
}
