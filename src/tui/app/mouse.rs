//! What the mouse means, by where it is.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::state::App;
use super::view::tab_names;
use crate::model::Timestamp;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::listing::list::List;
use crate::tui::protocol::effect::Effect;
use crate::tui::widgets::layout;

/// A second click within this many milliseconds on the same row opens it.
const DOUBLE: u64 = 400;
/// Rows for each notch of the wheel.
const NOTCH: isize = 3;

/// The last click: when, and on which row of the screen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastClick {
    at: Timestamp,
    row: u16,
}

impl App {
    /// Does what the mouse asks for; nothing while something lies over the panes.
    pub(crate) fn mouse(&mut self, event: MouseEvent, now: Timestamp) -> Vec<Effect> {
        let spot = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollDown => self.wheel(spot, NOTCH),
            MouseEventKind::ScrollUp => self.wheel(spot, -NOTCH),
            MouseEventKind::Down(MouseButton::Left) if self.overlay.is_none() => {
                return self.click(spot, now);
            }
            _ => {}
        }
        Vec::new()
    }

    fn wheel(&mut self, spot: Position, by: isize) {
        if self.overlay.is_none() {
            let areas = self.areas();
            if areas.detail.contains(spot) {
                let height = usize::from(layout::inner(areas.detail).height);
                return self.detail.scroll_by(by, height);
            }
        }
        // On the contact sheet a notch is a row of pictures, which is tall enough.
        let row = self.motion(Action::Down).unwrap_or(1);
        self.moved(if row > 1 { by.signum() * row } else { by });
    }

    fn click(&mut self, spot: Position, now: Timestamp) -> Vec<Effect> {
        let areas = self.areas();
        if let Some(tab) = tab_at(self, areas.tabs, spot) {
            return self.act(tab.action());
        } else if areas.detail.contains(spot) {
            self.focus_detail(true);
        } else if areas.list.contains(spot) {
            self.focus_detail(false);
            // Below the frame, what stands above the list, and the heading.
            let first = usize::from(layout::inner(areas.list).y) + 1 + areas.list_rows() - self.list_height();
            let row = usize::from(spot.y).checked_sub(first).filter(|row| *row < self.list_height());
            if let Some(row) = row {
                self.select_row(row);
                let again = self.clicked.row == spot.y && now.since(self.clicked.at) < DOUBLE;
                self.clicked = LastClick { at: now, row: spot.y };
                if again {
                    return self.act(Action::Open);
                }
            }
        }
        Vec::new()
    }

    /// Selects the row that stands so far down in the list.
    fn select_row(&mut self, row: usize) {
        let rows = self.list_height();
        match self.tab {
            Tab::Live if self.causes.shown => choose(&mut self.causes.list, row, rows),
            Tab::Live => choose(&mut self.live, row, rows),
            Tab::Diff => {}
            Tab::Recordings => choose(&mut self.recordings, row, rows),
            Tab::Prune => choose(&mut self.prune.list, row, rows),
            Tab::Log => choose(&mut self.log, row, rows),
        }
    }
}

fn choose<K: Ord + Clone>(list: &mut List<K>, row: usize, rows: usize) {
    let at = list.window(rows).start + row;
    if at < list.keys().len() {
        list.select_at(at, rows);
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
