//! The query, the totals of the plan, and the plan.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::PruneFate;
use super::state::PruneTab;
use crate::engine::wording;
use crate::model::RecordingId;
use crate::reading::sanitize;
use crate::retention::Reason;
use crate::tui::contract::context::Context;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::layout;
use crate::tui::widgets::line::{Tone, Toned, age, clock, fit, short_size, thousands};
use crate::tui::widgets::table::{TableCell, TableColumn, TableRows};

const COLUMNS: [TableColumn; 8] = [
    TableColumn { title: "", width: 6, grow: 0, right: false, leaves: 0 },
    TableColumn { title: "HASH", width: 8, grow: 0, right: false, leaves: 5 },
    TableColumn { title: "MODEL", width: 10, grow: 1, right: false, leaves: 7 },
    TableColumn { title: "WHY", width: 16, grow: 4, right: false, leaves: 0 },
    TableColumn { title: "SIZE", width: 5, grow: 0, right: true, leaves: 1 },
    TableColumn { title: "HITS", width: 4, grow: 0, right: true, leaves: 2 },
    TableColumn { title: "LAST", width: 5, grow: 0, right: true, leaves: 3 },
    TableColumn { title: "COST", width: 8, grow: 0, right: true, leaves: 4 },
];
/// The query, and what is wrong with it or three lines of sums.
const HEAD: u16 = 4;

/// Lines above the table of this pane: where there are few, some are for recordings.
#[must_use]
pub fn head(pane: Rect) -> u16 {
    if pane.height < 12 { 2 } else { HEAD }
}

/// The line of the query.
#[must_use]
pub fn query_line(pane: Rect) -> Rect {
    let inside = layout::text(pane);
    Rect { height: inside.height.min(1), ..inside }
}

/// Draws the list with its frame.
pub fn draw(tab: &PruneTab, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let list = &tab.list;
    let plan = tab.plan(context);
    let shown = if plan.is_some() { list.keys().len() } else { 0 };
    let title = match plan {
        Some(plan) => {
            format!("Prune {} of {}", thousands(plan.remove.len()), thousands(context.world.rows.len()))
        }
        None => "Prune".into(),
    };
    let at = list
        .index()
        .filter(|_| shown > 0)
        .map(|at| format!("{}/{}", thousands(at + 1), thousands(shown)))
        .unwrap_or_default();
    let focused = !context.in_detail;
    let mut inside =
        PaneFrame { title: &title, note: &at, focused, ..PaneFrame::default() }.draw(theme, place, buf);
    let head = layout::from_top(&mut inside, head(place));
    let filter = &tab.list.filter;
    if filter.saved().is_empty() && filter.input.is_none() {
        let hint = Toned::of(Tone::Accent, key(context, Action::Presets))
            .and(Tone::Dim, " picks a query, ")
            .and(Tone::Accent, key(context, Action::Filter))
            .and(Tone::Dim, " types one");
        draw::toned(buf, query_line(place), &hint, theme);
    }
    let below = layout::text(place).intersection(Rect {
        y: head.y + 1,
        height: head.height.saturating_sub(1),
        ..head
    });
    let width = usize::from(below.width);
    let has_query = tab.plan_query().is_some();
    let lines: Vec<Toned> = match (filter.error(), &context.cache.prune.result, plan) {
        // What is wrong stands beside the query.
        (Some(error), ..) if !error.expected.is_empty() => {
            let text = format!("expected: {}", error.expected.join(", "));
            let expected = Toned::of(Tone::Dim, sanitize(&text)).wrapped(width);
            std::iter::once(Toned::default()).chain(expected).collect()
        }
        (None, Some(Err(why)), _) if has_query => Toned::of(Tone::Bad, sanitize(why)).wrapped(width),
        (None, _, Some(_)) => tab.totals.iter().flat_map(|line| line.wrapped(width)).collect(),
        _ if has_query => vec![Toned::of(Tone::Dim, "planning")],
        _ => Vec::new(),
    };
    draw::lines(buf, below, &lines, theme);
    if shown == 0 {
        empty(tab, context, inside, buf);
        return;
    }
    let rows = TableRows::of(list, inside, &COLUMNS, |key| Some(cells(tab, context, &key.2)));
    TableRows { focused, ..rows }.draw(theme, inside, buf);
}

