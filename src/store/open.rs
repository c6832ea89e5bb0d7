//! Opening a store: the index is used if it can be trusted, brought up to the journal, or made anew from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::bodies::Bodies;
use super::core::{Core, Source, TOGETHER};
use super::index::{Index, IndexError};
use super::journal::{self, Found, Journal, Mark, Scan};
use super::line::{Header, Line, Parsed};
use super::offsets::Offsets;
use super::{Ownership, StoreError, files};
use crate::model::{Level, Notice, Timestamp};

/// An opened store without its writer.
pub(super) struct Parts {
    pub(super) core: Core,
    pub(super) journal: Journal,
    pub(super) notices: Vec<Notice>,
}

/// Why the index was not used, or the store could not be opened.
enum Problem {
    Index(IndexError),
    Store(StoreError),
}

/// What reading the journal into the index brought to light.
#[derive(Default)]
struct Report {
    /// Lines taken in.
    taken: usize,
    /// Line numbers.
    damaged: Vec<u64>,
    torn: bool,
    /// Why there is no index.
    failed: Option<String>,
    /// On what happened before the reading.
    notices: Vec<Notice>,
}

/// Exists while the index is being opened, and from a failure of sled until it is made anew.
const MARK: &str = "index.doubt";
/// Exists while hits are counted.
pub(super) const WATCH: &str = "watch";
pub(super) const INDEX: &str = "index";
/// The folder of body files.
pub(super) const BODIES: &str = "bodies";
const DAMAGED: &str = "index.damaged-";
/// The half of a line that a crash left.
const TORN: &str = "journal.torn";

/// Makes the directory, for its owner only and unseen by git.
pub(super) fn prepare(dir: &Path) -> Result<(), StoreError> {
    files::create_store_dir(dir)?;
    let ignore = dir.join(".gitignore");
    if ignore.exists() { Ok(()) } else { files::write_whole(&ignore, &dir.join(".gitignore.new"), b"*\n") }
}

/// Opens everything below a locked directory.
pub(super) fn open(dir: &Path, ownership: &Ownership, now: Timestamp) -> Result<Parts, StoreError> {
    let mut journal = Journal::open(dir, ownership, now)?;
    let bodies = Bodies::open(dir.join(BODIES))?;
    let header = *journal.header();
    let (source, mark, report) = match trusted(dir, &journal) {
        Ok((index, mark, report)) => (Source::Index(Arc::new(index)), mark, report),
        Err(Problem::Store(error)) => return Err(error),
        Err(Problem::Index(IndexError(reason))) => rebuilt(dir, &journal, &reason)?,
    };
    journal.continue_at(mark)?;
    let core = Core::new(dir, header, bodies, source, report.failed.clone());
    Ok(Parts { core, journal, notices: report.notices() })
}

/// Says that the index is not to be trusted until this is taken back.
pub(super) fn mark(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(MARK);
    files::write_whole(&path, &dir.join("index.doubt.new"), b"The index is being opened, or it failed.\n")?;
    files::sync_dir(dir)
}

fn unmark(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(MARK);
    fs::remove_file(&path).map_err(StoreError::io("remove", &path))
}

/// Opens the index, holds it against the journal and takes in the lines that a crash kept from it.
fn trusted(dir: &Path, journal: &Journal) -> Result<(Index, Mark, Report), Problem> {
    let place = dir.join(INDEX);
    if dir.join(MARK).exists() {
        return Err(Problem::doubt(
            "an earlier start broke off while the index was opened, or the index failed",
        ));
    }
    if !files::is_dir(&place)? {
        return Err(Problem::doubt("there was none"));
    }
    // sled opens its files by their names.
    files::plain_below(&place)?;
    mark(dir)?;
    let index = Index::open(&place)?;
    let opened = match index.check(journal.header()) {
        Ok(state) => caught_up(&index, journal, state.mark),
        Err(error) => Err(error.into()),
    };
    match opened {
        Ok((mark, report)) => {
            unmark(dir)?;
            Ok((index, mark, report))
        }
        Err(Problem::Index(error)) => {
            // Dropping it would write into files that are not understood.
            std::mem::forget(index);
            Err(Problem::Index(error))
        }
        Err(Problem::Store(error)) => {
            unmark(dir)?;
            Err(Problem::Store(error))
        }
    }
}

fn caught_up(index: &Index, journal: &Journal, mark: Mark) -> Result<(Mark, Report), Problem> {
    let path = journal.path();
    let before = journal::line_before(path, mark)?;
    if let Some(Parsed::Newer(found)) = before {
        return Err(journal::newer(path, found).into());
    }
    let known = matches!(before, Some(Parsed::Line(line)) if line.seq == mark.seq);
    if !known && mark != Mark::default() {
        return Err(Problem::doubt("the journal is not the one that it was made from"));
    }
    take_in(index, journal.header(), Scan::from(path, mark)?)
}

