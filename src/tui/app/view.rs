//! The screen: header, tabs, panes, hints, and what lies over them.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::App;
use super::{header, status};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::tab::Tab;
use crate::tui::widgets::layout::{Areas, ScreenClass};
use crate::tui::widgets::line::{Tone, Toned, thousands};
use crate::tui::widgets::{draw, filter_line};
use crate::tui::{detail, diff, live, log, prune, recordings};

/// Draws everything.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let areas = app.areas_on(frame.area());
    let spot = paint(app, &areas, frame.buffer_mut());
    if app.context.options.theme.ascii {
        in_ascii(frame.buffer_mut());
    }
    if let Some(spot) = spot {
        frame.set_cursor_position(spot);
    }
}

/// Puts ASCII in the place of what texts of retake itself hold besides: what is cut, what stands for the invisible.
fn in_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        match cell.symbol() {
            "…" | "·" => cell.set_symbol("."),
            "│" => cell.set_symbol("|"),
            "●" => cell.set_symbol("*"),
            "▣" => cell.set_symbol("i"),
            other if other.chars().any(|c| ('\u{2400}'..='\u{2426}').contains(&c)) => cell.set_symbol("?"),
            _ => continue,
        };
    }
}

/// Paints everything; gives the place of the cursor where something is typed.
fn paint(app: &App, areas: &Areas, buf: &mut Buffer) -> Option<(u16, u16)> {
    let (context, theme) = (&app.context, &app.context.options.theme);
    if areas.class == ScreenClass::Line {
        let lines = Toned::of(Tone::Plain, one_line(app)).wrapped(usize::from(areas.whole.width));
        draw::lines(buf, areas.whole, &lines, theme);
        return None;
    }
    header::draw(app, areas.header, buf);
    header::draw_tabs(app, areas.tabs, buf);
    paint_panes(app, areas, buf);
    status::hints(app, areas.status, buf);
    let full_screen = app.detail.picture.full_screen;
    let covered = app.overlay.as_ref().map_or(app.shows_sheet() || full_screen, |overlay| overlay.fills());
    if !covered {
        status::toast(app, areas, buf);
    }
    let line = if context.tab == Tab::Prune { prune::pane::query_line(areas.list) } else { areas.filter };
    let mut spot = filter_line::draw(app.filter(), &context.options.keymap, theme, line, buf);
    let body = Rect { height: areas.whole.height.saturating_sub(1), ..areas.whole };
    if let Some(overlay) = &app.overlay {
        spot = overlay.draw(context, body, buf);
    } else if app.detail.search.input.is_some() {
        spot = detail::pane::draw_search(&app.detail, context, body, buf);
    } else if full_screen {
        detail::pane::draw_full_screen(&app.detail, context, areas.whole, buf);
    } else if app.shows_sheet() {
        recordings::sheet_pane::draw(&app.recordings, context, body, buf);
    }
    if covered {
        status::toast(app, areas, buf);
    }
    spot.filter(|spot| areas.whole.contains((*spot).into()))
}

fn paint_panes(app: &App, areas: &Areas, buf: &mut Buffer) {
    let context = &app.context;
    if !areas.list.is_empty() {
        match context.tab {
            Tab::Live if app.live.causes.shown => {
                live::causes_pane::draw(&app.live, context, areas.list, buf);
            }
            Tab::Live => live::pane::draw(&app.live, context, areas.list, buf),
            Tab::Recordings => recordings::pane::draw(&app.recordings, context, areas.list, buf),
            Tab::Prune => prune::pane::draw(&app.prune, context, areas.list, buf),
            Tab::Log => log::pane::draw(&app.log, &app.toasts, context, areas.list, buf),
            Tab::Diff => diff::pane::draw(&app.diff, context, areas.list, buf),
        }
    }
    if app.filter().error().is_some() {
        // It is not what the text asks for.
        buf.set_style(areas.list.intersection(buf.area), context.options.theme.tone(Tone::Dim));
    }
    if !areas.detail.is_empty() {
        match context.tab {
            Tab::Log => log::pane::draw_detail(app.detail.visible_lines(), context, areas.detail, buf),
            _ => detail::pane::draw(&app.detail, context, areas.detail, buf),
        }
    }
    if !areas.strip.is_empty() {
        live::strip::draw(&app.live, context, (areas.whole, areas.strip), buf);
    }
}

/// The line that fits on a screen too small for anything else.
fn one_line(app: &App) -> String {
    let (keymap, counters) = (&app.context.options.keymap, &app.context.world.counters);
    let flying = thousands(counters.in_flight);
    if app.scopes() == [KeyScope::Leaving] {
        let key = |action| keymap.key_in(KeyScope::Leaving, action).unwrap_or_default();
        let (go, stay) = (key(Action::Confirm), key(Action::Back));
        return format!("retake {flying} in flight; {go} quits at once, {stay} stays");
    }
    let hits = counters.hit_rate().map_or_else(String::new, |rate| format!("{:.0}% hit, ", rate * 100.0));
    format!("retake {hits}{flying} in flight; make the window 40x10 or larger")
}
