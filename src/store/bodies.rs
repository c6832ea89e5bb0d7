//! Bodies that are too large for the journal: one file each, named by the SHA-256 of its content.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::{StoreError, files};
use crate::model::Hash;

/// The folder of body files.
#[derive(Debug)]
pub(super) struct Bodies {
    root: PathBuf,
    /// Bodies found to be what their name says, by this process, and their CRC32. Hashing every read would halve the rate of
    /// replays; the sum is ten times as fast, and finds what happened to a file since.
    verified: Mutex<HashMap<Hash, u32>>,
}

/// Directories that got new files and are not synced yet.
#[derive(Debug, Default)]
pub(super) struct Unsynced(BTreeSet<PathBuf>);

const TEMPORARY: &str = "tmp-";

impl Bodies {
    /// Opens the folder, and removes what a crash left half-written.
    pub(super) fn open(root: PathBuf) -> Result<Self, StoreError> {
        match files::create_dir(&root) {
            // There is nothing to be read then, and what is written makes it.
            Err(error) if error.unwritable() => return Ok(Self { root, verified: Mutex::default() }),
            made => made?,
        }
        let entries = fs::read_dir(&root).map_err(StoreError::io("list", &root))?;
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(Self { root, verified: Mutex::default() })
    }

    /// Where a body is or would be.
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
        self.known().insert(*hash, crc32fast::hash(bytes));
        Ok(())
    }

    /// Reads a body; none when there is no such file. Its content is held against its name.
    pub(super) fn read(&self, hash: &Hash) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(hash);
        let mut file = match files::open(&path) {
            Err(StoreError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(StoreError::io("read", &path))?;
        let bytes = Bytes::from(bytes);
        if self.verify(hash, &bytes) {
            return Ok(Some(bytes));
        }
        Err(StoreError::Body {
            path,
            recording: None,
            problem: "is damaged: its SHA-256 is not its name".into(),
        })
    }

    /// Whether these bytes have this hash; after the first time their CRC32 tells.
    pub(super) fn verify(&self, hash: &Hash, bytes: &[u8]) -> bool {
        let sum = crc32fast::hash(bytes);
        if self.known().get(hash) == Some(&sum) {
            return true;
        }
        let fine = Hash::of(bytes) == *hash;
        if fine {
            self.known().insert(*hash, sum);
        }
        fine
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Hash, u32>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unsynced {
    /// Makes the new files durable under their names.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.0.iter().try_for_each(|dir| files::sync_dir(dir))
    }
}
