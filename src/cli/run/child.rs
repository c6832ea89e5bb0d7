//! The command that is run: started, given the signals that are meant for it, and waited for.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
#[cfg(target_os = "linux")]
use std::{os::unix::process::CommandExt as _, path::Path, process::ExitCode};

#[cfg(target_os = "linux")]
use rustix::fs::{Access, access};
use rustix::process::{Pid, Signal, getpgid, kill_process};
#[cfg(target_os = "linux")]
use rustix::process::{getppid, set_parent_process_death_signal};
use rustix::termios::tcgetpgrp;
use tokio::process::{Child, Command};
use tokio::signal::unix::SignalKind;

use super::environment::Environment;
#[cfg(target_os = "linux")]
use crate::cli::print;
use crate::terminal::Signals;

/// The end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// True if somebody asked twice for the end.
    pub(super) hard: bool,
}

/// The reason why a command could not be started.
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
    let started = |command: &mut Command| command.envs(environment.set.iter().cloned()).spawn();
    // Where the program is missing, this process says so.
    #[cfg(target_os = "linux")]
    if finds(command)
        && let Ok(child) = started(&mut stand_in(command))
    {
        return Ok(child);
    }
    let (program, args) = split(command);
    started(Command::new(program).args(args)).map_err(|cause| not_started(program, cause))
}

fn split(command: &[OsString]) -> (&OsStr, &[OsString]) {
    command.split_first().map_or((OsStr::new(""), &[]), |(program, args)| (program, args))
}

fn not_started(program: &OsStr, cause: io::Error) -> NotStarted {
    NotStarted { command: crate::reading::sanitize(&program.to_string_lossy()).into_owned(), cause }
}

/// The first word of a command line that becomes the command of a run; no verb is called so.
#[cfg(target_os = "linux")]
const STAND_IN: &str = "run-child";

/// This program, which has itself ended when this process is killed and then becomes the command. It does so by the name
/// that leads to it whatever became of its file.
#[cfg(target_os = "linux")]
fn stand_in(command: &[OsString]) -> Command {
    let mut stand_in = Command::new("/proc/self/exe");
    stand_in.arg(STAND_IN).arg(std::process::id().to_string()).args(command);
    stand_in
}

/// True if there is such a program, looked for as the system will.
#[cfg(target_os = "linux")]
fn finds(command: &[OsString]) -> bool {
    let (program, _) = split(command);
    let runs = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if program.as_encoded_bytes().contains(&b'/') {
        return runs(Path::new(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    !program.is_empty() && std::env::split_paths(&path).any(|folder| runs(&folder.join(program)))
}

/// Becomes the command where these are the arguments of a stand-in; an exit code says that it could not. From then on the
/// system sends the command SIGTERM when the process that started it is gone, however it ended (`PR_SET_PDEATHSIG`,
/// prctl(2)); what the command itself starts is its own affair.
#[cfg(target_os = "linux")]
pub(in crate::cli) fn becomes(args: &[OsString]) -> Option<ExitCode> {
    let [_, name, parent, command @ ..] = args else { return None };
    let parent = parent.to_str().and_then(|id| Pid::from_raw(id.parse().ok()?))?;
    if name != STAND_IN || command.is_empty() {
        return None;
    }
    // Where the system refuses that, the command still runs.
    let bound = set_parent_process_death_signal(Some(Signal::TERM));
    // It may have been killed before anybody was to be told of it.
    if bound.is_ok() && getppid() != Some(parent) {
        return Some(ExitCode::FAILURE);
    }
    let (program, rest) = split(command);
    let error = not_started(program, std::process::Command::new(program).args(rest).exec());
    print::error(&error.to_string());
    Some(error.code().into())
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

/// True if the child got the signal, too: the terminal sends Ctrl-C and Ctrl-\ to the whole group of processes before
/// it, and for many programs a second one means to end at once.
fn reached_already(child: Pid, signal: SignalKind) -> bool {
    let foreground = || tcgetpgrp(File::open("/dev/tty").ok()?).ok();
    let typed = [SignalKind::interrupt(), SignalKind::quit()].contains(&signal);
    typed && foreground().is_some_and(|group| getpgid(Some(child)).is_ok_and(|own| own == group))
}

fn pass_on(id: Pid, signal: SignalKind) {
    let signal = Signal::from_named_raw(signal.as_raw_value()).unwrap_or(Signal::TERM);
    // It may have ended just now, and then there is nobody left to tell.
    kill_process(id, signal).ok();
}

/// The exit code as a shell says it: 128 and the signal for a command that a signal ended.
pub(super) fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
