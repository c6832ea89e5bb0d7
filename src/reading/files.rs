//! Files that are read whole: configurations, themes, requests. A named pipe that nobody writes to would hang every
//! verb, and an endless file would fill the memory, so neither is read to its end.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

use super::human;

/// The largest configuration, theme or usage file, in bytes.
pub const SMALL_FILE: u64 = 1 << 20;
/// The largest request or body that is handed in, in bytes: what is stored of one is not larger.
pub const LARGE_FILE: u64 = 256 << 20;

/// The text of a regular file of at most `limit` bytes.
///
/// # Errors
/// When it is something else than a regular file, larger, no UTF-8, or cannot be read; said in half a sentence.
pub fn regular_text(path: &Path, limit: u64) -> io::Result<String> {
    // Opening a pipe or a terminal must not wait, and what was opened is looked at, not what the name means by then.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        let kind = kind(about.file_type());
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("it is {kind}, and no regular file"),
        ));
    }
    bounded_text(file, limit)
}

/// The text of a file or pipe that somebody named, of at most `limit` bytes.
///
/// # Errors
/// When there is more, it is no UTF-8, or cannot be read.
pub fn named_text(path: &Path, limit: u64) -> io::Result<String> {
    bounded_text(File::open(path)?, limit)
}

/// The bytes of a file or pipe that somebody named, at most `limit`.
///
/// # Errors
/// When there is more, or it cannot be read.
pub fn named_bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    bounded(File::open(path)?, limit)
}

/// All text that can be read, of at most `limit` bytes.
///
/// # Errors
/// As of [`named_text`].
pub fn bounded_text(from: impl Read, limit: u64) -> io::Result<String> {
    let bytes = bounded(from, limit)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8 text"))
}

/// The rest of a reader, if that is at most `limit` bytes.
///
/// # Errors
/// When there is more, or it cannot be read.
pub fn bounded(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let text = format!("it holds more than {}, which is the most that is read", human::size(limit));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

fn kind(of: FileType) -> &'static str {
    match of {
        of if of.is_dir() => "a directory",
        of if of.is_fifo() => "a named pipe",
        of if of.is_char_device() || of.is_block_device() => "a device",
        of if of.is_socket() => "a socket",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, large, odd) = (dir.path().join("pipe"), dir.path().join("large"), dir.path().join("odd"));
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        std::fs::write(&large, "12345").unwrap();
        std::fs::write(&odd, [0xff]).unwrap();
        let said = |path: &Path, limit| regular_text(path, limit).unwrap_err().to_string();
        assert!(said(&pipe, 9).contains("a named pipe"));
        assert!(said(Path::new("/dev/zero"), 9).contains("a device"));
        assert!(said(dir.path(), 9).contains("a directory"));
        assert!(said(&large, 4).contains("more than 4 B"));
        assert!(said(&odd, 4).contains("UTF-8"));
        assert_eq!(regular_text(&large, 5).unwrap(), "12345");
        assert!(
            named_text(Path::new("/dev/zero"), 1 << 16).unwrap_err().to_string().contains("more than 64")
        );
    }
}
