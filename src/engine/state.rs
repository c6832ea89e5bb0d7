//! The engine and the state that all of its parts share.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::budget::{Budget, Hold};
use super::call::answer::replay_cache::ReplayCache;
use super::call::answer::singleflight::Singleflight;
use super::clock;
use super::history::calls::History;
use super::index::cursors::Cursors;
use super::index::jobs::Jobs;
use super::index::open_reads::OpenReads;
use super::index::recording_index::RecordingIndex;
use super::index::sketches::Sketches;
use super::index::unsaved::Unsaved;
use super::policy::ModeSwitch;
use super::settings::{Live, Settings, SettingsError};
use crate::matching::{Salt, check_strategy_pattern};
use crate::model::{
    Call, CallId, Event, Exchange, Level, Mode, Notice, RecordingId, Row, Snapshot, Strategy,
};
use crate::store::{Store, StoreError};
use crate::upstream::UpstreamClient;

/// The reason why an engine cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store cannot be listed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A pattern among the settings cannot be.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// The target of notices in the log: who prints them leaves them out there.
pub const NOTICES: &str = "retake::notices";

/// The engine of one store. Clones share it.
#[derive(Clone)]
pub struct Engine {
    pub(super) shared: Arc<EngineState>,
}

pub(super) struct EngineState {
    /// Replaced as a whole when the configuration changes.
    pub(super) live: ArcSwap<Live>,
    pub(super) mode: ModeSwitch,
    pub(super) budget: Budget,
    pub(super) store: Store,
    pub(super) index: RecordingIndex,
    pub(super) takes: TakesUnderWay,
    pub(super) history: Arc<History>,
    pub(super) replay_cache: ReplayCache,
    pub(super) singleflight: Singleflight,
    pub(super) sketches: Sketches,
    pub(super) unsaved: Unsaved,
    pub(super) warned: Warned,
    pub(super) client: UpstreamClient,
    /// Held by the verb that changes recordings.
    pub(super) curating: tokio::sync::Mutex<()>,
    pub(super) lifetime: Lifetime,
}

/// Sequences, jobs and reads that this process saw begin.
#[derive(Default)]
pub(super) struct TakesUnderWay {
    pub(super) cursors: Cursors,
    pub(super) jobs: Jobs,
    pub(super) open_reads: OpenReads,
}

/// Warnings that people need once.
#[derive(Default)]
pub(super) struct Warned {
    /// Recordings that have expired.
    pub(super) expiry: ToldOnce<RecordingId>,
    /// Strategies that would be wider at an endpoint than they say.
    pub(super) misfits: ToldOnce<(String, Strategy)>,
}

/// Things of which people were told.
pub(super) struct ToldOnce<T>(Mutex<HashSet<T>>);

impl<T> Default for ToldOnce<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Hash + Eq> ToldOnce<T> {
    /// The most things that are remembered: of more, people are told once more.
    const MOST: usize = 4096;

    /// True if nobody was told yet; from now on everybody was.
    pub(super) fn first(&self, thing: T) -> bool {
        let mut told = self.0.lock();
        if told.len() >= Self::MOST {
            told.clear();
        }
        told.insert(thing)
    }
}

/// From when an engine runs, and how it ends.
pub(super) struct Lifetime {
    /// Recordings on their way into the store, drained at the end.
    pub(super) tasks: TaskTracker,
    pub(super) closing: CancellationToken,
    pub(super) started: Instant,
    /// The mark of what this engine sends out.
    pub(super) instance: String,
}

