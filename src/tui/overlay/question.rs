//! A question before something is done; of very many the number has to be typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::{answers, window};
use crate::tui::app::state::App;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::line::{Tone, Toned};
use crate::tui::widgets::{draw, layout};

/// A question.
#[derive(Clone, Debug)]
pub struct QuestionOverlay {
    /// What is asked.
    pub title: String,
    /// What there is to know, line by line.
    pub lines: Vec<Toned>,
    /// What `x` does, in one or two words.
    pub yes: String,
    /// What is done then.
    pub deed: Mutation,
    /// What has to be typed before it is done, and what was typed.
    pub typed: Option<(String, Input)>,
}

impl QuestionOverlay {
    /// Whether `x` does it now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.typed.as_ref().is_none_or(|(wanted, input)| input.value().trim() == wanted)
    }

    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let theme = &app.options.theme;
        let widest = self.lines.iter().map(|line| line.text().width()).max().unwrap_or(0);
        let width = widest.max(self.title.width() + 4).clamp(46, 96) + 4;
        let room = width.min(usize::from(area.width)).saturating_sub(4);
        let lines: Vec<Toned> = self.lines.iter().flat_map(|line| line.wrapped(room)).collect();
        let size = (
            u16::try_from(width).unwrap_or(u16::MAX),
            u16::try_from(lines.len() + 4 + usize::from(self.typed.is_some())).unwrap_or(u16::MAX),
        );
        let mut inside = window(app, &self.title, area, size, buf);
        // The answers are seen, however little room there is.
        let no = if matches!(self.deed, Mutation::Keep(..)) { "No" } else { "Keep" };
        let tone = if self.is_ready() { Tone::Bad } else { Tone::Dim };
        let ways = [(Action::Back, no, Tone::Strong), (Action::Confirm, &*self.yes, tone)];
        answers::draw(app, KeyScope::Question, &ways, &mut inside, buf);
        if let Some((wanted, input)) = &self.typed {
            let mut typing = layout::from_bottom(&mut inside, 1);
            draw::write(buf, &mut typing, &format!("Type {wanted} first: "), theme.tone(Tone::Warning));
            let text = crate::tui::content::text::sanitize(input.value());
            let cursor = theme.mark("▏", "_");
            draw::write(buf, &mut typing, &format!("{text}{cursor}"), theme.tone(Tone::Strong));
        }
        draw::lines(buf, inside, &fitting(lines, usize::from(inside.height)), theme);
    }
}

/// The lines for so many rows. Where there are too few, blank ones go first; then those at the beginning, which say what is
/// asked about one by one: the sums stand at the end.
fn fitting(mut lines: Vec<Toned>, rows: usize) -> Vec<Toned> {
    if lines.len() <= rows {
        return lines;
    }
    lines.retain(|line| !line.text().trim().is_empty());
    if lines.len() > rows {
        let over = lines.len() + 1 - rows.min(lines.len());
        lines.drain(..over.min(lines.len()));
        lines.insert(0, Toned::of(Tone::Dim, format!("{over} more lines in a larger window")));
    }
    lines
}
