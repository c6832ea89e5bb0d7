//! The list of recordings.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::RecordingsTab;
use super::take_groups::GroupPlace;
use crate::model::{Derivation, Ending, RecordingId, Row, Strategy};
use crate::reading::human::duration;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::legend::LEGEND;
use crate::tui::listing::order::{RowOrder, SortBy};
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::line::{Tone, Toned, age, short_size, thousands};
use crate::tui::widgets::list_text::{no_result, title};
use crate::tui::widgets::table::{TableCell, TableColumn, TableRows};

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowColumn {
    Mark,
    Hash,
    Model,
    Prompt,
    Tags,
    Scope,
    Strategy,
    Nth,
    Hits,
    Last,
    Size,
    Flags,
    /// The column that the list is sorted by, where no other one shows it.
    Sorted,
}

/// Draws the list with its frame.
pub fn draw(tab: &RecordingsTab, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let list = &tab.list;
    let shown = list.keys().len();
    let title = heading(tab, context);
    let at = list.index().map(|at| format!("{}/{}", thousands(at as u64 + 1), thousands(shown as u64)));
    let focused = !context.in_detail;
    let note = at.unwrap_or_default();
    let ends = [(KeyScope::Recordings, Action::Range), (KeyScope::List, Action::Back)];
    let [range, back] = ends.map(|(scope, action)| context.key(scope, action));
    let alert = if context.marks.range_start().is_some() {
        format!("range: move, {range} or {back} ends it")
    } else {
        String::new()
    };
    let inside = PaneFrame { title: &title, note: &note, alert: &alert, focused }.draw(theme, place, buf);
    if shown == 0 {
        let air = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        let width = usize::from(air.width);
        let lines: Vec<Toned> = empty(tab, context).iter().flat_map(|line| line.wrapped(width)).collect();
        draw::lines(buf, air, &lines, theme);
        return;
    }
    let fields = fields(tab);
    let columns: Vec<TableColumn> = fields.iter().map(|field| column(tab, *field)).collect();
    let cells = |row: &Row| fields.iter().map(|field| cell(tab, context, *field, row)).collect();
    let order = tab.loader.made_by.order;
    let sorted = fields.iter().position(|field| *field == of_order(order.by)).map(|at| (at, order.falling));
    let rows =
        TableRows::of(list, inside, &columns, |key| context.world.rows.get(&key.1).map(|row| cells(row)));
    TableRows { sorted, focused, ..rows }.draw(theme, inside, buf);
}

/// `Recordings 37 of 1,284 with "hat", by hits, 3 marked 4.1 MiB, 1 of them hidden`.
fn heading(tab: &RecordingsTab, context: &Context) -> String {
    let list = &tab.list;
    let mut title = title("Recordings", list.keys().len(), context.world.rows.len(), &list.filter);
    if tab.order != RowOrder::default() {
        let turned = if tab.order == tab.order.by.order() { "" } else { " reversed" };
        title = format!("{title}, by {}{turned}", tab.order.by.name());
    }
    if !context.marks.ids.is_empty() {
        let size = short_size(context.marks.bytes);
        title = format!("{title}, {} marked {size}", thousands(context.marks.ids.len() as u64));
    }
    if context.marks.hidden > 0 {
        title = format!("{title}, {} of them hidden", thousands(context.marks.hidden as u64));
    }
    title
}

/// The column that shows what the list is sorted by.
fn of_order(by: SortBy) -> RowColumn {
    match by {
        SortBy::Hits => RowColumn::Hits,
        SortBy::LastHit => RowColumn::Last,
        SortBy::Size => RowColumn::Size,
        SortBy::Model => RowColumn::Model,
        SortBy::Name => RowColumn::Prompt,
        SortBy::Recorded | SortBy::Took | SortBy::Endpoint | SortBy::Status | SortBy::Cost => {
            RowColumn::Sorted
        }
    }
}

