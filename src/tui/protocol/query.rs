//! What the screen wants to know, and what has arrived of it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::desk::Desk;
use crate::engine::{Diff, Explanation, Rerecord, Retagged, Stats, Tag, Thing, Trashed};
use crate::matching::NamedField;
use crate::model::{CallId, RecordingId, Row, Rows, StepRow};
use crate::retention::PrunePlan;
use crate::tui::content::page::ExchangePages;
use crate::tui::content::text::BodyForm;

/// A question to the desk. A newer one of the same kind replaces it.
#[derive(Clone, Debug, PartialEq)]
pub enum RemoteQuery {
    /// Why a call was answered as it was.
    Why(CallId),
    /// The fields of recordings' requests, those of any.
    Fields(Arc<[RecordingId]>),
    /// What two answers say: the old one's and the new one's.
    Pair(RecordingId, RecordingId),
    /// What another strategy would do.
    Retag(Arc<[RecordingId]>, Tag),
    /// What differs, with so many equal lines around each difference.
    Diff(Thing, Thing, usize),
    /// What a query would remove, but for these.
    Prune(String, BTreeSet<RecordingId>),
    /// The recordings that a query shows.
    List(String),
    /// The recordings that are older than their rule allows.
    Expired,
    /// What recording anew would cost.
    Rerecord(Vec<RecordingId>),
    /// What was deleted.
    Trash,
    /// What waits for review.
    Reviews,
    /// The changes that can be taken back.
    Steps,
    /// The numbers.
    Stats,
}

/// What the desk says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "`Ask` says what each one answers")]
pub enum RemoteAnswer {
    Why(Option<Box<Explanation>>),
    Fields(Vec<NamedField>),
    Pair(Box<[ExchangePages; 2]>),
    Retag(Vec<Retagged>),
    Diff(Box<Diff>),
    Prune(Box<PrunePlan>),
    List(Rows),
    Expired(Vec<Arc<Row>>),
    Rerecord(Vec<Rerecord>),
    Trash(Vec<Trashed>),
    Reviews(Vec<Arc<Row>>),
    Steps(Vec<StepRow>),
    Stats(Box<Stats>),
}

impl RemoteQuery {
    /// Which kind of question it is.
    #[must_use]
    pub fn kind(&self) -> std::mem::Discriminant<Self> {
        std::mem::discriminant(self)
    }

    /// How long to wait for a newer question before it is asked: where one comes with every letter, most are in vain.
    #[must_use]
    pub fn pause(&self) -> Duration {
        Duration::from_millis(match self {
            Self::List(_) => 120,
            // Whoever scrolls through a list asks only about what they stop at.
            Self::Why(_) => 40,
            _ => 0,
        })
    }

    /// Asks the desk.
    ///
    /// # Errors
    /// The desk's.
    pub async fn answered(self, desk: &Desk) -> Result<RemoteAnswer, String> {
        let answer = match self {
            Self::Why(call) => desk.explain_call(call).await.map(|why| RemoteAnswer::Why(why.map(Box::new))),
            Self::Fields(ids) => {
                desk.fields(&ids).await.map(|fields| RemoteAnswer::Fields(fields.unwrap_or_default()))
            }
            Self::Pair(one, other) => return pair(desk, [one, other]).await,
            Self::Retag(ids, tag) => desk.retag(&ids, &tag, true).await.map(RemoteAnswer::Retag),
            Self::Diff(one, other, context) => {
                desk.diff(&one, &other, context).await.map(|diff| RemoteAnswer::Diff(Box::new(diff)))
            }
            Self::Prune(query, keep) => {
                desk.prune(&query, &keep, None, true).await.map(|plan| RemoteAnswer::Prune(Box::new(plan)))
            }
            Self::List(query) => {
                desk.list(&query).await.map(|rows| RemoteAnswer::List(rows.into_iter().collect()))
            }
            Self::Expired => desk.list("expired:yes").await.map(RemoteAnswer::Expired),
            Self::Rerecord(ids) => desk.rerecord_plan(&ids).await.map(RemoteAnswer::Rerecord),
            Self::Trash => desk.trash().await.map(RemoteAnswer::Trash),
            Self::Reviews => desk.reviews().await.map(RemoteAnswer::Reviews),
            Self::Steps => desk.steps().await.map(RemoteAnswer::Steps),
            Self::Stats => desk.stats().await.map(|stats| RemoteAnswer::Stats(Box::new(stats))),
        };
        answer.map_err(|error| error.to_string())
    }
}

