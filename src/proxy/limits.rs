//! How long clients may take, and how many may be connected.

use std::time::Duration;

use crate::upstream::connections;

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
        Self { head, idle, body, room, connections: connections() }
    }
}
