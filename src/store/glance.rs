//! A look at a store from outside: nothing is opened, locked or changed, so it works beside the owner.

use std::path::Path;

use super::error::StoreError;
use super::journal::{self, Journal};
use super::{bodies, files, index_dir, line};

/// A store as it can be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// The version of the format that it is written in.
    pub format: u32,
    /// Length of the journal, in bytes.
    pub journal_bytes: u64,
    /// Length of the body files, in bytes.
    pub body_bytes: u64,
    /// Length of the index's files, in bytes.
    pub index_bytes: u64,
}

/// Looks at the store in `dir`; `None` where there is no store.
///
/// # Errors
///
/// [`StoreError::Newer`] when a newer retake wrote it, [`StoreError::Unreadable`] when it is no store,
/// [`StoreError::Io`] when the file system refuses.
pub fn glance(dir: &Path) -> Result<Option<Glance>, StoreError> {
    let path = Journal::path_in(dir);
    let journal_bytes = match path.symlink_metadata() {
        Ok(data) => data.len(),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(StoreError::io("look at", &path)(cause)),
    };
    // So far there is one version; a header of a newer one is refused.
    journal::header(&path)?;
    let body_bytes = files::disk_use(&dir.join(bodies::BODIES));
    let index_bytes = files::disk_use(&dir.join(index_dir::INDEX));
    Ok(Some(Glance { format: line::VERSION, journal_bytes, body_bytes, index_bytes }))
}
