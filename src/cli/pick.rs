//! From what people type to recordings: whole ids and unique beginnings.

use std::sync::Arc;

use clap::Args;

use super::exit::NotFound;
use crate::desk::Desk;
use crate::model::Row;

/// Which recordings a verb is for.
#[derive(Args, Clone, Default)]
pub(super) struct Which {
    /// Their ids, or unique beginnings
    #[arg(value_name = "ID", required_unless_present_any = ["hash", "filter"])]
    ids: Vec<String>,
    /// All whose hash begins so
    #[arg(long, value_name = "PREFIX", conflicts_with = "ids")]
    hash: Option<String>,
    /// All that a filter shows, such as 'model:gpt-image* hits:0'; `retake list --help` says what it may hold
    #[arg(long = "where", id = "filter", value_name = "FILTER", conflicts_with_all = ["ids", "hash"])]
    filter: Option<String>,
}

impl Which {
    /// The one with this id, or this beginning of it.
    pub(super) fn one(id: String) -> Self {
        Self { ids: vec![id], ..Self::default() }
    }

    /// Whether they are not named one by one, so that nobody knows yet which they are.
    pub(super) fn is_vague(&self) -> bool {
        self.ids.is_empty()
    }
}

/// How it is said that none is meant, and what shows those that could be.
const LISTED: (&str, &str) = ("there is no recording", "retake list");

/// The recordings that are meant, each once, in the order in which they are named; at least one.
pub(super) async fn all(desk: &Desk, which: &Which) -> anyhow::Result<Vec<Arc<Row>>> {
    if let Some(prefix) = &which.hash {
        let rows = by_hash(desk, prefix).await?;
        if rows.is_empty() {
            return Err(NotFound(format!("no recording's hash begins with {prefix}")).into());
        }
        return Ok(rows);
    }
    if let Some(filter) = &which.filter {
        if filter.trim().is_empty() {
            return Err(
                super::exit::Usage("--where: an empty filter means everything; say which".into()).into()
            );
        }
        let rows = desk.list(filter).await?;
        if rows.is_empty() {
            return Err(NotFound(format!("no recording is shown by {filter}")).into());
        }
        return Ok(rows);
    }
    let rows = desk.rows().await?;
    let mut found: Vec<Arc<Row>> = Vec::new();
    for wanted in &which.ids {
        let row = among(&rows, wanted, LISTED)?;
        if !found.iter().any(|known| known.id == row.id) {
            found.push(row);
        }
    }
    Ok(found)
}

/// The recording whose id is `wanted` or alone begins with it; `rec_` may be left out.
pub(super) async fn one(desk: &Desk, wanted: &str) -> anyhow::Result<Arc<Row>> {
    Ok(among(&desk.rows().await?, wanted, LISTED)?)
}

/// The same of removed recordings.
pub(super) fn in_trash(trash: &[Arc<Row>], wanted: &str) -> Result<Arc<Row>, NotFound> {
    among(trash, wanted, ("the trash holds no recording", "retake trash"))
}

fn among(rows: &[Arc<Row>], wanted: &str, (none, see): (&str, &str)) -> Result<Arc<Row>, NotFound> {
    let mut found: Vec<_> = rows.iter().filter(|row| begins(row, wanted)).cloned().collect();
    if let Some(at) = found.iter().position(|row| row.id.as_str() == wanted) {
        return Ok(found.swap_remove(at));
    }
    match found.len() {
        1 => Ok(found.swap_remove(0)),
        0 => Err(NotFound(format!("{none} `{wanted}`; see `{see}`"))),
        count => {
            let named: Vec<_> = found.iter().take(5).map(|row| row.id.to_string()).collect();
            let more = if count > named.len() { ", …" } else { "" };
            Err(NotFound(format!("`{wanted}` is the beginning of {count} ids: {}{more}", named.join(", "))))
        }
    }
}

fn begins(row: &Row, wanted: &str) -> bool {
    let id = row.id.as_str();
    !wanted.is_empty()
        && (id.starts_with(wanted) || id.strip_prefix("rec_").is_some_and(|rest| rest.starts_with(wanted)))
}

/// The recordings whose hash begins with `prefix`.
pub(super) async fn by_hash(desk: &Desk, prefix: &str) -> anyhow::Result<Vec<Arc<Row>>> {
    if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(
            super::exit::Usage(format!("--hash {prefix}: expected 1 to 64 hexadecimal digits")).into()
        );
    }
    Ok(desk.find_hash(&prefix.to_ascii_lowercase()).await?)
}
