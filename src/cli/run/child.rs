//! The command that is run: started, given the signals that are meant for it, and waited for.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, getpgid, kill_process};
use rustix::termios::tcgetpgrp;
use tokio::process::{Child, Command};
use tokio::signal::unix::SignalKind;

use super::environment::Environment;
use crate::terminal::Signals;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// Whether somebody asked twice for the end.
    pub(super) hard: bool,
}

/// Why a command could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start `{command}`: {cause}{}", if self.code() == 127 { "; is it installed, and in PATH?" } else { "" })]
pub(super) struct NotStarted {
    command: String,
    cause: io::Error,
}

impl NotStarted {
    /// The exit code, as a shell gives it: 127 for a command that is not there, 126 for one that cannot be run.
    pub(super) fn code(&self) -> u8 {
        if self.cause.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
    }
}

/// Starts a command with the terminal or the pipes that this process has.
pub(super) fn start(command: &[OsString], environment: &Environment) -> Result<Child, NotStarted> {
    let (program, args) = command.split_first().map_or((OsString::new(), &[][..]), |(p, a)| (p.clone(), a));
    let started = Command::new(&program).args(args).envs(environment.set.iter().cloned()).spawn();
    started.map_err(|cause| {
        let command = crate::reading::sanitize(&program.to_string_lossy()).into_owned();
        NotStarted { command, cause }
    })
}

/// Waits for the end. The first signal is passed on, the second one kills.
pub(super) async fn wait(child: &mut Child, signals: &mut Signals) -> io::Result<Ended> {
    let mut asked = false;
    loop {
        let signal = tokio::select! {
            status = child.wait() => return Ok(Ended { status: status?, hard: false }),
            signal = signals.next() => signal,
        };
        if asked {
            child.start_kill()?;
            return Ok(Ended { status: child.wait().await?, hard: true });
        }
        asked = true;
        // It has no id once it was waited for, so nobody else can be meant.
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id.filter(|id| !reached_already(*id, signal)) {
            pass_on(id, signal);
        }
    }
}

/// Whether the child got the signal, too: the terminal sends Ctrl-C and Ctrl-\ to the whole group of processes before
/// it, and for many programs a second one means to end at once.
fn reached_already(child: Pid, signal: SignalKind) -> bool {
    let foreground = || tcgetpgrp(File::open("/dev/tty").ok()?).ok();
    let typed = [SignalKind::interrupt(), SignalKind::quit()].contains(&signal);
    typed && foreground().is_some_and(|group| getpgid(Some(child)).is_ok_and(|own| own == group))
}

fn pass_on(id: Pid, signal: SignalKind) {
    let signal = Signal::from_named_raw(signal.as_raw_value()).unwrap_or(Signal::TERM);
    // It may have ended just now, and then there is nobody left to tell.
    let _ = kill_process(id, signal);
}

/// The exit code as a shell says it: 128 and the signal for a command that a signal ended.
pub(super) fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
