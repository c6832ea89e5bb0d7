//! Steps that can be done again: those that were undone since the last one was made.

use crate::model::StepId;

/// A step was made, and what was undone before it stays undone for good. One that is written as undone was already: so
/// journals say it that an older retake has compacted, the oldest first.
pub(super) fn made(redo: &mut Vec<StepId>, step: StepId, undone: bool) {
    if undone { redo.insert(0, step) } else { redo.clear() }
}

/// A step was undone, or done again. Doing it again is said of none but the last.
pub(super) fn turned(redo: &mut Vec<StepId>, step: StepId, undone: bool) {
    redo.retain(|known| *known != step);
    if undone {
        redo.push(step);
    }
}
