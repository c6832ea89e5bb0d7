//! Latencies of calls, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::model::Outcome;

pub(crate) const BUCKETS: usize = Histogram::BOUNDS.len() + 1;

/// Times that calls took, by outcome. Counted without a lock: every call comes by here.
#[derive(Debug, Default)]
pub(crate) struct Latencies([Timed; Outcome::ALL.len()]);

#[derive(Debug, Default)]
pub(crate) struct Timed {
    counts: [AtomicU64; BUCKETS],
    /// Microseconds.
    sum: AtomicU64,
}

/// A count of times in classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// The count for each bound: times at most as long as it and longer than the one before; the last is for those that
    /// were longer than all.
    pub counts: [u64; BUCKETS],
    /// All times together.
    pub sum: Duration,
}

impl Histogram {
    /// The upper bounds of the buckets: from a replay out of memory to a film.
    pub const BOUNDS: [Duration; 16] = [
        Duration::from_micros(500),
        Duration::from_millis(1),
        Duration::from_micros(2_500),
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(250),
        Duration::from_millis(500),
        Duration::from_secs(1),
        Duration::from_millis(2_500),
        Duration::from_secs(5),
        Duration::from_secs(10),
        Duration::from_secs(30),
        Duration::from_secs(60),
        Duration::from_secs(300),
    ];
}

impl Histogram {
    /// The bound, in microseconds, that `percent` in 100 of the times did not pass; `None` without any time. Of those that
    /// passed every bound the last one is said.
    #[must_use]
    pub fn quantile(&self, percent: u64) -> Option<u64> {
        let all: u64 = self.counts.iter().sum();
        let wanted = (all * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        let bound = Self::BOUNDS.get(at).or(Self::BOUNDS.last())?;
        u64::try_from(bound.as_micros()).ok()
    }
}

impl Latencies {
    /// Counts a call that took so many microseconds.
    pub(crate) fn count(&self, outcome: Outcome, micros: u64) {
        let Some(at) = Outcome::ALL.iter().position(|known| *known == outcome) else { return };
        let taken = Duration::from_micros(micros);
        let bucket = Histogram::BOUNDS.partition_point(|bound| *bound < taken);
        self.0[at].counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.0[at].sum.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn histograms(&self) -> [Histogram; Outcome::ALL.len()] {
        self.0.each_ref().map(|timed| Histogram {
            counts: timed.counts.each_ref().map(|count| count.load(Ordering::Relaxed)),
            sum: Duration::from_micros(timed.sum.load(Ordering::Relaxed)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_in_the_first_bucket_that_holds_it() {
        let latencies = Latencies::default();
        for micros in [0, 500, 501, 300_000_001] {
            latencies.count(Outcome::Miss, micros);
        }
        let of = |outcome| {
            let at = Outcome::ALL.iter().position(|known| *known == outcome).unwrap();
            latencies.histograms()[at].clone()
        };
        let miss = of(Outcome::Miss);
        assert_eq!((miss.counts[0], miss.counts[1], miss.counts[BUCKETS - 1]), (2, 1, 1));
        assert_eq!(miss.sum, Duration::from_micros(300_001_002));
        assert_eq!(of(Outcome::Replay).counts.iter().sum::<u64>(), 0);
        assert_eq!(
            (miss.quantile(50), miss.quantile(51), miss.quantile(100)),
            (Some(500), Some(1000), Some(300_000_000))
        );
        assert_eq!(of(Outcome::Replay).quantile(50), None);
    }
}
