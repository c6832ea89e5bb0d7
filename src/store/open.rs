//! Opening a store: the index is used if it can be trusted, brought up to the journal, or made anew from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::bodies::Bodies;
use super::core::{Core, Source, TOGETHER};
use super::error::Problem;
use super::index::{Index, IndexError};
use super::journal::{self, Journal, Mark};
use super::line::{Header, Parsed};
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

/// An opening under way.
struct Opening<'a> {
    dir: &'a Path,
    now: Timestamp,
    journal: Journal,
    bodies: Bodies,
    /// What is to be said of it.
    told: Vec<Notice>,
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
pub(super) const INDEX: &str = "index";
/// The folder of body files.
pub(super) const BODIES: &str = "bodies";
const DAMAGED: &str = "index.damaged-";

/// Makes the directory, for its owner only and unseen by git. One that was there is somebody else's work: what git sees in
/// it, and who may look into it, is theirs to say.
pub(super) fn prepare(dir: &Path) -> Result<(), StoreError> {
    if files::create_store_dir(dir)? {
        files::write_whole(&dir.join(".gitignore"), &dir.join(".gitignore.new"), b"*\n")?;
    }
    Ok(())
}

/// Opens everything below a locked directory.
pub(super) fn open(dir: &Path, ownership: &Ownership, now: Timestamp) -> Result<Parts, StoreError> {
    let journal = Journal::open(dir, ownership, now, || known_header(dir, now))?;
    let bodies = Bodies::open(dir.join(BODIES))?;
    let mut opening = Opening { dir, now, journal, bodies, told: Vec::new() };
    let readied = match opening.journal.broken() {
        // sled writes when it is opened.
        Some(_) => opening.journal_alone(None),
        None => opening.ready(),
    };
    let Ready { source, survey, failed } = match readied {
        Err(error) if error.unwritable() => opening.journal_alone(Some(error.to_string()))?,
        readied => readied?,
    };
    let Opening { mut journal, bodies, mut told, .. } = opening;
    let kept = journal.continue_at(survey.end)?;
    told.extend(survey.torn.map(|line| mend::torn(line, kept)));
    let core = Core::new(dir, *journal.header(), bodies, source, failed);
    match journal.broken() {
        Some(reason) => core.written(&Err(StoreError::ReadOnly { reason: reason.into() })),
        None => core.move_history(),
    }
    told.extend(core.degraded().map(|text| Notice { level: Level::Error, text: sentence(&text) }));
    Ok(Parts { core, journal, notices: told })
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
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

/// The header that the index knows of its journal; none where it cannot be asked.
fn known_header(dir: &Path, now: Timestamp) -> Option<Header> {
    let place = dir.join(INDEX);
    if dir.join(MARK).exists() || !files::is_dir(&place).ok()? {
        return None;
    }
    files::plain_below(&place).ok()?;
    // sled may panic, or end the process, on files that are damaged as well.
    mark(dir).ok()?;
    let index = Index::open(&place).ok()?;
    let Ok(known) = index.state() else {
        // Its end would write to it.
        std::mem::forget(index);
        return None;
    };
    drop(index);
    unmark(dir).ok()?;
    let (generation, salt) = known?.journal();
    Some(Header { generation, at: now, after: None, salt })
}

/// Takes in what the journal says behind `mark`; none when the journal is not as the index knew it, or is not all sound.
fn caught_up(index: &Index, journal: &Journal, mark: Mark) -> Result<Option<Survey>, Problem> {
    let path = journal.path();
    let before = survey::line_before(path, mark)?;
    if let Some(Parsed::Newer(found)) = before {
        return Err(journal::newer(path, found).into());
    }
    let known = matches!(before, Some(Parsed::Line(line)) if line.seq == mark.seq);
    if journal.is_headless() || !known && mark != Mark::default() {
        return Ok(None);
    }
    let survey = Survey::of(path, mark)?;
    if !survey.flaws.is_empty() {
        return Ok(None);
    }
    take_in(index, journal, &survey)?;
    Ok(Some(survey))
}

impl Opening<'_> {
    fn ready(&mut self) -> Result<Ready, StoreError> {
        match trusted(self.dir, &self.journal) {
            Ok(Trusted::Fits(index, survey)) => Ok(Ready::with(index, survey)),
            Ok(Trusted::Differs(index)) => self.mended(Some(index)),
            Err(Problem::Store(error)) => Err(error),
            Err(Problem::Index(IndexError(reason))) => self.rebuilt(&reason),
        }
    }

    /// What the journal alone says, in a store whose index cannot be opened because nothing can be written.
    fn journal_alone(&mut self, failed: Option<String>) -> Result<Ready, StoreError> {
        let (offsets, survey) = Offsets::read(self.journal.path())?;
        if !survey.flaws.is_empty() {
            self.told.extend(survey.flaws.iter().map(|flaw| flaw.said(0, survey.last())));
            let text =
                "The index may have more, and is not looked at while the store cannot be written.".into();
            self.told.push(Notice { level: Level::Info, text });
        }
        let source = Source::Offsets(Arc::new(Mutex::new(offsets)));
        Ok(Ready { source, survey, failed })
    }

    /// Writes the journal anew, which is not all sound, and the index from it.
    fn mended(&mut self, index: Option<Index>) -> Result<Ready, StoreError> {
        let Mended { journal, notices } = match self.mend(index.as_ref()) {
            Ok(mended) => mended,
            // A store that cannot be mended for want of space is read as it is, and nothing is written behind the damage.
            Err(Problem::Store(error)) if error.unwritable() => {
                self.journal.break_off(format!("the journal is damaged and could not be mended: {error}"));
                let survey = Survey::of(self.journal.path(), Mark::default())?;
                return match index {
                    Some(index) => Ok(Ready::with(index, survey)),
                    None => self.journal_alone(None),
                };
            }
            Err(Problem::Store(error)) => return Err(error),
            Err(Problem::Index(IndexError(reason))) => {
                std::mem::forget(index);
                return self.rebuilt(&reason);
            }
        };
        drop(index);
        self.journal = journal;
        self.told.extend(notices);
        let (offsets, survey) = Offsets::read(self.journal.path())?;
        Ok(match anew(self.dir, &self.journal) {
            Ok(index) => Ready::with(index, survey),
            Err(problem) => Ready::without(offsets, survey, &problem),
        })
    }

    fn mend(&self, index: Option<&Index>) -> Result<Mended, Problem> {
        let known = match index {
            Some(index) => Some((index, index.state()?.unwrap_or_default().mark)),
            None => None,
        };
        mend::mend(self.dir, &self.journal, &self.bodies, known, self.now)
    }

    /// Makes the index from the whole journal; what was there is moved aside. If even that fails, the journal is read.
    fn rebuilt(&mut self, reason: &str) -> Result<Ready, StoreError> {
        let place = self.dir.join(INDEX);
        let aside = set_aside(self.dir, &place)?;
        let survey = Survey::of(self.journal.path(), Mark::default())?;
        self.told.extend(remade(reason, aside.as_deref(), !survey.sound.is_empty()));
        if !survey.flaws.is_empty() {
            return self.mended(None);
        }
        mark(self.dir)?;
        files::create_dir(&place)?;
        match made(&place, &self.journal, &survey) {
            Ok(index) => {
                unmark(self.dir)?;
                Ok(Ready::with(index, survey))
            }
            Err(Problem::Store(error)) if !error.unwritable() => Err(error),
            Err(problem) => Ok(Ready::without(Offsets::read(self.journal.path())?.0, survey, &problem)),
        }
    }
}

