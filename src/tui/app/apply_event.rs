//! Events into lists.

use std::collections::{HashMap, HashSet};

use super::state::App;
use crate::model::{Call, CallId, Event, Level, RecordingId, Row, Snapshot};
use crate::query;
use crate::tui::content::subject::DetailSubject;
use crate::tui::input::tab::Tab;
use crate::tui::listing::order::RowKey;
use crate::tui::live::stats::LiveStats;
use crate::tui::protocol::mutation::counted;
use crate::tui::recordings::take_groups::TakeGroups;

impl App {
    /// Takes the world as it stands.
    pub(crate) fn take_snapshot(&mut self, snapshot: Snapshot) {
        let newest = |world: &Snapshot| world.calls.back().map(|call| call.id.0);
        if let (Some(before), Some(now)) = (newest(&self.world), newest(&snapshot)) {
            self.rate(now.saturating_sub(before));
        }
        self.world = snapshot;
        self.stored = self.world.rows.values().map(|row| row.size).sum();
        let lost = self.stats.lost;
        self.stats = LiveStats::of(self.world.calls.iter().map(AsRef::as_ref));
        self.stats.lost = lost;
        self.why.stale = true;
        self.kin = TakeGroups::of(&self.world);
        self.list_calls();
        self.sieve.spoil();
        self.asked.age();
        self.detail.refresh();
    }

    /// Takes an event in: into the world first, then into what is derived from it.
    pub(crate) fn take_event(&mut self, event: &Event) {
        if let Event::Snapshot(snapshot) = event {
            return self.take_snapshot(Snapshot::clone(snapshot));
        }
        let newest = self.world.calls.back().map(|call| call.id);
        if let Event::Call { call, .. } = event
            && call.done
            && !self.call(call.id).is_some_and(|known| known.done)
        {
            self.stats.take(call);
        }
        let before = self.keys_before(event);
        let known = |app: &Self, ids: &[RecordingId]| {
            let ids: Vec<_> = ids.iter().filter(|id| app.world.rows.contains_key(id)).cloned().collect();
            ids
        };
        let removed = if let Event::Removed { ids } = event { known(self, ids) } else { Vec::new() };
        self.stored = self.stored.saturating_sub(self.length_of(event));
        self.world.apply(event);
        if matches!(event, Event::Stored { .. }) {
            self.stored = self.stored.saturating_add(self.length_of(event));
        }
        if matches!(event, Event::Stored { .. } | Event::Removed { .. }) {
            self.asked.age();
        }
        match event {
            Event::Stored { rows } => self.diff.spoil(rows.iter().map(|row| &row.id)),
            Event::Removed { ids } => self.diff.spoil(ids.iter()),
            _ => {}
        }
        match event {
            Event::Call { call, .. } => {
                self.call_changed(call, newest);
                self.rows_hit(&before);
            }
            Event::Stored { rows } => {
                self.why.stale = true;
                self.rows_changed(rows, &before);
            }
            Event::Removed { .. } => {
                self.why.stale = true;
                self.rows_removed(&removed);
            }
            Event::Mode(mode) => {
                self.toasts.info(self.now, format!("The mode is {mode}: {}", mode.meaning()));
            }
            Event::Notice(notice) if notice.level == Level::Info => {
                self.toasts.info(self.now, notice.text.clone());
            }
            Event::Notice(notice) => self.toasts.notice(self.now, notice),
            Event::Snapshot(_) => {}
        }
    }

    fn rate(&mut self, calls: u64) {
        if let Some(second) = self.rates.back_mut() {
            *second += calls;
        }
    }

    /// Lists all calls that pass the filter.
    pub(crate) fn list_calls(&mut self) {
        let query = self.live.filter.query();
        let calls = self.world.calls.iter().filter(|call| call.id > self.cleared);
        let calls = calls.filter(|call| query.shows(query::Subject::Call(call), self.now));
        let keys = calls.clone().map(|call| call.id).collect();
        self.causes.replace(calls.map(AsRef::as_ref));
        self.live.replace(keys);
    }

    /// Lists all messages that pass the filter.
    pub(crate) fn list_log(&mut self) {
        let passes = self.log.filter.test();
        let log = self.toasts.log.iter().filter(|logged| passes(&logged.text));
        self.log.replace(log.map(|logged| logged.number).collect());
    }

