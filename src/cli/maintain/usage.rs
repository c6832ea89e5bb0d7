//! `retake usage`: what a store knows of its recordings' use, carried to another one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use crate::api::{MergeUsageRequest, UsageRequest};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::{door, input, print};
use crate::engine::{Merged, UsageReport};
use crate::reading::human;

/// Carrying use from store to store.
#[derive(Subcommand)]
pub(crate) enum UsageCommand {
    /// Write what this store knows of its recordings' use, as JSON
    Export {
        /// Where to; without it to stdout
        file: Option<PathBuf>,
    },
    /// Take in what another store's export says; a later one of the same store replaces the earlier one
    Merge {
        /// The export; - reads stdin
        file: PathBuf,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(common: &Common, carried: UsageCommand) -> anyhow::Result<ExitCode> {
    match carried {
        UsageCommand::Export { file } => {
            door::at_store(common, async |client| {
                let report = print::json_text(&client.run(UsageRequest {}).await?)?;
                match &file {
                    None => print::line(&report),
                    Some(file) => std::fs::write(file, report + "\n")
                        .map_err(|error| anyhow::anyhow!("{} cannot be written: {error}", file.display()))?,
                }
                Ok(ExitCode::SUCCESS)
            })
            .await
        }
        UsageCommand::Merge { file, json } => {
            let report = read(&file)?;
            door::at_store(common, async |client| {
                let merged = client.run(MergeUsageRequest(report.clone())).await?;
                if json {
                    print::json(&merged)?;
                } else {
                    print::line(&summary(&merged));
                }
                Ok(ExitCode::SUCCESS)
            })
            .await
        }
    }
}

fn summary(Merged { recordings: known, unknown }: &Merged) -> String {
    let unknown = match unknown {
        0 => String::new(),
        1 => "; 1 of the report is not here".into(),
        &many => format!("; {} of the report are not here", human::thousands(many)),
    };
    format!("the use of {} is known now{unknown}", human::counted(*known, "recording"))
}

fn read(file: &Path) -> Result<UsageReport, UsageError> {
    let (text, name) = input::text(file)?;
    serde_json::from_str(&text)
        .map_err(|error| UsageError(format!("{name} is no report of `retake usage export`: {error}")))
}
