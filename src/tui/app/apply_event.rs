//! Events of the engine: into the world first, then into what each tab derives from it.

use super::state::App;
use crate::model::{Event, Level, RecordingId, Snapshot};
use crate::tui::content::subject::DetailSubject;
use crate::tui::protocol::mutation::count_recordings;

impl App {
    /// Takes the world as it stands.
    pub(super) fn take_snapshot(&mut self, snapshot: Snapshot) {
        let newest = self.context.world.calls.back().map(|call| call.id);
        self.context.world = snapshot;
        self.live.take_snapshot(newest, &self.context);
        self.recordings.take_snapshot(&self.context);
        self.queries.invalidate();
        self.detail.refresh();
    }

    /// Takes an event in.
    pub(super) fn apply_event(&mut self, event: &Event) {
        let context = &mut self.context;
        let newest = context.world.calls.back().map(|call| call.id);
        let before = self.recordings.before_event(event, context);
        if let Event::Call { call, .. } = event {
            self.live.count_ended(call, &context.world);
        }
        if !matches!(event, Event::Snapshot(_)) {
            context.world.apply(event);
        }
        match event {
            Event::Snapshot(snapshot) => self.take_snapshot(Snapshot::clone(snapshot)),
            Event::Call { call, .. } => {
                self.live.call_changed(call, newest, context);
                self.recordings.rows_hit(&before, context);
                let subject = self.detail.subject.as_ref();
                if matches!(subject, Some(DetailSubject::Call(id, _)) if *id == call.id) {
                    self.detail.refresh();
                } else if call.recording.as_ref().is_some_and(|id| self.detail.shows(id)) {
                    self.detail.recompose();
                }
            }
            Event::Stored { rows } => {
                self.recordings.rows_stored(rows, &before, context);
                self.rows_changed(rows.iter().map(|row| &row.id));
            }
            Event::Removed { ids } => {
                let removed: Vec<RecordingId> =
                    ids.iter().filter(|id| before.contains_key(*id)).cloned().collect();
                self.recordings.rows_removed(&removed, context);
                if !removed.is_empty() {
                    let text = format!("Deleted {}; u undoes it", count_recordings(removed.len()));
                    self.toasts.info(context.now, text);
                }
                self.rows_changed(ids.iter());
            }
            Event::Mode(mode) => {
                self.toasts.info(context.now, format!("The mode is {mode}: {}", mode.meaning()));
            }
            Event::Notice(notice) if notice.level == Level::Info => {
                self.toasts.info(context.now, notice.text.clone());
            }
            Event::Notice(notice) => self.toasts.notice(context.now, notice),
        }
    }

    /// Recordings were stored or removed: answers of the client that may depend on them are old.
    fn rows_changed<'a>(&mut self, mut ids: impl Iterator<Item = &'a RecordingId> + Clone) {
        self.context.rows_revision += 1;
        self.live.explanation.stale = true;
        self.queries.invalidate();
        self.diff.invalidate(ids.clone());
        if ids.any(|id| self.detail.shows(id)) {
            self.detail.refresh();
        }
    }
}
