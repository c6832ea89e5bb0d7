//! The live list: calls as they happen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::LiveTab;
use crate::model::Call;
use crate::reading::human::duration;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::line::{Tone, Toned, clock, short_size, thousands};
use crate::tui::widgets::list_text::{no_result, title};
use crate::tui::widgets::table::{TableCell, TableColumn, TableRows};

const COLUMNS: [TableColumn; 7] = [
    TableColumn { title: "TIME", width: 8, grow: 0, right: false, leaves: 0 },
    TableColumn { title: "RES", width: 4, grow: 0, right: false, leaves: 0 },
    TableColumn { title: "ST", width: 3, grow: 0, right: false, leaves: 2 },
    TableColumn { title: "ENDPOINT", width: 18, grow: 4, right: false, leaves: 0 },
    TableColumn { title: "MODEL", width: 12, grow: 1, right: false, leaves: 3 },
    TableColumn { title: "TOOK", width: 6, grow: 0, right: true, leaves: 1 },
    TableColumn { title: "SIZE", width: 5, grow: 0, right: true, leaves: 4 },
];

/// Draws the list with its frame.
pub fn draw(tab: &LiveTab, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let shown = tab.list.keys().len();
    let all = context.world.calls.len() - context.world.calls.partition_point(|call| call.id <= tab.cleared);
    let title = title("Live", shown, all, &tab.list.filter);
    let new = tab.list.new_below();
    let last = context.key(KeyScope::Live, Action::Last);
    let alert = if tab.list.following() || shown == 0 {
        String::new()
    } else if new > 0 {
        format!("{} {} new below: {last} resumes", theme.mark("▼", "v"), thousands(new as u64))
    } else {
        format!("not following: {last} resumes")
    };
    let place_in_list =
        tab.list.index().map(|at| format!("{}/{}", thousands(at as u64 + 1), thousands(shown as u64)));
    let focused = !context.in_detail;
    let note = place_in_list.unwrap_or_default();
    let frame = PaneFrame { title: &title, alert: &alert, note: &note, focused };
    let inside = frame.draw(theme, place, buf);
    if shown == 0 {
        let air = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        let lines: Vec<Toned> =
            empty(tab, context).iter().flat_map(|line| line.wrapped(usize::from(air.width))).collect();
        draw::lines(buf, air, &lines, theme);
        return;
    }
    let rows =
        TableRows::of(&tab.list, inside, &COLUMNS, |id| context.call(*id).map(|call| cells(context, call)));
    TableRows { focused, ..rows }.draw(theme, inside, buf);
}

fn cells(context: &Context, call: &Call) -> Vec<TableCell> {
    let theme = &context.options.theme;
    let (plain, dim) = (theme.tone(Tone::Plain), theme.tone(Tone::Dim));
    let dots = theme.mark("…", "..");
    let label = if call.outcome.is_none() { dots } else { call.label() };
    let status = call.status.map_or_else(|| dots.to_owned(), |status| status.to_string());
    let failed = call.status.is_some_and(|status| status >= 400);
    let took =
        if call.done { call.total.unwrap_or(0) } else { context.now.since(call.at).saturating_mul(1000) };
    let endpoint = format!("{}{}", call.endpoint, if call.streamed { " sse" } else { "" });
    vec![
        (clock(call.at, &context.options.zone, "%H:%M:%S"), dim),
        (label.to_owned(), theme.outcome(call.label())),
        (status, if failed { theme.tone(Tone::Warning) } else { dim }),
        (sanitize(&endpoint).into_owned(), plain),
        (sanitize(call.model.as_deref().unwrap_or("-")).into_owned(), dim),
        (duration(took), if call.done { plain } else { theme.tone(Tone::Accent) }),
        (short_size(call.response_len), dim),
    ]
}

/// The lines of an empty list: how to fill it.
fn empty(tab: &LiveTab, context: &Context) -> Vec<Toned> {
    if !tab.list.filter.text().is_empty() {
        return no_result(&context.options.keymap, &tab.list.filter);
    }
    if !context.world.calls.is_empty() {
        let cleared = Toned::of(Tone::Strong, "The list was cleared.");
        return vec![Toned::default(), cleared.and(Tone::Plain, " Calls from now on show up here.")];
    }
    let url = sanitize(&context.options.url()).into_owned();
    let plain = |text: &str| Toned::of(Tone::Plain, text);
    let export = |name: &str, path: &str| {
        Toned::of(Tone::Dim, "export ").and(Tone::Strong, name).and(Tone::Accent, format!("={url}/{path}"))
    };
    vec![
        Toned::default(),
        Toned::of(Tone::Strong, "No calls yet.").and(Tone::Plain, " Point an SDK at this proxy:"),
        Toned::default(),
        export("OPENAI_BASE_URL", "openai/v1"),
        export("ANTHROPIC_BASE_URL", "anthropic"),
        export("GOOGLE_GEMINI_BASE_URL", "gemini"),
        Toned::default(),
        plain("and every call shows up here as it happens."),
        Toned::default(),
        Toned::of(Tone::Dim, "Now: ").and(Tone::Plain, context.world.mode.meaning()).and(Tone::Dim, "."),
        Toned::of(Tone::Accent, context.key(KeyScope::Live, Action::Mode))
            .and(Tone::Dim, " changes that, ")
            .and(Tone::Accent, context.key(KeyScope::Live, Action::Help))
            .and(Tone::Dim, " explains the keys."),
    ]
}
