//! Motions: how far they go, and what they move.

use super::state::App;
use crate::tui::contract::outcome::ActionOutcome;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::prune::state::PruneTab;

impl App {
    /// The rows that a motion goes; `None` for an action that is no motion.
    pub(super) fn motion(&self, action: Action) -> Option<isize> {
        let whole = |rows: usize| isize::try_from(rows).unwrap_or(isize::MAX).max(1);
        let sheet = self.recordings.sheet.as_ref().filter(|_| self.overlay.is_none() && self.shows_sheet());
        let (page, row) = match sheet {
            Some(sheet) => {
                let grid = sheet.grid(self.context.areas.whole);
                (whole(grid.columns * grid.rows), whole(grid.columns))
            }
            None => (whole(self.focused_rows()), 1),
        };
        let far = isize::MAX / 2;
        match action {
            Action::Down => Some(row),
            Action::Up => Some(-row),
            Action::First => Some(-far),
            Action::Last => Some(far),
            Action::HalfDown => Some((page / 2).max(1)),
            Action::HalfUp => Some(-(page / 2).max(1)),
            Action::PageDown => Some(page),
            Action::PageUp => Some(-page),
            _ => None,
        }
    }

    /// Moves the selection of what takes the keys, or scrolls it, by so many rows.
    pub(super) fn step(&mut self, by: isize) -> ActionOutcome {
        let context = &self.context;
        if let Some(overlay) = &mut self.overlay {
            return overlay.step(by, context);
        }
        // A picture on the whole screen and a line that is typed have nothing to move.
        if self.detail.modal_scope().is_some() {
            return ActionOutcome::done();
        }
        if context.tab == Tab::Diff {
            self.diff.scroll_by(by);
        } else if context.in_detail {
            self.detail.scroll_by(by, context.detail_rows());
        } else {
            match context.tab {
                Tab::Live => self.live.step(by, context),
                Tab::Recordings => return self.recordings.step(by, context),
                Tab::Prune => self.prune.step(by, context),
                Tab::Log => self.log.step(by, context),
                Tab::Diff => {}
            }
        }
        ActionOutcome::done()
    }

    /// Rows of the focused pane.
    fn focused_rows(&self) -> usize {
        if self.context.in_detail { self.context.detail_rows() } else { self.list_rows() }
    }

    /// Rows of the list for what it lists.
    pub(super) fn list_rows(&self) -> usize {
        if self.context.tab == Tab::Prune { PruneTab::rows(&self.context) } else { self.context.list_rows() }
    }
}
