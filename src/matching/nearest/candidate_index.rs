//! The recording that answers each call, worked out on sketches alone: the effect of a change of a strategy, before it
//! is made.
//!
//! It follows the order of the real look-up: all fields equal, then from narrow to wide, the newest within one; a
//! scope's own recordings first. Rules are left out: whether they hold cannot be told from an outline.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sketch::Outline;
use crate::model::{RecordingId, Row, Strategy};

/// A recording, as far as the question goes which calls it answers.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The recording.
    pub row: Arc<Row>,
    /// The sketch of its request.
    pub outline: Arc<Outline>,
}

/// Calls of the history that ask for the same.
#[derive(Clone, Debug)]
pub struct Past {
    /// The request.
    pub outline: Arc<Outline>,
    /// The scope the calls were made in.
    pub scope: Option<Arc<str>>,
    /// Count of such calls.
    pub count: u64,
}

/// Calls of the history that many recordings of one lineup are held against.
#[derive(Debug)]
pub struct PastIndex {
    calls: Vec<Past>,
    total: u64,
    /// Positions of candidates, ascending, by the key of their request under a strategy.
    by_key: HashMap<Strategy, HashMap<u64, Arc<[usize]>>>,
    /// The candidates that answer each call: with all of them, and without the first; `None` where nobody has asked.
    answers: Vec<Option<[Option<CandidateAnswer>; 2]>>,
}

/// The place of the recording that answers a call, and on which level it does.
type CandidateAnswer = (usize, u8);

/// The effect of a change of strategy on the calls of the history and on other recordings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlastRadius {
    /// Count of calls of the history that were looked at.
    pub calls: u64,
    /// Calls that nothing answers now, and this recording then would.
    pub miss_to_hit: u64,
    /// Calls that another recording answers now, and this one then would.
    pub from_others: u64,
    /// Calls that this recording answers now, and another then would.
    pub to_others: u64,
    /// Calls that this recording answers now, and nothing then would.
    pub hit_to_miss: u64,
    /// Recordings that would answer the same calls as this one, so that only the newest of them does; those that do
    /// already are not among them.
    pub indistinguishable: Vec<RecordingId>,
}

/// Recordings of one endpoint, ready to be asked who answers.
#[derive(Debug, Default)]
pub struct Lineup {
    candidates: Vec<Candidate>,
    ids: HashMap<RecordingId, usize>,
    /// Newest first.
    by_all: HashMap<u64, Vec<usize>>,
    /// Positions by strategy, narrow ones first; then by key, newest first.
    by_strategy: BTreeMap<(u8, Strategy), HashMap<u64, Vec<usize>>>,
}

