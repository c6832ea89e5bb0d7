//! Editing an answer.

use super::selection::Selection;
use crate::engine::Revision;
use crate::model::{Ending, RecordingId};
use crate::tui::content::draft::{DraftPart, EditDraft};
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::overlay::menu::{Menu, MenuItem};
use crate::tui::overlay::prompt::{PromptOverlay, PromptPurpose};
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::mutation::Mutation;

/// Offers the parts of an answer that can be edited.
pub fn choose(selection: &Selection, context: &Context) -> ActionOutcome {
    let ids = &selection.recordings;
    let row = match &ids[..] {
        [one] => context.row(one),
        _ => None,
    };
    let Some(row) = row else {
        return ActionOutcome::info(match ids.len() {
            0 | 1 => "No recording is selected",
            _ => {
                "Recordings are edited one at a time: A clears the marks. D t T P d and R do all that are marked"
            }
        });
    };
    let id = &row.id;
    let editor = |draft: Box<EditDraft>| AppRequest::Effect(Effect::Editor(draft));
    let part = |part| editor(Box::new(EditDraft::new(id.clone(), part)));
    let mut items = Vec::new();
    if let Some(draft) = context.draft.clone().filter(|draft| draft.recording == *id) {
        items.push(MenuItem::new('g', "go on", "with what you wrote and did not store", editor(draft)));
    }
    items.push(MenuItem::new('t', "text", "what the model says, in your editor", part(DraftPart::Text)));
    items.push(MenuItem::new('b', "body", "all of the body, in your editor", part(DraftPart::Body)));
    let now = format!("now {}", row.status);
    items.push(MenuItem::new('s', "status", now, AppRequest::open(status(id, row.status))));
    items.push(MenuItem::new('h', "header", "set one, or take it away", AppRequest::open(header(id))));
    if row.images > 0 {
        let prompt = AppRequest::open(picture(id, selection.picture_field.clone()));
        items.push(MenuItem::new('i', "picture", "put a file in its place", prompt));
    }
    items.push(MenuItem::new('p', "pace", "how fast it is sent", AppRequest::open(pace(id))));
    items.push(MenuItem::new('e', "ending", "how it ends", AppRequest::open(endings(id, row.ending))));
    if row.edited || row.ending != Ending::Clean {
        items.push(MenuItem::new('o', "as it came", "undoes all edits", revise(id, Revision::Original)));
    }
    ActionOutcome::open(Menu::new(format!("Edit the answer of {id}"), items))
}

fn revise(id: &RecordingId, revision: Revision) -> AppRequest {
    AppRequest::mutate(Mutation::Edit(id.clone(), vec![revision]))
}

fn status(id: &RecordingId, now: u16) -> PromptOverlay {
    let help = ["200 to 599; the body stays as it is"];
    PromptOverlay::new(format!("Status of {id}"), &help, now.to_string(), PromptPurpose::Status(id.clone()))
}

fn header(id: &RecordingId) -> PromptOverlay {
    let help =
        ["retry-after: 20     sets it, in place of all of that name", "-retry-after        takes it away"];
    PromptOverlay::new(format!("A header of {id}"), &help, "", PromptPurpose::Header(id.clone()))
}

fn pace(id: &RecordingId) -> PromptOverlay {
    let help = [
        "recorded   as it came        x0.5   twice as fast",
        "250ms      a wait, then all  none   at once",
        "proxy      as the proxy says",
    ];
    PromptOverlay::new(format!("How fast {id} is sent"), &help, "", PromptPurpose::Pace(id.clone()))
}

fn picture(id: &RecordingId, field: Option<String>) -> PromptOverlay {
    let title =
        field.as_ref().map_or("Another picture".into(), |field| format!("Another picture at {field}"));
    let help = ["The path of a PNG, JPEG, WebP, GIF, AVIF or HEIC file; ~/ is your home."];
    PromptOverlay::new(title, &help, "", PromptPurpose::Picture(id.clone(), field))
}

fn endings(id: &RecordingId, now: Ending) -> Menu {
    let all = [
        ('c', Ending::Clean, "clean", "as HTTP has it"),
        ('b', Ending::Cut, "cut", "the connection breaks"),
        ('s', Ending::Stall, "stall", "nothing more comes, and the connection stays open"),
    ];
    let items = all.map(|(key, ending, label, note)| {
        MenuItem::new(key, label, note, revise(id, Revision::Ending(ending))).current_if(ending == now)
    });
    Menu::new("How the answer ends", items.into())
}
