//! Misses by cause: a row for each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::causes::MissCause;
use super::state::LiveTab;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::line::{Tone, Toned, clock, thousands};
use crate::tui::widgets::table::{TableCell, TableColumn, TableRows};

const COLUMNS: [TableColumn; 6] = [
    TableColumn { title: "MISSES", width: 6, grow: 0, right: true, leaves: 0 },
    TableColumn { title: "LAST", width: 8, grow: 0, right: false, leaves: 2 },
    TableColumn { title: "DIFFERS IN", width: 14, grow: 4, right: false, leaves: 0 },
    TableColumn { title: "ENDPOINT", width: 16, grow: 2, right: false, leaves: 1 },
    TableColumn { title: "NEAREST", width: 12, grow: 1, right: false, leaves: 3 },
    TableColumn { title: "", width: 5, grow: 0, right: false, leaves: 0 },
];

/// Draws the list with its frame.
pub fn draw(tab: &LiveTab, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let list = &tab.causes.list;
    let shown = list.keys().len();
    let misses = tab.causes.misses();
    let title = format!(
        "{} miss{} by cause{}",
        thousands(misses as u64),
        if misses == 1 { "" } else { "es" },
        if tab.list.filter.text().is_empty() { "" } else { ", filtered" }
    );
    let back = context.key(KeyScope::List, Action::Back);
    let at = list.index().map(|at| format!("{}/{}  {back} all calls", at + 1, shown)).unwrap_or_default();
    let focused = !context.in_detail;
    let inside =
        PaneFrame { title: &title, note: &at, focused, ..PaneFrame::default() }.draw(theme, place, buf);
    if shown == 0 {
        let air = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        let line =
            Toned::of(Tone::Strong, "No call missed. ").and(Tone::Dim, format!("{back} shows all calls."));
        draw::lines(buf, air, &line.wrapped(usize::from(air.width)), theme);
        return;
    }
    let rows = TableRows::of(list, inside, &COLUMNS, |reason| Some(cells(tab, context, reason)));
    TableRows { sideways: tab.list.sideways, focused, ..rows }.draw(theme, inside, buf);
}

fn cells(tab: &LiveTab, context: &Context, reason: &MissCause) -> Vec<TableCell> {
    let theme = &context.options.theme;
    let (plain, dim) = (theme.tone(Tone::Plain), theme.tone(Tone::Dim));
    let group = tab.causes.group(reason);
    let last = group.and_then(|(_, newest)| context.call(newest)).map(|call| call.at);
    let nearest = reason.cause.as_ref().map(|cause| &cause.nearest);
    let row = nearest.and_then(|id| context.world.rows.get(id));
    let mended = row.is_some_and(|row| reason.is_mended(row));
    let times = theme.mark("×", "x");
    let count = group.map_or_else(String::new, |(count, _)| format!("{}{times}", thousands(count as u64)));
    vec![
        (count, if mended { dim } else { theme.tone(Tone::Warning) }),
        (last.map_or_else(String::new, |at| clock(at, &context.options.zone, "%H:%M:%S")), dim),
        (sanitize(&reason.fields()).into_owned(), plain),
        (sanitize(&reason.endpoint).into_owned(), plain),
        (nearest.map_or_else(|| "-".to_owned(), ToString::to_string), dim),
        (if mended { "fixed" } else { "" }.to_owned(), theme.tone(Tone::Good)),
    ]
}
