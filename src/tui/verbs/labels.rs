//! Names, tags and protection.

use crate::engine::Relabel;
use crate::model::RecordingId;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::ActionOutcome;
use crate::tui::overlay::prompt::{PromptOverlay, PromptPurpose};
use crate::tui::protocol::mutation::{Mutation, count_recordings};

/// Protects recordings; where all of them are, no longer.
pub fn protect(ids: &[RecordingId], context: &Context) -> ActionOutcome {
    let all = ids.iter().all(|id| context.row(id).is_some_and(|row| row.protected));
    let relabel = Relabel { protected: Some(!all), ..Relabel::default() };
    ActionOutcome::mutate(Mutation::Relabel(ids.to_vec(), relabel))
}

/// Asks for tags.
pub fn ask_tags(ids: &[RecordingId]) -> ActionOutcome {
    let title = match ids {
        [one] => format!("Tags for {one}"),
        many => format!("Tags for {}", count_recordings(many.len())),
    };
    let help = ["ci nightly   adds both tags", "-nightly     removes one"];
    ActionOutcome::open(PromptOverlay::new(title, &help, "", PromptPurpose::Tags(ids.to_vec())))
}

/// Asks for the name of a recording.
pub fn ask_name(ids: &[RecordingId], id: &RecordingId, context: &Context) -> ActionOutcome {
    if ids.len() > 1 {
        return ActionOutcome::info("Recordings are named one at a time: A clears the marks");
    }
    let name = context.row(id).and_then(|row| row.name.clone()).unwrap_or_default();
    let help = ["Such as images/capybara; nothing removes it."];
    ActionOutcome::open(PromptOverlay::new(
        format!("Name of {id}"),
        &help,
        name,
        PromptPurpose::Name(id.clone()),
    ))
}
