//! Actions of the detail pane.

use tui_input::Input;

use super::state::DetailPane;
use crate::terminal::Protocol;
use crate::tui::content::text::BodyForm;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::ActionOutcome;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::effect::Effect;
use crate::tui::widgets::layout;

impl DetailPane {
    /// The scope while it takes all keys: a picture on the whole screen, or words that are typed.
    #[must_use]
    pub fn modal_scope(&self) -> Option<KeyScope> {
        let typed = self.search.input.is_some().then_some(KeyScope::Prompt);
        typed.or(self.picture.full_screen.then_some(KeyScope::Picture))
    }

    /// Carries out an action while it takes all keys.
    pub fn act_modal(&mut self, action: Action, context: &Context) -> ActionOutcome {
        match action {
            Action::Open if self.search.input.is_some() => self.search.input = None,
            Action::Back if self.search.input.is_some() => {
                self.search.input = None;
                self.look_for("", context);
            }
            Action::Back if self.picture.full_screen => self.picture.full_screen = false,
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    /// Changes the words that are being typed.
    pub fn edit_search(&mut self, change: &mut dyn FnMut(&mut Input), context: &Context) {
        let Some(input) = &mut self.search.input else { return };
        change(input);
        let text = input.value().to_owned();
        self.look_for(&text, context);
    }

    /// Carries out an action on its content.
    pub fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        match action {
            Action::NextPage => self.turn(true),
            Action::PreviousPage => self.turn(false),
            Action::NextPicture => self.leaf(true),
            Action::PreviousPicture => self.leaf(false),
            Action::NextChange => return self.go_to_match(true, context),
            Action::PreviousChange => return self.go_to_match(false, context),
            Action::BodyView => {
                let view = self.form.view.next();
                self.reform(BodyForm { view, whole: false });
            }
            Action::LoadAll => self.reform(BodyForm { whole: true, ..self.form }),
            Action::Wrap => self.sideways = if self.sideways.is_some() { None } else { Some(0) },
            Action::Picture => return self.show_full_screen(context),
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    /// Scrolls to the side by so many columns.
    pub fn scroll_sideways(&mut self, by: isize) -> ActionOutcome {
        match &mut self.sideways {
            None => ActionOutcome::info("Long lines are wrapped; w lets them scroll"),
            Some(at) => {
                *at = at.saturating_add_signed(by).min(400);
                ActionOutcome::done()
            }
        }
    }

    /// Looks for words: the first place from here on is shown.
    pub fn look_for(&mut self, text: &str, context: &Context) {
        let lines = self.lines.clone();
        self.search.look_for(text, &lines);
        let from = self.scroll;
        if let Some((at, _)) = self.search.next(from, true).filter(|_| !self.search.is_at(from)) {
            self.show_line(at, context);
        }
    }

    /// Goes to the next match, or the one before.
    fn go_to_match(&mut self, forward: bool, context: &Context) -> ActionOutcome {
        if self.search.needle().is_empty() {
            return ActionOutcome::info("No search yet: / searches here");
        }
        let count = self.search.count();
        let from = self.search.at.unwrap_or(self.scroll);
        let Some((at, nth)) = self.search.next(from, forward) else {
            return ActionOutcome::info("Not on this page");
        };
        self.show_line(at, context);
        ActionOutcome::info(format!("{nth} of {count}"))
    }

    fn show_line(&mut self, at: usize, context: &Context) {
        let rows = usize::from(layout::text(context.areas.detail).height);
        self.search.at = Some(at);
        if !(self.scroll..self.scroll + rows).contains(&at) {
            self.scroll = at.saturating_sub(rows / 3);
            self.keep_in(rows);
        }
    }

    fn show_full_screen(&mut self, context: &Context) -> ActionOutcome {
        let picture = self.pages.as_ref().and_then(|pages| pages.pictures.get(self.picture.index)).cloned();
        let Some(picture) = picture else {
            let text = if self.loading { "Still loading" } else { "There is no picture in this answer" };
            return ActionOutcome::info(text);
        };
        if context.options.protocol.is_some_and(|protocol| protocol != Protocol::Blocks) {
            return ActionOutcome::effect(Effect::FullScreen(picture));
        }
        self.picture.full_screen = true;
        ActionOutcome::done()
    }
}
