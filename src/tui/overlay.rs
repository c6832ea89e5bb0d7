//! What lies over the panes: help, the menu of modes, questions, the filter's line, a picture.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use super::app::{App, Tab};
use super::keymap::{self, BINDINGS, Scope};
use super::layout;
use super::line::{Tone, age, fit};
use super::pane::draw::{self, Frame};
use super::text;
use crate::model::{Mode, RecordingId, Row};

/// One of them lies on top, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The keys, scrolled by so many lines.
    Help(usize),
    /// The modes, with the one to choose.
    Mode(usize),
    /// Whether to delete these.
    Delete(Vec<RecordingId>),
    /// Whether to quit while calls are under way.
    Leaving,
    /// The filter is being typed.
    Filter,
    /// A picture in half-blocks on the whole screen.
    Picture,
}

impl Overlay {
    /// Where its keys are looked up.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Help(_) => Scope::Help,
            Self::Mode(_) => Scope::Menu,
            Self::Delete(_) => Scope::Question,
            Self::Leaving => Scope::Leaving,
            Self::Filter => Scope::Filter,
            Self::Picture => Scope::Picture,
        }
    }

    /// Draws it. The filter's line has its own place and is drawn with the panes.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        match self {
            Self::Help(at) => help(app, *at, area, buf),
            Self::Mode(at) => modes(app, *at, area, buf),
            Self::Delete(ids) => delete(app, ids, area, buf),
            Self::Leaving => leaving(app, area, buf),
            Self::Filter => {}
            Self::Picture => super::pane::detail::full_screen(app, area, buf),
        }
    }
}

/// A cleared and framed box in the middle; gives what is inside, with a column of air on each side.
fn window(app: &App, title: &str, area: Rect, size: (u16, u16), buf: &mut Buffer) -> Rect {
    let place = layout::middle(area, size.0, size.1);
    Clear.render(place, buf);
    let inner = Frame { title, focused: true, ..Frame::default() }.draw(&app.options.theme, place, buf);
    Rect { x: inner.x + u16::from(inner.width > 2), width: inner.width.saturating_sub(2), ..inner }
}

fn help(app: &App, at: usize, area: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    let lines = help_lines(app.tab, app.in_detail);
    let height =
        u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height.saturating_sub(2));
    let mut inside = window(app, "Keys", area, (70, height), buf);
    let at = at.min(lines.len().saturating_sub(usize::from(inside.height)));
    for (keys, help) in lines.iter().skip(at).take(usize::from(inside.height)) {
        let mut row = layout::from_top(&mut inside, 1);
        if help.is_empty() {
            draw::write(buf, &mut row, keys, theme.tone(Tone::Strong));
        } else {
            draw::write(buf, &mut row, &fit(keys, 18, false), theme.tone(Tone::Accent));
            draw::write(buf, &mut row, help, theme.tone(Tone::Plain));
        }
    }
}

/// Headings (with nothing to explain), and keys with what they do where the focus is.
fn help_lines(tab: Tab, in_detail: bool) -> Vec<(String, &'static str)> {
    let here: (&str, &[Scope]) = match tab {
        Tab::Live => ("Live", &[Scope::Live]),
        Tab::Recordings => ("Recordings", &[Scope::Recordings]),
    };
    let pane: (&str, &[Scope]) =
        if in_detail { ("In the detail", &[Scope::Detail]) } else { ("In the list", &[Scope::List]) };
    let groups: [(&str, &[Scope]); 6] = [
        here,
        pane,
        ("Everywhere", &[Scope::Anywhere]),
        ("While typing a filter", &[Scope::Filter]),
        ("Menus and questions", &[Scope::Menu, Scope::Question, Scope::Leaving]),
        ("Picture on the whole screen", &[Scope::Picture]),
    ];
    let mut lines = Vec::new();
    for (name, scopes) in groups {
        if !lines.is_empty() {
            lines.push((String::new(), ""));
        }
        lines.push((name.to_owned(), ""));
        for binding in BINDINGS.iter().filter(|binding| scopes.contains(&binding.scope)) {
            let keys: Vec<String> = binding.keys.iter().map(|key| keymap::shown(key)).collect();
            lines.push((format!("  {}", keys.join(" ")), binding.help));
        }
    }
    lines
}

