//! Files and directories that only their owner may read, writes that survive a power cut, and nothing through a link.
//!
//! A store may lie in a repository that somebody else made. What it holds under a name of the store is therefore opened
//! without following links, a new file is made under a name that nobody holds, and what is to be written has one name
//! only: else what is written here would be written somewhere else, too.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::error::StoreError;

/// The file that makes a directory a store.
pub(super) const JOURNAL: &str = "journal.log";

/// True if there is a store in `dir`. Whatever has the name: what it is, is said at its opening.
pub(super) fn holds_store(dir: &Path) -> bool {
    dir.join(JOURNAL).symlink_metadata().is_ok()
}

#[cfg(test)]
thread_local! {
    /// The error with which opening a file for writing, or making one, fails on this thread.
    pub(super) static REFUSED: std::cell::Cell<Option<io::ErrorKind>> = const { std::cell::Cell::new(None) };
}

const FOREIGN: &str = "a store is made of plain files: remove it if you did not put it there, or use another store with --store";

/// Creates the directory of a store for its owner only, with all above it; gives whether it was made, and leaves an
/// existing one as it is. A link to a
/// directory is followed if that holds a store or nothing: people keep stores elsewhere that way, and a stranger's link
/// shall not fill a folder of something else.
///
/// # Errors
///
/// [`StoreError::Unreadable`] for what is no directory, for such a link, and for another user's directory.
pub(super) fn create_store_dir(path: &Path) -> Result<bool, StoreError> {
    let failed = || StoreError::io("create the directory", path);
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(above).map_err(failed())?;
    }
    let made = match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => false,
        Err(error) => return Err(failed()(error)),
    };
    let data = fs::metadata(path).map_err(StoreError::io("look at", path))?;
    let me = rustix::process::geteuid().as_raw();
    if ![me, 0].contains(&data.uid()) && me != 0 {
        let problem =
            format!("belongs to another user (uid {}), who could read what is recorded", data.uid());
        let advice = "use a store of your own with --store, or make this one yours with chown";
        return Err(StoreError::Unreadable { path: path.into(), problem, advice });
    }
    let linked = fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink());
    let strange = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    if linked && !holds_store(path) && strange() {
        let problem = "is a symbolic link to a directory that holds something else than a store".into();
        let advice = "give the directory itself with --store if a store is to be made there";
        return Err(StoreError::Unreadable { path: path.into(), problem, advice });
    }
    Ok(made)
}

/// Creates a directory inside of a store, unless it is there.
///
/// # Errors
///
/// [`StoreError::Unreadable`] when something else has its name.
pub(super) fn create_dir(path: &Path) -> Result<(), StoreError> {
    if is_dir(path)? {
        return Ok(());
    }
    DirBuilder::new().mode(0o700).create(path).map_err(StoreError::io("create the directory", path))
}

/// True if there is a directory of this name.
///
/// # Errors
///
/// [`StoreError::Unreadable`] when it is a link or something else.
pub(super) fn is_dir(path: &Path) -> Result<bool, StoreError> {
    match look(path)? {
        None => Ok(false),
        Some(data) if data.is_dir() => Ok(true),
        Some(data) => Err(foreign(path, &data)),
    }
}

/// Opens a file for reading.
///
/// # Errors
///
/// [`StoreError::Unreadable`] for what is no plain file.
pub(super) fn open(path: &Path) -> Result<File, StoreError> {
    plain(path, OpenOptions::new().read(true))
}

/// Opens a file that is to be written, with these options. A new one is for its owner only.
///
/// # Errors
///
/// [`StoreError::Unreadable`] for what is no plain file or has more than one name.
pub(super) fn open_to_write(path: &Path, options: &mut OpenOptions) -> Result<File, StoreError> {
    #[cfg(test)]
    granted().map_err(StoreError::io("open", path))?;
    let file = plain(path, options.mode(0o600))?;
    let data = file.metadata().map_err(StoreError::io("look at", path))?;
    // Zero for one that was removed a moment ago, which whoever locks it finds out.
    if data.nlink() > 1 {
        return Err(foreign(path, &data));
    }
    Ok(file)
}

/// Refuses a directory with anything below it but directories and plain files of one name: for those whose files others
/// open.
///
/// # Errors
///
/// [`StoreError::Unreadable`] for the first such thing.
pub(super) fn plain_below(dir: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(StoreError::io("list", dir))? {
        let path = entry.map_err(StoreError::io("list", dir))?.path();
        match look(&path)? {
            Some(data) if data.is_dir() => plain_below(&path)?,
            Some(data) if !data.is_file() || data.nlink() > 1 => return Err(foreign(&path, &data)),
            _ => {}
        }
    }
    Ok(())
}

/// True if the open file is the one of this name.
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(named) => Ok((open.dev(), open.ino()) == (named.dev(), named.ino())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// Writes a file whole or not at all: under another name first, synced, then renamed. The caller syncs the directory.
pub(super) fn write_whole(path: &Path, temporary: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let write = || {
        #[cfg(test)]
        granted()?;
        remove(temporary)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(temporary, path)
    };
    write().map_err(|cause| {
        // Half a file helps nobody, least of all on a full disk.
        fs::remove_file(temporary).ok();
        StoreError::io("write", path)(cause)
    })
}

/// Writes a file that is derived from others: after a crash it may be anything, which its reader has to find out.
pub(super) fn write_derived(path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    #[cfg(test)]
    granted()?;
    remove(temporary)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    let written = file.write_all(bytes).and_then(|()| fs::rename(temporary, path));
    written.inspect_err(|_| _ = fs::remove_file(temporary))
}

/// Removes a name, if it is there: a link goes, not what it leads to.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

/// Makes creations and renames in a directory durable.
pub(super) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(StoreError::io("sync the directory", path))
}

/// Length of all files below a directory, in bytes; what cannot be read counts nothing.
pub(super) fn disk_use(path: &Path) -> u64 {
    if !is_dir(path).unwrap_or(false) {
        return 0;
    }
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

#[cfg(test)]
fn granted() -> io::Result<()> {
    REFUSED.get().map_or(Ok(()), |kind| Err(kind.into()))
}

fn plain(path: &Path, options: &mut OpenOptions) -> Result<File, StoreError> {
    if let Some(data) = look(path)?.filter(|data| !data.is_file()) {
        return Err(foreign(path, &data));
    }
    // Whoever puts a link or a pipe there behind the look is neither followed nor waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path);
    let file = file.map_err(StoreError::io("open", path))?;
    let data = file.metadata().map_err(StoreError::io("look at", path))?;
    if data.is_file() { Ok(file) } else { Err(foreign(path, &data)) }
}

/// The metadata of what has this name, links not followed; `None` where there is nothing.
fn look(path: &Path) -> Result<Option<Metadata>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(data) => Ok(Some(data)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(StoreError::io("look at", path)(cause)),
    }
}

fn foreign(path: &Path, data: &Metadata) -> StoreError {
    let problem = if data.is_symlink() {
        "is a symbolic link, which is not followed"
    } else if data.is_dir() {
        "is a directory, where a file belongs"
    } else if data.is_file() && data.nlink() > 1 {
        "is a file that has another name elsewhere (a hard link), where it would be changed, too"
    } else if data.is_file() {
        "is a file, where a directory belongs"
    } else {
        "is neither a file nor a directory"
    };
    StoreError::Unreadable { path: path.into(), problem: problem.into(), advice: FOREIGN }
}
