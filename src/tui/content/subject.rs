//! The subject of the detail pane.

use crate::model::{CallId, RecordingId};

/// The exchange that the detail pane shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DetailSubject {
    /// A recording.
    Recording(RecordingId),
    /// A call, and the recording that answered it or that it becomes.
    Call(CallId, Option<RecordingId>),
}