fn modes(app: &App, at: usize, area: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    let mut inside = window(app, "Mode: what happens to a call", area, (86, 9), buf);
    for (row, mode) in Mode::ALL.into_iter().enumerate() {
        let mut place = layout::from_top(&mut inside, 1);
        if row == at {
            buf.set_style(place, theme.selected(true));
        }
        let now = if mode == app.world.mode { theme.mark("● ", "* ") } else { "  " };
        draw::write(buf, &mut place, now, theme.tone(Tone::Accent));
        draw::write(buf, &mut place, &fit(mode.as_str(), 18, false), theme.tone(Tone::Strong));
        draw::write(buf, &mut place, mode.meaning(), theme.tone(Tone::Dim));
    }
}

fn delete(app: &App, ids: &[RecordingId], area: Rect, buf: &mut Buffer) {
    const LISTED: usize = 10;
    let theme = &app.options.theme;
    let rows: Vec<&Row> = ids.iter().filter_map(|id| app.world.rows.get(id)).map(AsRef::as_ref).collect();
    let going: Vec<&Row> = rows.iter().copied().filter(|row| !row.protected).collect();
    let height = u16::try_from(rows.len().min(LISTED)).unwrap_or(0) + 6;
    let title = format!("Delete {}?", super::fold::counted(ids.len()));
    let mut inside = window(app, &title, area, (66, height), buf);
    for row in rows.iter().take(LISTED) {
        let mut place = layout::from_top(&mut inside, 1);
        let model = text::sanitize(row.model.as_deref().unwrap_or("-")).into_owned();
        draw::write(buf, &mut place, &fit(&row.hash.short(), 10, false), theme.tone(Tone::Accent));
        draw::write(buf, &mut place, &fit(&model, 20, false), theme.tone(Tone::Plain));
        draw::write(buf, &mut place, &fit(&text::size(row.size), 9, true), theme.tone(Tone::Plain));
        let (note, tone) = if row.protected {
            ("  protected: kept".into(), Tone::Warning)
        } else {
            (used(app, row), Tone::Dim)
        };
        draw::write(buf, &mut place, &note, theme.tone(tone));
    }
    layout::from_top(&mut inside, 1);
    let bytes: u64 = going.iter().map(|row| row.size).sum();
    let mut line = layout::from_top(&mut inside, 1);
    let frees = format!("Frees {}. Kept in the trash; u takes it back.", text::size(bytes));
    draw::write(buf, &mut line, &frees, theme.tone(Tone::Plain));
    layout::from_top(&mut inside, 1);
    let mut line = layout::from_top(&mut inside, 1);
    draw::write(buf, &mut line, "[ Esc  Keep ]", theme.tone(Tone::Strong));
    draw::write(buf, &mut line, &format!("     x  Delete {}", going.len()), theme.tone(Tone::Bad));
}

fn used(app: &App, row: &Row) -> String {
    let last = row.usage.last_hit.map(|at| format!(", last {}", age(at, app.now))).unwrap_or_default();
    let hits = row.usage.hits;
    format!("  {hits} hit{}{last}", if hits == 1 { "" } else { "s" })
}

fn leaving(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    let mut inside = window(app, "Quit?", area, (58, 6), buf);
    let flying = app.world.counters.in_flight;
    let text = format!(
        "{flying} call{} still under way; the proxy stops with it.",
        if flying == 1 { " is" } else { "s are" }
    );
    let mut line = layout::from_top(&mut inside, 1);
    draw::write(buf, &mut line, &text, theme.tone(Tone::Plain));
    layout::from_top(&mut inside, 1);
    let mut line = layout::from_top(&mut inside, 1);
    draw::write(buf, &mut line, "[ Esc  Stay ]", theme.tone(Tone::Strong));
    draw::write(buf, &mut line, "     q  Quit at once", theme.tone(Tone::Bad));
}
