//! What the model said, edited as text and put back into the events that it came in.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde_json::Value;

use super::EditError;
use super::frames::{Frame, frames};
use super::places::{Role, places};
use super::share::share;
use super::splice::{Plain, Splice};
use crate::model::Response;
use crate::reading::events::Form;
use crate::reading::json::{pointer, strings};

/// A string of the body that is part of the answer's text.
struct Slot {
    part: (u64, u64),
    role: Role,
    /// What it says.
    text: String,
    /// Where its token stands in the body, quotes included.
    at: Range<usize>,
}

/// The text of an answer, exactly that which [`set_text`] replaces: what the model said in its first choice, without
/// thoughts, refusals and tool calls; pieces and blocks of text follow each other without anything between. None where
/// the answer has no such text, or cannot be decoded.
#[must_use]
pub fn text_of(response: &Response) -> Option<String> {
    let plain = Plain::of(response).ok()?;
    let slots = slots(response, &plain);
    let pieces: Vec<_> = slots.iter().filter(|slot| slot.role == Role::Piece).collect();
    (!pieces.is_empty()).then(|| pieces.iter().map(|slot| slot.text.as_str()).collect())
}

/// The response with another text in place of [`text_of`]. A streamed answer keeps its events, their times and every
/// byte but those of the text; pieces that the change does not reach stay as they are, and events that say the text once
/// more (`response.completed`) say the new one. The same text gives the same response.
///
/// # Errors
/// When the body cannot be decoded, or has no text of a kind that is known.
pub fn set_text(response: &Response, text: &str) -> Result<Response, EditError> {
    let plain = Plain::of(response)?;
    let slots = slots(response, &plain);
    let old: Vec<&str> =
        slots.iter().filter(|slot| slot.role == Role::Piece).map(|slot| slot.text.as_str()).collect();
    if old.is_empty() {
        return Err(EditError::NoText);
    }
    let mut pieces = share(&old, text).into_iter();
    let mut changed = HashMap::new();
    let mut parts: HashMap<(u64, u64), (bool, String)> = HashMap::new();
    for slot in slots.iter().filter(|slot| slot.role == Role::Piece) {
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
            Role::Piece => changed.get(&slot.at.start)?,
            Role::Whole => &parts.get(&slot.part).filter(|(changed, _)| *changed)?.1,
        };
        Some(Splice { at: slot.at.clone(), with: quoted(new) })
    });
    Ok(plain.spliced(response, &splices.collect::<Vec<_>>()))
}

/// All slots, in the order of the body.
fn slots(response: &Response, plain: &Plain) -> Vec<Slot> {
    let form = Form::of(&response.headers, &plain.body);
    let mut slots: Vec<Slot> = frames(form, &plain.body).iter().flat_map(in_frame).collect();
    slots.sort_by_key(|slot| slot.at.start);
    slots
}

fn in_frame(frame: &Frame) -> Vec<Slot> {
    let Some(text) = frame.text() else { return Vec::new() };
    let Ok(data) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let mut wanted: BTreeMap<String, _> =
        places(&data).into_iter().map(|place| (place.pointer.clone(), (place, None))).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    strings(text, |path, token| {
        // Of two equal keys the last one holds, for parsers and here.
        if let Some((_, at)) = wanted.get_mut(&pointer(path)) {
            let start = token.as_ptr() as usize - text.as_ptr() as usize;
            *at = Some(start..start + token.len());
        }
    });
    let slots = wanted.into_iter().filter_map(|(pointer, (place, at))| {
        let text = data.pointer(&pointer)?.as_str()?.to_owned();
        Some(Slot { part: place.part, role: place.role, text, at: frame.place(&at?) })
    });
    slots.collect()
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
