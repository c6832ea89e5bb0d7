//! `retake rm`: recordings moved to the trash.

use std::process::ExitCode;

use clap::Args;

use crate::api::RemoveRequest;
use crate::cli::browse::list;
use crate::cli::common::Common;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::progress::Progress;
use crate::cli::selection::Selectors;
use crate::cli::{door, print, selection};
use crate::client::Client;
use crate::reading::human;

/// The recordings that go.
#[derive(Args)]
pub(crate) struct RmArgs {
    #[command(flatten)]
    which: Selectors,
    /// Only list what would go
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short, conflicts_with = "dry_run")]
    yes: bool,
    /// One JSON object with the ids that went, or would go
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, args: RmArgs) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| remove(client, &args).await).await
}

async fn remove(client: &Client, args: &RmArgs) -> anyhow::Result<ExitCode> {
    let rows = selection::all(client, &args.which).await?;
    let (protected, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.protected);
    for row in &protected {
        print::error(&format!("{} is protected and stays; `retake protect --off {0}` lets it go", row.id));
    }
    if rows.is_empty() {
        return Ok(Exit::NotFound.into());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    let complete = |removed: usize| {
        let all = removed == ids.len() && protected.is_empty();
        if all { ExitCode::SUCCESS } else { Exit::NotFound.into() }
    };
    // A list that was asked for by a prefix is always shown before it goes.
    if !args.json && (args.which.is_vague() || !args.yes) {
        list::table(&rows).print();
    }
    if args.dry_run {
        if args.json {
            print::ids(&ids, "", true);
        } else {
            print::note(&format!("{} would go to the trash", human::counted(ids.len(), "recording")));
        }
        return Ok(complete(ids.len()));
    }
    let many = if rows.len() == 1 {
        "this recording".to_owned()
    } else {
        format!("these {} recordings", human::thousands(rows.len()))
    };
    if !args.yes {
        if !print::can_ask() {
            return Err(UsageError(format!("nobody can be asked whether to remove {many}; add --yes")).into());
        }
        if !print::confirmed(&format!("Remove {many}? They stay in the trash for 7 days.")) {
            print::note("nothing was removed");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let work = Progress::start("removing", None);
    let removed = client.run(RemoveRequest { ids: ids.clone() }).await?.ids;
    work.done();
    if args.json {
        print::ids(&removed, "", true);
    } else {
        for id in &removed {
            print::line(&format!("removed {id}"));
        }
    }
    Ok(complete(removed.len()))
}
