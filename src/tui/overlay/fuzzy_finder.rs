//! A recording found by a few letters: results, and a preview of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use tui_input::Input;
use unicode_width::UnicodeWidthChar;

use crate::model::{RecordingId, Row};
use crate::reading::human::size;
use crate::reading::sanitize;
use crate::tui::content::subject::DetailSubject;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay, PreviewRequest};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::listing::fuzzy_find::{FuzzyJob, FuzzyMatch, FuzzyMatches};
use crate::tui::listing::input_history::InputHistory;
use crate::tui::listing::marks::MarkChange;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::job::DetailPreview;
use crate::tui::widgets::line::{Tone, Toned, age, thousands};
use crate::tui::widgets::{draw, layout, picture, text_input};

/// The finder.
#[derive(Clone, Debug, Default)]
pub struct FuzzyFinder {
    input: Input,
    history: InputHistory,
    matches: FuzzyMatches,
    /// The index of the selected match.
    at: usize,
    /// The newest job.
    requested: Option<FindRequest>,
    preview: DetailPreview,
}

/// A job that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FindRequest {
    id: u64,
    text: String,
    /// The revision of the rows in which it looks.
    rows_revision: u64,
    /// True if its results are awaited.
    waiting: bool,
}

/// The places of the finder on a screen.
#[derive(Clone, Copy, Debug)]
struct FinderPlaces {
    size: (u16, u16),
    /// The place for the preview as text.
    preview: Rect,
    /// The place for its picture, above a few lines about it.
    picture: Rect,
}

/// Lines about a picture below it.
const ABOUT: u16 = 5;

impl FuzzyFinder {
    /// The finder with the lines that were typed before.
    #[must_use]
    pub fn new(mut history: InputHistory) -> Self {
        history.forget_place();
        Self { history, ..Self::default() }
    }

    fn selected(&self) -> Option<&RecordingId> {
        self.matches.best.get(self.at).map(|found| &found.id)
    }

    fn recall(&mut self, earlier: bool) {
        let line = if earlier { self.history.earlier(self.input.value()) } else { self.history.later() };
        if let Some(line) = line {
            self.input = Input::new(line);
        }
    }

    /// Places on a screen.
    fn places(screen: Rect) -> FinderPlaces {
        let area = Rect { height: screen.height.saturating_sub(1), ..screen };
        let size = (area.width.saturating_sub(4).min(140), area.height.saturating_sub(2));
        let inside = layout::inner(layout::middle(area, size.0, size.1));
        let wide = if inside.width >= 56 { inside.width / 2 } else { 0 };
        let preview = Rect {
            x: inside.right() - wide + u16::from(wide > 0),
            y: inside.y + 2.min(inside.height),
            width: wide.saturating_sub(2),
            height: inside.height.saturating_sub(2),
        };
        FinderPlaces {
            size,
            preview,
            picture: Rect { height: preview.height.saturating_sub(ABOUT), ..preview },
        }
    }

    fn results(&self, context: &Context, mut place: Rect, buf: &mut Buffer) {
        let theme = &context.options.theme;
        let rows = usize::from(place.height);
        let first = self.at.saturating_sub(rows.saturating_sub(1));
        for (nth, found) in self.matches.best.iter().enumerate().skip(first).take(rows) {
            let mut line = layout::from_top(&mut place, 1);
            let whole = line;
            let selected = nth == self.at;
            let pointer = if selected { theme.mark("▌", ">") } else { " " };
            draw::write(buf, &mut line, pointer, theme.tone(Tone::Accent));
            let mark = if context.marks.contains(&found.id) { theme.mark("● ", "* ") } else { "  " };
            draw::write(buf, &mut line, mark, theme.tone(Tone::Accent));
            if context.world.rows.contains_key(&found.id) {
                result(found, line, theme.tone(Tone::Plain), buf);
            } else {
                draw::write(buf, &mut line, "deleted", theme.tone(Tone::Dim));
            }
            if selected {
                buf.set_style(whole.intersection(buf.area), theme.selected(true));
            }
        }
        if self.matches.best.is_empty() {
            let text = if self.requested.as_ref().is_some_and(|requested| requested.waiting) {
                "searching"
            } else {
                "no match"
            };
            draw::write(buf, &mut layout::from_top(&mut place, 1), text, theme.tone(Tone::Dim));
        }
    }

