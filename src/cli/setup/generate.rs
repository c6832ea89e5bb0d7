//! `retake completions` and `retake man`: what shells and `man` want to know, made from the same table as the help.

use std::path::Path;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::exit::UsageError;
use crate::cli::print;
use crate::config::PRESETS;
use crate::model::{Mode, Outcome};

/// Completions for a shell, on stdout.
pub(crate) fn completions(command: Command, shell: Shell) -> ExitCode {
    let mut command = with_values(command);
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    print::bytes(&script);
    ExitCode::SUCCESS
}

/// A command and all below it with the values of their arguments, for shells to offer: the verbs themselves read them with
/// messages of their own.
fn with_values(command: Command) -> Command {
    let valued = |arg: Arg| match arg.get_id().as_str() {
        _ if !arg.get_action().takes_values() => arg,
        "mode" => arg.value_parser(PossibleValuesParser::new(Mode::ALL.map(Mode::as_str))),
        "preset" => arg.value_parser(PossibleValuesParser::new(PRESETS)),
        "fail_on" => arg.value_parser(PossibleValuesParser::new(Outcome::ALL.map(Outcome::as_str))),
        "playback" => arg.value_parser(["newest", "sequence", "cycle"]),
        "ending" => arg.value_parser(["clean", "cut", "stall"]),
        "verdict" => arg.value_parser(["accept", "keep", "reject"]),
        "strategy" => arg.value_parser(["standard", "strict", "pinned"]),
        "store" | "dir" => arg.value_hint(ValueHint::DirPath),
        "config" | "file" | "summary" | "body" | "text_file" | "image" | "response" => {
            arg.value_hint(ValueHint::FilePath)
        }
        "command" => arg.value_hint(ValueHint::CommandWithArguments),
        _ => arg,
    };
    command.mut_args(valued).mut_subcommands(with_values)
}

/// The man page of retake on stdout; into a directory one for each verb, too.
pub(crate) fn man(mut command: Command, dir: Option<&Path>) -> anyhow::Result<ExitCode> {
    command.build();
    match dir {
        None => print::bytes(&page(&command)?),
        Some(dir) => {
            let wrong =
                |error: &dyn std::fmt::Display| UsageError(format!("--dir {}: {error}", dir.display()));
            std::fs::create_dir_all(dir).map_err(|error| wrong(&error))?;
            for (name, command) in commands(&command, "") {
                let path = dir.join(format!("{name}.1"));
                std::fs::write(&path, page(&command)?).map_err(|error| wrong(&error))?;
                print::line(&format!("wrote {}", path.display()));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A command and all below it, each by its name as a file has it, such as `retake-config-check`.
fn commands(command: &Command, above: &str) -> Vec<(String, Command)> {
    let name = format!("{above}{}", command.get_name());
    let inside = format!("{name}-");
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    let below = below.flat_map(|below| commands(below, &inside));
    std::iter::once((name.clone(), command.clone())).chain(below).collect()
}

fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    let source = concat!("retake ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(source).render(&mut page)?;
    Ok(page)
}
