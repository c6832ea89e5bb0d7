//! `retake list`

use std::collections::{HashMap, HashSet};
use std::process::ExitCode;
use std::sync::Arc;

use crate::api::{AmbiguousRequest, ListRequest, SearchRequest};
use crate::cli::common::Common;
use crate::cli::exit::Exit;
use crate::cli::table::{Column, Table};
use crate::cli::{door, print, selection};
use crate::client::Client;
use crate::model::{Ending, RecordingId, Row};
use crate::reading::human;

pub(crate) async fn run(
    common: &Common,
    filter: &str,
    hash: Option<&str>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| listed(client, filter, hash, json).await).await
}

async fn listed(client: &Client, filter: &str, hash: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
    let filter = filter.trim();
    let rows = match hash {
        Some(prefix) => selection::by_hash(client, prefix).await?,
        None if filter.is_empty() => client.run(ListRequest::default()).await?.items,
        None => client.run(SearchRequest::of_query(filter)).await?.items,
    };
    if json {
        print::json(&rows)?;
    } else if let (true, Some(prefix)) = (rows.is_empty(), hash) {
        print::note(&format!("no recording's hash begins with {prefix}"));
    } else if rows.is_empty() && !filter.is_empty() {
        print::note("no recording is shown by this filter");
    } else if rows.is_empty() {
        print::note(
            "no recordings; make one with `retake serve --mode replay-or-record`, or look at `retake demo`",
        );
    } else {
        let expired = client
            .run(SearchRequest::of_query("expired:yes"))
            .await?
            .items
            .iter()
            .map(|row| row.id.clone())
            .collect();
        marked(&rows, &expired).print();
        let size = human::size(rows.iter().map(|row| row.size).sum());
        if print::to_terminal() {
            print::note(&format!("{} recordings, {size}", human::thousands(rows.len())));
        }
    }
    Ok(if hash.is_some() && rows.is_empty() { Exit::NotFound.into() } else { ExitCode::SUCCESS })
}

/// Recordings that cannot be told apart by what they answer, group by group.
pub(crate) async fn ambiguous(common: &Common, json: bool) -> anyhow::Result<ExitCode> {
    let client = door::open(common)?;
    let found = async {
        Ok::<_, anyhow::Error>((
            client.run(AmbiguousRequest {}).await?,
            client.run(ListRequest::default()).await?.items,
        ))
    }
    .await;
    client.close().await;
    let (groups, rows) = found?;
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    let groups: Vec<Vec<_>> =
        groups.iter().map(|group| group.iter().filter_map(|id| rows.get(id)).collect()).collect();
    if json {
        print::json(&groups)?;
        return Ok(ExitCode::SUCCESS);
    }
    if groups.is_empty() {
        print::note("every recording answers calls that no other one answers");
        return Ok(ExitCode::SUCCESS);
    }
    // One table, so that all groups have the same columns.
    let mut lines = table(groups.iter().flatten().copied()).lines(print::width()).into_iter();
    lines.by_ref().take(1).for_each(|head| print::line(&head));
    for (nth, group) in groups.iter().enumerate() {
        if nth > 0 {
            print::line("");
        }
        lines.by_ref().take(group.len()).for_each(|line| print::line(&line));
    }
    let many = human::counted(groups.len(), "group");
    print::note(&format!(
        "{many}: the first of each answers what they have in common; `retake retag ID 'specific FIELD,…'` tells them apart"
    ));
    Ok(ExitCode::SUCCESS)
}

/// Recordings as a table.
pub(crate) fn table<'a>(rows: impl IntoIterator<Item = &'a Arc<Row>>) -> Table {
    marked(rows, &HashSet::new())
}

/// A table of recordings with a mark on those that have expired.
fn marked<'a>(rows: impl IntoIterator<Item = &'a Arc<Row>>, expired: &HashSet<RecordingId>) -> Table {
    const COLUMNS: [Column; 12] = [
        Column::new("ID", 0),
        Column::new("NAME", 5).between(16, 24).optional(),
        Column::new("MARKS", 1).optional(),
        Column::new("HASH", 6),
        Column::new("ST", 4),
        Column::new("ENDPOINT", 1).between(12, 24),
        Column::new("MODEL", 2).between(10, 20),
        Column::new("STRATEGY", 7).between(8, 16),
        Column::new("HITS", 3).right(),
        Column::new("SIZE", 5).right(),
        Column::new("TAGS", 7).between(6, 20).optional(),
        Column::new("PROMPT", 1).between(20, usize::MAX),
    ];
    let mut table = Table::new(&COLUMNS);
    for row in rows {
        let hits = row.usage.everywhere().count;
        let hits = if hits == 0 { "–".to_owned() } else { human::thousands(hits) };
        table.row([
            row.id.to_string(),
            row.name.clone().unwrap_or_default(),
            marks(row, expired.contains(&row.id)),
            row.hash.short(),
            row.status.to_string(),
            row.endpoint.clone(),
            row.model.clone().unwrap_or_else(|| "–".into()),
            row.strategy.to_string(),
            hits,
            human::size(row.size),
            row.tags.join(","),
            row.prompt.clone().unwrap_or_default(),
        ]);
    }
    table
}

/// The unusual things about a recording, in words; first those that keep it from answering.
fn marks(row: &Row, expired: bool) -> String {
    let marks = [
        (!row.completeness.replayable(), "partial"),
        (row.failure.is_some(), "failed"),
        (row.review.is_some(), "review"),
        (expired, "expired"),
        (row.ending != Ending::Clean, "fault"),
        (row.edited, "edited"),
        (row.protected, "protected"),
    ];
    let said: Vec<_> = marks.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    said.join(",")
}
