//! An edit before it is stored: what would differ, or what is wrong with it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::window;
use crate::tui::app::App;
use crate::tui::draft::{Draft, Outcome};
use crate::tui::layout;
use crate::tui::line::{Tone, Toned};
use crate::tui::pane::draw;
use crate::tui::text::sanitize;

impl Draft {
    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let theme = &app.options.theme;
        let wrong = !matches!(self.outcome, Outcome::Changed(_));
        let width = usize::from(area.width.saturating_sub(8).min(104));
        let lines: Vec<Toned> = match &self.outcome {
            Outcome::Changed(lines) => lines.clone(),
            Outcome::Unchanged => vec![Toned::of(Tone::Dim, "Nothing was changed.")],
            Outcome::Wrong(why) => Toned::of(Tone::Bad, sanitize(why)).wrapped(width),
        };
        let title = if wrong { "It cannot be stored so" } else { "Store this edit?" };
        let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX).min(area.height.saturating_sub(2));
        let mut inside =
            window(app, title, area, (u16::try_from(width + 4).unwrap_or(u16::MAX), height), buf);
        let mut last = layout::from_bottom(&mut inside, 1);
        layout::from_bottom(&mut inside, 1);
        let rows = usize::from(inside.height);
        let at = self.at.min(lines.len().saturating_sub(rows));
        draw::lines(buf, inside, lines.get(at..).unwrap_or_default(), theme);
        draw::write(buf, &mut last, "[ Esc  Keep ]", theme.tone(Tone::Strong));
        if !wrong {
            draw::write(buf, &mut last, "     x  Store", theme.tone(Tone::Bad));
        }
        draw::write(buf, &mut last, "     e  Back into the editor", theme.tone(Tone::Accent));
        if lines.len() > rows {
            let shown = format!("{}/{}", (at + rows).min(lines.len()), lines.len());
            draw::write_right(buf, &mut last, &shown, theme.tone(Tone::Dim));
        }
    }
}
