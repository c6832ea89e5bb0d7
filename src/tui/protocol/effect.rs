//! What the screen wants done outside itself.

use super::mutation::Mutation;
use super::query::RemoteQuery;
use crate::engine::Thing;
use crate::model::{RecordingId, Rows};
use crate::query::Key;
use crate::tui::content::copy::CopyPart;
use crate::tui::content::draft::EditDraft;
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::{AnswerPicture, BodyForm};
use crate::tui::listing::fuzzy_find::FuzzyJob;
use crate::tui::recordings::contact_sheet::ThumbnailJob;
use crate::tui::recordings::list_query::ListJob;

/// A wish of the screen. Carrying it out changes nothing on the screen: the event or message that follows does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Fetch and prepare what the detail pane shows; answered by `Message::Loaded`.
    Load {
        /// Comes back with the answer; only the newest counts.
        generation: u64,
        /// What to show.
        subject: DetailSubject,
        /// In which form.
        form: BodyForm,
    },
    /// Decode a picture and scale it to so many cells; answered by `Message::Scaled`.
    Scale(ScaleJob),
    /// Work out which recordings are listed; answered by `Message::Sifted`.
    Sift(ListJob),
    /// Find what stands behind a key in these rows; answered by `Message::Values`.
    Values(Key, Rows),
    /// Make pictures of recordings small; answered by a `Message::Shrunk` for each.
    Shrink(ThumbnailJob),
    /// Look for letters in recordings; answered by `Message::Sought`.
    Seek(FuzzyJob),
    /// Show a picture in full resolution on the whole screen.
    FullScreen(AnswerPicture),
    /// Decode two pictures that are compared; answered by `Message::Paired`.
    Pair(PairJob),
    /// Put a part of an exchange where it can be pasted; answered by `Message::Copied`, `Done` or `Failed`.
    Copy(ExchangeSource, CopyPart),
    /// Let the terminal put text on the clipboard.
    Clip {
        /// The text.
        text: String,
        /// What it is.
        what: &'static str,
    },
    /// Show a part of an exchange in another program; answered by `Message::Done` or `Failed`.
    Outside(ExchangeSource, OpenedPart),
    /// Send the request of a call or a recording once more; answered by `Message::Fired` or `Failed`.
    Fire(Thing),
    /// Ask the desk something; answered by `Message::Answered`.
    Ask(u64, RemoteQuery),
    /// Ask the desk for a change; answered by `Message::Done` or `Message::Failed`.
    Do(Mutation),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Stop the process until the shell says to go on.
    Suspend,
    /// Open what an answer says in somebody's editor; answered by `Message::Drafted`.
    Editor(Box<EditDraft>),
    /// Give up what is left of long work.
    Cancel,
    /// Draw every cell anew.
    Redraw,
    /// Leave the program.
    Quit,
}

/// A picture to scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleJob {
    /// Comes back with the answer; only the newest counts.
    pub generation: u64,
    /// The picture.
    pub picture: AnswerPicture,
    /// Columns and rows of the place for it.
    pub cells: (u16, u16),
}

/// An exchange to be read: a recording, what that was, or a call; of a call that is not remembered the recording that
/// answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeSource(pub Thing, pub Option<RecordingId>);

/// What is shown in another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenedPart {
    /// The request's body.
    Request,
    /// The response's body.
    Response,
    /// A picture of the answer.
    Picture(AnswerPicture),
    /// The sound or film with this number, from 0.
    Medium(usize),
}

/// Two pictures that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairJob {
    /// Comes back with the answer; only the newest counts.
    pub generation: u64,
    /// The exchanges, and in which field of the answer each picture is.
    pub sides: [(ExchangeSource, Option<String>); 2],
    /// Columns and rows of the place for each.
    pub cells: (u16, u16),
    /// Whether the second one is to show where they differ.
    pub map: bool,
}
