//! Keys as they are pressed: sequences, letters that choose at once, and text.

use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyEventKind};
use tui_input::backend::crossterm::EventHandler as _;
use tui_input::{Input, InputRequest};

use super::state::App;
use crate::query::{Key, QueryKind};
use crate::tui::contract::outcome::ActionOutcome;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::keymap::KeyMeaning;
use crate::tui::input::spelling;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;

impl App {
    /// Takes a key: an action where it means one, else a letter that chooses, else text.
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        let name = spelling::name(key);
        let scopes = self.scopes();
        let unseen = self.context.is_line();
        let before = std::mem::take(&mut self.input.sequence);
        let sequence = if before.is_empty() { name.clone() } else { format!("{before} {name}") };
        // A key that does not continue a sequence stands for itself.
        for typed in [sequence, name] {
            match self.context.options.keymap.meaning(&scopes, &typed) {
                KeyMeaning::Action(action) if unseen && !self.is_safe_unseen(action) => return Vec::new(),
                KeyMeaning::Action(action) => return self.act(action),
                KeyMeaning::Beginning => {
                    self.input.sequence = typed;
                    return Vec::new();
                }
                KeyMeaning::Nothing => {}
            }
            if let Some(overlay) = self.overlay.as_mut().filter(|_| !unseen) {
                let outcome = overlay.letter(&typed);
                if !outcome.is_ignored() {
                    return self.perform(outcome);
                }
            }
        }
        if unseen {
            return Vec::new();
        }
        let outcome = self.edit(&mut |input| {
            input.handle_event(&TerminalEvent::Key(key));
        });
        self.perform(outcome)
    }

    /// True if an action may be carried out on a screen that has no room to show it: leaving, and nothing else.
    fn is_safe_unseen(&self, action: Action) -> bool {
        let leaving = self.overlay.as_ref().is_some_and(|overlay| overlay.scope() == KeyScope::Leaving);
        matches!(action, Action::Quit | Action::Back | Action::Suspend | Action::Redraw)
            || (action == Action::Confirm && leaving)
    }

    /// Takes pasted text as if it had been typed.
    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if self.context.is_line() {
            return Vec::new();
        }
        // Lines and columns of what was copied are words beside each other here.
        let blank = |c: char| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
        let one_line = text.trim_end_matches(['\n', '\r']).replace("\r\n", "\n");
        let outcome = self.edit(&mut |input| {
            for c in one_line.chars().map(blank).filter(|c| !c.is_control()) {
                input.handle(InputRequest::InsertChar(c));
            }
        });
        self.perform(outcome)
    }

    /// Changes the text that is being typed, wherever that is.
    fn edit(&mut self, change: &mut dyn FnMut(&mut Input)) -> ActionOutcome {
        let context = &self.context;
        if let Some(overlay) = &mut self.overlay {
            overlay.edit(change);
            return ActionOutcome::done();
        }
        if self.detail.search.input.is_some() {
            self.detail.edit_search(change, context);
            return ActionOutcome::done();
        }
        match context.tab {
            Tab::Live => self.live.edit_filter(change, context),
            Tab::Recordings | Tab::Diff => self.recordings.edit_filter(change, context),
            Tab::Prune => self.prune.edit_filter(change, context),
            Tab::Log => self.log.edit_filter(change, context),
        }
    }

    /// Takes the values behind a key of recordings, for the filter that is being typed.
    pub(super) fn learn_values(&mut self, key: Key, values: Vec<String>) {
        if self.filter().kind() == QueryKind::Recordings {
            self.change_filter(|filter| filter.learn(key, values));
        }
    }
}
