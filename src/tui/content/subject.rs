//! What the detail pane is about.

use crate::model::{CallId, RecordingId};

/// What the detail pane is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DetailSubject {
    /// A recording.
    Recording(RecordingId),
    /// A call, and the recording that answered it or that it becomes.
    Call(CallId, Option<RecordingId>),
}
