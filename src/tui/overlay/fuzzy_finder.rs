//! A recording is looked for by a few letters: results, and a look at the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use tui_input::Input;
use unicode_width::UnicodeWidthChar;

use super::{prompt, window};
use crate::model::{RecordingId, Row};
use crate::tui::app::state::App;
use crate::tui::content::text::{sanitize, size};
use crate::tui::detail;
use crate::tui::listing::fuzzy_find::{FuzzyMatch, FuzzyMatches};
use crate::tui::widgets::line::{Tone, Toned, age, thousands};
use crate::tui::widgets::{draw, layout};

/// What is looked for, and what was found.
#[derive(Clone, Debug, Default)]
pub struct FuzzyFinder {
    /// What was typed.
    pub input: Input,
    /// What was found.
    pub sought: FuzzyMatches,
    /// The selected one.
    pub at: usize,
    /// Whether recordings changed since somebody was asked.
    pub stale: bool,
    /// What was asked for last: its number and its text.
    pub asked: Option<(u64, String)>,
    /// Whether that is awaited.
    pub waiting: bool,
}

/// The places of the finder on a screen.
#[derive(Clone, Copy, Debug)]
pub struct FinderPlaces {
    size: (u16, u16),
    /// For what is known of the selected one as text.
    pub preview: Rect,
    /// For its picture, above a few lines about it.
    pub picture: Rect,
}

/// Lines about a picture below it.
const ABOUT: u16 = 5;

impl FuzzyFinder {
    /// The selected recording.
    #[must_use]
    pub fn selected(&self) -> Option<&RecordingId> {
        self.sought.found.get(self.at).map(|found| &found.id)
    }

    /// Moves by so many.
    pub fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.sought.found.len().saturating_sub(1));
    }

    /// Takes what was found, unless something else was asked for since. New letters begin at the best one; where only the
    /// recordings changed, the selected one stays.
    pub fn take(&mut self, generation: u64, sought: FuzzyMatches) {
        let Some((asked, text)) = &self.asked else { return };
        if *asked != generation {
            return;
        }
        self.waiting = false;
        let selected = self.selected().filter(|_| text == self.input.value()).cloned();
        let again = selected.and_then(|id| sought.found.iter().position(|found| found.id == id));
        self.at = if self.at > 0 { again.unwrap_or(0) } else { 0 };
        self.sought = sought;
    }

    /// Its places on a screen.
    #[must_use]
    pub fn places(screen: Rect) -> FinderPlaces {
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

    /// Draws it; gives the place of the cursor.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &app.options.theme;
        let screen = Rect { height: area.height + 1, ..area };
        let places = Self::places(screen);
        let marked = app.marked.len() as u64;
        let title = if marked == 0 {
            "Find a recording".to_owned()
        } else {
            format!("Find a recording, {} marked", thousands(marked))
        };
        let mut inside = window(app, &title, area, places.size, buf);
        let mut line = layout::from_top(&mut inside, 1);
        draw::write(buf, &mut line, "> ", theme.tone(Tone::Accent));
        let all = app.world.rows.len() as u64;
        let counted = format!(" {}/{}", thousands(self.sought.count as u64), thousands(all));
        draw::write_right(buf, &mut line, &counted, theme.tone(Tone::Dim));
        let cursor = prompt::typed(&self.input, line, app, buf);
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
        self.results(app, list, buf);
        if !places.preview.is_empty() {
            for y in places.preview.top()..places.preview.bottom() {
                let mut cell = Rect { x: places.preview.x.saturating_sub(2), y, width: 1, height: 1 };
                draw::write(buf, &mut cell, theme.mark("│", "|"), theme.frame(false));
            }
            self.preview(app, places, buf);
        }
        cursor
    }

    fn results(&self, app: &App, mut place: Rect, buf: &mut Buffer) {
        let theme = &app.options.theme;
        let rows = usize::from(place.height);
        let first = self.at.saturating_sub(rows.saturating_sub(1));
        for (nth, found) in self.sought.found.iter().enumerate().skip(first).take(rows) {
            let mut line = layout::from_top(&mut place, 1);
            let whole = line;
            let selected = nth == self.at;
            let pointer = if selected { theme.mark("▌", ">") } else { " " };
            draw::write(buf, &mut line, pointer, theme.tone(Tone::Accent));
            let mark = if app.marked.contains(&found.id) { theme.mark("● ", "* ") } else { "  " };
            draw::write(buf, &mut line, mark, theme.tone(Tone::Accent));
            if app.world.rows.contains_key(&found.id) {
                result(found, line, theme.tone(Tone::Plain), buf);
            } else {
                draw::write(buf, &mut line, "deleted", theme.tone(Tone::Dim));
            }
            if selected {
                buf.set_style(whole.intersection(buf.area), theme.selected(true));
            }
        }
        if self.sought.found.is_empty() {
            let text = if self.waiting { "looking" } else { "no recording holds these letters" };
            draw::write(buf, &mut layout::from_top(&mut place, 1), text, theme.tone(Tone::Dim));
        }
    }

    /// A look at the selected one: its picture with a few words, or the first lines of what the detail says.
    fn preview(&self, app: &App, places: FinderPlaces, buf: &mut Buffer) {
        let theme = &app.options.theme;
        let Some(row) = self.selected().and_then(|id| app.world.rows.get(id)) else { return };
        if app.detail.pictures() == 0 || places.picture.height == 0 {
            draw::lines(buf, places.preview, &app.detail.lines, theme);
            return;
        }
        detail::pane::paint(app, places.picture, buf);
        let about = Rect { y: places.picture.bottom(), height: ABOUT, ..places.picture };
        let lines: Vec<Toned> =
            summary(app, row).iter().flat_map(|line| line.wrapped(usize::from(about.width))).collect();
        draw::lines(buf, about, &lines, theme);
    }
}

/// What a row says of its recording, in a few lines.
fn summary(app: &App, row: &Row) -> Vec<Toned> {
    let model = sanitize(row.model.as_deref().unwrap_or("-")).into_owned();
    let last = row.usage.last_hit.map(|at| format!(", last {}", age(at, app.now))).unwrap_or_default();
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
