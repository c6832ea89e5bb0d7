//! Reading the journal: which of its lines are sound, and what is wrong with the rest.
//!
//! Changes are numbered without a gap, so a line that is missing is noticed as well as one that is not what was written.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::files;
use super::journal::{self, JournalMark};
use super::line::{self, JournalLine, ParsedLine};
use crate::model::RecordingId;

/// No line is longer, in bytes: bodies of more than 16 KiB stand elsewhere.
const LONGEST: u64 = 1 << 30;

/// The content of a journal from some place on.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The mark behind the last line that has an end.
    pub(super) end: JournalMark,
    /// The sound lines in the order of their changes. A mark's number is that of its own change.
    pub(super) sound: Vec<JournalMark>,
    /// The flaws, in the order of their lines.
    pub(super) flaws: Vec<JournalFlaw>,
    /// The number of the last line, when it has no end.
    pub(super) torn: Option<u64>,
}

/// Neighbouring lines of a journal that are not what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct JournalFlaw {
    /// The lines that are damaged or out of place, from 1. None when lines are missing without a trace.
    pub(super) lines: Vec<u64>,
    /// The line behind them; `None` at the end.
    pub(super) before: Option<u64>,
    /// The number of changes that are missing; `None` at the end, where nobody knows.
    pub(super) lost: Option<u64>,
    /// The number of the last change that is missing; `None` at the end.
    pub(super) last: Option<u64>,
    /// True if the line is sound and stands where it does not belong.
    pub(super) misplaced: bool,
    /// Recordings that the damaged lines name.
    pub(super) named: BTreeSet<RecordingId>,
}

/// A gap in the numbers of changes.
struct LineGap {
    missing: RangeInclusive<u64>,
    /// The place of the flaw.
    at: usize,
}

/// A survey under way.
struct Surveying {
    survey: Survey,
    gaps: Vec<LineGap>,
    /// Changes of gaps that stand further behind.
    late: BTreeSet<u64>,
    /// Damaged lines since the last sound one.
    open: JournalFlaw,
    /// True if the number before the next change is known.
    counted: bool,
}

impl Survey {
    /// Reads the journal from a mark on; from the default one that is everything.
    pub(super) fn of(path: &Path, mark: JournalMark) -> Result<Self, StoreError> {
        Self::up_to(path, mark, u64::MAX)
    }

    /// Reads the journal between two marks.
    pub(super) fn between(path: &Path, mark: JournalMark, to: JournalMark) -> Result<Self, StoreError> {
        Self::up_to(path, mark, to.end.saturating_sub(mark.end))
    }

    fn up_to(path: &Path, mark: JournalMark, len: u64) -> Result<Self, StoreError> {
        let mut file = files::open(path)?;
        file.seek(SeekFrom::Start(mark.end)).map_err(StoreError::io("read", path))?;
        let mut reader = BufReader::with_capacity(1 << 18, file.take(len));
        let mut under_way = Surveying {
            survey: Self { end: mark, ..Self::default() },
            gaps: Vec::new(),
            late: BTreeSet::new(),
            open: JournalFlaw::default(),
            counted: mark != JournalMark::default(),
        };
        let mut text = Vec::new();
        loop {
            text.clear();
            let len = reader.read_until(b'\n', &mut text).map_err(StoreError::io("read", path))? as u64;
            let ended = text.pop_if(|last| *last == b'\n').is_some();
            if len == 0 {
                break;
            }
            let parsed = line::parse(&text);
            if !ended && !matches!(parsed, ParsedLine::Line(_)) {
                under_way.survey.torn = Some(under_way.survey.end.lines + 1);
                break;
            }
            // One that lacks its end and nothing else is whole: the end is put behind it.
            under_way.line(path, parsed, &text, len + u64::from(!ended))?;
        }
        Ok(under_way.done())
    }

    /// The number of the last change that is there.
    pub(super) fn last(&self) -> u64 {
        self.end.seq
    }

    /// Notes that all changes up to `known` were there.
    pub(super) fn shortened(&mut self, known: u64) {
        let missing = known.saturating_sub(self.last());
        // Damaged lines at the end may be what is missing.
        let open = self.flaws.last().is_some_and(|flaw| flaw.before.is_none());
        if missing > 0 && !open {
            self.flaws.push(JournalFlaw { lost: Some(missing), last: Some(known), ..JournalFlaw::default() });
        }
    }
}

impl Surveying {
    fn line(&mut self, path: &Path, parsed: ParsedLine, text: &[u8], len: u64) -> Result<(), StoreError> {
        let before = self.survey.end;
        let number = before.lines + 1;
        self.survey.end = before.behind(0, len);
        match parsed {
            ParsedLine::Newer(found) => return Err(journal::newer(path, found)),
            ParsedLine::Header(header) if number <= 2 => {
                self.survey.end.seq = header.after.unwrap_or_default();
                self.counted = header.after.is_some() || header.generation == 1;
                // The other copy is damaged, which costs nothing.
                self.open = JournalFlaw::default();
            }
            ParsedLine::Header(_) => self.out_of_place(number),
            ParsedLine::Line(line) => self.change(line.seq, before),
            // The second copy of the header.
            ParsedLine::Damaged if number == 2 && self.open.lines.is_empty() => {}
            ParsedLine::Damaged => {
                self.open.lines.push(number);
                self.open.named.extend(named(text));
            }
        }
        Ok(())
    }

