//! That recordings live in sled: what is altered there is what is shown, and what is altered elsewhere is not.

use super::super::index::Index;
use super::super::journal::Journal;
use super::super::line::{JournalEntry, JournalLine};
use super::super::source::ReadSource;
use super::*;

fn index_of(store: &Store) -> Arc<Index> {
    match store.0.core.source() {
        ReadSource::Index(index) => index,
        other => panic!("no index: {other:?}"),
    }
}

#[test]
fn lists_and_look_ups_do_not_read_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..20).map(small).collect();
    filled(dir.path(), &all);
    // All lines but the headers and the last are other bytes of the same length.
    let mut lines = journal_lines(dir.path());
    let last = lines.len() - 1;
    for line in &mut lines[2..last] {
        let len = line.len();
        line[..len - 1].fill(b'#');
    }
    fs::write(dir.path().join("journal.log"), lines.concat()).unwrap();
    let store = open_quietly(dir.path());
    let expected: Vec<_> = all.iter().map(|recording| (indexed(recording), recording.clone())).collect();
    assert_eq!(content(&store), expected);
    assert_eq!(store.find(&all[3].hash.to_string()[..9]).unwrap(), [id(3)]);
}

#[test]
fn what_is_altered_in_the_index_is_what_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1), small(2)]);
    let mut altered = small(1);
    altered.name = Some("altered".into());
    altered.hash = Hash::of(b"altered");
    let index = Index::open(&dir.path().join("index")).unwrap();
    let journal = Journal::open(dir.path(), &impatient(), NOW, || None).unwrap();
    let mark = index.state().unwrap().unwrap().mark;
    let line = JournalLine { v: 1, seq: mark.seq, at: NOW, entry: JournalEntry::Retag(indexed(&altered)) };
    index.apply(journal.header(), &[(line, mark)]).unwrap();
    drop((index, journal));
    let store = open_quietly(dir.path());
    assert_eq!(store.entries().unwrap(), [indexed(&altered), indexed(&small(2))]);
    assert_eq!(store.find(&altered.hash.to_string()).unwrap(), [id(1)]);
}

#[test]
fn no_value_in_the_index_is_long() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    let mut long = recording(1, &[1; INLINE], &[2; INLINE]);
    long.response.log = ByteLog::from_pieces((0..INLINE).map(|at| (Duration::from_secs(at as u64), [7])));
    commit(&store, put(&long));
    commit(&store, put(&large(2)));
    let longest = index_of(&store).longest_value();
    assert!((INLINE - 64..=INLINE).contains(&longest), "{longest}");
    assert_eq!(store.recording(&id(1)).unwrap(), Some(long));
}

#[test]
fn when_reading_the_index_fails_the_journal_answers_and_recording_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..5).map(small).chain([large(5)]).collect();
    let store = open_quietly(dir.path());
    store.commit_blocking(all.iter().map(put).collect(), NOW).unwrap();
    commit(&store, StoreChange::Remove { ids: vec![id(0)] });
    commit(
        &store,
        StoreChange::Ledger { entries: vec![(id(1), Usage { hits: 4, last_hit: None, ..Usage::default() })] },
    );
    let before = (content(&store), store.trash().unwrap(), store.find("").unwrap());
    index_of(&store).spoil("rows");

    assert_eq!(store.degraded(), None);
    assert_eq!(store.recording(&id(3)).unwrap(), Some(small(3)));
    assert!(store.degraded().unwrap().contains("index failed"));
    assert_eq!((content(&store), store.trash().unwrap(), store.find("").unwrap()), before);
    assert_eq!(store.stats().unwrap().recordings, 5);
    commit(&store, put(&small(9)));
    assert_eq!(store.recording(&id(9)).unwrap(), Some(small(9)));
    super::compact::compact(&store, Timestamp(0)).unwrap();
    commit(&store, StoreChange::Remove { ids: vec![id(9)] });
    let before = (content(&store), store.trash().unwrap(), store.find("").unwrap());
    assert!(store.degraded().unwrap().contains("makes the index anew"));
    drop(store);

    let Opened { store, notices } = open(dir.path());
    assert!(notices[0].text.contains("rebuilt"), "{notices:?}");
    assert_eq!((content(&store), store.trash().unwrap(), store.find("").unwrap()), before);
    assert_eq!(store.degraded(), None);
}

#[test]
fn when_writing_the_index_fails_the_change_is_kept_because_the_journal_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    store.commit_blocking(vec![put(&small(1)), put(&large(2))], NOW).unwrap();
    index_of(&store).spoil("rows");
    commit(&store, StoreChange::Remove { ids: vec![id(1)] });
    assert!(store.degraded().is_some());
    assert_eq!(ids(&store.entries().unwrap()), [id(2)]);
    drop(store);
    let store = open(dir.path()).store;
    assert_eq!((ids(&store.entries().unwrap()), trashed(&store)), (vec![id(2)], vec![id(1)]));
}

#[test]
fn an_index_of_an_older_layout_is_made_anew_from_a_journal_that_knew_no_playback() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..3).map(small).collect();
    filled(dir.path(), &all);
    let older = journal_lines(dir.path()).into_iter().map(|line| {
        let json = String::from_utf8(line[9..line.len() - 1].to_vec()).unwrap();
        let json = json.replace(r#""playback":"newest","#, "");
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    });
    let older: String = older.collect();
    assert!(!older.contains("playback"));
    fs::write(dir.path().join("journal.log"), older).unwrap();
    Index::open(&dir.path().join("index")).unwrap().set_format(1);
    let Opened { store, notices } = open(dir.path());
    assert!(notices[0].text.contains("format version 1"), "{notices:?}");
    let expected: Vec<_> = all.iter().map(|recording| (indexed(recording), recording.clone())).collect();
    assert_eq!(content(&store), expected);
}
