//! Tables that fit the terminal: columns give way from the least important on, nothing wraps, and pipes get it all.

use unicode_width::UnicodeWidthStr;

use super::print;
use crate::reading::sanitize;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    head: &'static str,
    /// Rank by which columns give way, higher numbers first; 0 never does.
    rank: u8,
    right: bool,
    /// Cut to this width before a more important column gives way.
    least: usize,
    /// Cut to this width on any terminal, so that the columns behind it get their share.
    most: usize,
    /// Left out where nothing stands in it.
    optional: bool,
}

/// A table: its columns, and a cell for each in every row.
#[derive(Clone, Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// Between two columns.
const GAP: usize = 2;

impl Column {
    /// A column that is as wide as what stands in it.
    pub(super) const fn new(head: &'static str, rank: u8) -> Self {
        Self { head, rank, right: false, least: usize::MAX, most: usize::MAX, optional: false }
    }

    /// This column for numbers.
    pub(super) const fn right(self) -> Self {
        Self { right: true, ..self }
    }

    /// A column that is left out where nothing stands in it.
    pub(super) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// A column that may be cut, within these widths.
    pub(super) const fn between(self, least: usize, most: usize) -> Self {
        Self { least, most, ..self }
    }
}

impl Table {
    pub(super) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column. What is in a cell does nothing to the terminal.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| sanitize(&cell).into_owned()).collect());
    }

    /// Head and rows as lines, for a terminal of this width or, without one, for a pipe: there nothing is cut.
    pub(super) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let shown = self.layout(width.unwrap_or(usize::MAX), width.is_none());
        let head = self.columns.iter().map(|column| column.head.to_owned()).collect();
        let line = |cells: &Vec<String>| {
            let cell = |(at, width): &(usize, usize)| {
                self.aligned(*at, cells.get(*at).map_or("", String::as_str), *width)
            };
            let cells: Vec<_> = shown.iter().map(cell).collect();
            cells.join(&" ".repeat(GAP)).trim_end().to_owned()
        };
        std::iter::once(&head).chain(&self.rows).map(line).collect()
    }

    /// Writes it to stdout as wide as that is.
    pub(super) fn print(&self) {
        self.lines(print::width()).iter().for_each(|line| print::line(line));
    }

    fn aligned(&self, column: usize, cell: &str, width: usize) -> String {
        let fitted = print::fit(cell, width);
        if self.columns[column].right {
            let text = fitted.trim_end();
            format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
        } else {
            fitted
        }
    }

    /// The columns that are shown, with the width of each.
    fn layout(&self, room: usize, whole: bool) -> Vec<(usize, usize)> {
        let natural = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width());
            cells.chain([self.columns[at].head.width()]).max().unwrap_or_default()
        };
        let natural: Vec<_> = (0..self.columns.len()).map(natural).collect();
        let filled = |at: &usize| {
            let mut cells = self.rows.iter().filter_map(|row| row.get(*at));
            !self.columns[*at].optional || cells.any(|cell| !cell.is_empty())
        };
        let mut shown: Vec<_> = (0..self.columns.len()).filter(filled).collect();
        if whole {
            return shown.into_iter().map(|at| (at, natural[at])).collect();
        }
        let least = |at: usize| natural[at].min(self.columns[at].least);
        let needed = |shown: &[usize]| {
            shown.iter().map(|at| least(*at)).sum::<usize>() + GAP * shown.len().saturating_sub(1)
        };
        while needed(&shown) > room {
            // Of those that are equally important the one on the right.
            let next = shown.iter().copied().max_by_key(|at| (self.columns[*at].rank, *at));
            match next.filter(|at| self.columns[*at].rank > 0) {
                Some(dropped) => shown.retain(|at| *at != dropped),
                None => break,
            }
        }
        let mut left = room.saturating_sub(needed(&shown));
        let mut widths: Vec<_> = shown.iter().map(|at| (*at, least(*at).min(room))).collect();
        // The most important ones grow first.
        let mut growing: Vec<_> = widths.iter_mut().collect();
        growing.sort_by_key(|(at, _)| (self.columns[*at].rank, *at));
        // Nobody needs what is left after that, so no cell is cut for nothing.
        for whole in [false, true] {
            for (at, width) in &mut growing {
                let most = if whole { usize::MAX } else { self.columns[*at].most };
                let more = natural[*at].min(most).saturating_sub(*width).min(left);
                *width += more;
                left -= more;
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let columns = [
            Column::new("ID", 0),
            Column::new("SIZE", 2).right(),
            Column::new("MODEL", 1).between(4, 8),
            Column::new("PROMPT", 1).between(6, usize::MAX),
        ];
        let mut table = Table::new(&columns);
        for (id, size, model, prompt) in
            [("rec_1", "1 kB", "gpt-5-mini-2026", "short"), ("rec_22", "12 MB", "o9", "日本語 and more")]
        {
            table.row([id, size, model, prompt].map(str::to_owned));
        }
        table
    }

    #[test]
    fn a_pipe_gets_everything() {
        let lines = table().lines(None);
        assert_eq!(lines[0], "ID       SIZE  MODEL            PROMPT");
        assert_eq!(lines[1], "rec_1    1 kB  gpt-5-mini-2026  short");
        assert_eq!(lines[2], "rec_22  12 MB  o9               日本語 and more");
    }

    #[test]
    fn columns_shrink_and_then_give_way() {
        let head = |width| table().lines(Some(width))[0].clone();
        assert_eq!(table().lines(Some(80))[1], "rec_1    1 kB  gpt-5-mini-2026  short");
        assert_eq!(table().lines(Some(40))[1], "rec_1    1 kB  gpt-5-m…  short");
        assert_eq!(table().lines(Some(40))[2], "rec_22  12 MB  o9        日本語 and more");
        assert_eq!(table().lines(Some(27))[1], "rec_1    1 kB  gpt…  short");
        assert_eq!(head(27), "ID       SIZE  MOD…  PROMPT");
        assert_eq!(head(26), "ID      MODEL     PROMPT");
        assert_eq!(head(19), "ID      MODEL");
        assert_eq!(head(4), "ID");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 1..100 {
            for line in table().lines(Some(width)) {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn cells_do_nothing_to_the_terminal() {
        let mut table = Table::new(&[Column::new("A", 0)]);
        table.row(["a\u{1b}[31m\nb".to_owned()]);
        let lines = table.lines(None);
        assert!(lines.len() == 2 && !lines[1].contains(['\u{1b}', '\n']), "{lines:?}");
    }
}