/// What two recordings hold; nothing of one that is gone.
async fn pair(desk: &Desk, ids: [RecordingId; 2]) -> Result<RemoteAnswer, String> {
    let mut pair = [ExchangePages::default(), ExchangePages::default()];
    for (id, pages) in ids.iter().zip(&mut pair) {
        let recording = desk.recording(id).await.map_err(|error| error.to_string())?;
        let Some(recording) = recording else { continue };
        let made =
            tokio::task::spawn_blocking(move || ExchangePages::of_recording(&recording, BodyForm::default()))
                .await;
        *pages = made.map_err(|error| error.to_string())?;
    }
    Ok(RemoteAnswer::Pair(Box::new(pair)))
}

/// Something that was asked for, and what has come of it. Only the answer to the newest question counts.
#[derive(Debug)]
pub struct RemoteData<T> {
    generation: u64,
    /// Whether an answer is awaited.
    pub waiting: bool,
    /// The last answer, or why there is none.
    pub value: Option<Result<T, String>>,
}

impl<T> Default for RemoteData<T> {
    fn default() -> Self {
        Self { generation: 0, waiting: false, value: None }
    }
}

impl<T> RemoteData<T> {
    /// A question goes out with this number; what was known stays until it is answered.
    pub fn asked(&mut self, generation: u64) {
        self.generation = generation;
        self.waiting = true;
    }

    /// Takes an answer, if it is that to the newest question.
    pub fn take(&mut self, generation: u64, value: Result<T, String>) {
        if self.waiting && generation == self.generation {
            self.waiting = false;
            self.value = Some(value);
        }
    }

    /// The answer, if there is one.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        self.value.as_ref()?.as_ref().ok()
    }

    /// Forgets what is known; an answer that is awaited does not count any more.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// What is known of what was asked for.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "`Ask` says what each one is")]
pub struct RemoteCache {
    pub why: RemoteData<Option<Box<Explanation>>>,
    pub fields: RemoteData<Vec<NamedField>>,
    pub pair: RemoteData<Box<[ExchangePages; 2]>>,
    pub retag: RemoteData<Vec<Retagged>>,
    pub diff: RemoteData<Box<Diff>>,
    pub prune: RemoteData<Box<PrunePlan>>,
    pub list: RemoteData<Rows>,
    pub expired: RemoteData<HashSet<RecordingId>>,
    pub rerecord: RemoteData<Vec<Rerecord>>,
    pub trash: RemoteData<Vec<Trashed>>,
    pub reviews: RemoteData<Vec<Arc<Row>>>,
    pub steps: RemoteData<Vec<StepRow>>,
    pub stats: RemoteData<Box<Stats>>,
}

impl RemoteCache {
    /// A question goes out with this number.
    pub fn asked(&mut self, generation: u64, ask: &RemoteQuery) {
        match ask {
            RemoteQuery::Why(_) => self.why.asked(generation),
            RemoteQuery::Fields(_) => self.fields.asked(generation),
            RemoteQuery::Pair(..) => self.pair.asked(generation),
            RemoteQuery::Retag(..) => self.retag.asked(generation),
            RemoteQuery::Diff(..) => self.diff.asked(generation),
            RemoteQuery::Prune(..) => self.prune.asked(generation),
            RemoteQuery::List(_) => self.list.asked(generation),
            RemoteQuery::Expired => self.expired.asked(generation),
            RemoteQuery::Rerecord(_) => self.rerecord.asked(generation),
            RemoteQuery::Trash => self.trash.asked(generation),
            RemoteQuery::Reviews => self.reviews.asked(generation),
            RemoteQuery::Steps => self.steps.asked(generation),
            RemoteQuery::Stats => self.stats.asked(generation),
        }
    }

