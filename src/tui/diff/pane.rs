//! Two exchanges side by side.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::diff_view::{headings, measure};
use super::page::DiffPage;
use super::state::DiffTab;
use crate::engine::ExchangeRef;
use crate::reading::contrast::PictureFacts;
use crate::reading::human::size;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::line::{Tone, Toned};
use crate::tui::widgets::{layout, picture};

/// Draws the pane with its frame.
pub fn draw(tab: &DiffTab, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let (sheet, scroll) = (&tab.view, tab.scroll);
    let mut inside = layout::text(place);
    let height = usize::from(inside.height.saturating_sub(1));
    let lines = sheet.lines.len();
    let note = if lines > height && tab.page != DiffPage::Image {
        format!("{}%  n next change", (scroll + height).min(lines) * 100 / lines.max(1))
    } else {
        "[ ] sub-tab".into()
    };
    PaneFrame { note: &note, focused: true, ..PaneFrame::default() }.draw(theme, place, buf);
    sub_tabs(tab, context, place, buf);
    let Some((one, other)) = &tab.sides else {
        return draw::lines(buf, inside, &teaching(usize::from(inside.width)), theme);
    };
    let width = usize::from(inside.width);
    let (one, other) = (format!("A  {}", named(context, one)), format!("B  {}", named(context, other)));
    let heading = layout::from_top(&mut inside, 1);
    draw::toned(buf, heading, &headings(&one, &other, width, theme.ascii), theme);
    match &context.cache.diff.result {
        None => draw::toned(buf, inside, &Toned::of(Tone::Dim, "comparing"), theme),
        Some(Err(problem)) => {
            let line = Toned::of(Tone::Bad, "cannot be compared: ").and(Tone::Plain, sanitize(problem));
            draw::lines(buf, inside, &line.wrapped(width), theme);
        }
        Some(Ok(_)) if tab.page == DiffPage::Image => pictures(tab, context, place, buf),
        Some(Ok(_)) => {
            let end = (scroll + height).min(lines);
            draw::lines(buf, inside, sheet.lines.get(scroll..end).unwrap_or_default(), theme);
            let at = tab.at().and_then(|at| u16::try_from(at.checked_sub(scroll)?).ok());
            if let Some(at) = at.filter(|at| *at < inside.height) {
                let row = Rect { y: inside.y + at, height: 1, ..inside };
                buf.set_style(row.intersection(buf.area), theme.selected(true));
            }
        }
    }
}

/// A side in a few words: what it is, and its prompt.
fn named(context: &Context, thing: &ExchangeRef) -> String {
    let (what, prompt) = match thing {
        ExchangeRef::Recording(id) | ExchangeRef::Original(id) => {
            let row = context.world.rows.get(id);
            (row.and_then(|row| row.name.clone()), row.and_then(|row| row.prompt.clone()))
        }
        ExchangeRef::Call(id) => {
            let call = context.call(*id);
            (
                call.map(|call| format!("{} {}", call.label(), call.endpoint)),
                call.and_then(|call| call.prompt.as_deref().map(str::to_owned)),
            )
        }
    };
    let what = what.map(|what| format!("  {what}")).unwrap_or_default();
    sanitize(&format!("{thing}{what}  {}", prompt.unwrap_or_default())).into_owned()
}

/// The names of the sub-tabs on the frame, the one in front in brackets and bold, with how many changes each has.
fn sub_tabs(tab: &DiffTab, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    if place.height < 2 {
        return;
    }
    let mut top = Rect { x: place.x + 1, width: place.width.saturating_sub(2), height: 1, ..place };
    let named = |short: bool| {
        DiffPage::ALL.map(|page| {
            let front = tab.page == page;
            let title = if short && !front { page.short() } else { page.title() };
            let count = context.cache.diff.value().map_or(0, |diff| page.count(diff));
            let name = if count > 0 { format!("{title} {count}") } else { title.to_owned() };
            (front, if front { format!("[{name}]") } else { format!(" {name} ") })
        })
    };
    let whole = named(false);
    let wide: usize = whole.iter().map(|(_, text)| text.width()).sum();
    for (front, text) in if wide > usize::from(top.width) { named(true) } else { whole } {
        draw::write(buf, &mut top, &text, if front { theme.title(true) } else { theme.tone(Tone::Dim) });
    }
}

/// The lines of an empty diff: how to fill it.
fn teaching(width: usize) -> Vec<Toned> {
    let lines = [
        Toned::of(Tone::Strong, "Nothing is compared yet."),
        Toned::default(),
        Toned::of(Tone::Accent, "c")
            .and(Tone::Plain, "  on a recording or a call picks it; c on another one shows what differs."),
        Toned::of(Tone::Accent, "c").and(Tone::Plain, "  with two marked recordings (space) compares these."),
        Toned::of(Tone::Accent, "c")
            .and(Tone::Plain, "  on a call that missed compares it with the nearest recording."),
        Toned::of(Tone::Accent, "c").and(Tone::Plain, "  on an edited recording offers what it was before."),
    ];
    lines.iter().flat_map(|line| line.wrapped(width)).collect()
}

fn pictures(tab: &DiffTab, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let Some(diff) = context.cache.diff.value() else { return };
    let [left, right] = layout::halves(place);
    let mut below = Rect { y: left.bottom(), height: 1, ..layout::text(place) };
    let facts = diff.contrast.pictures.get(tab.pictures.index);
    let Some(facts) = facts else {
        return draw::toned(buf, left, &measure(diff, tab.pictures.index), theme);
    };
    let mut line = measure(diff, tab.pictures.index);
    let both = facts.before.is_some() && facts.after.is_some();
    line = if !both {
        line
    } else if tab.pictures.map {
        line.and(Tone::Warning, "  right: where they differ, in red").and(Tone::Dim, "; M shows B")
    } else {
        line.and(Tone::Dim, "  M shows where they differ")
    };
    draw::toned(buf, layout::from_top(&mut below, 1), &line, theme);
    for (nth, (place, facts)) in [(left, &facts.before), (right, &facts.after)].into_iter().enumerate() {
        let mut rest = place;
        let caption = layout::from_top(&mut rest, 1);
        if let Some(facts) = facts {
            draw::toned(buf, caption, &Toned::of(Tone::Dim, about(facts)), theme);
        }
        match &tab.pictures.scaled {
            None => draw::toned(buf, rest, &Toned::of(Tone::Dim, "loading"), theme),
            Some(sides) if sides[nth].is_none() => {
                draw::toned(buf, rest, &Toned::of(Tone::Dim, "no picture"), theme);
            }
            Some(sides) => picture::draw_scaled(sides[nth].as_ref(), rest, buf, theme),
        }
    }
}

fn about(facts: &PictureFacts) -> String {
    let sides = facts.dimensions.map(|(wide, high)| format!("{wide}x{high} ")).unwrap_or_default();
    let text = format!("{sides}{} {}", facts.content_type.trim_start_matches("image/"), size(facts.size));
    sanitize(&text).into_owned()
}
