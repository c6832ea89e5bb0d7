//! Laws that hold for every query and every row.

use proptest::prelude::*;
use proptest::strategy::Strategy;

use super::*;

fn value() -> impl Strategy<Value = String> {
    let word = "[a-z0-9*?.=><-]{1,4}|\"([a-z ,*()]|\\\\\"){0,4}\"|[äß日]{1,2}";
    prop_oneof![word.prop_map(String::from), (0..5_u8).prop_map(|n| n.to_string())]
}

/// A term that comes down to a comparison of amounts.
fn amount() -> impl Strategy<Value = String> {
    let ops = proptest::sample::select(&["", "<", "<=", ">", ">=", "="][..]);
    let keys =
        proptest::sample::select(&["age:#d", "unused:#d", "unused:#w", "size:#M", "hits:#", "cost:#"][..]);
    (ops, keys, 0..40_u8).prop_map(|(op, key, n)| {
        let n = if key.ends_with('d') { n } else { n / 8 };
        key.replace(':', &format!(":{op}")).replace('#', &n.to_string())
    })
}

fn term() -> impl Strategy<Value = String> {
    let example = proptest::sample::select(KEYS).prop_flat_map(|entry| {
        proptest::sample::select(entry.examples).prop_map(move |example| format!("{}:{example}", entry.name))
    });
    let keyed = (proptest::sample::select(KEYS), value(), value());
    let keyed = keyed.prop_map(|(entry, a, b)| format!("{}:{a},{b}", entry.name));
    prop_oneof![1 => value(), 1 => keyed, 4 => example, 4 => amount()]
}

fn text() -> impl Strategy<Value = String> {
    text_of(term())
}

fn text_of(term: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    term.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} OR {b}")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.prop_map(|a| format!("({a})")),
        ]
    })
}