    fn change(&mut self, seq: u64, before: JournalMark) {
        let end = &mut self.survey.end;
        let own = JournalMark { seq, ..*end };
        if seq <= before.seq {
            let missing = self.gaps.iter().any(|gap| gap.missing.contains(&seq));
            if missing && self.late.insert(seq) {
                self.survey.sound.push(own);
            }
            return self.out_of_place(own.lines);
        }
        end.seq = seq;
        let gap = seq - before.seq - 1;
        if self.counted && (gap > 0 || !self.open.lines.is_empty()) {
            let flaw = std::mem::take(&mut self.open);
            let last = Some(seq - 1);
            self.survey.flaws.push(JournalFlaw { before: Some(own.lines), lost: Some(gap), last, ..flaw });
            if gap > 0 {
                self.gaps
                    .push(LineGap { missing: before.seq + 1..=seq - 1, at: self.survey.flaws.len() - 1 });
            }
        } else if !self.open.lines.is_empty() {
            let flaw = std::mem::take(&mut self.open);
            let last = Some(seq - 1);
            self.survey.flaws.push(JournalFlaw { before: Some(own.lines), lost: None, last, ..flaw });
        }
        self.counted = true;
        self.survey.sound.push(own);
    }

    /// A line that was copied or moved: what it says is not the latest, or is taken in where it belongs.
    fn out_of_place(&mut self, number: u64) {
        let lines = vec![number];
        let flaw = JournalFlaw {
            lines,
            before: Some(number + 1),
            lost: Some(0),
            misplaced: true,
            ..JournalFlaw::default()
        };
        self.survey.flaws.push(flaw);
    }

    fn done(mut self) -> Survey {
        for gap in self.gaps {
            let late = self.late.range(gap.missing).count() as u64;
            let flaw = &mut self.survey.flaws[gap.at];
            flaw.lost = flaw.lost.map(|lost| lost - late);
        }
        if !self.open.lines.is_empty() {
            self.survey.flaws.push(self.open);
        }
        // What was missing here was found elsewhere, and is told there.
        self.survey.flaws.retain(|flaw| !flaw.lines.is_empty() || flaw.lost != Some(0));
        self.survey.sound.sort_by_key(|mark| mark.seq);
        self.survey
    }
}

/// Sound lines of a journal, read again one by one.
pub(super) struct JournalLines<'a> {
    file: File,
    path: PathBuf,
    marks: std::slice::Iter<'a, JournalMark>,
}

impl<'a> JournalLines<'a> {
    pub(super) fn of(path: &Path, marks: &'a [JournalMark]) -> Result<Self, StoreError> {
        Ok(Self { file: files::open(path)?, path: path.into(), marks: marks.iter() })
    }
}

impl Iterator for JournalLines<'_> {
    type Item = Result<(JournalLine, JournalMark), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mark = *self.marks.next()?;
        Some(match read(&mut self.file, &self.path, mark) {
            Ok(Some(ParsedLine::Line(line))) => Ok((*line, mark)),
            Ok(_) => Err(changed(&self.path, mark)),
            Err(error) => Err(error),
        })
    }
}

/// The line before `mark`; `None` when it does not end there.
pub(super) fn line_before(path: &Path, mark: JournalMark) -> Result<Option<ParsedLine>, StoreError> {
    read(&mut files::open(path)?, path, mark)
}

/// The change before `mark` in an open journal; none where there is another or a damaged one. Others may read the file
/// meanwhile.
pub(super) fn line_in(journal: &File, mark: JournalMark) -> Option<JournalLine> {
    use std::os::unix::fs::FileExt;
    let len = mark.end.checked_sub(mark.start).filter(|len| *len <= LONGEST)?;
    let mut text = vec![0; usize::try_from(len).ok()?];
    journal.read_exact_at(&mut text, mark.start).ok()?;
    text.pop_if(|last| *last == b'\n')?;
    match line::parse(&text) {
        ParsedLine::Line(line) => Some(*line),
        _ => None,
    }
}

fn read(file: &mut File, path: &Path, mark: JournalMark) -> Result<Option<ParsedLine>, StoreError> {
    let mut text = Vec::new();
    let len = mark.end.saturating_sub(mark.start);
    let read = file.seek(SeekFrom::Start(mark.start));
    let read = read.and_then(|_| file.take(len).read_to_end(&mut text));
    read.map_err(StoreError::io("read", path))?;
    let ended = text.pop_if(|last| *last == b'\n').is_some();
    // The end of the last line may be all that it lacks.
    let whole = text.len() as u64 + 1 == len && (ended || !text.is_empty());
    Ok(whole.then(|| line::parse(&text)))
}

/// The error about a journal that is no longer what its mark says.
pub(super) fn changed(path: &Path, mark: JournalMark) -> StoreError {
    StoreError::Unreadable {
        path: path.into(),
        problem: format!("is damaged in line {}", mark.lines),
        advice: "run `retake doctor`, which says what is lost",
    }
}

/// The ids of recordings in a damaged line, as far as they can be read.
fn named(text: &[u8]) -> BTreeSet<RecordingId> {
    let text = String::from_utf8_lossy(text);
    let ids =
        text.match_indices("\"rec_").filter_map(|(at, _)| text[at + 1..].split('"').next()?.parse().ok());
    ids.take(1000).collect()
}
