//! Questions to the client, and the newest answers to them.
//!
//! The table at the end of this file lists each question once; everything else follows from it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::api::{
    AllFieldsRequest, DiffRequest, ExplainCallRequest, PruneRequest, RecordingRequest, RerecordRequest,
    RetagRequest, ReviewsRequest, SearchRequest, StatsRequest, StepsRequest, TrashRequest,
};
use crate::client::Client;
use crate::engine::{Diff, ExchangeRef, Explanation, MatchSettings, Rerecord, Retagged, Stats, Trashed};
use crate::matching::NamedField;
use crate::model::{CallId, RecordingId, Row, Rows, StepRow};
use crate::retention::PrunePlan;
use crate::tui::content::page::ExchangePages;
use crate::tui::content::text::BodyForm;

/// Data that comes from the client. Only the answer to the newest question counts.
#[derive(Debug)]
pub struct RemoteData<T> {
    request_id: u64,
    /// True if an answer is awaited.
    pub waiting: bool,
    /// The last answer, or why there is none.
    pub result: Option<Result<T, String>>,
}

impl<T> Default for RemoteData<T> {
    fn default() -> Self {
        Self { request_id: 0, waiting: false, result: None }
    }
}

impl<T> RemoteData<T> {
    /// Awaits the answer to this request; the last one stays until then.
    fn request(&mut self, id: u64) {
        self.request_id = id;
        self.waiting = true;
    }

    /// Takes an answer; false for one that a newer question made worthless.
    fn receive(&mut self, id: u64, result: Result<T, String>) -> bool {
        let newest = self.waiting && id == self.request_id;
        if newest {
            self.waiting = false;
            self.result = Some(result);
        }
        newest
    }

    /// The last answer, if it is no error.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        self.result.as_ref()?.as_ref().ok()
    }

    /// Forgets the answer; one that is awaited does not count any more.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

impl RemoteQuery {
    /// The question of the table. A newer one of the same kind replaces it.
    #[must_use]
    pub fn kind(&self) -> std::mem::Discriminant<Self> {
        std::mem::discriminant(self)
    }

    /// The time to wait for a newer question before this one is sent: where each letter or row asks one, most are in
    /// vain.
    #[must_use]
    pub fn debounce(&self) -> Duration {
        Duration::from_millis(match self {
            Self::List(_) => 120,
            Self::Explain(_) => 40,
            _ => 0,
        })
    }
}

/// The pages of two recordings; empty ones of a recording that is gone.
async fn review_pages(client: &Client, ids: [RecordingId; 2]) -> Result<Box<[ExchangePages; 2]>, String> {
    let mut both = [ExchangePages::default(), ExchangePages::default()];
    for (id, pages) in ids.iter().zip(&mut both) {
        let recording =
            client.find(RecordingRequest { id: id.clone() }).await.map_err(|error| error.to_string())?;
        let Some(recording) = recording else { continue };
        let made =
            tokio::task::spawn_blocking(move || ExchangePages::of_recording(&recording, BodyForm::default()));
        *pages = made.await.map_err(|error| error.to_string())?;
    }
    Ok(Box::new(both))
}

