//! What happens to the finder.

use tui_input::Input;

use super::state::App;
use crate::tui::input::action::Action;
use crate::tui::listing::fuzzy_find::FuzzyJob;
use crate::tui::overlay::{FuzzyFinder, Overlay};
use crate::tui::protocol::effect::Effect;

impl App {
    /// Begins to look for a recording.
    pub(crate) fn open_finder(&mut self) {
        self.sought.forget_place();
        self.overlay = Some(Overlay::Finder(Box::default()));
    }

    /// Goes to what was found.
    pub(crate) fn find(&mut self, finder: &FuzzyFinder) {
        self.sought.remember(finder.input.value());
        if let Some(id) = finder.selected().cloned() {
            self.jump_to(&id);
        } else {
            self.overlay = Some(Overlay::Finder(Box::new(finder.clone())));
        }
    }

    /// Marks what is selected in the finder, and goes on to the next.
    pub(crate) fn mark_found(&mut self) {
        let Some(Overlay::Finder(finder)) = &mut self.overlay else { return };
        let Some(id) = finder.selected().cloned() else { return };
        finder.step(1);
        if self.world.rows.contains_key(&id) {
            self.toggle_mark(id);
        }
    }

    /// What was looked for before, or after that; false where no finder is open.
    pub(crate) fn recall_sought(&mut self, action: Action) -> bool {
        let Some(Overlay::Finder(finder)) = &mut self.overlay else { return false };
        let line = match action {
            Action::Earlier => self.sought.earlier(finder.input.value()),
            _ => self.sought.later(),
        };
        if let Some(line) = line {
            finder.input = Input::new(line);
        }
        true
    }

    /// Has recordings searched, when there is something new to search for or in.
    pub(crate) fn seek(&mut self) -> Option<Effect> {
        let Some(Overlay::Finder(finder)) = &mut self.overlay else { return None };
        let text = finder.input.value();
        let same = finder.asked.as_ref().is_some_and(|(_, asked)| asked == text);
        if same && (finder.waiting || !finder.stale) {
            return None;
        }
        finder.stale = false;
        self.questions += 1;
        let seek =
            FuzzyJob { generation: self.questions, text: text.to_owned(), rows: self.world.rows.clone() };
        finder.asked = Some((seek.generation, seek.text.clone()));
        finder.waiting = true;
        Some(Effect::Seek(seek))
    }
}