/// The columns: those that would be empty in every row are left out.
fn fields(tab: &RecordingsTab) -> Vec<RowColumn> {
    use RowColumn as F;
    let all = [
        (F::Mark, true),
        (F::Hash, true),
        (F::Model, true),
        (F::Prompt, true),
        (F::Tags, tab.groups.any_tag()),
        (F::Scope, tab.groups.any_scope()),
        (F::Strategy, true),
        (F::Sorted, of_order(tab.loader.made_by.order.by) == F::Sorted),
        (F::Nth, tab.groups.any_group()),
        (F::Hits, true),
        (F::Last, true),
        (F::Size, true),
        (F::Flags, true),
    ];
    all.into_iter().filter(|(_, wanted)| *wanted).map(|(field, _)| field).collect()
}

fn column(tab: &RecordingsTab, field: RowColumn) -> TableColumn {
    let by = tab.loader.made_by.order.by;
    let (title, width, grow, right, leaves) = match field {
        RowColumn::Mark => ("", 1, 0, false, 0),
        RowColumn::Hash => ("HASH", 8, 0, false, 0),
        RowColumn::Model => ("MODEL", 11, 2, false, 3),
        RowColumn::Prompt if by == SortBy::Name => ("NAME OR PROMPT", 19, 5, false, 0),
        RowColumn::Prompt => ("PROMPT", 19, 5, false, 0),
        RowColumn::Tags => ("TAGS", 6, 1, false, 8),
        RowColumn::Scope => ("SCOPE", 7, 1, false, 7),
        RowColumn::Strategy => ("MATCH", 6, 0, false, 2),
        RowColumn::Nth => ("TAKE", 4, 0, true, 5),
        RowColumn::Hits => ("HITS", 4, 0, true, 1),
        RowColumn::Last => ("LAST", 5, 0, true, 4),
        RowColumn::Size => ("SIZE", 5, 0, true, 6),
        RowColumn::Flags => ("", 4, 0, false, 0),
        RowColumn::Sorted => match by {
            SortBy::Recorded => ("AGE", 4, 0, true, 0),
            SortBy::Took => ("TOOK", 6, 0, true, 0),
            SortBy::Status => ("ST", 3, 0, true, 0),
            SortBy::Cost => ("COST", 7, 0, true, 0),
            _ => ("ENDPOINT", 12, 1, false, 0),
        },
    };
    let sorted = of_order(by) == field;
    // The mark of the order stands behind the title.
    let width = if sorted { width.max(u16::try_from(title.len()).unwrap_or(0) + 1) } else { width };
    // The usual order needs no column to be known.
    let leaves = match (sorted, tab.order == RowOrder::default()) {
        (true, true) => 5,
        (true, false) => 0,
        _ => leaves,
    };
    TableColumn { title, width, grow, right, leaves }
}

fn cell(tab: &RecordingsTab, context: &Context, field: RowColumn, row: &Row) -> TableCell {
    let theme = &context.options.theme;
    let (plain, dim, accent) = (theme.tone(Tone::Plain), theme.tone(Tone::Dim), theme.tone(Tone::Accent));
    let text = |text: &str| sanitize(text).into_owned();
    match field {
        RowColumn::Mark => (mark(context, &row.id).to_owned(), accent),
        RowColumn::Hash => (row.hash.short(), accent),
        RowColumn::Model => (text(row.model.as_deref().unwrap_or("-")), dim),
        RowColumn::Prompt => (text(&prompt(row)), plain),
        RowColumn::Tags => (text(&row.tags.join(",")), accent),
        RowColumn::Scope => (text(row.scope.as_deref().unwrap_or_default()), dim),
        RowColumn::Strategy => (strategy(&row.strategy).to_owned(), dim),
        RowColumn::Nth => (nth(tab, row), plain),
        RowColumn::Hits => (thousands(row.usage.hits), if row.usage.hits == 0 { dim } else { plain }),
        RowColumn::Last => {
            (row.usage.last_hit.map_or_else(|| "never".to_owned(), |at| age(at, context.now)), dim)
        }
        RowColumn::Size => (short_size(row.size), plain),
        RowColumn::Flags => {
            let quiet = row.answers() && !context.is_expired(&row.id);
            (flags(context, row), theme.tone(if quiet { Tone::Dim } else { Tone::Warning }))
        }
        RowColumn::Sorted => match tab.loader.made_by.order.by {
            SortBy::Recorded => (age(row.recorded_at, context.now), plain),
            SortBy::Took => (duration(row.total), plain),
            SortBy::Status => (row.status.to_string(), plain),
            SortBy::Cost => {
                (tab.prices.of(row).map_or_else(|| "-".to_owned(), |cost| cost.to_string()), plain)
            }
            _ => (text(&row.endpoint), plain),
        },
    }
}

