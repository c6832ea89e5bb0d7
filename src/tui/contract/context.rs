//! The state that every part of the screen may read.

use std::cell::Cell;

use crate::engine::ExchangeRef;
use crate::model::{Call, CallId, RecordingId, Row, Snapshot, Timestamp};
use crate::tui::content::draft::EditDraft;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::tab::Tab;
use crate::tui::listing::input_history::InputHistory;
use crate::tui::listing::marks::Marks;
use crate::tui::protocol::job::ExchangeSource;
use crate::tui::protocol::query::RemoteCache;
use crate::tui::widgets::layout::{self, Areas, ScreenClass};

use super::options::WorkbenchOptions;

/// The state that all parts share. Only the app changes it.
#[derive(Debug)]
pub struct Context {
    /// Theme, keymap, address and the rest of the configuration.
    pub options: WorkbenchOptions,
    /// The engine's state, a fold of its events.
    pub world: Snapshot,
    /// The time of the last tick.
    pub now: Timestamp,
    /// The places of the panes; brought up to date before anything reads them.
    pub areas: Areas,
    /// The tab in front.
    pub tab: Tab,
    /// True if the detail pane has the focus, and not the list.
    pub in_detail: bool,
    /// True if the focused pane fills the screen.
    pub zoom: bool,
    /// Answers of the client.
    pub cache: RemoteCache,
    /// Marked recordings, which verbs are for if there are any.
    pub marks: Marks,
    /// An edit that was put aside.
    pub draft: Option<Box<EditDraft>>,
    /// The lines that were typed into the finder.
    pub find_history: InputHistory,
    /// Counts the events that store or remove recordings.
    pub rows_revision: u64,
    last_request_id: Cell<u64>,
}

impl Context {
    /// A context of an empty world on a screen without cells.
    #[must_use]
    pub fn new(options: WorkbenchOptions) -> Self {
        Self {
            options,
            world: Snapshot::default(),
            now: Timestamp::default(),
            areas: Areas::default(),
            tab: Tab::Live,
            in_detail: false,
            zoom: false,
            cache: RemoteCache::default(),
            marks: Marks::default(),
            draft: None,
            find_history: InputHistory::default(),
            rows_revision: 0,
            last_request_id: Cell::new(0),
        }
    }

    /// A number for a request whose answer has to be told from those of older ones.
    #[must_use]
    pub fn next_request_id(&self) -> u64 {
        self.last_request_id.set(self.last_request_id.get() + 1);
        self.last_request_id.get()
    }

    /// The call with this id.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<&Call> {
        let at = self.world.calls.binary_search_by_key(&id, |call| call.id).ok()?;
        self.world.calls.get(at).map(AsRef::as_ref)
    }

    /// The row of a recording.
    #[must_use]
    pub fn row(&self, id: &RecordingId) -> Option<&Row> {
        self.world.rows.get(id).map(AsRef::as_ref)
    }

    /// The rows of those recordings that still exist.
    #[must_use]
    pub fn rows(&self, ids: &[RecordingId]) -> Vec<&Row> {
        ids.iter().filter_map(|id| self.row(id)).collect()
    }

    /// The source to load an exchange from.
    #[must_use]
    pub fn source(&self, thing: ExchangeRef) -> ExchangeSource {
        let fallback = match &thing {
            ExchangeRef::Call(id) => self.call(*id).and_then(|call| call.recording.clone()),
            _ => None,
        };
        ExchangeSource(thing, fallback)
    }

    /// The key to show in a hint: bound in this scope, else globally, else `:command`.
    #[must_use]
    pub fn key(&self, scope: KeyScope, action: Action) -> String {
        self.options.keymap.hint(scope, action)
    }

    /// True if a recording is older than its expiry rule allows; false while that is not known.
    #[must_use]
    pub fn is_expired(&self, id: &RecordingId) -> bool {
        self.cache.expired.value().is_some_and(|expired| expired.contains(id))
    }

    /// Rows of the list below its heading.
    #[must_use]
    pub fn list_rows(&self) -> usize {
        self.areas.list_rows()
    }

    /// Rows of the detail pane inside its frame.
    #[must_use]
    pub fn detail_rows(&self) -> usize {
        usize::from(layout::inner(self.areas.detail).height)
    }

    /// True if the screen has room for one line only.
    #[must_use]
    pub fn is_line(&self) -> bool {
        self.areas.class == ScreenClass::Line
    }
}
