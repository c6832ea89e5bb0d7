//! Plans and facts, case by case.

mod laws;

use std::sync::Arc;

use super::*;
use crate::model::{
    Completeness, Ending, Fingerprint, Hash, Hits, Playback, RecordingId, Row, Timestamp, Usage, Usd,
};
use crate::query::RowFacts;
use crate::query::tests::{DAY, NOW, days_ago, id, query, row};

/// One that came so many days ago and was last hit so many days ago.
fn used(number: u8, came: i64, hit: Option<i64>) -> Row {
    let usage = Usage { hits: u64::from(hit.is_some()), last_hit: hit.map(days_ago), ..Usage::default() };
    Row { recorded_at: days_ago(came), stored_at: days_ago(came), size: 100, usage, ..row(number) }
}

fn item(row: Row) -> PlanItem {
    PlanItem { row: Arc::new(row), facts: RowFacts::default(), job: None }
}

fn planned(items: &[PlanItem], text: &str) -> PrunePlan {
    plan(items, &query(text), NOW, &PruneOptions::default())
}

fn removed(plan: &PrunePlan) -> Vec<RecordingId> {
    plan.remove.iter().map(|one| one.id.clone()).collect()
}

fn reasons(plan: &PrunePlan) -> Vec<(RecordingId, Reason)> {
    plan.spared.iter().map(|one| (one.id.clone(), one.reason.clone())).collect()
}

#[test]
fn the_oldest_use_goes_first_and_ties_go_by_id() {
    let items = [
        item(used(3, 40, None)),
        item(used(1, 90, Some(35))),
        item(used(4, 60, Some(20))),
        item(used(2, 40, None)),
        item(used(5, 99, Some(70))),
    ];
    let plan = planned(&items, "unused:>30d");
    assert_eq!(removed(&plan), [id(5), id(2), id(3), id(1)]);
    assert_eq!(plan.totals, Totals { recordings: 4, bytes: 400, hits: 2, unpriced: 4, ..Totals::default() });
    assert_eq!(plan.remove[0].last_hit, Some(days_ago(70)));
    assert_eq!(plan.remove[0].why, [Why::Term("unused:>30d".into())]);
    let mut turned = items.to_vec();
    turned.reverse();
    assert_eq!(planned(&turned, "unused:>30d"), plan, "whatever order they come in");
}

#[test]
fn what_speaks_against_it_is_said() {
    let lost = RowFacts { use_unknown_before: days_ago(1), ..RowFacts::default() };
    let items = [
        item(Row { protected: true, ..used(1, 90, None) }),
        PlanItem { facts: lost.clone(), ..item(used(2, 80, None)) },
        item(Row { review: Some(id(4)), ..used(3, 70, None) }),
        item(used(4, 60, None)),
        item(used(5, 50, None)),
        item(used(6, 40, None)),
        PlanItem { facts: lost, ..item(Row { protected: true, ..used(7, 35, None) }) },
        item(used(8, 5, None)),
    ];
    let options = PruneOptions { keep: [id(5)].into(), ..PruneOptions::default() };
    let plan = plan(&items, &query("unused:>30d"), NOW, &options);
    assert_eq!(removed(&plan), [id(6)]);
    assert_eq!(
        reasons(&plan),
        [
            (id(1), Reason::Protected),
            (id(2), Reason::UseUnknown { before: days_ago(1) }),
            (id(3), Reason::Review { of: id(4) }),
            (id(4), Reason::Review { of: id(3) }),
            (id(5), Reason::Kept),
            (id(7), Reason::Protected),
        ]
    );
    assert_eq!(plan.spared[0].bytes, 100);
}

