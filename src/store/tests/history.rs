use super::compact::compact;
use super::*;

fn bytes(calls: &[&str]) -> Vec<Vec<u8>> {
    calls.iter().map(|call| call.as_bytes().to_vec()).collect()
}

fn done(change: impl Future<Output = Result<(), StoreError>>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(change).unwrap();
}

fn kept(store: &Store) -> Vec<String> {
    store.history().into_iter().map(|call| String::from_utf8(call).unwrap()).collect()
}

#[test]
fn past_calls_stay_through_restarts_compacting_and_a_lost_index() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    commit(&store, put(&small(0)));
    done(store.remember(bytes(&["forget me", "b"]), NOW));
    let long = "x".repeat(INLINE + 1);
    done(store.remember(bytes(&["c", &long]), NOW));
    assert_eq!(kept(&store), ["forget me", "b", "c"]);
    compact(&store, NOW).unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = Store::open(dir.path(), &impatient(), NOW).unwrap().store;
    assert_eq!(kept(&store), ["forget me", "b", "c"]);
    done(store.rewrite_history(bytes(&["b"]), NOW));
    assert_eq!(kept(&store), ["b"]);
    let text = |path: &PathBuf| fs::read(path).unwrap();
    let files = files_below(dir.path());
    assert!(files.iter().all(|path| !text(path).windows(9).any(|bytes| bytes == b"forget me")));
}

#[test]
fn past_calls_take_no_more_room_however_many_there_were() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    let used = || files::disk_use(dir.path());
    let begun = used();
    let mut most = 0;
    for round in 0..60 {
        let calls = (0..1000).map(|nth| format!("{:0>1000}", round * 1000 + nth).into_bytes());
        done(store.remember(calls.collect(), NOW));
        most = most.max(used() - begun);
    }
    assert!(most < 21 << 20, "{most}");
    let all = kept(&store);
    assert!((10_000..=20_000).contains(&all.len()), "{}", all.len());
    assert!(all.is_sorted() && all.last().unwrap().ends_with("59999"), "the newest are there");
    // Also where each of them is long.
    let begun = used();
    for _ in 0..5 {
        done(store.remember(vec![vec![b'x'; INLINE]; 1000], NOW));
    }
    assert!(used() < begun + (34 << 20), "{}", used());
}

#[test]
fn damaged_past_calls_are_left_out_and_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    commit(&store, put(&small(0)));
    done(store.remember(bytes(&["one", "two", "three"]), NOW));
    drop(store);
    let path = dir.path().join("history");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&path, &damaged).unwrap();
        let store = open_quietly(dir.path());
        let calls = kept(&store);
        assert!(["one", "two", "three"].starts_with(&calls.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(ids(&store.entries().unwrap()), [id(0)]);
    }
}

#[test]
fn past_calls_that_an_older_retake_kept_in_the_index_are_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(0)]);
    let index = super::super::index::Index::open(&dir.path().join("index")).unwrap();
    index.keep_as_before(7, b"a call");
    drop(index);
    for _ in 0..2 {
        let store = open_quietly(dir.path());
        assert_eq!(kept(&store), ["a call"]);
    }
}
