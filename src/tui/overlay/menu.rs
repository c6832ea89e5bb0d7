//! A menu: things to choose from, each with a key of its own where it has one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::prompt::PromptPurpose;
use super::window;
use crate::engine::Thing;
use crate::tui::app::state::App;
use crate::tui::content::copy::CopyPart;
use crate::tui::content::draft::EditDraft;
use crate::tui::content::text::sanitize;
use crate::tui::input::action::Action;
use crate::tui::listing::order::SortBy;
use crate::tui::protocol::effect::ExchangeSource;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::line::{Tone, Toned, fit};
use crate::tui::widgets::{draw, layout};

/// The most lines for the note of the one to choose.
const NOTE: usize = 3;

/// Things to choose from.
#[derive(Clone, Debug, PartialEq)]
pub struct Menu {
    /// What is chosen.
    pub title: String,
    /// The things, in order.
    pub items: Vec<MenuItem>,
    /// The one to choose.
    pub at: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct MenuItem {
    /// The key that chooses it at once; not one that moves or leaves.
    pub key: Option<char>,
    /// What it is called; not sanitized.
    pub label: String,
    /// What it means; not sanitized.
    pub note: String,
    /// Whether it holds now.
    pub current: bool,
    /// What happens then.
    pub choice: MenuChoice,
}

/// What a choice leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum MenuChoice {
    /// As if its key had been pressed.
    Act(Action),
    /// A change.
    Do(Mutation),
    /// The choice of what recordings answer.
    Retag,
    /// Another order of the recordings.
    Sort(SortBy),
    /// Another menu.
    Menu(Menu),
    /// A line to type, which begins with a text.
    Type(PromptPurpose, String),
    /// An edit in somebody's editor.
    Edit(Box<EditDraft>),
    /// What can go.
    Query(String),
    /// A part of an exchange is copied.
    Copy(ExchangeSource, CopyPart),
    /// Two things are compared.
    Compare(Thing, Thing),
    /// This is the first of two things to compare.
    Pick(Thing),
}

impl Menu {
    /// A menu whose first thing, or the one that holds now, is the one to choose.
    #[must_use]
    pub fn new(title: impl Into<String>, items: Vec<MenuItem>) -> Self {
        let at = items.iter().position(|item| item.current).unwrap_or(0);
        Self { title: title.into(), items, at }
    }

    /// The one to choose by this key.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<usize> {
        let mut letters = key.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else { return None };
        self.items.iter().position(|item| item.key == Some(letter))
    }

    /// Moves by so many.
    pub fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.items.len().saturating_sub(1));
    }

    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let theme = &app.options.theme;
        let label = self.items.iter().map(|item| item.label.width()).max().unwrap_or(0).min(28);
        let note = self.items.iter().map(|item| item.note.width()).max().unwrap_or(0);
        let width = (label + note + 12).max(self.title.width() + 8).max(40);
        let room = width.min(usize::from(area.width)).saturating_sub(4);
        // Where notes are cut, that of the one to choose stands in full below: nothing is chosen unread.
        let full = |item: &MenuItem| Toned::of(Tone::Plain, sanitize(&item.note)).wrapped(room);
        let told = if label + 7 + note > room {
            self.items.iter().map(|item| full(item).len()).max().unwrap_or(0).min(NOTE)
        } else {
            0
        };
        let height = self.items.len() + 2 + told;
        let size = (u16::try_from(width).unwrap_or(u16::MAX), u16::try_from(height).unwrap_or(u16::MAX));
        let mut inside = window(app, &self.title, area, size, buf);
        let below = layout::from_bottom(&mut inside, u16::try_from(told).unwrap_or(u16::MAX));
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
    }
}
