//! The journal: the truth about the store, append-only.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::error::is_full;
use super::line::{self, JournalHeader, JournalLine, NEWEST, ParsedLine};
use super::lock::LockMode;
use super::lock::Ownership;
use super::{files, lock};
use crate::model::{Hash, Timestamp};

/// The journal, open for appending. One thread owns it.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    header: JournalHeader,
    /// The mark behind the last whole line.
    mark: JournalMark,
    /// The reason why nothing more can be appended.
    broken: Option<String>,
    /// True if half a line stands behind the mark, which is to be cut off before anything is appended.
    half: bool,
    /// True if the file has lost its header, and somebody else knew it.
    headless: bool,
}

/// A place between two lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JournalMark {
    /// The highest sequence number before it.
    pub(super) seq: u64,
    /// The number of lines before it, headers included.
    pub(super) lines: u64,
    /// The start of the line before it, in bytes.
    pub(super) start: u64,
    /// The place itself, in bytes from the start of the file.
    pub(super) end: u64,
}

/// Lines that were appended.
#[derive(Debug)]
pub(super) struct AppendedLines {
    /// Behind each.
    pub(super) marks: Vec<JournalMark>,
    /// All of them, as they stand in the file.
    pub(super) text: Vec<u8>,
}

/// The half of a line that a crash left.
pub(super) const TORN: &str = "journal.torn";
/// More than this of it is not kept, in bytes: a line is as long as what it says, but a file system may leave anything.
const TORN_MOST: u64 = 64 << 20;
const RESTORE: &str = "restore journal.log from a backup, or move the whole directory away to start anew";

impl Journal {
    /// The path of the journal of the store in `dir`.
    pub(super) fn path_in(dir: &Path) -> PathBuf {
        dir.join(files::JOURNAL)
    }

    /// Opens the journal, or begins one in a directory that holds no store. Its mark is at the start of the changes:
    /// [`Journal::continue_at`] moves it. Where both copies of its header are damaged, `spare` may have one.
    pub(super) fn open(
        dir: &Path,
        ownership: &Ownership,
        now: Timestamp,
        spare: impl FnOnce() -> Option<JournalHeader>,
    ) -> Result<Self, StoreError> {
        let path = Self::path_in(dir);
        if !files::holds_store(dir) {
            begin(dir, &path, now)?;
        }
        let held = lock::held(&path, ownership, LockMode::Alone, || appending(&path), lock::unknown);
        let (file, broken) = match held {
            Err(error) if error.unwritable() => {
                let read = || files::open(&path);
                (
                    lock::held(&path, ownership, LockMode::Together, read, lock::unknown)?,
                    Some(error.to_string()),
                )
            }
            file => (file?, None),
        };
        let (header, headless) = match header(&path) {
            Err(error @ StoreError::Unreadable { .. }) => (spare().ok_or(error)?, true),
            header => (header?, false),
        };
        Ok(Self { file, path, header, mark: JournalMark::default(), broken, half: false, headless })
    }

    /// True if the file has lost its header: it is to be written anew before anything is appended.
    pub(super) fn is_headless(&self) -> bool {
        self.headless
    }

    /// Appends nothing more, for this reason.
    pub(super) fn break_off(&mut self, reason: String) {
        self.broken.get_or_insert(reason);
    }

    /// True if the file still has its name: else what is appended is nowhere.
    pub(super) fn is_in_place(&self) -> bool {
        files::is_at(&self.file, &self.path).unwrap_or(false)
    }

    /// The header.
    pub(super) fn header(&self) -> &JournalHeader {
        &self.header
    }

