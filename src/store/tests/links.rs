//! A store that somebody else made: nothing is read, written or deleted through a link, and one process owns it.

use std::os::unix::fs::symlink;

use super::*;

const PRECIOUS: &[u8] = b"not the store's";

/// A store, and a file outside of it that must stay as it is.
struct Planted {
    dir: tempfile::TempDir,
    outside: tempfile::TempDir,
}

impl Planted {
    fn new() -> Self {
        let planted = Self { dir: tempfile::tempdir().unwrap(), outside: tempfile::tempdir().unwrap() };
        filled(planted.dir.path(), &[small(1), large(2)]);
        fs::write(planted.victim(), PRECIOUS).unwrap();
        planted
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn victim(&self) -> PathBuf {
        self.outside.path().join("victim")
    }

    /// Puts a link in the place of whatever has this name.
    fn link(&self, name: &str, target: &Path) {
        let path = self.at(name);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            files::remove(&path).unwrap();
        }
        symlink(target, path).unwrap();
    }

    /// Opens the store, uses all that writes, and closes it; gives why it could not be opened.
    fn used(&self) -> Option<StoreError> {
        let store = match Store::open(self.dir.path(), &impatient(), NOW) {
            Ok(opened) => opened.store,
            Err(error) => return Some(error),
        };
        store.watch(NOW).unwrap();
        store.announce("127.0.0.1:1").unwrap();
        commit(&store, put(&large(3)));
        compact::compact(&store, NOW).unwrap();
        store.close();
        None
    }

    #[track_caller]
    fn refused(&self, name: &str, words: &str) {
        let error = self.used().expect("it is refused");
        assert!(matches!(&error, StoreError::Unreadable { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&*self.at(name).to_string_lossy()) && text.contains(words), "{text}");
        assert!(text.contains("--store"), "{text}");
        self.unharmed();
    }

    #[track_caller]
    fn unharmed(&self) {
        assert_eq!(fs::read(self.victim()).unwrap(), PRECIOUS);
        let outside = files_below(self.outside.path());
        assert_eq!(outside, [self.victim()], "nothing was made outside");
    }
}

#[test]
fn links_in_the_place_of_what_is_written_are_refused() {
    for name in ["LOCK", "journal.log", "index/db", "index/conf"] {
        let planted = Planted::new();
        planted.link(name, &planted.victim());
        planted.refused(name, "symbolic link");
        planted.link(name, &planted.outside.path().join("nothing"));
        planted.refused(name, "symbolic link");
    }
}

#[test]
fn linked_folders_are_refused() {
    for name in ["bodies", "index"] {
        let planted = Planted::new();
        planted.link(name, planted.outside.path());
        planted.refused(name, "symbolic link");
    }
}

#[test]
fn temporary_names_that_are_links_are_taken_and_not_followed() {
    for name in ["index.doubt.new", "journal.newer", "journal.new", "watch.new", "watch", ".gitignore.new"] {
        let planted = Planted::new();
        files::remove(&planted.at(".gitignore")).unwrap();
        planted.link(name, &planted.victim());
        assert!(planted.used().is_none(), "{name}");
        planted.unharmed();
        let store = open(planted.dir.path()).store;
        assert_eq!(store.recording(&id(2)).unwrap(), Some(large(2)), "{name}");
    }
}

#[test]
fn a_linked_folder_among_the_bodies_is_neither_written_nor_swept() {
    let planted = Planted::new();
    let body = Hash::of(&large(3).request.body).to_string();
    let named_like_a_body = planted.outside.path().join(&body);
    fs::write(&named_like_a_body, "precious").unwrap();
    planted.link(&format!("bodies/{}", &body[..2]), planted.outside.path());
    let store = open(planted.dir.path()).store;
    let refused = store.commit_blocking(vec![put(&large(3))], NOW).unwrap_err();
    assert!(refused.to_string().contains("symbolic link"), "{refused}");
    compact::compact(&store, NOW).unwrap();
    assert_eq!(fs::read(&named_like_a_body).unwrap(), b"precious");
}

#[test]
fn files_with_another_name_elsewhere_are_not_written() {
    for name in ["LOCK", "journal.log", "index/db"] {
        let planted = Planted::new();
        fs::hard_link(planted.at(name), planted.at("bodies/other-name")).unwrap();
        planted.refused(name, "hard link");
    }
}

#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    for name in ["LOCK", "journal.log", "index/db"] {
        let planted = Planted::new();
        files::remove(&planted.at(name)).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            planted.at(name),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        assert_eq!(owner(planted.dir.path()), None);
        planted.refused(name, "neither a file nor a directory");
        files::remove(&planted.at(name)).unwrap();
        fs::create_dir(planted.at(name)).unwrap();
        if name != "index/db" {
            planted.refused(name, "is a directory");
        }
    }
}

#[test]
fn a_store_behind_a_link_is_one_and_a_folder_of_other_things_is_not_made_one() {
    let outer = tempfile::tempdir().unwrap();
    let (place, link) = (outer.path().join("place"), outer.path().join("link"));
    fs::create_dir(&place).unwrap();
    symlink(&place, &link).unwrap();
    fs::write(place.join("letter"), PRECIOUS).unwrap();
    let refused = Store::open(&link, &impatient(), NOW).unwrap_err().to_string();
    assert!(refused.contains("symbolic link to a directory"), "{refused}");
    assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
    // One that is empty, and then one with a store in it.
    fs::remove_file(place.join("letter")).unwrap();
    filled(&link, &[small(1)]);
    assert_eq!(ids(&open_quietly(&link).entries().unwrap()), [id(1)]);
}

#[test]
fn without_its_lock_file_a_store_still_has_one_owner() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_quietly(dir.path());
    store.announce("127.0.0.1:4141").unwrap();
    fs::remove_file(dir.path().join("LOCK")).unwrap();
    let refused = Store::open(dir.path(), &impatient(), NOW).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
    assert!(refused.to_string().contains("does not say who it is"), "{refused}");
    // The owner says again who it is.
    commit(&store, put(&small(1)));
    let found = owner(dir.path()).unwrap();
    assert_eq!((found.address.as_deref(), &*found.token), (Some("127.0.0.1:4141"), store.token()));
    // Compacting puts another file in the place of the journal, which is held as well.
    compact::compact(&store, NOW).unwrap();
    fs::remove_file(dir.path().join("LOCK")).unwrap();
    assert!(matches!(Store::open(dir.path(), &impatient(), NOW), Err(StoreError::InUse { .. })));
    store.close();
    assert_eq!(ids(&open_quietly(dir.path()).entries().unwrap()), [id(1)]);
}
