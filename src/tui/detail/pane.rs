//! The detail pane: request, response, pictures and timing of what is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::facts::media_lines;
use super::state::DetailPane;
use crate::reading::human::size;
use crate::reading::sanitize;
use crate::tui::content::page::DetailPage;
use crate::tui::content::text::BodyView;
use crate::tui::contract::context::Context;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::line::{Tone, Toned};
use crate::tui::widgets::{layout, picture, text_input};

/// Draws the pane with its frame.
pub fn draw(detail: &DetailPane, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let height = usize::from(layout::inner(place).height);
    let lines = detail.lines.len();
    let image = detail.page == DetailPage::Image && detail.pictures() > 0;
    let note = if image || lines <= height {
        "[ ] sub-tab".into()
    } else {
        format!("{}%  [ ] sub-tab", (detail.scroll + height).min(lines) * 100 / lines.max(1))
    };
    let alert = if image { String::new() } else { way(detail, context) };
    PaneFrame { alert: &alert, note: &note, focused: context.in_detail, ..PaneFrame::default() }
        .draw(theme, place, buf);
    sub_tabs(detail, context, place, buf);
    if image {
        picture_page(detail, context, place, buf);
        return;
    }
    let end = (detail.scroll + height).min(lines);
    let shown = detail.lines.get(detail.scroll..end).unwrap_or_default();
    let shown: Vec<Toned> = shown.iter().map(|line| line.from(detail.sideways.unwrap_or(0))).collect();
    let text = layout::text(place);
    draw::lines(buf, text, &shown, theme);
    highlight(detail, &shown, text, buf);
}

/// The view of bodies, where it is not the usual one.
fn way(detail: &DetailPane, context: &Context) -> String {
    let mut words = Vec::new();
    if matches!(detail.page, DetailPage::Request | DetailPage::Response) {
        words.extend(
            Some(detail.form.view.name().to_owned()).filter(|_| detail.form.view != BodyView::Pretty),
        );
        let cut = detail.pages.as_ref().is_some_and(|pages| pages.cut);
        let all = context.key(KeyScope::Detail, Action::LoadAll);
        words.extend(cut.then(|| format!("cut: {all} loads all")));
    }
    words.extend(detail.sideways.map(|_| "not wrapped".to_owned()));
    words.join(", ")
}

