//! What the screen wants to know, and what has arrived of it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::page::Pages;
use super::text::Form;
use crate::desk::Desk;
use crate::engine::{Diff, Explanation, Rerecord, Retagged, Stats, Tag, Thing, Trashed};
use crate::matching::NamedField;
use crate::model::{CallId, RecordingId, Row, Rows, StepRow};
use crate::retention::PrunePlan;

/// A question to the desk. A newer one of the same kind replaces it.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
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
pub enum Answer {
    Why(Option<Box<Explanation>>),
    Fields(Vec<NamedField>),
    Pair(Box<[Pages; 2]>),
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

impl Ask {
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
    pub async fn answered(self, desk: &Desk) -> Result<Answer, String> {
        let answer = match self {
            Self::Why(call) => desk.explain_call(call).await.map(|why| Answer::Why(why.map(Box::new))),
            Self::Fields(ids) => {
                desk.fields(&ids).await.map(|fields| Answer::Fields(fields.unwrap_or_default()))
            }
            Self::Pair(one, other) => return pair(desk, [one, other]).await,
            Self::Retag(ids, tag) => desk.retag(&ids, &tag, true).await.map(Answer::Retag),
            Self::Diff(one, other, context) => {
                desk.diff(&one, &other, context).await.map(|diff| Answer::Diff(Box::new(diff)))
            }
            Self::Prune(query, keep) => {
                desk.prune(&query, &keep, None, true).await.map(|plan| Answer::Prune(Box::new(plan)))
            }
            Self::List(query) => desk.list(&query).await.map(|rows| Answer::List(rows.into_iter().collect())),
            Self::Expired => desk.list("expired:yes").await.map(Answer::Expired),
            Self::Rerecord(ids) => desk.rerecord_plan(&ids).await.map(Answer::Rerecord),
            Self::Trash => desk.trash().await.map(Answer::Trash),
            Self::Reviews => desk.reviews().await.map(Answer::Reviews),
            Self::Steps => desk.steps().await.map(Answer::Steps),
            Self::Stats => desk.stats().await.map(|stats| Answer::Stats(Box::new(stats))),
        };
        answer.map_err(|error| error.to_string())
    }
}

/// What two recordings hold; nothing of one that is gone.
async fn pair(desk: &Desk, ids: [RecordingId; 2]) -> Result<Answer, String> {
    let mut pair = [Pages::default(), Pages::default()];
    for (id, pages) in ids.iter().zip(&mut pair) {
        let recording = desk.recording(id).await.map_err(|error| error.to_string())?;
        let Some(recording) = recording else { continue };
        let made =
            tokio::task::spawn_blocking(move || Pages::of_recording(&recording, Form::default())).await;
        *pages = made.map_err(|error| error.to_string())?;
    }
    Ok(Answer::Pair(Box::new(pair)))
}

/// Something that was asked for, and what has come of it. Only the answer to the newest question counts.
#[derive(Debug)]
pub struct Slot<T> {
    generation: u64,
    /// Whether an answer is awaited.
    pub waiting: bool,
    /// The last answer, or why there is none.
    pub value: Option<Result<T, String>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { generation: 0, waiting: false, value: None }
    }
}

