//! Plans: the recordings to prune, and the reasons for keeping the others.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Hash, RecordingId, Row, Timestamp, Usage, Usd};
use crate::query::{Judged, Key, Query, QueryVerdict, RowFacts, Subject, last_use};

/// A recording that a plan is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// The recording's row.
    pub row: Arc<Row>,
    /// The facts that the row alone does not tell.
    pub facts: RowFacts,
    /// The job that it belongs to; without one of its recordings the others are of no use.
    #[serde(default)]
    pub job: Option<String>,
}

/// Further conditions of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PruneOptions {
    /// Recordings that somebody chose to keep.
    pub keep: BTreeSet<RecordingId>,
    /// A recording that was hit less than so many milliseconds ago is marked as in use.
    pub recent: u64,
}

/// The recordings that would be removed, and those that would not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrunePlan {
    /// The query that was asked.
    pub query: String,
    /// The recordings to remove: the oldest use first, then by id.
    pub remove: Vec<Removal>,
    /// The recordings that the query matches, or might, and that stay all the same; in the same order.
    pub spared: Vec<Spared>,
    /// Sums over what would go.
    pub totals: Totals,
}

/// A recording that would be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Removal {
    /// The recording's id.
    pub id: RecordingId,
    /// The recording's hash.
    pub hash: Hash,
    /// The size in bytes, as lists show it. A recording that shares a body with another one frees less.
    pub bytes: u64,
    /// The hits, here and elsewhere.
    pub hits: u64,
    /// The time of the last hit; `None` where there was none.
    pub last_hit: Option<Timestamp>,
    /// The reasons for removing it, in the order of the query; none where everything matches.
    pub why: Vec<Why>,
    /// The scopes in which it answered: without it their calls miss, but for [`Removal::instead`]. Of many those that were hit
    /// last, see [`Usage::SCOPES`].
    pub scopes: Vec<ScopeUse>,
    /// The recording that stays and answers its calls.
    pub instead: Option<RecordingId>,
    /// The price of recording it again; `None` where that is not known.
    #[serde(rename = "cost_usd")]
    pub cost: Option<Usd>,
    /// True if it was hit a moment ago, so that somebody seems to use it.
    pub in_use: bool,
}

/// A reason for removing a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A term of the query that matches.
    Term(String),
    /// The recording that gives the same answers.
    DuplicateOf(RecordingId),
    /// The recording that answers in its place.
    SupersededBy(RecordingId),
}

/// The use of a recording in one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScopeUse {
    /// The scope.
    pub scope: Arc<str>,
    /// The number of hits.
    pub hits: u64,
    /// The time of the last hit; `None` where there was none.
    pub last_hit: Option<Timestamp>,
}

/// A recording that stays, although the query matches or might.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spared {
    /// The recording's id.
    pub id: RecordingId,
    /// The size in bytes.
    pub bytes: u64,
    /// The reason for keeping it.
    pub reason: Reason,
}

/// The reason for keeping a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Reason {
    /// The recording is protected.
    Protected,
    /// The recording was chosen to be kept.
    Kept,
    /// A review is open between it and this one.
    Review {
        /// The other one.
        of: RecordingId,
    },
    /// The query asks for its use, of which a part may be missing.
    UseUnknown {
        /// The time before which hits may be missing.
        before: Timestamp,
    },
    /// The query asks for its price, which is not known.
    PriceUnknown,
    /// Another recording of the same job stays.
    Job {
        /// The other one.
        with: RecordingId,
    },
}

/// Sums over the removals of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// The number of recordings.
    pub recordings: usize,
    /// Size in bytes of all of them.
    pub bytes: u64,
    /// Hits.
    pub hits: u64,
    /// The price of recording them again, as far as that is known.
    #[serde(rename = "cost_usd")]
    pub cost: Usd,
    /// The number of those for which it is not known.
    pub unpriced: usize,
    /// The number of recordings that were hit a moment ago.
    pub in_use: usize,
}

impl Default for PruneOptions {
    /// No recording is kept by choice, and a quarter of an hour ago is a moment ago.
    fn default() -> Self {
        Self { keep: BTreeSet::new(), recent: 15 * 60 * 1000 }
    }
}

/// The recordings that a query would remove. It takes all recordings, because jobs and reviews speak for others.
///
/// An empty query matches everything; whoever asks people for a query has to refuse one.
#[must_use]
pub fn plan(items: &[PlanItem], query: &Query, now: Timestamp, options: &PruneOptions) -> PrunePlan {
    let mut items: Vec<_> = items.iter().collect();
    items.sort_by_cached_key(|item| (last_use(&item.row), item.row.id.clone()));
    let reviews = reviews(&items);
    let mut going: Vec<(&PlanItem, Vec<Judged>)> = Vec::new();
    let mut against: HashMap<&RecordingId, Reason> = HashMap::new();
    for item in &items {
        let subject = Subject::Row(&item.row, &item.facts);
        let verdict = query.matches(subject, now);
        if verdict == QueryVerdict::No {
            continue;
        }
        let judged = query.judged(subject, now);
        let unknown = || (verdict == QueryVerdict::Unknown).then(|| unknown(&item.facts, &judged));
        if let Some(reason) = standing(&item.row, options, &reviews).or_else(unknown) {
            against.insert(&item.row.id, reason);
        } else {
            going.push((item, judged));
        }
    }
    let broken = keep_jobs_whole(&items, &mut going);
    against.extend(broken);
    let gone: HashSet<_> = going.iter().map(|(item, _)| &item.row.id).collect();
    let in_use = |row: &Row| row.usage.everywhere().last.is_some_and(|at| now.since(at) < options.recent);
    let remove: Vec<_> =
        going.iter().map(|(item, judged)| removal(item, judged, &gone, in_use(&item.row))).collect();
    let spare = |item: &&PlanItem| {
        let reason = against.remove(&item.row.id)?;
        Some(Spared { id: item.row.id.clone(), bytes: item.row.size, reason })
    };
    let spared = items.iter().filter_map(spare).collect();
    let totals = Totals::of(&remove);
    PrunePlan { query: query.to_string(), remove, spared, totals }
}

