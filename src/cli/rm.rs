//! `retake rm`

use std::process::ExitCode;
use std::sync::Arc;

use super::exit::{Exit, Usage};
use super::progress::Progress;
use super::{Common, list, pick, print};
use crate::desk::Desk;
use crate::model::Row;

/// So many recordings are removed by one change of the store.
const AT_ONCE: usize = 1000;

pub(super) async fn run(
    common: &Common,
    ids: &[String],
    hash: Option<&str>,
    yes: bool,
) -> anyhow::Result<ExitCode> {
    let desk = list::open(common)?;
    let outcome = remove(&desk, ids, hash, yes).await;
    desk.close().await;
    outcome
}

async fn remove(desk: &Desk, ids: &[String], hash: Option<&str>, yes: bool) -> anyhow::Result<ExitCode> {
    let mut rows: Vec<Arc<Row>> = Vec::new();
    for id in ids {
        let row = pick::one(desk, id).await?;
        if !rows.iter().any(|known| known.id == row.id) {
            rows.push(row);
        }
    }
    if let Some(prefix) = hash {
        rows = pick::by_hash(desk, prefix).await?;
        if rows.is_empty() {
            print::error(&format!("no recording's hash begins with {prefix}"));
            return Ok(Exit::NotFound.into());
        }
    }
    // A list that was asked for by a prefix is always shown before it goes.
    if hash.is_some() || !yes {
        list::table(&rows).print();
    }
    let many = if rows.len() == 1 {
        "this recording".to_owned()
    } else {
        format!("these {} recordings", rows.len())
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
    let work = Progress::start("removing", Some(ids.len() as u64));
    let mut removed = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        removed.extend(desk.remove(some).await?);
        work.advance(some.len() as u64);
    }
    work.done();
    for id in &removed {
        print::line(&format!("removed {id}"));
    }
    Ok(if removed.len() == ids.len() { ExitCode::SUCCESS } else { Exit::NotFound.into() })
}
