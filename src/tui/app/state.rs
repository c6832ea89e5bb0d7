//! The state of the screen, and what each message does to it.
//!
//! `update` is pure: it changes the state and gives back what is to be done outside. The lists are a fold of the engine's
//! events; nothing in here changes because something was asked for.

use ratatui::layout::Rect;

use crate::model::{Call, Row};
use crate::tui::content::draft::{DraftOutcome, EditDraft};
use crate::tui::contract::context::Context;
use crate::tui::contract::options::WorkbenchOptions;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::detail::state::DetailPane;
use crate::tui::diff::state::DiffTab;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::key_input::KeyInput;
use crate::tui::input::tab::Tab;
use crate::tui::listing::filter::Filter;
use crate::tui::live::state::LiveTab;
use crate::tui::live::strip;
use crate::tui::log::state::LogTab;
use crate::tui::overlay::draft::DraftOverlay;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::query::{RemoteAnswer, RemoteQuery};
use crate::tui::protocol::sent_queries::SentQueries;
use crate::tui::prune::state::PruneTab;
use crate::tui::recordings::state::RecordingsTab;
use crate::tui::verbs::{consent, external, rerecord};
use crate::tui::widgets::layout::{Areas, LayoutWishes};
use crate::tui::widgets::toast::Toasts;

/// The state of the screen.
#[derive(Debug)]
pub struct App {
    /// The state that all parts may read.
    pub context: Context,
    /// The Live tab.
    pub live: LiveTab,
    /// The Recordings tab.
    pub recordings: RecordingsTab,
    /// The Diff tab.
    pub diff: DiffTab,
    /// The Prune tab.
    pub prune: PruneTab,
    /// The Log tab.
    pub log: LogTab,
    /// The detail pane.
    pub detail: DetailPane,
    /// The overlay on top; `None` where the panes take the keys.
    pub overlay: Option<Box<dyn Overlay>>,
    /// Messages for people.
    pub toasts: Toasts,
    /// Progress of the running change: parts done, parts in all. `None` while none runs that takes long.
    pub progress: Option<(usize, usize)>,
    /// The tabs where jumps began, the last one last.
    pub(super) jumps: Vec<Tab>,
    pub(super) queries: SentQueries,
    pub(super) input: KeyInput,
    /// True if the screen changed since it was drawn.
    pub(super) dirty: bool,
    /// Events taken in since what is derived from them was brought up to date.
    unreconciled_events: usize,
}

impl App {
    /// A screen without cells that knows nothing yet.
    #[must_use]
    pub fn new(options: WorkbenchOptions) -> Self {
        Self {
            context: Context::new(options),
            live: LiveTab::default(),
            recordings: RecordingsTab::default(),
            diff: DiffTab::default(),
            prune: PruneTab::default(),
            log: LogTab::default(),
            detail: DetailPane::default(),
            overlay: None,
            toasts: Toasts::default(),
            progress: None,
            jumps: Vec::new(),
            queries: SentQueries::default(),
            input: KeyInput::default(),
            dirty: true,
            unreconciled_events: 0,
        }
    }

