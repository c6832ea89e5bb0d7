//! A search for words in the lines of the detail pane.

use tui_input::Input;

use crate::tui::widgets::line::Toned;

/// The words, and the lines that hold them.
#[derive(Debug, Default)]
pub struct TextSearch {
    /// The wanted text in small letters; empty where nothing is looked for.
    needle: String,
    /// The lines that hold it, or its beginning.
    matching_lines: Vec<usize>,
    /// The line that was found last.
    pub at: Option<usize>,
    /// While it is being typed.
    pub input: Option<Input>,
}

impl TextSearch {
    /// Looks for something else.
    pub fn look_for(&mut self, text: &str, lines: &[Toned]) {
        self.needle = text.to_lowercase();
        self.look(lines);
    }

    /// Looks once more: the lines are others.
    pub fn look(&mut self, lines: &[Toned]) {
        self.matching_lines.clear();
        if self.needle.is_empty() {
            return;
        }
        let texts: Vec<String> = lines.iter().map(|line| line.text().to_lowercase()).collect();
        for (at, text) in texts.iter().enumerate() {
            // Wrapping must not hide what stands at the end of a line.
            let broken = || {
                let next = texts.get(at + 1).map_or("", |next| next.trim_start());
                !next.contains(&self.needle) && format!("{text}{next}").contains(&self.needle)
            };
            if text.contains(&self.needle) || broken() {
                self.matching_lines.push(at);
            }
        }
    }

    /// True if this line holds it.
    #[must_use]
    pub fn is_at(&self, line: usize) -> bool {
        self.matching_lines.binary_search(&line).is_ok()
    }

    /// This search with no line found last.
    #[must_use]
    pub fn from_the_top(self) -> Self {
        Self { at: None, ..self }
    }

    /// Begins to type.
    pub fn edit(&mut self) {
        self.input = Some(Input::new(self.needle.clone()));
    }

    /// The words, in small letters.
    #[must_use]
    pub fn needle(&self) -> &str {
        &self.needle
    }

    /// The number of lines that hold it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.matching_lines.len()
    }

    /// The next line that holds it behind `from`, or the one before; from the other end where there is none. Also which
    /// of them it is, from 1.
    #[must_use]
    pub fn next(&self, from: usize, forward: bool) -> Option<(usize, usize)> {
        let behind = self.matching_lines.partition_point(|at| *at <= from);
        let before = self.matching_lines.partition_point(|at| *at < from);
        let last = self.matching_lines.len().checked_sub(1)?;
        let nth = match forward {
            true if behind > last => 0,
            true => behind,
            false => before.checked_sub(1).unwrap_or(last),
        };
        self.matching_lines.get(nth).map(|at| (*at, nth + 1))
    }

    /// The places of the wanted text in a line: bytes of the text in small letters, which are columns only in ASCII.
    pub fn within<'a>(&'a self, small: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let needle = self.needle.as_str();
        let all = (!needle.is_empty()).then(|| small.match_indices(needle));
        all.into_iter().flatten().map(|(at, text)| (at, at + text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widgets::line::Tone;

    #[test]
    fn words_are_found_across_line_breaks_and_round_the_end() {
        let lines: Vec<Toned> = ["a Capybara", "  in a tiny", "  hat", "capybara"]
            .map(|text| Toned::of(Tone::Plain, text))
            .into();
        let mut search = TextSearch::default();
        search.look_for("capybara", &lines);
        assert_eq!(search.matching_lines, [0, 3]);
        assert_eq!((search.next(0, true), search.next(3, true)), (Some((3, 2)), Some((0, 1))));
        assert_eq!((search.next(0, false), search.next(2, false)), (Some((3, 2)), Some((0, 1))));
        search.look_for("tinyhat", &lines);
        assert_eq!(search.matching_lines, [1]);
        search.look_for("", &lines);
        assert_eq!(search.next(0, true), None);
    }
}
