//! Ids of answers and of their items, by which later requests name them.

use std::fmt::Write as _;

use serde_json::Value;

use crate::dialect::{Items, endpoint_of};
use crate::model::{Fingerprint, Hash, Response, Scrubbed};
use crate::reading::decoded;
use crate::wire::event_stream::events;
use crate::wire::json_excerpt::json_excerpt;

/// Limit of an answer's items that can be named later.
pub(crate) const ITEMS: usize = 64;

/// The id of an answer, by which later requests of its endpoint may name it; of a stream the one in its first event. On
/// lines of their own, the ids of its items, each behind a hash of what the item says.
pub(crate) fn answer_id(request: &Scrubbed, response: &Response) -> Option<String> {
    let (_, endpoint) = endpoint_of(request);
    if endpoint.rules.earlier.is_empty() {
        return None;
    }
    let body = decoded(&response.headers, &response.log.bytes).ok()?;
    let (first, last): (Value, Option<Value>) = if response.headers.media_type() == "text/event-stream" {
        let events: Vec<_> = events(&body).collect();
        // The last event with an answer in it has all of it.
        let last = events.iter().rev().find_map(|event| serde_json::from_slice(&event.data).ok());
        (serde_json::from_slice(&events.first()?.data).ok()?, last)
    } else {
        (json_excerpt(&body).ok()?, None)
    };
    let mut said = answer_in(&first).get("id")?.as_str()?.to_owned();
    if let Some(items) = endpoint.rules.items {
        named(items, answer_in(last.as_ref().unwrap_or(&first)), &mut said);
    }
    Some(said)
}

/// The answer that an event holds, or that stands alone.
pub(crate) fn answer_in(event: &Value) -> &Value {
    event.get("response").unwrap_or(event)
}

/// Adds a line for each id of each item.
pub(crate) fn named(items: &Items, answer: &Value, said: &mut String) {
    let list = answer.pointer(items.list).and_then(Value::as_array);
    for (place, item) in list.into_iter().flatten().enumerate().take(ITEMS) {
        let kind = item.get("type").and_then(Value::as_str);
        let Some(members) = item.as_object().filter(|_| kind.is_some_and(|kind| items.types.contains(&kind)))
        else {
            continue;
        };
        let unnamed = |key: &String| !items.ids.contains(&&**key) && !items.volatile.contains(&&**key);
        let mut content: Value = members
            .iter()
            .filter(|(key, _)| unnamed(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        content.sort_all_objects();
        for key in items.ids {
            if let Some(id) = members.get(*key).and_then(Value::as_str).filter(|id| !id.contains('\n')) {
                let hash = Hash::of(format!("{place} {key} {content}").as_bytes());
                _ = write!(said, "\n{hash} {id}");
            }
        }
    }
}

/// The meanings of an answer's ids, the answer's own first: the fingerprint of what was asked, and of an item that
/// together with what it says.
pub(crate) fn meanings(said: &str, asked: Fingerprint) -> impl Iterator<Item = (&str, Fingerprint)> {
    let mut lines = said.split('\n');
    let own = lines.next().map(|id| (id, asked));
    let items = lines.filter_map(|line| line.split_once(' '));
    own.into_iter().chain(items.map(move |(hash, id)| {
        let both = [&asked.0[..], hash.as_bytes()].concat();
        (id, Fingerprint(Hash::of(&both).0))
    }))
}
