//! The strip below the live list: how long calls take, where they miss, how the upstreams are; before the first call,
//! how to make one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::state::LiveTab;
use super::stats::OutcomeTimes;
use crate::reading::human::duration;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::layout;
use crate::tui::widgets::line::{Tone, Toned, fit, thousands};

/// Size from which on there is room for numbers.
const ROOM: (u16, u16) = (120, 30);
/// Endpoints that are named.
const PLACES: usize = 6;
/// Columns of the part about times.
const TIMES: u16 = 40;
/// Columns of the bars about times.
const BARS: usize = 12;

/// The rows that it wants on a screen of this size, its frame included.
#[must_use]
pub fn height(tab: &LiveTab, context: &Context, whole: Rect) -> u16 {
    let banner = context.options.start.banner.len().min(4);
    let rows = if has_numbers(tab, whole) {
        let above = tab.stats.occurred().max(tab.stats.misses(PLACES).len()).max(3);
        above + 1 + banner.min(1)
    } else {
        banner
    };
    let rows = u16::try_from(rows).unwrap_or(0);
    if rows == 0 { 0 } else { rows + 2 }
}

fn has_numbers(tab: &LiveTab, whole: Rect) -> bool {
    whole.width >= ROOM.0 && whole.height >= ROOM.1 && tab.stats.occurred() > 0
}

/// Draws it. Where there is one line only, it is the last one of how to make a call.
pub fn draw(tab: &LiveTab, context: &Context, (whole, place): (Rect, Rect), buf: &mut Buffer) {
    let theme = &context.options.theme;
    if let (1, Some(last)) = (place.height, context.options.start.banner.last()) {
        let mut row = Rect { x: place.x + 1, width: place.width.saturating_sub(2), ..place };
        draw::write(buf, &mut row, &sanitize(last), theme.tone(Tone::Dim));
        return;
    }
    let numbers = has_numbers(tab, whole);
    let title = if numbers { "Latency p50/p95 · misses, last 15 min" } else { "Try it" };
    let inside = PaneFrame { title, ..PaneFrame::default() }.draw(theme, place, buf);
    let mut rows = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
    if !numbers {
        for line in &context.options.start.banner {
            let mut row = layout::from_top(&mut rows, 1);
            draw::write(buf, &mut row, &sanitize(line), theme.tone(Tone::Plain));
        }
        return;
    }
    if let Some(last) = context.options.start.banner.last() {
        let mut row = layout::from_bottom(&mut rows, 1);
        draw::write(buf, &mut row, &sanitize(last), theme.tone(Tone::Dim));
    }
    draw::toned(buf, layout::from_bottom(&mut rows, 1), &health(tab, context), theme);
    let mut left = layout::from_left(&mut rows, TIMES);
    for times in tab.stats.times() {
        took(context, &times, layout::from_top(&mut left, 1), buf);
    }
    misses(tab, context, rows, buf);
}

fn took(context: &Context, times: &OutcomeTimes<'_>, mut row: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let label = times.outcome.label();
    draw::write(buf, &mut row, &fit(label, 5, false), theme.outcome(label));
    let bars = draw::sparkline(times.all.iter().copied(), BARS.min(times.all.len()), theme);
    draw::write(buf, &mut row, &fit(&bars, BARS + 1, false), theme.tone(Tone::Accent));
    draw::write(buf, &mut row, &fit(&duration(times.p50), 6, true), theme.tone(Tone::Plain));
    draw::write(buf, &mut row, " / ", theme.tone(Tone::Dim));
    draw::write(buf, &mut row, &fit(&duration(times.p95), 6, true), theme.tone(Tone::Plain));
}

fn misses(tab: &LiveTab, context: &Context, mut place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let places = tab.stats.misses(PLACES);
    if places.is_empty() {
        draw::toned(buf, place, &Toned::of(Tone::Dim, "No call missed."), theme);
        return;
    }
    let most = places.first().map_or(1, |(_, count)| *count).max(1);
    let name = usize::from(place.width / 2).min(36);
    let room = u64::from(place.width).saturating_sub(name as u64 + 8).min(30);
    // A column for each miss, while there is room for that: one miss is no alarm.
    let most = most.max(room);
    for (endpoint, count) in places {
        let mut row = layout::from_top(&mut place, 1);
        draw::write(buf, &mut row, &fit(&sanitize(endpoint), name + 1, false), theme.tone(Tone::Plain));
        let bar = usize::try_from((count.saturating_mul(room) / most).max(1)).unwrap_or(1);
        draw::write(buf, &mut row, &theme.mark("█", "#").repeat(bar), theme.tone(Tone::Warning));
        draw::write(buf, &mut row, &format!(" {}", thousands(count)), theme.tone(Tone::Dim));
    }
}

/// `openai ok  fal 429 (retry-after 20s)   3 coalesced  1 partial  0 events dropped`.
fn health(tab: &LiveTab, context: &Context) -> Toned {
    let mut line = Toned::default();
    for (mount, health) in tab.stats.upstreams() {
        let tone = if health.is_well() { Tone::Good } else { Tone::Bad };
        let word = health.word();
        line = line.and(Tone::Dim, format!("{} ", sanitize(mount))).and(tone, format!("{word}  "));
    }
    if line.text().width() == 0 {
        line = line.and(Tone::Dim, "no upstream asked  ");
    }
    let counters = &context.world.counters;
    let counts = [
        (counters.coalesced, "coalesced", Tone::Dim),
        (counters.partial, "partial", Tone::Warning),
        (tab.stats.lost, "events dropped here", Tone::Warning),
    ];
    for (count, name, tone) in counts {
        if count > 0 {
            line = line.and(tone, format!("  {} {name}", thousands(count)));
        }
    }
    line
}
