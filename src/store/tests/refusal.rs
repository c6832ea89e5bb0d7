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
    let second = thread::spawn(move || Store::open(&place, &patient, NOW).map(|opened| opened.notices));
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
        let json = text.replacen("\"v\":2", "\"v\":3", 1);
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())).into_bytes()
    };
    let json = |line: &[u8]| String::from_utf8(line[9..line.len() - 1].to_vec()).unwrap();
    let header = [newer(&json(&lines[0])).repeat(2), lines[2].clone()].concat();
    let appended = [lines.concat(), newer(r#"{"v":2,"seq":2,"at":0,"hologram":{}}"#)].concat();
    for text in [header, appended] {
        fs::write(dir.path().join("journal.log"), &text).unwrap();
        let refused = Store::open(dir.path(), &impatient(), NOW).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 3, known: 2, .. }), "{refused}");
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
fn a_row_that_no_index_takes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    let mut wordy = small(1);
    wordy.name = Some("x".repeat(INLINE));
    let refused = store.commit_blocking(vec![put(&wordy)], NOW).unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { .. }));
    assert_eq!(store.entries().unwrap(), []);
}
