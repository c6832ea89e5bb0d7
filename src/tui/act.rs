//! What actions do to the state.

use tui_input::Input;

use super::action::Action;
use super::app::{App, Tab};
use super::effect::Effect;
use super::fold::key_of;
use super::keymap::BINDINGS;
use super::layout::{self, Class};
use super::overlay::Overlay;
use crate::model::{Mode, RecordingId};
use crate::terminal::Protocol;

impl App {
    /// Does what a key asked for.
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        if let Some(by) = self.motion(action) {
            self.moved(by);
            return Vec::new();
        }
        match action {
            Action::Open => return self.open(),
            Action::Confirm => return self.confirm(),
            Action::Undo => return self.undo.ask().map(Effect::Restore).into_iter().collect(),
            Action::Quit => return self.quit(),
            Action::Redraw => return vec![Effect::Redraw],
            Action::Picture => return self.full_screen(),
            Action::Back => self.back(),
            Action::Delete => self.ask_delete(),
            Action::Filter => self.edit_filter(),
            Action::ToggleFilter => self.toggle_filter(),
            Action::Mode => self.overlay = Some(Overlay::Mode(self.mode_index())),
            Action::Help => self.overlay = Some(Overlay::Help(0)),
            Action::Follow => {
                self.live.follow();
                self.in_detail = false;
            }
            Action::Jump => self.jump(),
            other => self.look(other),
        }
        Vec::new()
    }

    /// Actions that only change what is looked at.
    fn look(&mut self, action: Action) {
        match action {
            Action::Tab(at) => self.turn_to(if at == 0 { Tab::Live } else { Tab::Recordings }),
            Action::OtherPane => self.focus_detail(!self.in_detail),
            Action::ListPane => self.focus_detail(false),
            Action::DetailPane => self.focus_detail(true),
            Action::NextPage => self.detail.show(self.detail.page.neighbour(true)),
            Action::PreviousPage => self.detail.show(self.detail.page.neighbour(false)),
            Action::NextPicture => self.detail.leaf(true),
            Action::PreviousPicture => self.detail.leaf(false),
            Action::ScrollLeft => self.scroll_sideways(-8),
            Action::ScrollRight => self.scroll_sideways(8),
            Action::Zoom => self.zoom = !self.zoom,
            Action::JumpBack => {
                if let Some(tab) = self.jumps.pop() {
                    self.turn_to(tab);
                }
            }
            _ => {}
        }
    }

    /// How far a motion goes, in rows; none for what is no motion.
    fn motion(&self, action: Action) -> Option<isize> {
        let page = isize::try_from(self.height()).unwrap_or(isize::MAX).max(1);
        let far = isize::MAX / 2;
        match action {
            Action::Down => Some(1),
            Action::Up => Some(-1),
            Action::First => Some(-far),
            Action::Last => Some(far),
            Action::HalfDown => Some((page / 2).max(1)),
            Action::HalfUp => Some(-(page / 2).max(1)),
            Action::PageDown => Some(page),
            Action::PageUp => Some(-page),
            _ => None,
        }
    }

    fn moved(&mut self, by: isize) {
        let height = self.height();
        match &mut self.overlay {
            Some(Overlay::Help(at)) => *at = at.saturating_add_signed(by).min(BINDINGS.len()),
            Some(Overlay::Mode(at)) => *at = at.saturating_add_signed(by).min(Mode::ALL.len() - 1),
            Some(Overlay::Delete(_) | Overlay::Leaving | Overlay::Picture) => {}
            None if self.in_detail => self.detail.scroll_by(by, height),
            None | Some(Overlay::Filter) => match self.tab {
                // To the end of the live list means to follow, even when it is the selected row already.
                Tab::Live if by > isize::MAX / 4 => self.live.follow(),
                Tab::Live => self.live.step(by, height),
                Tab::Recordings => self.recordings.step(by, height),
            },
        }
    }

    /// Rows of the focused pane.
    fn height(&self) -> usize {
        let areas = self.areas();
        if self.in_detail { usize::from(layout::inner(areas.detail).height) } else { areas.list_rows() }
    }

    fn open(&mut self) -> Vec<Effect> {
        match self.overlay.take() {
            Some(Overlay::Mode(at)) => {
                return Mode::ALL.get(at).map(|mode| Effect::SetMode(*mode)).into_iter().collect();
            }
            Some(other) => self.overlay = Some(other),
            None if self.in_detail && self.tab == Tab::Live => self.jump(),
            None => self.focus_detail(true),
        }
        Vec::new()
    }

    fn confirm(&mut self) -> Vec<Effect> {
        match self.overlay.take() {
            Some(Overlay::Delete(ids)) => {
                let ids = self.deletable(&ids);
                if ids.is_empty() { Vec::new() } else { vec![Effect::Remove(ids)] }
            }
            Some(Overlay::Leaving) => vec![Effect::Quit],
            other => {
                self.overlay = other;
                Vec::new()
            }
        }
    }

    /// Those of `ids` that are still there and not protected.
    #[must_use]
    pub fn deletable(&self, ids: &[RecordingId]) -> Vec<RecordingId> {
        let fine = |id: &&RecordingId| self.world.rows.get(*id).is_some_and(|row| !row.protected);
        ids.iter().filter(fine).cloned().collect()
    }

    fn quit(&mut self) -> Vec<Effect> {
        if self.world.counters.in_flight == 0 || self.options.attached {
            return vec![Effect::Quit];
        }
        self.keep_filter();
        self.overlay = Some(Overlay::Leaving);
        Vec::new()
    }

    /// One step out: what lies on top, an error, the detail, the filter. Never out of the program.
    fn back(&mut self) {
        if let Some(overlay) = self.overlay.take() {
            if matches!(overlay, Overlay::Filter) {
                self.overlay = Some(overlay);
                self.keep_filter();
            }
        } else if self.toasts.dismiss() {
        } else if self.in_detail {
            self.in_detail = false;
        } else if self.zoom {
            self.zoom = false;
        } else if !self.filter().kept().is_empty() {
            match self.tab {
                Tab::Live => self.live.filter.clear(),
                Tab::Recordings => self.recordings.filter.clear(),
            }
            self.list_tab();
        }
    }

    fn turn_to(&mut self, tab: Tab) {
        if self.tab != tab {
            self.tab = tab;
            self.in_detail = false;
        }
    }

    /// Gives the focus to the detail pane, if the screen has room for one, or to the list.
    pub(super) fn focus_detail(&mut self, detail: bool) {
        let areas = self.areas();
        let fits = !matches!(areas.class, Class::Tiny | Class::Line);
        self.in_detail = detail && fits;
        if self.in_detail {
            // What is being read must not be replaced by the next call.
            self.live.pause(areas.list_rows());
        }
    }

    fn scroll_sideways(&mut self, by: isize) {
        let at = match self.tab {
            Tab::Live => &mut self.live.sideways,
            Tab::Recordings => &mut self.recordings.sideways,
        };
        *at = at.saturating_add_signed(by).min(400);
    }

    fn ask_delete(&mut self) {
        if let Some(row) = self.selected_row() {
            self.overlay = Some(Overlay::Delete(vec![row.id.clone()]));
        }
    }

    fn mode_index(&self) -> usize {
        Mode::ALL.iter().position(|mode| *mode == self.world.mode).unwrap_or(0)
    }

    fn full_screen(&mut self) -> Vec<Effect> {
        let picture =
            self.detail.pages.as_ref().and_then(|pages| pages.pictures.get(self.detail.picture)).cloned();
        match picture {
            None => self.toasts.info(self.now, "There is no picture in this answer".into()),
            Some(picture) if self.options.protocol.is_some_and(|protocol| protocol != Protocol::Blocks) => {
                return vec![Effect::FullScreen(picture)];
            }
            Some(_) => self.overlay = Some(Overlay::Picture),
        }
        Vec::new()
    }

    /// From a call to the recording that answered it; a filter in the way is turned off.
    fn jump(&mut self) {
        let Some(id) = self.selected_call().and_then(|call| call.recording.clone()) else {
            self.toasts.info(self.now, "No recording answered this call".into());
            return;
        };
        let Some(key) = self.world.rows.get(&id).map(|row| key_of(row)) else {
            self.toasts.info(self.now, "Its recording is gone".into());
            return;
        };
        let rows = self.areas().list_rows();
        if !self.recordings.select(&key, rows) && !self.recordings.filter.text().is_empty() {
            self.recordings.filter.toggle();
            self.list_rows();
            self.recordings.select(&key, rows);
        }
        self.jumps.push(self.tab);
        self.live.pause(rows);
        self.turn_to(Tab::Recordings);
    }

    fn edit_filter(&mut self) {
        let before = self.filter().text().to_owned();
        match self.tab {
            Tab::Live => self.live.filter.edit(),
            Tab::Recordings => self.recordings.filter.edit(),
        }
        self.in_detail = false;
        self.overlay = Some(Overlay::Filter);
        if self.filter().text() != before {
            self.list_tab();
        }
    }

    fn toggle_filter(&mut self) {
        match self.tab {
            Tab::Live => self.live.filter.toggle(),
            Tab::Recordings => self.recordings.filter.toggle(),
        }
        self.list_tab();
    }

    fn keep_filter(&mut self) {
        if matches!(self.overlay, Some(Overlay::Filter)) {
            self.overlay = None;
            self.live.filter.keep();
            self.recordings.filter.keep();
        }
    }

    /// Changes the text that is being typed, and what is listed.
    pub(super) fn type_filter(&mut self, change: impl FnOnce(&mut Input)) {
        let filter = match self.tab {
            Tab::Live => &mut self.live.filter,
            Tab::Recordings => &mut self.recordings.filter,
        };
        let Some(input) = &mut filter.input else { return };
        let before = input.value().to_lowercase();
        change(input);
        let after = input.value().to_lowercase();
        match self.tab {
            _ if before == after => {}
            // What does not pass the shorter text does not pass the longer one.
            Tab::Recordings if after.contains(&before) => self.narrow_rows(),
            _ => self.list_tab(),
        }
    }

    fn list_tab(&mut self) {
        match self.tab {
            Tab::Live => self.list_calls(),
            Tab::Recordings => self.list_rows(),
        }
    }
}
