//! Text that is being typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use super::draw;
use super::line::Tone;
use super::theme::Theme;
use crate::reading::sanitize;

/// Draws it, scrolled so that the cursor is seen; gives the cursor's place.
pub fn draw(input: &Input, mut line: Rect, theme: &Theme, buf: &mut Buffer) -> Option<(u16, u16)> {
    let room = usize::from(line.width.saturating_sub(1));
    let scroll = input.visual_scroll(room);
    let at = input.visual_cursor().saturating_sub(scroll).min(room);
    let spot = (line.x.saturating_add(u16::try_from(at).ok()?), line.y);
    let text: String = sanitize(input.value()).chars().skip(scroll).collect();
    draw::write(buf, &mut line, &text, theme.tone(Tone::Strong));
    (!line.is_empty() || at > 0).then_some(spot)
}
