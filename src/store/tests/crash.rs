use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

const CHILD: &str = "RETAKE_TEST_CHILD_STORE";

/// Two recordings, then a removal and a note of use, whose lines are short enough to be cut at every byte. The index as it
/// was before these two is copied to `before`.
fn with_two_short_lines(dir: &Path, before: &Path) -> Store {
    let store = open_quietly(dir);
    store.commit_blocking(vec![put(&small(1)), put(&large(2))], NOW).unwrap();
    store.close();
    copy(&dir.join("index"), before);
    let store = open_quietly(dir);
    commit(&store, StoreChange::Remove { ids: vec![id(1)] });
    commit(
        &store,
        StoreChange::Ledger { entries: vec![(id(2), Usage { hits: 3, last_hit: None, ..Usage::default() })] },
    );
    store
}

/// What is to be seen when so many of the last two lines are whole.
fn assert_content(store: &Store, whole: usize) {
    let seen = store.entries().unwrap();
    let seen = seen.iter().map(|e| (e.row.id.clone(), e.row.usage.hits)).filter(|(at, _)| *at != id(3));
    let seen: Vec<_> = seen.collect();
    let expected: &[_] = match whole {
        0 => &[(id(1), 0), (id(2), 0)],
        1 => &[(id(2), 0)],
        _ => &[(id(2), 3)],
    };
    assert_eq!(seen, expected);
    assert_eq!(store.recording(&id(1)).unwrap(), Some(small(1)));
    assert_eq!(store.recording(&id(2)).unwrap(), Some(large(2)));
}

/// Cuts the journal of the store in `from` at every byte of its last two lines and opens each. An index that is `ahead`
/// of it has taken both in.
fn cut_everywhere(from: &Path, ahead: bool) {
    let lines = journal_lines(from);
    let all: usize = lines.iter().map(Vec::len).sum();
    let [.., last_but_one, last] = &lines[..] else { panic!("too few lines") };
    let (one, two) = (all - last.len(), all - last.len() - last_but_one.len());
    for len in two..=all {
        let dir = tempfile::tempdir().unwrap();
        copy(from, dir.path());
        fs::File::options()
            .write(true)
            .open(dir.path().join("journal.log"))
            .unwrap()
            .set_len(len as u64)
            .unwrap();
        let Opened { store, notices } = open(dir.path());
        let said = |words: &str| notices.iter().any(|notice| notice.text.contains(words));
        // A line that lacks its line feed and nothing else is whole.
        let torn = ![two, one - 1, one, all - 1, all].contains(&len);
        assert_eq!(said("cut off"), torn && !ahead, "{len}: {notices:?}");
        assert_eq!(dir.path().join("journal.torn").exists(), torn && !ahead, "{len}");
        assert_eq!(said("the index has it"), ahead && len < all - 1, "{len}: {notices:?}");
        let whole = [one, all].iter().filter(|end| **end <= len + 1).count();
        assert_content(&store, if ahead { 2 } else { whole });
        // It goes on from there.
        commit(&store, put(&small(3)));
        drop(store);
        let store = open_quietly(dir.path());
        assert_content(&store, if ahead { 2 } else { whole });
        assert_eq!(store.recording(&id(3)).unwrap(), Some(small(3)));
    }
}

#[test]
fn a_journal_cut_anywhere_keeps_its_whole_lines_when_the_index_is_behind() {
    let (dir, before) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(with_two_short_lines(dir.path(), before.path()));
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    copy(before.path(), &dir.path().join("index"));
    cut_everywhere(dir.path(), false);
}

#[test]
fn a_journal_cut_anywhere_loses_nothing_when_the_index_is_ahead() {
    let (dir, before) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(with_two_short_lines(dir.path(), before.path()));
    cut_everywhere(dir.path(), true);
}

#[test]
fn an_index_from_any_time_before_is_brought_up_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = Vec::new();
    for n in 0..5 {
        filled(dir.path(), &[small(n)]);
        let old = tempfile::tempdir().unwrap();
        copy(&dir.path().join("index"), old.path());
        before.push(old);
    }
    for old in before {
        let crashed = tempfile::tempdir().unwrap();
        copy(dir.path(), crashed.path());
        fs::remove_dir_all(crashed.path().join("index")).unwrap();
        copy(old.path(), &crashed.path().join("index"));
        let store = open_quietly(crashed.path());
        assert_eq!(content(&store), (0..5).map(|n| (indexed(&small(n)), small(n))).collect::<Vec<_>>());
    }
}

#[test]
fn a_start_that_broke_off_in_the_index_makes_the_next_one_rebuild_it() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1), large(2)]);
    fs::write(dir.path().join("index.doubt"), "").unwrap();
    let Opened { store, notices } = open(dir.path());
    assert!(
        notices[0].text.contains("broke off") && notices[0].text.contains("index.damaged-1"),
        "{notices:?}"
    );
    assert_eq!(ids(&store.entries().unwrap()), [id(1), id(2)]);
    drop(store);
    open_quietly(dir.path());
}

#[test]
fn half_written_bodies_are_swept_away() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[large(1)]);
    let half = dir.path().join("bodies/tmp-0123");
    fs::write(&half, "ha").unwrap();
    open_quietly(dir.path());
    assert!(!half.exists());
}

/// Run by the test below in a process of its own: commits until it is killed, and prints what was acknowledged.
#[test]
#[ignore = "only the next test runs it"]
fn commits_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let store = open(Path::new(&dir)).store;
    for n in (0..200).cycle() {
        let recording = if n % 3 == 0 { large(n) } else { small(n) };
        commit(&store, put(&recording));
        println!("acknowledged {n}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    for acknowledged in [1, 2, 17, 60] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::crash::commits_until_it_is_killed", "--ignored", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let seen: Vec<u8> = lines
            .filter_map(|line| line.split_once("acknowledged ")?.1.parse().ok())
            .take(acknowledged)
            .collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(seen.len(), acknowledged);
        assert_eq!(owner(dir.path()), None);
        let store = open(dir.path()).store;
        for n in seen {
            let recording = if n % 3 == 0 { large(n) } else { small(n) };
            assert_eq!(store.recording(&id(n)).unwrap(), Some(recording));
        }
    }
}
