//! The numbers below the live list: how long calls took, where they missed, how the upstreams are. A fold of ended
//! calls, bounded whatever comes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::model::{Call, Outcome, Timestamp};

/// Times that are kept of each outcome.
const TIMES: usize = 256;
/// The time that a miss counts, in milliseconds.
const WINDOW: u64 = 15 * 60 * 1000;
/// Misses that are kept.
const MISSES: usize = 10_000;
/// Upstreams that are told apart.
const UPSTREAMS: usize = 16;

/// The numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveStats {
    /// The time taken by the last calls, in microseconds, in the order of [`Outcome::ALL`].
    times: [VecDeque<u64>; Outcome::ALL.len()],
    /// The misses of the last minutes, oldest first.
    misses: VecDeque<(Timestamp, Arc<str>)>,
    /// The number of misses by endpoint.
    places: BTreeMap<Arc<str>, u64>,
    /// The outcome of the last forwarded call by mount.
    upstreams: BTreeMap<Arc<str>, UpstreamHealth>,
    /// Events that came too fast to be shown one by one.
    pub lost: u64,
}

/// The outcome of the last call to an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamHealth {
    /// The status, as the client saw it.
    pub status: Option<u16>,
    /// The reason of a failure; `None` where it did not fail.
    pub problem: Option<String>,
    /// The seconds that it asks to be left alone, and until when; `None` when that is over.
    pub retry_after: Option<(u64, Timestamp)>,
}

/// The time taken by the calls of one outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeTimes<'a> {
    /// The outcome.
    pub outcome: Outcome,
    /// Half of them took at most so many microseconds.
    pub p50: u64,
    /// 95 in 100 of them took at most so many.
    pub p95: u64,
    /// All of them, oldest first.
    pub all: &'a VecDeque<u64>,
}

impl LiveStats {
    /// The numbers of calls that are known, the oldest first.
    #[must_use]
    pub fn of<'a>(calls: impl Iterator<Item = &'a Call>) -> Self {
        let mut stats = Self::default();
        calls.filter(|call| call.done).for_each(|call| stats.take(call));
        stats
    }

    /// Takes an ended call in; each once.
    pub fn take(&mut self, call: &Call) {
        let Some(outcome) = call.outcome else { return };
        if let Some(at) = Outcome::ALL.iter().position(|known| *known == outcome) {
            push(&mut self.times[at], call.total.unwrap_or_default(), TIMES);
        }
        if outcome == Outcome::Miss {
            self.misses.push_back((call.at, Arc::clone(&call.endpoint)));
            *self.places.entry(Arc::clone(&call.endpoint)).or_default() += 1;
            if self.misses.len() > MISSES {
                self.drop_oldest();
            }
        }
        if was_forwarded(call)
            && (self.upstreams.len() < UPSTREAMS || self.upstreams.contains_key(&call.mount))
        {
            let problem = call.reason.clone().filter(|_| outcome == Outcome::Error);
            let ended = call.at.0.saturating_add_unsigned(call.total.unwrap_or(0) / 1000);
            let until = |seconds: u64| Timestamp(ended.saturating_add_unsigned(seconds.saturating_mul(1000)));
            let retry_after = call.retry_after.map(|seconds| (seconds, until(seconds)));
            let health = UpstreamHealth { status: call.status, problem, retry_after };
            self.upstreams.insert(Arc::clone(&call.mount), health);
        }
    }

    /// Forgets misses that are too old and waits that are over; whether there were any.
    pub fn age(&mut self, now: Timestamp) -> bool {
        let before = self.misses.len();
        while self.misses.front().is_some_and(|(at, _)| now.since(*at) > WINDOW) {
            self.drop_oldest();
        }
        let mut changed = self.misses.len() < before;
        for health in self.upstreams.values_mut() {
            changed |= health.retry_after.take_if(|(_, until)| *until <= now).is_some();
        }
        changed
    }

    /// The number of outcomes that occurred.
    #[must_use]
    pub fn occurred(&self) -> usize {
        self.times.iter().filter(|all| !all.is_empty()).count()
    }

    /// The times of each outcome that occurred.
    #[must_use]
    pub fn times(&self) -> Vec<OutcomeTimes<'_>> {
        let occurred = Outcome::ALL.into_iter().zip(&self.times).filter(|(_, all)| !all.is_empty());
        let times = occurred.map(|(outcome, all)| {
            let mut sorted: Vec<u64> = all.iter().copied().collect();
            sorted.sort_unstable();
            let quantile =
                |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).clamp(1, sorted.len()) - 1];
            OutcomeTimes { outcome, p50: quantile(50), p95: quantile(95), all }
        });
        times.collect()
    }

    /// The endpoints with the most misses of the last minutes, the most first.
    #[must_use]
    pub fn misses(&self, most: usize) -> Vec<(&str, u64)> {
        let mut places: Vec<(&str, u64)> =
            self.places.iter().map(|(place, count)| (&**place, *count)).collect();
        places.sort_by_key(|(place, count)| (std::cmp::Reverse(*count), *place));
        places.truncate(most);
        places
    }

    /// The health of the upstreams by mount.
    pub fn upstreams(&self) -> impl Iterator<Item = (&str, &UpstreamHealth)> {
        self.upstreams.iter().map(|(mount, health)| (&**mount, health))
    }

    fn drop_oldest(&mut self) {
        let Some((_, place)) = self.misses.pop_front() else { return };
        if let Some(count) = self.places.get_mut(&place) {
            *count -= 1;
            if *count == 0 {
                self.places.remove(&place);
            }
        }
    }
}

