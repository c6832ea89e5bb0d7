//! A command line that is not finished, and the store that it is about.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::{ArgMatches, Command};

use crate::api::{AllFieldsRequest, CallsRequest, ListRequest, ReviewsRequest, TrashRequest};
use crate::cli::common::Common;
use crate::cli::selection::{self, Selectors};
use crate::client::Client;
use crate::config::Config;
use crate::matching::NamedField;
use crate::model::{Call, Outcome, Row, Rows};
use crate::query::{Key, QueryKind, vocabulary};
use crate::store::{self, Store};

/// The strategies, each as it begins.
pub(super) const STRATEGIES: [&str; 5] = ["standard", "strict", "specific", "pinned", "rule"];

/// How long an owner may take: somebody waits with a finger on Tab.
const PATIENCE: Duration = Duration::from_secs(1);

/// The words before the one that is typed.
pub(super) struct Typed {
    words: Vec<String>,
    /// `None` where they mean nothing yet.
    matches: Option<ArgMatches>,
    command: fn() -> Command,
    /// All recordings, once somebody asked for them.
    rows: Mutex<OnceCell<Vec<Arc<Row>>>>,
}

impl Typed {
    /// From the arguments of the process: the words stand behind `--`, and bash says which of them is typed.
    pub(super) fn of(args: &[OsString], command: fn() -> Command) -> Self {
        let words = args.iter().skip_while(|arg| *arg != "--").skip(1);
        let mut words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        let index = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
        words.truncate(index.unwrap_or(words.len().saturating_sub(1)));
        let matches = command().ignore_errors(true).try_get_matches_from(&words).ok();
        Self { words, matches, command, rows: Mutex::default() }
    }

    /// The word that stands so far before the one that is typed.
    pub(super) fn before(&self, far: usize) -> Option<&str> {
        Some(self.words.get(self.words.len().checked_sub(far)?)?.as_str())
    }

    fn verb(&self) -> Option<&ArgMatches> {
        Some(self.matches.as_ref()?.subcommand()?.1)
    }

    /// What was typed for an argument of the verb.
    fn given(&self, id: &str) -> Vec<String> {
        let given = self.verb().and_then(|verb| verb.try_get_many::<String>(id).ok()?);
        given.map(|all| all.cloned().collect()).unwrap_or_default()
    }

    /// The words of a verb that takes ids and something behind them.
    pub(super) fn words(&self) -> Vec<String> {
        self.given("words")
    }

    /// Whether recordings are named by their hash or by a filter.
    pub(super) fn is_vague(&self) -> bool {
        !self.given("hash").is_empty() || !self.given("filter").is_empty()
    }

    /// The ids of `retag`, and the strategy if it stands there already.
    pub(super) fn retagged(&self) -> (Vec<String>, Option<String>) {
        let mut words = self.words();
        let at = words.iter().position(|word| STRATEGIES.contains(&word.as_str()));
        let strategy = at.map(|at| words.drain(at..).next().unwrap_or_default());
        (words, strategy)
    }

    /// All recordings, the newest first; none where the store is not to be had at once.
    pub(super) fn recordings(&self) -> Vec<Arc<Row>> {
        let read = || self.read(async |client| Ok(client.run(ListRequest::default()).await?.items));
        let rows = self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        rows.get_or_init(|| read().unwrap_or_default()).clone()
    }

    /// The recordings that wait for review.
    pub(super) fn waiting(&self) -> Vec<Arc<Row>> {
        self.read(async |client| Ok(client.run(ReviewsRequest::default()).await?.items)).unwrap_or_default()
    }

    /// The removed recordings.
    pub(super) fn trash(&self) -> Vec<Arc<Row>> {
        let trash = self
            .read(async |client| Ok(client.run(TrashRequest::default()).await?.items))
            .unwrap_or_default();
        trash.into_iter().map(|removed| removed.row).collect()
    }

    fn calls(&self) -> Vec<Arc<Call>> {
        self.read(async |client| Ok(client.run(CallsRequest::default()).await?.items)).unwrap_or_default()
    }

    /// The numbers of the calls that are no recordings, the newest first, with what they asked.
    pub(super) fn unkept(&self) -> Vec<(String, String)> {
        let kinds = [Some(Outcome::Live), Some(Outcome::Mock), Some(Outcome::Miss)];
        let calls = self.calls().into_iter().rev();
        let calls = calls.filter(|call| call.recording.is_none() && kinds.contains(&call.outcome));
        let about = |call: &Call| format!("{} {}", call.endpoint, call.model.as_deref().unwrap_or_default());
        calls.map(|call| (call.id.0.to_string(), about(&call))).collect()
    }

    /// The values that recordings or calls have for a key of the filter.
    pub(super) fn values(&self, kind: QueryKind, key: Key) -> Vec<String> {
        match kind {
            QueryKind::Recordings => {
                vocabulary::of_rows(&self.recordings().into_iter().collect::<Rows>(), key)
            }
            QueryKind::Calls => vocabulary::of_calls(&self.calls().into(), key),
        }
    }

    /// The fields of the requests of the recordings that `retag` is to change.
    pub(super) fn fields(&self) -> Vec<NamedField> {
        let one = |id| self.given(id).into_iter().next();
        let which = Selectors { ids: self.retagged().0, hash: one("hash"), filter: one("filter") };
        let read = self.read(async |client| {
            let rows = selection::all(client, &which).await?;
            let ids = rows.iter().map(|row| row.id.clone()).collect();
            Ok(client.run(AllFieldsRequest { ids }).await?)
        });
        read.unwrap_or_default()
    }

    /// Reads something from the store that the words are about.
    fn read<T>(&self, work: impl AsyncFnOnce(&Client) -> anyhow::Result<T>) -> Option<T> {
        let common = Common::of(self.matches.as_ref()?, self.command).ok()?;
        match store::owner(&common.store) {
            // A short command: whoever waits for it keeps others waiting, too.
            Some(owner) => owner.address.map(drop)?,
            // What is to be mended, somebody has to be told.
            None => Store::was_closed(&common.store).then_some(())?,
        }
        let settings = Config::read(&common.config).map(|config| config.settings).unwrap_or_default();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().ok()?;
        let read = runtime.block_on(async {
            let (client, _) = Client::open(&common.store, settings).ok()?;
            let read = tokio::time::timeout(PATIENCE, work(&client)).await;
            client.close().await;
            read.ok()?.ok()
        });
        runtime.shutdown_background();
        read
    }
}
