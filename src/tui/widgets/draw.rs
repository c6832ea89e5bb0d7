//! Text, frames and bars into cells; nothing is ever written outside its place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border::{PLAIN, Set, THICK};
use ratatui::widgets::{Block, Clear, Widget};

use super::layout;
use super::line::{Tone, Toned, cut};
use super::theme::Theme;

const ASCII: Set<'static> = Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};
const ASCII_FOCUSED: Set<'static> = Set { horizontal_top: "=", horizontal_bottom: "=", ..ASCII };

/// Writes into the first row of `place` and takes the used columns from it. Too long a text ends in an ellipsis.
pub fn write(buf: &mut Buffer, place: &mut Rect, text: &str, style: Style) {
    let room = place.intersection(buf.area);
    if room.is_empty() || room.x != place.x {
        return;
    }
    let text = cut(text, usize::from(room.width));
    let (end, _) = buf.set_stringn(room.x, room.y, &text, usize::from(room.width), style);
    let used = end.saturating_sub(place.x).min(place.width);
    *place = Rect { x: place.x + used, width: place.width - used, ..*place };
}

/// Writes at the right edge of `place` and takes the used columns from it.
pub fn write_right(buf: &mut Buffer, place: &mut Rect, text: &str, style: Style) {
    let text = cut(text, usize::from(place.width));
    let wide = u16::try_from(unicode_width::UnicodeWidthStr::width(text.as_str())).unwrap_or(place.width);
    place.width = place.width.saturating_sub(wide);
    let mut spot = Rect { x: place.right(), width: wide, ..*place };
    write(buf, &mut spot, &text, style);
}

/// Writes a toned line into the first row of `place`.
pub fn toned(buf: &mut Buffer, mut place: Rect, line: &Toned, theme: &Theme) {
    for (tone, text) in &line.0 {
        write(buf, &mut place, text, theme.tone(*tone));
    }
}

/// Writes lines from the top, as many as there is room for.
pub fn lines(buf: &mut Buffer, mut place: Rect, lines: &[Toned], theme: &Theme) {
    for line in lines.iter().take(usize::from(place.height)) {
        toned(buf, layout::from_top(&mut place, 1), line, theme);
    }
}

/// A frame with a title, and words on its lower edge.
#[derive(Clone, Copy, Debug, Default)]
pub struct PaneFrame<'a> {
    /// The title on the upper edge.
    pub title: &'a str,
    /// The text on the lower edge, left; what should be seen.
    pub alert: &'a str,
    /// The text on the lower edge, right.
    pub note: &'a str,
    /// True if the pane has the focus.
    pub focused: bool,
}

impl PaneFrame<'_> {
    /// Draws it; gives what is inside.
    pub fn draw(&self, theme: &Theme, place: Rect, buf: &mut Buffer) -> Rect {
        let place = place.intersection(buf.area);
        let set = match (theme.ascii, self.focused) {
            (true, true) => ASCII_FOCUSED,
            (true, false) => ASCII,
            (false, true) => THICK,
            (false, false) => PLAIN,
        };
        Block::bordered().border_set(set).border_style(theme.frame(self.focused)).render(place, buf);
        let mut top = Rect {
            x: place.x + 1,
            width: place.width.saturating_sub(2),
            height: place.height.min(1),
            ..place
        };
        let mut bottom = Rect { y: place.bottom().saturating_sub(1), ..top };
        if place.height >= 2 {
            padded(buf, &mut top, self.title, theme.title(self.focused), false);
            padded(buf, &mut bottom, self.note, theme.tone(Tone::Dim), true);
            padded(buf, &mut bottom, self.alert, theme.tone(Tone::Warning), false);
        }
        layout::inner(place)
    }
}

/// A cleared and framed box in the middle; gives what is inside, with a column of air on each side.
pub fn window(theme: &Theme, title: &str, area: Rect, size: (u16, u16), buf: &mut Buffer) -> Rect {
    let place = layout::middle(area, size.0, size.1);
    Clear.render(place, buf);
    let inner = PaneFrame { title, focused: true, ..PaneFrame::default() }.draw(theme, place, buf);
    Rect { x: inner.x + u16::from(inner.width > 2), width: inner.width.saturating_sub(2), ..inner }
}

fn padded(buf: &mut Buffer, place: &mut Rect, text: &str, style: Style, right: bool) {
    if text.is_empty() || place.width < 6 {
        return;
    }
    let text = format!(" {} ", cut(text, usize::from(place.width - 2)));
    if right { write_right(buf, place, &text, style) } else { write(buf, place, &text, style) }
}

/// Numbers as bars of eight heights, the last ones that fit.
#[must_use]
pub fn sparkline(numbers: impl DoubleEndedIterator<Item = u64>, width: usize, theme: &Theme) -> String {
    let steps: &[char] = if theme.ascii {
        &['_', '.', '.', ':', ':', '|', '|', '#']
    } else {
        &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    };
    let mut last: Vec<u64> = numbers.rev().take(width).collect();
    last.resize(width, 0);
    let highest = last.iter().copied().max().unwrap_or(0).max(4);
    let bar = |number: &u64| {
        let step = usize::try_from(number.saturating_mul(7).div_ceil(highest)).unwrap_or(0).min(7);
        steps.get(step).copied().unwrap_or(' ')
    };
    last.iter().rev().map(bar).collect()
}