/// Marks what was looked for.
fn highlight(detail: &DetailPane, shown: &[Toned], place: Rect, buf: &mut Buffer) {
    let search = &detail.search;
    if search.needle().is_empty() {
        return;
    }
    for (y, line) in (place.y..place.bottom()).zip(shown) {
        let small = line.text().to_lowercase();
        for (from, to) in search.within(&small) {
            let columns = |upto: usize| u16::try_from(small[..upto].width()).unwrap_or(u16::MAX);
            let left = place.x.saturating_add(columns(from));
            let width = columns(to).saturating_sub(columns(from));
            let spot = Rect { x: left, y, width, height: 1 }.intersection(place).intersection(buf.area);
            buf.set_style(spot, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

/// The names of the sub-tabs on the frame, the one in front in brackets and bold.
fn sub_tabs(detail: &DetailPane, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    if place.height < 2 {
        return;
    }
    let mut top = Rect { x: place.x + 1, width: place.width.saturating_sub(2), height: 1, ..place };
    let named = |short: bool| -> Vec<(bool, String)> {
        let name = |page: DetailPage| {
            let front = detail.page == page;
            let title = if short && !front { page.short() } else { page.title() };
            let count = if page == DetailPage::Image { detail.pictures() } else { 0 };
            let name = if count > 0 { format!("{title} {count}") } else { title.to_owned() };
            (front, if front { format!("[{name}]") } else { format!(" {name} ") })
        };
        let subject = detail.subject.as_ref();
        DetailPage::ALL.into_iter().filter(|page| page.fits(subject)).map(name).collect()
    };
    let whole = named(false);
    let wide: usize = whole.iter().map(|(_, text)| text.width()).sum();
    for (front, text) in if wide > usize::from(top.width) { named(true) } else { whole } {
        draw::write(buf, &mut top, &text, if front { theme.title(true) } else { theme.tone(Tone::Dim) });
    }
}

fn picture_page(detail: &DetailPane, context: &Context, place: Rect, buf: &mut Buffer) {
    let spot = layout::picture(place);
    picture::draw_scaled(detail.picture.scaled.as_ref(), spot, buf, &context.options.theme);
    let inside = layout::inner(place);
    let mut below = Rect { y: spot.bottom(), height: inside.height - spot.height, ..inside };
    let caption = layout::from_top(&mut below, 1);
    draw::toned(buf, caption, &caption_line(detail), &context.options.theme);
    let key = |action| context.key(KeyScope::Detail, action);
    let keys = Toned::of(Tone::Accent, key(Action::Picture)).and(Tone::Dim, " whole screen");
    let keys = if detail.pictures() > 1 {
        let others = format!("  {} {}", key(Action::PreviousPicture), key(Action::NextPicture));
        keys.and(Tone::Accent, others).and(Tone::Dim, " other pictures")
    } else {
        keys
    };
    let film = detail.pages.as_ref().and_then(|pages| media_lines(pages).into_iter().next());
    let keys = match film {
        Some(film) => {
            let mut keys = keys.and(Tone::Accent, "  o").and(Tone::Dim, " opens");
            keys.0.extend(film.0);
            keys
        }
        None => keys,
    };
    draw::toned(buf, layout::from_top(&mut below, 1), &keys, &context.options.theme);
}

/// The picture on the whole screen, with one line about it.
pub fn draw_full_screen(detail: &DetailPane, context: &Context, area: Rect, buf: &mut Buffer) {
    Clear.render(area, buf);
    let mut rest = area;
    let caption = layout::from_bottom(&mut rest, 1);
    picture::draw_scaled(detail.picture.scaled.as_ref(), rest, buf, &context.options.theme);
    let key = context.key(KeyScope::Picture, Action::Back);
    let line = caption_line(detail).and(Tone::Accent, format!("  {key}")).and(Tone::Dim, " closes");
    draw::toned(buf, caption, &line, &context.options.theme);
}

fn caption_line(detail: &DetailPane) -> Toned {
    let Some(picture) = detail.pages.as_ref().and_then(|pages| pages.pictures.get(detail.picture.index))
    else {
        return Toned::default();
    };
    let own = match &detail.picture.scaled {
        Some(Ok(((width, height), _))) => format!("{width}x{height} "),
        _ => String::new(),
    };
    let form = picture.content_type.trim_start_matches("image/");
    let line = Toned::of(Tone::Plain, format!("{own}{} {}", sanitize(form), size(picture.len)));
    let line = if detail.pictures() > 1 {
        line.and(Tone::Plain, format!("  {} of {}", detail.picture.index + 1, detail.pictures()))
    } else {
        line
    };
    line.and(Tone::Dim, format!("  {}", sanitize(&picture.field)))
}

/// The line in which the words of a search are typed, in place of the last line; gives the place of the cursor.
pub fn draw_search(
    detail: &DetailPane,
    context: &Context,
    area: Rect,
    buf: &mut Buffer,
) -> Option<(u16, u16)> {
    let theme = &context.options.theme;
    let input = detail.search.input.as_ref()?;
    let mut rest = area;
    let mut place = layout::from_bottom(&mut rest, 1);
    Clear.render(place.intersection(buf.area), buf);
    draw::write(buf, &mut place, " search ", theme.tone(Tone::Accent));
    let count = match (detail.search.needle(), detail.search.count()) {
        ("", _) => String::new(),
        (_, 0) => " not on this page".into(),
        (_, 1) => " in 1 line".into(),
        (_, count) => format!(" in {count} lines"),
    };
    draw::write_right(buf, &mut place, &count, theme.tone(Tone::Dim));
    text_input::draw(input, place, theme, buf)
}
