//! Opening a store: the index is used if it can be trusted, brought up to the journal, or made anew from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::bodies::{BODIES, Bodies};
use super::core::Core;
use super::error::{IndexError, IndexProblem, StoreError};
use super::index::Index;
use super::index_dir::{DAMAGED, INDEX, MARK, anew, made, mark, set_aside, take_in, unmark};
use super::journal::{Journal, JournalMark};
use super::line::{JournalHeader, ParsedLine};
use super::lock::Ownership;
use super::mend::Mended;
use super::offsets::Offsets;
use super::source::ReadSource;
use super::survey::Survey;
use super::{compact, files, journal, mend, survey};
use crate::model::{Level, Notice, Timestamp};

/// An opened store without its writer.
pub(super) struct Parts {
    pub(super) core: Core,
    pub(super) journal: Journal,
    pub(super) notices: Vec<Notice>,
}

/// An index that was not found wanting.
enum TrustedIndex {
    /// An index that agrees with the journal.
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
    /// The notices about it.
    notices: Vec<Notice>,
}

/// The source to read from, and what the journal was found to hold.
struct ReadyIndex {
    source: ReadSource,
    survey: Survey,
    /// The reason why there is no index; `None` where there is one.
    failed: Option<String>,
}

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
    let journal = Journal::open(dir, ownership, now, || header_in_index(dir, now))?;
    let bodies = Bodies::open(dir.join(BODIES))?;
    let mut opening = Opening { dir, now, journal, bodies, notices: Vec::new() };
    let readied = match opening.journal.broken() {
        // sled writes when it is opened.
        Some(_) => opening.journal_alone(None),
        None => opening.ready(),
    };
    let ReadyIndex { source, survey, failed } = match readied {
        Err(error) if error.unwritable() => opening.journal_alone(Some(error.to_string()))?,
        readied => readied?,
    };
    let Opening { mut journal, bodies, mut notices, .. } = opening;
    let kept = journal.continue_at(survey.end)?;
    notices.extend(survey.torn.map(|line| mend::torn(line, kept)));
    let core = Core::new(dir, *journal.header(), bodies, source, failed);
    match journal.broken() {
        Some(reason) => core.written(&Err(StoreError::ReadOnly { reason: reason.into() })),
        None => core.move_history(),
    }
    notices.extend(core.degraded().map(|text| Notice { level: Level::Error, text: sentence(&text) }));
    Ok(Parts { core, journal, notices })
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// Opens the index, holds it against the journal and takes in the lines that a crash kept from it.
fn trusted(dir: &Path, journal: &Journal) -> Result<TrustedIndex, IndexProblem> {
    let place = dir.join(INDEX);
    if dir.join(MARK).exists() {
        return Err(IndexProblem::doubt(
            "an earlier start broke off while the index was opened, or the index failed",
        ));
    }
    if !files::is_dir(&place)? {
        return Err(IndexProblem::doubt("there was none"));
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
                Some(survey) => TrustedIndex::Fits(index, survey),
                None => TrustedIndex::Differs(index),
            })
        }
        Err(IndexProblem::Index(error)) => {
            // Dropping it would write into files that are not understood.
            std::mem::forget(index);
            Err(IndexProblem::Index(error))
        }
        Err(IndexProblem::Store(error)) => {
            unmark(dir)?;
            Err(IndexProblem::Store(error))
        }
    }
}

/// The header that the index knows of its journal; `None` where it cannot be asked.
fn header_in_index(dir: &Path, now: Timestamp) -> Option<JournalHeader> {
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
    Some(JournalHeader { generation, at: now, after: None, salt })
}

/// Takes in what the journal says behind `mark`; `None` when the journal is not as the index knew it, or is not all sound.
fn caught_up(index: &Index, journal: &Journal, mark: JournalMark) -> Result<Option<Survey>, IndexProblem> {
    let path = journal.path();
    let before = survey::line_before(path, mark)?;
    if let Some(ParsedLine::Newer(found)) = before {
        return Err(journal::newer(path, found).into());
    }
    let known = matches!(before, Some(ParsedLine::Line(line)) if line.seq == mark.seq);
    if journal.is_headless() || !known && mark != JournalMark::default() {
        return Ok(None);
    }
    // A line without a copy is read once more, so that there is one.
    let copied = index.copied()?;
    let survey = Survey::of(path, if copied.seq < mark.seq { copied } else { mark })?;
    if !survey.flaws.is_empty() {
        return Ok(None);
    }
    take_in(index, journal, &survey)?;
    Ok(Some(survey))
}

