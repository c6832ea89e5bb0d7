//! Laws of plans and facts.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use proptest::strategy::Strategy;

use super::*;
use crate::query::{QueryVerdict, Subject};

const QUERIES: &[&str] = &[
    "",
    "unused:>20d",
    "hits:0",
    "-hits:0 age:>10d",
    "dup:yes OR superseded:yes",
    "size:>50 (cost:>1 OR hits:<2)",
    "-unused:<10d",
    "protected:yes OR review:yes",
];

fn some_row(number: u8) -> impl Strategy<Value = Row> {
    let times = (0..40_i64, proptest::option::of(-2..40_i64), 0..3_u64);
    let form = (0..2_u8, any::<bool>(), 0..8_u8, 0..3_u8, any::<u16>());
    (times, form, 0..12_u8).prop_map(move |((came, hit, hits), (answer, scoped, state, ask, size), play)| {
        let usage = Usage { hits, last_hit: hit.map(days_ago), ..Usage::default() };
        Row {
            id: id(number),
            hash: Hash::of(&[ask / 2]),
            answer: Some(Hash::of(&[answer])),
            scope: scoped.then(|| "test".into()),
            protected: state == 0,
            review: (state == 1).then(|| id(number.wrapping_add(1))),
            completeness: if state == 2 { Completeness::CutByClient } else { Completeness::Whole },
            playback: if play == 0 { Playback::Sequence } else { Playback::Newest },
            recorded_at: days_ago(came),
            stored_at: days_ago(came),
            size: u64::from(size) << 44,
            usage,
            ..row(number)
        }
    })
}

fn some_given() -> impl Strategy<Value = Vec<UseGiven>> {
    let one = |number| {
        (some_row(number), 0..2_u8, proptest::option::of(0..3_000_000_u64), 0..60_i64).prop_map(
            |(row, fields, cost, unknown)| UseGiven {
                row: Arc::new(row),
                fields: Fingerprint([fields; 32]),
                cost: cost.map(Usd),
                use_unknown_before: days_ago(unknown),
            },
        )
    };
    (0..9_u8).prop_flat_map(move |len| (0..len).map(one).collect::<Vec<_>>())
}

fn items(given: &[UseGiven]) -> Vec<PlanItem> {
    let facts = facts(given, &[], NOW);
    let job = |at: usize| at.is_multiple_of(3).then(|| (at % 2).to_string());
    let all = given.iter().zip(facts).enumerate();
    all.map(|(at, (one, facts))| PlanItem { row: Arc::clone(&one.row), facts, job: job(at) }).collect()
}

/// The answer to calls with these bytes and fields in a scope, as look-up finds it: the newest of those that answer. None
/// where takes play in order.
type Call<'a> = (Fingerprint, Hash, Option<&'a str>);
fn answers<'a>(given: &'a [UseGiven], stays: impl Fn(&UseGiven) -> bool) -> HashMap<Call<'a>, Option<Hash>> {
    let mut takes: HashMap<Call<'a>, Vec<&UseGiven>> = HashMap::new();
    for one in given.iter().filter(|one| stays(one) && one.row.answers()) {
        takes.entry((one.fields, one.row.hash, one.row.scope.as_deref())).or_default().push(one);
    }
    let newest = |takes: Vec<&UseGiven>| {
        takes
            .into_iter()
            .max_by_key(|one| (one.row.recorded_at, one.row.id.clone()))
            .and_then(|one| one.row.answer)
    };
    takes.into_iter().map(|(call, takes)| (call, newest(takes))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_holds_what_matches_and_nothing_else(
        given in some_given(),
        text in proptest::sample::select(QUERIES),
        keep in 0..9_u8,
    ) {
        let items = items(&given);
        let options = PruneOptions { keep: [id(keep)].into(), ..PruneOptions::default() };
        let query = query(text);
        let plan = plan(&items, &query, NOW, &options);
        let removed: HashSet<_> = plan.remove.iter().map(|one| &one.id).collect();
        let spared: HashSet<_> = plan.spared.iter().map(|one| &one.id).collect();
        prop_assert!(removed.len() == plan.remove.len() && spared.len() == plan.spared.len());
        prop_assert!(removed.is_disjoint(&spared));
        for item in &items {
            let verdict = query.matches(Subject::Row(&item.row, &item.facts), NOW);
            let named = removed.contains(&item.row.id) || spared.contains(&item.row.id);
            prop_assert_eq!(named, verdict != QueryVerdict::No, "each that matches or might is named");
            let waits = items.iter().any(|other| other.row.review.as_ref() == Some(&item.row.id));
            if item.row.protected || item.row.review.is_some() || waits || verdict != QueryVerdict::Yes || item.row.id == id(keep) {
                prop_assert!(!removed.contains(&item.row.id));
            }
            let whole = items.iter().filter(|other| item.job.is_some() && other.job == item.job);
            prop_assert!(!removed.contains(&item.row.id) || whole.map(|other| &other.row.id).all(|id| removed.contains(id)));
        }
        let bytes = plan.remove.iter().fold(0, |sum: u64, one| sum.saturating_add(one.bytes));
        let cost: u64 = plan.remove.iter().filter_map(|one| one.cost).map(|cost| cost.0).sum();
        prop_assert_eq!((plan.totals.bytes, plan.totals.cost.0), (bytes, cost));
        prop_assert_eq!(plan.totals.hits, plan.remove.iter().map(|one| one.hits).sum::<u64>());
        prop_assert_eq!(plan.totals.recordings, plan.remove.len());
        prop_assert_eq!(plan.totals.unpriced, plan.remove.iter().filter(|one| one.cost.is_none()).count());
    }

    #[test]
    fn what_is_superseded_or_a_duplicate_can_go(given in some_given(), keep_some in any::<u8>()) {
        let facts = facts(&given, &[], NOW);
        let spare = |one: &RowFacts| one.duplicate_of.is_none() && one.superseded_by.is_none();
        let staying: HashSet<_> = given.iter().zip(&facts).enumerate()
            .filter(|(at, (_, facts))| spare(facts) || keep_some >> (at % 8) & 1 == 1)
            .map(|(_, (one, _))| one.row.id.clone())
            .collect();
        prop_assert_eq!(answers(&given, |one| staying.contains(&one.row.id)), answers(&given, |_| true));
        let orders = |one: &&UseGiven| one.row.playback != Playback::Newest && one.row.answers();
        for first in given.iter().filter(orders) {
            // Where the newest of all takes plays in order, each of them has its turn.
            let takes = || given.iter().zip(&facts).filter(|(one, _)| one.fields == first.fields);
            let newest = takes().filter(|(one, _)| one.row.answers()).max_by_key(|(one, _)| (one.row.recorded_at, one.row.id.clone()));
            if newest.is_some_and(|(newest, _)| newest.row.id == first.row.id) {
                prop_assert!(takes().all(|(_, facts)| spare(facts)));
            }
        }
    }
}
