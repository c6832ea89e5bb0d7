//! What is known of use after a process that counted hits did not end in good order.

use proptest::prelude::{ProptestConfig, prop, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::model::{Gap, Hits};
use crate::store::watch::widen;

fn at(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1000)
}

fn note(n: u8, hits: u64, last: Timestamp) -> UseNote {
    UseNote { id: id(n), hits, last, scope: None }
}

fn open_at(dir: &Path, now: Timestamp) -> Store {
    let Opened { store, notices } = Store::open(dir, &impatient(), now).unwrap();
    assert_eq!(notices, []);
    store
}

fn uses(store: &Store) -> Vec<(u64, Option<Timestamp>)> {
    let uses = |entry: &Indexed| (entry.row.usage.hits, entry.row.usage.last_hit);
    store.entries().unwrap().iter().map(uses).collect()
}

/// A store with three recordings, of which the second was hit seven times, whose process counted on and was killed.
fn killed(dir: &Path, notes: impl FnOnce(&Store)) {
    filled(dir, &[small(1), small(2), small(3)]);
    let store = open_at(dir, at(0));
    store.watch(at(0)).unwrap();
    let usage = Usage { hits: 7, last_hit: Some(at(1)), ..Usage::default() };
    commit(&store, Change::Ledger { entries: vec![(id(2), usage)] });
    store.use_known(at(5));
    notes(&store);
    // Dropped and not closed: that is all that a kill leaves.
}

#[test]
fn after_a_kill_all_use_is_known_but_for_the_last_second() {
    let dir = tempfile::tempdir().unwrap();
    let scope: Arc<str> = "checkout".into();
    killed(dir.path(), |store| {
        store.note_use(note(2, 8, at(6)));
        let hits = Hits { count: 1, last: Some(at(8)) };
        store.note_use(UseNote { scope: Some((scope.clone(), hits)), ..note(3, 1, at(8)) });
        store.note_use(note(2, 40, at(9)));
    });
    for start in [1000, 2000] {
        let store = open_at(dir.path(), at(start));
        assert_eq!(store.gaps().unwrap(), [], "nothing is unknown");
        assert_eq!(uses(&store), [(0, None), (40, Some(at(9))), (1, Some(at(8)))]);
        let scopes = &store.entries().unwrap()[2].row.usage.scopes;
        assert_eq!(scopes[&scope], Hits { count: 1, last: Some(at(8)) });
        assert!(!dir.path().join("watch").exists(), "it was taken over for good");
    }
}

#[test]
fn what_was_counted_before_the_kill_is_known_without_the_index_too() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), |store| store.note_use(note(3, 1, at(8))));
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = Store::open(dir.path(), &impatient(), at(100)).unwrap().store;
    assert_eq!((uses(&store)[2], store.gaps().unwrap()), ((1, Some(at(8))), Vec::new()));
}

#[test]
fn after_the_machine_went_down_the_time_since_the_last_checkpoint_is_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), |store| store.note_use(note(2, 8, at(6))));
    another_boot(dir.path());
    let gap = Gap { from: at(5), to: Timestamp(at(1000).0 + 1) };
    for start in [1000, 2000] {
        let store = open_at(dir.path(), at(start));
        assert_eq!(store.gaps().unwrap(), [gap]);
        assert_eq!(uses(&store)[1], (8, Some(at(6))), "what is noted is known all the same");
        store.close();
    }
    let store = open_at(dir.path(), at(3000));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.compact(Timestamp(0), at(3000))).unwrap();
    assert_eq!(store.gaps().unwrap(), [gap], "also after compacting");
    drop(store);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = Store::open(dir.path(), &impatient(), at(4000)).unwrap().store;
    assert_eq!(store.gaps().unwrap(), [gap], "also from the journal alone");
}

/// As if the notes had been taken before the machine was started the last time.
fn another_boot(dir: &Path) {
    let path = dir.join("watch");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("{\"boot\":\"").expect("the run of the machine is noted");
    fs::write(&path, format!("{before}{{\"boot\":\"another{rest}")).unwrap();
}