    /// The reason why nothing more can be appended; `None` while all is well.
    pub(super) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// The number of the last change in it.
    pub(super) fn last(&self) -> u64 {
        self.mark.seq
    }

    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends go on behind `mark`. Half a line that stands there is put into [`TORN`] and cut off; gives whether it is
    /// there now. The end that the last line may lack is put behind it.
    pub(super) fn continue_at(&mut self, mark: JournalMark) -> Result<bool, StoreError> {
        self.mark = mark;
        if self.broken.is_some() {
            return Ok(false);
        }
        let len = self.file.metadata().map_err(StoreError::io("look at", &self.path))?.len();
        if len + 1 == mark.end
            && let Err(cause) = self.file.write_all(b"\n").and_then(|()| self.file.sync_data())
        {
            self.break_off(StoreError::io("end the last line of", &self.path)(cause).to_string());
        }
        if len <= mark.end {
            return Ok(false);
        }
        let kept = self.keep_behind(mark.end).is_ok();
        // What cannot be cut off now is when something is appended.
        self.half = self.cut(mark.end).is_err();
        Ok(kept)
    }

    /// Copies what stands behind `end` into a file of its own.
    fn keep_behind(&mut self, end: u64) -> Result<(), StoreError> {
        let mut half = Vec::new();
        let read = self.file.seek(SeekFrom::Start(end));
        let read = read.and_then(|_| (&self.file).take(TORN_MOST).read_to_end(&mut half));
        read.map_err(StoreError::io("read", &self.path))?;
        files::write_whole(&self.path.with_file_name(TORN), &self.path.with_extension("newer"), &half)
    }

    /// Begins the journal that is to take this one's place, beside it, with the same salt.
    pub(super) fn successor(&self, now: Timestamp) -> Result<Self, StoreError> {
        let path = self.path.with_extension("new");
        let (generation, after) = (self.header.generation + 1, Some(self.mark.seq));
        let header = JournalHeader { generation, at: now, after, ..self.header };
        let text = twice(&header, &path)?;
        files::write_whole(&path, &self.path.with_extension("newer"), &text)?;
        let file = appending(&path)?;
        // Held before it has the name by which others look for it.
        file.lock().map_err(StoreError::io("lock", &path))?;
        let end = text.len() as u64;
        let mark = JournalMark { seq: self.mark.seq, lines: 2, start: end / 2, end };
        Ok(Self { file, path, header, mark, broken: None, half: false, headless: false })
    }

    /// Puts this journal in the place of the one at `path`. The caller syncs the directory.
    pub(super) fn replace(&mut self, path: &Path) -> Result<(), StoreError> {
        fs::rename(&self.path, path).map_err(StoreError::io("replace", path))?;
        self.path = path.into();
        Ok(())
    }

    /// Appends lines with one write and one sync. Either all are durable or none is there.
    pub(super) fn append(&mut self, lines: &mut [JournalLine]) -> Result<AppendedLines, StoreError> {
        if let Some(reason) = &self.broken {
            return Err(StoreError::ReadOnly { reason: reason.clone() });
        }
        let mut text = Vec::new();
        let mut marks = Vec::with_capacity(lines.len());
        let mut mark = self.mark;
        for line in lines {
            line.seq = mark.seq + 1;
            let encoded = line.encode().map_err(|cause| StoreError::io("write", &self.path)(cause.into()))?;
            text.extend_from_slice(&encoded);
            mark = mark.behind(line.seq, encoded.len() as u64);
            marks.push(mark);
        }
        self.write(&text)?;
        self.mark = mark;
        Ok(AppendedLines { marks, text })
    }

    fn write(&mut self, text: &[u8]) -> Result<(), StoreError> {
        if self.half {
            self.cut(self.mark.end).map_err(StoreError::io("cut off a half-written line of", &self.path))?;
            self.half = false;
        }
        let failed = match self.file.write_all(text) {
            Ok(()) => match self.file.sync_data() {
                Ok(()) => return Ok(()),
                // Pages for which there was no room are cut off below, and with them whatever became of them.
                Err(cause) if is_full(&cause) => cause,
                // After any other failed sync nobody knows which pages reached the disk, and a second one would say all did.
                Err(cause) => {
                    let path = self.path.display();
                    self.broken = Some(format!(
                        "{path} could not be synced ({cause}): repair the disk, then restart retake"
                    ));
                    cause
                }
            },
            Err(cause) => cause,
        };
        self.half = self.cut(self.mark.end).is_err();
        Err(StoreError::io("write", &self.path)(failed))
    }

