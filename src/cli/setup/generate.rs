//! `retake man`: pages made from the same table as the help.

use std::path::Path;
use std::process::ExitCode;

use clap::Command;
use clap_mangen::Man;

use crate::cli::examples::EXAMPLES;
use crate::cli::exit::UsageError;
use crate::cli::print;

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

/// The exit codes, as [`crate::cli::exit::Exit`] has them.
const CODES: [(&str, &str); 7] = [
    ("0", "all is well"),
    ("1", "something is not there, or differs"),
    ("2", "a wrong command line, configuration or environment"),
    ("3", "the store is in use, or cannot be read or written"),
    ("4", "an upstream could not be reached, or did not answer"),
    ("5", "of run: the command succeeded, and a call was what --fail-on names"),
    ("126, 127, 128+N", "of run: the command cannot be run, is not found, or was ended by signal N"),
];

/// The variables that are no flag's.
const VARIABLES: [(&str, &str); 9] = [
    ("RETAKE_TOKEN", "of attach: the token of a proxy that runs elsewhere"),
    ("RETAKE_LOG", "what the program's own log says on stderr, such as info, or warn,retake=trace"),
    ("RETAKE_MEMORY", "the memory for bodies of all calls together, in MiB"),
    ("VISUAL, EDITOR", "the editor of edit and new, in quotes where its path has blanks"),
    ("NO_COLOR", "no colours, if it is set and not empty"),
    ("COLORFGBG", "the terminal's background, for the theme auto"),
    ("XDG_CONFIG_HOME", "where your own configuration lies, in place of ~/.config"),
    ("XDG_STATE_HOME", "where it is kept which configurations you trust, in place of ~/.local/state"),
    ("OPENAI_API_KEY …", "the providers' own variables: the keys of rerecord and keep"),
];

/// The files that retake reads and writes.
const FILES: [(&str, &str); 4] = [
    ("retake.toml", "the project's configuration; config init writes one with every key explained"),
    (".retake/", "the project's store: recordings, their bodies, the index, the lock"),
    ("~/.config/retake/retake.toml", "colours, keys and programs of your own"),
    ("~/.local/state/retake/", "the configurations that you trust"),
];

/// The page of a verb, or of retake itself.
fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    let source = concat!("retake ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source);
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").lines().map(str::trim).collect::<Vec<_>>().join("\n");
    section(&mut page, "SYNOPSIS", &verbatim(&usage));
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let is_root = !command.get_name().contains('-') && command.get_bin_name() == Some("retake");
    if is_root {
        let examples = EXAMPLES.lines().skip(1).map(str::trim_start).collect::<Vec<_>>().join("\n");
        section(&mut page, "EXAMPLES", &verbatim(&examples));
    } else if let Some(help) = command.get_after_long_help() {
        section(&mut page, "FILTERS", &verbatim(&help.to_string()));
    }
    section(&mut page, "EXIT STATUS", &listed(&CODES));
    section(&mut page, "ENVIRONMENT", &(environment(command) + &listed(&VARIABLES)));
    section(&mut page, "FILES", &listed(&FILES));
    if !is_root {
        section(&mut page, "SEE ALSO", ".BR retake (1)\n");
    }
    if command.get_version().is_some() {
        man.render_version_section(&mut page)?;
    }
    Ok(page)
}

fn section(page: &mut Vec<u8>, name: &str, text: &str) {
    page.extend_from_slice(format!(".SH \"{name}\"\n{text}").as_bytes());
}

/// The variables of a command's flags.
fn environment(command: &Command) -> String {
    let flags = command.get_arguments().filter_map(|flag| Some((flag.get_env()?, flag.get_long()?)));
    let flags =
        flags.map(|(variable, flag)| (variable.to_string_lossy().into_owned(), format!("as --{flag}")));
    flags.map(|(variable, flag)| item(&variable, &flag)).collect()
}

fn listed(items: &[(&str, &str)]) -> String {
    items.iter().map(|(name, text)| item(name, text)).collect()
}

fn item(name: &str, text: &str) -> String {
    format!(".TP\n\\fB{}\\fR\n{}\n", escaped(name), escaped(text))
}

/// Lines as they are.
fn verbatim(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(escaped).collect();
    format!(".nf\n{}\n.fi\n", lines.join("\n"))
}

/// A line as roff takes it for text.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
}