    /// A look at the selected one: its picture with a few words, or the first lines of what the detail says.
    fn draw_preview(&self, context: &Context, places: FinderPlaces, buf: &mut Buffer) {
        let theme = &context.options.theme;
        let Some(row) = self.selected().and_then(|id| context.world.rows.get(id)) else { return };
        if self.preview.pictures == 0 || places.picture.height == 0 {
            draw::lines(buf, places.preview, &self.preview.lines, theme);
            return;
        }
        picture::draw_scaled(self.preview.scaled.as_ref(), places.picture, buf, theme);
        let about = Rect { y: places.picture.bottom(), height: ABOUT, ..places.picture };
        let lines: Vec<Toned> =
            summary(context, row).iter().flat_map(|line| line.wrapped(usize::from(about.width))).collect();
        draw::lines(buf, about, &lines, theme);
    }
}

impl Overlay for FuzzyFinder {
    fn scope(&self) -> KeyScope {
        KeyScope::Find
    }

    fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        let remember = || AppRequest::RememberFind(self.input.value().to_owned());
        match action {
            Action::Open => match self.selected() {
                Some(id) => ActionOutcome::close_then(remember()).and(AppRequest::ShowRecording(id.clone())),
                None => remember().into(),
            },
            Action::Back => ActionOutcome::close_then(remember()),
            Action::Mark => {
                let Some(id) = self.selected().cloned() else { return ActionOutcome::done() };
                let outcome = self.step(1, context);
                if context.row(&id).is_none() {
                    return outcome;
                }
                outcome.and(AppRequest::Mark(MarkChange::Toggle(vec![id])))
            }
            Action::Earlier | Action::Later => {
                self.recall(action == Action::Earlier);
                ActionOutcome::done()
            }
            _ => ActionOutcome::Ignored,
        }
    }

    fn step(&mut self, by: isize, _context: &Context) -> ActionOutcome {
        if by == -1 && self.at == 0 {
            // Above the first match there is what was typed before.
            self.recall(true);
        } else {
            self.at = self.at.saturating_add_signed(by).min(self.matches.best.len().saturating_sub(1));
        }
        ActionOutcome::done()
    }

    fn edit(&mut self, change: &mut dyn FnMut(&mut Input)) {
        change(&mut self.input);
    }

    /// Asks for a search of recordings, when there is something new to search for or in.
    fn reconcile(&mut self, context: &Context) -> ActionOutcome {
        let text = self.input.value();
        let same = self.requested.as_ref().filter(|requested| requested.text == text);
        if same.is_some_and(|same| same.waiting || same.rows_revision == context.rows_revision) {
            return ActionOutcome::done();
        }
        let (id, rows) = (context.next_request_id(), context.world.rows.clone());
        let job = FuzzyJob { request_id: id, text: text.to_owned(), rows };
        let rows_revision = context.rows_revision;
        self.requested = Some(FindRequest { id, text: text.to_owned(), rows_revision, waiting: true });
        ActionOutcome::effect(Effect::FuzzyFind(job))
    }

    /// New letters begin at the best match; where only the recordings changed, the selected one stays.
    fn take_matches(&mut self, request_id: u64, matches: FuzzyMatches) {
        let Some(requested) = self.requested.as_mut().filter(|requested| requested.id == request_id) else {
            return;
        };
        requested.waiting = false;
        let unchanged = requested.text == self.input.value();
        let selected = self.selected().filter(|_| unchanged).cloned();
        let again = selected.and_then(|id| matches.best.iter().position(|found| found.id == id));
        self.at = if self.at > 0 { again.unwrap_or(0) } else { 0 };
        self.matches = matches;
    }

    fn preview_request(&self, screen: Rect) -> Option<PreviewRequest> {
        let places = Self::places(screen);
        let subject = self.selected().cloned().map(DetailSubject::Recording);
        Some(PreviewRequest { subject, text: places.preview, picture: places.picture })
    }

    fn take_preview(&mut self, preview: DetailPreview) {
        self.preview = preview;
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let screen = Rect { height: area.height + 1, ..area };
        let places = Self::places(screen);
        let marked = context.marks.ids.len() as u64;
        let title = if marked == 0 {
            "Find a recording".to_owned()
        } else {
            format!("Find a recording, {} marked", thousands(marked))
        };
        let mut inside = draw::window(theme, &title, area, places.size, buf);
        let mut line = layout::from_top(&mut inside, 1);
        draw::write(buf, &mut line, "> ", theme.tone(Tone::Accent));
        let all = context.world.rows.len() as u64;
        let counted = format!(" {}/{}", thousands(self.matches.count as u64), thousands(all));
        draw::write_right(buf, &mut line, &counted, theme.tone(Tone::Dim));
        let cursor = text_input::draw(&self.input, line, theme, buf);
        let mut rule = layout::from_top(&mut inside, 1);
        let dash = theme.mark("─", "-").repeat(usize::from(rule.width));
        draw::write(buf, &mut rule, &dash, theme.frame(false));
        let list = Rect {
            width: if places.preview.is_empty() {
                inside.width
            } else {
                places.preview.x.saturating_sub(inside.x + 3)
            },
            ..inside
        };
        self.results(context, list, buf);
        if !places.preview.is_empty() {
            for y in places.preview.top()..places.preview.bottom() {
                let mut cell = Rect { x: places.preview.x.saturating_sub(2), y, width: 1, height: 1 };
                draw::write(buf, &mut cell, theme.mark("│", "|"), theme.frame(false));
            }
            self.draw_preview(context, places, buf);
        }
        cursor
    }
}

