//! State derived after each message: lists, queries, the detail's subject, its lines, its picture.

use ratatui::layout::Rect;

use super::state::App;
use crate::model::{Outcome, RecordingId};
use crate::tui::content::page::DetailPage;
use crate::tui::content::subject::DetailSubject;
use crate::tui::contract::outcome::PreviewRequest;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;
use crate::tui::recordings::state::ListRefresh;
use crate::tui::widgets::layout::{self, ScreenClass};
use crate::tui::widgets::line::Toned;

impl App {
    /// Brings what is derived up to date. With `explain_anew` a stale explanation is asked for once more.
    pub(super) fn reconcile(&mut self, explain_anew: bool) -> Vec<Effect> {
        let mut effects = self.reconcile_lists();
        effects.extend(self.reconcile_overlay());
        if self.shows_sheet() {
            effects.extend(self.recordings.reconcile_sheet(&self.context));
        }
        self.recordings.count_marks(&mut self.context);
        self.place_panes();
        self.show_awaited_call();
        effects.extend(self.send_wanted());
        let screen = self.context.areas.whole;
        let preview = self.overlay.as_ref().and_then(|overlay| overlay.preview_request(screen));
        if self.context.tab == Tab::Diff && preview.is_none() {
            effects.extend(self.diff.reconcile(&self.context));
            return effects;
        }
        let rows = self.list_rows();
        self.live.list.reveal(rows);
        self.live.causes.list.reveal(rows);
        self.recordings.list.reveal(rows);
        self.prune.list.reveal(rows);
        if self.context.tab == Tab::Log {
            let other = self.log.refresh(&self.toasts, &self.context);
            self.toasts.see();
            if other {
                self.detail.refresh();
            }
        }
        effects.extend(self.reconcile_detail(preview.as_ref(), explain_anew));
        if let Some(overlay) = self.overlay.as_mut().filter(|_| preview.is_some()) {
            overlay.take_preview(self.detail.preview());
        }
        effects
    }

    fn reconcile_lists(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        match self.recordings.load(&self.context) {
            Some(ListRefresh::Job(job)) => effects.push(job),
            Some(ListRefresh::Query(query)) => effects.push(self.send(query)),
            None => {}
        }
        // Not while nobody looks.
        if self.context.tab == Tab::Recordings
            && let Some(query) = self.recordings.expired_query(&self.context)
        {
            effects.push(self.send(query));
        }
        effects
    }

    fn reconcile_overlay(&mut self) -> Vec<Effect> {
        let Some(overlay) = &mut self.overlay else { return Vec::new() };
        let outcome = overlay.reconcile(&self.context);
        self.perform(outcome)
    }

    fn reconcile_detail(&mut self, preview: Option<&PreviewRequest>, explain_anew: bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        let tab = self.context.tab;
        let subject = preview.map_or_else(|| self.subject(), |preview| preview.subject.clone());
        self.detail.turn_to(subject);
        if let (Tab::Live, None, Some(call)) = (tab, preview, self.live.selected_call(&self.context)) {
            let missed = call.outcome == Some(Outcome::Miss);
            self.detail.open_at(if missed { DetailPage::Why } else { DetailPage::default() });
        }
        if tab == Tab::Live
            && let Some(query) = self.live.explain(explain_anew, &mut self.context)
        {
            effects.push(self.send(query));
        }
        // What is selected is fetched where only the list is seen, too: its picture can be shown, its body opened.
        if self.context.areas.class != ScreenClass::Line {
            effects.extend(self.detail.load());
        }
        let (text, picture) = self.detail_places(preview);
        let full = self.detail.picture.full_screen;
        if text.height == 0 && !full {
            return effects;
        }
        let width = usize::from(text.width);
        if self.detail.must_compose(width) {
            let lines = self.compose(width, preview.is_some());
            self.detail.set_lines(lines);
        }
        self.detail.keep_in(usize::from(text.height));
        if full || preview.is_some() || self.detail.page == DetailPage::Image {
            let place = if full { self.context.areas.whole } else { picture };
            let rows = if full { place.height.saturating_sub(1) } else { place.height };
            effects.extend(self.detail.scale((place.width, rows)));
        }
        effects
    }

    /// The places of the detail's content, as text and as a picture.
    fn detail_places(&self, preview: Option<&PreviewRequest>) -> (Rect, Rect) {
        let detail = self.context.areas.detail;
        let own = || (layout::text(detail), layout::picture(detail));
        preview.map_or_else(own, |preview| (preview.text, preview.picture))
    }

    /// The lines of the detail pane: the page in front, or the messages on Log.
    fn compose(&self, width: usize, preview: bool) -> Vec<Toned> {
        let context = &self.context;
        if context.tab == Tab::Log && !preview {
            return self.log.detail_lines(&self.toasts, context, width);
        }
        match (&self.detail.subject, self.detail.page) {
            (Some(DetailSubject::Call(id, _)), DetailPage::Why) => {
                let call = context.call(*id);
                let lines = call.map(|call| self.live.explanation_lines(call, width, context));
                lines.iter().flatten().flat_map(|line| line.wrapped(width)).collect()
            }
            _ => self.detail.compose(context, width),
        }
    }

    fn subject(&self) -> Option<DetailSubject> {
        let recording = |id: &RecordingId| DetailSubject::Recording(id.clone());
        match self.context.tab {
            Tab::Live => {
                let call = self.live.selected_call(&self.context)?;
                Some(DetailSubject::Call(call.id, call.recording.clone()))
            }
            Tab::Recordings | Tab::Diff => self.recordings.list.selected().map(|key| recording(&key.1)),
            Tab::Prune => self.prune.list.selected().map(|key| recording(&key.2)),
            Tab::Log => None,
        }
    }
}