#[test]
fn use_that_is_not_known_matters_only_where_it_is_asked_for() {
    let facts = RowFacts { use_unknown_before: days_ago(1), ..RowFacts::default() };
    let items = [PlanItem { facts, ..item(used(1, 90, None)) }];
    assert_eq!(removed(&planned(&items, "age:>30d")), [id(1)]);
    assert!(planned(&items, "age:>30d -hits:>5").remove.is_empty());
    assert_eq!(removed(&planned(&items, "age:>30d OR hits:0")), [id(1)]);
    assert_eq!(reasons(&planned(&items, "cost:>1 unused:>1h")), [(id(1), Reason::PriceUnknown)]);
    assert_eq!(
        reasons(&planned(&items, "hits:0 cost:>1")),
        [(id(1), Reason::UseUnknown { before: days_ago(1) })]
    );
}

#[test]
fn a_clock_that_goes_wrong_makes_nothing_old() {
    let ahead = [item(used(1, -30, None)), item(used(2, 50, Some(-3))), item(used(3, 50, None))];
    let plan = planned(&ahead, "unused:>1d OR age:>60d");
    assert_eq!(removed(&plan), [id(3)]);
    let plan = planned(&ahead, "id:rec_");
    assert_eq!(removed(&plan), [id(3), id(2), id(1)]);
    assert_eq!(plan.remove.iter().map(|one| one.in_use).collect::<Vec<_>>(), [false, true, false]);
    let rules = [MaxAge { tag: None, millis: 0 }];
    assert!(!expired(&ahead[0].row, &rules, NOW));
    assert!(!expired(&used(1, 1, None), &[MaxAge { tag: None, millis: u64::MAX }], Timestamp(i64::MAX)));
}

