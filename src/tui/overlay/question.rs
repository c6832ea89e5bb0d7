//! A question before something is done; of very many the number has to be typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::window;
use crate::tui::app::App;
use crate::tui::deed::Deed;
use crate::tui::layout;
use crate::tui::line::{Tone, Toned};
use crate::tui::pane::draw;

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked.
    pub title: String,
    /// What there is to know, line by line.
    pub lines: Vec<Toned>,
    /// What `x` does, in one or two words.
    pub yes: String,
    /// What is done then.
    pub deed: Deed,
    /// What has to be typed before it is done, and what was typed.
    pub typed: Option<(String, Input)>,
}

impl Question {
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
        let size = (
            u16::try_from(width).unwrap_or(u16::MAX),
            u16::try_from(self.lines.len() + 4 + usize::from(self.typed.is_some())).unwrap_or(u16::MAX),
        );
        let mut inside = window(app, &self.title, area, size, buf);
        // The answer is seen, however little room there is.
        let mut last = layout::from_bottom(&mut inside, 1);
        let mut typing = if self.typed.is_some() { layout::from_bottom(&mut inside, 1) } else { Rect::ZERO };
        draw::lines(buf, inside, &self.lines, theme);
        if let Some((wanted, input)) = &self.typed {
            draw::write(buf, &mut typing, &format!("Type {wanted} first: "), theme.tone(Tone::Warning));
            let text = crate::tui::text::sanitize(input.value());
            draw::write(buf, &mut typing, &format!("{text}▏"), theme.tone(Tone::Strong));
        }
        let no = if matches!(self.deed, Deed::Keep(..)) { "[ Esc  No ]" } else { "[ Esc  Keep ]" };
        draw::write(buf, &mut last, no, theme.tone(Tone::Strong));
        let tone = if self.is_ready() { Tone::Bad } else { Tone::Dim };
        draw::write(buf, &mut last, &format!("     x  {}", self.yes), theme.tone(tone));
    }
}
