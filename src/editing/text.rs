//! Editing the text of an answer, and putting it back into the events that it came in.

use std::collections::HashMap;

use serde_json::Value;

use super::EditError;
use super::share::share;
use super::splice::{PlainAnswer, Splice};
use crate::model::Response;
use crate::reading::slots::{TextRole, slots};
use crate::wire::event_stream::StreamForm;

/// The response with another text in place of [`text_of`](crate::reading::text_of). A streamed answer keeps its events, their times and every
/// byte but those of the text; pieces that the change does not reach stay as they are, and events that say the text once
/// more (`response.completed`) say the new one. The same text gives the same response.
///
/// # Errors
/// When the body cannot be decoded, or has no text of a kind that is known.
pub fn set_text(response: &Response, text: &str) -> Result<Response, EditError> {
    let plain = PlainAnswer::of(response)?;
    let slots = slots(StreamForm::of(&response.headers, &plain.body), &plain.body);
    let old: Vec<&str> =
        slots.iter().filter(|slot| slot.role == TextRole::Piece).map(|slot| slot.text.as_str()).collect();
    if old.is_empty() {
        return Err(EditError::NoText);
    }
    let mut pieces = share(&old, text).into_iter();
    let mut changed = HashMap::new();
    let mut parts: HashMap<(u64, u64), (bool, String)> = HashMap::new();
    for slot in slots.iter().filter(|slot| slot.role == TextRole::Piece) {
        let new = pieces.next().unwrap_or_default();
        let part = parts.entry(slot.part).or_default();
        part.0 |= new != slot.text;
        part.1.push_str(&new);
        if new != slot.text {
            changed.insert(slot.at.start, new);
        }
    }
    let splices = slots.iter().filter_map(|slot| {
        let new = match slot.role {
            TextRole::Piece => changed.get(&slot.at.start)?,
            TextRole::Whole => &parts.get(&slot.part).filter(|(changed, _)| *changed)?.1,
        };
        Some(Splice { at: slot.at.clone(), with: quoted(new) })
    });
    Ok(plain.spliced(response, &splices.collect::<Vec<_>>()))
}

/// A JSON string. Besides what JSON asks for, separators of lines are escaped: JSON allows them, but clients that split
/// a stream at everything Unicode calls the end of a line would cut the event in two.
pub(super) fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    if !json.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return json;
    }
    json.replace('\u{85}', "\\u0085").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
