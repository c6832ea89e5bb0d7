//! Editing an answer, and making one that fails out of it.

use crate::editing::Fault;
use crate::engine::Revision;
use crate::model::{Ending, RecordingId};
use crate::tui::app::state::App;
use crate::tui::content::draft::{DraftOutcome, DraftPart, EditDraft, LINES};
use crate::tui::content::subject::DetailSubject;
use crate::tui::overlay::{Menu, MenuChoice, MenuItem, Overlay, PromptOverlay, PromptPurpose};
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::mutation::{Mutation, counted};
use crate::tui::widgets::line::{Tone, Toned};
use std::time::Duration;
use tui_input::Input;

/// `A recording that fails, made of rec_…`
fn failing(ids: &[RecordingId]) -> String {
    match ids {
        [id] => format!("A recording that fails, made of {id}"),
        many => format!("{} that fail, one of each marked", counted(many.len())),
    }
}

impl App {
    /// The one recording that a verb is for; says so where it is none or several.
    fn only(&mut self, what: &str) -> Option<RecordingId> {
        let ids = self.targets();
        match &ids[..] {
            [one] if self.world.rows.contains_key(one) => return Some(one.clone()),
            [] | [_] => self.toasts.info(self.now, "No recording is selected".into()),
            _ => {
                let text = format!(
                    "{what} one at a time: A takes all marks away. D t T P d and R do all that are marked"
                );
                self.toasts.info(self.now, text);
            }
        }
        None
    }

    /// What of an answer can be edited.
    pub(crate) fn choose_edit(&mut self) {
        let Some(id) = self.only("Recordings are edited") else { return };
        let Some(row) = self.world.rows.get(&id).cloned() else { return };
        let mut items = Vec::new();
        if let Some(draft) = self.draft.clone().filter(|draft| draft.recording == id) {
            items.push(item('g', "go on", "with what you wrote and did not store", MenuChoice::Edit(draft)));
        }
        let draft = |part| MenuChoice::Edit(Box::new(EditDraft::new(id.clone(), part)));
        let typed = |purpose, text: String| MenuChoice::Type(purpose, text);
        items.push(item('t', "text", "what the model says, in your editor", draft(DraftPart::Text)));
        items.push(item('b', "body", "all of the body, in your editor", draft(DraftPart::Body)));
        let status = typed(PromptPurpose::Status(id.clone()), row.status.to_string());
        items.push(item('s', "status", &format!("now {}", row.status), status));
        items.push(item(
            'h',
            "header",
            "set one, or take it away",
            typed(PromptPurpose::Header(id.clone()), String::new()),
        ));
        if row.images > 0 {
            let picture = PromptPurpose::Picture(id.clone(), self.picture_in_front(&id));
            items.push(item('i', "picture", "put a file in its place", typed(picture, String::new())));
        }
        items.push(item(
            'p',
            "pace",
            "how fast it is sent",
            typed(PromptPurpose::Pace(id.clone()), String::new()),
        ));
        items.push(item('e', "ending", "how it ends", MenuChoice::Menu(endings(&id, row.ending))));
        if row.edited || row.ending != Ending::Clean {
            let original = Mutation::Edit(id.clone(), vec![Revision::Original]);
            items.push(item('o', "as it came", "takes all edits back", MenuChoice::Do(original)));
        }
        self.overlay = Some(Overlay::Menu(Menu::new(format!("Edit the answer of {id}"), items)));
    }

    /// Where the picture stands that is looked at; none where there is only one.
    fn picture_in_front(&self, id: &RecordingId) -> Option<String> {
        let pages = self.detail.pages.as_ref()?;
        let here =
            self.detail.subject == Some(DetailSubject::Recording(id.clone())) && pages.pictures.len() > 1;
        pages.pictures.get(self.detail.picture).filter(|_| here).map(|picture| picture.field.clone())
    }

    /// Faults that are often needed.
    pub(crate) fn choose_fault(&mut self) {
        let ids: Vec<RecordingId> =
            self.targets().into_iter().filter(|id| self.world.rows.contains_key(id)).collect();
        if ids.is_empty() {
            return self.toasts.info(self.now, "No recording is selected".into());
        }
        let anthropic =
            ids.iter().all(|id| self.world.rows.get(id).is_some_and(|row| row.mount == "anthropic"));
        let fault = |fault| MenuChoice::Do(Mutation::Derive(ids.clone(), fault));
        let typed = |text: &str| MenuChoice::Type(PromptPurpose::Fault(ids.clone()), text.to_owned());
        let retry_after = Duration::from_secs(20);
        let mut items = vec![
            item(
                'r',
                "429",
                "too many requests, to be tried again in 20 s",
                fault(Fault::RateLimit { retry_after }),
            ),
            item('5', "500", "the provider's own error", fault(Fault::ServerError)),
        ];
        if anthropic {
            items.push(item('o', "529", "overloaded", fault(Fault::Overloaded)));
        }
        items.extend([
            item('c', "cut", "the connection breaks after so many events, or bytes", typed("cut@3")),
            item('s', "stall", "nothing more comes after so many events, or bytes", typed("stall@3")),
            item('m', "malformed", "its JSON breaks off", fault(Fault::Malformed)),
            item('w', "slow", "the same bytes, five times as slow", typed("slow x5")),
            item('t', "other", "typed, such as 429 retry-after=3 or slow 10s", typed("")),
        ]);
        self.overlay = Some(Overlay::Menu(Menu::new(failing(&ids), items)));
    }