#[test]
fn what_was_hit_a_moment_ago_is_marked() {
    let at = |minutes: i64| Some(Timestamp(NOW.0 - minutes * 60_000));
    let hit = |number, minutes| {
        let usage = Usage { hits: 1, last_hit: at(minutes), ..Usage::default() };
        item(Row { usage, ..used(number, 90, None) })
    };
    let plan = planned(&[hit(1, 14), hit(2, 15), item(used(3, 90, None))], "");
    assert_eq!(plan.remove.iter().map(|one| one.in_use).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(plan.totals.in_use, 1);
    assert!(plan.remove[0].why.is_empty(), "nothing was asked");
}

#[test]
fn scopes_and_prices_are_named() {
    let scope = Hits { count: 4, last: Some(days_ago(40)) };
    let usage = Usage {
        hits: 5,
        last_hit: Some(days_ago(40)),
        scopes: [("test-1".into(), scope)].into(),
        ..Usage::default()
    };
    let priced = |cost| RowFacts { cost: Some(Usd(cost)), ..RowFacts::default() };
    let items = [
        PlanItem { facts: priced(40_000), ..item(Row { usage, ..used(1, 90, None) }) },
        PlanItem { facts: priced(2_000), ..item(used(2, 80, None)) },
        item(used(3, 70, None)),
    ];
    let plan = planned(&items, "unused:>30d");
    let wanted = ScopeUse { scope: "test-1".into(), hits: 4, last_hit: Some(days_ago(40)) };
    assert_eq!(plan.remove.iter().find(|one| one.id == id(1)).unwrap().scopes, [wanted]);
    assert_eq!((plan.totals.cost, plan.totals.unpriced, plan.totals.hits), (Usd(42_000), 1, 5));
}

#[test]
fn a_job_goes_as_a_whole_or_stays() {
    let of = |number, came, job: Option<&str>| PlanItem {
        job: job.map(String::from),
        ..item(used(number, came, None))
    };
    let items = [
        of(1, 90, Some("a")),
        of(2, 10, Some("a")),
        of(3, 90, Some("b")),
        of(4, 90, Some("b")),
        of(5, 90, None),
    ];
    let plan = planned(&items, "unused:>30d");
    assert_eq!(removed(&plan), [id(3), id(4), id(5)]);
    assert_eq!(reasons(&plan), [(id(1), Reason::Job { with: id(2) })]);
    let protected = [of(3, 90, Some("b")), item(Row { protected: true, ..used(4, 90, None) })];
    let protected = [protected[0].clone(), PlanItem { job: Some("b".into()), ..protected[1].clone() }];
    assert_eq!(
        reasons(&planned(&protected, "unused:>30d")),
        [(id(3), Reason::Job { with: id(4) }), (id(4), Reason::Protected)]
    );
}

// === facts ===

fn take(number: u8, came: i64, answer: &str) -> Row {
    let same = row(1);
    Row {
        id: id(number),
        answer: Some(Hash::of(answer.as_bytes())),
        hash: same.hash,
        ..used(number, came, None)
    }
}

fn given(rows: &[Row]) -> Vec<UseGiven> {
    let given = |row: &Row| UseGiven {
        row: Arc::new(row.clone()),
        fields: Fingerprint([7; 32]),
        cost: None,
        use_unknown_before: Timestamp::default(),
    };
    rows.iter().map(given).collect()
}

/// The duplicate and the successor of each recording, by number.
fn found(rows: &[Row]) -> Vec<(Option<u8>, Option<u8>)> {
    let number = |other: &Option<RecordingId>| {
        let other = other.as_ref()?;
        (0..=u8::MAX).find(|number| id(*number) == *other)
    };
    let facts = facts(&given(rows), &[], NOW);
    facts.iter().map(|one| (number(&one.duplicate_of), number(&one.superseded_by))).collect()
}

#[test]
fn an_older_take_is_superseded() {
    let rows = [take(1, 9, "a"), take(3, 5, "b"), take(2, 7, "c")];
    assert_eq!(found(&rows), [(None, Some(3)), (None, None), (None, Some(3))]);
    let at_once = [take(2, 5, "a"), take(1, 5, "b")];
    assert_eq!(found(&at_once), [(None, None), (None, Some(2))], "ties go by id, as in look-up");
    let [old, new, _] = rows.clone();
    for other in [
        Row { scope: Some("t".into()), ..new.clone() },
        Row { hash: Hash::of(b"spelled differently"), ..new.clone() },
        Row { strategy: "strict".parse().unwrap(), ..new.clone() },
        Row { completeness: Completeness::CutByUpstream, ..new.clone() },
        Row { review: Some(id(1)), ..new.clone() },
        Row { playback: Playback::Sequence, ..new.clone() },
    ] {
        assert_eq!(found(&[old.clone(), other]), [(None, None), (None, None)]);
    }
    let mut apart = given(&[old.clone(), new.clone()]);
    apart[1].fields = Fingerprint([8; 32]);
    assert_eq!(facts(&apart, &[], NOW), [RowFacts::default(), RowFacts::default()]);
    let once = Row { playback: Playback::Sequence, ..old.clone() };
    assert_eq!(found(&[once, new.clone()])[0], (None, Some(3)), "the newest one's playback decides");
    let elsewhere = Row { scope: Some("t".into()), playback: Playback::Cycle, ..take(4, 1, "d") };
    assert_eq!(
        found(&[old, new, elsewhere])[0],
        (None, None),
        "calls without a scope play all three in order"
    );
}

#[test]
fn of_rules_the_oldest_answers() {
    let rule = |row| Row { strategy: "rule model=gpt*".parse().unwrap_or_else(|e| panic!("{e}")), ..row };
    assert_eq!(found(&[rule(take(1, 9, "a")), rule(take(2, 5, "b"))]), [(None, None), (None, None)]);
}

#[test]
fn the_same_answer_to_the_same_calls_is_a_duplicate() {
    let rows = [take(1, 9, "a"), take(2, 7, "b"), take(3, 5, "a")];
    assert_eq!(found(&rows), [(Some(3), Some(3)), (None, Some(3)), (None, None)]);
    let [old, _, new] = rows;
    for other in [
        Row { status: 500, ..old.clone() },
        Row { answer: None, ..old.clone() },
        Row { ending: Ending::Cut, ..old.clone() },
        Row { scope: Some("t".into()), ..old.clone() },
        Row { strategy: "pinned".parse().unwrap(), ..old.clone() },
        Row { review: Some(id(3)), ..old.clone() },
    ] {
        assert_eq!(found(&[other, new.clone()])[0].0, None);
    }
    let in_order = Row { playback: Playback::Sequence, ..new };
    assert_eq!(found(&[old, in_order]), [(None, None), (None, None)], "each has its place in the sequence");
}

#[test]
fn of_duplicates_the_best_one_stays() {
    let partial = |row| Row { completeness: Completeness::CutByClient, ..row };
    let hit = |row: Row, hits| Row { usage: Usage { hits, ..row.usage.clone() }, ..row };
    let rows = [partial(take(1, 9, "a")), partial(take(2, 7, "a")), partial(take(3, 8, "a"))];
    assert_eq!(found(&rows), [(Some(2), None), (None, None), (Some(2), None)], "the newest");
    let rows = [hit(rows[0].clone(), 3), rows[1].clone(), hit(rows[2].clone(), 2)];
    assert_eq!(found(&rows)[1..], [(Some(1), None), (Some(1), None)], "the most used");
    let protected = Row { protected: true, ..rows[2].clone() };
    assert_eq!(
        found(&[rows[0].clone(), rows[1].clone(), protected])[..2],
        [(Some(3), None), (Some(3), None)]
    );
}

#[test]
fn a_plan_names_the_other_one() {
    let rows = [take(1, 9, "a"), take(2, 7, "b"), take(3, 5, "a")];
    let facts = facts(&given(&rows), &[], NOW);
    let items = rows.iter().zip(facts).map(|(row, facts)| PlanItem { facts, ..item(row.clone()) });
    let items: Vec<_> = items.collect();
    let plan = planned(&items, "dup:yes OR superseded:yes");
    assert_eq!(removed(&plan), [id(1), id(2)]);
    assert_eq!(plan.remove[0].why, [Why::DuplicateOf(id(3)), Why::SupersededBy(id(3))]);
    assert_eq!((&plan.remove[0].instead, &plan.remove[1].instead), (&Some(id(3)), &Some(id(3))));
    let all = planned(&items, "age:>1d");
    assert_eq!(all.remove.iter().map(|one| one.instead.clone()).collect::<Vec<_>>(), [None, None, None]);
}

#[test]
fn the_narrowest_rule_of_expiry_holds() {
    let rule = |tag: Option<&str>, days: i64| MaxAge {
        tag: tag.map(String::from),
        millis: days.unsigned_abs() * DAY.unsigned_abs(),
    };
    let tagged =
        |tags: &[&str]| Row { tags: tags.iter().map(ToString::to_string).collect(), ..used(1, 10, None) };
    let rules = [rule(None, 9), rule(Some("ci"), 30), rule(Some("smoke"), 5), rule(None, 12)];
    assert!(expired(&tagged(&[]), &rules, NOW), "the stricter of two for all");
    assert!(!expired(&tagged(&["ci"]), &rules, NOW), "its tag's rule goes before");
    assert!(expired(&tagged(&["ci", "smoke"]), &rules, NOW), "the stricter of its tags");
    assert!(!expired(&tagged(&["CI"]), &[rules[2].clone()], NOW));
    assert!(!expired(&tagged(&[]), &[rule(None, 10)], NOW), "not before it is older");
    assert!(!expired(&tagged(&[]), &[], NOW));
    assert!(facts(&given(&[tagged(&[])]), &rules, NOW)[0].expired);
}

#[test]
fn plans_travel() {
    let lost = RowFacts { use_unknown_before: days_ago(1), ..RowFacts::default() };
    let items = [item(used(1, 90, Some(40))), PlanItem { facts: lost, ..item(used(2, 80, None)) }];
    let plan = planned(&items, "unused:>30d");
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(
        json["spared"][0]["reason"],
        serde_json::json!({"reason": "use-unknown", "before": days_ago(1).0})
    );
    assert_eq!(json["remove"][0]["why"][0]["term"], "unused:>30d");
    assert_eq!(serde_json::from_value::<PrunePlan>(json).unwrap(), plan);
    let options: PruneOptions = serde_json::from_str("{}").unwrap();
    assert_eq!(options, PruneOptions::default());
}
