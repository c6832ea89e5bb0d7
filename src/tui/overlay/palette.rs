//! All commands by name: a few letters find one.

use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use tui_input::Input;

use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::line::{Tone, fit};
use crate::tui::widgets::{draw, layout, text_input};

/// Commands, and what was typed to find one.
#[derive(Clone, Debug, Default)]
pub struct CommandPalette {
    /// The text to find a command by.
    pub input: Input,
    /// The commands that fit, the best first, with the places of the letters in their names.
    pub matches: Vec<(Action, Vec<usize>)>,
    /// Position of the one to choose.
    pub at: usize,
}

/// Actions that are no commands on their own: moves, and answers to questions.
const SILENT: [Action; 16] = [
    Action::Down,
    Action::Up,
    Action::HalfDown,
    Action::HalfUp,
    Action::PageDown,
    Action::PageUp,
    Action::Left,
    Action::Right,
    Action::Complete,
    Action::CompleteBack,
    Action::Earlier,
    Action::Later,
    Action::Confirm,
    Action::Back,
    Action::Palette,
    Action::Open,
];

impl CommandPalette {
    /// The palette with nothing typed, which shows all actions.
    #[must_use]
    pub fn new() -> Self {
        let mut palette = Self::default();
        palette.search();
        palette
    }

    /// Finds the commands that fit.
    fn search(&mut self) {
        let matcher = SkimMatcherV2::default();
        let text = self.input.value().trim();
        let commands = Action::ALL.iter().filter(|action| !SILENT.contains(action));
        let mut scored: Vec<_> = commands
            .filter_map(|action| {
                let (by_name, letters) = matcher.fuzzy_indices(action.name(), text).unwrap_or_default();
                let by_help = matcher.fuzzy_match(action.help(), text).unwrap_or_default() / 2;
                let fits = text.is_empty() || by_name > 0 || by_help > 0;
                fits.then_some((by_name.max(by_help), *action, letters))
            })
            .collect();
        scored.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
        self.matches = scored.into_iter().map(|(_, action, letters)| (action, letters)).collect();
        self.at = 0;
    }
}

impl Overlay for CommandPalette {
    fn scope(&self) -> KeyScope {
        KeyScope::Prompt
    }

    fn act(&mut self, action: Action, _context: &Context) -> ActionOutcome {
        match action {
            Action::Open => match self.matches.get(self.at) {
                Some((action, _)) => ActionOutcome::close_then(AppRequest::Act(*action)),
                None => AppRequest::Close.into(),
            },
            Action::Back => AppRequest::Close.into(),
            _ => ActionOutcome::Ignored,
        }
    }

    fn step(&mut self, by: isize, _context: &Context) -> ActionOutcome {
        self.at = self.at.saturating_add_signed(by).min(self.matches.len().saturating_sub(1));
        ActionOutcome::done()
    }

    fn edit(&mut self, change: &mut dyn FnMut(&mut Input)) {
        change(&mut self.input);
        self.search();
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let air = if area.height < 16 { 0 } else { 4 };
        let mut inside =
            draw::window(theme, "Command", area, (78, area.height.saturating_sub(air).clamp(6, 20)), buf);
        let mut line = layout::from_top(&mut inside, 1);
        draw::write(buf, &mut line, ": ", theme.tone(Tone::Accent));
        let cursor = text_input::draw(&self.input, line, theme, buf);
        layout::from_top(&mut inside, 1);
        let rows = usize::from(inside.height);
        let first = self.at.saturating_sub(rows.saturating_sub(1));
        for (nth, (action, letters)) in self.matches.iter().enumerate().skip(first).take(rows) {
            let mut place = layout::from_top(&mut inside, 1);
            if nth == self.at {
                buf.set_style(place.intersection(buf.area), theme.selected(true));
            }
            let key = context.options.keymap.key_of(*action).unwrap_or_default();
            draw::write(buf, &mut place, &fit(&key, 9, false), theme.tone(Tone::Accent));
            let start = place.x;
            draw::write(buf, &mut place, &fit(action.name(), 18, false), theme.tone(Tone::Strong));
            for letter in letters {
                let x = start.saturating_add(u16::try_from(*letter).unwrap_or(u16::MAX));
                if let Some(cell) = buf.cell_mut((x, place.y)) {
                    cell.modifier |= Modifier::UNDERLINED;
                }
            }
            draw::write(buf, &mut place, action.help(), theme.tone(Tone::Dim));
        }
        if self.matches.is_empty() {
            let mut place = layout::from_top(&mut inside, 1);
            draw::write(buf, &mut place, "no such command", theme.tone(Tone::Dim));
        }
        cursor
    }
}
