//! The `retake` program: parse, carry out one verb, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    retake::cli::run(std::env::args_os())
}