fn cells(tab: &PruneTab, context: &Context, id: &RecordingId) -> Vec<TableCell> {
    let theme = &context.options.theme;
    let (plain, dim) = (theme.tone(Tone::Plain), theme.tone(Tone::Dim));
    let row = context.world.rows.get(id);
    let hash = row.map(|row| row.hash.short()).unwrap_or_default();
    let model = row.and_then(|row| row.model.as_deref()).unwrap_or("-");
    let last = |at: Option<crate::model::Timestamp>| {
        at.map_or_else(|| "never".to_owned(), |at| age(at, context.now))
    };
    match tab.plan(context).and_then(|plan| tab.fate(plan, id)) {
        Some(PruneFate::Goes(removal)) => {
            let style = theme.tone(if removal.in_use { Tone::Warning } else { Tone::Plain });
            vec![
                ("delete".into(), theme.tone(Tone::Bad)),
                (hash, theme.tone(Tone::Accent)),
                (sanitize(model).into_owned(), dim),
                (sanitize(&wording::removal_reasons(removal)).into_owned(), style),
                (short_size(removal.bytes), plain),
                (thousands(removal.hits), if removal.hits == 0 { dim } else { plain }),
                (last(removal.last_hit), dim),
                (removal.cost.map_or_else(|| "?".into(), |cost| cost.to_string()), dim),
            ]
        }
        fate => {
            let spared = if let Some(PruneFate::Stays(spared)) = fate { Some(spared) } else { None };
            let spared_here = tab.keep.contains(id);
            let used = row.map(|row| row.usage.everywhere()).unwrap_or_default();
            vec![
                (
                    if spared_here { "spared".into() } else { "keep".into() },
                    theme.tone(if spared_here { Tone::Good } else { Tone::Dim }),
                ),
                (hash, dim),
                (sanitize(model).into_owned(), dim),
                (spared.map(|spared| kept_because(&spared.reason, context)).unwrap_or_default(), dim),
                (spared.map(|spared| short_size(spared.bytes)).unwrap_or_default(), dim),
                (thousands(used.count), dim),
                (last(used.last), dim),
                (String::new(), dim),
            ]
        }
    }
}

fn kept_because(reason: &Reason, context: &Context) -> String {
    let date = |at| clock(at, &context.options.zone, "%m-%d %H:%M");
    sanitize(&wording::keep_reason(reason, date)).into_owned()
}

fn key(context: &Context, action: Action) -> String {
    context.key(KeyScope::Prune, action)
}

/// The lines of an empty plan: how to make one.
fn empty(tab: &PruneTab, context: &Context, place: Rect, buf: &mut Buffer) {
    let air = Rect { x: place.x + u16::from(place.width > 1), width: place.width.saturating_sub(2), ..place };
    if !tab.query().is_empty() {
        return;
    }
    let step = |action, text: &str| {
        Toned::of(Tone::Accent, fit(&key(context, action), 7, false)).and(Tone::Dim, text)
    };
    let lines = [
        Toned::of(Tone::Strong, "Delete fixtures that no test uses."),
        Toned::default(),
        Toned::of(
            Tone::Plain,
            "Pick a query; the plan lists what would go and what speaks against it. Nothing is deleted until you confirm.",
        ),
        Toned::default(),
        step(Action::Presets, "preset queries"),
        step(Action::Filter, "type one, such as unused:>90d -tag:ci"),
        step(Action::Mark, "spares the selected recording"),
        step(Action::Delete, "deletes what the plan lists, after asking"),
    ];
    let lines: Vec<Toned> = lines.iter().flat_map(|line| line.wrapped(usize::from(air.width))).collect();
    draw::lines(buf, air, &lines, &context.options.theme);
}
