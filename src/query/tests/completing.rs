//! Completion.

use super::*;

/// The texts after each completion at `|`, at most four of them.
fn completed(marked: &str) -> Vec<String> {
    let cursor = marked.find('|').unwrap();
    let text = marked.replacen('|', "", 1);
    let known = |key: Key| match key {
        Key::Model => vec!["gpt-5-mini".into(), "flux 2".into(), "gpt-image-1.5".into()],
        Key::Tag => vec!["ci".into(), "a,b".into()],
        _ => Vec::new(),
    };
    let all = complete(&text, cursor, QueryKind::Recordings, &known);
    let applied =
        |one: &Completion| format!("{}{}{}", &text[..one.replace.start], one.text, &text[one.replace.end..]);
    all.iter().map(applied).take(4).collect()
}

#[test]
fn keys_are_completed() {
    assert_eq!(completed("st|"), ["status:", "strategy:", "cost:"]);
    assert_eq!(completed("a -pro|"), ["a -prompt:", "a -protected:"]);
    assert_eq!(completed("(stat|us:404)"), ["(status:404)"]);
    assert_eq!(completed("zz|"), [""; 0]);
    assert_eq!(completed("\"st|"), [""; 0], "a text in quotes is no key");
    assert_eq!(completed("\"a b\" st| x").len(), 3);
    assert_eq!(
        complete("", 0, QueryKind::Calls, &|_| Vec::new()).len(),
        KeyEntry::of(QueryKind::Calls).count()
    );
    assert!(complete("resu", 4, QueryKind::Recordings, &|_| Vec::new()).is_empty(), "a key of calls");
}

#[test]
fn values_are_completed() {
    assert_eq!(completed("image:|"), ["image:yes", "image:no"]);
    assert_eq!(completed("strategy:strict,p|"), ["strategy:strict,pinned", "strategy:strict,specific"]);
    assert_eq!(completed("model:gpt|"), ["model:gpt-5-mini", "model:gpt-image-1.5"]);
    assert_eq!(completed("model:fl|"), ["model:\"flux 2\""]);
    assert_eq!(completed("model:\"flux 2\",\"fl|"), ["model:\"flux 2\",\"flux 2\""]);
    assert_eq!(completed("model:\"fl|ux 2\" b"), ["model:\"flux 2\" b"]);
    assert_eq!(completed("tag:\"x, y\",a|"), ["tag:\"x, y\",\"a,b\""]);
    assert_eq!(completed("size:|"), ["size:>1M", "size:<16K"]);
    assert_eq!(completed("size:>|"), ["size:>1M"]);
    assert_eq!(completed("nokey:|"), [""; 0]);
}

#[test]
fn what_is_completed_parses() {
    for entry in KEYS {
        let text = format!("{}:", entry.name);
        for kind in entry.kinds {
            for one in complete(&text, text.len(), *kind, &|_| vec!["it".into()]) {
                let completed = format!("{}{}", &text[..one.replace.start], one.text);
                let fine = Query::parse(&completed, *kind).is_ok();
                // What is known of a key comes from outside, where it has words of its own.
                assert!(fine || one.text == "it", "{completed}");
            }
        }
    }
}
