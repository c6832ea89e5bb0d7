//! `retake trash` and `restore`.

use std::process::ExitCode;

use clap::Args;

use crate::api::{RestoreRequest, TrashRequest};
use crate::cli::common::Common;
use crate::cli::selection::Selectors;
use crate::cli::table::{Column, Table};
use crate::cli::{door, print, selection};
use crate::engine::Trashed;
use crate::reading::human;

/// Arguments of `retake restore`.
#[derive(Args)]
pub(crate) struct RestoreArgs {
    /// Ids of removed recordings, or unique beginnings
    #[arg(value_name = "ID", required_unless_present_any = ["all", "hash", "filter"])]
    ids: Vec<String>,
    /// All whose hash begins so
    #[arg(long, value_name = "PREFIX", conflicts_with = "ids")]
    hash: Option<String>,
    /// All that a filter shows; `retake list --help` says what it may hold
    #[arg(long = "where", id = "filter", value_name = "FILTER", conflicts_with_all = ["ids", "hash"])]
    filter: Option<String>,
    /// All that is in the trash
    #[arg(long, conflicts_with_all = ["ids", "hash", "filter"])]
    all: bool,
    /// Only say which would come back
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON object with the ids that came back, or would
    #[arg(long)]
    json: bool,
}

/// Lists the removed recordings, the last one first.
pub(crate) async fn run(common: &Common, json: bool) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        let trash = client.run(TrashRequest::default()).await?.items;
        if json {
            print::json(&trash)?;
        } else if trash.is_empty() {
            print::note("the trash is empty");
        } else {
            table(&trash).print();
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

fn table(trash: &[Trashed]) -> Table {
    const COLUMNS: [Column; 6] = [
        Column::new("ID", 0),
        Column::new("REMOVED", 1),
        Column::new("ENDPOINT", 2).between(12, 24),
        Column::new("MODEL", 3).between(10, 20),
        Column::new("SIZE", 4).right(),
        Column::new("PROMPT", 2).between(12, usize::MAX),
    ];
    let mut table = Table::new(&COLUMNS);
    for Trashed { removed_at, row } in trash {
        table.row([
            row.id.to_string(),
            print::date(removed_at.0),
            row.endpoint.clone(),
            row.model.clone().unwrap_or_else(|| "–".into()),
            human::size(row.size),
            row.prompt.clone().unwrap_or_default(),
        ]);
    }
    table
}

pub(crate) async fn restore(common: &Common, back: RestoreArgs) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        let trash: Vec<_> =
            client.run(TrashRequest::default()).await?.items.into_iter().map(|one| one.row).collect();
        let ids: Vec<_> = if back.all {
            trash.iter().map(|row| row.id.clone()).collect()
        } else {
            let (ids, hash, filter) = (back.ids.clone(), back.hash.clone(), back.filter.clone());
            let rows = selection::in_trash(&trash, &Selectors { ids, hash, filter })?;
            rows.iter().map(|row| row.id.clone()).collect()
        };
        if ids.is_empty() && !back.json {
            print::note("the trash is empty");
            return Ok(ExitCode::SUCCESS);
        }
        if back.dry_run {
            print::ids(&ids, "would be back", back.json);
        } else {
            print::ids(&client.run(RestoreRequest { ids }).await?.ids, "is back", back.json);
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}
