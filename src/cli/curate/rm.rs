//! `retake rm`

use std::process::ExitCode;

use crate::api::RemoveRequest;
use crate::cli::browse::list;
use crate::cli::common::Common;
use crate::cli::exit::{Exit, Usage};
use crate::cli::progress::Progress;
use crate::cli::selection::Selection;
use crate::cli::{door, print, selection};
use crate::client::Client;
use crate::reading::human;

pub(crate) async fn run(common: &Common, which: &Selection, yes: bool) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| remove(client, which, yes).await).await
}

async fn remove(client: &Client, which: &Selection, yes: bool) -> anyhow::Result<ExitCode> {
    let rows = selection::all(client, which).await?;
    let (protected, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.protected);
    for row in &protected {
        print::error(&format!("{} is protected and stays; `retake protect --off {0}` lets it go", row.id));
    }
    if rows.is_empty() {
        return Ok(Exit::NotFound.into());
    }
    // A list that was asked for by a prefix is always shown before it goes.
    if which.is_vague() || !yes {
        list::table(&rows).print();
    }
    let many = if rows.len() == 1 {
        "this recording".to_owned()
    } else {
        format!("these {} recordings", human::thousands(rows.len()))
    };
    if !yes {
        if !print::can_ask() {
            return Err(Usage(format!("nobody can be asked whether to remove {many}; add --yes")).into());
        }
        if !print::confirmed(&format!("Remove {many}? They stay in the trash for 7 days.")) {
            print::note("nothing was removed");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    let work = Progress::start("removing", None);
    let removed = client.run(RemoveRequest { ids: ids.clone() }).await?.ids;
    work.done();
    for id in &removed {
        print::line(&format!("removed {id}"));
    }
    let all = removed.len() == ids.len() && protected.is_empty();
    Ok(if all { ExitCode::SUCCESS } else { Exit::NotFound.into() })
}
