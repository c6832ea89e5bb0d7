//! Marked recordings, and ranges of them that grow while the selection moves.

use std::collections::BTreeSet;

use crate::model::RecordingId;

/// The marked recordings.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Ids.
    pub ids: BTreeSet<RecordingId>,
    /// Size in bytes.
    pub bytes: u64,
    /// The number of marked recordings that the filter hides.
    pub hidden: usize,
    range: Option<MarkRange>,
    /// True if `bytes` and `hidden` are to be counted anew.
    stale: bool,
}

/// A range from where it began to what is selected.
#[derive(Clone, Debug)]
struct MarkRange {
    from: RecordingId,
    /// The marks when it began.
    before: BTreeSet<RecordingId>,
}

/// A change of marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkChange {
    /// Mark each of these, or unmark it where it is marked.
    Toggle(Vec<RecordingId>),
    /// Mark these, too.
    Add(Vec<RecordingId>),
    /// Begin a range at this recording.
    StartRange(RecordingId),
    /// Mark the recordings of the range, and none that it covered before.
    ExtendRange(Vec<RecordingId>),
    /// End the range; its marks stay.
    EndRange,
    /// Unmark all.
    Clear,
}

impl Marks {
    /// True if this recording is marked.
    #[must_use]
    pub fn contains(&self, id: &RecordingId) -> bool {
        self.ids.contains(id)
    }

    /// The beginning of the range; `None` while there is no range.
    #[must_use]
    pub fn range_start(&self) -> Option<&RecordingId> {
        self.range.as_ref().map(|range| &range.from)
    }

    /// Ends the range; false where there was none.
    pub fn end_range(&mut self) -> bool {
        self.range.take().is_some()
    }

    /// Marks or rows changed: the totals are to be counted anew.
    pub fn invalidate(&mut self) {
        self.stale = true;
    }

    /// True if the totals are to be counted; they are then taken to be.
    pub fn take_stale(&mut self) -> bool {
        std::mem::take(&mut self.stale)
    }

    /// Makes a change. `measure` gives a recording's size in bytes, and whether the filter hides it: a single mark is
    /// counted alone, as there can be very many others.
    pub fn apply(&mut self, change: MarkChange, measure: impl Fn(&RecordingId) -> (u64, bool)) {
        match change {
            MarkChange::Toggle(ids) => ids.into_iter().for_each(|id| self.toggle(id, &measure)),
            MarkChange::Add(ids) => {
                self.ids.extend(ids);
                self.invalidate();
            }
            MarkChange::StartRange(from) => self.range = Some(MarkRange { from, before: self.ids.clone() }),
            MarkChange::ExtendRange(ids) => {
                if let Some(range) = &self.range {
                    self.ids.clone_from(&range.before);
                    self.ids.extend(ids);
                    self.invalidate();
                }
            }
            MarkChange::EndRange => {
                self.end_range();
            }
            MarkChange::Clear => {
                self.ids.clear();
                self.range = None;
                self.invalidate();
            }
        }
    }

    fn toggle(&mut self, id: RecordingId, measure: impl Fn(&RecordingId) -> (u64, bool)) {
        let (bytes, hidden) = measure(&id);
        if self.ids.remove(&id) {
            self.bytes = self.bytes.saturating_sub(bytes);
            self.hidden = self.hidden.saturating_sub(usize::from(hidden));
        } else {
            self.ids.insert(id);
            self.bytes = self.bytes.saturating_add(bytes);
            self.hidden += usize::from(hidden);
        }
    }
}
