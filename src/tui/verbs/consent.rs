//! The question before a change that costs something.

use crate::reading::sanitize;
use crate::tui::contract::outcome::ActionOutcome;
use crate::tui::overlay::question::QuestionOverlay;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::line::{Tone, Toned};

/// Asks whether to make a change; `text` is the client's refusal, which names the price.
pub fn ask(mutation: Mutation, text: &str) -> ActionOutcome {
    let text = text.split_once("; ").map_or(text, |(_, cost)| cost);
    let lines = vec![
        Toned::of(Tone::Plain, sanitize(&format!("Nothing answers this call: {text}."))),
        Toned::of(Tone::Dim, "The answer becomes a recording; u undoes it."),
        Toned::default(),
    ];
    ActionOutcome::open(QuestionOverlay::new("Record now?", lines, "Record now", mutation))
}
