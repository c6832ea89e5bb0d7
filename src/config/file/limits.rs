//! The times of `[limits]`, which clients may take.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Times that somebody may want.
pub(crate) const POSSIBLE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3600);
/// Times with which nobody holds a proxy up, and no client is given up too early.
pub(crate) const USUAL: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(300);

/// A time such as `250ms`, `30s` or `5m`; none where it is no time.
pub(crate) fn read(text: &str) -> Option<Duration> {
    let time: jiff::SignedDuration = text.trim().parse().ok()?;
    time.try_into().ok()
}