/// Both directions of each open review: old ↔ new recording.
fn reviews<'a>(items: &[&'a PlanItem]) -> HashMap<&'a RecordingId, &'a RecordingId> {
    let open = items.iter().filter_map(|item| Some((&item.row.id, item.row.review.as_ref()?)));
    open.flat_map(|(new, old)| [(old, new), (new, old)]).collect()
}

/// The reason for keeping a recording, whatever the query is.
fn standing(
    row: &Row,
    options: &PruneOptions,
    reviews: &HashMap<&RecordingId, &RecordingId>,
) -> Option<Reason> {
    if row.protected {
        return Some(Reason::Protected);
    }
    if options.keep.contains(&row.id) {
        return Some(Reason::Kept);
    }
    reviews.get(&row.id).map(|other| Reason::Review { of: (*other).clone() })
}

/// The fact that a verdict depends on.
fn unknown(facts: &RowFacts, judged: &[Judged]) -> Reason {
    let used = |one: &Judged| matches!(one.key, Some(Key::Hits | Key::Unused));
    if judged.iter().any(|one| one.verdict == QueryVerdict::Unknown && used(one)) {
        Reason::UseUnknown { before: facts.use_unknown_before }
    } else {
        Reason::PriceUnknown
    }
}

/// Takes out what belongs to a job of which another recording stays.
fn keep_jobs_whole<'a>(
    items: &[&'a PlanItem],
    going: &mut Vec<(&'a PlanItem, Vec<Judged>)>,
) -> Vec<(&'a RecordingId, Reason)> {
    let gone: HashSet<_> = going.iter().map(|(item, _)| &item.row.id).collect();
    let mut staying: HashMap<&str, &RecordingId> = HashMap::new();
    for item in items.iter().filter(|item| !gone.contains(&item.row.id)) {
        if let Some(job) = &item.job {
            staying.entry(job).or_insert(&item.row.id);
        }
    }
    let with = |item: &PlanItem| staying.get(item.job.as_deref()?).map(|with| (*with).clone());
    let broken = going.iter().filter_map(|(item, _)| Some((&item.row.id, Reason::Job { with: with(item)? })));
    let broken = broken.collect();
    going.retain(|(item, _)| with(item).is_none());
    broken
}

impl Removal {
    /// True if it may have answered in other scopes than those that are listed.
    #[must_use]
    pub fn has_more_scopes(&self) -> bool {
        self.scopes.len() >= Usage::SCOPES
    }
}

fn removal(item: &PlanItem, judged: &[Judged], gone: &HashSet<&RecordingId>, in_use: bool) -> Removal {
    let PlanItem { row, facts, .. } = item;
    let used = row.usage.everywhere();
    let scopes = row.usage.scopes_everywhere();
    let scopes = scopes.iter().map(|(scope, hits)| ScopeUse {
        scope: Arc::clone(scope),
        hits: hits.count,
        last_hit: hits.last,
    });
    let mut others = facts.superseded_by.iter().chain(&facts.duplicate_of);
    Removal {
        id: row.id.clone(),
        hash: row.hash,
        bytes: row.size,
        hits: used.count,
        last_hit: used.last,
        why: judged
            .iter()
            .filter(|one| one.verdict == QueryVerdict::Yes)
            .map(|one| why(facts, one))
            .collect(),
        scopes: scopes.collect(),
        instead: others.find(|other| !gone.contains(other)).cloned(),
        cost: facts.cost,
        in_use,
    }
}

fn why(facts: &RowFacts, one: &Judged) -> Why {
    match (one.key, &facts.duplicate_of, &facts.superseded_by) {
        (Some(Key::Dup), Some(other), _) => Why::DuplicateOf(other.clone()),
        (Some(Key::Superseded), _, Some(other)) => Why::SupersededBy(other.clone()),
        _ => Why::Term(one.term.clone()),
    }
}

impl Totals {
    fn of(remove: &[Removal]) -> Self {
        let sum =
            |part: fn(&Removal) -> u64| remove.iter().fold(0, |sum: u64, one| sum.saturating_add(part(one)));
        Self {
            recordings: remove.len(),
            bytes: sum(|one| one.bytes),
            hits: sum(|one| one.hits),
            cost: remove.iter().filter_map(|one| one.cost).sum(),
            unpriced: remove.iter().filter(|one| one.cost.is_none()).count(),
            in_use: remove.iter().filter(|one| one.in_use).count(),
        }
    }
}
