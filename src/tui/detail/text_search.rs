//! Looking for words in the detail pane.

use tui_input::Input;

use crate::tui::app::state::App;
use crate::tui::overlay::Overlay;
use crate::tui::widgets::layout;
use crate::tui::widgets::line::Toned;

/// What is looked for, and where it is.
#[derive(Debug, Default)]
pub struct TextSearch {
    /// In small letters; empty where nothing is looked for.
    needle: String,
    /// The lines that hold it, or its beginning.
    found: Vec<usize>,
}

impl TextSearch {
    /// Looks for something else.
    pub fn look_for(&mut self, text: &str, lines: &[Toned]) {
        self.needle = text.to_lowercase();
        self.look(lines);
    }

    /// Looks once more: the lines are others.
    pub fn look(&mut self, lines: &[Toned]) {
        self.found.clear();
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
                self.found.push(at);
            }
        }
    }

    /// What is looked for, in small letters.
    #[must_use]
    pub fn needle(&self) -> &str {
        &self.needle
    }

    /// How many lines hold it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// The next line that holds it behind `from`, or the one before; from the other end where there is none. Also which
    /// of them it is, from 1.
    #[must_use]
    pub fn next(&self, from: usize, forward: bool) -> Option<(usize, usize)> {
        let behind = self.found.partition_point(|at| *at <= from);
        let before = self.found.partition_point(|at| *at < from);
        let last = self.found.len().checked_sub(1)?;
        let nth = match forward {
            true if behind > last => 0,
            true => behind,
            false => before.checked_sub(1).unwrap_or(last),
        };
        self.found.get(nth).map(|at| (*at, nth + 1))
    }

    /// Where in a line's text it stands: bytes of the text in small letters, which are columns only in ASCII.
    pub fn within<'a>(&'a self, small: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let needle = self.needle.as_str();
        let all = (!needle.is_empty()).then(|| small.match_indices(needle));
        all.into_iter().flatten().map(|(at, found)| (at, at + found.len()))
    }
}

impl App {
    /// Begins to look for something in the detail.
    pub(crate) fn search(&mut self) {
        self.overlay = Some(Overlay::Search(Input::new(self.detail.search.needle.clone())));
    }

    /// What is looked for has changed: the first place from here on is shown.
    pub(crate) fn searched(&mut self, text: &str) {
        self.detail.search.look_for(text, &self.detail.lines);
        let from = self.detail.scroll;
        let here = self.detail.search.found.binary_search(&from).is_ok();
        if let Some((at, _)) = self.detail.search.next(from, true).filter(|_| !here) {
            self.show_line(at);
        }
    }

    /// To the next place that was found, or to the one before.
    pub(crate) fn found(&mut self, forward: bool) {
        if self.detail.search.needle.is_empty() {
            self.toasts.info(self.now, "Nothing is looked for: / looks for words here".into());
            return;
        }
        let count = self.detail.search.count();
        let from = self.detail.search_at.unwrap_or(self.detail.scroll);
        match self.detail.search.next(from, forward) {
            Some((at, nth)) => {
                self.show_line(at);
                self.toasts.info(self.now, format!("{nth} of {count}"));
            }
            None => self.toasts.info(self.now, "It is not on this page".into()),
        }
    }

    fn show_line(&mut self, at: usize) {
        let height = usize::from(layout::text(self.areas().detail).height);
        self.detail.search_at = Some(at);
        if !(self.detail.scroll..self.detail.scroll + height).contains(&at) {
            self.detail.scroll = at.saturating_sub(height / 3);
            self.detail.keep_in(height);
        }
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
        assert_eq!(search.found, [0, 3]);
        assert_eq!((search.next(0, true), search.next(3, true)), (Some((3, 2)), Some((0, 1))));
        assert_eq!((search.next(0, false), search.next(2, false)), (Some((3, 2)), Some((0, 1))));
        search.look_for("tinyhat", &lines);
        assert_eq!(search.found, [1]);
        search.look_for("", &lines);
        assert_eq!(search.next(0, true), None);
    }
}
