//! The last line: the keys that matter here; and the newest message over the panes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::state::App;
use crate::model::Level;
use crate::reading::sanitize;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::keymap::KeyMeaning;
use crate::tui::input::spelling;
use crate::tui::input::tab::Tab;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::layout::{self, Areas, ScreenClass};
use crate::tui::widgets::line::{Tone, Toned, cut};

/// The keys that matter here, from the keymap; the least important leave when there is no room.
pub(super) fn hints(app: &App, place: Rect, buf: &mut Buffer) {
    let theme = &app.context.options.theme;
    let mut hints = Vec::new();
    let scopes = app.scopes();
    for (nth, scope) in scopes.iter().enumerate().rev() {
        let bindings = app.context.options.keymap.bindings().filter(|bound| bound.scope == *scope);
        hints.extend(bindings.filter_map(|bound| {
            // A key that means something else nearer by does not mean this.
            let key = bound.keys.first()?;
            let meant = app.context.options.keymap.meaning(&scopes[..nth], key);
            // Where there is no list to filter, or no room for a detail, no key is offered for it.
            let tiny = !app.is_modal() && app.context.areas.class == ScreenClass::Tiny;
            let listless = (bound.action == Action::Filter && app.context.tab == Tab::Diff)
                || (bound.action == Action::Open && tiny);
            if meant != KeyMeaning::Nothing && meant != KeyMeaning::Beginning || listless {
                return None;
            }
            let ((text, order), key) = (bound.hint?, bound.keys.first()?);
            Some((order, spelling::shown(key), text))
        }));
    }
    let wide = |hints: &[(u8, String, &str)]| -> usize {
        hints.iter().map(|(_, key, text)| key.width() + text.width() + 3).sum()
    };
    while wide(&hints) > usize::from(place.width) + 1 {
        let Some(at) = (0..hints.len()).max_by_key(|at| hints[*at].0) else { break };
        hints.remove(at);
    }
    hints.sort_by_key(|(order, ..)| if *order == 0 { u8::MAX } else { *order });
    let mut place = Rect { x: place.x + 1, width: place.width.saturating_sub(1), ..place };
    if let Some((done, of)) = app.progress {
        let key = app.context.key(KeyScope::List, Action::Back);
        let text = format!("re-recording: {} of {of}, {key} stops  ", (done + 1).min(of));
        draw::write(buf, &mut place, &text, theme.tone(Tone::Warning));
    }
    for (_, key, text) in hints {
        draw::write(buf, &mut place, &key, theme.tone(Tone::Accent));
        draw::write(buf, &mut place, &format!(" {text}"), theme.tone(Tone::Dim));
        layout::from_left(&mut place, 2);
    }
}

/// The newest message, in a box over the lower right corner of the panes.
pub(super) fn toast(app: &App, areas: &Areas, buf: &mut Buffer) {
    let Some((toast, more)) = app.toasts.newest() else { return };
    let theme = &app.context.options.theme;
    let closes = format!("Error: {} closes", app.context.key(KeyScope::List, Action::Back));
    let (tone, title) = match toast.level {
        Level::Info => (Tone::Good, ""),
        Level::Warning => (Tone::Warning, "Warning"),
        Level::Error => (Tone::Bad, closes.as_str()),
    };
    // A few lines are shown; an upstream's own words may be endless.
    let beginning: String = toast.text.chars().take(600).collect();
    let text = sanitize(&beginning);
    let widest = usize::from(areas.whole.width.saturating_sub(6)).min(70);
    let lines = Toned::of(Tone::Plain, text).wrapped(widest);
    let width = lines.iter().map(|line| line.text().width()).max().unwrap_or(0).max(title.width() + 2);
    let height = lines.len().min(5);
    let (Ok(width), Ok(height)) = (u16::try_from(width + 4), u16::try_from(height + 2)) else { return };
    let bottom = if areas.filter.is_empty() { areas.status.y } else { areas.filter.y };
    let place = Rect {
        x: areas.whole.right().saturating_sub(width + 1),
        y: bottom.saturating_sub(height),
        width,
        height,
    }
    .intersection(areas.whole);
    Clear.render(place, buf);
    let note = if more > 0 { format!("{more} more") } else { String::new() };
    let frame = PaneFrame { title, note: &note, ..PaneFrame::default() };
    let inside = frame.draw(theme, place, buf);
    let edge = theme.tone(tone);
    for y in place.top()..place.bottom() {
        for x in [place.left(), place.right().saturating_sub(1)] {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_style(edge);
            }
        }
    }
    let air = Rect { x: inside.x + 1, width: inside.width.saturating_sub(1), ..inside };
    let shown: Vec<Toned> =
        lines.iter().map(|line| Toned::of(Tone::Plain, cut(&line.text(), widest))).collect();
    draw::lines(buf, air, &shown, theme);
}
