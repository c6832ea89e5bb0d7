use super::*;

#[test]
fn a_recording_is_there_after_a_restart_as_it_was_put() {
    let dir = tempfile::tempdir().unwrap();
    let all = [small(1), large(2), recording(3, b"", b""), recording(4, &[0xff, 0, 1], b"base64:no")];
    filled(dir.path(), &all);
    for _ in 0..2 {
        let store = open_quietly(dir.path());
        assert_eq!(store.entries().unwrap(), all.each_ref().map(indexed));
        for recording in &all {
            assert_eq!(store.recording(&recording.id).unwrap().as_ref(), Some(recording));
        }
        assert_eq!(store.recording(&id(9)).unwrap(), None);
    }
    assert_eq!(files_below(&dir.path().join("bodies")).len(), 2, "only what is large has a file");
}

#[test]
fn a_put_of_the_same_id_replaces() {
    let dir = tempfile::tempdir().unwrap();
    let mut edited = small(1);
    edited.response.log = ByteLog::whole("edited", Duration::from_millis(1));
    filled(dir.path(), &[large(1), small(2)]);
    filled(dir.path(), &[edited.clone()]);
    let store = open_quietly(dir.path());
    assert_eq!(ids(&store.entries().unwrap()), [id(1), id(2)]);
    assert_eq!(store.recording(&id(1)).unwrap(), Some(edited));
    assert_eq!(store.find(&large(1).hash.to_string()).unwrap(), [], "the old hash finds nothing");
}

#[test]
fn what_is_removed_can_be_restored_even_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1), large(2), small(3)]);
    let store = open_quietly(dir.path());
    commit(&store, StoreChange::Remove { ids: vec![id(2), id(3), id(9)] });
    assert_eq!(ids(&store.entries().unwrap()), [id(1)]);
    assert_eq!(store.find(&large(2).hash.to_string()).unwrap(), []);
    drop(store);
    let store = open_quietly(dir.path());
    assert_eq!(trashed(&store), [id(2), id(3)]);
    assert_eq!(store.recording(&id(2)).unwrap(), Some(large(2)), "the trash can be looked at");
    commit(&store, StoreChange::Restore { ids: vec![id(2), id(9)] });
    drop(store);
    let store = open_quietly(dir.path());
    assert_eq!(content(&store), [small(1), large(2)].map(|recording| (indexed(&recording), recording)));
    assert_eq!(trashed(&store), [id(3)]);
}

#[test]
fn a_retag_changes_what_the_row_says_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[large(1)]);
    let mut retagged = large(1);
    retagged.strategy = "specific size".parse().unwrap();
    retagged.name = Some("cat".into());
    retagged.tags.push("new".into());
    retagged.protected = true;
    retagged.completeness = Completeness::Unverified;
    let Indexed { row, keys } = indexed(&retagged);
    let store = open_quietly(dir.path());
    commit(&store, StoreChange::Retag { row, keys });
    drop(store);
    let store = open_quietly(dir.path());
    assert_eq!(content(&store), [(indexed(&retagged), retagged)]);
}

#[test]
fn use_is_kept_in_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1), small(2), small(3)]);
    let usage = Usage { hits: 7, last_hit: Some(NOW), ..Usage::default() };
    let store = open_quietly(dir.path());
    commit(&store, StoreChange::Ledger { entries: vec![(id(2), usage.clone()), (id(9), usage.clone())] });
    drop(store);
    let uses: Vec<_> =
        open_quietly(dir.path()).entries().unwrap().iter().map(|entry| entry.row.usage.clone()).collect();
    assert_eq!(uses, [Usage::default(), usage, Usage::default()]);
}

#[test]
fn a_beginning_of_a_hash_finds_the_recording() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..40).map(small).collect();
    filled(dir.path(), &all);
    let store = open_quietly(dir.path());
    for recording in &all {
        let hash = recording.hash.to_string();
        for len in [0, 1, 2, 3, 7, 8, 63, 64] {
            let mut expected: Vec<_> =
                all.iter().filter(|known| known.hash.to_string().starts_with(&hash[..len])).collect();
            expected.sort_by_key(|known| known.hash);
            let expected: Vec<_> = expected.iter().map(|known| known.id.clone()).collect();
            assert_eq!(store.find(&hash[..len]).unwrap(), expected);
            assert_eq!(store.find(&hash[..len].to_uppercase()).unwrap(), expected);
        }
        assert_eq!(store.find(&format!("{hash}0")).unwrap(), []);
    }
    for wrong in ["xyz", "+1", "é", "0x"] {
        assert_eq!(store.find(wrong).unwrap(), [], "{wrong}");
    }
}

