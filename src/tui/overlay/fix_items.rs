//! The fixes of a miss as menu items.

use super::menu::MenuItem;
use crate::engine::wording;
use crate::engine::{Explanation, Fix, FixKind, MatchSettings, Near};
use crate::matching::BlastRadius;
use crate::model::{Call, Outcome, RecordingId};
use crate::tui::contract::outcome::AppRequest;
use crate::tui::input::action::Action;
use crate::tui::protocol::mutation::Mutation;

/// Letters for fixes: none that moves or leaves, or has another meaning in the menu.
pub const LETTERS: &str = "abcdefghilmnop";

/// The letter of recording, which is a key of its own outside of menus.
const RECORD: char = 'R';

/// The fixes of an explanation, those of the near recording at this index first.
#[must_use]
pub fn items(explanation: &Explanation, first: usize, call: Option<&Call>) -> Vec<MenuItem> {
    let near = &explanation.near;
    let first = first.min(near.len().saturating_sub(1));
    let order = (first..near.len()).chain(0..first);
    let all: Vec<(&Near, &Fix)> = order
        .filter_map(|at| near.get(at))
        .flat_map(|near| near.fixes.iter().map(move |fix| (near, fix)))
        .collect();
    // Recording is offered once for all of them, and where the nearest one asks for it before anything else.
    let is_record = |fix: &Fix| fix.kind == FixKind::Record;
    let record_at = all.iter().position(|(_, fix)| is_record(fix));
    let before = record_at.map_or(0, |at| all[..at].iter().filter(|(_, fix)| !is_record(fix)).count());
    let others = all.iter().filter(|(_, fix)| !is_record(fix));
    let item = |((near, fix), key): (&(&Near, &Fix), char)| {
        let note = format!("{}; {} {}%", radius(&fix.radius), near.recording, near.likeness);
        retag_item(key, &near.recording, fix, &note)
    };
    let mut items: Vec<MenuItem> = others.zip(LETTERS.chars()).map(item).collect();
    if let (Some(_), Some(call)) = (record_at, call) {
        items.insert(before.min(items.len()), record_item(call));
    }
    items
}

/// A fix that changes a recording's match strategy.
#[must_use]
pub fn retag_item(key: char, recording: &RecordingId, fix: &Fix, note: &str) -> MenuItem {
    let tag = MatchSettings { strategy: Some(fix.strategy.clone()), playback: None };
    let caution = fix.caution().map(|caution| format!("{caution}; ")).unwrap_or_default();
    let request = AppRequest::mutate(Mutation::Retag(vec![recording.clone()], tag));
    MenuItem::new(key, fix.strategy.to_string(), format!("{caution}{note}"), request)
}

/// Recording a call as a fix: its answer is kept, or the upstream is asked.
#[must_use]
pub fn record_item(call: &Call) -> MenuItem {
    let keep = || AppRequest::mutate(Mutation::Keep(call.id, false));
    let (note, request) = match call.outcome {
        Some(Outcome::Live) => ("its answer is kept as a recording", keep()),
        Some(Outcome::Miss) => ("asks the upstream for its answer; the price first", keep()),
        _ => ("choose replay-or-record and make the call again", AppRequest::Act(Action::Mode)),
    };
    MenuItem::new(RECORD, "record it", note, request)
}

/// The effects of a change of strategy on other calls, in words.
#[must_use]
pub fn radius(radius: &BlastRadius) -> String {
    wording::brief_radius(radius).unwrap_or_else(|| "no other past call changes".into())
}
