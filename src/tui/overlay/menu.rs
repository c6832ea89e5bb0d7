//! A menu: things to choose from, each with a key of its own where it has one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::line::{Tone, Toned, fit};
use crate::tui::widgets::{draw, layout};

/// The most lines for the note of the selected item.
const NOTE: usize = 3;

/// Things to choose from.
#[derive(Debug)]
pub struct Menu {
    title: String,
    items: Vec<MenuItem>,
    /// The index of the selected item.
    at: usize,
}

/// One of them.
#[derive(Debug)]
pub struct MenuItem {
    /// The key that chooses it at once; not one that moves or leaves.
    key: Option<char>,
    /// Text, not sanitized.
    label: String,
    /// Text, not sanitized.
    note: String,
    /// True if it holds now.
    current: bool,
    /// The request that choosing it makes.
    request: AppRequest,
}

impl MenuItem {
    /// An item with a key.
    #[must_use]
    pub fn new(key: char, label: impl Into<String>, note: impl Into<String>, request: AppRequest) -> Self {
        Self { key: Some(key), ..Self::without_key(label, note, request) }
    }

    /// An item that is chosen by moving to it.
    #[must_use]
    pub fn without_key(label: impl Into<String>, note: impl Into<String>, request: AppRequest) -> Self {
        Self { key: None, label: label.into(), note: note.into(), current: false, request }
    }

    /// This entry, marked as what holds now, if it does.
    #[must_use]
    pub fn current_if(self, current: bool) -> Self {
        Self { current, ..self }
    }

    /// This entry with a key, or with none.
    #[must_use]
    pub fn with_key(self, key: Option<char>) -> Self {
        Self { key, ..self }
    }
}

impl Menu {
    /// A menu whose first item, or the one that holds now, is selected.
    #[must_use]
    pub fn new(title: impl Into<String>, items: Vec<MenuItem>) -> Self {
        let at = items.iter().position(|item| item.current).unwrap_or(0);
        Self { title: title.into(), items, at }
    }

    fn choose(&mut self, at: usize) -> ActionOutcome {
        if at < self.items.len() {
            ActionOutcome::close_then(self.items.swap_remove(at).request)
        } else {
            AppRequest::Close.into()
        }
    }
}

impl Overlay for Menu {
    fn scope(&self) -> KeyScope {
        KeyScope::Menu
    }

    fn act(&mut self, action: Action, _context: &Context) -> ActionOutcome {
        match action {
            Action::Open => self.choose(self.at),
            Action::Back => AppRequest::Close.into(),
            _ => ActionOutcome::Ignored,
        }
    }

    fn letter(&mut self, key: &str) -> ActionOutcome {
        let mut letters = key.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else { return ActionOutcome::Ignored };
        match self.items.iter().position(|item| item.key == Some(letter)) {
            Some(at) => self.choose(at),
            None => ActionOutcome::Ignored,
        }
    }

    fn step(&mut self, by: isize, _context: &Context) -> ActionOutcome {
        self.at = self.at.saturating_add_signed(by).min(self.items.len().saturating_sub(1));
        ActionOutcome::done()
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let label = self.items.iter().map(|item| item.label.width()).max().unwrap_or(0).min(28);
        let note = self.items.iter().map(|item| item.note.width()).max().unwrap_or(0);
        let width = (label + note + 12).max(self.title.width() + 8).max(40);
        let room = width.min(usize::from(area.width)).saturating_sub(4);
        // Where notes are cut, that of the one to choose stands in full below: nothing is chosen unread.
        let full = |item: &MenuItem| Toned::of(Tone::Plain, sanitize(&item.note)).wrapped(room);
        let note_rows = if label + 7 + note > room {
            self.items.iter().map(|item| full(item).len()).max().unwrap_or(0).min(NOTE)
        } else {
            0
        };
        let height = self.items.len() + 2 + note_rows;
        let size = (u16::try_from(width).unwrap_or(u16::MAX), u16::try_from(height).unwrap_or(u16::MAX));
        let mut inside = draw::window(theme, &self.title, area, size, buf);
        let below = layout::from_bottom(&mut inside, u16::try_from(note_rows).unwrap_or(u16::MAX));
        if let Some(item) = self.items.get(self.at) {
            draw::lines(buf, below, &full(item), theme);
        }
        let rows = usize::from(inside.height);
        let first = self.at.saturating_sub(rows.saturating_sub(1)).min(self.items.len().saturating_sub(rows));
        for (nth, item) in self.items.iter().enumerate().skip(first).take(rows) {
            let mut place = layout::from_top(&mut inside, 1);
            if nth == self.at {
                buf.set_style(place.intersection(buf.area), theme.selected(true));
            }
            let now = if item.current { theme.mark("● ", "* ") } else { "  " };
            draw::write(buf, &mut place, now, theme.tone(Tone::Accent));
            let key = item.key.map_or_else(|| "   ".to_owned(), |key| format!("{key}  "));
            draw::write(buf, &mut place, &key, theme.tone(Tone::Accent));
            let text = sanitize(&item.label);
            draw::write(buf, &mut place, &fit(&text, label + 2, false), theme.tone(Tone::Strong));
            let note = sanitize(&item.note);
            draw::write(buf, &mut place, &note, theme.tone(Tone::Dim));
        }
        None
    }
}
