//! The contact sheet as it is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use super::contact_sheet::PictureStack;
use super::state::RecordingsTab;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::line::{Tone, Toned, fit, short_size, thousands};
use crate::tui::widgets::{layout, picture};

/// Draws the contact sheet over the panes.
pub fn draw(tab: &RecordingsTab, context: &Context, area: Rect, buf: &mut Buffer) {
    let Some(sheet) = &tab.sheet else { return };
    let theme = &context.options.theme;
    Clear.render(area.intersection(buf.area), buf);
    let pictures: usize = sheet.stacks.iter().map(|stack| stack.ids.len()).sum();
    let mut title = format!("Pictures {}", thousands(pictures as u64));
    if sheet.is_inside() {
        title = format!("{title} that look nearly the same");
    } else if pictures > sheet.stacks.len() {
        title = format!("{title} in {} stacks", thousands(sheet.stacks.len() as u64));
    }
    if !context.marks.ids.is_empty() {
        let size = short_size(context.marks.bytes);
        title = format!("{title}, {} marked {size}", thousands(context.marks.ids.len() as u64));
    }
    let count = sheet.stacks.len();
    let at = format!("{}/{}", thousands((sheet.at + 1).min(count) as u64), thousands(count as u64));
    let frame = PaneFrame { title: &title, note: &at, focused: true, ..PaneFrame::default() };
    let mut inside = frame.draw(theme, area, buf);
    if let Some(stack) = sheet.selected() {
        let line = layout::from_bottom(&mut inside, 1);
        about(context, stack, line, buf);
    }
    let grid = sheet.grid(Rect { height: area.height + 1, ..area });
    for (nth, (at, stack)) in sheet.visible(&grid).enumerate() {
        draw_tile(tab, context, (stack, at == sheet.at), grid.place(nth), buf);
    }
}

/// A picture with its line: the mark, the hash, and how many look like it.
fn draw_tile(
    tab: &RecordingsTab,
    context: &Context,
    (stack, selected): (&PictureStack, bool),
    mut tile: Rect,
    buf: &mut Buffer,
) {
    let theme = &context.options.theme;
    let Some(id) = stack.ids.first() else { return };
    let mut line = layout::from_bottom(&mut tile, 1);
    match tab.thumbnails.get(id) {
        Some(Ok(pixels)) => picture::draw(pixels, tile, buf, theme),
        Some(Err(problem)) => {
            let text = Toned::of(Tone::Bad, sanitize(problem));
            draw::lines(buf, tile, &text.wrapped(usize::from(tile.width)), theme);
        }
        None => draw::toned(buf, tile, &Toned::of(Tone::Dim, "loading"), theme),
    }
    let marked = stack.ids.iter().filter(|id| context.marks.contains(id)).count();
    if selected {
        buf.set_style(line.intersection(buf.area), theme.selected(true));
    }
    let pointer = if selected { theme.mark("▌", ">") } else { " " };
    draw::write(buf, &mut line, pointer, theme.tone(Tone::Accent));
    let mark = if marked > 0 { theme.mark("●", "*") } else { " " };
    draw::write(buf, &mut line, mark, theme.tone(Tone::Accent));
    let hash = context.world.rows.get(id).map(|row| row.hash.short()).unwrap_or_default();
    draw::write(
        buf,
        &mut line,
        &fit(&hash, 8, false),
        theme.tone(if selected { Tone::Strong } else { Tone::Dim }),
    );
    if stack.ids.len() > 1 {
        draw::write_right(buf, &mut line, &format!("x{}", stack.ids.len()), theme.tone(Tone::Warning));
    }
}

/// The facts of the selected picture.
fn about(context: &Context, stack: &PictureStack, mut line: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let Some(row) = stack.ids.first().and_then(|id| context.world.rows.get(id)) else { return };
    line = Rect { x: line.x + 1.min(line.width), width: line.width.saturating_sub(2), ..line };
    let model = sanitize(row.model.as_deref().unwrap_or("-")).into_owned();
    draw::write(buf, &mut line, &model, theme.tone(Tone::Strong));
    draw::write(buf, &mut line, &format!("  {}", short_size(row.size)), theme.tone(Tone::Dim));
    if let Some(name) = &row.name {
        draw::write(buf, &mut line, &format!("  {}", sanitize(name)), theme.tone(Tone::Accent));
    }
    let prompt = sanitize(row.prompt.as_deref().unwrap_or_default()).into_owned();
    draw::write(buf, &mut line, &format!("  {prompt}"), theme.tone(Tone::Plain));
}
