//! The state of the screen, and what each message does to it.
//!
//! `update` is pure: it changes the state and returns what is to be done outside. The lists are a fold of the engine's
//! events; nothing in here changes because something was asked for.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::tz::TimeZone;
use ratatui::layout::Rect;

use super::mouse::LastClick;
use crate::model::{Call, CallId, Notice, RecordingId, Row, Snapshot, Timestamp};
use crate::query::{Key, Kind};
use crate::reading::Prices;
use crate::terminal::Protocol;
use crate::tui::content::draft::EditDraft;
use crate::tui::detail::state::DetailPane;
use crate::tui::diff::state::DiffTab;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::keymap::Keymap;
use crate::tui::input::tab::Tab;
use crate::tui::listing::filter::Filter;
use crate::tui::listing::input_history::InputHistory;
use crate::tui::listing::list::List;
use crate::tui::listing::marks::Marks;
use crate::tui::listing::order::{RowKey, RowOrder};
use crate::tui::live::causes::MissCauses;
use crate::tui::live::explanation::ExplanationCursor;
use crate::tui::live::stats::LiveStats;
use crate::tui::overlay::Overlay;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::query::{RemoteCache, RemoteQuery};
use crate::tui::prune;
use crate::tui::prune::state::PruneTab;
use crate::tui::recordings::contact_sheet::Thumbnails;
use crate::tui::recordings::list_query::ListLoader;
use crate::tui::recordings::take_groups::TakeGroups;
use crate::tui::verbs::open_overlay::SentQueries;
use crate::tui::widgets::layout::{Areas, LayoutWishes, ScreenClass};
use crate::tui::widgets::theme::Theme;
use crate::tui::widgets::toast::Toasts;

/// What the screen is told at its start.
#[derive(Clone, Debug)]
pub struct WorkbenchOptions {
    /// Where the proxy listens, `127.0.0.1:4010`; with a scheme where that is not `http`.
    pub address: String,
    /// Where calls go that are forwarded, in a few words; empty where that is not known.
    pub upstream: String,
    /// Stands behind the name in the title, `demo`.
    pub suffix: Option<String>,
    /// Whether the proxy goes on when the screen is left.
    pub attached: bool,
    /// Lines below the live list on wide screens: how to point something at the proxy.
    pub banner: Vec<String>,
    /// The look.
    pub theme: Theme,
    /// The time zone of the clock on the screen.
    pub zone: TimeZone,
    /// What people should know about the start.
    pub notices: Vec<Notice>,
    /// What the keys mean.
    pub keymap: Keymap,
    /// Whether the screen takes the mouse.
    pub mouse: bool,
    /// The command that puts its input on the clipboard, with its arguments; empty asks the terminal to do it.
    pub copy: Vec<String>,
    /// The command that opens a file, with its arguments; empty takes the system's.
    pub open: Vec<String>,
    /// How `i` shows a picture in full resolution; none asks the terminal. With half-blocks only, it stays in cells.
    pub protocol: Option<Protocol>,
}

/// The state of the screen.
#[derive(Debug)]
pub struct App {
    /// What it was told at its start.
    pub options: WorkbenchOptions,
    /// All that is known: the fold of the events.
    pub world: Snapshot,
    /// The latest known time.
    pub now: Timestamp,
    /// The tab.
    pub tab: Tab,
    /// The calls that pass the filter.
    pub live: List<CallId>,
    /// The recordings that pass the filter.
    pub recordings: List<RowKey>,
    /// What can go.
    pub prune: PruneTab,
    /// The messages that pass the filter, by number.
    pub log: List<u64>,
    /// An edit that was put aside.
    pub draft: Option<Box<EditDraft>>,
    /// Whether the detail pane has the focus.
    pub in_detail: bool,
    /// Whether the focused pane fills the screen.
    pub zoom: bool,
    /// The detail pane.
    pub detail: DetailPane,
    /// What is compared.
    pub diff: DiffTab,
    /// A call that is to be selected as soon as it is known.
    pub awaited: Option<CallId>,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// Messages for people.
    pub toasts: Toasts,
    /// Calls in each of the last seconds, the current one last.
    pub rates: VecDeque<u64>,
    /// The length of all recordings, in bytes.
    pub stored: u64,
    /// What is known of what the desk was asked.
    pub known: RemoteCache,
    /// Marked recordings: verbs are for them, if there are any.
    pub marked: BTreeSet<RecordingId>,
    /// What is to be known of the marks.
    pub marks: Marks,
    /// By what recordings are sorted.
    pub order: RowOrder,
    /// What their list was made by.
    pub sieve: ListLoader,
    /// Which recordings belong together.
    pub kin: TakeGroups,
    /// What things cost, as far as that is known.
    pub prices: Arc<Prices>,
    /// The small pictures that are here.
    pub smalls: Thumbnails,
    /// What was looked for before.
    pub sought: InputHistory,
    /// How much of long work is done, and of how much.
    pub under: Option<(usize, usize)>,
    /// Why the selected call was answered as it was: what was asked.
    pub why: ExplanationCursor,
    /// The misses of the live list by cause.
    pub causes: MissCauses,
    /// The numbers of the calls.
    pub stats: LiveStats,
    /// Calls up to this one are not listed any more.
    pub cleared: CallId,
    pub(crate) size: (u16, u16),
    pub(crate) jumps: Vec<Tab>,
    pub(crate) clicked: LastClick,
    /// What has to be asked for twice, and was asked for once.
    pub(crate) warned: Option<Action>,
    pub(crate) asked: SentQueries,
    /// The recordings of which it is being found out what recording them anew costs.
    pub(crate) rerecording: Vec<RecordingId>,
    pub(crate) questions: u64,
    /// The live list's filter before a jump put another in its place.
    pub(crate) lent: Option<Filter>,
    /// When the numbers were asked for, and at how many hits and recordings.
    pub(crate) counted: Option<(Timestamp, (u64, usize))>,
    pub(crate) typed: String,
    pub(crate) dirty: bool,
    /// The key of recordings whose values are wanted.
    pub(crate) counting: Option<Key>,
    /// Events that were taken in since what is derived was brought up to date.
    behind: usize,
}

