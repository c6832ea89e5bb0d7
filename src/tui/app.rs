//! The state of the screen, and what each message does to it.
//!
//! `update` is pure: it changes the state and returns what is to be done outside. The lists are a fold of the engine's
//! events; nothing in here changes because something was asked for.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::tz::TimeZone;
use ratatui::layout::Rect;

use super::action::Action;
use super::ask::{Ask, Known};
use super::causes::Causes;
use super::compare::Comparing;
use super::detail::Detail;
use super::draft::Draft;
use super::effect::Effect;
use super::filter::Filter;
use super::flows::Asked;
use super::keymap::{Keymap, Scope};
use super::kin::Kin;
use super::layout::{Areas, Class, Wishes};
use super::list::List;
use super::marks::Marks;
use super::message::Message;
use super::mouse::Clicked;
use super::order::{Order, RowKey};
use super::overlay::Overlay;
use super::pane;
use super::past::Past;
use super::prune::Prune;
use super::sheet::Smalls;
use super::sieve::Sieve;
use super::stats::Stats;
pub use super::tab::Tab;
use super::theme::Theme;
use super::toast::Toasts;
use super::why::Why;
use crate::model::{Call, CallId, Notice, RecordingId, Row, Snapshot, Timestamp};
use crate::query::{Key, Kind};
use crate::reading::Prices;
use crate::terminal::Protocol;

/// What the screen is told at its start.
#[derive(Clone, Debug)]
pub struct Options {
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
    pub options: Options,
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
    pub prune: Prune,
    /// The messages that pass the filter, by number.
    pub log: List<u64>,
    /// An edit that was put aside.
    pub draft: Option<Box<Draft>>,
    /// Whether the detail pane has the focus.
    pub in_detail: bool,
    /// Whether the focused pane fills the screen.
    pub zoom: bool,
    /// The detail pane.
    pub detail: Detail,
    /// What is compared.
    pub diff: Comparing,
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
    pub known: Known,
    /// Marked recordings: verbs are for them, if there are any.
    pub marked: BTreeSet<RecordingId>,
    /// What is to be known of the marks.
    pub marks: Marks,
    /// By what recordings are sorted.
    pub order: Order,
    /// What their list was made by.
    pub sieve: Sieve,
    /// Which recordings belong together.
    pub kin: Kin,
    /// What things cost, as far as that is known.
    pub prices: Arc<Prices>,
    /// The small pictures that are here.
    pub smalls: Smalls,
    /// What was looked for before.
    pub sought: Past,
    /// How much of long work is done, and of how much.
    pub under: Option<(usize, usize)>,
    /// Why the selected call was answered as it was: what was asked.
    pub why: Why,
    /// The misses of the live list by cause.
    pub causes: Causes,
    /// The numbers of the calls.
    pub stats: Stats,
    /// Calls up to this one are not listed any more.
    pub cleared: CallId,
    pub(super) size: (u16, u16),
    pub(super) jumps: Vec<Tab>,
    pub(super) clicked: Clicked,
    /// What has to be asked for twice, and was asked for once.
    pub(super) warned: Option<Action>,
    pub(super) asked: Asked,
    /// The recordings of which it is being found out what recording them anew costs.
    pub(super) rerecording: Vec<RecordingId>,
    pub(super) questions: u64,
    /// The live list's filter before a jump put another in its place.
    pub(super) lent: Option<Filter>,
    /// When the numbers were asked for, and at how many hits and recordings.
    pub(super) counted: Option<(Timestamp, (u64, usize))>,
    pub(super) typed: String,
    pub(super) dirty: bool,
    /// The key of recordings whose values are wanted.
    pub(super) counting: Option<Key>,
    /// Events that were taken in since what is derived was brought up to date.
    behind: usize,
}

impl Options {
    /// The proxy's URL.
    #[must_use]
    pub fn url(&self) -> String {
        if self.address.contains("://") { self.address.clone() } else { format!("http://{}", self.address) }
    }
}

impl App {
    /// A screen of no size that knows nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            world: Snapshot::default(),
            now: Timestamp::default(),
            tab: Tab::Live,
            live: List::new(true).filtered(Filter::of(Kind::Calls)),
            recordings: List::new(false),
            in_detail: false,
            zoom: false,
            detail: Detail::default(),
            diff: Comparing::default(),
            awaited: None,
            overlay: None,
            toasts: Toasts::default(),
            rates: VecDeque::from(vec![0]),
            stored: 0,
            known: Known::default(),
            marked: BTreeSet::new(),
            marks: Marks::default(),
            order: Order::default(),
            sieve: Sieve::default(),
            kin: Kin::default(),
            prices: Arc::new(Prices::listed()),
            smalls: Smalls::default(),
            sought: Past::default(),
            under: None,
            why: Why::default(),
            causes: Causes::default(),
            stats: Stats::default(),
            cleared: CallId::default(),
            lent: None,
            counted: None,
            size: (0, 0),
            clicked: Clicked::default(),
            warned: None,
            questions: 0,
            asked: Asked::default(),
            rerecording: Vec::new(),
            prune: Prune::default(),
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
        let strip = if self.tab == Tab::Live { super::pane::strip::height(self, whole) } else { 0 };
        let filter = self.filter();
        let single = self.tab == Tab::Diff;
        // The query of what can go stands above the plan.
        let elsewhere = matches!(self.tab, Tab::Diff | Tab::Prune);
        let filtered = !elsewhere && (filter.input.is_some() || !filter.kept().is_empty());
        Areas::of(
            whole,
            Wishes {
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
    pub(super) fn list_height(&self) -> usize {
        let areas = self.areas();
        let head = if self.tab == Tab::Prune { usize::from(pane::prune::head(areas.list)) } else { 0 };
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
    pub fn scopes(&self) -> Vec<Scope> {
        if let Some(overlay) = &self.overlay {
            return vec![overlay.scope()];
        }
        if self.tab == Tab::Diff {
            return vec![Scope::Diff, Scope::Anywhere];
        }
        let pane = if self.in_detail { Scope::Detail } else { Scope::List };
        vec![pane, self.tab.scope(), Scope::Anywhere]
    }

    /// A question for the desk, with a number of its own.
    pub(super) fn ask(&mut self, ask: Ask) -> Effect {
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
        matches!(self.areas().class, Class::Single) || self.zoom
    }
}
