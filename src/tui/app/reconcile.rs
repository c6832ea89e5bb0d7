//! What follows from the state after each message: windows, the detail's subject, its lines, its picture.

use ratatui::layout::Rect;

use super::state::App;
use crate::model::Outcome;
use crate::tui::content::page::DetailPage;
use crate::tui::content::subject::DetailSubject;
use crate::tui::input::tab::Tab;
use crate::tui::overlay::{FuzzyFinder, Overlay};
use crate::tui::protocol::effect::Effect;
use crate::tui::widgets::layout::{self, Areas, ScreenClass};

impl App {
    /// Brings what is derived up to date: windows, the detail's subject, its lines, its picture.
    pub(crate) fn reconcile(&mut self, moment: bool) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.sift().into_iter().collect();
        effects.extend(self.look_for_expired());
        effects.extend(self.count_values());
        effects.extend(self.seek());
        effects.extend(self.shrink());
        self.count_marks();
        let areas = self.areas();
        self.find_awaited();
        effects.extend(self.inquire());
        let finding = matches!(self.overlay, Some(Overlay::Finder(_)));
        if self.tab == Tab::Diff && !finding {
            effects.extend(self.reconcile_diff(&areas));
            return effects;
        }
        let rows = self.list_height();
        self.live.reveal(rows);
        self.causes.list.reveal(rows);
        self.recordings.reveal(rows);
        self.prune.list.reveal(rows);
        self.look_at_log(rows);
        self.detail.turn_to(self.subject());
        if let (Tab::Live, false, Some(call)) = (self.tab, finding, self.selected_call()) {
            let page =
                if call.outcome == Some(Outcome::Miss) { DetailPage::Why } else { DetailPage::default() };
            self.detail.open_at(page);
        }
        effects.extend(self.wonder(moment));
        let (pane, picture) = self.reading(&areas);
        let full = matches!(self.overlay, Some(Overlay::Picture));
        // What is selected is fetched where only the list is seen, too: its picture can be shown, its body opened.
        if areas.class != ScreenClass::Line {
            effects.extend(self.detail.load());
        }
        if pane.height == 0 && !full {
            return effects;
        }
        if self.detail.must_compose(usize::from(pane.width)) {
            let width = usize::from(pane.width);
            let log = self.tab == Tab::Log && !finding;
            self.detail.lines = if log { self.log_lines(width) } else { self.compose(width) };
            self.detail.search.look(&self.detail.lines);
        }
        self.detail.keep_in(usize::from(pane.height));
        if full || finding || self.detail.page == DetailPage::Image {
            let place = if full { areas.whole } else { picture };
            let rows = if full { place.height.saturating_sub(1) } else { place.height };
            effects.extend(self.detail.scale((place.width, rows)));
        }
        effects
    }

    /// The places of what is read, as text and as a picture.
    fn reading(&self, areas: &Areas) -> (Rect, Rect) {
        if matches!(self.overlay, Some(Overlay::Finder(_))) {
            let places = FuzzyFinder::places(areas.whole);
            return (places.preview, places.picture);
        }
        (layout::text(areas.detail), layout::picture(areas.detail))
    }

    fn subject(&self) -> Option<DetailSubject> {
        if let Some(Overlay::Finder(finder)) = &self.overlay {
            return finder.selected().cloned().map(DetailSubject::Recording);
        }
        match self.tab {
            Tab::Live => {
                self.selected_call().map(|call| DetailSubject::Call(call.id, call.recording.clone()))
            }
            Tab::Recordings | Tab::Diff => {
                self.recordings.selected().map(|key| DetailSubject::Recording(key.1.clone()))
            }
            Tab::Prune => self.prune.list.selected().map(|key| DetailSubject::Recording(key.2.clone())),
            Tab::Log => None,
        }
    }
}
