//! The screen: header, tabs, panes, hints, and what lies over them.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::state::App;
use crate::model::Level;
use crate::tui::content::text::{sanitize, size};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::keymap::KeyMeaning;
use crate::tui::input::spelling;
use crate::tui::input::tab::Tab;
use crate::tui::overlay::Overlay;
use crate::tui::widgets::layout::{self, Areas, ScreenClass};
use crate::tui::widgets::line::{Tone, Toned, cut, thousands};
use crate::tui::widgets::{draw, filter_line};
use crate::tui::{detail, diff, live, log, prune, recordings};

/// Draws everything.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let areas = app.areas_on(frame.area());
    let spot = paint(app, &areas, frame.buffer_mut());
    if app.options.theme.ascii {
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
    if areas.class == ScreenClass::Line {
        let lines = Toned::of(Tone::Plain, one_line(app)).wrapped(usize::from(areas.whole.width));
        draw::lines(buf, areas.whole, &lines, &app.options.theme);
        return None;
    }
    header(app, areas.header, buf);
    tabs(app, areas.tabs, buf);
    if !areas.list.is_empty() {
        match app.tab {
            Tab::Live if app.causes.shown => live::causes_pane::draw(app, areas.list, buf),
            Tab::Live => live::pane::draw(app, areas.list, buf),
            Tab::Recordings => recordings::pane::draw(app, areas.list, buf),
            Tab::Prune => prune::pane::draw(app, areas.list, buf),
            Tab::Log => log::pane::draw(app, areas.list, buf),
            Tab::Diff => diff::pane::draw(app, areas.list, buf),
        }
    }
    if app.filter().error().is_some() {
        // It is not what the text asks for.
        buf.set_style(areas.list.intersection(buf.area), app.options.theme.tone(Tone::Dim));
    }
    if !areas.detail.is_empty() {
        match app.tab {
            Tab::Log => log::pane::detail(app, areas.detail, buf),
            _ => detail::pane::draw(app, areas.detail, buf),
        }
    }
    if !areas.strip.is_empty() {
        live::strip::draw(app, areas.whole, areas.strip, buf);
    }
    hints(app, areas.status, buf);
    let above = app.overlay.as_ref().is_some_and(Overlay::fills);
    if !above {
        toast(app, areas, buf);
    }
    let line = if app.tab == Tab::Prune { prune::pane::query_line(areas.list) } else { areas.filter };
    let typed = filter_line::draw(app, line, buf);
    if matches!(app.overlay, Some(Overlay::Filter)) {
        return typed;
    }
    let overlay = app.overlay.as_ref()?;
    let whole = matches!(overlay, Overlay::Picture);
    let body = Rect { height: areas.whole.height.saturating_sub(1), ..areas.whole };
    let spot = overlay.draw(app, if whole { areas.whole } else { body }, buf);
    if above {
        toast(app, areas, buf);
    }
    let spot = spot?;
    areas.whole.contains(spot.into()).then_some(spot)
}

/// All that fits on a screen too small for anything else.
fn one_line(app: &App) -> String {
    let keymap = &app.options.keymap;
    if matches!(app.overlay, Some(Overlay::Leaving)) {
        let key = |action| keymap.key_in(KeyScope::Leaving, action).unwrap_or_default();
        let (go, stay) = (key(Action::Confirm), key(Action::Back));
        return format!(
            "retake {} in flight; {go} quits at once, {stay} stays",
            thousands(app.world.counters.in_flight)
        );
    }
    let hits =
        app.world.counters.hit_rate().map_or_else(String::new, |rate| format!("{:.0}% hit, ", rate * 100.0));
    let flying = thousands(app.world.counters.in_flight);
    format!("retake {hits}{flying} in flight; make the window 40x10 or larger")
}