    /// Takes a message in; gives back what is to be done.
    ///
    /// There can be thousands of events a second. What is derived from them is brought up to date by the next message
    /// that is none: before each frame there is one.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        self.dirty |= !matches!(message, Message::Tick(_) | Message::Frame);
        if let Message::Event(event) = message {
            self.apply_event(&event);
            self.unreconciled_events += 1;
            return Vec::new();
        }
        let late = std::mem::take(&mut self.unreconciled_events) > 0;
        let mut effects = if late { self.reconcile(false) } else { Vec::new() };
        if matches!(message, Message::Frame) {
            return effects;
        }
        self.place_panes();
        let explain_anew = matches!(message, Message::Tick(_) | Message::Done(_));
        effects.extend(match message {
            Message::Key(key) => self.key(key),
            Message::Mouse(event, now) => self.mouse(event, now),
            Message::Paste(text) => self.paste(&text),
            Message::Tick(now) => self.tick(now),
            Message::Terminate => vec![Effect::Quit],
            Message::Offer(action) if !self.is_modal() => self.act(action),
            Message::Copied { text, what } => vec![Effect::Clip { text, what }],
            other => {
                let outcome = self.take(other);
                self.perform(outcome)
            }
        });
        effects.extend(self.reconcile(explain_anew));
        effects
    }

    /// True if the screen changed since this was last asked.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// The places on a screen of this size.
    #[must_use]
    pub fn areas_on(&self, whole: Rect) -> Areas {
        let tab = self.context.tab;
        let strip = if tab == Tab::Live { strip::height(&self.live, &self.context, whole) } else { 0 };
        let filter = self.filter();
        // The query of a prune stands above its plan, and a diff has no list to filter.
        let below = !matches!(tab, Tab::Diff | Tab::Prune);
        let filtered = below && (filter.input.is_some() || !filter.saved().is_empty());
        Areas::of(
            whole,
            LayoutWishes {
                detail: self.context.in_detail,
                zoom: self.context.zoom || tab == Tab::Diff,
                tall_list: tab != Tab::Recordings,
                strip,
                filter: u16::from(filtered),
            },
        )
    }

    /// Brings the places of the panes up to date.
    pub(super) fn place_panes(&mut self) {
        self.context.areas = self.areas_on(self.context.areas.whole);
    }

    /// The filter of the tab in front.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        match self.context.tab {
            Tab::Live => &self.live.list.filter,
            Tab::Recordings | Tab::Diff => &self.recordings.list.filter,
            Tab::Prune => &self.prune.list.filter,
            Tab::Log => &self.log.list.filter,
        }
    }

    /// The selected call of the Live tab.
    #[must_use]
    pub fn selected_call(&self) -> Option<&Call> {
        self.live.selected_call(&self.context)
    }

    /// The selected recording of the Recordings tab.
    #[must_use]
    pub fn selected_row(&self) -> Option<&Row> {
        self.recordings.selected_row(&self.context)
    }

    /// The scopes in which keys are looked up, the nearest first. Whatever takes all keys is alone.
    #[must_use]
    pub fn scopes(&self) -> Vec<KeyScope> {
        let tab = self.context.tab;
        if let Some(scope) = self.modal_scope() {
            return vec![scope];
        }
        if tab == Tab::Diff {
            return vec![KeyScope::Diff, KeyScope::Anywhere];
        }
        let pane = if self.context.in_detail { KeyScope::Detail } else { KeyScope::List };
        vec![pane, tab.scope(), KeyScope::Anywhere]
    }

    /// The scope of what takes all keys: an overlay, a picture on the whole screen, a line that is typed, the contact sheet.
    fn modal_scope(&self) -> Option<KeyScope> {
        let overlay = self.overlay.as_ref().map(|overlay| overlay.scope());
        let filter = || self.filter().input.is_some().then_some(KeyScope::Filter);
        let sheet = || self.shows_sheet().then_some(KeyScope::Sheet);
        overlay.or_else(|| self.detail.modal_scope()).or_else(filter).or_else(sheet)
    }

    /// True if something takes all keys, so that the panes take none.
    #[must_use]
    pub fn is_modal(&self) -> bool {
        self.modal_scope().is_some()
    }

    /// True if the contact sheet is in front.
    #[must_use]
    pub fn shows_sheet(&self) -> bool {
        self.context.tab == Tab::Recordings && self.recordings.sheet.is_some()
    }

    fn take(&mut self, message: Message) -> ActionOutcome {
        match message {
            Message::Resize(width, height) => {
                self.context.areas.whole = Rect::new(0, 0, width, height);
                self.place_panes();
                self.focus_detail(self.context.in_detail);
            }
            Message::Snapshot(snapshot) => self.take_snapshot(*snapshot),
            Message::Loaded { generation, pages } => self.detail.loaded(generation, pages),
            Message::Scaled { generation, picture } => self.detail.scaled(generation, picture),
            Message::Paired { generation, sides } => self.diff.paired(generation, sides),
            Message::Fired(fired) => {
                self.live.awaited = Some(fired.call);
                return external::fired(fired);
            }
            Message::QueryAnswered { request_id, query, result } => {
                return self.answered(request_id, &query, result);
            }
            Message::Listed { request_id, keys } => {
                self.recordings.take_keys(request_id, keys, &mut self.context);
            }
            Message::Values(key, values) => self.learn_values(key, values),
            Message::ThumbnailReady(id, cells, thumbnail) => {
                self.recordings.thumbnails.take(id, cells, thumbnail);
            }
            Message::FuzzyMatched { request_id, matches } => {
                if let Some(overlay) = &mut self.overlay {
                    overlay.take_matches(request_id, matches);
                }
            }
            Message::Lagged(lost) => self.live.stats.lost += lost,
            // What is being typed or decided is not taken away.
            Message::Consent { text, .. } if self.is_modal() => {
                return AppRequest::Error(format!("{text}. Ask for it once more to agree to that.")).into();
            }
            Message::Consent { mutation, text } => return consent::ask(mutation, &text),
            Message::Done(text) => return self.changed(text),
            Message::Progress { done, total } => self.progress = Some((done, total)),
            Message::Failed { what, text } => {
                self.progress = None;
                return AppRequest::Error(format!("{what}: {text}")).into();
            }
            Message::Drafted(draft) => return self.drafted(draft),
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
        ActionOutcome::done()
    }

    /// A change is made; `text` is what its event does not tell.
    fn changed(&mut self, text: String) -> ActionOutcome {
        self.progress = None;
        self.queries.invalidate();
        if text.is_empty() { ActionOutcome::done() } else { ActionOutcome::info(text) }
    }

    /// Takes an edit from somebody who left their editor.
    fn drafted(&mut self, draft: Box<EditDraft>) -> ActionOutcome {
        if draft.outcome == DraftOutcome::Unchanged {
            self.context.draft = None;
            return ActionOutcome::info("Nothing was changed");
        }
        ActionOutcome::open(DraftOverlay::new(draft, self.context.areas.whole.width))
    }

    fn answered(
        &mut self,
        request_id: u64,
        query: &RemoteQuery,
        result: Result<RemoteAnswer, String>,
    ) -> ActionOutcome {
        let newest = self.context.cache.receive(request_id, query, result);
        self.diff.arrived();
        self.detail.recompose();
        if !newest {
            return ActionOutcome::done();
        }
        let cache = &mut self.context.cache;
        match query {
            RemoteQuery::Prune(..) => self.prune.plan_arrived(&self.context),
            RemoteQuery::Steps => self.detail.refresh(),
            RemoteQuery::RerecordPlan(ids) => {
                return match cache.rerecord_plan.result.take() {
                    Some(Ok(plan)) => ActionOutcome::open(rerecord::question(ids, &plan, &self.context)),
                    Some(Err(error)) => AppRequest::Error(format!("rerecord: {error}")).into(),
                    None => ActionOutcome::done(),
                };
            }
            RemoteQuery::List(_) => match cache.list.result.take() {
                Some(Ok(rows)) => {
                    let job = self.recordings.take_rows(request_id, rows, &self.context);
                    return job.into_iter().collect::<Vec<_>>().into();
                }
                Some(Err(error)) => {
                    self.recordings.list_failed(request_id);
                    return AppRequest::Error(format!("filter: {error}")).into();
                }
                None => {}
            },
            _ => {}
        }
        ActionOutcome::done()
    }
}
