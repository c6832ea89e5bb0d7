//! `retake list`

use std::process::ExitCode;

use super::exit::{Exit, NotFound};
use super::{Common, pick, print};
use crate::desk::Desk;
use crate::reading::human;

pub(super) async fn run(common: &Common, hash: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
    let desk = open(common)?;
    let rows = match hash {
        Some(prefix) => pick::by_hash(&desk, prefix).await?,
        None => desk.rows().await?,
    };
    if json {
        print::line(&serde_json::to_string(&rows)?);
    } else if let (true, Some(prefix)) = (rows.is_empty(), hash) {
        print::note(&format!("no recording's hash begins with {prefix}"));
    } else if rows.is_empty() {
        print::note(
            "no recordings; make one with `retake serve --mode replay-or-record`, or look at `retake demo`",
        );
    } else {
        print::line(&print::cut(print::ROW_HEAD));
        for row in &rows {
            print::line(&print::cut(&print::row(row)));
        }
        let size = human::size(rows.iter().map(|row| row.size).sum());
        if print::to_terminal() {
            print::note(&format!("{} recordings, {size}", rows.len()));
        }
    }
    desk.close().await;
    Ok(if hash.is_some() && rows.is_empty() { Exit::NotFound.into() } else { ExitCode::SUCCESS })
}

/// The desk of a store that must be there: a look must not create one.
pub(super) fn open(common: &Common) -> anyhow::Result<Desk> {
    if !Desk::exists(&common.store) {
        let text = format!(
            "there is no store at {}; `retake serve` makes one, --store names another",
            common.store.display()
        );
        return Err(NotFound(text).into());
    }
    let (desk, notices) = Desk::open(&common.store)?;
    for notice in &notices {
        print::note(&notice.text);
    }
    Ok(desk)
}