impl Engine {
    /// An engine on an open store.
    ///
    /// # Errors
    /// When the store cannot be listed, or a pattern among the settings cannot be.
    pub fn new(settings: Settings, store: Store) -> Result<Self, EngineError> {
        let index = RecordingIndex::of(store.packed()?);
        for (id, rule) in index.rules() {
            if let Err(problem) = check_strategy_pattern(&rule) {
                tracing::warn!(target: NOTICES, "{id} answers no call: {problem}; give it another rule with retake retag");
            }
        }
        let shared = EngineState {
            mode: ModeSwitch::new(settings.mode),
            history: Arc::default(),
            client: UpstreamClient::new(settings.timeout),
            budget: Budget::new(settings.memory),
            live: ArcSwap::from_pointee(Live::new(settings, Salt(store.salt()))?),
            store,
            index,
            takes: TakesUnderWay::default(),
            warned: Warned::default(),
            replay_cache: ReplayCache::default(),
            singleflight: Singleflight::default(),
            sketches: Sketches::default(),
            unsaved: Unsaved::default(),
            curating: tokio::sync::Mutex::default(),
            lifetime: Lifetime {
                tasks: TaskTracker::new(),
                closing: CancellationToken::new(),
                started: Instant::now(),
                instance: clock::instance(),
            },
        };
        let engine = Self { shared: Arc::new(shared) };
        engine.rekey();
        Ok(engine)
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.shared.live.load().settings)
    }

    /// Puts other settings in force, for the calls that come. The mode stays as it is: it is switched by itself.
    ///
    /// # Errors
    /// When a pattern among them cannot be; the old ones stay in force then.
    pub fn reconfigure(&self, mut settings: Settings) -> Result<(), EngineError> {
        // A ceiling is lifted by nothing but the next start.
        settings.never_forward |= self.settings().never_forward;
        let live = Live::new(settings, Salt(self.shared.store.salt()))?;
        self.shared.live.store(Arc::new(live));
        self.rekey();
        // What was found under the old settings may not be what the new ones find.
        self.shared.index.outdate();
        self.shared.sketches.clear();
        Ok(())
    }

    /// A share of the memory for all calls together, which holds nothing yet.
    #[must_use]
    pub fn hold(&self) -> Hold {
        self.shared.budget.hold()
    }

    /// The mode in force.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.shared.mode.get()
    }

    /// Switches the mode for the calls that come.
    pub fn set_mode(&self, mode: Mode) {
        self.shared.history.announce(|| {
            self.shared.mode.set(mode);
            Event::Mode(mode)
        });
    }

    /// Announcements from now on. Subscribe first, take the snapshot second.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.shared.history.subscribe()
    }

    /// All that is known now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shared.history.snapshot(|| (self.mode(), self.rows().into_values().collect()))
    }

    /// One row by its id.
    #[must_use]
    pub fn row(&self, id: &RecordingId) -> Option<Arc<Row>> {
        self.shared.index.row(id)
    }

    /// All rows but those of recordings that are still on their way into the store: a listing says what is safe.
    #[must_use]
    pub fn rows(&self) -> HashMap<RecordingId, Arc<Row>> {
        let mut rows = self.shared.index.rows();
        self.shared.unsaved.ids().iter().for_each(|id| _ = rows.remove(id));
        rows
    }

    /// The ids of the recordings whose hash begins with `prefix` (hexadecimal).
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn find_hash(&self, prefix: &str) -> Result<Vec<RecordingId>, StoreError> {
        self.shared.store.find(prefix)
    }

    /// The exchange of a recent call that became no recording.
    #[must_use]
    pub fn exchange(&self, call: CallId) -> Option<Arc<Exchange>> {
        self.shared.history.exchanges.get(call).map(|(exchange, _)| exchange)
    }

    /// The calls of the history, the oldest first.
    #[must_use]
    pub fn calls(&self) -> VecDeque<Arc<Call>> {
        self.shared.history.calls()
    }

    /// A call of the history.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<Arc<Call>> {
        self.shared.history.call(id)
    }

    /// Tells people something.
    pub fn notify(&self, level: Level, text: impl Into<String>) {
        let text = text.into();
        match level {
            Level::Info => tracing::info!(target: NOTICES, "{text}"),
            Level::Warning => tracing::warn!(target: NOTICES, "{text}"),
            Level::Error => tracing::error!(target: NOTICES, "{text}"),
        }
        self.shared.history.announce(|| Event::Notice(Notice { level, text }));
    }

    /// Ends when the engine begins to close.
    pub fn closing(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.shared.lifetime.closing.clone().cancelled_owned()
    }

    /// Waits up to `patience` for recordings on their way, then writes the ledger and closes the store.
    pub async fn close(&self, patience: Duration) {
        self.shared.lifetime.closing.cancel();
        self.shared.lifetime.tasks.close();
        if tokio::time::timeout(patience, self.shared.lifetime.tasks.wait()).await.is_err() {
            tracing::warn!("{} calls were still under way at the end", self.shared.lifetime.tasks.len());
        }
        let counted = self.conclude().await;
        self.aside(Self::keep_outlines).await;
        // The hits of calls that were cut short stand in notes only.
        let counted = counted && self.shared.history.counters().in_flight == 0;
        let store = self.shared.store.clone();
        let close = move || if counted { store.close() } else { store.close_uncounted() };
        if let Err(error) = tokio::task::spawn_blocking(close).await {
            tracing::error!("the store was not closed in order: {error}");
        }
    }
}
