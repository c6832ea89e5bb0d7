use std::io;

use super::*;

#[test]
fn a_second_owner_is_told_who_the_first_is() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(owner(dir.path()), None);
    let store = open_quietly(dir.path());
    let refused = Store::open(dir.path(), &impatient(), NOW).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { pid, address: None, .. } if pid == std::process::id()));
    store.announce("127.0.0.1:4141").unwrap();
    let patient = Ownership { patience: Duration::from_secs(600), ..Ownership::default() };
    let refused = Store::open(dir.path(), &patient, NOW).unwrap_err().to_string();
    assert!(
        refused.contains("127.0.0.1:4141") && refused.contains(&std::process::id().to_string()),
        "{refused}"
    );
    let found = owner(dir.path()).unwrap();
    assert_eq!((found.pid, found.address.as_deref()), (std::process::id(), Some("127.0.0.1:4141")));
    assert_eq!(found.token, store.token());
    store.close();
    assert_eq!(owner(dir.path()), None);
    open_quietly(dir.path());
}

#[test]
fn what_a_killed_owner_left_in_the_lock_file_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    open_quietly(dir.path());
    let text = r#"{"pid":1,"address":"127.0.0.1:1","token":"x"}"#;
    fs::write(dir.path().join("LOCK"), text).unwrap();
    assert_eq!(owner(dir.path()), None);
    open_quietly(dir.path());
}

#[test]
fn another_command_waits_for_a_short_one() {
    let dir = tempfile::tempdir().unwrap();
    let first = open_quietly(dir.path());
    let patient = Ownership { patience: Duration::from_secs(60), ..Ownership::default() };
    let place = dir.path().to_owned();
    let second = std::thread::spawn(move || Store::open(&place, &patient, NOW).map(|opened| opened.notices));
    first.close();
    assert_eq!(second.join().unwrap().unwrap(), []);
}

#[test]
fn a_closed_store_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    let other = store.clone();
    store.close();
    store.close();
    assert!(matches!(other.entries(), Err(StoreError::Closed)));
    assert!(matches!(other.commit_blocking(vec![put(&small(1))], NOW), Err(StoreError::Closed)));
    assert!(matches!(other.announce("x"), Err(StoreError::Closed)));
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1)]);
    let lines = journal_lines(dir.path());
    let newer = |text: &str| {
        let json = text.replacen("\"v\":2", "\"v\":4", 1);
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())).into_bytes()
    };
    let json = |line: &[u8]| String::from_utf8(line[9..line.len() - 1].to_vec()).unwrap();
    let header = [newer(&json(&lines[0])).repeat(2), lines[2].clone()].concat();
    let appended = [lines.concat(), newer(r#"{"v":2,"seq":2,"at":0,"hologram":{}}"#)].concat();
    for text in [header, appended] {
        fs::write(dir.path().join("journal.log"), &text).unwrap();
        let refused = Store::open(dir.path(), &impatient(), NOW).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 4, known: 3, .. }), "{refused}");
        assert!(refused.to_string().contains("use a newer retake"));
        assert_eq!(fs::read(dir.path().join("journal.log")).unwrap(), text);
    }
    fs::write(dir.path().join("journal.log"), lines.concat()).unwrap();
    assert_eq!(open_quietly(dir.path()).entries().unwrap().len(), 1);
}

#[test]
fn what_is_no_store_is_refused_with_advice() {
    let outer = tempfile::tempdir().unwrap();
    let file = outer.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(matches!(Store::open(&file, &impatient(), NOW), Err(StoreError::Io { .. })));

    for text in ["", "hello\n", "00000000 {\"v\":1}\n"] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("journal.log"), text).unwrap();
        let refused = Store::open(dir.path(), &impatient(), NOW).unwrap_err();
        assert!(matches!(refused, StoreError::Unreadable { .. }), "{refused}");
        assert!(refused.to_string().contains("backup"), "{refused}");
    }
}

#[test]
fn a_store_without_its_journal_is_not_taken_for_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1)]);
    fs::remove_file(dir.path().join("journal.log")).unwrap();
    assert!(matches!(Store::open(dir.path(), &impatient(), NOW), Err(StoreError::Unreadable { .. })));
    assert!(!dir.path().join("journal.log").exists());
}

#[test]
fn a_failed_write_fails_its_own_change_and_the_rest_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    let body = Hash::of(&large(1).request.body).to_string();
    let blocked = dir.path().join("bodies").join(&body[..2]);
    fs::write(&blocked, "a file where a folder belongs").unwrap();
    let failed = store.commit_blocking(vec![put(&small(2)), put(&large(1))], NOW).unwrap_err();
    assert!(failed.to_string().contains(&body[..2]), "{failed}");
    assert_eq!(store.entries().unwrap(), [], "both or none");
    commit(&store, put(&small(2)));
    fs::remove_file(&blocked).unwrap();
    commit(&store, put(&large(1)));
    drop(store);
    assert_eq!(ids(&open_quietly(dir.path()).entries().unwrap()), [id(1), id(2)]);
}

