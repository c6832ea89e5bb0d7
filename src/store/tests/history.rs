use super::compact::compact;
use super::*;

fn remember(store: &Store, calls: &[(u64, &str)]) {
    let calls = calls.iter().map(|(slot, call)| (*slot, call.as_bytes().to_vec())).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.remember(calls, NOW)).unwrap();
}

fn kept(store: &Store) -> Vec<(u64, String)> {
    store.history().into_iter().map(|(slot, call)| (slot, String::from_utf8(call).unwrap())).collect()
}

#[test]
fn past_calls_stay_in_their_slots_through_restarts_and_compacting() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    at_once(&store, &small(0));
    remember(&store, &[(0, "a"), (1, "b"), (300, "c")]);
    remember(&store, &[(1, "d")]);
    let long = "x".repeat(INLINE);
    remember(&store, &[(2, &long)]);
    let expected = [(0, "a"), (1, "d"), (300, "c")].map(|(slot, call)| (slot, call.to_owned()));
    assert_eq!(kept(&store), expected);
    compact(&store, NOW).unwrap();
    assert_eq!(kept(&store), expected);
    drop(store);
    let store = open_quietly(dir.path());
    assert_eq!(kept(&store), expected);
    // It is no part of the truth: without the index it is gone, and nothing else is.
    drop(store);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = Store::open(dir.path(), &Ownership::default(), NOW).unwrap().store;
    assert_eq!((kept(&store), ids(&store.entries().unwrap())), (Vec::new(), vec![id(0)]));
}

fn at_once(store: &Store, recording: &Recording) {
    store.commit_blocking(vec![put(recording)], NOW).unwrap();
}
