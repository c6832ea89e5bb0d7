//! What the screen wants done outside itself.

use super::ask::Ask;
use super::deed::Deed;
use super::draft::Draft;
use super::text::Picture;
use crate::model::{CallId, RecordingId};

/// A wish of the screen. Carrying it out changes nothing on the screen: the event or message that follows does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Fetch and prepare what the detail pane shows; answered by `Message::Loaded`.
    Load {
        /// Comes back with the answer; only the newest counts.
        generation: u64,
        /// What to show.
        subject: Subject,
    },
    /// Decode a picture and scale it to so many cells; answered by `Message::Scaled`.
    Scale(Scale),
    /// Show a picture in full resolution on the whole screen.
    FullScreen(Picture),
    /// Ask the desk something; answered by `Message::Answered`.
    Ask(u64, Ask),
    /// Ask the desk for a change; answered by `Message::Done` or `Message::Failed`.
    Do(Deed),
    /// Open what an answer says in somebody's editor; answered by `Message::Drafted`.
    Editor(Box<Draft>),
    /// Give up what is left of long work.
    Cancel,
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Stop the process until the shell says to go on.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// Leave the program.
    Quit,
}

/// What the detail pane is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A recording.
    Recording(RecordingId),
    /// A call, and the recording that answered it or that it becomes.
    Call(CallId, Option<RecordingId>),
}

/// A picture to scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Comes back with the answer; only the newest counts.
    pub generation: u64,
    /// The picture.
    pub picture: Picture,
    /// Columns and rows of the place for it.
    pub cells: (u16, u16),
}
