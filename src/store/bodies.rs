//! Bodies that are too large for the journal: one file each, named by the SHA-256 of its content.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

use super::error::StoreError;
use super::files;
use crate::model::Hash;

/// The folder of body files.
pub(super) const BODIES: &str = "bodies";

/// The folder of body files.
#[derive(Debug)]
pub(super) struct Bodies {
    root: PathBuf,
    /// Bodies found to be what their name says, by this process, and their CRC32. Hashing every read would halve the rate of
    /// replays; the sum is ten times as fast, and finds what happened to a file since.
    verified: Mutex<HashMap<Hash, u32>>,
    /// Long bodies that somebody has in memory: whoever reads one meanwhile gets the same bytes and no copy.
    shared: Mutex<HashMap<Hash, BodySlot>>,
}

/// A body in memory, as long as somebody has it. Locked while it is read: who wants the same body waits for it.
type BodySlot = Arc<Mutex<Weak<Vec<u8>>>>;

/// A part in a body that several have.
struct BodyPart(Arc<Vec<u8>>);

impl AsRef<[u8]> for BodyPart {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Bodies from this length on are shared, in bytes.
const LONG: u64 = 256 << 10;

/// Directories that got new files and are not synced yet.
#[derive(Debug, Default)]
pub(super) struct Unsynced(BTreeSet<PathBuf>);

const TEMPORARY: &str = "tmp-";

impl Bodies {
    /// Opens the folder, and removes what a crash left half-written.
    pub(super) fn open(root: PathBuf) -> Result<Self, StoreError> {
        match files::create_dir(&root) {
            // There is nothing to be read then, and what is written makes it.
            Err(error) if error.unwritable() => return Ok(Self::at(root)),
            made => made?,
        }
        let entries = fs::read_dir(&root).map_err(StoreError::io("list", &root))?;
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                // What stays costs space and nothing else.
                fs::remove_file(entry.path()).ok();
            }
        }
        Ok(Self::at(root))
    }

    fn at(root: PathBuf) -> Self {
        Self { root, verified: Mutex::default(), shared: Mutex::default() }
    }

    /// The path of a body's file, whether it is there or not.
    pub(super) fn path(&self, hash: &Hash) -> PathBuf {
        let name = hash.to_string();
        self.root.join(&name[..2]).join(name)
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a body unless it is there already. It is durable after [`Unsynced::sync`].
    pub(super) fn write(&self, hash: &Hash, bytes: &[u8], unsynced: &mut Unsynced) -> Result<(), StoreError> {
        // A damaged file of this name is replaced: recording the same content again repairs it.
        if let Ok(Some(_)) = self.read(hash) {
            return Ok(());
        }
        let path = self.path(hash);
        if let Some(dir) = path.parent() {
            if !files::is_dir(dir)? {
                files::create_dir(&self.root)?;
                files::create_dir(dir)?;
                unsynced.0.insert(self.root.clone());
            }
            unsynced.0.insert(dir.to_path_buf());
        }
        files::write_whole(&path, &self.root.join(format!("{TEMPORARY}{hash}")), bytes)?;
        self.checksums().insert(*hash, crc32fast::hash(bytes));
        Ok(())
    }

    /// Reads a body; `None` when there is no such file. Its content is held against its name.
    pub(super) fn read(&self, hash: &Hash) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(hash);
        let mut file = match files::open(&path) {
            Err(StoreError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let read = move |file: &mut File| {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(StoreError::io("read", &path))?;
            if self.verify(hash, &bytes) {
                return Ok(bytes);
            }
            let problem = "is damaged: its SHA-256 is not its name".into();
            Err(StoreError::Body { path: path.clone(), recording: None, problem })
        };
        if !file.metadata().is_ok_and(|data| data.len() >= LONG) {
            return Ok(Some(read(&mut file)?.into()));
        }
        let slot = self.slot(hash);
        let mut known = slot.lock();
        let body = match known.upgrade() {
            Some(body) => body,
            None => Arc::new(read(&mut file)?),
        };
        *known = Arc::downgrade(&body);
        Ok(Some(Bytes::from_owner(BodyPart(body))))
    }

    /// The place of a body in memory; those that nobody has any more are given up.
    fn slot(&self, hash: &Hash) -> BodySlot {
        let mut shared = self.shared.lock();
        shared.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.lock().strong_count() > 0);
        Arc::clone(shared.entry(*hash).or_default())
    }

    /// True if these bytes have this hash; after the first time their CRC32 tells.
    pub(super) fn verify(&self, hash: &Hash, bytes: &[u8]) -> bool {
        let sum = crc32fast::hash(bytes);
        if self.checksums().get(hash) == Some(&sum) {
            return true;
        }
        let fine = Hash::of(bytes) == *hash;
        if fine {
            self.checksums().insert(*hash, sum);
        }
        fine
    }

    fn checksums(&self) -> parking_lot::MutexGuard<'_, HashMap<Hash, u32>> {
        self.verified.lock()
    }
}

impl Unsynced {
    /// Makes the new files durable under their names.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.0.iter().try_for_each(|dir| files::sync_dir(dir))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reads_a_long_body_shares_it() {
        let dir = tempfile::tempdir().unwrap();
        let bodies = Bodies::open(dir.path().join("bodies")).unwrap();
        let (long, other) = (vec![b'x'; 1 << 20], vec![b'y'; 1 << 20]);
        let (hash, second) = (Hash::of(&long), Hash::of(&other));
        bodies.write(&hash, &long, &mut Unsynced::default()).unwrap();
        bodies.write(&second, &other, &mut Unsynced::default()).unwrap();
        let read = || bodies.read(&hash).unwrap().unwrap();
        let place = std::thread::scope(|scope| {
            let readers: Vec<_> = (0..8).map(|_| scope.spawn(read)).collect();
            let all: Vec<_> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
            assert!(all.iter().all(|body| body.as_ptr() == all[0].as_ptr() && *body == long));
            all[0].clone()
        });
        assert_eq!(read().as_ptr(), place.as_ptr(), "as long as somebody has it");
        drop(place);
        assert_eq!(bodies.read(&second).unwrap().unwrap(), other);
        assert_eq!(bodies.shared.lock().len(), 1, "what nobody has is given up");
    }
}
