//! Work that takes time, done away from the UI thread; the newest request wins.

use std::collections::HashMap;
use std::mem::Discriminant;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::sleep;

use super::external::{self, ExternalPrograms};
use super::{exchanges, mutations, pictures, rows};
use crate::client::Client;
use crate::query::vocabulary;
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::BodyForm;
use crate::tui::listing::fuzzy_find::FuzzyJob;
use crate::tui::listing::list_query::ListJob;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::job::{PairJob, ScaleJob, ThumbnailJob};
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::RemoteQuery;

/// The workers behind the screen: one loads, one scales pictures, and verbs go to the client as they come.
pub(crate) struct Workers {
    client: Client,
    say: mpsc::Sender<Message>,
    loads: watch::Sender<Option<(u64, DetailSubject, BodyForm)>>,
    scales: watch::Sender<Option<ScaleJob>>,
    list_jobs: watch::Sender<Option<ListJob>>,
    fuzzy_jobs: watch::Sender<Option<FuzzyJob>>,
    thumbnail_jobs: watch::Sender<Option<ThumbnailJob>>,
    pairs: watch::Sender<Option<PairJob>>,
    outside: Arc<ExternalPrograms>,
    mutations: mpsc::UnboundedSender<Mutation>,
    queries: HashMap<Discriminant<RemoteQuery>, AbortHandle>,
    cancelled: Arc<AtomicBool>,
}

impl Workers {
    /// Starts them; they end when this is dropped.
    pub(crate) fn start(client: &Client, outside: ExternalPrograms, say: mpsc::Sender<Message>) -> Self {
        // A watch holds the newest value only: whoever scrolls through a list loads what he stops at.
        let (loads, to_load) = watch::channel(None);
        let (scales, to_scale) = watch::channel(None);
        tokio::spawn(exchanges::load_all(client.clone(), to_load, say.clone()));
        tokio::spawn(pictures::scale_all(client.clone(), to_scale, say.clone()));
        let (list_jobs, to_list) = watch::channel(None);
        tokio::spawn(rows::list_all(to_list, say.clone()));
        let (fuzzy_jobs, to_find) = watch::channel(None);
        tokio::spawn(rows::find_all(to_find, say.clone()));
        let (thumbnail_jobs, to_shrink) = watch::channel(None);
        tokio::spawn(pictures::thumbnail_all(client.clone(), to_shrink, say.clone()));
        let (pairs, to_pair) = watch::channel(None);
        tokio::spawn(pictures::pair_all(client.clone(), to_pair, say.clone()));
        let outside = Arc::new(outside);
        let (changes, to_make) = mpsc::unbounded_channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        tokio::spawn(mutations::carry_out_all(client.clone(), to_make, say.clone(), Arc::clone(&cancelled)));
        Self {
            client: client.clone(),
            say,
            loads,
            scales,
            list_jobs,
            fuzzy_jobs,
            thumbnail_jobs,
            pairs,
            outside,
            mutations: changes,
            queries: HashMap::new(),
            cancelled,
        }
    }

    /// Hands an effect to whom it concerns.
    pub(crate) fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Load { generation, subject, form } => {
                drop(self.loads.send_replace(Some((generation, subject, form))));
            }
            Effect::Pair(pair) => drop(self.pairs.send_replace(Some(pair))),
            Effect::Copy(held, part) => self.tell("copy", move |client, outside| async move {
                external::copied(&client, &outside, &held, part).await
            }),
            Effect::OpenOutside(held, shown) => self.tell("open", move |client, outside| async move {
                external::opened(&client, &outside, &held, &shown).await
            }),
            Effect::Fire(thing) => self.tell("fire", move |client, _| async move {
                client.fire(&thing).await.map(Message::Fired).map_err(|error| error.to_string())
            }),
            Effect::Scale(scale) => drop(self.scales.send_replace(Some(scale))),
            Effect::List(job) => drop(self.list_jobs.send_replace(Some(job))),
            Effect::Values(key, rows) => self.tell("complete", move |_, _| async move {
                let values = spawn_blocking(move || vocabulary::of_rows(&rows, key)).await;
                values.map(|values| Message::Values(key, values)).map_err(|error| error.to_string())
            }),
            Effect::FuzzyFind(job) => drop(self.fuzzy_jobs.send_replace(Some(job))),
            Effect::Thumbnails(job) => drop(self.thumbnail_jobs.send_replace(Some(job))),
            Effect::Query(request_id, query) => self.ask(request_id, query),
            Effect::Mutate(mutation) => drop(self.mutations.send(mutation)),
            Effect::Cancel => self.cancelled.store(true, Ordering::SeqCst),
            Effect::FullScreen(_)
            | Effect::Clip { .. }
            | Effect::Editor(_)
            | Effect::Mouse(_)
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Quit => {}
        }
    }

    /// Asks the client something; an older question of the same kind is given up.
    fn ask(&mut self, request_id: u64, query: RemoteQuery) {
        let (client, say, kind) = (self.client.clone(), self.say.clone(), query.kind());
        let debounce = query.debounce();
        let task = tokio::spawn(async move {
            sleep(debounce).await;
            let result = query.clone().ask(&client).await;
            // Without a screen nobody asks any more.
            say.send(Message::QueryAnswered { request_id, query, result }).await.ok();
        });
        if let Some(before) = self.queries.insert(kind, task.abort_handle()) {
            before.abort();
        }
    }

    /// Does something aside and says what became of it.
    fn tell<F: Future<Output = Result<Message, String>> + Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(Client, Arc<ExternalPrograms>) -> F,
    ) {
        let (work, say) = (work(self.client.clone(), Arc::clone(&self.outside)), self.say.clone());
        tokio::spawn(async move {
            let message = work.await.unwrap_or_else(|text| Message::Failed { what, text });
            // Without a screen nobody asks any more.
            say.send(message).await.ok();
        });
    }
}
