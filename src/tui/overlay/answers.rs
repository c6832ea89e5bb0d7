//! The ways out of a dialog, on its last lines, with the keys that are in force.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::tui::contract::context::Context;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::line::Tone;
use crate::tui::widgets::{draw, layout};

/// A way out: what its key asks for, what that means here, and how it looks.
pub(crate) type DialogAnswer<'a> = (Action, &'a str, Tone);

/// Columns between two of them, and where that is too much.
const GAPS: [u16; 2] = [5, 2];

/// Draws them on the last lines of `inside`, on as many as they need, and takes those lines from it: a key that does
/// something is seen, however little room there is. Gives what is left of the last line.
pub(crate) fn draw(
    context: &Context,
    scope: KeyScope,
    answers: &[DialogAnswer<'_>],
    inside: &mut Rect,
    buf: &mut Buffer,
) -> Rect {
    let theme = &context.options.theme;
    let texts: Vec<(String, Tone)> = answers
        .iter()
        .filter_map(|(action, text, tone)| {
            let key = context.options.keymap.key_in(scope, *action)?;
            let safe = *action == Action::Back;
            Some((if safe { format!("[ {key}  {text} ]") } else { format!("{key}  {text}") }, *tone))
        })
        .collect();
    let (lines, gap) = set(&texts, inside.width);
    let mut place = layout::from_bottom(inside, u16::try_from(lines.len()).unwrap_or(u16::MAX));
    let mut last = Rect { width: 0, ..place };
    for line in lines {
        last = layout::from_top(&mut place, 1);
        for (nth, (text, tone)) in line.iter().enumerate() {
            layout::from_left(&mut last, if nth > 0 { gap } else { 0 });
            draw::write(buf, &mut last, text, theme.tone(*tone));
        }
    }
    last
}

/// The texts line by line, and the columns between them.
fn set(texts: &[(String, Tone)], width: u16) -> (Vec<&[(String, Tone)]>, u16) {
    let wide = |texts: &[(String, Tone)], gap: u16| -> usize {
        let gaps = texts.len().saturating_sub(1) * usize::from(gap);
        texts.iter().map(|(text, _)| text.width()).sum::<usize>() + gaps
    };
    let fits = |texts: &[(String, Tone)], gap: u16| wide(texts, gap) <= usize::from(width);
    if let Some(gap) = GAPS.into_iter().find(|gap| fits(texts, *gap)) {
        return (vec![texts], gap);
    }
    let gap = GAPS[1];
    let (mut lines, mut start) = (Vec::new(), 0);
    for end in 1..=texts.len() {
        if end - start > 1 && !fits(&texts[start..end], gap) {
            lines.push(&texts[start..end - 1]);
            start = end - 1;
        }
    }
    lines.push(&texts[start..]);
    (lines, gap)
}
