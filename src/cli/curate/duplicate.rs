//! `retake duplicate`: copies of recordings.

use std::process::ExitCode;

use clap::Args;

use crate::api::DuplicateRequest;
use crate::cli::common::Common;
use crate::cli::selection::Selectors;
use crate::cli::{door, print, selection};

/// The recordings that are copied.
#[derive(Args)]
pub(crate) struct DuplicateArgs {
    #[command(flatten)]
    which: Selectors,
    /// Only say which would be copied
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON object with the ids of the copies; with --dry-run those of the recordings
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, copies: DuplicateArgs) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        let rows = selection::all(client, &copies.which).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        if copies.dry_run {
            print::ids(&ids, "would be copied", copies.json);
            return Ok(ExitCode::SUCCESS);
        }
        let made = client.run(DuplicateRequest { ids: ids.clone() }).await?.ids;
        if copies.json {
            print::ids(&made, "", true);
        } else {
            for (copy, source) in made.iter().zip(&ids) {
                print::line(&format!("{copy} is a copy of {source}"));
            }
            print::note(
                "a copy is the newest take of its request, so it answers from now on; `retake undo` removes it",
            );
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}
