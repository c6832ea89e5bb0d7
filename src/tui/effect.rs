//! What the screen wants done outside itself.

use super::ask::Ask;
use super::copy::Part;
use super::deed::Deed;
use super::draft::Draft;
use super::seek::Seek;
use super::sheet::Shrink;
use super::sieve::Sift;
use super::text::{Form, Picture};
use crate::engine::Thing;
use crate::model::{CallId, RecordingId, Rows};
use crate::query::Key;

/// A wish of the screen. Carrying it out changes nothing on the screen: the event or message that follows does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Fetch and prepare what the detail pane shows; answered by `Message::Loaded`.
    Load {
        /// Comes back with the answer; only the newest counts.
        generation: u64,
        /// What to show.
        subject: Subject,
        /// In which form.
        form: Form,
    },
    /// Decode a picture and scale it to so many cells; answered by `Message::Scaled`.
    Scale(Scale),
    /// Work out which recordings are listed; answered by `Message::Sifted`.
    Sift(Sift),
    /// Find what stands behind a key in these rows; answered by `Message::Values`.
    Values(Key, Rows),
    /// Make pictures of recordings small; answered by a `Message::Shrunk` for each.
    Shrink(Shrink),
    /// Look for letters in recordings; answered by `Message::Sought`.
    Seek(Seek),
    /// Show a picture in full resolution on the whole screen.
    FullScreen(Picture),
    /// Decode two pictures that are compared; answered by `Message::Paired`.
    Pair(Pair),
    /// Put a part of an exchange where it can be pasted; answered by `Message::Copied`, `Done` or `Failed`.
    Copy(Held, Part),
    /// Let the terminal put text on the clipboard.
    Clip {
        /// The text.
        text: String,
        /// What it is.
        what: &'static str,
    },
    /// Show a part of an exchange in another program; answered by `Message::Done` or `Failed`.
    Outside(Held, Shown),
    /// Send the request of a call or a recording once more; answered by `Message::Fired` or `Failed`.
    Fire(Thing),
    /// Ask the desk something; answered by `Message::Answered`.
    Ask(u64, Ask),
    /// Ask the desk for a change; answered by `Message::Done` or `Message::Failed`.
    Do(Deed),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Stop the process until the shell says to go on.
    Suspend,
    /// Open what an answer says in somebody's editor; answered by `Message::Drafted`.
    Editor(Box<Draft>),
    /// Give up what is left of long work.
    Cancel,
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

/// An exchange to be read: a recording, what that was, or a call; of a call that is not remembered the recording that
/// answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held(pub Thing, pub Option<RecordingId>);

/// What is shown in another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The request's body.
    Request,
    /// The response's body.
    Response,
    /// A picture of the answer.
    Picture(Picture),
    /// The sound or film with this number, from 0.
    Medium(usize),
}

/// Two pictures that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Comes back with the answer; only the newest counts.
    pub generation: u64,
    /// The exchanges, and in which field of the answer each picture is.
    pub sides: [(Held, Option<String>); 2],
    /// Columns and rows of the place for each.
    pub cells: (u16, u16),
    /// Whether the second one is to show where they differ.
    pub map: bool,
}
