//! Recordings that fail, derived from others.

use std::time::Duration;

use crate::editing::Fault;
use crate::model::RecordingId;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::overlay::menu::{Menu, MenuItem};
use crate::tui::overlay::prompt::{PromptOverlay, PromptPurpose};
use crate::tui::protocol::mutation::{Mutation, count_recordings};

/// Offers the common faults.
pub fn choose(ids: &[RecordingId], context: &Context) -> ActionOutcome {
    let rows = context.rows(ids);
    if rows.is_empty() {
        return ActionOutcome::info("No recording is selected");
    }
    let ids: Vec<RecordingId> = rows.iter().map(|row| row.id.clone()).collect();
    let fault = |fault| AppRequest::mutate(Mutation::Derive(ids.clone(), fault));
    let typed = |text: &str| AppRequest::open(prompt(&ids, text));
    let retry_after = Duration::from_secs(20);
    let rate_limit = fault(Fault::RateLimit { retry_after });
    let mut items = vec![
        MenuItem::new('r', "429", "Too Many Requests, retry-after 20 s", rate_limit),
        MenuItem::new('5', "500", "the provider's own error", fault(Fault::ServerError)),
    ];
    if rows.iter().all(|row| row.mount == "anthropic") {
        items.push(MenuItem::new('o', "529", "overloaded", fault(Fault::Overloaded)));
    }
    items.extend([
        MenuItem::new('c', "cut", "the connection breaks after N events, or bytes", typed("cut@3")),
        MenuItem::new('s', "stall", "hangs after N events, or bytes", typed("stall@3")),
        MenuItem::new('m', "malformed", "JSON cut short", fault(Fault::Malformed)),
        MenuItem::new('w', "slow", "the same bytes, five times as slow", typed("slow x5")),
        MenuItem::new('t', "other", "typed, such as 429 retry-after=3 or slow 10s", typed("")),
    ]);
    ActionOutcome::open(Menu::new(title(&ids), items))
}

fn prompt(ids: &[RecordingId], text: &str) -> PromptOverlay {
    let help = [
        "429 retry-after=20    500    529",
        "cut@3  stall@3        after N events, or bytes",
        "malformed             slow x5    slow 10s",
    ];
    PromptOverlay::new(title(ids), &help, text, PromptPurpose::Fault(ids.to_vec()))
}

fn title(ids: &[RecordingId]) -> String {
    match ids {
        [id] => format!("Failing copy of {id}"),
        many => format!("Failing copies of {}", count_recordings(many.len())),
    }
}