    /// Brings the log up to date while it is looked at.
    pub(crate) fn look_at_log(&mut self, rows: usize) {
        if self.tab != Tab::Log {
            return;
        }
        let before = self.log.selected().copied();
        self.list_log();
        self.log.reveal(rows);
        self.toasts.see();
        if self.log.selected().copied() != before {
            self.detail.refresh();
        }
    }

    fn call_changed(&mut self, call: &Call, newest: Option<CallId>) {
        // Ids are consecutive: so calls count of which nothing was heard.
        self.rate(newest.map_or(1, |newest| call.id.0.saturating_sub(newest.0)));
        let oldest = self.world.calls.front().map(|call| call.id);
        if let Some(oldest) = oldest {
            self.live.drop_before(&oldest);
            self.causes.drop_before(oldest);
        }
        let listed = Some(call.id) >= oldest && call.id > self.cleared;
        let shown = listed && self.live.filter.query().shows(query::Subject::Call(call), self.now);
        self.live.put(&call.id, shown);
        if shown {
            self.causes.put(call);
        }
        if matches!(&self.detail.subject, Some(DetailSubject::Call(id, _)) if *id == call.id) {
            self.detail.refresh();
        } else if call.recording.as_ref().is_some_and(|id| self.shows(id)) {
            self.detail.recompose();
        }
    }

    /// Hits change a recording's place, where the list is sorted by them.
    fn rows_hit(&mut self, before: &HashMap<RecordingId, RowKey>) {
        for (id, key) in before {
            if let Some(row) = self.world.rows.get(id).cloned() {
                self.row_changed(Some(key), &row);
            }
        }
    }

    fn rows_changed(&mut self, rows: &[std::sync::Arc<Row>], before: &HashMap<RecordingId, RowKey>) {
        for row in rows {
            self.kin.put(row);
            self.smalls.forget(&row.id);
            self.row_changed(before.get(&row.id), row);
        }
        self.rows_moved([]);
        if rows.iter().any(|row| self.shows(&row.id)) {
            self.detail.refresh();
        }
    }

    fn rows_removed(&mut self, removed: &[RecordingId]) {
        let ids: HashSet<&RecordingId> = removed.iter().collect();
        for id in removed {
            if self.marked.remove(id) {
                self.marks.spoil();
            }
        }
        self.recordings.retain(|key| !ids.contains(&key.1));
        self.rows_moved(removed);
        if removed.is_empty() {
            return;
        }
        self.toasts.info(self.now, format!("Deleted {}; u takes it back", counted(removed.len())));
        if removed.iter().any(|id| self.shows(id)) {
            self.detail.refresh();
        }
    }

    /// The length of those recordings of the event that are there. Kept up with, as adding up all rows takes too long
    /// to be done for every frame.
    fn length_of(&self, event: &Event) -> u64 {
        let size = |id: &RecordingId| self.world.rows.get(id).map_or(0, |row| row.size);
        match event {
            Event::Stored { rows } => rows.iter().map(|row| size(&row.id)).sum(),
            Event::Removed { ids } => ids.iter().map(size).sum(),
            _ => 0,
        }
    }

    /// The keys, as they were, of recordings that an event is about.
    fn keys_before(&mut self, event: &Event) -> HashMap<RecordingId, RowKey> {
        let ids: Vec<&RecordingId> = match event {
            Event::Stored { rows } => rows.iter().map(|row| &row.id).collect(),
            Event::Removed { ids } => ids.iter().collect(),
            Event::Call { call, usage: Some(_), .. } => call.recording.iter().collect(),
            _ => Vec::new(),
        };
        let known = ids.into_iter().filter_map(|id| self.world.rows.get(id));
        let keys = known.clone().map(|row| (row.id.clone(), self.key_of(row))).collect();
        if !matches!(event, Event::Call { .. }) {
            known.for_each(|row| self.kin.remove(row));
        }
        keys
    }

    fn shows(&self, id: &RecordingId) -> bool {
        match &self.detail.subject {
            Some(DetailSubject::Recording(shown)) => shown == id,
            Some(DetailSubject::Call(_, recording)) => recording.as_ref() == Some(id),
            None => false,
        }
    }
}
