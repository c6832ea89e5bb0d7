//! The command line: one file a verb, and what they share.
//!
//! It does not know the screen: whoever calls [`run`] hands in how one is shown.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches as _;

mod browse;
mod command;
mod common;
mod curate;
mod curl;
mod door;
mod editor;
mod examples;
mod exit;
mod flags;
mod input;
mod maintain;
mod print;
mod progress;
mod request_args;
mod run;
mod selection;
mod serve;
mod setup;
#[cfg(test)]
mod shape_tests;
mod table;

pub use serve::screens::{ScreenFuture, Screens};

use command::{CommandLine, carry_out, command};
use common::Common;
use exit::Exit;

/// Runs one verb and says how it went; `screens` are what it may show.
pub fn run(args: impl IntoIterator<Item = OsString>, screens: Screens) -> ExitCode {
    let args: Vec<_> = args.into_iter().collect();
    #[cfg(target_os = "linux")]
    if let Some(code) = run::becomes(&args) {
        return code;
    }
    if let Some(code) = setup::completion::answered(&args, command) {
        return code;
    }
    let parse = |command: clap::Command| {
        let matches = command.try_get_matches_from(&args)?;
        CommandLine::from_arg_matches(&matches).map(|cli| (cli, matches))
    };
    // Without styles: only then is every escape sequence in what clap says somebody else's.
    let (cli, matches) = match parse(command().styles(clap::builder::Styles::plain())) {
        Ok(parsed) => parsed,
        Err(error) => {
            if let Some(refusal) = flags::refusal(&error, &args, command) {
                return exit::report(&refusal.into());
            }
            print::clap(&error, || parse(command()).err());
            return ended(if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS });
        }
    };
    let common = match Common::of(&matches, command) {
        Ok(common) => common,
        Err(error) => return exit::report(&error.into()),
    };
    say_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(carry_out(cli.verb, common, screens));
            // A thread that waits for a key or a slow disk must not hold the exit up.
            runtime.shutdown_timeout(std::time::Duration::from_millis(200));
            outcome
        }
        Err(error) => Err(error.into()),
    };
    ended(outcome.unwrap_or_else(|error| exit::report(&error)))
}

/// The exit code of a verb that ended with `code`: success only where its output was written.
fn ended(code: ExitCode) -> ExitCode {
    let Some(cause) = print::unwritten() else { return code };
    print::error(&format!("cannot write the output: {cause}"));
    if code == ExitCode::SUCCESS { ExitCode::FAILURE } else { code }
}

/// Prints a panic on stderr like any other text, because it may hold what was recorded.
fn say_panics() {
    std::panic::set_hook(Box::new(|info| {
        if !crate::store::catches_panics() {
            print::panicked(info);
        }
    }));
}
