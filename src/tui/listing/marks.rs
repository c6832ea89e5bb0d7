//! Marks on recordings, and ranges of them while somebody moves.

use std::collections::BTreeSet;

use crate::model::RecordingId;
use crate::tui::app::state::App;
use crate::tui::input::action::Action;

/// A range that is being marked, and what is to be known of all marks.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    range: Option<MarkRange>,
    /// The length of what is marked, in bytes.
    pub bytes: u64,
    /// How many marked ones the filter hides.
    pub hidden: usize,
    stale: bool,
}

/// A range of marks from where it began to what is selected.
#[derive(Clone, Debug)]
struct MarkRange {
    from: RecordingId,
    /// What was marked when it began.
    before: BTreeSet<RecordingId>,
}

impl Marks {
    /// Marks or rows changed.
    pub fn spoil(&mut self) {
        self.stale = true;
    }

    /// Whether a range grows with every move.
    #[must_use]
    pub fn in_range(&self) -> bool {
        self.range.is_some()
    }

    /// Ends a range; what it marked stays marked. False where there is none.
    pub fn end_range(&mut self) -> bool {
        self.range.take().is_some()
    }
}

impl App {
    /// Marks recordings, or takes marks away. What the filter hides keeps its marks, but for `A`.
    pub(crate) fn mark(&mut self, action: Action) {
        let shown = || self.recordings.keys().iter().map(|key| key.1.clone());
        match action {
            Action::Mark => {
                if let Some(id) = self.selected_row().map(|row| row.id.clone()) {
                    self.toggle_mark(id);
                    self.moved(1);
                }
                return;
            }
            Action::Range => {
                if !self.marks.end_range() {
                    let (from, before) = (self.recordings.selected(), self.marked.clone());
                    self.marks.range = from.map(|from| MarkRange { from: from.1.clone(), before });
                    self.mark_range();
                }
            }
            Action::MarkAll => self.marked = shown().chain(self.marked.iter().cloned()).collect(),
            Action::MarkOthers => {
                let others: Vec<RecordingId> = shown().collect();
                for id in others {
                    self.toggle_mark(id);
                }
            }
            _ => {
                self.marked.clear();
                self.marks.range = None;
            }
        }
        self.marks.spoil();
    }

    /// Marks one, or takes its mark away. It alone is counted: there can be very many others.
    pub(crate) fn toggle_mark(&mut self, id: RecordingId) {
        let row = self.world.rows.get(&id);
        let bytes = row.map_or(0, |row| row.size);
        let hidden = usize::from(row.is_some_and(|row| !self.recordings.contains(&self.key_of(row))));
        if self.marked.remove(&id) {
            self.marks.bytes = self.marks.bytes.saturating_sub(bytes);
            self.marks.hidden = self.marks.hidden.saturating_sub(hidden);
        } else {
            self.marked.insert(id);
            self.marks.bytes = self.marks.bytes.saturating_add(bytes);
            self.marks.hidden += hidden;
        }
    }

    /// Marks what lies between the beginning of the range and the selection, and nothing that it went over before.
    pub(crate) fn mark_range(&mut self) {
        let Some(range) = &self.marks.range else { return };
        let from = self.world.rows.get(&range.from).map(|row| self.key_of(row));
        let (Some(from), Some(to)) = (from, self.recordings.selected()) else { return };
        let (low, high) = if from <= *to { (&from, to) } else { (to, &from) };
        let keys = self.recordings.keys();
        let (start, end) = (keys.partition_point(|key| key < low), keys.partition_point(|key| key <= high));
        self.marked.clone_from(&range.before);
        self.marked.extend(keys.range(start..end).map(|key| key.1.clone()));
        self.marks.spoil();
    }

    /// Brings up to date what the title says of marks.
    pub(crate) fn count_marks(&mut self) {
        if !std::mem::take(&mut self.marks.stale) {
            return;
        }
        // A list of all hides none, which need not be looked at one by one.
        let some_hidden = self.recordings.keys().len() < self.world.rows.len();
        let rows = self.marked.iter().filter_map(|id| self.world.rows.get(id));
        let (mut bytes, mut hidden) = (0_u64, 0);
        for row in rows {
            bytes = bytes.saturating_add(row.size);
            hidden += usize::from(some_hidden && !self.recordings.contains(&self.key_of(row)));
        }
        (self.marks.bytes, self.marks.hidden) = (bytes, hidden);
    }
}
