//! Opening a store: the index is used if it can be trusted, brought up to the journal, or made anew from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::bodies::Bodies;
use super::core::{Core, Source, TOGETHER};
use super::error::Problem;
use super::index::{Index, IndexError};
use super::journal::{self, Journal, Mark};
use super::line::Parsed;
use super::mend::{self, Mended};
use super::offsets::Offsets;
use super::survey::{self, Lines, Survey};
use super::{Ownership, StoreError, compact, files};
use crate::model::{Level, Notice, Timestamp};

/// An opened store without its writer.
pub(super) struct Parts {
    pub(super) core: Core,
    pub(super) journal: Journal,
    pub(super) notices: Vec<Notice>,
}

/// An index that was not found wanting.
enum Trusted {
    /// It is as the journal says.
    Fits(Index, Survey),
    /// The journal has changed in what the index had taken in, or is damaged behind it.
    Differs(Index),
}

/// What is read from, and what the journal was found to hold.
struct Ready {
    source: Source,
    survey: Survey,
    /// Why there is no index.
    failed: Option<String>,
}

/// Exists while the index is being opened, and from a failure of sled until it is made anew.
const MARK: &str = "index.doubt";
/// Exists while hits are counted.
pub(super) const WATCH: &str = "watch";
pub(super) const INDEX: &str = "index";
/// The folder of body files.
pub(super) const BODIES: &str = "bodies";
const DAMAGED: &str = "index.damaged-";

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
    let mut told = Vec::new();
    let Ready { source, survey, failed } = match trusted(dir, &journal) {
        Ok(Trusted::Fits(index, survey)) => Ready::with(index, survey),
        Ok(Trusted::Differs(index)) => mended(dir, &mut journal, &bodies, Some(index), now, &mut told)?,
        Err(Problem::Store(error)) => return Err(error),
        Err(Problem::Index(IndexError(reason))) => {
            rebuilt(dir, &mut journal, &bodies, &reason, now, &mut told)?
        }
    };
    let kept = journal.continue_at(survey.end)?;
    told.extend(survey.torn.map(|line| mend::torn(line, kept)));
    if let Some(reason) = &failed {
        let text = format!(
            "The index failed and could not be rebuilt ({reason}). Recordings are served, but nothing more is \
             recorded: free space or repair the disk, then restart retake."
        );
        told.push(Notice { level: Level::Error, text });
    }
    let core = Core::new(dir, *journal.header(), bodies, source, failed);
    Ok(Parts { core, journal, notices: told })
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
fn trusted(dir: &Path, journal: &Journal) -> Result<Trusted, Problem> {
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
        Ok(survey) => {
            unmark(dir)?;
            Ok(match survey {
                Some(survey) => Trusted::Fits(index, survey),
                None => Trusted::Differs(index),
            })
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

/// Takes in what the journal says behind `mark`; none when the journal is not as the index knew it, or is not all sound.
fn caught_up(index: &Index, journal: &Journal, mark: Mark) -> Result<Option<Survey>, Problem> {
    let path = journal.path();
    let before = survey::line_before(path, mark)?;
    if let Some(Parsed::Newer(found)) = before {
        return Err(journal::newer(path, found).into());
    }
    let known = matches!(before, Some(Parsed::Line(line)) if line.seq == mark.seq);
    if !known && mark != Mark::default() {
        return Ok(None);
    }
    let survey = Survey::of(path, mark)?;
    if !survey.flaws.is_empty() {
        return Ok(None);
    }
    take_in(index, journal, &survey)?;
    Ok(Some(survey))
}

/// Writes the journal anew, which is not all sound, and the index from it.
fn mended(
    dir: &Path,
    journal: &mut Journal,
    bodies: &Bodies,
    index: Option<Index>,
    now: Timestamp,
    told: &mut Vec<Notice>,
) -> Result<Ready, StoreError> {
    let taken = match &index {
        Some(index) => index.state(),
        None => Ok(None),
    };
    let made = match &index {
        Some(index) => taken.map_err(Problem::from).and_then(|state| {
            mend::mend(dir, journal, bodies, Some((index, state.unwrap_or_default().mark)), now)
        }),
        None => mend::mend(dir, journal, bodies, None, now),
    };
    let Mended { journal: new, notices } = match made {
        Ok(mended) => mended,
        Err(Problem::Store(error)) => return Err(error),
        Err(Problem::Index(IndexError(reason))) => {
            std::mem::forget(index);
            return rebuilt(dir, journal, bodies, &reason, now, told);
        }
    };
    // The one thing that the journal cannot give back.
    let history = index.as_ref().and_then(|index| index.history().ok()).unwrap_or_default();
    drop(index);
    *journal = new;
    told.extend(notices);
    let (offsets, survey) = Offsets::read(journal.path())?;
    Ok(match anew(dir, journal)? {
        Ok(index) => {
            // Nor is it worth an index.
            let _ = index.remember(&history);
            Ready::with(index, survey)
        }
        Err(error) => Ready::without(offsets, survey, error),
    })
}

/// Makes the index from the whole journal; what was there is moved aside. If even that fails, the store only reads.
fn rebuilt(
    dir: &Path,
    journal: &mut Journal,
    bodies: &Bodies,
    reason: &str,
    now: Timestamp,
    told: &mut Vec<Notice>,
) -> Result<Ready, StoreError> {
    let place = dir.join(INDEX);
    let aside = set_aside(dir, &place)?;
    let survey = Survey::of(journal.path(), Mark::default())?;
    told.extend(remade(reason, aside.as_deref(), !survey.sound.is_empty()));
    if !survey.flaws.is_empty() {
        return mended(dir, journal, bodies, None, now, told);
    }
    mark(dir)?;
    files::create_dir(&place)?;
    match made(&place, journal, &survey) {
        Ok(index) => {
            unmark(dir)?;
            Ok(Ready::with(index, survey))
        }
        Err(Problem::Store(error)) => Err(error),
        Err(Problem::Index(error)) => Ok(Ready::without(Offsets::read(journal.path())?.0, survey, error)),
    }
}

/// Deletes indexes that were not believed, journals that were not sound, and the half of a line that was cut off.
pub(super) fn discard_remains(dir: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let remains = name.to_str().is_some_and(|name| {
            name.starts_with(DAMAGED) || name.starts_with(compact::DAMAGED) || name == journal::TORN
        });
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
    if files::is_dir(&place)? {
        fs::remove_dir_all(&place).map_err(StoreError::io("remove", &place))?;
    }
    files::create_dir(&place)?;
    match Survey::of(journal.path(), Mark::default())
        .map_err(Problem::from)
        .and_then(|survey| made(&place, journal, &survey))
    {
        Ok(index) => unmark(dir).map(|()| Ok(index)),
        Err(Problem::Index(error)) => Ok(Err(error)),
        Err(Problem::Store(error)) => Err(error),
    }
}

fn made(place: &Path, journal: &Journal, survey: &Survey) -> Result<Index, Problem> {
    let index = Index::open(place)?;
    match take_in(&index, journal, survey) {
        Ok(()) => Ok(index),
        Err(problem) => {
            std::mem::forget(index);
            Err(problem)
        }
    }
}

/// Takes in the lines of a survey.
fn take_in(index: &Index, journal: &Journal, survey: &Survey) -> Result<(), Problem> {
    let header = journal.header();
    // An index that took in nothing yet still says whose it is.
    index.apply(header, &[])?;
    for marks in survey.sound.chunks(TOGETHER) {
        let lines = Lines::of(journal.path(), marks)?.collect::<Result<Vec<_>, _>>()?;
        index.apply(header, &lines)?;
    }
    // What was taken in anew shall not be taken in anew at every start.
    Ok(index.flush()?)
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

/// What is said of an index that was made anew.
fn remade(reason: &str, aside: Option<&Path>, filled: bool) -> Option<Notice> {
    match aside.and_then(Path::file_name) {
        Some(name) => Some(mend::warning(format!(
            "The index was damaged ({reason}) and was rebuilt from the journal. The old one is kept as {}.",
            name.display()
        ))),
        None if filled => {
            let text = "The index was missing and was rebuilt from the journal.".into();
            Some(Notice { level: Level::Info, text })
        }
        None => None,
    }
}

impl Ready {
    fn with(index: Index, survey: Survey) -> Self {
        Self { source: Source::Index(Arc::new(index)), survey, failed: None }
    }

    fn without(offsets: Offsets, survey: Survey, IndexError(reason): IndexError) -> Self {
        Self { source: Source::Offsets(Arc::new(Mutex::new(offsets))), survey, failed: Some(reason) }
    }
}
