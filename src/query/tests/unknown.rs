//! Facts that the row alone does not tell, and those that nobody knows.

use super::*;

#[test]
fn what_the_row_alone_does_not_tell() {
    let row = row(1);
    let facts = RowFacts { duplicate_of: Some(id(2)), cost: Some(Usd(510_000)), ..RowFacts::default() };
    assert_eq!(says("dup:yes superseded:no expired:no cost:>0.5 cost:<$1", &row, &facts), QueryVerdict::Yes);
    assert_eq!(says("cost:0.5", &row, &facts), QueryVerdict::No, "money is exact");
    let facts =
        RowFacts { superseded_by: Some(id(2)), expired: true, cost: Some(Usd(0)), ..RowFacts::default() };
    assert_eq!(says("dup:no superseded:yes expired:yes cost:0", &row, &facts), QueryVerdict::Yes);
}

#[test]
fn a_price_that_is_not_known_is_neither_high_nor_low() {
    let (row, facts) = (row(1), RowFacts::default());
    for text in ["cost:>0.5", "-cost:>0.5"] {
        assert_eq!(says(text, &row, &facts), QueryVerdict::Unknown, "{text}");
    }
    assert!(!query("cost:>0").shows(Subject::Row(&row, &facts), NOW));
}

#[test]
fn use_counts_from_anywhere() {
    let elsewhere = Usage { hits: 3, last_hit: Some(days_ago(2)), ..Usage::default() };
    let usage = Usage { hits: 1, last_hit: Some(days_ago(40)), ..Usage::default() };
    let row = Row { stored_at: days_ago(50), usage, ..row(1) };
    yes("hits:1 unused:>30d", &row);
    let usage = Usage { elsewhere: [("ci".into(), elsewhere)].into(), ..row.usage.clone() };
    yes("hits:4 unused:=2d", &Row { usage, ..row.clone() });
    let never = Row { usage: Usage::default(), ..row };
    yes("unused:>49d", &never);
    yes("unused:>9d unused:<11d", &Row { stored_at: Timestamp(0), ..never });
}

#[test]
fn unknown_use_is_not_unused() {
    let never = Row { recorded_at: days_ago(60), stored_at: days_ago(50), ..row(1) };
    let facts = |days| RowFacts { use_unknown_before: days_ago(days), ..RowFacts::default() };
    let lost = facts(5);
    for (text, verdict) in [
        ("hits:0", QueryVerdict::Unknown),
        ("hits:>=0", QueryVerdict::Yes),
        ("hits:2", QueryVerdict::Unknown),
        ("-hits:0", QueryVerdict::Unknown),
        ("unused:>30d", QueryVerdict::Unknown),
        ("unused:30d", QueryVerdict::Unknown),
        ("unused:4d", QueryVerdict::Yes),
        ("unused:>4d", QueryVerdict::Yes),
        ("unused:>51d", QueryVerdict::No),
        ("unused:>30d protected:yes", QueryVerdict::No),
        ("unused:>30d OR protected:no", QueryVerdict::Yes),
    ] {
        assert_eq!(says(text, &never, &lost), verdict, "{text}");
    }
    for text in ["hits:0", "unused:>30d"] {
        assert!(query(text).shows(Subject::Row(&never, &lost), NOW), "lists go by what is known: {text}");
        assert_eq!(
            says(text, &never, &facts(50)),
            QueryVerdict::Yes,
            "nothing was lost since it came: {text}"
        );
    }
    let usage = Usage { hits: 2, last_hit: Some(days_ago(3)), ..Usage::default() };
    let used = Row { usage, ..never };
    for (text, verdict) in [
        ("hits:0", QueryVerdict::No),
        ("hits:1", QueryVerdict::No),
        ("hits:>1", QueryVerdict::Yes),
        ("hits:2", QueryVerdict::Unknown),
        ("hits:<2", QueryVerdict::No),
        ("unused:=3d", QueryVerdict::Yes),
        ("unused:3d", QueryVerdict::Yes),
        ("unused:30d", QueryVerdict::No),
        ("unused:>30d", QueryVerdict::No),
    ] {
        assert_eq!(says(text, &used, &lost), verdict, "{text}");
    }
}

#[test]
fn a_clock_that_goes_wrong_makes_nothing_old() {
    let ahead = Timestamp(NOW.0 + 90 * DAY);
    let usage = Usage { hits: 1, last_hit: Some(ahead), ..Usage::default() };
    let row = Row { recorded_at: ahead, stored_at: ahead, usage, ..row(1) };
    yes("age:<1ms unused:<1ms", &row);
    for at in [Timestamp(i64::MIN), Timestamp(i64::MAX)] {
        let row = Row { recorded_at: at, stored_at: at, ..row.clone() };
        let facts = RowFacts { use_unknown_before: at, ..RowFacts::default() };
        let verdict = query("age:<1d OR age:>=1d").matches(Subject::Row(&row, &facts), at);
        assert_eq!(verdict, QueryVerdict::Yes);
    }
}