/// Makes the index from the whole journal; what was there is moved aside. If even that fails, the store only reads.
fn rebuilt(dir: &Path, journal: &Journal, reason: &str) -> Result<(Source, Mark, Report), StoreError> {
    let place = dir.join(INDEX);
    let aside = set_aside(dir, &place)?;
    mark(dir)?;
    files::create_dir(&place)?;
    match made(&place, journal) {
        Ok((index, mark, mut report)) => {
            unmark(dir)?;
            report.rebuilt(reason, aside.as_deref());
            Ok((Source::Index(Arc::new(index)), mark, report))
        }
        Err(Problem::Store(error)) => Err(error),
        Err(Problem::Index(error)) => {
            let (offsets, mark) = Offsets::read(journal.path())?;
            let report = Report { failed: Some(error.0), ..Report::default() };
            Ok((Source::Offsets(Arc::new(Mutex::new(offsets))), mark, report))
        }
    }
}

/// Deletes indexes that were not believed, and the half of a line that was cut off.
pub(super) fn discard_remains(dir: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let remains = name.to_str().is_some_and(|name| name.starts_with(DAMAGED) || name == TORN);
        if remains && path.is_dir() {
            fs::remove_dir_all(&path).map_err(StoreError::io("remove", &path))?;
        } else if remains {
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// Makes the index from a journal that was compacted; the old one is of no use to anybody.
pub(super) fn anew(dir: &Path, journal: &Journal) -> Result<Result<Index, IndexError>, StoreError> {
    let place = dir.join(INDEX);
    mark(dir)?;
    fs::remove_dir_all(&place).map_err(StoreError::io("remove", &place))?;
    files::create_dir(&place)?;
    match made(&place, journal) {
        Ok((index, ..)) => unmark(dir).map(|()| Ok(index)),
        Err(Problem::Index(error)) => Ok(Err(error)),
        Err(Problem::Store(error)) => Err(error),
    }
}

fn made(place: &Path, journal: &Journal) -> Result<(Index, Mark, Report), Problem> {
    let index = Index::open(place)?;
    let scan = Scan::from(journal.path(), Mark::default())?;
    match take_in(&index, journal.header(), scan) {
        Ok((mark, report)) => Ok((index, mark, report)),
        Err(problem) => {
            std::mem::forget(index);
            Err(problem)
        }
    }
}

/// Takes in what `scan` finds; gives the end of the journal's whole lines.
fn take_in(index: &Index, header: &Header, mut scan: Scan) -> Result<(Mark, Report), Problem> {
    let mut report = Report::default();
    let mut lines: Vec<(Line, Mark)> = Vec::new();
    // An index that took in nothing yet still says whose it is.
    index.apply(header, &[])?;
    while let Some(found) = scan.next()? {
        match found {
            Found::Line(line, mark) => lines.push((*line, mark)),
            Found::Damaged(number) => report.damaged.push(number),
            Found::Torn => {
                report.torn = true;
                break;
            }
        }
        if lines.len() == TOGETHER {
            report.taken += lines.len();
            index.apply(header, &lines)?;
            lines.clear();
        }
    }
    report.taken += lines.len();
    index.apply(header, &lines)?;
    // What was taken in anew shall not be taken in anew at every start.
    index.flush()?;
    Ok((scan.mark(), report))
}

/// Moves a doubtful index away, in place of the one moved away before.
fn set_aside(dir: &Path, place: &Path) -> Result<Option<PathBuf>, StoreError> {
    if !files::is_dir(place)? {
        return Ok(None);
    }
    let mut last = 0;
    for entry in fs::read_dir(dir).map_err(StoreError::io("list", dir))?.flatten() {
        let name = entry.file_name();
        if let Some(number) = name.to_str().and_then(|name| name.strip_prefix(DAMAGED)?.parse::<u32>().ok()) {
            last = last.max(number);
            // One is enough to find out what happened.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let aside = dir.join(format!("{DAMAGED}{}", last.saturating_add(1)));
    fs::rename(place, &aside).map_err(StoreError::io("move away", place))?;
    files::sync_dir(dir)?;
    Ok(Some(aside))
}

impl Report {
    fn rebuilt(&mut self, reason: &str, aside: Option<&Path>) {
        self.notices.extend(match aside.and_then(Path::file_name) {
            Some(name) => Some(warning(format!(
                "The index was damaged ({reason}) and was rebuilt from the journal. The old one is kept as {}.",
                name.display()
            ))),
            None if self.taken > 0 => {
                let text = "The index was missing and was rebuilt from the journal.".into();
                Some(Notice { level: Level::Info, text })
            }
            None => None,
        });
    }

    fn notices(self) -> Vec<Notice> {
        let mut notices = self.notices;
        let damaged = self.damaged.iter();
        notices.extend(
            damaged
                .map(|number| warning(format!("Line {number} of the journal is damaged and was left out."))),
        );
        if self.torn {
            notices.push(warning("The last line of the journal was torn by a crash and was cut off; it is kept as journal.torn.".into()));
        }
        if let Some(reason) = self.failed {
            let text = format!(
                "The index failed and could not be rebuilt ({reason}). Recordings are served, but nothing more is \
                 recorded: free space or repair the disk, then restart retake."
            );
            notices.push(Notice { level: Level::Error, text });
        }
        notices
    }
}

fn warning(text: String) -> Notice {
    Notice { level: Level::Warning, text }
}

impl Problem {
    fn doubt(reason: &str) -> Self {
        Self::Index(IndexError(reason.into()))
    }
}

impl From<IndexError> for Problem {
    fn from(error: IndexError) -> Self {
        Self::Index(error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
