//! The first two lines: what the proxy does, and the tabs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::state::App;
use crate::reading::human::size;
use crate::reading::sanitize;
use crate::tui::input::tab::Tab;
use crate::tui::widgets::draw;
use crate::tui::widgets::line::{Tone, thousands};

/// Draws the top line: mode, address and counts.
pub(super) fn draw(app: &App, mut place: Rect, buf: &mut Buffer) {
    let theme = &app.context.options.theme;
    let options = &app.context.options;
    place = Rect { x: place.x + 1, width: place.width.saturating_sub(2), ..place };
    draw::write(buf, &mut place, "retake", theme.title(true));
    if let Some(suffix) = &options.start.suffix {
        draw::write(buf, &mut place, &format!(" {}", sanitize(suffix)), theme.tone(Tone::Warning));
    }
    let flying = app.context.world.counters.in_flight;
    let tone = if flying > 0 { Tone::Accent } else { Tone::Dim };
    let mode = app.context.world.mode;
    let left = UnicodeWidthStr::width(mode.as_str()) + 6;
    // The mode matters most; counts give way to it.
    let right = [
        (format!("  {} in flight", thousands(flying)), tone),
        (
            format!(
                "{} rec, {}",
                thousands(app.context.world.rows.len() as u64),
                size(app.recordings.stored_bytes)
            ),
            Tone::Dim,
        ),
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
    let route = format!("{} {arrow} {}", sanitize(&options.start.address), sanitize(&options.start.upstream));
    let route = if !options.start.upstream.is_empty() && usize::from(place.width) > route.width() + 4 {
        route
    } else {
        sanitize(&options.start.address).into_owned()
    };
    if usize::from(place.width) > route.width() + 4 {
        draw::write(buf, &mut place, &format!("   {route}"), theme.tone(Tone::Dim));
    }
}

/// The tabs as they stand on a line of so many columns; the one in front in brackets.
pub(super) fn tab_names(app: &App, columns: u16) -> [(Tab, String); 5] {
    let name = |tab: Tab, short: bool| {
        let key = app.context.options.keymap.key_of(tab.action()).unwrap_or_default();
        // Errors that nobody saw in the log; a side that waits for the other.
        let badge = match tab {
            Tab::Log if app.toasts.unseen() > 0 && short => "!",
            Tab::Log if app.toasts.unseen() > 0 => " !",
            Tab::Diff if app.diff.first.is_some() => ": A picked",
            _ => "",
        };
        let title = if short { tab.short() } else { tab.title() };
        let (open, close) = if app.context.tab == tab { ("[", "]") } else { (" ", " ") };
        (tab, format!("{open}{key} {title}{badge}{close}"))
    };
    let long = Tab::ALL.map(|tab| name(tab, false));
    if long.iter().map(|(_, text)| text.width()).sum::<usize>() <= usize::from(columns) {
        return long;
    }
    Tab::ALL.map(|tab| name(tab, true))
}

/// Draws the tabs, and the gauges beside them.
pub(super) fn draw_tabs(app: &App, mut place: Rect, buf: &mut Buffer) {
    let theme = &app.context.options.theme;
    for (tab, text) in tab_names(app, place.width) {
        let front = app.context.tab == tab;
        draw::write(buf, &mut place, &text, if front { theme.title(true) } else { theme.tone(Tone::Dim) });
    }
    place.width = place.width.saturating_sub(1);
    let hit = app.context.world.counters.hit_rate();
    let gauge = hit.map_or(0, tenths);
    let (full, hollow) = (theme.mark("█", "#"), theme.mark("░", "."));
    let percent = hit.map_or_else(|| "  - ".into(), |rate| format!("{:>3.0}%", rate * 100.0));
    let rate = app
        .live
        .rates
        .back()
        .copied()
        .unwrap_or(0)
        .max(app.live.rates.iter().rev().nth(1).copied().unwrap_or(0));
    if place.width < 24 {
        return;
    }
    let saved = app.context.cache.stats.value().filter(|stats| stats.saved.0 > 0);
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
    let bars = draw::sparkline(app.live.rates.iter().copied(), 20.min(usize::from(place.width) - 12), theme);
    draw::write_right(buf, &mut place, &bars, theme.tone(Tone::Accent));
    draw::write_right(buf, &mut place, "  req/s ", theme.tone(Tone::Dim));
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share between 0 and 1")]
fn tenths(rate: f64) -> usize {
    (rate.clamp(0.0, 1.0) * 10.0).round() as usize
}
