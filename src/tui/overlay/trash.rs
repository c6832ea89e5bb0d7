//! The trash: what was deleted, and can be restored.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::recording_picker::{RecordingPicker, empty_lines};
use crate::model::Row;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::draw;
use crate::tui::widgets::line::{Toned, thousands};

/// The trash.
#[derive(Clone, Debug, Default)]
pub struct TrashOverlay(RecordingPicker);

fn rows(context: &Context) -> Vec<Arc<Row>> {
    context.cache.trash.value().into_iter().flatten().map(|one| one.row.clone()).collect()
}

impl Overlay for TrashOverlay {
    fn scope(&self) -> KeyScope {
        KeyScope::Trash
    }

    fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        let rows = rows(context);
        match action {
            Action::Restore => {
                let ids = self.0.targets(&rows);
                if !ids.is_empty() {
                    return ActionOutcome::mutate(Mutation::Restore(ids));
                }
            }
            Action::Mark => self.0.toggle(&rows),
            Action::MarkAll => self.0.mark_all(&rows),
            Action::MarkNone => self.0.unmark_all(),
            Action::Back => return AppRequest::Close.into(),
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    fn step(&mut self, by: isize, context: &Context) -> ActionOutcome {
        self.0.step(by, &rows(context));
        ActionOutcome::done()
    }

    fn queries(&self, _context: &Context) -> Vec<RemoteQuery> {
        vec![RemoteQuery::Trash]
    }

    fn fills(&self) -> bool {
        true
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let rows = rows(context);
        let title = format!("Trash {}{}: kept for 7 days", thousands(rows.len()), self.0.marks(&rows));
        let size = (area.width.saturating_sub(4), area.height.saturating_sub(2));
        let inside = draw::window(theme, &title, area, size, buf);
        if rows.is_empty() {
            let lines = empty_lines(
                context.cache.trash.result.as_ref(),
                ["The trash is empty.", "What is deleted lies here for 7 days and can be restored."],
            );
            let lines: Vec<Toned> =
                lines.iter().flat_map(|line| line.wrapped(usize::from(inside.width))).collect();
            draw::lines(buf, inside, &lines, theme);
            return None;
        }
        let trash = context.cache.trash.value();
        let removed_at = |nth: usize, row: &Row| {
            trash.and_then(|trash| trash.get(nth)).map_or(row.recorded_at, |one| one.removed_at)
        };
        self.0.draw(&rows, removed_at, context, (inside, buf));
        None
    }
}