    fn cut(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.file.sync_data()
    }
}

impl JournalMark {
    /// The mark behind one more line.
    pub(super) fn behind(self, seq: u64, len: u64) -> Self {
        Self { seq: seq.max(self.seq), lines: self.lines + 1, start: self.end, end: self.end + len }
    }
}

fn appending(path: &Path) -> Result<File, StoreError> {
    files::open_to_write(path, File::options().read(true).append(true))
}

fn begin(dir: &Path, path: &Path, now: Timestamp) -> Result<(), StoreError> {
    // The journal is made before all else, so its absence beside the rest means that somebody took it away.
    if dir.join("index").exists() || dir.join("bodies").exists() {
        let problem = "is missing, though the rest of the store is there".into();
        return Err(StoreError::Unreadable { path: path.into(), problem, advice: RESTORE });
    }
    let header = JournalHeader { generation: 1, at: now, after: Some(0), salt: Hash(files::random(path)?) };
    files::write_whole(path, &path.with_extension("new"), &twice(&header, path)?)?;
    files::sync_dir(dir)
}

fn twice(header: &JournalHeader, path: &Path) -> Result<Vec<u8>, StoreError> {
    Ok(header.encode().map_err(|cause| StoreError::io("write", path)(cause.into()))?.repeat(2))
}

/// The header, from whichever of its two copies is whole.
pub(super) fn header(path: &Path) -> Result<JournalHeader, StoreError> {
    let file = files::open(path)?;
    let mut text = Vec::new();
    // A header has about 150 bytes; whatever this file is, no more of it is read than two take.
    file.take(1024).read_to_end(&mut text).map_err(StoreError::io("read", path))?;
    let mut copies: Vec<&[u8]> = text.split(|byte| *byte == b'\n').take(2).collect();
    // If the line feed between them is what was damaged, they stand in one line.
    copies.extend(copies[0].split_at_checked(copies[0].len() / 2).map(|(first, _)| first));
    for copy in copies {
        match line::parse(copy) {
            ParsedLine::Header(header) => return Ok(header),
            ParsedLine::Newer(found) => return Err(newer(path, found)),
            ParsedLine::Line(_) | ParsedLine::Damaged => {}
        }
    }
    let problem = "does not begin with a journal's header".into();
    Err(StoreError::Unreadable { path: path.into(), problem, advice: RESTORE })
}

/// The refusal of what a newer version wrote.
pub(super) fn newer(path: &Path, found: u32) -> StoreError {
    StoreError::Newer { path: path.into(), found, known: NEWEST }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::store::line::JournalEntry;

    #[test]
    fn a_full_disk_is_said_and_what_cannot_be_taken_back_is_tried_again_first() {
        let header = JournalHeader { generation: 1, at: Timestamp(0), after: None, salt: Hash([0; 32]) };
        let file = File::options().append(true).open("/dev/full").unwrap();
        let mut journal = Journal {
            file,
            path: "/dev/full".into(),
            header,
            mark: JournalMark::default(),
            broken: None,
            half: false,
            headless: false,
        };
        let mut lines = [JournalLine::new(Timestamp(0), JournalEntry::Remove(Vec::new()))];
        let error = journal.append(&mut lines).unwrap_err().to_string();
        assert!(error.contains("/dev/full") && error.contains("free some space"), "{error}");
        assert_eq!(journal.mark, JournalMark::default());
        // A device cannot be cut, so the half-written line is still there.
        let error = journal.append(&mut lines).unwrap_err().to_string();
        assert!(error.contains("half-written line"), "{error}");
    }
}