impl WorkbenchOptions {
    /// The proxy's URL.
    #[must_use]
    pub fn url(&self) -> String {
        if self.address.contains("://") { self.address.clone() } else { format!("http://{}", self.address) }
    }
}

impl App {
    /// A screen of no size that knows nothing yet.
    #[must_use]
    pub fn new(options: WorkbenchOptions) -> Self {
        Self {
            options,
            world: Snapshot::default(),
            now: Timestamp::default(),
            tab: Tab::Live,
            live: List::new(true).filtered(Filter::of(Kind::Calls)),
            recordings: List::new(false),
            in_detail: false,
            zoom: false,
            detail: DetailPane::default(),
            diff: DiffTab::default(),
            awaited: None,
            overlay: None,
            toasts: Toasts::default(),
            rates: VecDeque::from(vec![0]),
            stored: 0,
            known: RemoteCache::default(),
            marked: BTreeSet::new(),
            marks: Marks::default(),
            order: RowOrder::default(),
            sieve: ListLoader::default(),
            kin: TakeGroups::default(),
            prices: Arc::new(Prices::listed()),
            smalls: Thumbnails::default(),
            sought: InputHistory::default(),
            under: None,
            why: ExplanationCursor::default(),
            causes: MissCauses::default(),
            stats: LiveStats::default(),
            cleared: CallId::default(),
            lent: None,
            counted: None,
            size: (0, 0),
            clicked: LastClick::default(),
            warned: None,
            questions: 0,
            asked: SentQueries::default(),
            rerecording: Vec::new(),
            prune: PruneTab::default(),
            log: List::new(true).filtered(Filter::plain()),
            draft: None,
            jumps: Vec::new(),
            typed: String::new(),
            dirty: true,
            counting: None,
            behind: 0,
        }
    }