fn header(app: &App, mut place: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    let options = &app.options;
    place = Rect { x: place.x + 1, width: place.width.saturating_sub(2), ..place };
    draw::write(buf, &mut place, "retake", theme.title(true));
    if let Some(suffix) = &options.suffix {
        draw::write(buf, &mut place, &format!(" {}", sanitize(suffix)), theme.tone(Tone::Warning));
    }
    let flying = app.world.counters.in_flight;
    let tone = if flying > 0 { Tone::Accent } else { Tone::Dim };
    let mode = app.world.mode;
    let left = UnicodeWidthStr::width(mode.as_str()) + 6;
    // The mode matters most; counts give way to it.
    let right = [
        (format!("  {} in flight", thousands(flying)), tone),
        (format!("{} rec, {}", thousands(app.world.rows.len() as u64), size(app.stored)), Tone::Dim),
    ];
    for (text, tone) in right {
        if usize::from(place.width) > left + text.width() {
            draw::write_right(buf, &mut place, &text, theme.tone(tone));
        }
    }
    // A mode in which calls may leave the machine is not painted green.
    let tone = if mode.forwards() { Tone::Warning } else { Tone::Good };
    draw::write(buf, &mut place, theme.mark("  ● ", "  * "), theme.tone(tone));
    draw::write(buf, &mut place, mode.as_str(), theme.tone(Tone::Strong));
    let arrow = theme.mark("→", "->");
    let route = format!("{} {arrow} {}", sanitize(&options.address), sanitize(&options.upstream));
    let route = if !options.upstream.is_empty() && usize::from(place.width) > route.width() + 4 {
        route
    } else {
        sanitize(&options.address).into_owned()
    };
    if usize::from(place.width) > route.width() + 4 {
        draw::write(buf, &mut place, &format!("   {route}"), theme.tone(Tone::Dim));
    }
}

/// The tabs as they stand on a line of so many columns; the one in front in brackets.
pub(crate) fn tab_names(app: &App, columns: u16) -> [(Tab, String); 5] {
    let name = |tab: Tab, short: bool| {
        let key = app.options.keymap.key_of(tab.action()).unwrap_or_default();
        // Errors that nobody saw in the log; a side that waits for the other.
        let badge = match tab {
            Tab::Log if app.toasts.unseen() > 0 && short => "!",
            Tab::Log if app.toasts.unseen() > 0 => " !",
            Tab::Diff if app.diff.first.is_some() => ": A picked",
            _ => "",
        };
        let title = if short { tab.short() } else { tab.title() };
        let (open, close) = if app.tab == tab { ("[", "]") } else { (" ", " ") };
        (tab, format!("{open}{key} {title}{badge}{close}"))
    };
    let long = Tab::ALL.map(|tab| name(tab, false));
    if long.iter().map(|(_, text)| text.width()).sum::<usize>() <= usize::from(columns) {
        return long;
    }
    Tab::ALL.map(|tab| name(tab, true))
}

