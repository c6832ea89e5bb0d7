use super::*;

fn sample() -> Vec<Recording> {
    (0..30).map(|n| if n % 10 == 0 { large(n) } else { small(n) }).collect()
}

/// Opens a copy of the store after something was done to it; gives what it shows, and the notices.
fn after(from: &Path, harm: impl FnOnce(&Path)) -> (Vec<(Indexed, Recording)>, Vec<Notice>) {
    let dir = tempfile::tempdir().unwrap();
    copy(from, dir.path());
    harm(dir.path());
    let Opened { store, notices } = open(dir.path());
    let seen = content(&store);
    drop(store);
    // Whatever it was, it is repaired now.
    assert_eq!(content(&open_quietly(dir.path())), seen);
    (seen, notices)
}

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 0x10;
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_damaged_index_is_rebuilt_and_lists_the_same() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &sample());
    let all: Vec<_> = sample().into_iter().map(|recording| (indexed(&recording), recording)).collect();
    let index = dir.path().join("index");
    for file in files_below(&index) {
        let name = file.strip_prefix(dir.path()).unwrap();
        let len = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
        let flips = (0..16).map(|part| len * part / 16).filter(|at| *at < len);
        for at in flips {
            let (seen, _) = after(dir.path(), |dir| flip(&dir.join(name), at));
            assert_eq!(seen, all, "byte {at} of {}", name.display());
        }
        for kept in [0, len / 3, len.saturating_sub(1)] {
            let cut = |dir: &Path| fs::write(dir.join(name), &fs::read(&file).unwrap()[..kept]).unwrap();
            assert_eq!(after(dir.path(), cut).0, all, "{} cut to {kept} bytes", name.display());
        }
        assert_eq!(
            after(dir.path(), |dir| fs::remove_file(dir.join(name)).unwrap()).0,
            all,
            "no {}",
            name.display()
        );
    }
}

#[test]
fn a_rebuilt_index_is_announced_and_the_old_one_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &sample());
    for n in 1..=3 {
        let log = dir.path().join("index/db");
        fs::write(&log, vec![0xAA; 4096]).unwrap();
        let Opened { store, notices } = open(dir.path());
        assert_eq!(store.entries().unwrap().len(), 30);
        let text = &notices[0].text;
        assert!(text.contains("damaged") && text.contains(&format!("index.damaged-{n}.")), "{text}");
        let names = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.filter(|name| name.to_string_lossy().starts_with("index.damaged")).count(), 1);
    }
}

#[test]
fn an_emptied_index_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &sample());
    let gone = |dir: &Path| fs::remove_dir_all(dir.join("index")).unwrap();
    let (seen, notices) = after(dir.path(), gone);
    assert_eq!((seen.len(), notices.len()), (30, 1));
    assert!(notices[0].text.contains("missing"), "{notices:?}");
    let (seen, notices) = after(dir.path(), |dir| {
        gone(dir);
        fs::create_dir(dir.join("index")).unwrap();
    });
    assert_eq!((seen.len(), notices.len()), (30, 1));
    assert!(notices[0].text.contains("empty"), "{notices:?}");
}

#[test]
fn an_index_of_another_store_is_not_believed() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    filled(dir.path(), &sample());
    filled(other.path(), &[small(1)]);
    let (seen, notices) = after(dir.path(), |dir| {
        fs::remove_dir_all(dir.join("index")).unwrap();
        copy(&other.path().join("index"), &dir.join("index"));
    });
    assert_eq!((seen.len(), notices.len()), (30, 1));
    assert!(notices[0].text.contains("another journal"), "{notices:?}");
}

#[test]
fn a_damaged_body_is_an_error_that_names_file_and_recording_and_is_never_served() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[large(1), small(2)]);
    let body = Hash::of(&large(1).response.log.bytes);
    let file = dir.path().join("bodies").join(&body.to_string()[..2]).join(body.to_string());
    for harm in [
        |file: &Path| flip(file, 20_000),
        |file: &Path| fs::write(file, "").unwrap(),
        |file: &Path| fs::remove_file(file).unwrap(),
    ] {
        harm(&file);
        let store = open_quietly(dir.path());
        let error = store.recording(&id(1)).unwrap_err();
        assert!(matches!(&error, StoreError::Body { recording: Some(at), .. } if *at == id(1)), "{error}");
        assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
        assert!(store.body(&body).is_err());
        assert_eq!(store.recording(&id(2)).unwrap(), Some(small(2)), "the others are served");
        assert_eq!(store.entries().unwrap().len(), 2);
        // Recording the same content anew repairs it.
        commit(&store, put(&large(1)));
        assert_eq!(store.recording(&id(1)).unwrap(), Some(large(1)));
    }
}