#[test]
fn a_row_of_any_length_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    let mut wordy = small(1);
    wordy.name = Some("x".repeat(5 * INLINE));
    wordy.tags = vec!["y".repeat(INLINE)];
    commit(&store, put(&small(2)));
    commit(&store, put(&wordy));
    let whole = |store: &Store| {
        let expected = [(indexed(&wordy), wordy.clone()), (indexed(&small(2)), small(2))];
        assert_eq!(content(store), expected);
        assert_eq!(store.degraded(), None);
    };
    whole(&store);
    // To the trash and back, shorter and longer, through compacting and a restart.
    commit(&store, StoreChange::Remove { ids: vec![id(1)] });
    assert_eq!(trashed(&store), [id(1)]);
    assert_eq!(store.recording(&id(1)).unwrap(), Some(wordy.clone()));
    compact::compact(&store, Timestamp(0)).unwrap();
    assert_eq!(trashed(&store), [id(1)]);
    commit(&store, StoreChange::Restore { ids: vec![id(1)] });
    whole(&store);
    let Indexed { row, keys } = indexed(&small(1));
    commit(&store, StoreChange::Retag { row, keys });
    assert_eq!(store.entries().unwrap(), [indexed(&small(1)), indexed(&small(2))]);
    let Indexed { row, keys } = indexed(&wordy);
    commit(&store, StoreChange::Retag { row, keys });
    drop(store);
    whole(&open_quietly(dir.path()));
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    whole(&open(dir.path()).store);
}

#[test]
fn a_removed_store_acknowledges_nothing() {
    let outer = tempfile::tempdir().unwrap();
    let (dir, away) = (outer.path().join("store"), outer.path().join("away"));
    let store = open_quietly(&dir);
    commit(&store, put(&small(1)));
    fs::rename(&dir, &away).unwrap();
    let gone = |store: &Store| {
        let error = store.commit_blocking(vec![put(&large(2))], NOW).unwrap_err();
        assert!(matches!(error, StoreError::Gone { .. }), "{error}");
        assert!(error.to_string().contains("was removed or replaced"), "{error}");
        assert!(store.degraded().unwrap().contains("removed"), "{:?}", store.degraded());
        assert!(!dir.exists(), "nothing is made anew there");
    };
    gone(&store);
    // It comes back, and recording goes on.
    fs::rename(&away, &dir).unwrap();
    commit(&store, put(&small(2)));
    assert_eq!(store.degraded(), None);
    fs::remove_dir_all(&dir).unwrap();
    gone(&store);
    // Another one in its place is not this one.
    filled(&dir, &[small(7)]);
    let error = store.commit_blocking(vec![put(&small(3))], NOW).unwrap_err();
    assert!(matches!(error, StoreError::Gone { .. }), "{error}");
    drop(store);
    assert_eq!(ids(&open(&dir).store.entries().unwrap()), [id(7)]);
}

#[test]
fn a_store_that_cannot_be_written_is_listed_and_read() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1), large(2)]);
    for kind in
        [io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::PermissionDenied, io::ErrorKind::StorageFull]
    {
        for missing in ["nothing", "LOCK", ".gitignore", "index"] {
            let copied = tempfile::tempdir().unwrap();
            copy(dir.path(), copied.path());
            match missing {
                "index" => fs::remove_dir_all(copied.path().join("index")).unwrap(),
                name => files::remove(&copied.path().join(name)).unwrap(),
            }
            let before = files_below(copied.path());
            files::REFUSED.set(Some(kind));
            let opened = Store::open(copied.path(), &impatient(), NOW);
            // Two may read at a time what nobody can write.
            let beside = Store::open(copied.path(), &impatient(), NOW);
            files::REFUSED.set(None);
            let Opened { store, notices } = opened.unwrap();
            assert!(beside.is_ok(), "{kind} {missing}");
            let expected = [small(1), large(2)].map(|recording| (indexed(&recording), recording));
            assert_eq!(content(&store), expected, "{kind} {missing}");
            assert!(notices[0].text.contains("recorded"), "{notices:?}");
            assert!(store.degraded().is_some());
            let refused = store.commit_blocking(vec![put(&small(3))], NOW).unwrap_err();
            assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused}");
            assert_eq!(files_below(copied.path()), before, "nothing was made");
        }
    }
}
