//! Questions with two answers and nothing to choose.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::answers;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::effect::Effect;
use crate::tui::widgets::draw;
use crate::tui::widgets::line::{Tone, Toned};

/// The widest dialog, in columns.
const WIDTH: u16 = 58;

/// A question with two answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmOverlay {
    /// Quitting while calls are under way.
    Quit,
    /// Clearing the list of calls.
    ClearCalls,
}

impl Overlay for ConfirmOverlay {
    fn scope(&self) -> KeyScope {
        match self {
            Self::Quit => KeyScope::Leaving,
            Self::ClearCalls => KeyScope::Question,
        }
    }

    fn act(&mut self, action: Action, _context: &Context) -> ActionOutcome {
        match (action, self) {
            (Action::Confirm, Self::Quit) => ActionOutcome::close_then(AppRequest::Effect(Effect::Quit)),
            (Action::Confirm, Self::ClearCalls) => ActionOutcome::close_then(AppRequest::ClearCalls),
            (Action::Back, _) => AppRequest::Close.into(),
            _ => ActionOutcome::Ignored,
        }
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let (title, text, no, yes) = match self {
            Self::Quit => {
                let flying = context.world.counters.in_flight;
                let calls = if flying == 1 { "1 call is".into() } else { format!("{flying} calls are") };
                let text = format!("{calls} still under way; the proxy stops with it.");
                ("Quit?", text, "Stay", "Quit at once")
            }
            Self::ClearCalls => {
                let text = "Only the list is emptied; recordings and history stay.";
                ("Clear the list?", text.to_owned(), "Cancel", "Clear")
            }
        };
        let lines =
            Toned::of(Tone::Plain, text).wrapped(usize::from(area.width.min(WIDTH).saturating_sub(4)));
        let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
        let mut inside = draw::window(theme, title, area, (WIDTH, height), buf);
        let ways = [(Action::Back, no, Tone::Strong), (Action::Confirm, yes, Tone::Bad)];
        answers::draw(context, self.scope(), &ways, &mut inside, buf);
        draw::lines(buf, inside, &lines, theme);
        None
    }
}
