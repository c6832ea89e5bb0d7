//! Effects: work that the screen wants done outside itself.

use super::job::{ExchangeSource, OpenedPart, PairJob, ScaleJob, ThumbnailJob};
use super::mutation::Mutation;
use super::query::RemoteQuery;
use crate::engine::ExchangeRef;
use crate::model::Rows;
use crate::query::Key;
use crate::tui::content::copy::CopyPart;
use crate::tui::content::draft::EditDraft;
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::{AnswerPicture, BodyForm};
use crate::tui::listing::fuzzy_find::FuzzyJob;
use crate::tui::listing::list_query::ListJob;

/// A wish of the screen. Carrying it out changes nothing on the screen: the event or message that follows does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Fetch and prepare what the detail pane shows; answered by `Message::Loaded`.
    Load {
        /// Comes back with the answer; only the newest counts.
        generation: u64,
        /// The exchange.
        subject: DetailSubject,
        /// The form of the body.
        form: BodyForm,
    },
    /// Decode a picture and scale it to so many cells; answered by `Message::Scaled`.
    Scale(ScaleJob),
    /// Filter and sort recordings; answered by `Message::Listed`.
    List(ListJob),
    /// Find the values behind a key in these rows; answered by `Message::Values`.
    Values(Key, Rows),
    /// Make pictures of recordings small; answered by a `Message::ThumbnailReady` for each.
    Thumbnails(ThumbnailJob),
    /// Look for letters in recordings; answered by `Message::FuzzyMatched`.
    FuzzyFind(FuzzyJob),
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
        /// The name of the part.
        what: &'static str,
    },
    /// Show a part of an exchange in another program; answered by `Message::Done` or `Failed`.
    OpenOutside(ExchangeSource, OpenedPart),
    /// Send the request of a call or a recording once more; answered by `Message::Fired` or `Failed`.
    Fire(ExchangeRef),
    /// Ask the client something; answered by `Message::QueryAnswered`.
    Query(u64, RemoteQuery),
    /// Ask the client for a change; answered by `Message::Done` or `Message::Failed`.
    Mutate(Mutation),
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
