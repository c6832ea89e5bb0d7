//! The list of recordings.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::draw::{self, Frame};
use super::table::{Cell, Column, Rows};
use crate::model::{Row, Strategy};
use crate::tui::app::App;
use crate::tui::line::{Tone, Toned, age, short_size, thousands};
use crate::tui::text::sanitize;

const COLUMNS: [Column; 8] = [
    Column { title: "HASH", width: 8, grow: 0, right: false, leaves: 0 },
    Column { title: "MODEL", width: 12, grow: 2, right: false, leaves: 5 },
    Column { title: "PROMPT", width: 14, grow: 5, right: false, leaves: 0 },
    Column { title: "MATCH", width: 6, grow: 0, right: false, leaves: 4 },
    Column { title: "HITS", width: 4, grow: 0, right: true, leaves: 1 },
    Column { title: "LAST", width: 5, grow: 0, right: true, leaves: 2 },
    Column { title: "SIZE", width: 5, grow: 0, right: true, leaves: 3 },
    Column { title: "", width: 2, grow: 0, right: false, leaves: 6 },
];

/// Draws the list with its frame.
pub fn draw(app: &App, place: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    let list = &app.recordings;
    let shown = list.keys().len();
    let title = title("Recordings", shown, app.world.rows.len(), list.filter.text());
    let at = list.index().map(|at| format!("{}/{}", thousands(at as u64 + 1), thousands(shown as u64)));
    let focused = !app.in_detail;
    let note = at.unwrap_or_default();
    let inside = Frame { title: &title, note: &note, focused, ..Frame::default() }.draw(theme, place, buf);
    if shown == 0 {
        let air = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        let width = usize::from(air.width);
        let lines: Vec<Toned> = empty(app).iter().flat_map(|line| line.wrapped(width)).collect();
        draw::lines(buf, air, &lines, theme);
        return;
    }
    let window = list.window(usize::from(inside.height.saturating_sub(1)));
    let visible = list.keys().get(window.clone()).unwrap_or_default();
    let rows = Rows {
        cells: visible
            .iter()
            .filter_map(|key| app.world.rows.get(&key.1))
            .map(|row| cells(app, row))
            .collect(),
        selected: list.index().and_then(|at| at.checked_sub(window.start)),
        first: window.start,
        total: shown,
        sideways: list.sideways,
        columns: &COLUMNS,
        focused,
    };
    rows.draw(theme, inside, buf);
}

/// `Live: 12 of 1,902 with "hat"`.
pub(super) fn title(name: &str, shown: usize, all: usize, filter: &str) -> String {
    if filter.is_empty() {
        return format!("{name} {}", thousands(all as u64));
    }
    format!("{name} {} of {} with \"{}\"", thousands(shown as u64), thousands(all as u64), sanitize(filter))
}

/// What a filter without a result says.
pub(super) fn no_result(filter: &str) -> Vec<Toned> {
    vec![
        Toned::default(),
        Toned::of(Tone::Strong, format!("Nothing matches \"{}\".", sanitize(filter))),
        Toned::default(),
        Toned::of(Tone::Accent, "Esc")
            .and(Tone::Dim, " clears the filter, ")
            .and(Tone::Accent, "\\")
            .and(Tone::Dim, " turns it off."),
    ]
}

fn cells(app: &App, row: &Row) -> Vec<Cell> {
    let theme = &app.options.theme;
    let (plain, dim) = (theme.tone(Tone::Plain), theme.tone(Tone::Dim));
    let prompt = row.name.as_deref().or(row.prompt.as_deref()).unwrap_or(&row.endpoint);
    let last = row.usage.last_hit.map_or_else(|| "never".to_owned(), |at| age(at, app.now));
    let unused = row.usage.hits == 0;
    vec![
        (row.hash.short(), theme.tone(Tone::Accent)),
        (sanitize(row.model.as_deref().unwrap_or("-")).into_owned(), dim),
        (sanitize(prompt).into_owned(), plain),
        (strategy(&row.strategy).to_owned(), dim),
        (thousands(row.usage.hits), if unused { dim } else { plain }),
        (last, dim),
        (short_size(row.size), plain),
        (marks(app, row), if row.completeness.replayable() { dim } else { theme.tone(Tone::Warning) }),
    ]
}

fn strategy(strategy: &Strategy) -> &'static str {
    match strategy {
        Strategy::Standard { ignored } if ignored.is_empty() => "std",
        Strategy::Standard { .. } => "std-",
        Strategy::Specific { .. } => "spec",
        other => other.word(),
    }
}

/// A picture inside, protected, not whole.
fn marks(app: &App, row: &Row) -> String {
    let picture = if row.images > 0 { app.options.theme.mark("▣", "i") } else { "" };
    let other = match row {
        row if !row.completeness.replayable() => "!",
        row if row.protected => "P",
        _ => "",
    };
    format!("{picture}{other}")
}

/// What an empty list teaches.
fn empty(app: &App) -> Vec<Toned> {
    if !app.world.rows.is_empty() {
        return no_result(app.recordings.filter.text());
    }
    let step =
        |number: &str, text: String| Toned::of(Tone::Accent, format!("{number}  ")).and(Tone::Plain, text);
    let first = if app.world.mode.stores() {
        format!("The mode is {}: calls are stored.", app.world.mode)
    } else {
        format!("Press m and choose replay-or-record (now: {}).", app.world.mode)
    };
    vec![
        Toned::default(),
        Toned::of(Tone::Strong, "No recordings yet.").and(Tone::Plain, " To record the first one:"),
        Toned::default(),
        step("1", first),
        step("2", format!("Point an SDK at {} (tab 1 shows how).", sanitize(&app.options.url()))),
        step("3", "Make a call with your own API key; it shows up here.".into()),
    ]
}
