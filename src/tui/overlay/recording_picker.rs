//! A list of recordings in an overlay, with a selection and marks of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{RecordingId, Row, Timestamp};
use crate::reading::human::size;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::widgets::line::{Tone, Toned, age, clock, fit, thousands};
use crate::tui::widgets::{draw, layout};

/// Width in columns from which on a row has room for its date and its model.
const WIDE: u16 = 70;

/// The selection and the marks. The rows belong to the cache, and come and go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingPicker {
    at: Option<RecordingId>,
    marked: BTreeSet<RecordingId>,
}

impl RecordingPicker {
    /// The index of the selected row.
    #[must_use]
    pub fn index(&self, rows: &[Arc<Row>]) -> usize {
        rows.iter().position(|row| Some(&row.id) == self.at.as_ref()).unwrap_or(0)
    }

    /// The selected row.
    #[must_use]
    pub fn selected<'a>(&self, rows: &'a [Arc<Row>]) -> Option<&'a Arc<Row>> {
        rows.get(self.index(rows))
    }

    /// The recordings that verbs are for: those that are marked, else the selected one.
    #[must_use]
    pub fn targets(&self, rows: &[Arc<Row>]) -> Vec<RecordingId> {
        let marked: Vec<_> =
            rows.iter().filter(|row| self.marked.contains(&row.id)).map(|row| row.id.clone()).collect();
        if marked.is_empty() {
            self.selected(rows).map(|row| row.id.clone()).into_iter().collect()
        } else {
            marked
        }
    }

    /// `, 3 marked`; empty where none is.
    #[must_use]
    pub fn marks(&self, rows: &[Arc<Row>]) -> String {
        // What was decided or restored lies here no more.
        let marked = rows.iter().filter(|row| self.marked.contains(&row.id)).count();
        if marked > 0 { format!(", {} marked", thousands(marked)) } else { String::new() }
    }

    /// Moves by so many rows.
    pub fn step(&mut self, by: isize, rows: &[Arc<Row>]) {
        let at = self.index(rows).saturating_add_signed(by).min(rows.len().saturating_sub(1));
        self.at = rows.get(at).map(|row| row.id.clone());
    }

    /// Marks the selected row, or unmarks it, and goes on to the next.
    pub fn toggle(&mut self, rows: &[Arc<Row>]) {
        if let Some(row) = self.selected(rows)
            && !self.marked.remove(&row.id)
        {
            self.marked.insert(row.id.clone());
        }
        self.step(1, rows);
    }

    /// Marks all rows.
    pub fn mark_all(&mut self, rows: &[Arc<Row>]) {
        self.marked = rows.iter().map(|row| row.id.clone()).collect();
    }

    /// Unmarks all rows.
    pub fn unmark_all(&mut self) {
        self.marked.clear();
    }

    /// Draws the rows, each with the time that `time` gives it.
    pub fn draw(
        &self,
        rows: &[Arc<Row>],
        time: impl Fn(usize, &Row) -> Timestamp,
        context: &Context,
        (mut place, buf): (Rect, &mut Buffer),
    ) {
        let theme = &context.options.theme;
        let (height, selected) = (usize::from(place.height), self.index(rows));
        let first = selected.saturating_sub(height.saturating_sub(1)).min(rows.len().saturating_sub(height));
        for (nth, row) in rows.iter().enumerate().skip(first).take(height) {
            let mut line = layout::from_top(&mut place, 1);
            if nth == selected {
                buf.set_style(line.intersection(buf.area), theme.selected(true));
            }
            let mark = if self.marked.contains(&row.id) { theme.mark("● ", "* ") } else { "  " };
            draw::write(buf, &mut line, mark, theme.tone(Tone::Accent));
            draw::write(buf, &mut line, &fit(&row.hash.short(), 10, false), theme.tone(Tone::Accent));
            let at = time(nth, row);
            let wide = line.width >= WIDE;
            if wide {
                let date = clock(at, &context.options.zone, "%Y-%m-%d %H:%M  ");
                draw::write(buf, &mut line, &date, theme.tone(Tone::Dim));
            }
            draw::write(buf, &mut line, &format!("{:>4}  ", age(at, context.now)), theme.tone(Tone::Dim));
            let size = fit(&size(row.size), 9, true);
            draw::write_right(buf, &mut line, &size, theme.tone(Tone::Plain));
            if wide {
                let model = sanitize(row.model.as_deref().unwrap_or("-")).into_owned();
                draw::write(buf, &mut line, &format!("{} ", fit(&model, 18, false)), theme.tone(Tone::Dim));
            }
            let prompt = row.name.as_deref().or(row.prompt.as_deref()).unwrap_or(&row.endpoint);
            draw::write(buf, &mut line, &sanitize(prompt), theme.tone(Tone::Plain));
        }
    }
}

/// The lines in place of an empty list: that it loads, why it cannot be had, or that there is nothing and what fills
/// it.
pub(super) fn empty_lines<T>(result: Option<&Result<T, String>>, [nothing, hint]: [&str; 2]) -> Vec<Toned> {
    match result {
        None => vec![Toned::of(Tone::Dim, "loading")],
        Some(Err(error)) => vec![Toned::of(Tone::Bad, sanitize(error))],
        Some(Ok(_)) => vec![Toned::of(Tone::Strong, nothing), Toned::default(), Toned::of(Tone::Plain, hint)],
    }
}
