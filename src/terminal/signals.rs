//! Signals that ask the process to end, and the one that lets it go on.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, Waker};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, `kill`, a terminal that hangs up, Ctrl-\: each asks for an orderly end.
const ENDING: [fn() -> SignalKind; 4] =
    [SignalKind::interrupt, SignalKind::terminate, SignalKind::hangup, SignalKind::quit];

/// Signals that keys send, to all programs of the terminal.
const TYPED: [fn() -> SignalKind; 2] = [SignalKind::interrupt, SignalKind::quit];

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT, from now on. SIGHUP is left alone where whoever started this process has it
/// ignored, as `nohup` does: the process is to outlive its terminal.
#[derive(Debug)]
pub struct Signals(Vec<(SignalKind, Signal)>);

/// SIGCONT, from now on: the process was stopped, by itself or by somebody else, and goes on.
#[derive(Debug)]
pub struct Continued(Signal);

impl Signals {
    /// Listens from now on: none of them ends the process any more.
    ///
    /// # Errors
    /// When the system refuses to.
    pub fn listen() -> io::Result<Self> {
        let kinds = ENDING.map(|kind| kind()).into_iter();
        let wanted = kinds.filter(|kind| *kind != SignalKind::hangup() || !is_ignored(*kind));
        wanted.map(|kind| Ok((kind, signal(kind)?))).collect::<io::Result<_>>().map(Self)
    }

    /// Forgets what somebody typed into another program of this terminal: Ctrl-C and Ctrl-\ reach all of them.
    pub fn forget_typed(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        let typed = |kind: SignalKind| TYPED.iter().any(|typed| typed() == kind);
        for (_, signal) in self.0.iter_mut().filter(|(kind, _)| typed(*kind)) {
            while signal.poll_recv(&mut context) == Poll::Ready(Some(())) {}
        }
    }

    /// The next of them, whichever comes.
    pub async fn next(&mut self) -> SignalKind {
        self.next_of(|_| true).await
    }

    /// The next that nobody typed: while another program has the terminal, Ctrl-C and Ctrl-\ are for that one.
    pub async fn next_sent(&mut self) -> SignalKind {
        self.next_of(|kind| !TYPED.iter().any(|typed| typed() == kind)).await
    }

    async fn next_of(&mut self, wanted: impl Fn(SignalKind) -> bool) -> SignalKind {
        poll_fn(|context| {
            let mut signals = self.0.iter_mut().filter(|(kind, _)| wanted(*kind));
            let come =
                signals.find_map(|(kind, signal)| signal.poll_recv(context).is_ready().then_some(*kind));
            come.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// True if this process ignored a signal when nobody here had listened to it yet. Known on Linux only (proc(5));
/// elsewhere no.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores(&status, kind.as_raw_value())
}

fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    u32::try_from(signal - 1).ok().and_then(|bit| mask.checked_shr(bit)).is_some_and(|mask| mask & 1 == 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_stands_in_the_status() {
        let status = "Name:\tretake\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\n";
        assert_eq!([1, 2, 13, 64].map(|signal| ignores(status, signal)), [true, false, true, false]);
        assert!(!ignores("", 1) && !ignores("SigIgn:\tnone", 1) && !ignores(status, 0));
    }
}