#[test]
fn files_behind_links_are_found_by_their_hash() {
    let dir = tempfile::tempdir().unwrap();
    let (little, big) = (Bytes::from("png"), Bytes::from(vec![7; 100_000]));
    let media = [&little, &big].map(|bytes| (Hash::of(bytes), bytes.clone()));
    let Indexed { row, keys } = indexed(&small(1));
    let store = open_quietly(dir.path());
    let with = |media| StoreChange::Put {
        recording: Box::new(small(1)),
        row: row.clone(),
        keys: keys.clone(),
        media,
    };
    commit(&store, with(media.to_vec()));
    let wrong = store.commit_blocking(vec![with(vec![(Hash::of(b"other"), big.clone())])], NOW);
    assert!(matches!(wrong, Err(StoreError::Body { .. })));
    drop(store);
    let store = open_quietly(dir.path());
    assert_eq!(media.map(|(hash, _)| store.body(&hash).unwrap()), [little, big]);
    assert!(store.body(&Hash::of(b"other")).unwrap_err().to_string().contains("is missing"));
    assert_eq!(store.body(&Hash::of(b"")).unwrap(), "");
}

#[test]
fn an_answer_in_thousands_of_pieces_is_cut_into_parts_for_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let mut long = small(1);
    let pieces = (0..9000).map(|at| (Duration::from_micros(at * 90_000), [u8::try_from(at % 251).unwrap()]));
    long.response.log = ByteLog::from_pieces(pieces);
    filled(dir.path(), &[long.clone()]);
    let store = open_quietly(dir.path());
    assert_eq!(store.recording(&id(1)).unwrap(), Some(long.clone()));
    long.response.log = ByteLog::whole("short", Duration::ZERO);
    commit(&store, put(&long));
    assert_eq!(store.recording(&id(1)).unwrap(), Some(long));
}

#[test]
fn changes_that_wait_together_share_a_sync_and_are_all_answered() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    let waiting: Vec<_> = (0..200).map(|n| store.commit(put(&small(n)), NOW)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for done in waiting {
        runtime.block_on(done).unwrap();
    }
    assert_eq!(store.stats().unwrap().recordings, 200);
}

#[test]
fn the_salt_stays_and_the_token_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let seen = || {
        let store = open_quietly(dir.path());
        (store.salt(), store.token().to_owned())
    };
    let (first, second) = (seen(), seen());
    assert_eq!(first.0, second.0);
    assert_ne!(first.1, second.1);
    assert_eq!(first.1.len(), 32);
    assert_ne!(first.0, [0; 32]);
}

#[test]
fn stats_count_recordings_and_bytes() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1), large(2)]);
    let store = open_quietly(dir.path());
    commit(&store, StoreChange::Remove { ids: vec![id(1)] });
    let stats = store.stats().unwrap();
    assert_eq!((stats.recordings, stats.trash), (1, 1));
    assert_eq!(stats.body_bytes, (INLINE + 1 + 3 * INLINE) as u64);
    assert!(stats.journal_bytes > 0 && stats.index_bytes > 0);
}

#[cfg(unix)]
#[test]
fn a_folder_that_was_there_stays_as_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("mine");
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o750)).unwrap();
    fs::write(dir.join("notes.txt"), "mine").unwrap();
    filled(&dir, &[large(1)]);
    let store = open_quietly(&dir);
    assert_eq!(store.stats().unwrap().recordings, 1, "it is a store all the same");
    store.close();
    assert!(!dir.join(".gitignore").exists());
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o750);
    assert_eq!(fs::read_to_string(dir.join("notes.txt")).unwrap(), "mine");
    // One of retake's own that somebody lets git see is not hidden again.
    let own = outer.path().join("own");
    filled(&own, &[large(1)]);
    fs::remove_file(own.join(".gitignore")).unwrap();
    filled(&own, &[]);
    assert!(!own.join(".gitignore").exists());
}

#[test]
fn only_the_owner_of_the_files_may_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("new/.retake");
    filled(&dir, &[large(1)]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for name in ["", "index", "bodies"] {
        assert_eq!(mode(&dir.join(name)), 0o700, "{name}");
    }
    for file in ["LOCK", "journal.log", ".gitignore"].map(|name| dir.join(name)) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert!(files_below(&dir.join("bodies")).iter().all(|file| mode(file) == 0o600));
    assert_eq!(fs::read_to_string(dir.join(".gitignore")).unwrap(), "*\n");
}
