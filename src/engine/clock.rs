//! The only place that reads the clock and draws ids.

use std::time::SystemTime;

use crate::model::{RecordingId, Timestamp};

/// The wall clock, for what people read. Durations are measured with [`std::time::Instant`].
#[must_use]
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the engine's clock")]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A new recording id.
pub(super) fn recording_id() -> RecordingId {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        // Without a random source ids still differ: hash what changes between two calls.
        use std::hash::{BuildHasher, RandomState};
        let half = |salt: i64| RandomState::new().hash_one(now().0 ^ salt).to_le_bytes();
        random[..8].copy_from_slice(&half(1));
        random[8..].copy_from_slice(&half(2));
    }
    RecordingId::from_random(random)
}
