//! The filter's line, below the panes or on top of one: what is typed, what is wrong with it, and how it could go on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::widgets::{Clear, Widget};
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::line::{Tone, Toned, cut, fit};
use super::theme::Theme;
use super::{draw, layout};
use crate::query::QueryError;
use crate::reading::sanitize;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::keymap::Keymap;
use crate::tui::listing::filter::{Completions, Filter};

/// The most completions that are shown.
const WAYS: usize = 7;
/// A reason that has less room beside the text gets a line of its own.
const REASON: usize = 24;

/// Draws the line, and beside it what helps to write it. Gives the place of the cursor while it is typed.
pub fn draw(
    filter: &Filter,
    keymap: &Keymap,
    theme: &Theme,
    place: Rect,
    buf: &mut Buffer,
) -> Option<(u16, u16)> {
    if place.is_empty() {
        return None;
    }
    let Some(input) = &filter.input else {
        if !filter.saved().is_empty() {
            draw_saved(filter, keymap, theme, (place, buf));
        }
        return None;
    };
    let mut line = place;
    draw::write(buf, &mut line, "/ ", theme.tone(Tone::Accent));
    let room = usize::from(line.width.saturating_sub(1));
    let scroll = input.visual_scroll(room);
    let text: String = sanitize(input.value()).chars().skip(scroll).collect();
    let start = line;
    draw::write(buf, &mut line, &text, theme.tone(Tone::Strong));
    if let Some(error) = filter.error() {
        underline(error, (start, scroll), theme, buf);
        reason(error, line, place, theme, buf);
    }
    ways(&filter.choices, input, (start, scroll), theme, buf);
    let at = u16::try_from(input.visual_cursor().saturating_sub(scroll).min(room)).ok()?;
    let x = start.x.saturating_add(at);
    (x < place.right()).then_some((x, place.y))
}

/// A filter that is not being typed.
fn draw_saved(filter: &Filter, keymap: &Keymap, theme: &Theme, (mut place, buf): (Rect, &mut Buffer)) {
    let off = filter.text().is_empty() && !filter.saved().is_empty();
    draw::write(buf, &mut place, "/ ", theme.tone(Tone::Dim));
    let tone = if off { Tone::Dim } else { Tone::Plain };
    draw::write(buf, &mut place, &sanitize(filter.saved()), theme.tone(tone));
    let toggle = keymap.hint(KeyScope::List, Action::ToggleFilter);
    let clear = keymap.hint(KeyScope::List, Action::Back);
    let keys =
        if off { format!("  off: {toggle} turns it on") } else { format!("  {toggle} off  {clear} clear") };
    draw::toned(buf, place, &Toned::of(Tone::Dim, keys), theme);
}

/// Marks what is wrong; where something is missing, the place for it.
fn underline(error: &QueryError, (start, scroll): (Rect, usize), theme: &Theme, buf: &mut Buffer) {
    let columns = |text: Option<&str>| sanitize(text.unwrap_or_default()).width();
    let before = columns(error.query.get(..error.span.start)).saturating_sub(scroll);
    let width = columns(error.query.get(error.span.clone())).max(1);
    let spot = Rect {
        x: start.x.saturating_add(u16::try_from(before).unwrap_or(u16::MAX)),
        width: u16::try_from(width).unwrap_or(u16::MAX),
        ..start
    };
    let style = theme.tone(Tone::Bad).add_modifier(Modifier::UNDERLINED);
    buf.set_style(spot.intersection(start).intersection(buf.area), style);
}

/// The place for so many rows beside the line: above it, unless there is more room below.
fn beside(line: Rect, rows: u16, buf: &Buffer) -> Rect {
    let (above, below) = (line.y, buf.area.bottom().saturating_sub(line.bottom()));
    let height = rows.min(above.max(below));
    let y = if above >= below { line.y - height } else { line.bottom() };
    Rect { y, height, ..line }
}

/// The error in words: at the right, or in a line of its own where there is no room for it.
fn reason(error: &QueryError, rest: Rect, line: Rect, theme: &Theme, buf: &mut Buffer) {
    let style = theme.tone(Tone::Warning);
    let text = sanitize(&error.message);
    let mut right = Rect { x: rest.x + 2.min(rest.width), width: rest.width.saturating_sub(3), ..rest };
    if usize::from(right.width) >= text.width().min(REASON) {
        draw::write_right(buf, &mut right, &text, style);
    } else {
        let mut own = beside(line, 1, buf);
        Clear.render(own.intersection(buf.area), buf);
        draw::write(buf, &mut own, &format!(" {text}"), style);
    }
}

/// The completions of the word at the cursor, in a small list above or below it.
fn ways(
    choices: &Completions,
    input: &Input,
    (start, scroll): (Rect, usize),
    theme: &Theme,
    buf: &mut Buffer,
) {
    let Some(first) = choices.ways.first() else { return };
    let before = input.value().get(..first.replace.start).unwrap_or_default();
    let column = sanitize(before).width().saturating_sub(scroll);
    let at = choices.at.unwrap_or(0);
    let from = at.saturating_sub(WAYS - 1).min(choices.ways.len().saturating_sub(WAYS));
    let shown: Vec<_> = choices.ways.iter().enumerate().skip(from).take(WAYS).collect();
    let wide = |texts: &mut dyn Iterator<Item = &str>| texts.map(UnicodeWidthStr::width).max().unwrap_or(0);
    let label = wide(&mut shown.iter().map(|(_, way)| way.text.as_str())).min(40);
    let note = wide(&mut shown.iter().map(|(_, way)| way.note.as_str())).min(60);
    let more = choices.ways.len().saturating_sub(from + shown.len());
    let width = label + if note > 0 { note + 2 } else { 0 } + 2;
    let (Ok(width), Ok(height)) = (u16::try_from(width), u16::try_from(shown.len() + usize::from(more > 0)))
    else {
        return;
    };
    let width = width.min(buf.area.width);
    let x = start.x.saturating_add(u16::try_from(column).unwrap_or(u16::MAX)).saturating_sub(1);
    let x = x.min(buf.area.right().saturating_sub(width));
    let mut place = Rect { x, width, ..beside(start, height, buf) }.intersection(buf.area);
    Clear.render(place, buf);
    if !theme.mono() {
        buf.set_style(place, theme.selected(false));
    }
    for (nth, way) in shown {
        let mut row = layout::from_top(&mut place, 1);
        let text = format!(" {}", fit(&sanitize(&way.text), label, false));
        let taken = choices.at == Some(nth);
        let style =
            if taken { theme.title(true).patch(theme.selected(true)) } else { theme.tone(Tone::Plain) };
        let whole = row;
        draw::write(buf, &mut row, &text, style);
        if note > 0 {
            let text = cut(&way.note, usize::from(row.width.saturating_sub(2)));
            draw::write(buf, &mut row, &format!("  {text}"), theme.tone(Tone::Dim));
        }
        if taken && theme.mono() {
            buf.set_style(whole.intersection(buf.area), theme.selected(true));
        }
    }
    if more > 0 {
        draw::write(
            buf,
            &mut layout::from_top(&mut place, 1),
            &format!(" {more} more"),
            theme.tone(Tone::Dim),
        );
    }
}
