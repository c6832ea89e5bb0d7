//! All messages of the session, and the changes that can be taken back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::LogTab;
use crate::model::{Level, StepRow};
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::layout;
use crate::tui::widgets::line::{Tone, Toned, clock, fit, thousands};
use crate::tui::widgets::list_text::{no_result, title};
use crate::tui::widgets::table::{TableCell, TableColumn, TableRows};
use crate::tui::widgets::toast::{LogMessage, Toasts};

const COLUMNS: [TableColumn; 3] = [
    TableColumn { title: "TIME", width: 8, grow: 0, right: false, leaves: 0 },
    TableColumn { title: "LEVEL", width: 7, grow: 0, right: false, leaves: 1 },
    TableColumn { title: "MESSAGE", width: 20, grow: 1, right: false, leaves: 0 },
];
/// The most changes that are listed.
const STEPS: usize = 500;

/// Draws the messages with their frame.
pub fn draw(tab: &LogTab, toasts: &Toasts, context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let list = &tab.list;
    let shown = list.keys().len();
    let title = title("Log", shown, toasts.log.len(), &list.filter);
    let alert = match list.new_below() {
        0 => String::new(),
        new => {
            format!("{} new below, {} goes there", thousands(new), context.key(KeyScope::Log, Action::Last))
        }
    };
    let focused = !context.in_detail;
    let frame = PaneFrame { title: &title, alert: &alert, focused, ..PaneFrame::default() };
    let inside = frame.draw(theme, place, buf);
    if shown == 0 {
        let air = layout::text(place);
        let lines = if toasts.log.is_empty() {
            vec![Toned::default(), Toned::of(Tone::Dim, "No messages yet. Messages and errors stay here.")]
        } else {
            no_result(&context.options.keymap, &list.filter)
        };
        let lines: Vec<Toned> = lines.iter().flat_map(|line| line.wrapped(usize::from(air.width))).collect();
        draw::lines(buf, air, &lines, theme);
        return;
    }
    let rows = TableRows::of(list, inside, &COLUMNS, |number| {
        toasts.entry(*number).map(|entry| cells(context, entry))
    });
    TableRows { focused, ..rows }.draw(theme, inside, buf);
}

fn cells(context: &Context, logged: &LogMessage) -> Vec<TableCell> {
    let theme = &context.options.theme;
    let (word, tone) = level(logged.level);
    vec![
        (clock(logged.at, &context.options.zone, "%H:%M:%S"), theme.tone(Tone::Dim)),
        (word.into(), theme.tone(tone)),
        (sanitize(&logged.text).into_owned(), theme.tone(Tone::Plain)),
    ]
}

fn level(level: Level) -> (&'static str, Tone) {
    match level {
        Level::Info => ("info", Tone::Dim),
        Level::Warning => ("warning", Tone::Warning),
        Level::Error => ("ERROR", Tone::Bad),
    }
}

/// Draws the selected message and the changes with their frame.
pub fn draw_detail(lines: &[Toned], context: &Context, place: Rect, buf: &mut Buffer) {
    let theme = &context.options.theme;
    let frame =
        PaneFrame { title: "Message, and undo history", focused: context.in_detail, ..PaneFrame::default() };
    let inside = frame.draw(theme, place, buf);
    draw::lines(buf, layout::text(place).intersection(inside), lines, theme);
}

impl LogTab {
    /// The selected message in full, and below it the changes, the newest first.
    pub fn detail_lines(&self, toasts: &Toasts, context: &Context, width: usize) -> Vec<Toned> {
        let mut lines = Vec::new();
        if let Some(logged) = self.selected(toasts) {
            let (word, tone) = level(logged.level);
            let at = clock(logged.at, &context.options.zone, "%Y-%m-%d %H:%M:%S");
            lines.push(Toned::of(tone, word).and(Tone::Dim, format!("  {at}")));
            lines.extend(logged.text.lines().map(|line| Toned::of(Tone::Plain, sanitize(line))));
            lines.push(Toned::default());
        }
        let keys = Toned::of(Tone::Dim, "-- changes: ")
            .and(Tone::Accent, context.key(KeyScope::Log, Action::Undo))
            .and(Tone::Dim, " undoes the newest, ")
            .and(Tone::Accent, context.key(KeyScope::Log, Action::Redo))
            .and(Tone::Dim, " redoes it --");
        lines.push(keys);
        match &context.cache.steps.result {
            None => lines.push(Toned::of(Tone::Dim, "loading")),
            Some(Err(why)) => lines.push(Toned::of(Tone::Bad, sanitize(why))),
            Some(Ok(steps)) if steps.is_empty() => {
                lines.push(Toned::of(Tone::Dim, "No changes yet."));
            }
            Some(Ok(steps)) => {
                lines.extend(steps.iter().rev().take(STEPS).map(|step| step_line(step, context)));
            }
        }
        lines.iter().flat_map(|line| line.wrapped(width)).collect()
    }
}

fn step_line(step: &StepRow, context: &Context) -> Toned {
    let at = clock(step.at, &context.options.zone, "%m-%d %H:%M");
    let line = Toned::of(Tone::Dim, format!("{:>5}  {at}  ", step.id.0));
    let text = sanitize(&step.to_string()).into_owned();
    if step.undone {
        line.and(Tone::Dim, fit("undone", 8, false)).and(Tone::Dim, text)
    } else {
        line.and(Tone::Plain, fit("", 8, false)).and(Tone::Plain, text)
    }
}