/// Makes the questions, their answers and the cache of a table with a line for each:
/// `Question(argument: Type) field: Answer = how the client is asked`.
macro_rules! remote_queries {
    ($client:ident: $($(#[$doc:meta])* $name:ident $(($($argument:ident: $kind:ty),+))? $field:ident: $answer:ty = $ask:expr;)+) => {
        /// A question to the client.
        #[derive(Clone, Debug, PartialEq)]
        pub enum RemoteQuery {
            $($(#[$doc])* $name $(($($kind),+))?,)+
        }

        /// An answer of the client.
        #[derive(Clone, Debug)]
        pub enum RemoteAnswer {
            $($(#[$doc])* $name($answer),)+
        }

        /// The newest answer to each question.
        #[derive(Debug, Default)]
        pub struct RemoteCache {
            $($(#[$doc])* pub $field: RemoteData<$answer>,)+
        }

        impl RemoteQuery {
            /// Asks the client.
            ///
            /// # Errors
            /// The client's, in words.
            pub async fn ask(self, $client: &Client) -> Result<RemoteAnswer, String> {
                match self {
                    $(Self::$name $(($($argument),+))? => {
                        let answer = $ask;
                        answer.map(RemoteAnswer::$name).map_err(|error| error.to_string())
                    })+
                }
            }
        }

        impl RemoteCache {
            /// A question goes out with this request id.
            pub fn request(&mut self, id: u64, query: &RemoteQuery) {
                match query {
                    $(RemoteQuery::$name { .. } => self.$field.request(id),)+
                }
            }

            /// True if an answer to this kind of question is awaited.
            #[must_use]
            pub fn is_waiting(&self, query: &RemoteQuery) -> bool {
                match query {
                    $(RemoteQuery::$name { .. } => self.$field.waiting,)+
                }
            }

            /// Takes what came of a question; false where a newer one was asked since.
            pub fn receive(&mut self, id: u64, query: &RemoteQuery, result: Result<RemoteAnswer, String>) -> bool {
                match (query, result) {
                    $((RemoteQuery::$name { .. }, Ok(RemoteAnswer::$name(answer))) => self.$field.receive(id, Ok(answer)),)+
                    $((RemoteQuery::$name { .. }, Err(error)) => self.$field.receive(id, Err(error)),)+
                    // No question has the answer of another.
                    (_, Ok(_)) => false,
                }
            }
        }
    };
}

remote_queries! { client:
    /// The explanation of a call; `None` where its request is no longer in memory.
    Explain(call: CallId) explanation: Option<Box<Explanation>> =
        client.find(ExplainCallRequest { id: call }).await.map(|explanation| explanation.map(Box::new));
    /// The fields of recordings' requests: those that any of them has.
    Fields(ids: Arc<[RecordingId]>) fields: Vec<NamedField> =
        client.find(AllFieldsRequest { ids: ids.to_vec() }).await.map(Option::unwrap_or_default);
    /// The pages of the old recording and of the new one of a review.
    ReviewPages(old: RecordingId, new: RecordingId) review_pages: Box<[ExchangePages; 2]> =
        review_pages(client, [old, new]).await;
    /// The effects of another match strategy.
    Retag(ids: Arc<[RecordingId]>, tag: MatchSettings) retag: Vec<Retagged> = client.run(RetagRequest { ids: ids.to_vec(), settings: tag, dry_run: true }).await;
    /// The differences of two exchanges, with this many equal lines around each.
    Diff(one: ExchangeRef, other: ExchangeRef, equal_lines: usize) diff: Box<Diff> =
        client.run(DiffRequest { one, other, context: Some(equal_lines) }).await.map(Box::new);
    /// The plan of a prune by this query, which spares these.
    Prune(query: String, keep: BTreeSet<RecordingId>) prune: Box<PrunePlan> =
        client.run(PruneRequest { query, keep, only: None, apply: false }).await.map(Box::new);
    /// The recordings that a query shows.
    List(query: String) list: Rows = client.run(SearchRequest::of_query(&query)).await.map(|rows| rows.items.into_iter().collect());
    /// The recordings that are older than their expiry rule allows.
    Expired expired: HashSet<RecordingId> =
        client.run(SearchRequest::of_query("expired:yes")).await.map(|rows| rows.items.iter().map(|row| row.id.clone()).collect());
    /// The price of re-recording these.
    RerecordPlan(ids: Vec<RecordingId>) rerecord_plan: Vec<Rerecord> = client.run(RerecordRequest { ids, dry_run: true }).await;
    /// The trash.
    Trash trash: Vec<Trashed> = client.run(TrashRequest::default()).await.map(|trash| trash.items);
    /// The recordings that wait for review.
    Reviews reviews: Vec<Arc<Row>> = client.run(ReviewsRequest::default()).await.map(|waiting| waiting.items);
    /// The changes that can be undone, the oldest first.
    Steps steps: Vec<StepRow> = client.run(StepsRequest::default()).await.map(|steps| steps.items);
    /// Totals of the store.
    Stats stats: Box<Stats> = client.run(StatsRequest {}).await.map(Box::new);
}
