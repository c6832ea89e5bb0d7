//! Recordings that lie aside: in the trash, or waiting for review beside an older one.

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::window;
use crate::model::{RecordingId, Row};
use crate::tui::app::state::App;
use crate::tui::content::page::ExchangePages;
use crate::tui::content::text::{duration, sanitize, size};
use crate::tui::widgets::line::{Tone, Toned, age, clock, fit, thousands};
use crate::tui::widgets::{draw, layout};

/// A list of them, with marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// Which.
    pub kind: Kind,
    at: Option<RecordingId>,
    marked: BTreeSet<RecordingId>,
}

/// Why they lie aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They were deleted.
    Trash,
    /// They were recorded anew.
    Reviews,
}

/// From so many columns on, a row has room for its date and its model.
const WIDE: u16 = 70;

impl Shelf {
    /// A list of which nothing is marked.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, at: None, marked: BTreeSet::new() }
    }

    /// What lies there, as far as it is known, in its order.
    fn rows(&self, app: &App) -> Vec<Arc<Row>> {
        match self.kind {
            Kind::Trash => app.known.trash.known().into_iter().flatten().map(|one| one.row.clone()).collect(),
            Kind::Reviews => app.known.reviews.known().cloned().unwrap_or_default(),
        }
    }

    fn place(&self, rows: &[Arc<Row>]) -> usize {
        rows.iter().position(|row| Some(&row.id) == self.at.as_ref()).unwrap_or(0)
    }

    /// The selected one.
    #[must_use]
    pub fn selected(&self, app: &App) -> Option<Arc<Row>> {
        let rows = self.rows(app);
        rows.get(self.place(&rows)).cloned()
    }

    /// What a verb is for: those that are marked, else the selected one.
    #[must_use]
    pub fn targets(&self, app: &App) -> Vec<RecordingId> {
        let rows = self.rows(app);
        let marked: Vec<_> =
            rows.iter().filter(|row| self.marked.contains(&row.id)).map(|row| row.id.clone()).collect();
        if marked.is_empty() {
            rows.get(self.place(&rows)).map(|row| row.id.clone()).into_iter().collect()
        } else {
            marked
        }
    }

    /// The same after a move by so many rows.
    #[must_use]
    pub fn stepped(mut self, by: isize, app: &App) -> Self {
        let rows = self.rows(app);
        let at = self.place(&rows).saturating_add_signed(by).min(rows.len().saturating_sub(1));
        self.at = rows.get(at).map(|row| row.id.clone());
        self
    }

    /// The same with the selected one marked, or not any more.
    #[must_use]
    pub fn marking(mut self, app: &App) -> Self {
        if let Some(row) = self.selected(app)
            && !self.marked.remove(&row.id)
        {
            self.marked.insert(row.id.clone());
        }
        self.stepped(1, app)
    }

    /// The same with all marked, or none.
    #[must_use]
    pub fn marking_all(mut self, all: bool, app: &App) -> Self {
        self.marked = self.rows(app).iter().filter(|_| all).map(|row| row.id.clone()).collect();
        self
    }

    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let theme = &app.options.theme;
        let rows = self.rows(app);
        // What was decided or restored lies here no more.
        let marked = rows.iter().filter(|row| self.marked.contains(&row.id)).count();
        let name = if self.kind == Kind::Trash { "Trash" } else { "Reviews" };
        let marks = if marked > 0 { format!(", {} marked", thousands(marked)) } else { String::new() };
        let kept = if self.kind == Kind::Trash { ": kept for 7 days" } else { "" };
        let title = format!("{name} {}{marks}{kept}", thousands(rows.len()));
        let size = (area.width.saturating_sub(4), area.height.saturating_sub(2));
        let mut inside = window(app, &title, area, size, buf);
        if rows.is_empty() {
            let lines: Vec<Toned> =
                self.empty(app).iter().flat_map(|line| line.wrapped(usize::from(inside.width))).collect();
            draw::lines(buf, inside, &lines, theme);
            return;
        }
        let height = match self.kind {
            Kind::Trash => inside.height,
            Kind::Reviews => inside
                .height
                .min(u16::try_from(rows.len()).unwrap_or(u16::MAX))
                .min((inside.height / 3).max(3)),
        };
        let list = layout::from_top(&mut inside, height);
        self.list(app, &rows, list, buf);
        if self.kind == Kind::Reviews {
            pair(app, rows.get(self.place(&rows)), inside, buf);
        }
    }

    fn empty(&self, app: &App) -> Vec<Toned> {
        let waiting = match self.kind {
            Kind::Trash => &app.known.trash.value.as_ref().map(|known| known.as_ref().err().cloned()),
            Kind::Reviews => &app.known.reviews.value.as_ref().map(|known| known.as_ref().err().cloned()),
        };
        match (waiting, self.kind) {
            (None, _) => vec![Toned::of(Tone::Dim, "looking")],
            (Some(Some(why)), _) => vec![Toned::of(Tone::Bad, sanitize(why))],
            (Some(None), Kind::Trash) => vec![
                Toned::of(Tone::Strong, "The trash is empty."),
                Toned::default(),
                Toned::of(Tone::Plain, "What is deleted lies here for 7 days and can be restored."),
            ],
            (Some(None), Kind::Reviews) => vec![
                Toned::of(Tone::Strong, "Nothing waits for review."),
                Toned::default(),
                Toned::of(
                    Tone::Plain,
                    "R on a recording asks its upstream once more; the new answer then waits here beside the old one.",
                ),
            ],
        }
    }

    fn list(&self, app: &App, rows: &[Arc<Row>], mut place: Rect, buf: &mut Buffer) {
        let theme = &app.options.theme;
        let (height, at) = (usize::from(place.height), self.place(rows));
        let first = at.saturating_sub(height.saturating_sub(1)).min(rows.len().saturating_sub(height));
        for (nth, row) in rows.iter().enumerate().skip(first).take(height) {
            let mut line = layout::from_top(&mut place, 1);
            if nth == at {
                buf.set_style(line.intersection(buf.area), theme.selected(true));
            }
            let mark = if self.marked.contains(&row.id) { theme.mark("● ", "* ") } else { "  " };
            draw::write(buf, &mut line, mark, theme.tone(Tone::Accent));
            draw::write(buf, &mut line, &fit(&row.hash.short(), 10, false), theme.tone(Tone::Accent));
            let removed = app.known.trash.known().and_then(|trash| trash.get(nth)).map(|one| one.removed_at);
            let at = removed.filter(|_| self.kind == Kind::Trash).unwrap_or(row.recorded_at);
            let wide = line.width >= WIDE;
            if wide {
                let date = clock(at, &app.options.zone, "%Y-%m-%d %H:%M  ");
                draw::write(buf, &mut line, &date, theme.tone(Tone::Dim));
            }
            draw::write(buf, &mut line, &format!("{:>4}  ", age(at, app.now)), theme.tone(Tone::Dim));
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

/// The old answer and the new one, side by side.
fn pair(app: &App, new: Option<&Arc<Row>>, place: Rect, buf: &mut Buffer) {
    let Some(new) = new else { return };
    let old = new.review.as_ref().and_then(|old| app.world.rows.get(old));
    let mut rest = place;
    let half = layout::from_left(&mut rest, place.width / 2);
    let pages = app.known.pair.known().filter(|_| !app.known.pair.waiting);
    side(app, "Old: answers until it is decided", (old, pages.map(|pair| &pair[0])), half, buf);
    side(app, "New", (Some(new), pages.map(|pair| &pair[1])), rest, buf);
}

fn side(
    app: &App,
    title: &str,
    (row, pages): (Option<&Arc<Row>>, Option<&ExchangePages>),
    place: Rect,
    buf: &mut Buffer,
) {
    let theme = &app.options.theme;
    let inside = draw::PaneFrame { title, ..draw::PaneFrame::default() }.draw(theme, place, buf);
    let (width, height) = (usize::from(inside.width), usize::from(inside.height));
    let mut lines = Vec::new();
    match row {
        None => lines.push(Toned::of(Tone::Warning, "It is gone: accept and keep both do the same.")),
        Some(row) => {
            let at = clock(row.recorded_at, &app.options.zone, "%m-%d %H:%M");
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
            let said = pages.response.iter().take(height).flat_map(|line| line.wrapped(width.max(1)));
            lines.extend(said.take(height));
        }
    }
    draw::lines(buf, inside, &lines, theme);
}
