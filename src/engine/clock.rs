//! The only place that reads the clock and draws ids.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use crate::model::{RecordingId, Timestamp};

/// The wall clock, for what people read. Durations are measured with [`std::time::Instant`].
#[must_use]
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the engine's clock")]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The time of a new recording: later than that of every other one of this process, so that takes have an order.
pub(super) fn next() -> Timestamp {
    static LAST: AtomicI64 = AtomicI64::new(i64::MIN);
    let now = now().0;
    let last =
        LAST.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(now.max(last.saturating_add(1))));
    Timestamp(last.map_or(now, |last| now.max(last.saturating_add(1))))
}

/// Microseconds, as calls and logs count them.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A new recording id.
pub(super) fn recording_id() -> RecordingId {
    RecordingId::from_random(random())
}

/// A mark that nobody guesses: 32 hexadecimal digits.
pub(super) fn instance() -> String {
    format!("{:032x}", u128::from_be_bytes(random()))
}

fn random() -> [u8; 16] {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        // Without a random source ids still differ: hash what changes between two calls.
        use std::hash::{BuildHasher, RandomState};
        let half = |salt: i64| RandomState::new().hash_one(now().0 ^ salt).to_le_bytes();
        random[..8].copy_from_slice(&half(1));
        random[8..].copy_from_slice(&half(2));
    }
    random
}
