//! Errors name the place.

use super::*;

fn error(text: &str) -> QueryError {
    Query::parse(text, QueryKind::Recordings).expect_err(text)
}

/// The problem of a text, the part that has it, and what was expected.
fn at(text: &str) -> (String, String, Vec<String>) {
    let error = error(text);
    (error.message, text[error.span].to_owned(), error.expected)
}

#[test]
fn an_error_shows_the_place() {
    assert_eq!(
        error("tiny stauts:404").to_string(),
        "unknown key `stauts`; did you mean `status`?\n  tiny stauts:404\n       ^^^^^^\nexpected: status"
    );
    assert_eq!(
        error("日本\t\"ä\u{301}\" result:hit").to_string().lines().take(3).collect::<Vec<_>>(),
        [
            "`result` is a key of calls, and this is asked of recordings",
            "  日本 \"ä\u{301}\" result:hit",
            "           ^^^^^^"
        ]
    );
    assert_eq!(error("tag:").to_string().lines().nth(2), Some("      ^"), "where something is missing");
}

#[test]
fn what_is_wrong_is_said() {
    for (text, message, place) in [
        ("localhost:4010", "unknown key `localhost`; to look for the text put it in quotes", "localhost"),
        ("status:4o4", "`4o4` is not a value of `status`", "4o4"),
        ("image:yess", "`yess` is not a value of `image`; did you mean `yes`?", "yess"),
        ("strategy:pined", "`pined` is not a value of `strategy`; did you mean `pinned`?", "pined"),
        ("tag:a,", "a value of `tag` is missing here", ""),
        ("tag:,a", "a value of `tag` is missing here", ""),
        ("size:> 1M", "a value of `size` is missing here", ">"),
        ("size:2M..1M", "a range goes from the smaller to the larger", "2M..1M"),
        ("size:..", "`..` is not a value of `size`", ".."),
        ("age:7", "`age` needs a unit: 7d, <7d, 7h", "7"),
        ("hits:0.5", "`0.5` is not a value of `hits`", "0.5"),
        ("hits:1.", "`1.` is not a value of `hits`", "1."),
        (
            "size:99999999999999999999",
            "`99999999999999999999` is not a value of `size`",
            "99999999999999999999",
        ),
        ("recorded:2026-02-30", "`2026-02-30` is not a value of `recorded`", "2026-02-30"),
        ("recorded:yesterday", "`yesterday` is not a value of `recorded`", "yesterday"),
        ("hash:9g", "`9g` is not a value of `hash`", "9g"),
        ("tag:>a", "`>` compares numbers, sizes, times and dates; `tag` is none", ">a"),
        ("a (b OR c", "unclosed `(`; to look for one put it in quotes", "("),
        ("a) b", "this `)` closes nothing; to look for one put it in quotes", ")"),
        ("a ()", "term expected; to look for `OR` put it in quotes", ")"),
        ("OR a", "term expected; to look for `OR` put it in quotes", "OR"),
        ("a OR", "term expected; to look for `OR` put it in quotes", ""),
        ("a - b", "`-` means not, and stands right before one term; to look for one put it in quotes", "-"),
        (
            "a AND b",
            "terms beside each other are joined already; leave `AND` out, or put it in quotes",
            "AND",
        ),
        ("NOT a", "not is written `-` right before a term; to look for `NOT` put it in quotes", "NOT"),
        ("--a", "`-` means not, and stands right before one term; to look for one put it in quotes", "-"),
        ("prompt:\"tiny", "unclosed quote", "\"tiny"),
        ("\"a\"b", "the quotes end before this; put a blank between", "b"),
    ] {
        let (said, span, _) = at(text);
        assert_eq!((said.as_str(), span.as_str()), (message, place), "{text}");
    }
}

#[test]
fn what_was_expected_is_said() {
    assert_eq!(at("image:maybe").2, ["yes or no"]);
    assert_eq!(at("strategy:x").2, ["standard, strict, specific, pinned, rule"]);
    let known: Vec<_> = KeyEntry::of(QueryKind::Recordings).map(|entry| entry.name.to_owned()).collect();
    assert_eq!(at("localhost:4010").2, known);
}

#[test]
fn depth_has_an_end() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::parse(&nested(32), QueryKind::Calls).is_ok());
    assert_eq!(
        Query::parse(&nested(33), QueryKind::Calls).unwrap_err().message,
        "more than 32 parentheses in each other"
    );
    assert!(Query::parse(&"-(".repeat(100_000), QueryKind::Calls).is_err());
    assert!(Query::parse(&"a OR -b (c) ".repeat(10_000), QueryKind::Calls).is_ok());
}

#[test]
fn errors_travel() {
    let error = error("stauts:1");
    let json = serde_json::to_string(&error).unwrap();
    assert_eq!(serde_json::from_str::<QueryError>(&json).unwrap(), error);
}