    /// Asks for a line of text.
    pub(crate) fn ask_for(&mut self, purpose: PromptPurpose, text: &str) {
        let (title, help): (String, &[&str]) = match &purpose {
            PromptPurpose::Fault(ids) => (
                failing(ids),
                &[
                    "429 retry-after=20    500    529",
                    "cut@3  stall@3        after so many events, or bytes",
                    "malformed             slow x5    slow 10s",
                ],
            ),
            PromptPurpose::Status(id) => {
                (format!("Status of {id}"), &["200 to 599; the body stays as it is"])
            }
            PromptPurpose::Header(id) => (
                format!("A header of {id}"),
                &[
                    "retry-after: 20     sets it, in place of all of that name",
                    "-retry-after        takes it away",
                ],
            ),
            PromptPurpose::Pace(id) => (
                format!("How fast {id} is sent"),
                &[
                    "recorded   as it came        x0.5   twice as fast",
                    "250ms      a wait, then all  none   at once",
                    "proxy      as the proxy says",
                ],
            ),
            PromptPurpose::Picture(_, field) => (
                field
                    .as_ref()
                    .map_or("Another picture".into(), |field| format!("Another picture at {field}")),
                &["The path of a PNG, JPEG, WebP, GIF, AVIF or HEIC file; ~/ is your home."],
            ),
            PromptPurpose::Tags(_) | PromptPurpose::Name(_) => (String::new(), &[]),
        };
        let help = help.iter().map(|line| Toned::of(Tone::Dim, *line)).collect();
        let input = Input::new(text.to_owned());
        self.overlay =
            Some(Overlay::Prompt(Box::new(PromptOverlay { title, help, input, error: None, purpose })));
    }

    /// Somebody left their editor.
    pub(crate) fn drafted(&mut self, mut draft: Box<EditDraft>) {
        // Long lines are broken once: what differs is seen wherever it stands, and drawing has little to do.
        if let DraftOutcome::Changed(lines) = &mut draft.outcome {
            let width = EditDraft::width(self.size.0);
            *lines = lines.iter().flat_map(|line| line.wrapped(width)).take(LINES).collect();
            // It begins at what differs first.
            let differs =
                |line: &Toned| line.0.iter().any(|(tone, _)| matches!(tone, Tone::Bad | Tone::Good));
            draft.at = lines.iter().position(differs).unwrap_or(0).saturating_sub(1);
        }
        if draft.outcome == DraftOutcome::Unchanged {
            self.draft = None;
            self.toasts.info(self.now, "Nothing was changed".into());
        } else {
            self.overlay = Some(Overlay::Draft(draft));
        }
    }

    /// Back into the editor, with what was written.
    pub(crate) fn edit_again(&mut self) -> Vec<Effect> {
        match self.overlay.take() {
            Some(Overlay::Draft(draft)) => vec![Effect::Editor(draft)],
            other => {
                self.overlay = other;
                Vec::new()
            }
        }
    }

    /// Stores an edit, if it can be.
    pub(crate) fn store(&mut self, draft: Box<EditDraft>) -> Vec<Effect> {
        let Some(revision) = draft.revision() else {
            self.overlay = Some(Overlay::Draft(draft));
            return Vec::new();
        };
        self.draft = None;
        vec![Effect::Do(Mutation::Edit(draft.recording, vec![revision]))]
    }

    /// Puts an edit aside.
    pub(crate) fn put_aside(&mut self, draft: Box<EditDraft>) {
        self.toasts.info(self.now, "Not stored; e goes on with what you wrote".into());
        self.draft = Some(draft);
    }
}

fn item(key: char, label: &str, note: &str, choice: MenuChoice) -> MenuItem {
    MenuItem { key: Some(key), label: label.into(), note: note.into(), current: false, choice }
}

fn endings(id: &RecordingId, now: Ending) -> Menu {
    let all = [
        ('c', Ending::Clean, "clean", "as HTTP has it"),
        ('b', Ending::Cut, "cut", "the connection breaks"),
        ('s', Ending::Stall, "stall", "nothing more comes, and the connection stays open"),
    ];
    let items = all.map(|(key, ending, label, note)| {
        let edit = Mutation::Edit(id.clone(), vec![Revision::Ending(ending)]);
        MenuItem { current: ending == now, ..item(key, label, note, MenuChoice::Do(edit)) }
    });
    Menu::new("How the answer ends", items.into())
}
