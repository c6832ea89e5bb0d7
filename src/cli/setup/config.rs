//! `retake config`: a configuration file written, checked or found.

use std::path::PathBuf;
use std::process::ExitCode;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::common::Common;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::print;
use crate::cli::serve::screens::Screens;
use crate::config::{Config, ConfigProblem, EXAMPLE, FILE, checked, own_path};

/// The verbs of `retake config`.
#[derive(clap::Subcommand)]
pub(crate) enum ConfigCommand {
    /// Write a retake.toml with every key explained
    Init {
        /// Overwrite one that is there
        #[arg(long)]
        force: bool,
    },
    /// Say what is wrong with a configuration; exit status 2 if something is
    Check {
        /// The file; the one that would be read without it
        file: Option<PathBuf>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say which file is read
    Path,
}

/// A configuration file that was looked at.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CheckedConfig {
    /// The file.
    file: String,
    /// Whether it can be used.
    fine: bool,
    /// What is wrong.
    problems: Vec<ConfigProblem>,
}

pub(crate) fn run(common: &Common, verb: ConfigCommand, screens: &Screens) -> anyhow::Result<ExitCode> {
    match verb {
        ConfigCommand::Init { force } => init(common, force),
        ConfigCommand::Check { file, json } => check(common, file, json, screens),
        ConfigCommand::Path => {
            let path = common.config.path();
            let whole = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
            print::line(&whole.display().to_string());
            if !path.exists() {
                print::note("there is no such file: the defaults hold; `retake config init` writes one");
            }
            if let Some(own) = own_path() {
                print::note(&format!("colours, keys and programs of your own: {}", own.display()));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn init(common: &Common, force: bool) -> anyhow::Result<ExitCode> {
    // A new one is for this folder, whatever lies above.
    let path = common.config.file.clone().unwrap_or_else(|| FILE.into());
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create(true).create_new(!force).truncate(force);
    let written =
        open.open(&path).and_then(|mut file| std::io::Write::write_all(&mut file, EXAMPLE.as_bytes()));
    match written {
        Ok(()) => {
            print::line(&format!("wrote {}", path.display()));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(UsageError(format!("{} is there already; --force overwrites it", path.display())).into())
        }
        Err(error) => Err(UsageError(format!("{} cannot be written: {error}", path.display())).into()),
    }
}

fn check(
    common: &Common,
    file: Option<PathBuf>,
    as_json: bool,
    screens: &Screens,
) -> anyhow::Result<ExitCode> {
    let mut checked = checked(&common.config, file.clone())?;
    if checked.usable() {
        let mut inputs = common.config.clone();
        inputs.file = file.or(inputs.file);
        inputs.layers.flags.trust = true;
        let config = Config::read(&inputs)?;
        checked.problems.extend(screens.look_problems(&inputs, &config.look));
    }
    let usable = checked.usable();
    if as_json {
        print::json(&CheckedConfig { file: checked.file, fine: usable, problems: checked.problems })?;
    } else {
        for problem in &checked.problems {
            print::line(&problem.to_string());
        }
        match (checked.exists, usable) {
            (false, _) => print::note(&format!("there is no {FILE} here: the defaults hold")),
            (true, true) => print::note(&format!("{} is fine", checked.file)),
            (true, false) => {}
        }
    }
    Ok(if usable { ExitCode::SUCCESS } else { Exit::Usage.into() })
}