    /// Whether the answer to this is awaited.
    #[must_use]
    pub fn awaits(&self, ask: &RemoteQuery) -> bool {
        match ask {
            RemoteQuery::Why(_) => self.why.waiting,
            RemoteQuery::Fields(_) => self.fields.waiting,
            RemoteQuery::Pair(..) => self.pair.waiting,
            RemoteQuery::Retag(..) => self.retag.waiting,
            RemoteQuery::Diff(..) => self.diff.waiting,
            RemoteQuery::Prune(..) => self.prune.waiting,
            RemoteQuery::List(_) => self.list.waiting,
            RemoteQuery::Expired => self.expired.waiting,
            RemoteQuery::Rerecord(_) => self.rerecord.waiting,
            RemoteQuery::Trash => self.trash.waiting,
            RemoteQuery::Reviews => self.reviews.waiting,
            RemoteQuery::Steps => self.steps.waiting,
            RemoteQuery::Stats => self.stats.waiting,
        }
    }

    /// Takes what the desk said.
    pub fn take(&mut self, generation: u64, answer: RemoteAnswer) {
        match answer {
            RemoteAnswer::Why(why) => self.why.take(generation, Ok(why)),
            RemoteAnswer::Fields(fields) => self.fields.take(generation, Ok(fields)),
            RemoteAnswer::Pair(pair) => self.pair.take(generation, Ok(pair)),
            RemoteAnswer::Retag(would) => self.retag.take(generation, Ok(would)),
            RemoteAnswer::Diff(diff) => self.diff.take(generation, Ok(diff)),
            RemoteAnswer::Prune(plan) => self.prune.take(generation, Ok(plan)),
            RemoteAnswer::List(rows) => self.list.take(generation, Ok(rows)),
            RemoteAnswer::Expired(rows) => {
                let ids = rows.iter().map(|row| row.id.clone()).collect();
                self.expired.take(generation, Ok(ids));
            }
            RemoteAnswer::Rerecord(plan) => self.rerecord.take(generation, Ok(plan)),
            RemoteAnswer::Trash(trash) => self.trash.take(generation, Ok(trash)),
            RemoteAnswer::Reviews(rows) => self.reviews.take(generation, Ok(rows)),
            RemoteAnswer::Steps(steps) => self.steps.take(generation, Ok(steps)),
            RemoteAnswer::Stats(stats) => self.stats.take(generation, Ok(stats)),
        }
    }

    /// Takes why the desk said nothing.
    pub fn fail(&mut self, generation: u64, ask: &RemoteQuery, why: String) {
        match ask {
            RemoteQuery::Why(_) => self.why.take(generation, Err(why)),
            RemoteQuery::Fields(_) => self.fields.take(generation, Err(why)),
            RemoteQuery::Pair(..) => self.pair.take(generation, Err(why)),
            RemoteQuery::Retag(..) => self.retag.take(generation, Err(why)),
            RemoteQuery::Diff(..) => self.diff.take(generation, Err(why)),
            RemoteQuery::Prune(..) => self.prune.take(generation, Err(why)),
            RemoteQuery::List(_) => self.list.take(generation, Err(why)),
            RemoteQuery::Expired => self.expired.take(generation, Err(why)),
            RemoteQuery::Rerecord(_) => self.rerecord.take(generation, Err(why)),
            RemoteQuery::Trash => self.trash.take(generation, Err(why)),
            RemoteQuery::Reviews => self.reviews.take(generation, Err(why)),
            RemoteQuery::Steps => self.steps.take(generation, Err(why)),
            RemoteQuery::Stats => self.stats.take(generation, Err(why)),
        }
    }
}
