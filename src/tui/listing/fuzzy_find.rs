//! Finding recordings by a few letters: a line for each, and which lines hold the letters.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;

use crate::model::{Part, RecordingId, Row, Rows, Timestamp};
use crate::reading::sanitize;

/// The most results that are shown; all are counted.
const SHOWN: usize = 200;
/// The most matches whose letters are scored, which takes longer than finding them.
const CLOSER: usize = 2_000;
/// The most characters of each text in a line.
const WIDEST: usize = 160;
/// The most words that are looked for.
const WORDS: usize = 8;

/// Recordings to be searched.
#[derive(Clone, Debug, PartialEq)]
pub struct FuzzyJob {
    /// Comes back with the answer; only the newest counts.
    pub request_id: u64,
    /// The letters; each word has to be found.
    pub text: String,
    /// Among these.
    pub rows: Rows,
}

/// The lines in which letters are looked for: one of each recording, part by part, so that what did not change is not
/// made again.
#[derive(Clone, Debug, Default)]
pub struct FuzzyIndex(Vec<Arc<FuzzyLeaf>>);

/// The lines of a part of the recordings, one behind the other: all of them are gone through with every letter, and
/// that is many times faster where they stand together.
#[derive(Debug)]
struct FuzzyLeaf {
    part: Arc<Part>,
    text: String,
    lines: Vec<FuzzyLine>,
}

/// Hash, name, prompt, model, endpoint and tags of a recording.
#[derive(Debug)]
struct FuzzyLine {
    row: Arc<Row>,
    recorded_at: Timestamp,
    place: Range<usize>,
}

/// The results of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FuzzyMatches {
    /// The best ones.
    pub best: Vec<FuzzyMatch>,
    /// The number of all matches.
    pub count: usize,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FuzzyMatch {
    /// The recording.
    pub id: RecordingId,
    /// The line that matched, sanitized.
    pub text: String,
    /// The places of the letters in it, in characters.
    pub letters: BTreeSet<usize>,
}

impl FuzzyIndex {
    /// The lines of these recordings, as far as they are known already out of what was known before.
    #[must_use]
    pub fn of(rows: &Rows, before: &Self) -> Self {
        let leaf = |(at, part): (usize, &Arc<Part>)| {
            let known = before.0.get(at).filter(|known| Arc::ptr_eq(&known.part, part));
            known.map_or_else(|| Arc::new(FuzzyLeaf::of(part)), Arc::clone)
        };
        let parts: Vec<_> = rows.parts().iter().enumerate().collect();
        let (here, there) = parts.split_at(parts.len() / 2);
        let half = |parts: &[(usize, &Arc<Part>)]| parts.iter().copied().map(leaf).collect::<Vec<_>>();
        thread::scope(|scope| {
            let there = scope.spawn(|| half(there));
            let mut leaves = half(here);
            leaves.extend(there.join().unwrap_or_else(|panic| resume_unwind(panic)));
            Self(leaves)
        })
    }
}

impl FuzzyLeaf {
    fn of(part: &Arc<Part>) -> Self {
        let mut text = String::new();
        let line = |row: &Arc<Row>| {
            let start = text.len();
            write_line(row, &mut text);
            FuzzyLine { row: Arc::clone(row), recorded_at: row.recorded_at, place: start..text.len() }
        };
        let lines = part.values().map(line).collect();
        Self { part: Arc::clone(part), text, lines }
    }

    fn line(&self, line: &FuzzyLine) -> &str {
        &self.text[line.place.clone()]
    }
}

fn write_line(row: &Row, text: &mut String) {
    text.push_str(&row.hash.short());
    let texts = [row.name.as_deref(), row.prompt.as_deref(), row.model.as_deref(), Some(&*row.endpoint)];
    for part in texts.into_iter().flatten().filter(|part| !part.is_empty()) {
        text.push_str("  ");
        let end = if part.len() > WIDEST { part.char_indices().nth(WIDEST) } else { None };
        text.push_str(&sanitize(end.map_or(part, |(end, _)| &part[..end])));
    }
    for (nth, tag) in row.tags.iter().enumerate() {
        text.push_str(if nth == 0 { "  #" } else { " #" });
        text.push_str(&sanitize(tag));
    }
}

/// The rank of a word in a line, whatever the case of ASCII letters: at the beginning of a word, in the middle of one,
/// or letter by letter; `None` where the line does not hold it.
fn rank(line: &str, word: &str) -> Option<u8> {
    let (bytes, (first, rest)) = (line.as_bytes(), word.as_bytes().split_first()?);
    let mut inside = None;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| byte.eq_ignore_ascii_case(first)) {
        let whole = bytes.get(at + 1..=at + rest.len()).is_some_and(|text| text.eq_ignore_ascii_case(rest));
        if whole && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric()) {
            return Some(3);
        }
        inside = inside.or(whole.then_some(2));
    }
    let mut left = line.chars();
    let mut one_by_one = || word.chars().all(|letter| left.any(|c| c.eq_ignore_ascii_case(&letter)));
    inside.or_else(|| one_by_one().then_some(1))
}

