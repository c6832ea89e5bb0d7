//! Everything that can happen to the screen.

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use super::job::Thumbnail;
use super::mutation::Mutation;
use super::query::{RemoteAnswer, RemoteQuery};
use crate::engine::Fired;
use crate::model::{Event, RecordingId, Snapshot, Timestamp};
use crate::query::Key;
use crate::tui::content::draft::EditDraft;
use crate::tui::content::page::ExchangePages;
use crate::tui::input::action::Action;
use crate::tui::listing::fuzzy_find::FuzzyMatches;
use crate::tui::listing::order::RowKey;
use crate::tui::listing::ranked_set::RankedSet;
use crate::tui::widgets::picture::ScaledPicture;

/// A message to the screen.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse was moved or pressed, at this time.
    Mouse(MouseEvent, Timestamp),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// A frame is drawn next.
    Frame,
    /// A second went by; it is now this late.
    Tick(Timestamp),
    /// The engine announced something.
    Event(Arc<Event>),
    /// The world as it stands: at the start, and when events were lost.
    Snapshot(Box<Snapshot>),
    /// The detail pane's content is ready.
    Loaded {
        /// The generation of the effect that asked.
        generation: u64,
        /// The content; none when there is nothing to show any more.
        pages: Option<Arc<ExchangePages>>,
    },
    /// A picture is ready.
    Scaled {
        /// The generation of the effect that asked.
        generation: u64,
        /// The picture's own width and height, and its scaled pixels; else why there is none.
        picture: ScaledPicture,
    },
    /// Recordings are filtered and sorted.
    Listed {
        /// The id of the job that asked.
        request_id: u64,
        /// The keys of the rows, in order.
        keys: RankedSet<RowKey>,
    },
    /// The values behind a key of recordings.
    Values(Key, Vec<String>),
    /// A recording's first picture is small.
    ThumbnailReady(RecordingId, (u16, u16), Thumbnail),
    /// Recordings were searched.
    FuzzyMatched {
        /// The id of the job that asked.
        request_id: u64,
        /// The results.
        matches: FuzzyMatches,
    },
    /// The number of events that came too fast to be taken in one by one; a snapshot follows.
    Lagged(u64),
    /// The client answered what it was asked.
    QueryAnswered {
        /// The id of the effect that asked.
        request_id: u64,
        /// The question.
        query: RemoteQuery,
        /// The answer, or why there is none.
        result: Result<RemoteAnswer, String>,
    },
    /// An edit, after somebody left their editor.
    Drafted(Box<EditDraft>),
    /// A change is done, and this is offered next.
    Offer(Action),
    /// A change is made; what to tell, if the event does not.
    Done(String),
    /// A change goes on.
    Progress {
        /// Parts done.
        done: usize,
        /// Parts in all.
        total: usize,
    },
    /// The pictures that are compared are ready.
    Paired {
        /// The generation of the effect that asked.
        generation: u64,
        /// Both sides; none where an answer has fewer pictures.
        sides: [Option<ScaledPicture>; 2],
    },
    /// A recording was sent once more; this became of it.
    Fired(Fired),
    /// Text that the terminal is to put on the clipboard.
    Copied {
        /// The text.
        text: String,
        /// The name of the part (`the hash`).
        what: &'static str,
    },
    /// A change would cost something; how much, and the change as it is made by who agrees.
    Consent {
        /// The change.
        mutation: Mutation,
        /// The price, in words.
        text: String,
    },
    /// Work that failed.
    Failed {
        /// The name of the work (`delete`).
        what: &'static str,
        /// The reason.
        text: String,
    },
    /// The process is asked to end.
    Terminate,
}
