//! Beginnings of ids that clients send, and the ids that they are of.

use crate::engine::{Engine, VerbError};
use crate::model::RecordingId;

/// Limit of ids that are named of those that a beginning could be of.
const NAMED: usize = 5;

/// Length of an id, in bytes.
const WHOLE: usize = RecordingId::PREFIX.len() + 16;

/// The id that `text` is the only beginning of; `rec_` may be left out. `None` where it is a whole one, or no recording's:
/// then the verb says so. With `removed` recordings in the trash are meant first.
pub(super) fn whole(engine: &Engine, text: &str, removed: bool) -> Result<Option<String>, VerbError> {
    let id = text.parse::<RecordingId>().ok();
    if text.is_empty() || text.len() >= WHOLE || id.is_some_and(|id| engine.row(&id).is_some()) {
        return Ok(None);
    }
    let listed = || {
        let rows = engine.rows();
        rows.values().map(|row| row.id.clone()).filter(|id| begins(id, text)).collect::<Vec<_>>()
    };
    let trash = || {
        let rows = engine.trash().unwrap_or_default().into_iter().map(|one| one.row.id.clone());
        rows.filter(|id| begins(id, text)).collect::<Vec<_>>()
    };
    let mut found = if removed { trash() } else { listed() };
    if found.is_empty() {
        found = if removed { listed() } else { trash() };
    }
    found.sort();
    match &found[..] {
        [] => Ok(None),
        [id] => Ok(Some(id.to_string())),
        _ => {
            let (count, text) = (found.len(), text.to_owned());
            found.truncate(NAMED);
            Err(VerbError::Ambiguous { text, count, named: found })
        }
    }
}

fn begins(id: &RecordingId, text: &str) -> bool {
    let id = id.as_str();
    id.starts_with(text) || id.strip_prefix(RecordingId::PREFIX).is_some_and(|rest| rest.starts_with(text))
}