#[test]
fn notes_that_cannot_be_read_are_a_gap_and_never_no_use() {
    let whole = {
        let dir = tempfile::tempdir().unwrap();
        killed(dir.path(), |store| store.note_use(note(3, 1, at(8))));
        fs::read_to_string(dir.path().join("watch")).unwrap()
    };
    let cut = whole.find("{\"boot\"").unwrap();
    let older = "Hits are being counted, or were when the process died.\n";
    let newer = whole.replace("\"retake_watch\":1", "\"retake_watch\":2");
    for (text, from) in [
        ("", Timestamp(0)),
        (older, Timestamp(0)),
        (&newer, at(5)),
        // What could not be noted on a full disk.
        (&whole[..cut], at(0)),
        (&whole.replace("\"hits\":1", "\"hits\":x"), at(5)),
    ] {
        let dir = tempfile::tempdir().unwrap();
        killed(dir.path(), |_| ());
        fs::write(dir.path().join("watch"), text).unwrap();
        let store = open_at(dir.path(), at(1000));
        assert_eq!(store.gaps().unwrap(), [Gap { from, to: Timestamp(at(1000).0 + 1) }], "{text}");
    }
    // The last line of one that was killed while it wrote: that call was not answered.
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), |_| ());
    fs::write(dir.path().join("watch"), &whole[..whole.len() - 9]).unwrap();
    assert_eq!(open_at(dir.path(), at(1000)).gaps().unwrap(), []);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_notes_is_not_followed() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = outside.path().join("mine");
    fs::write(&target, "kept").unwrap();
    filled(dir.path(), &[small(1)]);
    for name in ["watch", "watch.new"] {
        std::os::unix::fs::symlink(&target, dir.path().join(name)).unwrap();
    }
    let store = open_at(dir.path(), at(0));
    store.watch(at(0)).unwrap();
    store.note_use(note(1, 1, at(1)));
    assert_eq!(fs::read_to_string(&target).unwrap(), "kept");
    drop(store);
    assert_eq!(uses(&open_at(dir.path(), at(2))), [(1, Some(at(1)))]);
}

#[test]
fn a_store_that_was_closed_in_good_order_has_no_notes() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), Store::close);
    assert!(!dir.path().join("watch").exists());
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), |store| {
        store.note_use(note(1, 1, at(7)));
        store.close_uncounted();
    });
    assert_eq!(uses(&open_at(dir.path(), at(8)))[0], (1, Some(at(7))), "the ledger could not be written");
}

#[test]
fn a_verb_does_not_end_the_watch_of_what_it_could_not_take_over() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), |store| store.note_use(note(3, 1, at(8))));
    let store = open_at(dir.path(), at(9));
    store.watch(at(9)).unwrap();
    store.note_use(note(3, 2, at(10)));
    drop(store);
    assert_eq!(uses(&open_at(dir.path(), at(11)))[2], (2, Some(at(10))));
}

#[test]
fn notes_take_no_more_room_however_long_hits_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), |store| {
        for hits in 1..20_000 {
            store.note_use(note(u8::try_from(hits % 3).unwrap() + 1, hits, at(10)));
            if hits % 100 == 0 {
                store.use_known(at(11));
            }
        }
        let len = fs::metadata(dir.path().join("watch")).unwrap().len();
        assert!(len < 80 << 10, "{len}");
    });
    let store = open_at(dir.path(), at(1000));
    let hits: Vec<_> = uses(&store).iter().map(|(hits, _)| *hits).collect();
    assert_eq!(hits, [19_998, 19_999, 19_997]);
    assert_eq!(store.gaps().unwrap(), []);
}

#[test]
fn a_journal_of_an_older_retake_says_before_which_time() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1)]);
    let journal = dir.path().join("journal.log");
    let last = fs::read_to_string(&journal).unwrap().lines().count();
    let json = format!("{{\"v\":1,\"seq\":{},\"at\":{},\"unwatched\":{}}}", last - 1, NOW.0, at(3).0);
    let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
    fs::write(&journal, [fs::read(&journal).unwrap(), line.into_bytes()].concat()).unwrap();
    for _ in 0..2 {
        assert_eq!(open_at(dir.path(), at(9)).gaps().unwrap(), [Gap { from: Timestamp(0), to: at(3) }]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gaps_hold_all_that_was_taken_in_and_are_few(taken in prop::collection::vec((0..500i64, 0..9i64), 0..40)) {
        let mut gaps = Vec::new();
        let mut lost = std::collections::BTreeSet::new();
        for (from, len) in taken {
            widen(&mut gaps, Gap { from: Timestamp(from), to: Timestamp(from + len) });
            lost.extend(from..from + len);
        }
        prop_assert!(gaps.len() <= 8 && gaps.windows(2).all(|two| two[0].to < two[1].from), "{gaps:?}");
        let within = |time: &i64| gaps.iter().any(|gap| (gap.from.0..gap.to.0).contains(time));
        prop_assert!(lost.iter().all(within), "{gaps:?}");
        let bounds = gaps.first().zip(gaps.last()).map(|(first, last)| (first.from.0, last.to.0 - 1));
        prop_assert_eq!(bounds, lost.first().copied().zip(lost.last().copied()));
    }
}