impl Opening<'_> {
    fn ready(&mut self) -> Result<ReadyIndex, StoreError> {
        match trusted(self.dir, &self.journal) {
            Ok(TrustedIndex::Fits(index, survey)) => Ok(ReadyIndex::with(index, survey)),
            Ok(TrustedIndex::Differs(index)) => self.mended(Some(index)),
            Err(IndexProblem::Store(error)) => Err(error),
            Err(IndexProblem::Index(IndexError(reason))) => self.rebuilt(&reason),
        }
    }

    /// The journal alone, for a store whose index cannot be opened because nothing can be written.
    fn journal_alone(&mut self, failed: Option<String>) -> Result<ReadyIndex, StoreError> {
        let (offsets, survey) = Offsets::read(self.journal.path())?;
        if !survey.flaws.is_empty() {
            self.notices.extend(survey.flaws.iter().map(|flaw| flaw.notice(0, survey.last())));
            let text =
                "The index may have more, and is not looked at while the store cannot be written.".into();
            self.notices.push(Notice { level: Level::Info, text });
        }
        let source = ReadSource::Offsets(Arc::new(Mutex::new(offsets)));
        Ok(ReadyIndex { source, survey, failed })
    }

    /// Writes the journal anew, which is not all sound, and the index from it.
    fn mended(&mut self, index: Option<Index>) -> Result<ReadyIndex, StoreError> {
        let Mended { journal, notices } = match self.mend(index.as_ref()) {
            Ok(mended) => mended,
            // A store that cannot be mended for want of space is read as it is, and nothing is written behind the damage.
            Err(IndexProblem::Store(error)) if error.unwritable() => {
                self.journal.break_off(format!("the journal is damaged and could not be mended: {error}"));
                let survey = Survey::of(self.journal.path(), JournalMark::default())?;
                return match index {
                    Some(index) => Ok(ReadyIndex::with(index, survey)),
                    None => self.journal_alone(None),
                };
            }
            Err(IndexProblem::Store(error)) => return Err(error),
            Err(IndexProblem::Index(IndexError(reason))) => {
                std::mem::forget(index);
                return self.rebuilt(&reason);
            }
        };
        drop(index);
        self.journal = journal;
        self.notices.extend(notices);
        let (offsets, survey) = Offsets::read(self.journal.path())?;
        Ok(match anew(self.dir, &self.journal) {
            Ok(index) => ReadyIndex::with(index, survey),
            Err(problem) => ReadyIndex::without(offsets, survey, &problem),
        })
    }

    fn mend(&self, index: Option<&Index>) -> Result<Mended, IndexProblem> {
        let known = match index {
            Some(index) => Some((index, index.state()?.unwrap_or_default().mark)),
            None => None,
        };
        mend::mend(self.dir, &self.journal, known, self.now)
    }

    /// Makes the index from the whole journal; what was there is moved aside. If even that fails, the journal is read.
    fn rebuilt(&mut self, reason: &str) -> Result<ReadyIndex, StoreError> {
        let place = self.dir.join(INDEX);
        let aside = set_aside(self.dir, &place)?;
        let survey = Survey::of(self.journal.path(), JournalMark::default())?;
        self.notices.extend(remade(reason, aside.as_deref(), !survey.sound.is_empty()));
        if !survey.flaws.is_empty() {
            return self.mended(None);
        }
        mark(self.dir)?;
        files::create_dir(&place)?;
        match made(&place, &self.journal, &survey) {
            Ok(index) => {
                unmark(self.dir)?;
                Ok(ReadyIndex::with(index, survey))
            }
            Err(IndexProblem::Store(error)) if !error.unwritable() => Err(error),
            Err(problem) => Ok(ReadyIndex::without(Offsets::read(self.journal.path())?.0, survey, &problem)),
        }
    }
}

/// Files that repairs left in `dir`: indexes that were not believed, journals that were not sound, and the half of a
/// line that was cut off.
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

/// The notice about an index that was made anew.
fn remade(reason: &str, aside: Option<&Path>, filled: bool) -> Option<Notice> {
    match aside.and_then(Path::file_name) {
        Some(name) => Some(mend::warning(format!(
            "The index could not be used ({reason}) and was rebuilt from the journal. The old one is kept as {}.",
            name.display()
        ))),
        None if filled => {
            let text = "The index was missing and was rebuilt from the journal.".into();
            Some(Notice { level: Level::Info, text })
        }
        None => None,
    }
}

impl ReadyIndex {
    fn with(index: Index, survey: Survey) -> Self {
        Self { source: ReadSource::Index(Arc::new(index)), survey, failed: None }
    }

    fn without(offsets: Offsets, survey: Survey, problem: &IndexProblem) -> Self {
        let failed = Some(problem.to_string());
        Self { source: ReadSource::Offsets(Arc::new(Mutex::new(offsets))), survey, failed }
    }
}
