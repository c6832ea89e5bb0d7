//! A damaged journal beside a sound index, and without one: what is kept, what is said, what compacting makes of it.

use super::compact::compact;
use super::*;

fn sample() -> Vec<Recording> {
    (0..12).map(|n| if n % 4 == 0 { large(n) } else { small(n) }).collect()
}

fn all() -> Vec<(Indexed, Recording)> {
    sample().into_iter().map(|recording| (indexed(&recording), recording)).collect()
}

/// A store with the sample, whose journal's lines `harm` changed.
fn harmed(harm: impl FnOnce(&mut Vec<Vec<u8>>)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &sample());
    rewrite(dir.path(), harm);
    dir
}

fn rewrite(dir: &Path, harm: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut lines = journal_lines(dir);
    harm(&mut lines);
    fs::write(dir.join("journal.log"), lines.concat()).unwrap();
}

fn texts(notices: &[Notice]) -> String {
    notices.iter().map(|notice| notice.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn compacting_takes_from_the_index_what_a_damaged_line_said() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    store.commit_blocking(sample().iter().map(put).collect(), NOW).unwrap();
    commit(&store, StoreChange::Remove { ids: vec![id(3)] });
    let used = Usage { hits: 7, last_hit: Some(NOW), ..Usage::default() };
    commit(&store, StoreChange::Ledger { entries: vec![(id(5), used)] });
    let before = (content(&store), trashed(&store));
    // The removal, a put, and the ledger, while the store is open.
    rewrite(dir.path(), |lines| [5, 14, 15].iter().for_each(|at| lines[*at][20] ^= 1));
    let notices = compact(&store, Timestamp(0)).unwrap();
    let said = texts(&notices);
    assert!(said.contains("Line 6 ") && said.contains("Lines 15 to 16 "), "{said}");
    assert!(said.contains("no recording is lost") && said.contains("journal.damaged-1"), "{said}");
    assert_eq!((content(&store), trashed(&store)), before);
    drop(store);
    let store = open_quietly(dir.path());
    assert_eq!((content(&store), trashed(&store)), before);
    assert_eq!(compact(&store, Timestamp(0)).unwrap(), [], "it is whole again");
    store.discard_remains().unwrap();
    assert!(!dir.path().join("journal.damaged-1").exists());
}

#[test]
fn compacting_without_an_index_names_what_is_lost() {
    let dir = harmed(|lines| lines[6][30] ^= 1);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let Opened { store, notices } = open(dir.path());
    let said = texts(&notices);
    assert!(said.contains("Line 7 of the journal is damaged: 1 change is lost."), "{said}");
    assert!(said.contains(id(4).as_str()) && said.contains("journal.damaged-1"), "{said}");
    assert_eq!(store.entries().unwrap().len(), 11);
    // Its body may be wanted by whoever reads the damaged journal.
    compact(&store, NOW).unwrap();
    let body = Hash::of(&large(4).response.log.bytes);
    assert_eq!(store.body(&body).unwrap(), large(4).response.log.bytes);
    store.discard_remains().unwrap();
    compact(&store, NOW).unwrap();
    assert!(store.body(&body).is_err());
}

#[test]
fn a_shortened_journal_is_made_whole_from_the_index() {
    for left in [2, 3, 9, 13] {
        let dir = harmed(|lines| lines.truncate(left));
        let Opened { store, notices } = open(dir.path());
        let said = texts(&notices);
        assert!(said.contains("The end of the journal is missing"), "{left}: {said}");
        assert!(
            said.contains("no recording is lost") && !said.contains("index could not be used"),
            "{left}: {said}"
        );
        assert_eq!(content(&store), all(), "{left}");
        drop(store);
        assert_eq!(content(&open_quietly(dir.path())), all(), "{left}");
        // The new journal alone says it as well.
        fs::remove_dir_all(dir.path().join("index")).unwrap();
        assert_eq!(content(&open(dir.path()).store), all(), "{left}");
    }
}

#[test]
fn lines_that_are_missing_without_a_trace_are_noticed() {
    let dir = harmed(|lines| drop(lines.drain(5..8)));
    let bare = tempfile::tempdir().unwrap();
    copy(dir.path(), bare.path());
    assert_eq!(content(&open(dir.path()).store), all());
    fs::remove_dir_all(bare.path().join("index")).unwrap();
    let Opened { store, notices } = open(bare.path());
    let said = texts(&notices);
    assert!(
        said.contains("Before line 6 of the journal something is missing: 3 changes are lost."),
        "{said}"
    );
    assert_eq!(store.entries().unwrap().len(), 9);
}

#[test]
fn lines_in_another_order_or_twice_cost_nothing() {
    type Harm = fn(&mut Vec<Vec<u8>>);
    let harms: [(&str, Harm); 4] = [
        ("swapped", |lines| lines.swap(4, 9)),
        ("doubled", |lines| lines.insert(10, lines[4].clone())),
        ("moved to the end", |lines| {
            let line = lines.remove(3);
            lines.push(line);
        }),
        ("strange lines", |lines| lines.insert(6, b"hello\n".to_vec())),
    ];
    for (name, harm) in harms {
        for bare in [false, true] {
            let dir = harmed(harm);
            if bare {
                fs::remove_dir_all(dir.path().join("index")).unwrap();
            }
            let Opened { store, notices } = open(dir.path());
            let said = texts(&notices);
            assert!(!said.contains("are lost") && !said.contains("change is lost"), "{name}: {said}");
            assert_eq!(content(&store), all(), "{name}");
            drop(store);
            assert_eq!(content(&open_quietly(dir.path())), all(), "{name}");
        }
    }
}

#[test]
fn an_older_journal_in_the_place_of_the_newer_one_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &sample()[..4]);
    let older = journal_lines(dir.path());
    filled(dir.path(), &sample()[4..]);
    rewrite(dir.path(), |lines| *lines = older);
    let store = open(dir.path()).store;
    assert_eq!(content(&store), all());
}

