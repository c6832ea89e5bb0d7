//! The mouse: clicks and the wheel, by where they are.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::header::tab_names;
use super::state::App;
use crate::model::Timestamp;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;
use crate::tui::widgets::layout;

/// A second click within this many milliseconds on the same row opens it.
const DOUBLE: u64 = 400;
/// Rows for each notch of the wheel.
const NOTCH: isize = 3;

impl App {
    /// Carries out what the mouse asks for; clicks mean nothing while something takes all keys.
    pub(super) fn mouse(&mut self, event: MouseEvent, now: Timestamp) -> Vec<Effect> {
        let spot = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollDown => self.wheel(spot, NOTCH),
            MouseEventKind::ScrollUp => self.wheel(spot, -NOTCH),
            MouseEventKind::Down(MouseButton::Left) if !self.is_modal() => self.click(spot, now),
            _ => Vec::new(),
        }
    }

    fn wheel(&mut self, spot: Position, by: isize) -> Vec<Effect> {
        if !self.is_modal() && self.context.areas.detail.contains(spot) {
            self.detail.scroll_by(by, self.context.detail_rows());
            return Vec::new();
        }
        // On the contact sheet a notch is a row of pictures, which is tall enough.
        let row = self.motion(Action::Down).unwrap_or(1);
        let outcome = self.step(if row > 1 { by.signum() * row } else { by });
        self.perform(outcome)
    }

    fn click(&mut self, spot: Position, now: Timestamp) -> Vec<Effect> {
        let areas = self.context.areas;
        if let Some(tab) = tab_at(self, areas.tabs, spot) {
            return self.act(tab.action());
        } else if areas.detail.contains(spot) {
            self.focus_detail(true);
        } else if areas.list.contains(spot) {
            self.focus_detail(false);
            // Below the frame, what stands above the list, and the heading.
            let first = usize::from(layout::inner(areas.list).y) + 1 + areas.list_rows() - self.list_rows();
            let row = usize::from(spot.y).checked_sub(first).filter(|row| *row < self.list_rows());
            if let Some(row) = row {
                self.select_visible(row);
                let (at, before) = self.input.last_click;
                let again = before == spot.y && now.since(at) < DOUBLE;
                self.input.last_click = (now, spot.y);
                if again {
                    return self.act(Action::Open);
                }
            }
        }
        Vec::new()
    }

    /// Selects the row that stands so far down in the list.
    fn select_visible(&mut self, row: usize) {
        let rows = self.list_rows();
        match self.context.tab {
            Tab::Live => self.live.select_visible(row, &self.context),
            Tab::Diff => {}
            Tab::Recordings => self.recordings.list.select_visible(row, rows),
            Tab::Prune => self.prune.list.select_visible(row, rows),
            Tab::Log => self.log.list.select_visible(row, rows),
        }
    }
}

/// The tab whose name stands there.
fn tab_at(app: &App, place: Rect, spot: Position) -> Option<Tab> {
    let mut rest = place;
    tab_names(app, place.width).into_iter().find_map(|(tab, name)| {
        let width = u16::try_from(name.width()).unwrap_or(u16::MAX);
        layout::from_left(&mut rest, width).contains(spot).then_some(tab)
    })
}
