//! The text of an answer, and where each piece of it stands.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::decoded::decoded;
pub(crate) use super::places::TextRole;
use super::places::places;
use crate::model::Response;
use crate::wire::event_stream::StreamForm;
use crate::wire::event_stream::{StreamFrame, frames};
use crate::wire::json_text::{pointer, strings};
use crate::wire::without_mark;

/// A string of a body that is part of the answer's text.
pub(crate) struct TextSlot {
    /// The part of the answer that it belongs to.
    pub(crate) part: (u64, u64),
    pub(crate) role: TextRole,
    /// The text of the string.
    pub(crate) text: String,
    /// The range of its token in the body, quotes included.
    pub(crate) at: Range<usize>,
}

/// The text of an answer, streamed or not: what the model said in its first choice, without thoughts, refusals and tool
/// calls; pieces and blocks of text follow each other without anything between. It is exactly that which
/// [`crate::editing::set_text`] replaces. None where the answer has no such text, or cannot be decoded.
#[must_use]
pub fn text_of(response: &Response) -> Option<String> {
    let body = decoded(&response.headers, &response.log.bytes).ok()?;
    let slots = slots(StreamForm::of(&response.headers, &body), &body);
    let pieces: Vec<_> = slots.iter().filter(|slot| slot.role == TextRole::Piece).collect();
    (!pieces.is_empty()).then(|| pieces.iter().map(|slot| slot.text.as_str()).collect())
}

/// All slots of a decoded body, in order.
pub(crate) fn slots(form: Option<StreamForm>, body: &[u8]) -> Vec<TextSlot> {
    let mut slots: Vec<TextSlot> = frames(form, body).iter().flat_map(in_frame).collect();
    slots.sort_by_key(|slot| slot.at.start);
    slots
}

fn in_frame(frame: &StreamFrame) -> Vec<TextSlot> {
    let Some(text) = frame.text() else { return Vec::new() };
    let Ok(data) = serde_json::from_slice::<Value>(without_mark(text.as_bytes())) else { return Vec::new() };
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
        Some(TextSlot { part: place.part, role: place.role, text, at: frame.place(&at?) })
    });
    slots.collect()
}
