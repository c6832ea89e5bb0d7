//! From what people type to recordings: whole ids and unique beginnings.

use std::sync::Arc;

use super::exit::NotFound;
use crate::desk::Desk;
use crate::model::Row;

/// The recording whose id is `wanted` or alone begins with it; `rec_` may be left out.
pub(super) async fn one(desk: &Desk, wanted: &str) -> anyhow::Result<Arc<Row>> {
    let rows = desk.rows().await?;
    let mut found: Vec<_> = rows.into_iter().filter(|row| begins(row, wanted)).collect();
    if let Some(at) = found.iter().position(|row| row.id.as_str() == wanted) {
        return Ok(found.swap_remove(at));
    }
    match found.len() {
        1 => Ok(found.swap_remove(0)),
        0 => Err(NotFound(format!("there is no recording `{wanted}`; see `retake list`")).into()),
        count => {
            let named: Vec<_> = found.iter().take(5).map(|row| row.id.to_string()).collect();
            let more = if count > named.len() { ", …" } else { "" };
            Err(NotFound(format!("`{wanted}` is the beginning of {count} ids: {}{more}", named.join(", ")))
                .into())
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
