use super::*;
use crate::model::{MediaId, MediaRef};

pub(super) fn compact(store: &Store, trash_since: Timestamp) -> Result<Vec<Notice>, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.compact(trash_since, Timestamp(NOW.0 + 9)))
}

fn at(store: &Store, change: StoreChange, millis: i64) {
    store.commit_blocking(vec![change], Timestamp(NOW.0 + millis)).unwrap();
}

#[test]
fn compacting_keeps_what_is_there_and_drops_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    for n in 0..6 {
        at(&store, put(&large(n)), 0);
    }
    at(&store, put(&small(0)), 0);
    at(&store, StoreChange::Remove { ids: vec![id(1)] }, 1);
    at(&store, StoreChange::Remove { ids: vec![id(2)] }, 2);
    at(
        &store,
        StoreChange::Ledger {
            entries: vec![(id(3), Usage { hits: 8, last_hit: Some(NOW), ..Usage::default() })],
        },
        2,
    );
    let mut named = large(4);
    named.name = Some("four".into());
    let Indexed { row, keys } = indexed(&named);
    at(&store, StoreChange::Retag { row, keys }, 3);
    let (before, salt, size) = (content(&store), store.salt(), store.stats().unwrap());

    compact(&store, Timestamp(NOW.0 + 2)).unwrap();
    for _ in 0..2 {
        let store = if owner(dir.path()).is_some() { store.clone() } else { open_quietly(dir.path()) };
        assert_eq!(content(&store), before);
        assert_eq!(trashed(&store), [id(2)], "the older one is gone");
        assert_eq!(store.recording(&id(2)).unwrap(), Some(large(2)));
        assert_eq!((store.recording(&id(1)).unwrap(), store.salt(), store.degraded()), (None, salt, None));
        let now = store.stats().unwrap();
        assert_eq!(now.body_bytes, size.body_bytes / 6 * 4);
        store.close();
    }

    let store = open_quietly(dir.path());
    at(&store, StoreChange::Restore { ids: vec![id(2)] }, 4);
    at(&store, put(&large(1)), 4);
    compact(&store, Timestamp(i64::MAX)).unwrap();
    assert_eq!(ids(&store.entries().unwrap()), [0, 1, 2, 3, 4, 5].map(id));
    drop(store);
    assert_eq!(open_quietly(dir.path()).recording(&id(1)).unwrap(), Some(large(1)));
}

#[test]
fn a_crash_behind_the_new_journal_costs_only_the_index() {
    let (dir, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    filled(dir.path(), &[small(1), large(2)]);
    copy(&dir.path().join("index"), old.path());
    let store = open_quietly(dir.path());
    let before = content(&store);
    compact(&store, NOW).unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    copy(old.path(), &dir.path().join("index"));
    let Opened { store, notices } = open(dir.path());
    assert_eq!((content(&store), notices.len()), (before, 1));
}

#[test]
fn a_small_file_that_only_an_older_version_brought_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let png = Bytes::from("png");
    let mut linked = small(1);
    linked.media = vec![MediaRef {
        id: MediaId::of(&linked.id, "/data/0/url"),
        field: "/data/0/url".into(),
        url: "https://example.com/cat.png".into(),
        content_type: "image/png".into(),
        body: Some(Hash::of(&png)),
        len: 3,
        problem: None,
    }];
    let Indexed { row, keys } = indexed(&linked);
    let store = open_quietly(dir.path());
    let media = vec![(Hash::of(&png), png.clone())];
    commit(&store, StoreChange::Put { recording: Box::new(linked.clone()), row, keys, media });
    commit(&store, put(&linked));
    compact(&store, NOW).unwrap();
    assert_eq!(store.body(&Hash::of(&png)).unwrap(), png);
}
