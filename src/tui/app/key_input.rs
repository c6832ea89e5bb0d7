//! Keys as they are pressed: sequences, letters of menus, and text.

use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyEventKind};
use tui_input::backend::crossterm::EventHandler as _;

use super::state::App;
use crate::tui::input::action::Action;
use crate::tui::input::keymap::KeyMeaning;
use crate::tui::input::spelling;
use crate::tui::overlay::Overlay;
use crate::tui::protocol::effect::Effect;
use crate::tui::widgets::layout::ScreenClass;

impl App {
    /// Takes a key: an action where it means one, else what is typed.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        let name = spelling::name(key);
        let scopes = self.scopes();
        let unseen = self.areas().class == ScreenClass::Line;
        let before = std::mem::take(&mut self.typed);
        let sequence = if before.is_empty() { name.clone() } else { format!("{before} {name}") };
        // A key that does not continue a sequence stands for itself.
        for typed in [sequence, name] {
            match self.options.keymap.meaning(&scopes, &typed) {
                KeyMeaning::Action(action) if unseen && !self.is_safe(action) => return Vec::new(),
                KeyMeaning::Action(action) => return self.act(action),
                KeyMeaning::Beginning => {
                    self.typed = typed;
                    return Vec::new();
                }
                KeyMeaning::Nothing => {}
            }
            let letter = if unseen { None } else { self.by_letter(&typed) };
            if let Some(effects) = letter {
                return effects;
            }
        }
        if unseen {
            return Vec::new();
        }
        self.type_into(|input| {
            input.handle_event(&TerminalEvent::Key(key));
        });
        Vec::new()
    }

    /// Whether this may be done on a screen that has no room to show it: leaving, and nothing else.
    fn is_safe(&self, action: Action) -> bool {
        let leaving = matches!(self.overlay, Some(Overlay::Leaving));
        matches!(action, Action::Quit | Action::Back | Action::Suspend | Action::Redraw)
            || (action == Action::Confirm && leaving)
    }

    /// Takes pasted text as if it had been typed.
    pub(crate) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if self.areas().class == ScreenClass::Line {
            return Vec::new();
        }
        self.type_into(|input| {
            // Lines and columns of what was copied are words beside each other here.
            let blank = |c: char| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
            let one_line = text.trim_end_matches(['\n', '\r']).replace("\r\n", "\n");
            for c in one_line.chars().map(blank).filter(|c| !c.is_control()) {
                input.handle(tui_input::InputRequest::InsertChar(c));
            }
        });
        Vec::new()
    }
}
