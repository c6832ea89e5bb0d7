//! The line in which words are typed that are looked for in the detail.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use tui_input::Input;

use crate::tui::app::state::App;
use crate::tui::content::text::sanitize;
use crate::tui::widgets::line::Tone;
use crate::tui::widgets::{draw, layout};

/// Draws it on the last line; gives the place of the cursor.
pub(crate) fn draw(app: &App, input: &Input, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
    let theme = &app.options.theme;
    let mut rest = area;
    let mut place = layout::from_bottom(&mut rest, 1);
    Clear.render(place.intersection(buf.area), buf);
    draw::write(buf, &mut place, " look for ", theme.tone(Tone::Accent));
    let count = match (app.detail.search.needle(), app.detail.search.count()) {
        ("", _) => String::new(),
        (_, 0) => " not on this page".into(),
        (_, 1) => " in 1 line".into(),
        (_, count) => format!(" in {count} lines"),
    };
    draw::write_right(buf, &mut place, &count, theme.tone(Tone::Dim));
    let room = usize::from(place.width.saturating_sub(1));
    let scroll = input.visual_scroll(room);
    let at = input.visual_cursor().saturating_sub(scroll).min(room);
    let spot = (place.x.saturating_add(u16::try_from(at).ok()?), place.y);
    let text: String = sanitize(input.value()).chars().skip(scroll).collect();
    draw::write(buf, &mut place, &text, theme.tone(Tone::Strong));
    Some(spot)
}
