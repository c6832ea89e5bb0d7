//! Carries out what tabs, overlays and the detail pane ask of the app.

use super::state::App;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::tab::Tab;
use crate::tui::overlay::retag::choice::RetagOverlay;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::line::thousands;

impl App {
    /// Carries out what an outcome asks for; gives what is left to do outside.
    pub(super) fn perform(&mut self, outcome: ActionOutcome) -> Vec<Effect> {
        outcome.requests().into_iter().flat_map(|request| self.carry_out(request)).collect()
    }

    fn carry_out(&mut self, request: AppRequest) -> Vec<Effect> {
        match request {
            AppRequest::Info(text) => self.toasts.info(self.context.now, text),
            AppRequest::Error(text) => self.toasts.error(text),
            AppRequest::Effect(effect) => return vec![effect],
            AppRequest::Query(query) => return vec![self.send(query)],
            AppRequest::Act(action) => return self.act(action),
            AppRequest::Open(overlay) => {
                // What lies below is left: an overlay over another would hide what it is about.
                self.recordings.sheet = None;
                self.overlay = Some(overlay);
            }
            AppRequest::Close => self.overlay = None,
            AppRequest::Mark(change) => {
                let (recordings, world) = (&self.recordings, &self.context.world);
                self.context.marks.apply(change, |id| {
                    let row = world.rows.get(id);
                    let hidden = row.is_some_and(|row| !recordings.list.contains(&recordings.key_of(row)));
                    (row.map_or(0, |row| row.size), hidden)
                });
            }
            AppRequest::Move(by) => {
                let outcome = self.step(by);
                return self.perform(outcome);
            }
            AppRequest::Retag => self.open_retag(),
            AppRequest::ShowRecording(id) => self.show_recording(&id),
            AppRequest::ShowCallsOf(id) => self.show_calls_of(&id),
            AppRequest::FocusDetail => self.focus_detail(true),
            AppRequest::Compare(one, other) => {
                if self.context.tab != Tab::Diff {
                    self.jumps.push(self.context.tab);
                    self.turn_to(Tab::Diff);
                }
                self.diff.open(one, other);
                self.toasts.settle();
                self.context.cache.diff.forget();
            }
            AppRequest::PickFirst(thing) => {
                let text = format!("A = {thing}; c on the other one, c again cancels");
                self.toasts.info(self.context.now, text);
                self.diff.first = Some(thing);
            }
            AppRequest::UnpickFirst => self.diff.first = None,
            AppRequest::Sort(by) => self.recordings.sort(by),
            AppRequest::PruneQuery(query) => self.prune.list.filter.set(query),
            AppRequest::ClearCalls => {
                if let Some(hidden) = self.live.clear_calls(&self.context) {
                    let text = format!("{} calls are hidden; recordings stay", thousands(hidden as u64));
                    self.toasts.info(self.context.now, text);
                }
            }
            AppRequest::SetDraftAside(draft) => self.context.draft = draft,
            AppRequest::RememberFind(line) => self.context.find_history.remember(&line),
            AppRequest::RecomposeDetail => self.detail.recompose(),
        }
        Vec::new()
    }

    /// Opens the retag dialog for the selected recordings. What is known of other recordings is forgotten.
    fn open_retag(&mut self) {
        let ids = self.selection().recordings;
        let Some(overlay) = RetagOverlay::of(&self.context.rows(&ids)) else {
            return self.toasts.info(self.context.now, "No recording is selected".into());
        };
        let cache = &mut self.context.cache;
        cache.retag.forget();
        cache.fields.forget();
        self.queries.forget(|query| matches!(query, RemoteQuery::Retag(..) | RemoteQuery::Fields(_)));
        self.recordings.sheet = None;
        self.overlay = Some(Box::new(overlay));
    }
}
