//! An edit before it is stored: what would differ, or what is wrong with it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{answers, window};
use crate::tui::app::state::App;
use crate::tui::content::draft::{DraftOutcome, EditDraft};
use crate::tui::content::text::sanitize;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::line::{Tone, Toned};
use crate::tui::widgets::{draw, layout};

impl EditDraft {
    /// Columns of its lines on a screen of so many.
    #[must_use]
    pub fn width(columns: u16) -> usize {
        usize::from(columns.saturating_sub(8).clamp(1, 104))
    }

    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let theme = &app.options.theme;
        let wrong = !matches!(self.outcome, DraftOutcome::Changed(_));
        let width = Self::width(area.width);
        let lines: Vec<Toned> = match &self.outcome {
            DraftOutcome::Changed(lines) => lines.iter().flat_map(|line| line.wrapped(width)).collect(),
            DraftOutcome::Unchanged => vec![Toned::of(Tone::Dim, "Nothing was changed.")],
            DraftOutcome::Wrong(why) => Toned::of(Tone::Bad, sanitize(why)).wrapped(width),
        };
        let title = if wrong { "It cannot be stored so" } else { "Store this edit?" };
        let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX).min(area.height.saturating_sub(2));
        let mut inside =
            window(app, title, area, (u16::try_from(width + 4).unwrap_or(u16::MAX), height), buf);
        let mut ways = vec![
            (Action::Back, "Put aside", Tone::Strong),
            (Action::Confirm, "Store", Tone::Bad),
            (Action::Edit, "Back to the editor", Tone::Accent),
        ];
        ways.retain(|(action, ..)| !wrong || *action != Action::Confirm);
        let mut last = answers::draw(app, KeyScope::Draft, &ways, &mut inside, buf);
        let air = u16::from(inside.height > 4);
        layout::from_bottom(&mut inside, air);
        let rows = usize::from(inside.height);
        let at = self.at.min(lines.len().saturating_sub(rows));
        draw::lines(buf, inside, lines.get(at..).unwrap_or_default(), theme);
        if lines.len() > rows {
            let shown = format!("{}/{}", (at + rows).min(lines.len()), lines.len());
            draw::write_right(buf, &mut last, &shown, theme.tone(Tone::Dim));
        }
    }
}
