//! Limits of clients: times, and the number of connections.

use std::time::Duration;

use crate::upstream::connections;

/// The limits that a proxy grants its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time for the head of a connection's first request, and for that of a later one from its first byte.
    pub head: Duration,
    /// Time for which a connection without a request is kept: longer than the pools of clients keep theirs, so that a
    /// client never sends on one that is just being closed.
    pub idle: Duration,
    /// Time for each 64 KiB of a body, and for the rest.
    pub body: Duration,
    /// Time for which a body waits for room in memory.
    pub room: Duration,
    /// Limit of connected clients; others wait.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let (head, idle, body, room) = (seconds(30), seconds(120), seconds(30), seconds(5));
        Self { head, idle, body, room, connections: connections() }
    }
}