fn tabs(app: &App, mut place: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    for (tab, text) in tab_names(app, place.width) {
        let front = app.tab == tab;
        draw::write(buf, &mut place, &text, if front { theme.title(true) } else { theme.tone(Tone::Dim) });
    }
    place.width = place.width.saturating_sub(1);
    let hit = app.world.counters.hit_rate();
    let gauge = hit.map_or(0, tenths);
    let (full, hollow) = (theme.mark("█", "#"), theme.mark("░", "."));
    let percent = hit.map_or_else(|| "  - ".into(), |rate| format!("{:>3.0}%", rate * 100.0));
    let rate =
        app.rates.back().copied().unwrap_or(0).max(app.rates.iter().rev().nth(1).copied().unwrap_or(0));
    if place.width < 24 {
        return;
    }
    let saved = app.known.stats.known().filter(|stats| stats.saved.0 > 0);
    if let Some(stats) = saved.filter(|_| place.width >= 32) {
        draw::write_right(buf, &mut place, &stats.saved.to_string(), theme.tone(Tone::Good));
        draw::write_right(buf, &mut place, "  saved ", theme.tone(Tone::Dim));
    }
    draw::write_right(buf, &mut place, &percent, theme.tone(Tone::Plain));
    draw::write_right(buf, &mut place, &hollow.repeat(10 - gauge), theme.frame(false));
    draw::write_right(buf, &mut place, &full.repeat(gauge), theme.tone(Tone::Good));
    draw::write_right(buf, &mut place, "hit ", theme.tone(Tone::Dim));
    if place.width < 34 {
        return;
    }
    draw::write_right(buf, &mut place, &format!(" {:>3}   ", thousands(rate)), theme.tone(Tone::Plain));
    let bars = draw::sparkline(app.rates.iter().copied(), 20.min(usize::from(place.width) - 12), theme);
    draw::write_right(buf, &mut place, &bars, theme.tone(Tone::Accent));
    draw::write_right(buf, &mut place, "  req/s ", theme.tone(Tone::Dim));
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share between 0 and 1")]
fn tenths(rate: f64) -> usize {
    (rate.clamp(0.0, 1.0) * 10.0).round() as usize
}

/// The keys that matter here, from the keymap; the least important leave when there is no room.
fn hints(app: &App, place: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    let mut hints = Vec::new();
    let scopes = app.scopes();
    for (nth, scope) in scopes.iter().enumerate().rev() {
        let found = app.options.keymap.bindings().filter(|bound| bound.scope == *scope);
        hints.extend(found.filter_map(|bound| {
            // A key that means something else nearer by does not mean this.
            let key = bound.keys.first()?;
            let meant = app.options.keymap.meaning(&scopes[..nth], key);
            // Where there is no list to filter, or no room for a detail, no key is offered for it.
            let tiny = app.overlay.is_none() && app.areas().class == ScreenClass::Tiny;
            let listless = (bound.action == Action::Filter && app.tab == Tab::Diff)
                || (bound.action == Action::Open && tiny);
            if meant != KeyMeaning::Nothing && meant != KeyMeaning::Beginning || listless {
                return None;
            }
            let ((text, order), key) = (bound.hint?, bound.keys.first()?);
            Some((order, spelling::shown(key), text))
        }));
    }
    let wide = |hints: &[(u8, String, &str)]| -> usize {
        hints.iter().map(|(_, key, text)| key.width() + text.width() + 3).sum()
    };
    while wide(&hints) > usize::from(place.width) + 1 {
        let Some(at) = (0..hints.len()).max_by_key(|at| hints[*at].0) else { break };
        hints.remove(at);
    }
    hints.sort_by_key(|(order, ..)| if *order == 0 { u8::MAX } else { *order });
    let mut place = Rect { x: place.x + 1, width: place.width.saturating_sub(1), ..place };
    if let Some((done, of)) = app.under {
        let key = app.options.keymap.told(KeyScope::List, Action::Back);
        let text = format!("recording anew: {} of {of}, {key} stops  ", (done + 1).min(of));
        draw::write(buf, &mut place, &text, theme.tone(Tone::Warning));
    }
    for (_, key, text) in hints {
        draw::write(buf, &mut place, &key, theme.tone(Tone::Accent));
        draw::write(buf, &mut place, &format!(" {text}"), theme.tone(Tone::Dim));
        layout::from_left(&mut place, 2);
    }
}

/// The newest message, in a box over the lower right corner of the panes.
fn toast(app: &App, areas: &Areas, buf: &mut Buffer) {
    let Some((toast, more)) = app.toasts.newest() else { return };
    let theme = &app.options.theme;
    let closes = format!("Error: {} closes", app.options.keymap.told(KeyScope::List, Action::Back));
    let (tone, title) = match toast.level {
        Level::Info => (Tone::Good, ""),
        Level::Warning => (Tone::Warning, "Warning"),
        Level::Error => (Tone::Bad, closes.as_str()),
    };
    // A few lines are shown; an upstream's own words may be endless.
    let beginning: String = toast.text.chars().take(600).collect();
    let text = sanitize(&beginning);
    let widest = usize::from(areas.whole.width.saturating_sub(6)).min(70);
    let lines = Toned::of(Tone::Plain, text).wrapped(widest);
    let width = lines.iter().map(|line| line.text().width()).max().unwrap_or(0).max(title.width() + 2);
    let height = lines.len().min(5);
    let (Ok(width), Ok(height)) = (u16::try_from(width + 4), u16::try_from(height + 2)) else { return };
    let bottom = if areas.filter.is_empty() { areas.status.y } else { areas.filter.y };
    let place = Rect {
        x: areas.whole.right().saturating_sub(width + 1),
        y: bottom.saturating_sub(height),
        width,
        height,
    }
    .intersection(areas.whole);
    Clear.render(place, buf);
    let note = if more > 0 { format!("{more} more") } else { String::new() };
    let frame = draw::PaneFrame { title, note: &note, ..draw::PaneFrame::default() };
    let inside = frame.draw(theme, place, buf);
    let edge = theme.tone(tone);
    for y in place.top()..place.bottom() {
        for x in [place.left(), place.right().saturating_sub(1)] {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_style(edge);
            }
        }
    }
    let air = Rect { x: inside.x + 1, width: inside.width.saturating_sub(1), ..inside };
    let shown: Vec<Toned> =
        lines.iter().map(|line| Toned::of(Tone::Plain, cut(&line.text(), widest))).collect();
    draw::lines(buf, air, &shown, theme);
}