/// The lines that hold the letters, the best first and of equally good ones the newest; none when nobody waits for it
/// any more.
#[must_use]
pub fn fuzzy_find(text: &str, lines: &FuzzyIndex, given_up: &dyn Fn() -> bool) -> Option<FuzzyMatches> {
    let words: Vec<&str> = text.split_whitespace().take(WORDS).collect();
    let mut ranked: Vec<(u8, &FuzzyLine, &FuzzyLeaf)> = Vec::new();
    for leaf in &lines.0 {
        if given_up() {
            return None;
        }
        for line in &leaf.lines {
            let sum = words.iter().map(|word| rank(leaf.line(line), word)).sum::<Option<u8>>();
            ranked.extend(sum.map(|sum| (sum, line, &**leaf)));
        }
    }
    let count = ranked.len();
    if count > CLOSER {
        ranked.select_nth_unstable_by(CLOSER, |(one, line, _), (other, than, _)| {
            other.cmp(one).then_with(|| newest(line, than))
        });
        ranked.truncate(CLOSER);
    }
    let matcher = SkimMatcherV2::default().ignore_case();
    let mut scored: Vec<(i64, &FuzzyLine, &str)> = Vec::with_capacity(ranked.len());
    for (_, line, leaf) in ranked {
        let text = leaf.line(line);
        let score = words.iter().filter_map(|word| matcher.fuzzy_match(text, word)).sum();
        scored.push((score, line, text));
    }
    scored
        .sort_unstable_by(|(one, line, _), (other, than, _)| other.cmp(one).then_with(|| newest(line, than)));
    let found = scored.into_iter().take(SHOWN).map(|(_, line, text)| {
        let letters = words.iter().filter_map(|word| matcher.fuzzy_indices(text, word));
        FuzzyMatch {
            id: line.row.id.clone(),
            text: text.to_owned(),
            letters: letters.flat_map(|(_, places)| places).collect(),
        }
    });
    Some(FuzzyMatches { best: found.collect(), count })
}

fn newest(line: &FuzzyLine, than: &FuzzyLine) -> Ordering {
    than.recorded_at.cmp(&line.recorded_at).then_with(|| line.row.id.cmp(&than.row.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::world;

    fn sought(text: &str, count: u8) -> FuzzyMatches {
        let row = |number: u8| Arc::new(Row { id: world::nth_id(number.into()), ..world::row(number) });
        let rows = (0..count).map(row).collect();
        fuzzy_find(text, &FuzzyIndex::of(&rows, &FuzzyIndex::default()), &|| false).unwrap()
    }

    #[test]
    fn every_word_has_to_be_found_and_the_letters_say_where() {
        let sought = sought("capy hat", 12);
        assert_eq!(sought.count, 2);
        let best = &sought.best[0];
        let letters: String = best.letters.iter().filter_map(|at| best.text.chars().nth(*at)).collect();
        assert_eq!(letters.to_lowercase(), "capyhat");
        assert_eq!(best.id, world::nth_id(0), "of equal ones the newest");
    }

    #[test]
    fn with_nothing_typed_all_are_counted_and_the_newest_shown() {
        let all = sought("", 250);
        assert_eq!((all.count, all.best.len(), &all.best[0].id), (250, SHOWN, &world::nth_id(0)));
        assert_eq!(sought("zzzz", 12), FuzzyMatches::default());
    }

    #[test]
    fn lines_are_made_once() {
        let rows: Rows = (0..200).map(|number| Arc::new(world::row(number))).collect();
        let mut changed = rows.clone();
        changed.insert(Arc::new(Row { prompt: Some("a zebra".into()), ..world::row(7) }));
        let lines = FuzzyIndex::of(&rows, &FuzzyIndex::default());
        let anew = FuzzyIndex::of(&changed, &lines);
        let made = anew.0.iter().zip(&lines.0).filter(|(one, other)| !Arc::ptr_eq(one, other));
        assert_eq!(made.count(), 1, "one part changed");
        let sought = fuzzy_find("zebra", &anew, &|| false).unwrap();
        assert_eq!((sought.count, &sought.best[0].id), (1, &world::id(7)));
    }

    #[test]
    fn whole_words_come_first() {
        let line = "77aa01fe  Watercolor fox  flux-2-max";
        let ranks = ["FOX", "wat", "color", "wfox", "2-m", "zebra"].map(|word| rank(line, word));
        assert_eq!(ranks, [Some(3), Some(3), Some(2), Some(1), Some(3), None]);
    }

    #[test]
    fn what_nobody_waits_for_is_given_up() {
        let rows = [Arc::new(world::row(1))].into_iter().collect();
        assert_eq!(fuzzy_find("a", &FuzzyIndex::of(&rows, &FuzzyIndex::default()), &|| true), None);
    }
}