/// The facts of a recording's row, in a few lines.
fn summary(context: &Context, row: &Row) -> Vec<Toned> {
    let model = sanitize(row.model.as_deref().unwrap_or("-")).into_owned();
    let last = row.usage.last_hit.map(|at| format!(", last {}", age(at, context.now))).unwrap_or_default();
    vec![
        Toned::default(),
        Toned::of(Tone::Strong, model).and(Tone::Dim, sanitize(&format!("  {}", row.strategy))),
        Toned::of(Tone::Dim, format!("{} hits{last}  {}", thousands(row.usage.hits), size(row.size))),
        Toned::of(Tone::Plain, sanitize(row.prompt.as_deref().unwrap_or_default())),
    ]
}

/// A line with its letters marked: bold and underlined, so that it is seen without colour. Where they stand too far to the
/// right, the line begins later, but for the hash.
fn result(found: &FuzzyMatch, mut line: Rect, style: Style, buf: &mut Buffer) {
    const HASH: usize = 10;
    let room = usize::from(line.width);
    let columns =
        |count: usize| -> usize { found.text.chars().take(count).filter_map(UnicodeWidthChar::width).sum() };
    let last = found.letters.last().map_or(0, |at| at + 1);
    let mut skipped = 0;
    if columns(last) > room {
        let first = found.letters.range(HASH..).next().copied().unwrap_or(HASH);
        skipped = first.saturating_sub(3).max(HASH) - HASH;
    }
    let marked = style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    let mut open = (String::new(), false);
    for (at, c) in found.text.chars().enumerate() {
        if skipped > 0 && at == HASH {
            draw::write(buf, &mut line, &std::mem::take(&mut open.0), if open.1 { marked } else { style });
            draw::write(buf, &mut line, "…", style);
        }
        if (HASH..HASH + skipped).contains(&at) {
            continue;
        }
        let letter = found.letters.contains(&at);
        if letter != open.1 {
            draw::write(buf, &mut line, &std::mem::take(&mut open.0), if open.1 { marked } else { style });
            open.1 = letter;
        }
        open.0.push(c);
    }
    draw::write(buf, &mut line, &open.0, if open.1 { marked } else { style });
}