/// Nearly a query: pieces of the language in any order.
fn noise() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        ".{0,6}",
        proptest::sample::select(
            &["(", ")", "-", "OR ", "\"", "\\", ":", ",", "..", "status:", "tag:", "é", " "][..]
        )
        .prop_map(String::from),
        term(),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn some_row() -> impl Strategy<Value = (Row, RowFacts)> {
    let times = (0..60_i64, 0..60_i64, proptest::option::of(-5..60_i64), 0..60_i64);
    (times, 0..4_u64, any::<[bool; 4]>(), proptest::option::of(0..2_000_000_u64)).prop_map(
        |((recorded, stored, hit, unknown), hits, flags, cost)| {
            let usage = Usage { hits, last_hit: hit.map(days_ago), ..Usage::default() };
            let row = Row {
                recorded_at: days_ago(recorded),
                stored_at: days_ago(stored),
                protected: flags[0],
                streamed: flags[1],
                usage,
                ..row(1)
            };
            let facts = RowFacts {
                duplicate_of: flags[2].then(|| id(2)),
                expired: flags[3],
                cost: cost.map(Usd),
                use_unknown_before: days_ago(unknown),
                ..RowFacts::default()
            };
            (row, facts)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_and_errors_lie_inside(text in noise(), cursor in 0..60_usize, calls in any::<bool>()) {
        let kind = if calls { QueryKind::Calls } else { QueryKind::Recordings };
        if let Err(error) = Query::parse(&text, kind) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?} of {text:?}", error.span);
            prop_assert!(!error.message.is_empty());
            prop_assert_eq!(error.to_string().lines().count(), 3 + usize::from(!error.expected.is_empty()), "{}", error);
        }
        for one in complete(&text, cursor, kind, &|_| vec!["a b".into()]) {
            prop_assert!(text.get(one.replace).is_some());
        }
    }

    #[test]
    fn what_is_shown_parses_to_the_same(text in prop_oneof![text(), noise()]) {
        for kind in [QueryKind::Recordings, QueryKind::Calls] {
            let Ok(query) = Query::parse(&text, kind) else { continue };
            let again = Query::parse(&query.to_string(), kind);
            prop_assert_eq!(again.as_ref(), Ok(&query), "{} of {}", query, text);
        }
    }

    #[test]
    fn not_and_or_are_what_they_are((row, facts) in some_row(), a in text(), b in text()) {
        let subject = Subject::Row(&row, &facts);
        let ask = |text: &str| Query::parse(text, QueryKind::Recordings).map(|query| query.matches(subject, NOW));
        let (Ok(yes_a), Ok(yes_b)) = (ask(&a), ask(&b)) else { return Ok(()) };
        prop_assert_eq!(ask(&format!("-({a})")), Ok(!yes_a));
        prop_assert_eq!(ask(&format!("-(-({a}))")), Ok(yes_a));
        prop_assert_eq!(ask(&format!("({a}) ({b})")), Ok(yes_a.and(yes_b)));
        prop_assert_eq!(ask(&format!("({a}) OR ({b})")), Ok(yes_a.or(yes_b)));
        prop_assert_eq!(ask(&format!("-(({a}) ({b}))")), ask(&format!("-({a}) OR -({b})")));
        prop_assert_eq!(ask(&format!("-(({a}) OR ({b}))")), ask(&format!("-({a}) -({b})")));
    }

    #[test]
    fn what_narrows_shows_no_more((row, facts) in some_row(), text in text(), more in "[a-z:,*\" ]{0,3}", at in 0..40_usize) {
        // Letters are put in anywhere, as when somebody types.
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let longer = format!("{}{more}{}", &text[..at], &text[at..]);
        let parse = |text: &str| Query::parse(text, QueryKind::Recordings);
        let (Ok(wide), Ok(narrow)) = (parse(&text), parse(&longer)) else { return Ok(()) };
        let subject = Subject::Row(&row, &facts);
        prop_assert!(wide.narrows(&wide) && wide.narrows(&Query::all(QueryKind::Recordings)));
        if narrow.narrows(&wide) && narrow.shows(subject, NOW) {
            prop_assert!(wide.shows(subject, NOW), "{narrow} narrows {wide}");
        }
    }

    #[test]
    fn what_needs_no_facts_and_no_time_is_the_same_without((row, facts) in some_row(), text in text(), later in 0..60_i64) {
        let Ok(query) = Query::parse(&text, QueryKind::Recordings) else { return Ok(()) };
        let shown = query.shows(Subject::Row(&row, &facts), NOW);
        if !query.needs_facts() {
            prop_assert_eq!(query.shows(Subject::Row(&row, &RowFacts::default()), NOW), shown, "{}", query);
        }
        if !query.needs_now() {
            prop_assert_eq!(query.shows(Subject::Row(&row, &facts), days_ago(later)), shown, "{}", query);
        }
    }

    #[test]
    fn certain_verdicts_hold_whatever_is_not_known(
        (row, facts) in some_row(),
        text in text_of(amount()),
        lost in 0..30_u64,
        at in 0..60_i64,
    ) {
        let Ok(query) = Query::parse(&text, QueryKind::Recordings) else { return Ok(()) };
        let verdict = query.matches(Subject::Row(&row, &facts), NOW);
        let shown = query.shows(Subject::Row(&row, &facts), NOW);
        prop_assert!(verdict == QueryVerdict::Unknown || QueryVerdict::from(shown) == verdict, "{query}");
        // What may have happened: hits after it came and before the ledger knows.
        let at = days_ago(at);
        let mut really = row.clone();
        if lost > 0 && arrived(&row) <= at && at < facts.use_unknown_before {
            really.usage.hits += lost;
            really.usage.last_hit = really.usage.last_hit.max(Some(at));
        }
        let known = RowFacts { use_unknown_before: Timestamp::default(), cost: facts.cost.or(Some(Usd(lost))), ..facts };
        let truth = query.matches(Subject::Row(&really, &known), NOW);
        prop_assert!(truth != QueryVerdict::Unknown);
        prop_assert!(verdict == QueryVerdict::Unknown || truth == verdict, "{query}");
    }
}
