//! The directory of the index: made, doubted, set aside and made anew.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{IndexProblem, StoreError};
use super::files;
use super::index::{Index, UncopiedLines};
use super::journal::{Journal, JournalMark};
use super::line::{JournalEntry, JournalLine};
use super::survey::{JournalLines, Survey};

/// The number of lines that are one transaction of the index.
pub(super) const TOGETHER: usize = 256;

/// Exists while the index is being opened, and from a failure of sled until it is made anew.
pub(super) const MARK: &str = "index.doubt";

pub(super) const INDEX: &str = "index";

pub(super) const DAMAGED: &str = "index.damaged-";

/// Says that the index is not to be trusted until this is taken back.
pub(super) fn mark(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(MARK);
    files::write_whole(&path, &dir.join("index.doubt.new"), b"The index is being opened, or it failed.\n")?;
    files::sync_dir(dir)
}

pub(super) fn unmark(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(MARK);
    fs::remove_file(&path).map_err(StoreError::io("remove", &path))
}

/// Makes the index from a journal that was compacted; the old one is of no use to anybody.
pub(super) fn anew(dir: &Path, journal: &Journal) -> Result<Index, IndexProblem> {
    let place = dir.join(INDEX);
    mark(dir)?;
    if files::is_dir(&place)? {
        fs::remove_dir_all(&place).map_err(StoreError::io("remove", &place))?;
    }
    files::create_dir(&place)?;
    let index = made(&place, journal, &Survey::of(journal.path(), JournalMark::default())?)?;
    unmark(dir)?;
    Ok(index)
}

pub(super) fn made(place: &Path, journal: &Journal, survey: &Survey) -> Result<Index, IndexProblem> {
    let index = Index::open(place)?;
    match take_in(&index, journal, survey) {
        Ok(()) => Ok(index),
        Err(problem) => {
            std::mem::forget(index);
            Err(problem)
        }
    }
}

/// Takes in the lines of a survey that it has not, and copies those of which it has no copy.
pub(super) fn take_in(index: &Index, journal: &Journal, survey: &Survey) -> Result<(), IndexProblem> {
    let header = journal.header();
    let known = index.state()?.unwrap_or_default().mark.seq;
    // An index that took in nothing yet still says whose it is.
    index.apply(header, &[])?;
    let mut uncopied = UncopiedLines::default();
    for marks in survey.sound.chunks(TOGETHER) {
        let lines = JournalLines::of(journal.path(), marks)?.collect::<Result<Vec<_>, _>>()?;
        let new = &lines[lines.partition_point(|(line, _)| line.seq <= known)..];
        if !new.is_empty() {
            index.apply(header, new)?;
        }
        for (line, mark) in &lines {
            match line.entry {
                JournalEntry::Put(_) => uncopied.push(*mark, &encoded(line, journal.path())?),
                _ => uncopied.pass(*mark),
            }
            if uncopied.is_full() {
                index.copy(&mut uncopied)?;
            }
        }
    }
    index.copy(&mut uncopied)?;
    // What was taken in anew shall not be taken in anew at every start.
    Ok(index.flush()?)
}

fn encoded(line: &JournalLine, path: &Path) -> Result<Vec<u8>, StoreError> {
    line.encode().map_err(|cause| StoreError::io("read", path)(cause.into()))
}

/// Moves a doubtful index away, in place of the one moved away before.
pub(super) fn set_aside(dir: &Path, place: &Path) -> Result<Option<PathBuf>, StoreError> {
    if !files::is_dir(place)? {
        return Ok(None);
    }
    let mut last = 0;
    for entry in fs::read_dir(dir).map_err(StoreError::io("list", dir))?.flatten() {
        let name = entry.file_name();
        if let Some(number) = name.to_str().and_then(|name| name.strip_prefix(DAMAGED)?.parse::<u32>().ok()) {
            last = last.max(number);
            // One is enough to find out what happened.
            fs::remove_dir_all(entry.path()).ok();
        }
    }
    let aside = dir.join(format!("{DAMAGED}{}", last.saturating_add(1)));
    fs::rename(place, &aside).map_err(StoreError::io("move away", place))?;
    files::sync_dir(dir)?;
    Ok(Some(aside))
}