#[test]
fn recordings_that_only_the_journal_knows_are_kept() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    filled(dir.path(), &sample()[..6]);
    copy(dir.path(), other.path());
    // Two copies went different ways, and the journal of one came to the other.
    filled(dir.path(), &sample()[6..9]);
    filled(other.path(), &sample()[9..]);
    fs::copy(other.path().join("journal.log"), dir.path().join("journal.log")).unwrap();
    copy(&other.path().join("bodies"), &dir.path().join("bodies"));
    assert_eq!(content(&open(dir.path()).store), all());
}

#[test]
fn a_journal_without_its_header_gets_it_back_from_the_index() {
    let shown = |store: &Store| (content(store), trashed(store));
    for (name, harm) in [
        (
            "both copies",
            (|lines| lines[..2].iter_mut().for_each(|line| line[20] ^= 1)) as fn(&mut Vec<Vec<u8>>),
        ),
        ("both are gone", |lines| drop(lines.drain(..2))),
        ("and some lines", |lines| lines[..5].iter_mut().for_each(|line| line.fill(0))),
        ("all is gone", Vec::clear),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let before = {
            filled(dir.path(), &sample());
            shown(&open_quietly(dir.path()))
        };
        rewrite(dir.path(), harm);
        let damaged = fs::read(dir.path().join("journal.log")).unwrap();
        let opened = Store::open(dir.path(), &impatient(), NOW).unwrap();
        assert_eq!(shown(&opened.store), before, "{name}");
        let said = texts(&opened.notices);
        assert!(said.contains("journal.damaged-1"), "{name}: {said}");
        assert_eq!(fs::read(dir.path().join("journal.damaged-1")).unwrap(), damaged, "{name}");
        commit(&opened.store, StoreChange::Remove { ids: vec![id(3)] });
        let before = shown(&opened.store);
        opened.store.close();
        // It is whole now, with and without an index.
        assert_eq!(shown(&open_quietly(dir.path())), before, "{name}");
        fs::remove_dir_all(dir.path().join("index")).unwrap();
        let opened = Store::open(dir.path(), &impatient(), NOW).unwrap();
        assert_eq!(shown(&opened.store), before, "{name}");
    }
}

#[test]
fn a_journal_without_header_and_index_is_refused_with_what_to_do() {
    let dir = harmed(|lines| lines[..2].iter_mut().for_each(|line| line[20] ^= 1));
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let refused = Store::open(dir.path(), &impatient(), NOW).unwrap_err().to_string();
    for word in
        ["journal.log does not begin with a journal's header", "from a backup", "move the whole directory"]
    {
        assert!(refused.contains(word), "{refused}");
    }
}
