//! The recordings that people name: by whole ids and unique beginnings.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use clap::Args;

use crate::api::{ListRequest, SearchRequest};
use crate::cli::exit::{NotFound, UsageError};
use crate::client::{Client, ClientError};
use crate::engine::{self, VerbError};
use crate::model::Row;
use crate::query::{Query, QueryKind, RowFacts, Subject};
use crate::reading::human;

/// The recordings that a verb is for.
#[derive(Args, Clone, Default)]
pub(crate) struct Selectors {
    /// Their ids, or unique beginnings
    #[arg(value_name = "ID", required_unless_present_any = ["hash", "filter"])]
    pub(super) ids: Vec<String>,
    /// All whose hash begins so
    #[arg(long, value_name = "PREFIX", conflicts_with = "ids")]
    pub(super) hash: Option<String>,
    /// All that a filter shows, such as 'model:gpt-image* hits:0'; `retake list --help` says what it may hold
    #[arg(long = "where", id = "filter", value_name = "FILTER", conflicts_with_all = ["ids", "hash"])]
    pub(super) filter: Option<String>,
}

impl Selectors {
    /// The selection of one recording by its id, or a beginning of it.
    pub(crate) fn one(id: String) -> Self {
        Self { ids: vec![id], ..Self::default() }
    }

    /// True if nothing says which.
    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.hash.is_none() && self.filter.is_none()
    }

    /// True if they are not named one by one, so that nobody knows yet which they are.
    pub(crate) fn is_vague(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The words that none is meant, and the command that shows those that could be.
const LISTED: (&str, &str) = ("there is no recording", "retake list");

/// The recordings that are meant, each once, in the order in which they are named; at least one.
pub(crate) async fn all(client: &Client, which: &Selectors) -> anyhow::Result<Vec<Arc<Row>>> {
    if let Some(prefix) = &which.hash {
        let rows = by_hash(client, prefix).await?;
        if rows.is_empty() {
            return Err(NotFound(format!("no recording's hash begins with {prefix}")).into());
        }
        return Ok(rows);
    }
    if let Some(filter) = &which.filter {
        let rows = client.run(SearchRequest::of_query(non_empty(filter)?)).await?.items;
        if rows.is_empty() {
            return Err(NotFound(format!("no recording is shown by {filter}")).into());
        }
        return Ok(rows);
    }
    named(client, &which.ids).await
}

/// The recordings whose ids, or unique beginnings of them, are `wanted`, each once and in that order.
pub(crate) async fn named(client: &Client, wanted: &[String]) -> anyhow::Result<Vec<Arc<Row>>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    Ok(each(&client.run(ListRequest::default()).await?.items, wanted, LISTED)?)
}

/// The recording whose id is `wanted` or alone begins with it; `rec_` may be left out.
pub(crate) async fn one(client: &Client, wanted: &str) -> anyhow::Result<Arc<Row>> {
    let rows = client.run(ListRequest::default()).await?.items;
    let whole = rows.iter().find(|row| row.id.as_str() == wanted);
    Ok(Arc::clone(whole.map_or_else(|| beginning(&rows, wanted, LISTED), Ok)?))
}

/// The same as [`all`] of removed recordings.
pub(crate) fn in_trash(trash: &[Arc<Row>], which: &Selectors) -> anyhow::Result<Vec<Arc<Row>>> {
    let shown: Vec<_> = if let Some(prefix) = &which.hash {
        let prefix = hash_prefix(prefix)?;
        trash.iter().filter(|row| row.hash.to_string().starts_with(&prefix)).cloned().collect()
    } else if let Some(filter) = &which.filter {
        let query = Query::parse(non_empty(filter)?, QueryKind::Recordings).map_err(VerbError::Query);
        let query = query.map_err(ClientError::from)?;
        let (facts, now) = (RowFacts::default(), engine::now());
        trash.iter().filter(|row| query.shows(Subject::Row(row, &facts), now)).cloned().collect()
    } else {
        return Ok(each(trash, &which.ids, ("the trash holds no recording", "retake trash"))?);
    };
    if shown.is_empty() {
        return Err(NotFound("no removed recording is meant; see `retake trash`".into()).into());
    }
    Ok(shown)
}

/// Whole ids, of which a script may give thousands, are found without looking through all rows.
fn each(rows: &[Arc<Row>], wanted: &[String], said: (&str, &str)) -> Result<Vec<Arc<Row>>, NotFound> {
    let whole: HashMap<_, _> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for wanted in wanted {
        let row = match whole.get(wanted.as_str()) {
            Some(row) => row,
            None => beginning(rows, wanted, said)?,
        };
        if known.insert(row.id.as_str()) {
            found.push(Arc::clone(row));
        }
    }
    Ok(found)
}

fn beginning<'a>(
    rows: &'a [Arc<Row>],
    wanted: &str,
    (none, see): (&str, &str),
) -> Result<&'a Arc<Row>, NotFound> {
    let found: Vec<_> = rows.iter().filter(|row| begins(row, wanted)).collect();
    match found[..] {
        [row] => Ok(row),
        [] => Err(NotFound(format!("{none} `{wanted}`; see `{see}`"))),
        _ => {
            let named: Vec<_> = found.iter().take(5).map(|row| row.id.to_string()).collect();
            let (count, more) =
                (human::thousands(found.len()), if found.len() > named.len() { ", …" } else { "" });
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
pub(crate) async fn by_hash(client: &Client, prefix: &str) -> anyhow::Result<Vec<Arc<Row>>> {
    Ok(client.run(SearchRequest::of_hash(hash_prefix(prefix)?)).await?.items)
}

fn hash_prefix(prefix: &str) -> Result<String, UsageError> {
    if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(UsageError(format!("--hash {prefix}: expected 1 to 64 hexadecimal digits")));
    }
    Ok(prefix.to_ascii_lowercase())
}

fn non_empty(filter: &str) -> Result<&str, UsageError> {
    if filter.trim().is_empty() {
        return Err(UsageError("--where: an empty filter means everything; say which".into()));
    }
    Ok(filter)
}
