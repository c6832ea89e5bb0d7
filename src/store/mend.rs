//! A journal of which not all is sound: it is written anew, with what the index has of it, and what is lost is named.

use std::path::Path;

use super::compact::{self, Old, Rewritten};
use super::error::IndexProblem;
use super::error::StoreError;
use super::index::Index;
use super::journal::{Journal, JournalMark};
use super::line::JournalLine;
use super::offsets::Offsets;
use super::survey::{JournalFlaw, JournalLines, Survey};
use crate::model::{Level, Notice, StepRow, Timestamp};

/// A journal that was written anew, and what is to be said of that.
pub(super) struct Mended {
    pub(super) journal: Journal,
    pub(super) notices: Vec<Notice>,
}

/// The most recordings that one sentence names.
const NAMED: usize = 5;

/// Writes the journal anew from its sound lines and from the index, which has taken in all up to `taken`.
pub(super) fn mend(
    dir: &Path,
    journal: &Journal,
    index: Option<(&Index, JournalMark)>,
    now: Timestamp,
) -> Result<Mended, IndexProblem> {
    let (offsets, mut survey) = Offsets::read(journal.path())?;
    if journal.is_headless() && survey.flaws.is_empty() {
        // Only the header is missing, which somebody knew.
        survey.flaws.push(JournalFlaw { before: Some(1), lost: Some(0), ..JournalFlaw::default() });
    }
    if let Some((index, taken)) = index {
        survey.shortened(taken.seq);
        let later: Vec<JournalMark> =
            survey.sound.iter().filter(|mark| mark.seq > taken.seq).copied().collect();
        let lines = JournalLines::of(journal.path(), &later)?
            .collect::<Result<Vec<(JournalLine, JournalMark)>, StoreError>>()?;
        index.apply(journal.header(), &lines)?;
    }
    let old = Old { journal, offsets: &offsets, index: index.map(|(index, _)| index), flawed: true };
    // Nothing is left out: this is no compacting that somebody asked for.
    let Rewritten { journal, lost, aside, .. } = compact::rewrite(dir, &old, Timestamp(i64::MIN), now)?;
    let known = index.map_or(0, |(_, taken)| taken.seq);
    let notices = notices(&survey, known, &lost, aside.as_deref());
    Ok(Mended { journal, notices })
}

/// The notice about a damaged journal. The index knew all changes up to `known`; 0 where there is none.
pub(super) fn notices(survey: &Survey, known: u64, lost: &[StepRow], aside: Option<&Path>) -> Vec<Notice> {
    let mut notices: Vec<_> = survey.flaws.iter().map(|flaw| flaw.notice(known, survey.last())).collect();
    // Where the index knew more, the half of it that is there is of no interest.
    notices.extend(survey.torn.filter(|_| known <= survey.last()).map(|line| torn(line, false)));
    notices.extend(lost.iter().map(|step| {
        warning(format!(
            "Step {} ({}) can no longer be undone: its line in the journal is damaged. The recordings are as it left them.",
            step.id.0, step.verb
        ))
    }));
    if let Some(name) = aside.and_then(Path::file_name).filter(|_| !notices.is_empty()) {
        let text = format!("The journal was written anew; the damaged one is kept as {}.", name.display());
        notices.push(Notice { level: Level::Info, text });
    }
    notices
}

pub(super) fn warning(text: String) -> Notice {
    Notice { level: Level::Warning, text }
}

/// The notice about half a line.
pub(super) fn torn(line: u64, kept: bool) -> Notice {
    let kept = if kept { "; it is kept as journal.torn" } else { "" };
    warning(format!(
        "Line {line}, the last of the journal, has no end: a crash or a damage cut it. It was cut off{kept}. What it said \
         was not yet acknowledged, unless the file was damaged."
    ))
}

impl JournalFlaw {
    /// The notice about what is wrong and what is lost, when others know all changes up to `known` and the last sound
    /// line is change `last`.
    pub(super) fn notice(&self, known: u64, last: u64) -> Notice {
        let what = match (&self.lines[..], self.before) {
            ([], Some(before)) => format!("Before line {before} of the journal something is missing"),
            ([], None) => "The end of the journal is missing".into(),
            ([line], _) if self.misplaced => format!("Line {line} of the journal is not in its place"),
            ([line], _) => format!("Line {line} of the journal is damaged"),
            ([first, .., end], _) => format!("Lines {first} to {end} of the journal are damaged"),
        };
        let held = match self.lost {
            Some(0) => return Notice { level: Level::Info, text: format!("{what}: nothing is lost.") },
            Some(1) => "1 change".into(),
            Some(count) => format!("{count} changes"),
            None => "what it said".into(),
        };
        let recovered = match self.last {
            Some(last) => last <= known,
            None => known >= last + self.lines.len() as u64,
        };
        if recovered {
            let text = format!("{what} ({held}); the index has it, and no recording is lost.");
            return Notice { level: Level::Warning, text };
        }
        let mut named: Vec<_> = self.named.iter().take(NAMED).map(ToString::to_string).collect();
        if self.named.len() > NAMED {
            named.push(format!("{} more", self.named.len() - NAMED));
        }
        let of = if named.is_empty() { String::new() } else { format!(" It named {}.", named.join(", ")) };
        warning(format!(
            "{what}: {held} {} lost.{of} Restore journal.log from a backup, or record anew what is missing.",
            if self.lost.is_some_and(|count| count > 1) { "are" } else { "is" },
        ))
    }
}
