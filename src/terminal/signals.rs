//! Signals that ask the process to end.

use std::io;
use std::task::{Context, Poll, Waker};

/// SIGTERM, SIGHUP and SIGINT, from now on.
#[derive(Debug)]
pub struct Signals([tokio::signal::unix::Signal; 3]);

impl Signals {
    /// Listens from now on: none of them ends the process any more.
    ///
    /// # Errors
    /// When the system refuses to.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::interrupt())?,
        ]))
    }

    /// Forgets Ctrl-C that somebody pressed in another program of this terminal.
    pub fn forget_interrupts(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        while self.0[2].poll_recv(&mut context) == Poll::Ready(Some(())) {}
    }

    /// Waits for one of them.
    pub async fn any(&mut self) {
        let [terminate, hangup, interrupt] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
