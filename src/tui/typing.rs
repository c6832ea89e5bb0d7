//! Keys as they are pressed: sequences, letters of menus, and text.

use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyEventKind};
use tui_input::backend::crossterm::EventHandler as _;

use super::app::App;
use super::effect::Effect;
use super::keymap::{self, Meaning};

impl App {
    /// Takes a key: an action where it means one, else what is typed.
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        let name = keymap::name(key);
        let scopes = self.scopes();
        let before = std::mem::take(&mut self.typed);
        let sequence = if before.is_empty() { name.clone() } else { format!("{before} {name}") };
        // A key that does not continue a sequence stands for itself.
        for typed in [sequence, name] {
            if let Some(effects) = self.by_letter(&typed) {
                return effects;
            }
            match self.options.keymap.meaning(&scopes, &typed) {
                Meaning::Action(action) => return self.act(action),
                Meaning::Beginning => {
                    self.typed = typed;
                    return Vec::new();
                }
                Meaning::Nothing => {}
            }
        }
        self.type_into(|input| {
            input.handle_event(&TerminalEvent::Key(key));
        });
        Vec::new()
    }

    /// Takes pasted text as if it had been typed.
    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.type_into(|input| {
            for c in text.chars().filter(|c| !c.is_control()) {
                input.handle(tui_input::InputRequest::InsertChar(c));
            }
        });
        Vec::new()
    }
}
