//! Faults of a query, with their place.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar;

/// A text that is no query. Its `Display` shows the query with the place marked below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryError {
    /// The query as it was given.
    pub query: String,
    /// The bytes of it that are wrong, on boundaries of characters; empty where something is missing.
    pub span: Range<usize>,
    /// The problem, in one sentence.
    pub message: String,
    /// The words that could stand there instead.
    pub expected: Vec<String>,
}

impl std::error::Error for QueryError {}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.query.get(..self.span.start).unwrap_or(&self.query);
        let wrong = self.query.get(self.span.clone()).unwrap_or_default();
        let carets = "^".repeat(width(wrong).max(1));
        writeln!(f, "{}", self.message)?;
        writeln!(f, "  {}", one_line(&self.query))?;
        write!(f, "  {}{carets}", " ".repeat(width(before)))?;
        if !self.expected.is_empty() {
            write!(f, "\nexpected: {}", self.expected.join(", "))?;
        }
        Ok(())
    }
}

/// The columns of what [`one_line`] makes of a text.
fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(1)).sum()
}

/// The query in one line: a line break or an escape in it must not move the mark. Control characters become blanks.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.width().is_none() { ' ' } else { c }).collect()
}

/// The word that was probably meant.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let near = (word.chars().count() / 3).max(1);
    let far = known.map(|other| (strsim::osa_distance(&word, other), other));
    far.filter(|(distance, _)| *distance <= near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}
