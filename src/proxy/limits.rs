//! How long clients may take, and how many may be connected.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors beyond which more would help nobody.
const ENOUGH: u64 = 16 << 10;
/// Descriptors for the store, the terminal and the like.
const RESERVED: u64 = 64;

/// What a proxy grants its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long the head of a connection's first request may take, and that of a later one from its first byte.
    pub head: Duration,
    /// How long a connection without a request is kept: longer than the pools of clients keep theirs, so that a client
    /// never sends on one that is just being closed.
    pub idle: Duration,
    /// How long each 64 KiB of a body may take, and the rest.
    pub body: Duration,
    /// How long a body waits for room in memory.
    pub room: Duration,
    /// How many clients may be connected; others wait.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let (head, idle, body, room) = (seconds(30), seconds(120), seconds(30), seconds(5));
        Self { head, idle, body, room, connections: connections(descriptors()) }
    }
}

/// How many descriptors the process may have, after it asked for as many as it may ask for.
fn descriptors() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let (now, wanted) = (current.unwrap_or(ENOUGH), maximum.unwrap_or(ENOUGH).min(ENOUGH));
    if now < wanted && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok() {
        return wanted;
    }
    now
}

/// Half of the descriptors are for clients: each call may need one more for its upstream.
fn connections(descriptors: u64) -> usize {
    let spare = descriptors.saturating_sub(RESERVED.min(descriptors / 2));
    usize::try_from(spare / 2).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_descriptors_are_for_clients() {
        let all = [(0, 1), (8, 2), (64, 16), (256, 96), (1024, 480), (16384, 8160)];
        assert_eq!(all.map(|(descriptors, _)| (descriptors, connections(descriptors))), all);
    }
}
