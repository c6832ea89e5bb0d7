//! The outcome of an action or of typed text, and the trait of overlays.

use std::fmt::Debug;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use super::context::Context;
use crate::engine::ExchangeRef;
use crate::model::RecordingId;
use crate::tui::content::draft::EditDraft;
use crate::tui::content::subject::DetailSubject;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::listing::fuzzy_find::FuzzyMatches;
use crate::tui::listing::marks::MarkChange;
use crate::tui::listing::order::SortBy;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::job::DetailPreview;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::RemoteQuery;

/// The outcome of an action.
#[derive(Debug)]
#[must_use]
pub enum ActionOutcome {
    /// An action that means nothing here: somebody else may know it.
    Ignored,
    /// An action that was carried out; the app has these things left to do, in order.
    Handled(Vec<AppRequest>),
}

/// A request of a part to the app.
#[derive(Debug)]
pub enum AppRequest {
    /// Show a message that goes by itself.
    Info(String),
    /// Show an error, which stays until it is dismissed.
    Error(String),
    /// Hand this to the workers.
    Effect(Effect),
    /// Ask the client.
    Query(RemoteQuery),
    /// Act as if a key with this meaning had been pressed.
    Act(Action),
    /// Put an overlay on top, in place of the one that is there.
    Open(Box<dyn Overlay>),
    /// Close the overlay on top.
    Close,
    /// Change marks.
    Mark(MarkChange),
    /// Move the selection, or scroll, by so many rows.
    Move(isize),
    /// Open the retag dialog for what is selected.
    Retag,
    /// Go to a recording in its list.
    ShowRecording(RecordingId),
    /// List the calls that a recording answered.
    ShowCallsOf(RecordingId),
    /// Give the focus to the detail pane.
    FocusDetail,
    /// Compare two exchanges on the Diff tab.
    Compare(ExchangeRef, ExchangeRef),
    /// Remember the first of two exchanges to compare.
    PickFirst(ExchangeRef),
    /// Forget the first of two exchanges to compare.
    UnpickFirst,
    /// Sort recordings by this, or the other way round where they are sorted by it already.
    Sort(SortBy),
    /// Plan a prune with this query.
    PruneQuery(String),
    /// Empty the list of calls.
    ClearCalls,
    /// Put an edit aside; `None` forgets the one that was.
    SetDraftAside(Option<Box<EditDraft>>),
    /// Add a line to the history of the finder.
    RememberFind(String),
    /// Make the lines of the detail pane anew.
    RecomposeDetail,
}

impl ActionOutcome {
    /// Carried out, with nothing left to do.
    pub fn done() -> Self {
        Self::Handled(Vec::new())
    }

    /// A message that goes by itself.
    pub fn info(text: impl Into<String>) -> Self {
        AppRequest::Info(text.into()).into()
    }

    /// An overlay to put on top.
    pub fn open(overlay: impl Overlay + 'static) -> Self {
        AppRequest::open(overlay).into()
    }

    /// A change to ask for.
    pub fn mutate(mutation: Mutation) -> Self {
        AppRequest::mutate(mutation).into()
    }

    /// Work for the workers.
    pub fn effect(effect: Effect) -> Self {
        AppRequest::Effect(effect).into()
    }

    /// Closes the overlay, and then does this.
    pub fn close_then(request: AppRequest) -> Self {
        Self::Handled(vec![AppRequest::Close, request])
    }

    /// This outcome with one more thing to do.
    pub fn and(self, request: AppRequest) -> Self {
        match self {
            Self::Ignored => request.into(),
            Self::Handled(mut requests) => {
                requests.push(request);
                Self::Handled(requests)
            }
        }
    }

    /// True if it means nothing here.
    #[must_use]
    pub fn is_ignored(&self) -> bool {
        matches!(self, Self::Ignored)
    }

    /// The outcome of another part, where it means nothing here.
    pub fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.is_ignored() { other() } else { self }
    }

    /// The requests that are left to carry out.
    #[must_use]
    pub fn requests(self) -> Vec<AppRequest> {
        match self {
            Self::Ignored => Vec::new(),
            Self::Handled(requests) => requests,
        }
    }
}

impl From<AppRequest> for ActionOutcome {
    fn from(request: AppRequest) -> Self {
        Self::Handled(vec![request])
    }
}

impl From<Vec<Effect>> for ActionOutcome {
    fn from(effects: Vec<Effect>) -> Self {
        Self::Handled(effects.into_iter().map(AppRequest::Effect).collect())
    }
}

impl AppRequest {
    /// An overlay to put on top.
    pub fn open(overlay: impl Overlay + 'static) -> Self {
        Self::Open(Box::new(overlay))
    }

    /// A change to ask for.
    #[must_use]
    pub fn mutate(mutation: Mutation) -> Self {
        Self::Effect(Effect::Mutate(mutation))
    }
}

/// A dialog or list over the panes: it takes all keys, draws itself, and changes nothing but itself.
pub trait Overlay: Debug {
    /// The scope of its keys.
    fn scope(&self) -> KeyScope;

    /// Carries an action out. It stays on top until it asks to be closed.
    fn act(&mut self, action: Action, context: &Context) -> ActionOutcome;

    /// Draws it; gives the place of the cursor where something is typed.
    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)>;

    /// Moves its selection, or scrolls, by so many rows.
    fn step(&mut self, _by: isize, _context: &Context) -> ActionOutcome {
        ActionOutcome::done()
    }

    /// A key that is bound to nothing: letters that choose at once.
    fn letter(&mut self, _key: &str) -> ActionOutcome {
        ActionOutcome::Ignored
    }

    /// Changes the text that is being typed into it.
    fn edit(&mut self, _change: &mut dyn FnMut(&mut Input)) {}

    /// The questions to the client that it needs answered.
    fn queries(&self, _context: &Context) -> Vec<RemoteQuery> {
        Vec::new()
    }

    /// Follows what changed meanwhile.
    fn reconcile(&mut self, _context: &Context) -> ActionOutcome {
        ActionOutcome::done()
    }

    /// The exchange that it previews, and the places for its text and its picture.
    fn preview_request(&self, _screen: Rect) -> Option<PreviewRequest> {
        None
    }

    /// Takes the content that it wanted.
    fn take_preview(&mut self, _preview: DetailPreview) {}

    /// Takes the results of a search.
    fn take_matches(&mut self, _request_id: u64, _matches: FuzzyMatches) {}

    /// True if it takes the whole screen and stays while verbs are done from it, so that toasts go on top of it.
    fn fills(&self) -> bool {
        false
    }
}

/// An exchange to preview inside an overlay.
#[derive(Clone, Debug)]
pub struct PreviewRequest {
    /// The recording to show; `None` where nothing is selected.
    pub subject: Option<DetailSubject>,
    /// The place for lines.
    pub text: Rect,
    /// The place for a picture.
    pub picture: Rect,
}