/// The mark of a marked one.
fn mark(context: &Context, id: &RecordingId) -> &'static str {
    if context.marks.contains(id) { context.options.theme.mark("●", "*") } else { "" }
}

/// The name, then what was asked.
fn prompt(row: &Row) -> String {
    let prompt_text = row.prompt.as_deref().unwrap_or(&row.endpoint);
    row.name.as_ref().map_or_else(|| prompt_text.to_owned(), |name| format!("{name}: {prompt_text}"))
}

/// `2/3` is the second of three takes, `j2/5` of the five recordings of a job.
fn nth(tab: &RecordingsTab, row: &Row) -> String {
    match tab.groups.nth(row) {
        Some(GroupPlace::Take(at, of)) => format!("{at}/{of}"),
        Some(GroupPlace::Step(at, of)) => format!("j{at}/{of}"),
        None => String::new(),
    }
}

fn strategy(strategy: &Strategy) -> &'static str {
    match strategy {
        Strategy::Standard { ignored } if ignored.is_empty() => "std",
        Strategy::Standard { .. } => "std-",
        Strategy::Specific { .. } => "spec",
        other => other.word(),
    }
}

fn flags(context: &Context, row: &Row) -> String {
    let fault = row.ending != Ending::Clean
        || row.source.as_ref().is_some_and(|source| source.how == Derivation::Fault);
    let holds = [
        !row.completeness.replayable(),
        row.failure.is_some(),
        row.review.is_some(),
        context.is_expired(&row.id),
        row.protected,
        fault,
        row.edited,
        row.images > 0,
    ];
    let letter = |(flag, _): &(&'static str, &str)| match *flag {
        "▣" => context.options.theme.mark("▣", "i"),
        other => other,
    };
    LEGEND.iter().zip(holds).filter(|(_, holds)| *holds).map(|(flag, _)| letter(flag)).collect()
}

/// The lines of an empty list: how to fill it.
fn empty(tab: &RecordingsTab, context: &Context) -> Vec<Toned> {
    if tab.loader.waiting {
        return vec![Toned::default(), Toned::of(Tone::Dim, "loading")];
    }
    if !context.world.rows.is_empty() {
        return no_result(&context.options.keymap, &tab.list.filter);
    }
    let step =
        |number: &str, text: String| Toned::of(Tone::Accent, format!("{number}  ")).and(Tone::Plain, text);
    let first = if context.world.mode.stores() {
        format!("The mode is {}: calls are stored.", context.world.mode)
    } else {
        let key = context.key(KeyScope::Recordings, Action::Mode);
        format!("Press {key} and choose replay-or-record (now: {}).", context.world.mode)
    };
    vec![
        Toned::default(),
        Toned::of(Tone::Strong, "No recordings yet.").and(Tone::Plain, " To record the first one:"),
        Toned::default(),
        step("1", first),
        step("2", format!("Point an SDK at {} (tab 1 shows how).", sanitize(&context.options.url()))),
        step("3", "Make a call with your own API key; it shows up here.".into()),
    ]
}
