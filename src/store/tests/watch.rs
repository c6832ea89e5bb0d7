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
    assert!(store.count_use(&[(id(2), usage)], at(5)).unwrap());
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

/// The notes of a process that was killed, line by line without their checksums.
fn noted(dir: &Path) -> Vec<String> {
    let text = fs::read_to_string(dir.join("watch")).unwrap();
    text.lines().map(|line| line[9..].to_owned()).collect()
}

/// Lines of JSON as notes are written.
fn with_checksums(lines: &[String]) -> String {
    let sum = |line: &String| format!("{:08x} {line}\n", crc32fast::hash(line.as_bytes()));
    lines.iter().map(sum).collect()
}

/// As if the notes had been taken before the machine was started the last time.
fn another_boot(dir: &Path) {
    let mut lines = noted(dir);
    let boot = lines.iter_mut().find(|line| line.starts_with("{\"boot\":\"")).expect("its run is noted");
    *boot = boot.replace("{\"boot\":\"", "{\"boot\":\"another");
    fs::write(dir.join("watch"), with_checksums(&lines)).unwrap();
}

#[test]
fn notes_that_cannot_be_read_are_a_gap_and_never_no_use() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), |store| store.note_use(note(3, 1, at(8))));
    let (lines, whole) = (noted(dir.path()), fs::read_to_string(dir.path().join("watch")).unwrap());
    // Begin, boot, known, used, known, note.
    assert_eq!(lines.len(), 6, "{whole}");
    let line = |at: usize| format!("{:08x} {}\n", crc32fast::hash(lines[at].as_bytes()), lines[at]);
    let damaged = |at: usize| whole.replace(&line(at), &line(at).replace("\":", "\";"));
    let blank = whole.replace(&line(1), &format!("{}\n", " ".repeat(line(1).len() - 1)));
    let mut newer = lines.clone();
    newer[0] = newer[0].replace("\"retake_watch\":2", "\"retake_watch\":3");
    let older = "Hits are being counted, or were when the process died.\n";
    for (what, text, from) in [
        ("empty", "", Timestamp(0)),
        ("a text", older, Timestamp(0)),
        ("of a newer version", &with_checksums(&newer), Timestamp(0)),
        ("without their beginning", &damaged(0), Timestamp(0)),
        ("with a hit that could not be noted", &blank, at(5)),
        ("the same, where nothing could be written", &line(0), at(0)),
        ("with damaged use", &damaged(3), at(0)),
        ("with a damaged time", &damaged(4), at(0)),
        ("with a damaged hit", &damaged(5), at(5)),
    ] {
        let dir = tempfile::tempdir().unwrap();
        killed(dir.path(), |_| ());
        fs::write(dir.path().join("watch"), text).unwrap();
        let store = open_at(dir.path(), at(1000));
        assert_eq!(store.gaps().unwrap(), [Gap { from, to: Timestamp(at(1000).0 + 1) }], "{what}");
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
fn a_hit_that_finds_no_room_makes_a_gap_and_costs_nothing_that_was_counted() {
    use crate::store::watch::{UseWatch, left};
    let dir = tempfile::tempdir().unwrap();
    let mut watch = UseWatch::begin(dir.path(), at(0)).unwrap();
    let used = (id(1), Usage { hits: 3, last_hit: Some(at(1)), ..Usage::default() });
    let text =
        [super::super::watch::counted(&[used]).unwrap(), super::super::watch::ledger_note(at(2)).unwrap()];
    watch.append(&text.concat()).unwrap();
    watch.disown();
    watch.note(note(1, 4, at(3)));
    let left = left(dir.path()).unwrap();
    assert_eq!((left.used[&id(1)].hits, left.since, left.whole), (4, at(2), false));
}

#[test]
fn notes_take_no_more_room_however_long_hits_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("journal.log");
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    let scopes: Vec<Arc<str>> = (0..300).map(|nth| format!("test-{nth}").into()).collect();
    killed(dir.path(), |store| {
        let before = (size(&journal), files::disk_use(&dir.path().join("index")));
        let mut used = vec![Usage::default(); 3];
        for hits in 1..20_000u64 {
            let n = u8::try_from(hits % 3).unwrap();
            let (last, scope) =
                (at(10 + i64::try_from(hits).unwrap()), &scopes[usize::try_from(hits).unwrap() % 300]);
            let in_scope = Hits { count: hits, last: Some(last) };
            used[usize::from(n)].learn(Usage {
                hits,
                last_hit: Some(last),
                scopes: [(scope.clone(), in_scope)].into(),
                ..Usage::default()
            });
            store.note_use(UseNote { scope: Some((scope.clone(), in_scope)), ..note(n + 1, hits, last) });
            if hits % 100 == 0 {
                let all: Vec<_> = (1..=3).map(id).zip(used.clone()).collect();
                store.count_use(&all, at(11)).unwrap();
            }
        }
        // Three recordings with 100 scopes each take 20 KB; that twice, as much growth as is borne, and the last notes.
        let len = size(&dir.path().join("watch"));
        assert!(len < 180 << 10, "{len}");
        assert_eq!((size(&journal), files::disk_use(&dir.path().join("index"))), before);
    });
    let store = open_at(dir.path(), at(1000));
    let hits: Vec<_> = uses(&store).iter().map(|(hits, _)| *hits).collect();
    assert_eq!(hits, [19_998, 19_999, 19_997]);
    assert_eq!(store.entries().unwrap()[0].row.usage.scopes.len(), 100);
    assert_eq!(store.gaps().unwrap(), []);
    assert!(!dir.path().join("watch.new").exists());
}

#[test]
fn notes_in_the_form_of_an_older_retake_are_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), |_| ());
    let boot = noted(dir.path()).into_iter().find(|line| line.starts_with("{\"boot\"")).unwrap();
    let older = |boot: &str| {
        let (begin, known) = (at(0).0, at(5).0);
        let hit = format!("{{\"id\":\"{}\",\"hits\":4,\"last\":{}}}", id(3), at(6).0);
        format!("{{\"retake_watch\":1,\"since\":{begin}}}\n{boot}\n{{\"known\":{known}}}\n{hit}\n")
    };
    let rebooted = boot.replace("{\"boot\":\"", "{\"boot\":\"another");
    for (boot, gaps) in [(boot, vec![]), (rebooted, vec![Gap { from: at(5), to: Timestamp(at(9).0 + 1) }])] {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path(), &[small(1), small(2), small(3)]);
        fs::write(dir.path().join("watch"), older(&boot)).unwrap();
        let store = open_at(dir.path(), at(9));
        assert_eq!((uses(&store)[2], store.gaps().unwrap()), ((4, Some(at(6))), gaps));
    }
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