impl<T> Slot<T> {
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
pub struct Known {
    pub why: Slot<Option<Box<Explanation>>>,
    pub fields: Slot<Vec<NamedField>>,
    pub pair: Slot<Box<[Pages; 2]>>,
    pub retag: Slot<Vec<Retagged>>,
    pub diff: Slot<Box<Diff>>,
    pub prune: Slot<Box<PrunePlan>>,
    pub list: Slot<Rows>,
    pub expired: Slot<HashSet<RecordingId>>,
    pub rerecord: Slot<Vec<Rerecord>>,
    pub trash: Slot<Vec<Trashed>>,
    pub reviews: Slot<Vec<Arc<Row>>>,
    pub steps: Slot<Vec<StepRow>>,
    pub stats: Slot<Box<Stats>>,
}

impl Known {
    /// A question goes out with this number.
    pub fn asked(&mut self, generation: u64, ask: &Ask) {
        match ask {
            Ask::Why(_) => self.why.asked(generation),
            Ask::Fields(_) => self.fields.asked(generation),
            Ask::Pair(..) => self.pair.asked(generation),
            Ask::Retag(..) => self.retag.asked(generation),
            Ask::Diff(..) => self.diff.asked(generation),
            Ask::Prune(..) => self.prune.asked(generation),
            Ask::List(_) => self.list.asked(generation),
            Ask::Expired => self.expired.asked(generation),
            Ask::Rerecord(_) => self.rerecord.asked(generation),
            Ask::Trash => self.trash.asked(generation),
            Ask::Reviews => self.reviews.asked(generation),
            Ask::Steps => self.steps.asked(generation),
            Ask::Stats => self.stats.asked(generation),
        }
    }

    /// Whether the answer to this is awaited.
    #[must_use]
    pub fn awaits(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Why(_) => self.why.waiting,
            Ask::Fields(_) => self.fields.waiting,
            Ask::Pair(..) => self.pair.waiting,
            Ask::Retag(..) => self.retag.waiting,
            Ask::Diff(..) => self.diff.waiting,
            Ask::Prune(..) => self.prune.waiting,
            Ask::List(_) => self.list.waiting,
            Ask::Expired => self.expired.waiting,
            Ask::Rerecord(_) => self.rerecord.waiting,
            Ask::Trash => self.trash.waiting,
            Ask::Reviews => self.reviews.waiting,
            Ask::Steps => self.steps.waiting,
            Ask::Stats => self.stats.waiting,
        }
    }

    /// Takes what the desk said.
    pub fn take(&mut self, generation: u64, answer: Answer) {
        match answer {
            Answer::Why(why) => self.why.take(generation, Ok(why)),
            Answer::Fields(fields) => self.fields.take(generation, Ok(fields)),
            Answer::Pair(pair) => self.pair.take(generation, Ok(pair)),
            Answer::Retag(would) => self.retag.take(generation, Ok(would)),
            Answer::Diff(diff) => self.diff.take(generation, Ok(diff)),
            Answer::Prune(plan) => self.prune.take(generation, Ok(plan)),
            Answer::List(rows) => self.list.take(generation, Ok(rows)),
            Answer::Expired(rows) => {
                let ids = rows.iter().map(|row| row.id.clone()).collect();
                self.expired.take(generation, Ok(ids));
            }
            Answer::Rerecord(plan) => self.rerecord.take(generation, Ok(plan)),
            Answer::Trash(trash) => self.trash.take(generation, Ok(trash)),
            Answer::Reviews(rows) => self.reviews.take(generation, Ok(rows)),
            Answer::Steps(steps) => self.steps.take(generation, Ok(steps)),
            Answer::Stats(stats) => self.stats.take(generation, Ok(stats)),
        }
    }

    /// Takes why the desk said nothing.
    pub fn fail(&mut self, generation: u64, ask: &Ask, why: String) {
        match ask {
            Ask::Why(_) => self.why.take(generation, Err(why)),
            Ask::Fields(_) => self.fields.take(generation, Err(why)),
            Ask::Pair(..) => self.pair.take(generation, Err(why)),
            Ask::Retag(..) => self.retag.take(generation, Err(why)),
            Ask::Diff(..) => self.diff.take(generation, Err(why)),
            Ask::Prune(..) => self.prune.take(generation, Err(why)),
            Ask::List(_) => self.list.take(generation, Err(why)),
            Ask::Expired => self.expired.take(generation, Err(why)),
            Ask::Rerecord(_) => self.rerecord.take(generation, Err(why)),
            Ask::Trash => self.trash.take(generation, Err(why)),
            Ask::Reviews => self.reviews.take(generation, Err(why)),
            Ask::Steps => self.steps.take(generation, Err(why)),
            Ask::Stats => self.stats.take(generation, Err(why)),
        }
    }
}
