//! Finding recordings by a few letters: a line for each, and which lines hold the letters.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;

use super::text::sanitize;
use crate::model::{RecordingId, Row};

/// So many results are shown; all are counted.
const SHOWN: usize = 200;
/// After so many lines it is asked whether somebody still waits.
const STRIDE: usize = 2_048;
/// So many words are looked for.
const WORDS: usize = 8;

/// Recordings to be searched.
#[derive(Clone, Debug, PartialEq)]
pub struct Seek {
    /// Comes back with the answer; only the newest counts.
    pub generation: u64,
    /// The letters; each word has to be found.
    pub text: String,
    /// Among these.
    pub among: Arc<Vec<Arc<Row>>>,
}

/// What letters are looked for in.
#[derive(Clone, Debug)]
pub struct Line {
    id: RecordingId,
    text: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// The best ones.
    pub found: Vec<Found>,
    /// How many there are.
    pub count: usize,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The recording.
    pub id: RecordingId,
    /// Its line, sanitized.
    pub text: String,
    /// The places of the letters in it, in characters.
    pub letters: BTreeSet<usize>,
}

/// The lines of recordings, the newest first: hash, name, prompt, model, endpoint, tags.
#[must_use]
pub fn lines(rows: &[Arc<Row>]) -> Vec<Line> {
    let mut rows: Vec<&Row> = rows.iter().map(AsRef::as_ref).collect();
    rows.sort_unstable_by_key(|row| (Reverse(row.recorded_at), &row.id));
    rows.into_iter().map(|row| Line { id: row.id.clone(), text: line(row) }).collect()
}

fn line(row: &Row) -> String {
    let mut text = row.hash.short();
    let tags: Vec<String> = row.tags.iter().map(|tag| format!("#{tag}")).collect();
    let parts = [
        row.name.as_deref().unwrap_or_default(),
        row.prompt.as_deref().unwrap_or_default(),
        row.model.as_deref().unwrap_or_default(),
        &row.endpoint,
        &tags.join(" "),
    ];
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        text.push_str("  ");
        text.extend(part.chars().take(160));
    }
    sanitize(&text).into_owned()
}

/// The lines that hold the letters, the best first; none when nobody waits for it any more.
#[must_use]
pub fn seek(text: &str, lines: &[Line], given_up: &dyn Fn() -> bool) -> Option<Sought> {
    let matcher = SkimMatcherV2::default().ignore_case();
    let words: Vec<&str> = text.split_whitespace().take(WORDS).collect();
    let mut scored: Vec<(i64, usize)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if at % STRIDE == 0 && given_up() {
            return None;
        }
        let each = words.iter().map(|word| matcher.fuzzy_match(&line.text, word));
        if let Some(sum) = each.sum::<Option<i64>>() {
            scored.push((sum, at));
        }
    }
    let count = scored.len();
    let by_score = |(score, at): &(i64, usize)| (Reverse(*score), *at);
    if count > SHOWN {
        scored.select_nth_unstable_by_key(SHOWN, by_score);
        scored.truncate(SHOWN);
    }
    scored.sort_unstable_by_key(by_score);
    let found = scored.into_iter().map(|(_, at)| {
        let Line { id, text } = &lines[at];
        let letters = words.iter().filter_map(|word| matcher.fuzzy_indices(text, word));
        Found {
            id: id.clone(),
            text: text.clone(),
            letters: letters.flat_map(|(_, places)| places).collect(),
        }
    });
    Some(Sought { found: found.collect(), count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::world;

    fn sought(text: &str, count: u8) -> Sought {
        let rows: Vec<Arc<Row>> = (0..count).map(|number| Arc::new(world::row(number))).collect();
        seek(text, &lines(&rows), &|| false).unwrap()
    }

    #[test]
    fn every_word_has_to_be_found_and_the_letters_say_where() {
        let sought = sought("capy hat", 12);
        assert_eq!(sought.count, 2);
        let best = &sought.found[0];
        let letters: String = best.letters.iter().filter_map(|at| best.text.chars().nth(*at)).collect();
        assert_eq!(letters.to_lowercase(), "capyhat");
        assert_eq!(best.id, world::id(0), "of equal ones the newest");
    }

    #[test]
    fn with_nothing_typed_all_are_counted_and_the_newest_shown() {
        let all = sought("", 250);
        assert_eq!((all.count, all.found.len(), &all.found[0].id), (250, SHOWN, &world::id(0)));
        assert_eq!(sought("zzzz", 12), Sought::default());
    }

    #[test]
    fn what_nobody_waits_for_is_given_up() {
        let rows = [Arc::new(world::row(1))];
        assert_eq!(seek("a", &lines(&rows), &|| true), None);
    }
}
