//! Signals that ask the process to end, and the one that lets it go on.

use std::io;
use std::task::{Context, Poll, Waker};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM, SIGHUP and SIGINT, from now on.
#[derive(Debug)]
pub struct Signals([Signal; 3]);

/// SIGCONT, from now on: the process was stopped, by itself or by somebody else, and goes on.
#[derive(Debug)]
pub struct Continued(Signal);

impl Signals {
    /// Listens from now on: none of them ends the process any more.
    ///
    /// # Errors
    /// When the system refuses to.
    pub fn listen() -> io::Result<Self> {
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

impl Continued {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses to.
    pub fn listen() -> io::Result<Self> {
        signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())).map(Self)
    }

    /// Waits for the next time that the process goes on.
    pub async fn wait(&mut self) {
        self.0.recv().await;
    }
}