/// What repairs left in `dir`: indexes that were not believed, journals that were not sound, and the half of a line that was
/// cut off.
pub(super) fn remains(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let left = entries.filter(|entry| {
        entry.file_name().to_str().is_some_and(|name| {
            name.starts_with(DAMAGED) || name.starts_with(compact::DAMAGED) || name == journal::TORN
        })
    });
    let mut paths: Vec<_> = left.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Deletes what repairs left.
pub(super) fn discard_remains(dir: &Path) -> Result<(), StoreError> {
    for path in remains(dir) {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(StoreError::io("remove", &path))?;
    }
    Ok(())
}

/// Makes the index from a journal that was compacted; the old one is of no use to anybody.
pub(super) fn anew(dir: &Path, journal: &Journal) -> Result<Index, Problem> {
    let place = dir.join(INDEX);
    mark(dir)?;
    if files::is_dir(&place)? {
        fs::remove_dir_all(&place).map_err(StoreError::io("remove", &place))?;
    }
    files::create_dir(&place)?;
    let index = made(&place, journal, &Survey::of(journal.path(), Mark::default())?)?;
    unmark(dir)?;
    Ok(index)
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

    fn without(offsets: Offsets, survey: Survey, problem: &Problem) -> Self {
        let failed = Some(problem.to_string());
        Self { source: Source::Offsets(Arc::new(Mutex::new(offsets))), survey, failed }
    }
}
