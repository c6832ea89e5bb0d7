//! Reviews: re-recorded answers beside the old ones, to be accepted or rejected.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::recording_picker::{RecordingPicker, empty_lines};
use crate::engine::{ExchangeRef, ReviewVerdict};
use crate::model::Row;
use crate::reading::human::{duration, size};
use crate::tui::content::page::ExchangePages;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::layout;
use crate::tui::widgets::line::{Tone, Toned, clock, thousands};

/// The recordings that wait for review.
#[derive(Clone, Debug, Default)]
pub struct ReviewOverlay(RecordingPicker);

fn rows(context: &Context) -> &[Arc<Row>] {
    context.cache.reviews.value().map(Vec::as_slice).unwrap_or_default()
}

impl ReviewOverlay {
    fn decide(&self, verdict: ReviewVerdict, context: &Context) -> ActionOutcome {
        let ids = self.0.targets(rows(context));
        if ids.is_empty() {
            ActionOutcome::done()
        } else {
            ActionOutcome::mutate(Mutation::Review(ids, verdict))
        }
    }

    /// Goes from a review to the full comparison of its two sides.
    fn compare(&self, context: &Context) -> ActionOutcome {
        let Some(new) = self.0.selected(rows(context)) else { return ActionOutcome::done() };
        let Some(old) = new.review.clone() else { return ActionOutcome::done() };
        ActionOutcome::close_then(AppRequest::Compare(
            ExchangeRef::Recording(old),
            ExchangeRef::Recording(new.id.clone()),
        ))
    }
}

impl Overlay for ReviewOverlay {
    fn scope(&self) -> KeyScope {
        KeyScope::Reviews
    }

    fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        match action {
            Action::Accept => return self.decide(ReviewVerdict::Accept, context),
            Action::KeepBoth => return self.decide(ReviewVerdict::KeepBoth, context),
            Action::Reject => return self.decide(ReviewVerdict::Reject, context),
            Action::Compare => return self.compare(context),
            Action::Mark => self.0.toggle(rows(context)),
            Action::MarkAll => self.0.mark_all(rows(context)),
            Action::MarkNone => self.0.unmark_all(),
            Action::Back => return AppRequest::Close.into(),
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    fn step(&mut self, by: isize, context: &Context) -> ActionOutcome {
        self.0.step(by, rows(context));
        ActionOutcome::done()
    }

    fn queries(&self, context: &Context) -> Vec<RemoteQuery> {
        let pages = self.0.selected(rows(context)).and_then(|new| {
            let old = new.review.clone()?;
            Some(RemoteQuery::ReviewPages(old, new.id.clone()))
        });
        std::iter::once(RemoteQuery::Reviews).chain(pages).collect()
    }

    fn fills(&self) -> bool {
        true
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let rows = rows(context);
        let title = format!("Reviews {}{}", thousands(rows.len()), self.0.marks(rows));
        let size = (area.width.saturating_sub(4), area.height.saturating_sub(2));
        let mut inside = draw::window(theme, &title, area, size, buf);
        if rows.is_empty() {
            let lines = empty_lines(
                context.cache.reviews.result.as_ref(),
                [
                    "Nothing to review.",
                    "R re-records an answer; the new one then waits here beside the old one.",
                ],
            );
            let lines: Vec<Toned> =
                lines.iter().flat_map(|line| line.wrapped(usize::from(inside.width))).collect();
            draw::lines(buf, inside, &lines, theme);
            return None;
        }
        let count = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        let height = count.min((inside.height / 3).max(3)).min(inside.height);
        let list = layout::from_top(&mut inside, height);
        self.0.draw(rows, |_, row| row.recorded_at, context, (list, buf));
        if let Some(new) = self.0.selected(rows) {
            draw_both(new, context, inside, buf);
        }
        None
    }
}

/// The old answer and the new one, side by side.
fn draw_both(new: &Arc<Row>, context: &Context, place: Rect, buf: &mut Buffer) {
    let old = new.review.as_ref().and_then(|old| context.row(old));
    let mut right = place;
    let left = layout::from_left(&mut right, place.width / 2);
    let pages = context.cache.review_pages.value().filter(|_| !context.cache.review_pages.waiting);
    let old_pages = pages.map(|both| &both[0]);
    draw_side("Old (answers until you decide)", (old, old_pages), context, left, buf);
    draw_side("New", (Some(new), pages.map(|both| &both[1])), context, right, buf);
}

fn draw_side(
    title: &str,
    (row, pages): (Option<&Row>, Option<&ExchangePages>),
    context: &Context,
    place: Rect,
    buf: &mut Buffer,
) {
    let theme = &context.options.theme;
    let inside = PaneFrame { title, ..PaneFrame::default() }.draw(theme, place, buf);
    let (width, height) = (usize::from(inside.width), usize::from(inside.height));
    let mut lines = Vec::new();
    match row {
        None => lines.push(Toned::of(Tone::Warning, "It is gone: accept and keep both do the same.")),
        Some(row) => {
            let at = clock(row.recorded_at, &context.options.zone, "%m-%d %H:%M");
            lines.push(
                Toned::of(Tone::Strong, row.status.to_string())
                    .and(Tone::Plain, format!("  {}  {}", size(row.size), duration(row.total)))
                    .and(Tone::Dim, format!("  {at}")),
            );
            lines.push(Toned::of(Tone::Dim, row.id.as_str()));
        }
    }
    match pages {
        None => lines.push(Toned::of(Tone::Dim, "loading")),
        // More lines than there is room for are not looked at.
        Some(pages) => {
            let response = pages.response.iter().take(height).flat_map(|line| line.wrapped(width.max(1)));
            lines.extend(response.take(height));
        }
    }
    draw::lines(buf, inside, &lines, theme);
}