    /// Takes a message in; returns what is to be done.
    ///
    /// There can be thousands of events a second. What is derived from them is brought up to date by the next message
    /// that is none: before each frame there is one.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        self.dirty |= !matches!(message, Message::Tick(_) | Message::Frame);
        if let Message::Event(event) = message {
            self.take_event(&event);
            self.behind += 1;
            return Vec::new();
        }
        let mut effects =
            if std::mem::take(&mut self.behind) > 0 { self.reconcile(false) } else { Vec::new() };
        if matches!(message, Message::Frame) {
            return effects;
        }
        let moment = Self::is_moment(&message);
        effects.extend(match message {
            Message::Key(key) => self.key(key),
            Message::Mouse(event, now) => self.mouse(event, now),
            Message::Paste(text) => self.paste(&text),
            Message::Tick(now) => self.tick(now),
            Message::Terminate => vec![Effect::Quit],
            Message::Offer(action) if self.overlay.is_none() => self.act(action),
            Message::Copied { text, what } => vec![Effect::Clip { text, what }],
            other => {
                self.take(other);
                Vec::new()
            }
        });
        effects.extend(self.reconcile(moment));
        effects
    }

    /// Whether the screen changed since this was last asked.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// The places on the screen as it stands.
    #[must_use]
    pub fn areas(&self) -> Areas {
        self.areas_on(Rect::new(0, 0, self.size.0, self.size.1))
    }

    /// The places on a screen of this size.
    #[must_use]
    pub fn areas_on(&self, whole: Rect) -> Areas {
        let strip = if self.tab == Tab::Live { crate::tui::live::strip::height(self, whole) } else { 0 };
        let filter = self.filter();
        let single = self.tab == Tab::Diff;
        // The query of what can go stands above the plan.
        let elsewhere = matches!(self.tab, Tab::Diff | Tab::Prune);
        let filtered = !elsewhere && (filter.input.is_some() || !filter.kept().is_empty());
        Areas::of(
            whole,
            LayoutWishes {
                detail: self.in_detail,
                zoom: self.zoom || single,
                tall_list: self.tab != Tab::Recordings,
                strip,
                filter: u16::from(filtered),
            },
        )
    }

    /// The filter of the tab.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        match self.tab {
            Tab::Live => &self.live.filter,
            Tab::Recordings | Tab::Diff => &self.recordings.filter,
            Tab::Prune => &self.prune.list.filter,
            Tab::Log => &self.log.filter,
        }
    }

    /// Rows of the list for what it lists.
    pub(crate) fn list_height(&self) -> usize {
        let areas = self.areas();
        let head = if self.tab == Tab::Prune { usize::from(prune::pane::head(areas.list)) } else { 0 };
        areas.list_rows().saturating_sub(head)
    }

    /// The call with this id.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<&Call> {
        let at = self.world.calls.binary_search_by_key(&id, |call| call.id).ok()?;
        self.world.calls.get(at).map(AsRef::as_ref)
    }

    /// The selected call.
    #[must_use]
    pub fn selected_call(&self) -> Option<&Call> {
        if self.causes.shown {
            return self.causes.selected().and_then(|id| self.call(id));
        }
        self.live.selected().and_then(|id| self.call(*id))
    }

    /// The selected recording.
    #[must_use]
    pub fn selected_row(&self) -> Option<&Row> {
        self.recordings.selected().and_then(|key| self.world.rows.get(&key.1)).map(AsRef::as_ref)
    }

    /// Where keys are looked up now, the nearest first.
    #[must_use]
    pub fn scopes(&self) -> Vec<KeyScope> {
        if let Some(overlay) = &self.overlay {
            return vec![overlay.scope()];
        }
        if self.tab == Tab::Diff {
            return vec![KeyScope::Diff, KeyScope::Anywhere];
        }
        let pane = if self.in_detail { KeyScope::Detail } else { KeyScope::List };
        vec![pane, self.tab.scope(), KeyScope::Anywhere]
    }

    /// A question for the desk, with a number of its own.
    pub(crate) fn ask(&mut self, ask: RemoteQuery) -> Effect {
        self.questions += 1;
        self.known.asked(self.questions, &ask);
        Effect::Ask(self.questions, ask)
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Resize(width, height) => {
                self.size = (width, height);
                self.focus_detail(self.in_detail);
            }
            Message::Snapshot(snapshot) => self.take_snapshot(*snapshot),
            Message::Loaded { generation, pages } => self.detail.loaded(generation, pages),
            Message::Scaled { generation, picture } => self.detail.scaled(generation, picture),
            Message::Paired { generation, sides } => self.diff.paired(generation, sides),
            Message::Fired(fired) => self.fired(fired),
            Message::Answered { generation, answer, ask } => {
                match answer {
                    Ok(answer) => self.known.take(generation, answer),
                    Err(why) => self.known.fail(generation, &ask, why),
                }
                self.take_list(generation);
                self.answered(&ask);
                self.diff.arrived();
                self.detail.recompose();
            }
            Message::Sifted { generation, keys } => self.sifted(generation, keys),
            Message::Values(key, values) => self.learn(key, values),
            Message::Shrunk(id, cells, small) => self.smalls.take(id, cells, small),
            Message::Sought { generation, sought } => {
                if let Some(Overlay::Finder(finder)) = &mut self.overlay {
                    finder.take(generation, sought);
                }
            }
            Message::Lagged(lost) => self.stats.lost += lost,
            Message::Consent { deed, text } => self.ask_consent(deed, &text),
            Message::Done(text) => {
                self.under = None;
                self.asked.age();
                if !text.is_empty() {
                    self.toasts.info(self.now, text);
                }
            }
            Message::Under(done, of) => self.under = Some((done, of)),
            Message::Failed { what, text } => {
                self.under = None;
                self.toasts.error(format!("{what}: {text}"));
            }
            Message::Drafted(draft) => self.drafted(draft),
            Message::Offer(_)
            | Message::Event(_)
            | Message::Frame
            | Message::Key(_)
            | Message::Mouse(..)
            | Message::Paste(_)
            | Message::Tick(_)
            | Message::Copied { .. }
            | Message::Terminate => {}
        }
    }

    /// Whether the screen has room for one pane only.
    #[must_use]
    pub fn one_pane(&self) -> bool {
        matches!(self.areas().class, ScreenClass::Single) || self.zoom
    }
}
