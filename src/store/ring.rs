//! Past calls on disk: two files, of which the older one goes when the newer one is full. So they take no more room
//! however long calls are kept, which values that are written again and again in the index did.
//!
//! They are no part of the truth: nothing is synced, and what is damaged is left out.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::files;
use super::line::INLINE;

/// The two files of a store.
#[derive(Debug)]
pub(super) struct Ring {
    newer: PathBuf,
    older: PathBuf,
    /// The fill of the newer file; `None` while nobody looked.
    full: Option<Full>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Full {
    calls: usize,
    bytes: u64,
}

/// The most calls that one file holds, and the most bytes: all of the history fits into either.
const CALLS: usize = 10_000;
const BYTES: u64 = 16 << 20;
/// The first line; the calls behind it are each a length, a CRC-32 and so many bytes.
const BEGIN: &[u8] = b"calls 1\n";

impl Ring {
    pub(super) fn new(dir: &Path) -> Self {
        Self { newer: dir.join("history"), older: dir.join("history.old"), full: None }
    }

    /// Keeps calls; those over 16 KiB are left out.
    pub(super) fn push(&mut self, calls: &[Vec<u8>]) -> Result<(), StoreError> {
        let mut full = self.full.unwrap_or_else(|| Full::of(&read(&self.newer)));
        let mut text = Vec::new();
        for call in calls.iter().filter(|call| call.len() <= INLINE) {
            let len = u32::try_from(call.len()).unwrap_or(u32::MAX);
            text.extend_from_slice(&len.to_be_bytes());
            text.extend_from_slice(&crc32fast::hash(call).to_be_bytes());
            text.extend_from_slice(call);
            full.calls += 1;
            if full.calls >= CALLS || full.bytes + text.len() as u64 >= BYTES {
                self.append(&std::mem::take(&mut text))?;
                fs::rename(&self.newer, &self.older).map_err(StoreError::io("rename", &self.newer))?;
                full = Full::default();
            }
        }
        full.bytes += text.len() as u64;
        self.append(&text)?;
        self.full = Some(full);
        Ok(())
    }

    fn append(&mut self, text: &[u8]) -> Result<(), StoreError> {
        // Until it is known again.
        self.full = None;
        if text.is_empty() {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        let file = files::open_to_write(&self.newer, options.append(true).create(true));
        let mut file = match file {
            Err(StoreError::Unreadable { .. }) => {
                // Whatever somebody else put there.
                files::remove(&self.newer).map_err(StoreError::io("remove", &self.newer))?;
                files::open_to_write(&self.newer, options.create_new(true).mode(0o600))
            }
            opened => opened,
        }?;
        let mut write = || {
            let begin = if file.metadata()?.len() == 0 { BEGIN } else { b"" };
            file.write_all(&[begin, text].concat())
        };
        write().map_err(StoreError::io("write", &self.newer))
    }

    /// All calls that can be read, the oldest first.
    pub(super) fn calls(&self) -> Vec<Vec<u8>> {
        let mut all = read(&self.older);
        all.extend(read(&self.newer));
        all
    }

    /// Keeps these calls in place of all others, of which nothing stays on the disk.
    pub(super) fn replace(&mut self, calls: &[Vec<u8>]) -> Result<(), StoreError> {
        self.full = Some(Full::default());
        for path in [&self.older, &self.newer] {
            files::remove(path).map_err(StoreError::io("remove", path))?;
        }
        self.push(calls)
    }
}

impl Full {
    fn of(calls: &[Vec<u8>]) -> Self {
        let bytes = calls.iter().map(|call| call.len() as u64 + 8).sum();
        Self { calls: calls.len(), bytes }
    }
}

/// The calls of a file up to the first damaged one; none where it is no such file.
fn read(path: &Path) -> Vec<Vec<u8>> {
    let read = || -> io::Result<Vec<u8>> {
        let file = files::open(path).map_err(|error| io::Error::other(error.to_string()))?;
        let mut text = Vec::new();
        file.take(BYTES + (64 << 10)).read_to_end(&mut text)?;
        Ok(text)
    };
    let text = read().unwrap_or_default();
    let mut rest = text.strip_prefix(BEGIN).unwrap_or_default();
    let mut calls = Vec::new();
    while let Some((head, behind)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, sum @ ..] = *head;
        let len = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let Some((call, next)) = behind.split_at_checked(len) else { break };
        if crc32fast::hash(call) != u32::from_be_bytes(sum) {
            break;
        }
        calls.push(call.to_vec());
        rest = next;
    }
    calls
}
