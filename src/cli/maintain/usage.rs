//! `retake usage`: what a store knows of its recordings' use, carried to another one.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use crate::api::{ListRequest, MergeUsageRequest, UsageRequest};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::{door, input, print};
use crate::client::{Client, ClientError};
use crate::engine::{Merged, UsageReport, VerbError};
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
        /// Only say of how many recordings it knows something
        #[arg(long, short = 'n')]
        dry_run: bool,
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
        UsageCommand::Merge { file, dry_run, json } => {
            let report = read(&file)?;
            door::at_store(common, async |client| {
                let merged = if dry_run {
                    would_merge(client, &report).await?
                } else {
                    client.run(MergeUsageRequest(report.clone())).await?
                };
                if json {
                    print::json(&merged)?;
                } else {
                    print::line(&summary(&merged, dry_run));
                }
                Ok(ExitCode::SUCCESS)
            })
            .await
        }
    }
}

/// What merging a report would come to.
async fn would_merge(client: &Client, report: &UsageReport) -> anyhow::Result<Merged> {
    let own = client.run(UsageRequest {}).await?;
    let wrong = if report.retake_usage == own.retake_usage {
        (report.store == own.store).then(|| "this store wrote it itself".to_owned())
    } else {
        Some(format!(
            "its version is {}, and this retake reads version {}",
            report.retake_usage, own.retake_usage
        ))
    };
    if let Some(wrong) = wrong {
        return Err(ClientError::from(VerbError::Report(wrong)).into());
    }
    let rows = client.run(ListRequest::default()).await?.items;
    let ids: HashSet<_> = rows.iter().map(|row| &row.id).collect();
    let mut merged = Merged::default();
    for used in &report.recordings {
        let hash = used.hash.to_string();
        let known = if ids.contains(&used.id) {
            1
        } else {
            rows.iter().filter(|row| row.hash.to_string() == hash).count()
        };
        merged.unknown += usize::from(known == 0);
        merged.recordings += known;
    }
    Ok(merged)
}

fn summary(Merged { recordings: known, unknown }: &Merged, dry_run: bool) -> String {
    let unknown = match unknown {
        0 => String::new(),
        1 => "; 1 of the report is not here".into(),
        &many => format!("; {} of the report are not here", human::thousands(many)),
    };
    let known = human::counted(*known, "recording");
    let when = if dry_run { "would be known" } else { "is known now" };
    format!("the use of {known} {when}{unknown}")
}

fn read(file: &Path) -> Result<UsageReport, UsageError> {
    let (text, name) = input::text(file)?;
    serde_json::from_str(&text)
        .map_err(|error| UsageError(format!("{name} is no report of `retake usage export`: {error}")))
}
