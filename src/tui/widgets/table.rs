//! Columns that share the room, and leave one by one when there is too little of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::line::{Tone, fit};
use super::theme::Theme;
use super::{draw, layout};
use crate::tui::listing::list::List;

/// A column of a list.
#[derive(Clone, Copy, Debug)]
pub struct TableColumn {
    /// The heading.
    pub title: &'static str,
    /// The width in columns; of one that grows, the least.
    pub width: u16,
    /// The share of the room that is left; 0 for one that does not grow.
    pub grow: u16,
    /// True if it is set at its right edge, as numbers are.
    pub right: bool,
    /// The higher, the earlier it leaves; 0 stays.
    pub leaves: u8,
}

/// A cell: its text, sanitized, and its look.
pub type TableCell = (String, Style);

/// The rows to draw and where in the list they are.
pub struct TableRows<'a> {
    /// Cells of the visible rows.
    pub cells: Vec<Vec<TableCell>>,
    /// The selected one of them.
    pub selected: Option<usize>,
    /// The place of the first one.
    pub first: usize,
    /// The number of all rows.
    pub total: usize,
    /// Columns by which growing cells are scrolled.
    pub sideways: usize,
    /// The columns.
    pub columns: &'a [TableColumn],
    /// The column that the rows are sorted by, and whether they fall.
    pub sorted: Option<(usize, bool)>,
    /// True if the pane has the focus.
    pub focused: bool,
}

/// The width of each column; 0 for one that left.
#[must_use]
pub fn widths(columns: &[TableColumn], room: u16) -> Vec<u16> {
    let mut shown: Vec<bool> = vec![true; columns.len()];
    let needed = |shown: &[bool]| -> u16 {
        columns.iter().zip(shown).filter(|(_, shown)| **shown).map(|(column, _)| column.width + 1).sum()
    };
    while needed(&shown) > room + 1 {
        let candidates = (0..columns.len()).filter(|at| shown[*at] && columns[*at].leaves > 0);
        let Some(next) = candidates.max_by_key(|at| columns[*at].leaves) else { break };
        shown[next] = false;
    }
    let spare = (room + 1).saturating_sub(needed(&shown));
    let shares: u16 =
        columns.iter().zip(&shown).filter(|(_, shown)| **shown).map(|(column, _)| column.grow).sum();
    let mut left = spare;
    let mut widths: Vec<u16> = Vec::with_capacity(columns.len());
    for (column, shown) in columns.iter().zip(&shown) {
        let more = (spare * column.grow).checked_div(shares).unwrap_or(0);
        left -= if *shown { more } else { 0 };
        widths.push(if *shown { column.width + more } else { 0 });
    }
    // What rounding left over goes to the last growing column.
    if let Some(at) = (0..columns.len()).rfind(|at| shown[*at] && columns[*at].grow > 0) {
        widths[at] += left;
    }
    widths
}

impl<'a> TableRows<'a> {
    /// The rows of a list that `place` has room for, with a line for the headings. A row of which nothing is known any more
    /// stays empty.
    pub fn of<K: Ord + Clone>(
        list: &List<K>,
        place: Rect,
        columns: &'a [TableColumn],
        cells: impl Fn(&K) -> Option<Vec<TableCell>>,
    ) -> Self {
        let window = list.window(usize::from(place.height.saturating_sub(1)));
        let visible = list.keys().range(window.clone());
        Self {
            cells: visible.map(|key| cells(key).unwrap_or_default()).collect(),
            selected: list.index().and_then(|at| at.checked_sub(window.start)),
            first: window.start,
            total: list.keys().len(),
            sideways: list.sideways,
            columns,
            sorted: None,
            focused: false,
        }
    }

    /// Draws heading, rows and the scroll bar.
    pub fn draw(&self, theme: &Theme, mut place: Rect, buf: &mut Buffer) {
        // The bar lies on the frame, so that it takes no room from the rows.
        let bar = Rect { x: place.right(), width: 1, ..place };
        // A column of air on each side; the selected row's mark stands in the left one.
        let widths = widths(self.columns, place.width.saturating_sub(2));
        let titles = self.columns.iter().enumerate();
        let heading: Vec<TableCell> = titles.map(|(at, column)| self.title(at, column, theme)).collect();
        self.row(&heading, &widths, (layout::from_top(&mut place, 1), 0), buf);
        let rows = place;
        for (at, cells) in self.cells.iter().enumerate() {
            let line = layout::from_top(&mut place, 1);
            if line.is_empty() {
                break;
            }
            if self.selected == Some(at) {
                let mark = if self.focused { theme.mark("▌", ">") } else { " " };
                draw::write(buf, &mut line.clone(), mark, theme.tone(Tone::Accent));
            }
            self.row(cells, &widths, (line, self.sideways), buf);
            if self.selected == Some(at) {
                buf.set_style(line.intersection(buf.area), theme.selected(self.focused));
            }
        }
        self.scroll_bar(theme, Rect { y: rows.y, height: rows.height, ..bar }, buf);
    }

    /// A heading; that of the column by which the rows are sorted says which way.
    fn title(&self, at: usize, column: &TableColumn, theme: &Theme) -> TableCell {
        match self.sorted {
            Some((by, falling)) if by == at => {
                let arrow = if falling { theme.mark("↓", "v") } else { theme.mark("↑", "^") };
                (format!("{}{arrow}", column.title), theme.tone(Tone::Strong))
            }
            _ => (column.title.to_owned(), theme.tone(Tone::Dim)),
        }
    }

    fn row(&self, cells: &[TableCell], widths: &[u16], (line, sideways): (Rect, usize), buf: &mut Buffer) {
        let mut line = Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line };
        for ((column, (text, style)), width) in self.columns.iter().zip(cells).zip(widths) {
            if *width == 0 {
                continue;
            }
            let scrolled = if column.grow > 0 && sideways > 0 { skipped(text, sideways) } else { text };
            draw::write(buf, &mut line, &fit(scrolled, usize::from(*width), column.right), *style);
            draw::write(buf, &mut line, " ", Style::new());
        }
    }

    fn scroll_bar(&self, theme: &Theme, place: Rect, buf: &mut Buffer) {
        let height = usize::from(place.height);
        if self.total <= height || height < 2 {
            return;
        }
        let thumb = (height * height / self.total).max(1);
        let room = self.total - height;
        let at = self.first.min(room) * (height - thumb) / room;
        for row in at..at + thumb {
            let Ok(down) = u16::try_from(row) else { return };
            let mut cell = Rect { y: place.y + down, height: 1, ..place };
            draw::write(buf, &mut cell, theme.mark("▐", "#"), theme.tone(Tone::Dim));
        }
    }
}

/// `text` without its first characters.
fn skipped(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or("", |(at, _)| &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [TableColumn; 3] = [
        TableColumn { title: "A", width: 8, grow: 0, right: false, leaves: 0 },
        TableColumn { title: "B", width: 10, grow: 1, right: false, leaves: 0 },
        TableColumn { title: "C", width: 6, grow: 0, right: true, leaves: 1 },
    ];

    #[test]
    fn columns_fill_the_room_and_leave_when_it_is_short() {
        assert_eq!(widths(&COLUMNS, 40), [8, 24, 6]);
        assert_eq!(widths(&COLUMNS, 26), [8, 10, 6]);
        assert_eq!(widths(&COLUMNS, 25), [8, 16, 0]);
        assert_eq!(widths(&COLUMNS, 3), [8, 10, 0]);
    }
}
