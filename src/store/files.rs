//! Files and directories that only their owner may read, and writes that survive a power cut.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::StoreError;

/// Creates a directory for its owner only, with all above it; an existing one stays as it is.
pub(super) fn create_dir(path: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(StoreError::io("create the directory", path))
}

/// Options under which a new file is for its owner only.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file whole or not at all: under another name first, synced, then renamed. The caller syncs the directory.
pub(super) fn write_whole(path: &Path, temporary: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let write = || {
        let mut file = private().write(true).create(true).truncate(true).open(temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(temporary, path)
    };
    write().map_err(|cause| {
        // Half a file helps nobody, least of all on a full disk.
        let _ = fs::remove_file(temporary);
        StoreError::io("write", path)(cause)
    })
}

/// Makes creations and renames in a directory durable.
pub(super) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    // Only Unix lets a directory be opened and synced.
    if cfg!(unix) {
        File::open(path)
            .and_then(|dir| dir.sync_all())
            .map_err(StoreError::io("sync the directory", path))?;
    }
    Ok(())
}

/// Length of all files below a directory, in bytes; what cannot be read counts nothing.
pub(super) fn disk_use(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    let len = |entry: fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => disk_use(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.flatten().map(len).sum()
}

/// Random bytes for a file.
pub(super) fn random<const N: usize>(path: &Path) -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    let filled = getrandom::fill(&mut bytes).map_err(|cause| io::Error::other(cause.to_string()));
    filled.map_err(StoreError::io("find random bytes for", path))?;
    Ok(bytes)
}
