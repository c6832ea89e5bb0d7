//! `retake help`: the help of a verb, and pages that no verb has.

use std::process::ExitCode;

use clap::Command;

use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::print;
use crate::cli::serve::screens::Screens;
use crate::config;

/// The page about keys.
const KEYS: &str = "keys";

pub(crate) fn run(
    common: &Common,
    words: &[String],
    mut command: Command,
    screens: &Screens,
) -> anyhow::Result<ExitCode> {
    if words == [KEYS] {
        let look = config::read_look(&common.config)?;
        screens.refuse_wrong_look(&common.config, &look)?;
        print::bytes((screens.keys)(&look).unwrap_or_default().as_bytes());
        return Ok(ExitCode::SUCCESS);
    }
    command.build();
    let mut verb = &mut command;
    for word in words {
        let unknown =
            || UsageError(format!("there is no page about `{word}`; `retake help` lists the verbs"));
        verb = verb.find_subcommand_mut(word).ok_or_else(unknown)?;
    }
    print::line(&verb.render_long_help().to_string());
    Ok(ExitCode::SUCCESS)
}
