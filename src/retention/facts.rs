//! Facts about recordings that need more than one row, or a rule.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Fingerprint, Hash, Playback, Row, Strategy, Timestamp, Usd};
use crate::query::RowFacts;

/// A recording, with what is known of it elsewhere.
#[derive(Clone, Debug)]
pub struct UseGiven {
    /// The recording's row.
    pub row: Arc<Row>,
    /// The fingerprint of all its fields: recordings with the same one are takes of one request.
    pub fields: Fingerprint,
    /// The price of recording it again; `None` where that is not known.
    pub cost: Option<Usd>,
    /// The value for its [`RowFacts::use_unknown_before`].
    pub use_unknown_before: Timestamp,
}

/// A rule of expiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxAge {
    /// The tag of the recordings that it holds for; none: for those for which no other rule holds.
    #[serde(default)]
    pub tag: Option<String>,
    /// The greatest age, in milliseconds since they were recorded.
    pub millis: u64,
}

/// Recordings that answer the same calls, of which the newest is found: same bytes, same fields, same scope and same
/// strategy. Another spelling of the same request is found by its own bytes.
type TakeGroup<'a> = (Fingerprint, Hash, Option<&'a str>, &'a Strategy);

/// The greatest age of a recording, in milliseconds: a rule for one of its tags goes before the one for all, and of
/// several rules the strictest holds. `None`: for ever.
#[must_use]
pub fn max_age(row: &Row, rules: &[MaxAge]) -> Option<u64> {
    let tagged = rules.iter().filter(|rule| rule.tag.as_ref().is_some_and(|tag| row.tags.contains(tag)));
    let general = rules.iter().filter(|rule| rule.tag.is_none());
    let strictest = |rule: &MaxAge| rule.millis;
    tagged.map(strictest).min().or_else(|| general.map(strictest).min())
}

/// True if a recording is older than its rule allows. One from the future is new.
#[must_use]
pub fn expired(row: &Row, rules: &[MaxAge], now: Timestamp) -> bool {
    max_age(row, rules).is_some_and(|millis| now.since(row.recorded_at) > millis)
}

/// The facts that rows alone do not tell, in their order. It takes all recordings to be right.
///
/// *Superseded* is an older take where a newer one always answers in its place: not where takes play in order, and not
/// where a rule decides, of which the oldest answers. A *duplicate* gives the same answer to the same calls as one that
/// stays: the one that is not superseded, then a protected one, then the most used, then the newest. So to remove all
/// that is superseded or a duplicate changes no answer.
#[must_use]
pub fn facts(given: &[UseGiven], rules: &[MaxAge], now: Timestamp) -> Vec<RowFacts> {
    let mut facts: Vec<_> = given
        .iter()
        .map(|one| RowFacts {
            expired: expired(&one.row, rules, now),
            cost: one.cost,
            use_unknown_before: one.use_unknown_before,
            ..RowFacts::default()
        })
        .collect();
    let in_order = in_order(given);
    let takes = |at: usize| (!in_order[at]).then(|| takes(&given[at])).flatten();
    for group in groups(given.len(), takes) {
        let newest = group.iter().copied().max_by_key(|at| age(&given[*at].row));
        for at in group.iter().copied().filter(|at| Some(*at) != newest) {
            facts[at].superseded_by = newest.map(|newest| given[newest].row.id.clone());
        }
    }
    let same = |at: usize| (!in_order[at]).then(|| same_answer(&given[at])).flatten();
    for group in groups(given.len(), same) {
        let rank = |at: &usize| {
            let row = &given[*at].row;
            (facts[*at].superseded_by.is_none(), row.protected, row.usage.everywhere().count, age(row))
        };
        let stays = group.iter().copied().max_by_key(rank);
        for at in group.iter().copied().filter(|at| Some(*at) != stays) {
            facts[at].duplicate_of = stays.map(|stays| given[stays].row.id.clone());
        }
    }
    facts
}

/// The key by which takes are ordered: a failure that may pass never goes before another answer, however new it is.
fn age(row: &Row) -> (bool, Timestamp, &str) {
    let stands = row.failure.is_none_or(|failure| !failure.may_pass(row.status));
    (stands, row.recorded_at, row.id.as_str())
}

/// The takes that a recording is one of; `None` where not the newest of them answers, or it never answers.
fn takes(given: &UseGiven) -> Option<TakeGroup<'_>> {
    let row = &given.row;
    let newest_answers = row.answers() && !matches!(row.strategy, Strategy::Rule(_));
    newest_answers.then(|| (given.fields, row.hash, row.scope.as_deref(), &row.strategy))
}

/// The key that recordings with the same effect share. `None` while a review of one is open, because that is about to
/// say which of them stays.
fn same_answer(given: &UseGiven) -> Option<(TakeGroup<'_>, Hash, (u16, u8, u8))> {
    let row = &given.row;
    let calls = (given.fields, row.hash, row.scope.as_deref(), &row.strategy);
    let form = (row.status, row.ending as u8, row.completeness as u8);
    row.review.is_none().then_some((calls, row.answer?, form))
}

/// True if each is one of several takes that play in order, for its own scope or for calls without one, which see all.
/// The newest says so.
fn in_order(given: &[UseGiven]) -> Vec<bool> {
    let mut newest: HashMap<(Fingerprint, Option<Option<&str>>), &Row> = HashMap::new();
    for one in given.iter().filter(|one| takes(one).is_some()) {
        for scope in [None, Some(one.row.scope.as_deref())] {
            let known = newest.entry((one.fields, scope)).or_insert(&one.row);
            if age(known) < age(&one.row) {
                *known = &one.row;
            }
        }
    }
    let behind = given.iter().filter(|one| one.row.continues.is_some());
    let chained: HashSet<(Fingerprint, Option<Option<&str>>)> =
        behind.flat_map(|one| [(one.fields, None), (one.fields, Some(one.row.scope.as_deref()))]).collect();
    let plays = |one: &UseGiven, scope| {
        newest.get(&(one.fields, scope)).is_some_and(|row| row.playback != Playback::Newest)
            || chained.contains(&(one.fields, scope))
    };
    given.iter().map(|one| plays(one, None) || plays(one, Some(one.row.scope.as_deref()))).collect()
}

/// Positions with the same key, where that is more than one.
fn groups<K: std::hash::Hash + Eq>(len: usize, key: impl Fn(usize) -> Option<K>) -> Vec<Vec<usize>> {
    let mut groups: HashMap<K, Vec<usize>> = HashMap::new();
    for at in 0..len {
        if let Some(key) = key(at) {
            groups.entry(key).or_default().push(at);
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}
