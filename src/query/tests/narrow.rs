//! Consequences of how a query is written.

use super::*;

#[test]
fn letters_narrow_and_what_may_widen_does_not() {
    let narrows = |narrow: &str, wide: &str| {
        let [narrow, wide] = [narrow, wide].map(|text| Query::parse(text, QueryKind::Recordings).unwrap());
        narrow.narrows(&wide)
    };
    for (narrow, wide) in [
        ("hat", ""),
        ("hats", "hat"),
        ("hat tag:ci", "hat"),
        ("model:gpt-5", "model:gpt"),
        ("-hat fox", "-hat"),
    ] {
        assert!(narrows(narrow, wide), "{narrow} {wide}");
    }
    for (narrow, wide) in [
        ("-hats", "-hat"),
        ("hat OR fox", "hat"),
        ("hits:10", "hits:1"),
        ("tag:cis", "tag:ci"),
        ("ha", "hat"),
    ] {
        assert!(!narrows(narrow, wide), "{narrow} {wide}");
    }
    let facts = |text: &str| Query::parse(text, QueryKind::Recordings).unwrap().needs_facts();
    assert!(
        facts("hat -(dup:yes OR tag:ci)")
            && facts("cost:>1")
            && facts("expired:yes")
            && facts("superseded:no")
    );
    assert!(!facts("hat hits:0 unused:>30d"), "lists take what is known of its use for all there is");
}
