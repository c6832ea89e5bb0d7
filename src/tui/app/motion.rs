//! Motions: how far they go, and what they move.

use super::state::App;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::input::table::BINDINGS;
use crate::tui::overlay::Overlay;
use crate::tui::widgets::layout;

impl App {
    /// How far a motion goes, in rows; none for what is no motion.
    pub(crate) fn motion(&self, action: Action) -> Option<isize> {
        let whole = |rows: usize| isize::try_from(rows).unwrap_or(isize::MAX).max(1);
        let (page, row) = match &self.overlay {
            Some(Overlay::Sheet(sheet)) => {
                let grid = sheet.grid(self.areas().whole);
                (whole(grid.columns * grid.rows), whole(grid.columns))
            }
            _ => (whole(self.height()), 1),
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

    pub(crate) fn moved(&mut self, by: isize) {
        let height = self.height();
        match &mut self.overlay {
            Some(Overlay::Help(help)) => help.step(by, BINDINGS.len() + 16),
            Some(Overlay::Menu(menu)) => menu.step(by),
            Some(Overlay::Palette(palette)) => palette.step(by),
            // Above the first one there is what was looked for before.
            Some(Overlay::Finder(finder)) if by == -1 && finder.at == 0 => {
                self.recall_sought(Action::Earlier);
            }
            Some(Overlay::Finder(finder)) => finder.step(by),
            Some(Overlay::Sheet(sheet)) => sheet.step(by),
            Some(Overlay::Retag(retag)) => retag.step(by, self.known.fields.known()),
            Some(Overlay::Draft(draft)) => draft.step(by),
            Some(Overlay::Shelf(pile)) => {
                let pile = Box::new(pile.as_ref().clone().stepped(by, self));
                self.overlay = Some(Overlay::Shelf(pile));
            }
            Some(
                Overlay::Question(_)
                | Overlay::Prompt(_)
                | Overlay::Leaving
                | Overlay::Clearing
                | Overlay::Picture
                | Overlay::Search(_),
            ) => {}
            None if self.tab == Tab::Diff => self.diff.scroll_by(by),
            None if self.in_detail => self.detail.scroll_by(by, height),
            None | Some(Overlay::Filter) => match self.tab {
                Tab::Live if self.causes.shown => self.causes.list.step(by, height),
                // To the end of the live list means to follow, even when it is the selected row already.
                Tab::Live if by > isize::MAX / 4 => self.live.follow(),
                Tab::Live => self.live.step(by, height),
                Tab::Recordings => {
                    self.recordings.step(by, height);
                    self.mark_range();
                }
                Tab::Prune => self.prune.list.step(by, height),
                Tab::Log if by > isize::MAX / 4 => self.log.follow(),
                Tab::Log => self.log.step(by, height),
                Tab::Diff => {}
            },
        }
    }

    /// Rows of the focused pane.
    fn height(&self) -> usize {
        let areas = self.areas();
        if self.in_detail { usize::from(layout::inner(areas.detail).height) } else { self.list_height() }
    }

    /// Scrolls what has the focus to the side.
    pub(crate) fn scroll_sideways(&mut self, by: isize) {
        let at = match self.tab {
            _ if self.in_detail => match &mut self.detail.sideways {
                Some(at) => at,
                None => {
                    return self.toasts.info(self.now, "Long lines are wrapped; w lets them scroll".into());
                }
            },
            Tab::Live => &mut self.live.sideways,
            Tab::Diff => return self.toasts.info(self.now, "Long lines are wrapped here".into()),
            Tab::Recordings => &mut self.recordings.sideways,
            Tab::Prune => &mut self.prune.list.sideways,
            Tab::Log => &mut self.log.sideways,
        };
        *at = at.saturating_add_signed(by).min(400);
    }
}
