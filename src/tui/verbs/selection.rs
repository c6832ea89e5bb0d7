//! The selection that verbs are for.

use crate::engine::ExchangeRef;
use crate::model::RecordingId;
use crate::tui::protocol::job::OpenedPart;

/// The selection of the tab in front.
#[derive(Debug)]
pub struct Selection {
    /// The marked recordings, or the selected one.
    pub recordings: Vec<RecordingId>,
    /// The selected recording or call; `None` where nothing is selected.
    pub thing: Option<ExchangeRef>,
    /// The part of it that the detail pane shows.
    pub part: OpenedPart,
    /// The field of the picture that the detail pane shows; `None` where there is only one.
    pub picture_field: Option<String>,
}