#[test]
fn a_body_that_is_damaged_after_its_first_read_is_never_served() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    commit(&store, put(&large(1)));
    let body = Hash::of(&large(1).response.log.bytes);
    let file = dir.path().join("bodies").join(&body.to_string()[..2]).join(body.to_string());
    for _ in 0..2 {
        assert_eq!(store.recording(&id(1)).unwrap(), Some(large(1)));
        flip(&file, 20_000);
        assert!(matches!(store.recording(&id(1)), Err(StoreError::Body { .. })));
        assert!(matches!(store.body(&body), Err(StoreError::Body { .. })));
        flip(&file, 20_000);
    }
}

#[test]
fn a_damaged_line_is_reported_with_its_number_and_all_else_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &sample());
    let lines = journal_lines(dir.path());
    let (seen, notices) = after(dir.path(), |dir| {
        let at = lines[..7].iter().map(Vec::len).sum::<usize>() + 40;
        flip(&dir.join("journal.log"), at);
        fs::remove_dir_all(dir.join("index")).unwrap();
    });
    let expected: Vec<_> =
        sample().into_iter().enumerate().filter(|(n, _)| *n != 5).map(|(_, recording)| recording).collect();
    assert_eq!(seen.into_iter().map(|(_, recording)| recording).collect::<Vec<_>>(), expected);
    assert!(notices.iter().any(|notice| notice.text.starts_with("Line 8 ")), "{notices:?}");
}

#[test]
fn a_damaged_last_line_is_taken_from_the_index() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1), small(2)]);
    let len = journal_lines(dir.path()).concat().len();
    flip(&dir.path().join("journal.log"), len - 10);
    let bare = tempfile::tempdir().unwrap();
    copy(dir.path(), bare.path());
    let Opened { store, notices } = open(dir.path());
    assert!(
        notices[0].text.starts_with("Line 4 ") && notices[0].text.contains("no recording is lost"),
        "{notices:?}"
    );
    assert_eq!(ids(&store.entries().unwrap()), [id(1), id(2)]);
    commit(&store, put(&small(3)));
    drop(store);
    assert_eq!(ids(&open_quietly(dir.path()).entries().unwrap()), [id(1), id(2), id(3)]);

    // Without an index it is lost, and named.
    fs::remove_dir_all(bare.path().join("index")).unwrap();
    let Opened { store, notices } = open(bare.path());
    let said = notices.iter().find(|notice| notice.text.starts_with("Line 4 ")).unwrap();
    assert!(said.text.contains("lost") && said.text.contains(id(2).as_str()), "{said:?}");
    assert_eq!(ids(&store.entries().unwrap()), [id(1)]);
    commit(&store, put(&small(3)));
    drop(store);
    assert_eq!(ids(&open_quietly(bare.path()).entries().unwrap()), [id(1), id(3)]);
}

#[test]
fn one_damaged_byte_of_the_header_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1)]);
    let salt = open_quietly(dir.path()).salt();
    let header = journal_lines(dir.path())[0].len();
    for at in 0..2 * header {
        let damaged = tempfile::tempdir().unwrap();
        copy(dir.path(), damaged.path());
        flip(&damaged.path().join("journal.log"), at);
        let store = open_quietly(damaged.path());
        assert_eq!((store.salt(), ids(&store.entries().unwrap())), (salt, vec![id(1)]), "byte {at}");
    }
}

#[test]
fn a_tail_of_zeros_as_a_power_cut_leaves_it_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), &[small(1)]);
    let (seen, notices) = after(dir.path(), |dir| {
        let text = [journal_lines(dir).concat(), vec![0; 5000]].concat();
        fs::write(dir.join("journal.log"), text).unwrap();
    });
    assert_eq!(seen.len(), 1);
    assert!(notices[0].text.contains("cut off") && notices[0].text.contains("journal.torn"), "{notices:?}");
}
