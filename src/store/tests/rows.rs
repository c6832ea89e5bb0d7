//! All rows together in one file: what a start believes of it, and what it asks the index for.

use super::super::packed_row::PackedRow;
use super::*;

fn rows(store: &Store) -> Vec<Indexed> {
    let mut rows: Vec<_> = store.packed().unwrap().iter().map(|row| row.unpack().unwrap()).collect();
    rows.sort_by(|a, b| a.row.id.cmp(&b.row.id));
    rows
}

fn file(dir: &Path) -> PathBuf {
    dir.join("index/rows")
}

fn used(hits: u64) -> Usage {
    let scopes = [(Arc::from("a"), crate::model::Hits { count: 1, last: Some(NOW) })];
    Usage { hits, last_hit: Some(NOW), scopes: scopes.into(), ..Usage::default() }
}

/// A store with forty recordings that is closed, and what changed since its rows were written down.
fn changed(dir: &Path) {
    filled(dir, &(0..40).map(small).collect::<Vec<_>>());
    assert!(file(dir).exists());
    let before = fs::read(file(dir)).unwrap();
    let store = open_quietly(dir);
    commit(&store, put(&small(50)));
    commit(&store, StoreChange::Remove { ids: vec![id(3), id(4)] });
    commit(&store, StoreChange::Restore { ids: vec![id(4)] });
    commit(&store, StoreChange::Ledger { entries: vec![(id(7), used(9))] });
    let mut named = small(8);
    named.name = Some("cat".into());
    let Indexed { row, keys } = indexed(&named);
    commit(&store, StoreChange::Retag { row, keys });
    drop(store);
    assert_eq!(fs::read(file(dir)).unwrap(), before, "few changes are not worth another file");
}

#[test]
fn rows_from_the_file_are_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    changed(dir.path());
    let store = open_quietly(dir.path());
    let entries = store.entries().unwrap();
    assert_eq!(rows(&store), entries);
    assert_eq!(entries.len(), 40);
    let usage = |at| entries.iter().find(|entry| entry.row.id == id(at)).unwrap().row.usage.clone();
    assert_eq!((usage(7), usage(8)), (used(9), Usage::default()));
}

#[test]
fn a_file_of_rows_that_does_not_fit_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    changed(dir.path());
    let whole = fs::read(file(dir.path())).unwrap();
    let other = tempfile::tempdir().unwrap();
    filled(other.path(), &[small(1)]);
    let mut harms: Vec<Vec<u8>> =
        (0..whole.len()).step_by(whole.len() / 40).map(|at| whole[..at].to_vec()).collect();
    harms.extend((0..whole.len()).step_by(whole.len() / 40).map(|at| {
        let mut flipped = whole.clone();
        flipped[at] ^= 4;
        flipped
    }));
    harms.push(fs::read(file(other.path())).unwrap());
    for harm in harms {
        fs::write(file(dir.path()), &harm).unwrap();
        let store = open_quietly(dir.path());
        assert_eq!(rows(&store), store.entries().unwrap());
        store.close();
        fs::write(file(dir.path()), &whole).unwrap();
    }
    // It is written anew where there is none.
    fs::remove_file(file(dir.path())).unwrap();
    open_quietly(dir.path()).close();
    assert!(file(dir.path()).exists());
    let store = open_quietly(dir.path());
    assert_eq!(rows(&store), store.entries().unwrap());
}

#[test]
fn a_killed_process_leaves_rows_that_are_brought_up_to_date() {
    let (dir, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    changed(dir.path());
    let store = open_quietly(dir.path());
    for n in 60..80 {
        commit(&store, put(&small(n)));
    }
    copy(dir.path(), killed.path());
    fs::remove_file(killed.path().join("LOCK")).unwrap();
    let expected = store.entries().unwrap();
    let after = open(killed.path()).store;
    assert_eq!(rows(&after), expected);
    assert_eq!(after.entries().unwrap(), expected);
    assert_eq!(after.recording(&id(79)).unwrap(), Some(small(79)));
}

#[test]
fn a_packed_row_says_what_the_row_says() {
    let mut recording = small(1);
    recording.strategy = "specific size".parse().unwrap();
    recording.name = Some("cat".into());
    recording.scope = Some("checkout".into());
    recording.playback = crate::model::Playback::Cycle;
    recording.review = Some(id(9));
    let mut all = indexed(&recording);
    let row = Arc::make_mut(&mut all.row);
    row.status = 429;
    row.failure = Some(crate::model::AnswerFailure::Status);
    row.continues = Some(id(4));
    row.answer = Some(Hash::of(b"x"));
    row.usage = used(3);
    all.keys.earlier = vec![("resp_1".into(), Fingerprint([3; 32]))];
    for indexed in [indexed(&small(2)), all] {
        let packed = PackedRow::of(&indexed);
        assert_eq!(packed.unpack().unwrap(), indexed);
        let (view, Indexed { row, keys }) = (packed.view().unwrap(), &indexed);
        assert_eq!((view.id, view.hash), (row.id.as_str(), row.hash));
        assert_eq!(view.asked, (row.method.as_str(), row.endpoint.as_str()));
        assert_eq!(view.strategy, row.strategy.to_string());
        assert_eq!((view.scope, view.playback), (row.scope.as_deref(), row.playback));
        assert_eq!((view.answers, view.status, view.size), (row.answers(), row.status, row.size));
        assert_eq!((view.recorded_at, view.failure), (row.recorded_at, row.failure));
        assert_eq!((view.continues, view.answered), (row.continues.is_some(), row.answer.is_some()));
        assert_eq!((&view.usage, &view.keys), (&row.usage, keys));
    }
}

#[test]
fn what_is_derived_is_kept_with_what_changed_since() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &(0..4).map(small).collect::<Vec<_>>());
    let store = open_quietly(dir.path());
    assert!(store.derived("sums").is_none());
    store.keep("sums", b"four");
    let kept = store.derived("sums").unwrap();
    assert_eq!((&kept.bytes[..], kept.changed.len()), (&b"four"[..], 0));
    commit(&store, put(&small(9)));
    drop(store);
    let store = open_quietly(dir.path());
    let kept = store.derived("sums").unwrap();
    assert_eq!(kept.changed, [id(9).to_string()].into());
    super::compact::compact(&store, NOW).unwrap();
    assert!(store.derived("sums").is_none(), "the index is another one");
}

#[test]
fn a_line_is_found_among_those_that_were_copied_together() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..=250).map(|n| recording(n, &[n; 900], &vec![!n; 5000])).collect();
    filled(dir.path(), &all);
    // All lines but the headers and the last are other bytes of the same length.
    let mut lines = journal_lines(dir.path());
    let last = lines.len() - 1;
    lines[2..last].iter_mut().for_each(|line| line[..20].fill(b'#'));
    fs::write(dir.path().join("journal.log"), lines.concat()).unwrap();
    let store = open_quietly(dir.path());
    for recording in &all {
        assert_eq!(store.recording(&recording.id).unwrap().as_ref(), Some(recording));
    }
    let stats = store.stats().unwrap();
    assert!(stats.index_bytes < 3 * stats.journal_bytes, "{stats:?}");
}