/// The rank of a recording for a call: the smallest answers.
type Rank<'a> = (bool, u8, Option<&'a Strategy>, Reverse<(i64, &'a RecordingId)>);

impl PastIndex {
    /// An index of these calls.
    #[must_use]
    pub fn new(calls: Vec<Past>) -> Self {
        let total = calls.iter().map(|past| past.count).sum();
        let answers = vec![None; calls.len()];
        Self { calls, total, by_key: HashMap::new(), answers }
    }

    /// The places of the calls with this key under a strategy.
    fn under(&mut self, strategy: &Strategy, key: u64) -> Arc<[usize]> {
        if !self.by_key.contains_key(strategy) {
            let mut keys: HashMap<u64, Vec<usize>> = HashMap::new();
            for (at, past) in self.calls.iter().enumerate() {
                keys.entry(past.outline.key(strategy)).or_default().push(at);
            }
            let keys = keys.into_iter().map(|(key, places)| (key, places.into())).collect();
            self.by_key.insert(strategy.clone(), keys);
        }
        self.by_key.get(strategy).and_then(|keys| keys.get(&key)).map_or_else(|| Arc::new([]), Arc::clone)
    }
}

impl Lineup {
    /// A lineup of recordings that can be replayed.
    #[must_use]
    pub fn new(mut candidates: Vec<Candidate>) -> Self {
        candidates.retain(|candidate| candidate.row.answers());
        candidates.sort_by_key(|candidate| candidate.row.newest_first());
        let mut lineup = Self::default();
        for (at, candidate) in candidates.iter().enumerate() {
            let strategy = &candidate.row.strategy;
            lineup.ids.insert(candidate.row.id.clone(), at);
            if is_rule(strategy) {
                continue;
            }
            lineup.by_all.entry(candidate.outline.all()).or_default().push(at);
            let shape = (strategy.breadth(), strategy.clone());
            let key = candidate.outline.key(strategy);
            lineup.by_strategy.entry(shape).or_default().entry(key).or_default().push(at);
        }
        lineup.candidates = candidates;
        lineup
    }

    /// The recording that answers a call in `scope`; `without` is left out.
    #[must_use]
    pub fn winner(
        &self,
        call: &Outline,
        scope: Option<&str>,
        without: Option<&RecordingId>,
    ) -> Option<&Candidate> {
        let among = |pass: &dyn Fn(Option<&str>) -> bool| {
            self.first(call, &|row| pass(row.scope.as_deref()) && Some(&row.id) != without)
        };
        match scope {
            None => among(&|_| true),
            Some(_) => among(&|own| own == scope).or_else(|| among(&|own| own.is_none())),
        }
    }

    fn first(&self, call: &Outline, pass: &dyn Fn(&Row) -> bool) -> Option<&Candidate> {
        let take = |ids: Option<&Vec<usize>>, pass: &dyn Fn(&Candidate) -> bool| {
            ids.into_iter().flatten().map(|at| &self.candidates[*at]).find(|candidate| pass(candidate))
        };
        let equal = |candidate: &Candidate| {
            pass(&candidate.row) && matches(candidate, &candidate.row.strategy, call).is_some()
        };
        take(self.by_all.get(&call.all()), &equal).or_else(|| {
            self.by_strategy.iter().find_map(|((_, strategy), keys)| {
                take(keys.get(&call.key(strategy)), &|candidate: &Candidate| pass(&candidate.row))
            })
        })
    }

    /// The effect of the recording `id` having `strategy`; `None` where the index does not hold it. Where it has or
    /// would have a rule no call is looked at.
    #[must_use]
    pub fn blast_radius(&self, id: &RecordingId, strategy: &Strategy, calls: &[Past]) -> Option<BlastRadius> {
        let own = &self.candidates[*self.ids.get(id)?];
        let mut radius = BlastRadius::default();
        if is_rule(strategy) || is_rule(&own.row.strategy) {
            return Some(radius);
        }
        radius.calls = calls.iter().map(|past| past.count).sum();
        for past in calls {
            let levels = [&own.row.strategy, strategy].map(|strategy| matches(own, strategy, &past.outline));
            if levels != [None, None] {
                let other = self.answer(past, Some(id));
                self.tally(&mut radius, (own, strategy, levels), other, past);
            }
        }
        radius.indistinguishable = self.new_twins(own, strategy);
        Some(radius)
    }

    /// The effect of the same for one of many recordings: calls that neither strategy matches are not looked at, and
    /// the answers of a call are worked out once for all of them.
    #[must_use]
    pub fn blast_radius_among(
        &self,
        id: &RecordingId,
        strategy: &Strategy,
        index: &mut PastIndex,
    ) -> Option<BlastRadius> {
        let place = *self.ids.get(id)?;
        let own = &self.candidates[place];
        let mut radius = BlastRadius::default();
        if is_rule(strategy) || is_rule(&own.row.strategy) {
            return Some(radius);
        }
        radius.calls = index.total;
        let [now, then] = [&own.row.strategy, strategy].map(|one| index.under(one, own.outline.key(one)));
        let all = now.iter().chain(then.iter().filter(|at| now.binary_search(at).is_err()));
        for at in all {
            let answers = index.answers[*at].get_or_insert_with(|| {
                let first = self.answer(&index.calls[*at], None);
                let without = first.map(|(at, _)| &self.candidates[at].row.id);
                [first, without.and_then(|id| self.answer(&index.calls[*at], Some(id)))]
            });
            let other = answers.iter().copied().flatten().find(|(at, _)| *at != place);
            let past = &index.calls[*at];
            let equal = own.outline.all() == past.outline.all();
            let level = |among: &[usize], strategy: &Strategy| {
                among.binary_search(at).is_ok().then(|| if equal { 0 } else { 1 + strategy.breadth() })
            };
            let levels = [level(&now, &own.row.strategy), level(&then, strategy)];
            self.tally(&mut radius, (own, strategy, levels), other, past);
        }
        radius.indistinguishable = self.new_twins(own, strategy);
        Some(radius)
    }

    /// The recording that answers a call of the history, and on which level; `without` is left out.
    fn answer(&self, past: &Past, without: Option<&RecordingId>) -> Option<CandidateAnswer> {
        let winner = self.winner(&past.outline, past.scope.as_deref(), without)?;
        let level = matches(winner, &winner.row.strategy, &past.outline).unwrap_or(u8::MAX);
        Some((*self.ids.get(&winner.row.id)?, level))
    }

    /// Counts a call that `own` matches, with the strategy that it has or would have, on these levels.
    fn tally(
        &self,
        radius: &mut BlastRadius,
        (own, strategy, [now, then]): (&Candidate, &Strategy, [Option<u8>; 2]),
        other: Option<CandidateAnswer>,
        past: &Past,
    ) {
        let (scope, count) = (past.scope.as_deref(), past.count);
        if scope.is_some() && own.row.scope.is_some() && own.row.scope.as_deref() != scope {
            return;
        }
        let other = other.map(|(at, level)| (&self.candidates[at], level));
        let wins = |level: Option<u8>, strategy: &Strategy| {
            level.is_some_and(|level| {
                other.is_none_or(|(other, best)| {
                    rank(own, level, strategy, scope) < rank(other, best, &other.row.strategy, scope)
                })
            })
        };
        match (wins(now, &own.row.strategy), wins(then, strategy)) {
            (false, true) if other.is_none() => radius.miss_to_hit += count,
            (false, true) => radius.from_others += count,
            (true, false) if other.is_none() => radius.hit_to_miss += count,
            (true, false) => radius.to_others += count,
            _ => {}
        }
    }

    /// The recordings that would answer the same calls as `own` if it had `strategy`, and do not now.
    fn new_twins(&self, own: &Candidate, strategy: &Strategy) -> Vec<RecordingId> {
        let before = self.twins_of(own, &own.row.strategy);
        let mut new: Vec<_> = self.twins_of(own, strategy).difference(&before).copied().collect();
        new.sort_unstable();
        new.into_iter().map(|at| self.candidates[at].row.id.clone()).collect()
    }

    /// Recordings that are all to get another strategy, each with the number of others from which it could no longer be
    /// told apart, although they ask for something else. Those that answered the same calls before are not counted.
    #[must_use]
    pub fn collisions(&self, set: &[(RecordingId, Strategy)]) -> HashMap<RecordingId, u64> {
        let mut groups: HashMap<_, Vec<usize>> = HashMap::new();
        for (id, strategy) in set {
            let Some(at) = self.ids.get(id) else { continue };
            let Candidate { row, outline } = &self.candidates[*at];
            groups.entry((row.scope.as_deref(), strategy, outline.key(strategy))).or_default().push(*at);
        }
        let mut collisions = HashMap::new();
        for group in groups.into_values().filter(|group| group.len() > 1) {
            let (mut takes, mut alike, mut both) = (HashMap::new(), HashMap::new(), HashMap::new());
            let of = |at: usize| {
                let Candidate { row, outline } = &self.candidates[at];
                (outline.all(), (&row.strategy, outline.key(&row.strategy)))
            };
            for at in &group {
                let (all, before) = of(*at);
                *takes.entry(all).or_insert(0_u64) += 1;
                *alike.entry(before).or_insert(0_u64) += 1;
                *both.entry((all, before)).or_insert(0_u64) += 1;
            }
            for at in &group {
                let (all, before) = of(*at);
                let known = takes[&all] + alike[&before] - both[&(all, before)];
                let others = group.len() as u64 - known;
                if others > 0 {
                    collisions.insert(self.candidates[*at].row.id.clone(), others);
                }
            }
        }
        collisions
    }

    /// The effect of recording a request now, stamped with `strategy`.
    #[must_use]
    pub fn recorded_radius(&self, request: &Outline, strategy: &Strategy, calls: &[Past]) -> BlastRadius {
        let mut radius = BlastRadius::default();
        for Past { outline: call, scope, count } in calls {
            radius.calls += count;
            if is_rule(strategy) || request.key(strategy) != call.key(strategy) {
                continue;
            }
            match self.winner(call, scope.as_deref(), None) {
                None => radius.miss_to_hit += count,
                // The newest of its kind goes before wider ones, and before older ones as wide.
                Some(other) if other.row.strategy.breadth() >= strategy.breadth() => {
                    radius.from_others += count;
                }
                Some(_) => {}
            }
        }
        radius
    }

    /// The recordings that answer the same calls as `id` if it has `strategy`, takes of it left out.
    #[must_use]
    pub fn twins(&self, id: &RecordingId, strategy: &Strategy) -> Vec<RecordingId> {
        let Some(own) = self.ids.get(id).map(|at| &self.candidates[*at]) else { return Vec::new() };
        let mut twins: Vec<_> = self.twins_of(own, strategy).into_iter().collect();
        twins.sort_unstable();
        twins.into_iter().map(|at| self.candidates[at].row.id.clone()).collect()
    }

    /// The places of those that would answer the same calls as `own`, if it had `strategy`.
    fn twins_of(&self, own: &Candidate, strategy: &Strategy) -> HashSet<usize> {
        if is_rule(strategy) {
            return HashSet::new();
        }
        let key = own.outline.key(strategy);
        let mut twins = HashSet::new();
        // Who answers a recording's own request stands under its key: nobody else needs to be looked at.
        for ((_, theirs), keys) in &self.by_strategy {
            let alike = |other: &Candidate| {
                own.row.id != other.row.id
                    && own.row.scope == other.row.scope
                    && own.outline.all() != other.outline.all()
                    // Those that stand under the same key have it.
                    && (theirs == strategy || key == other.outline.key(strategy))
            };
            let answer = keys.get(&own.outline.key(theirs)).into_iter().flatten();
            twins.extend(answer.filter(|at| alike(&self.candidates[**at])));
        }
        twins
    }

    /// Groups of recordings that answer the same calls although their requests differ, the newest first in each: only
    /// that one ever answers what they have in common. Takes of one request are no such group.
    #[must_use]
    pub fn ambiguous(&self) -> Vec<Vec<RecordingId>> {
        let shapes: Vec<_> = self.by_strategy.keys().map(|(_, strategy)| strategy).collect();
        let mut groups: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut leader: Vec<usize> = (0..self.candidates.len()).collect();
        for (nth, one) in shapes.iter().enumerate() {
            for other in &shapes[nth..] {
                self.join(one, other, &mut leader);
            }
        }
        for at in 0..leader.len() {
            groups.entry(root(&mut leader, at)).or_default().push(at);
        }
        let differ = |group: &Vec<usize>| {
            group
                .windows(2)
                .any(|two| self.candidates[two[0]].outline.all() != self.candidates[two[1]].outline.all())
        };
        let mut groups: Vec<_> =
            groups.into_values().filter(|group| group.len() > 1 && differ(group)).collect();
        groups.sort_unstable();
        let ids =
            |group: Vec<usize>| group.into_iter().map(|at| self.candidates[at].row.id.clone()).collect();
        groups.into_iter().map(ids).collect()
    }

    /// Joins the recordings of two strategies that answer each other's requests, unless all of them are takes of one.
    fn join(&self, one: &Strategy, other: &Strategy, leader: &mut [usize]) {
        let mut alike: HashMap<(u64, u64, Option<&str>), Vec<usize>> = HashMap::new();
        for (at, candidate) in self.candidates.iter().enumerate() {
            let own = &candidate.row.strategy;
            if own == one || own == other {
                let (outline, scope) = (&candidate.outline, candidate.row.scope.as_deref());
                alike.entry((outline.key(one), outline.key(other), scope)).or_default().push(at);
            }
        }
        for group in alike.values() {
            let all = |at: usize| self.candidates[at].outline.all();
            if group.iter().any(|at| all(*at) != all(group[0])) {
                for at in group {
                    let (a, b) = (root(leader, group[0]), root(leader, *at));
                    leader[a.max(b)] = a.min(b);
                }
            }
        }
    }
}

/// Test for a rule. Sketches do not show if one holds, so the index knows nothing of recordings that have one.
fn is_rule(strategy: &Strategy) -> bool {
    matches!(strategy, Strategy::Rule(_))
}

fn root(leader: &mut [usize], mut at: usize) -> usize {
    while leader[at] != at {
        leader[at] = leader[leader[at]];
        at = leader[at];
    }
    at
}

/// The level on which a recording would answer a call, if it had `strategy`: 0 for all fields equal, else its breadth.
fn matches(own: &Candidate, strategy: &Strategy, call: &Outline) -> Option<u8> {
    if is_rule(strategy) || own.outline.key(strategy) != call.key(strategy) {
        return None;
    }
    Some(if own.outline.all() == call.all() { 0 } else { 1 + strategy.breadth() })
}

fn rank<'a>(own: &'a Candidate, level: u8, strategy: &'a Strategy, scope: Option<&str>) -> Rank<'a> {
    let foreign = scope.is_some() && own.row.scope.as_deref() != scope;
    // Among equal ones only the age counts.
    let strategy = (level > 0).then_some(strategy);
    (foreign, level, strategy, Reverse((own.row.recorded_at.0, &own.row.id)))
}