impl UpstreamHealth {
    /// The state in a word or two: `ok`, `429 (retry-after 20s)`, `unreachable`.
    #[must_use]
    pub fn word(&self) -> String {
        if let (Some(status), Some((seconds, _))) = (self.status, self.retry_after) {
            return format!("{status} (retry-after {seconds}s)");
        }
        match (self.status, &self.problem) {
            (Some(504), Some(_)) => "timeout".into(),
            (Some(502) | None, Some(_)) => "unreachable".into(),
            (Some(status), _) if status >= 400 => status.to_string(),
            (_, Some(_)) => "cut".into(),
            _ => "ok".into(),
        }
    }

    /// True if all is well.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.problem.is_none() && self.status.is_none_or(|status| status < 400)
    }
}

/// True if an upstream was asked for this very call.
fn was_forwarded(call: &Call) -> bool {
    let code = call.code.as_deref().unwrap_or_default();
    call.coalesced.is_none()
        && match call.outcome {
            Some(Outcome::Record | Outcome::Live) => true,
            // A refusal of retake's own says nothing about the upstream, unless it says that.
            Some(Outcome::Error) => code.starts_with("UPSTREAM") || code.is_empty() && call.mode.forwards(),
            _ => false,
        }
}

fn push<T>(ring: &mut VecDeque<T>, value: T, most: usize) {
    ring.push_back(value);
    if ring.len() > most {
        ring.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CallId, Mode};

    fn call(number: u64, outcome: Outcome, total: u64) -> Call {
        Call {
            id: CallId(number),
            at: Timestamp(i64::try_from(number).unwrap() * 1000),
            mount: "openai".into(),
            endpoint: format!("e{}", number % 3).into(),
            mode: Mode::ReplayOrRecord,
            outcome: Some(outcome),
            done: true,
            status: Some(200),
            total: Some(total),
            ..Call::default()
        }
    }

    #[test]
    fn half_of_the_calls_took_at_most_p50() {
        let calls: Vec<Call> = (1..=100).map(|took| call(took, Outcome::Replay, took)).collect();
        let stats = LiveStats::of(calls.iter());
        let times = stats.times();
        assert_eq!(times.len(), 1);
        assert_eq!((times[0].outcome, times[0].p50, times[0].p95), (Outcome::Replay, 50, 95));
        let one = LiveStats::of([call(1, Outcome::Miss, 7)].iter());
        assert_eq!((one.times()[0].p50, one.times()[0].p95), (7, 7));
    }

    #[test]
    fn misses_count_for_a_while_and_the_most_come_first() {
        let mut stats = LiveStats::default();
        for number in [1, 4, 7, 2] {
            stats.take(&call(number, Outcome::Miss, 1));
        }
        assert_eq!(stats.misses(5), [("e1", 3), ("e2", 1)]);
        assert_eq!(stats.misses(1), [("e1", 3)]);
        assert!(!stats.age(Timestamp(60_000)));
        assert!(stats.age(Timestamp(15 * 60_000 + 4_500)));
        assert_eq!(stats.misses(5), [("e1", 1), ("e2", 1)]);
    }

    #[test]
    fn an_upstream_is_as_its_last_call_was() {
        let health = |stats: &LiveStats| {
            stats.upstreams().map(|(mount, health)| format!("{mount} {}", health.word())).collect::<Vec<_>>()
        };
        let mut stats = LiveStats::default();
        stats.take(&call(1, Outcome::Replay, 1));
        assert!(health(&stats).is_empty(), "a replay asks nobody");
        stats.take(&Call { status: Some(429), ..call(2, Outcome::Record, 1) });
        assert_eq!(health(&stats), ["openai 429"]);
        stats.take(&Call { status: Some(429), retry_after: Some(20), ..call(2, Outcome::Record, 1) });
        for (now, changed, word) in [
            (21_999, false, "openai 429 (retry-after 20s)"),
            (22_000, true, "openai 429"),
            (22_001, false, "openai 429"),
        ] {
            assert_eq!((stats.age(Timestamp(now)), &health(&stats)[..]), (changed, &[word.to_owned()][..]));
        }
        let down = Call {
            status: Some(502),
            code: Some("UPSTREAM_UNREACHABLE".into()),
            reason: Some("no answer".into()),
            ..call(3, Outcome::Error, 1)
        };
        stats.take(&down);
        assert_eq!(health(&stats), ["openai unreachable"]);
        stats.take(&Call { code: Some("UNKNOWN_MOUNT".into()), mount: "nope".into(), ..down });
        stats.take(&call(4, Outcome::Live, 1));
        assert_eq!(health(&stats), ["openai ok"]);
    }

    #[test]
    fn it_stays_small_whatever_comes() {
        let mut stats = LiveStats::default();
        for number in 0..30_000 {
            let mount = format!("m{number}");
            stats.take(&Call { mount: mount.as_str().into(), ..call(number, Outcome::Live, 1) });
            stats.take(&Call { at: Timestamp(0), ..call(number, Outcome::Miss, 1) });
        }
        assert!(stats.times().iter().all(|times| times.all.len() <= TIMES));
        assert_eq!((stats.upstreams().count(), stats.misses.len()), (UPSTREAMS, MISSES));
        assert_eq!(stats.misses(9).iter().map(|(_, count)| count).sum::<u64>(), MISSES as u64);
    }
}
