//! One process owns a store: `LOCK` is flock'ed while it does, and says who it is and where it listens.
//!
//! The lock is the kernel's, so it ends with the process however that ends; the text in the file is only believed
//! while somebody holds the lock. Whoever writes holds the journal itself, too: `LOCK` can be deleted, and then the next
//! process would make another one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::error::is_full;
use super::files;

/// The way in which a process wants to own a store.
#[derive(Clone, Debug)]
pub struct Ownership {
    /// The address on which the owner listens, if it already does; see [`super::Store::announce`].
    pub address: Option<String>,
    /// The longest wait for an owner that has no address, which is a short command.
    pub patience: Duration,
}

/// The process that owns a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreOwner {
    /// The process id; 0 when it has not said yet.
    pub pid: u32,
    /// The address on which it listens; `None` for a short command.
    pub address: Option<String>,
    /// The token of its control API.
    pub token: String,
}

/// The way in which a file is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LockMode {
    /// Held by one who writes.
    Alone,
    /// Held by those who only read.
    Together,
}

/// The held lock; dropping it lets go.
#[derive(Debug)]
pub(super) struct Lock {
    /// The file; `None` in a store that cannot be written: the journal alone is held then.
    file: Option<File>,
    path: PathBuf,
    owner: StoreOwner,
}

const FILE: &str = "LOCK";
/// An owner is written as one block of this length, so that a reader never sees half of two texts.
const BLOCK: usize = 1024;
const PAUSE: Duration = Duration::from_millis(10);
/// The time for which a lock is waited for in any case: who only asks who the owner is holds it for a moment.
const ASKING: Duration = Duration::from_millis(100);

/// The owner of the store in `dir` right now; `None` when nobody is, whatever a crashed owner left in the file.
#[must_use]
pub fn owner(dir: &Path) -> Option<StoreOwner> {
    let mut file = files::open(&dir.join(FILE)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read(&mut file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

impl Default for Ownership {
    fn default() -> Self {
        Self { address: None, patience: Duration::from_secs(2) }
    }
}

impl Lock {
    /// Takes the lock of the store in `dir`.
    pub(super) fn take(dir: &Path, ownership: &Ownership) -> Result<Self, StoreError> {
        let path = dir.join(FILE);
        let open = || files::open_to_write(&path, OpenOptions::new().read(true).write(true).create(true));
        let file = match held(&path, ownership, LockMode::Alone, open, || owner(dir).unwrap_or_else(unknown))
        {
            Err(error) if error.unwritable() && files::holds_store(dir) => None,
            file => Some(file?),
        };
        let token = format!("{:032x}", u128::from_be_bytes(files::random(&path)?));
        let owner = StoreOwner { pid: std::process::id(), address: ownership.address.clone(), token };
        let mut lock = Self { file, path, owner };
        lock.write()?;
        Ok(lock)
    }

    /// Makes `LOCK` anew where somebody deleted it: other processes find the owner by it.
    pub(super) fn restore(&mut self) {
        let Some(held) = &self.file else { return };
        if files::is_at(held, &self.path).unwrap_or(true) {
            return;
        }
        let file =
            files::open_to_write(&self.path, OpenOptions::new().read(true).write(true).create_new(true));
        // Best effort: the journal is held whatever becomes of this.
        if let Ok(file) = file
            && file.try_lock().is_ok()
        {
            self.file = Some(file);
            // Best effort: the lock itself is what counts.
            self.write().ok();
        }
    }

    /// Takes `LOCK` away again: the store has an owner whose own one was deleted, and who will make it anew.
    pub(super) fn abandon(self) {
        // Best effort: one that stays is not locked.
        files::remove(&self.path).ok();
    }

    /// Says where the owner listens.
    pub(super) fn announce(&mut self, address: &str) -> Result<(), StoreError> {
        self.owner.address = Some(address.into());
        self.write()
    }

    /// Says that the owner listens no more: who wants the store waits for its end.
    pub(super) fn withdraw(&mut self) {
        self.owner.address = None;
        // Best effort: who asks there all the same is refused a connection.
        self.write().ok();
    }

    /// The token of the control API.
    pub(super) fn token(&self) -> &str {
        &self.owner.token
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let text = serde_json::to_vec(&self.owner).unwrap_or_default();
        match self.say(text) {
            // Held it is all the same; who wants the store is told that its owner does not say who it is.
            Err(cause) if is_full(&cause) => Ok(()),
            said => said.map_err(StoreError::io("write", &self.path)),
        }
    }

    fn blank(&mut self) -> io::Result<()> {
        self.say(Vec::new())
    }

    fn say(&mut self, mut text: Vec<u8>) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        text.resize(text.len().max(BLOCK), b' ');
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&text)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Best effort: a stale text is not believed anyway. The file keeps its length, so that the next owner can say who it
        // is on a full disk, too.
        self.blank().ok();
        if let Some(file) = &self.file {
            file.unlock().ok();
        }
    }
}

/// The file at `path` with its lock held, opened as often as another takes its place meanwhile. `holder` says who holds it
/// that long.
pub(super) fn held(
    path: &Path,
    ownership: &Ownership,
    hold: LockMode,
    open: impl Fn() -> Result<File, StoreError>,
    holder: impl Fn() -> StoreOwner,
) -> Result<File, StoreError> {
    let started = Instant::now();
    loop {
        let file = open()?;
        let locked = if hold == LockMode::Alone { file.try_lock() } else { file.try_lock_shared() };
        match locked {
            // Whoever held it may have put another file here.
            Ok(()) if files::is_at(&file, path).map_err(StoreError::io("look at", path))? => return Ok(file),
            Ok(()) => continue,
            Err(TryLockError::Error(cause)) => return Err(StoreError::io("lock", path)(cause)),
            Err(TryLockError::WouldBlock) => {}
        }
        let StoreOwner { pid, address, .. } = holder();
        let patience = if address.is_some() { ASKING } else { ownership.patience.max(ASKING) };
        if started.elapsed() >= patience {
            let dir = path.parent().unwrap_or(path).into();
            return Err(StoreError::InUse { dir, pid, address });
        }
        thread::sleep(PAUSE);
    }
}

fn read(file: &mut File) -> StoreOwner {
    let mut text = Vec::new();
    let length =
        file.seek(SeekFrom::Start(0)).and_then(|_| file.take(BLOCK as u64 * 64).read_to_end(&mut text));
    let owner = length.ok().and_then(|_| serde_json::from_slice(&text).ok());
    owner.unwrap_or_else(unknown)
}

/// An owner that does not say who it is.
pub(super) fn unknown() -> StoreOwner {
    StoreOwner { pid: 0, address: None, token: String::new() }
}
