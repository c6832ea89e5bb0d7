//! The keys of the retag dialog.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use super::choice::{RetagOverlay, TOO_SMALL};
use crate::engine::MatchSettings;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::RemoteQuery;

impl Overlay for RetagOverlay {
    fn scope(&self) -> KeyScope {
        if self.typing { KeyScope::Prompt } else { KeyScope::Retag }
    }

    fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        match action {
            Action::Open => return self.agree(context),
            Action::Mark => self.toggle(context.cache.fields.value()),
            // First the rule is kept, then the dialog is left.
            Action::Back if self.typing => self.typing = false,
            Action::Back => return AppRequest::Close.into(),
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    fn letter(&mut self, key: &str) -> ActionOutcome {
        if !self.typing && self.choose(key) { ActionOutcome::done() } else { ActionOutcome::Ignored }
    }

    fn step(&mut self, by: isize, context: &Context) -> ActionOutcome {
        let last = self.rows(context.cache.fields.value()).len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
        ActionOutcome::done()
    }

    fn edit(&mut self, change: &mut dyn FnMut(&mut Input)) {
        if self.typing {
            self.agreed = false;
            change(&mut self.rule);
        }
    }

    fn queries(&self, _context: &Context) -> Vec<RemoteQuery> {
        let effects = self.tag().ok().filter(|tag| tag.strategy.is_some());
        let effects = effects.map(|tag| RemoteQuery::Retag(Arc::clone(&self.ids), tag));
        std::iter::once(RemoteQuery::Fields(Arc::clone(&self.ids))).chain(effects).collect()
    }

    /// Retags as soon as the effects of what was agreed to are known.
    fn reconcile(&mut self, context: &Context) -> ActionOutcome {
        let effects = &context.cache.retag;
        let Some(result) = effects.result.as_ref().filter(|_| !effects.waiting) else {
            return ActionOutcome::done();
        };
        if !std::mem::take(&mut self.agreed) || result.is_err() {
            return ActionOutcome::done();
        }
        self.tag().map_or_else(|_| ActionOutcome::done(), |tag| ActionOutcome::close_then(self.mutation(tag)))
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        self.draw_dialog(context, area, buf)
    }
}

impl RetagOverlay {
    /// Agrees to what was chosen. What it does is seen before it is done, and why it cannot be done is read here.
    fn agree(&mut self, context: &Context) -> ActionOutcome {
        let Ok(tag) = self.tag() else { return ActionOutcome::done() };
        if !Self::fits(context.areas.whole.height) {
            return ActionOutcome::info(TOO_SMALL);
        }
        if tag == MatchSettings::default() {
            return ActionOutcome::info("Nothing would change: choose with a letter");
        }
        if tag.strategy.is_none() {
            return ActionOutcome::close_then(self.mutation(tag));
        }
        let effects = &context.cache.retag;
        self.agreed = effects.waiting || !matches!(effects.result, Some(Err(_)));
        ActionOutcome::done()
    }

    fn mutation(&self, tag: MatchSettings) -> AppRequest {
        AppRequest::mutate(Mutation::Retag(self.ids.to_vec(), tag))
    }
}
