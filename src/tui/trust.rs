//! The question before the first screen: whether a project's file may do what only a trusted one may.
//!
//! It is asked before anything runs, so it has a screen of its own, and keys that no configuration changes.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use tokio::sync::mpsc;

use crate::config::{Consent, Privilege};
use crate::terminal::{self, Keys, Output, Screen, Signals};
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::layout;
use crate::tui::widgets::line::{Tone, Toned};
use crate::tui::widgets::theme::Theme;

/// The widest dialog, in columns.
const WIDEST: u16 = 100;
const TITLE: &str = "Trust this file?";
/// Interval at which the dialog is drawn while nothing happens.
const REDRAWN: Duration = Duration::from_millis(250);

/// The dialog: which lines are seen, and whether all of them were.
struct TrustDialog {
    /// The file, with its folder.
    file: String,
    /// Each value as it is written, with its line and key, and what it does; fit for a screen.
    values: Vec<(String, String)>,
    theme: Theme,
    /// The first line that is shown.
    top: usize,
    /// The number of lines shown at once, of all lines, and of those seen so far.
    rows: usize,
    total: usize,
    seen: usize,
}

/// Asks on the whole screen, and gives the terminal back. Who ends the process leaves.
///
/// # Errors
/// When standard output is no terminal, or it cannot be drawn on.
pub(super) async fn ask_trust(file: String, wanted: &[Privilege], theme: Theme) -> anyhow::Result<Consent> {
    let value = |one: &Privilege| (format!("{}: {} = {}", one.line, one.key, one.value), one.does.clone());
    let values = wanted.iter().map(value).collect();
    let mut signals = Signals::listen()?;
    let screen = Screen::take("retake")?;
    let (typed, mut events) = mpsc::channel(16);
    let keys = Keys::read(typed);
    let mut shown = Terminal::new(CrosstermBackend::new(Output))?;
    let mut dialog = TrustDialog { file, values, theme, top: 0, rows: 1, total: 0, seen: 0 };
    let answer = loop {
        terminal::begin_frame()?;
        shown.draw(|frame| {
            let area = frame.area();
            dialog.draw(area, frame.buffer_mut());
        })?;
        terminal::end_frame()?;
        let event = tokio::select! {
            event = events.recv() => event,
            _ = signals.next() => None,
            // A window that was resized before anybody listened told nobody; each frame asks for its size.
            () = tokio::time::sleep(REDRAWN) => continue,
        };
        match event {
            None => break Consent::Leave,
            Some(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                if let Some(answer) = dialog.answer(key) {
                    break answer;
                }
            }
            Some(_) => {}
        }
    };
    // Whoever reads the terminal next must not share its keys with this thread.
    keys.park();
    drop(screen);
    Ok(answer)
}

impl TrustDialog {
    /// The answer that a key gives; what it does not answer it scrolls.
    fn answer(&mut self, key: KeyEvent) -> Option<Consent> {
        let page = self.rows.max(2) - 1;
        let last = self.total.saturating_sub(self.rows);
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Some(Consent::Leave);
            }
            KeyCode::Char('q') | KeyCode::Esc => return Some(Consent::Leave),
            KeyCode::Char('w') => return Some(Consent::Withheld),
            // Nobody trusts what they did not see.
            KeyCode::Char('t') if self.all_seen() => return Some(Consent::Given),
            KeyCode::Char('t' | ' ') | KeyCode::PageDown => self.top += page,
            KeyCode::PageUp => self.top = self.top.saturating_sub(page),
            KeyCode::Char('j') | KeyCode::Down => self.top += 1,
            KeyCode::Char('k') | KeyCode::Up => self.top = self.top.saturating_sub(1),
            KeyCode::Char('G') | KeyCode::End => self.top = last,
            KeyCode::Char('g') | KeyCode::Home => self.top = 0,
            _ => {}
        }
        self.top = self.top.min(last);
        None
    }

    fn all_seen(&self) -> bool {
        self.seen >= self.total
    }

    /// Draws it, and takes down what was seen.
    fn draw(&mut self, area: Rect, buf: &mut Buffer) {
        Clear.render(area, buf);
        let width = area.width.min(WIDEST);
        let lines = self.lines(usize::from(width.saturating_sub(4)));
        let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX).min(area.height);
        let place = layout::middle(area, width, height);
        self.total = lines.len();
        self.rows = usize::from(height.saturating_sub(4));
        self.top = self.top.min(self.total.saturating_sub(self.rows));
        // Scrolling line by line leaves none out; jumping to the end does, and what was jumped over was not seen.
        if self.top <= self.seen {
            self.seen = self.seen.max(self.top + self.rows);
        }
        let below = self.total.saturating_sub(self.top + self.rows);
        let note = if below > 0 { format!("{below} more lines: ↓") } else { String::new() };
        let note = if self.theme.ascii { note.replace('↓', "down") } else { note };
        let frame = PaneFrame { title: TITLE, note: &note, focused: true, ..PaneFrame::default() };
        let inner = frame.draw(&self.theme, place, buf);
        let mut inside = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        self.draw_answers(layout::from_bottom(&mut inside, 1), buf);
        layout::from_bottom(&mut inside, 1);
        draw::lines(buf, inside, &lines[self.top..], &self.theme);
    }

    fn draw_answers(&self, mut place: Rect, buf: &mut Buffer) {
        let trust = if self.all_seen() { ("t  Trust it", Tone::Bad) } else { ("t  Read on", Tone::Plain) };
        for (text, tone) in [("[ q  Leave ]", Tone::Strong), ("w  Start without", Tone::Plain), trust] {
            draw::write(buf, &mut place, text, self.theme.tone(tone));
            layout::from_left(&mut place, 4);
        }
    }

    fn lines(&self, width: usize) -> Vec<Toned> {
        let mut lines = vec![
            Toned::of(Tone::Strong, self.file.clone()),
            Toned::of(Tone::Plain, "came with this project. It says what only a trusted file may:"),
            Toned::default(),
        ];
        for (value, does) in &self.values {
            lines.push(Toned::of(Tone::Warning, value.clone()));
            lines.push(Toned::of(Tone::Plain, format!("    {does}")));
        }
        let end = "Trust lasts until the file changes. Without it, nothing of this is in force, and the rest of the file is.";
        lines.extend([Toned::default(), Toned::of(Tone::Dim, end)]);
        lines.iter().flat_map(|line| line.wrapped(width)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widgets::theme::ThemeChoice;

    fn dialog(values: usize) -> TrustDialog {
        let value =
            |nth: usize| (format!("line {nth}: keys.m{nth} = \"env:SECRET\""), "it goes there".to_owned());
        let (file, values) = ("/p/retake.toml".into(), (1..=values).map(value).collect());
        let theme = Theme::choose(ThemeChoice::Mono, true, None);
        TrustDialog { file, values, theme, top: 0, rows: 1, total: 0, seen: 0 }
    }

    fn draw(dialog: &mut TrustDialog, size: (u16, u16)) -> String {
        let area = Rect::new(0, 0, size.0, size.1);
        let mut buf = Buffer::empty(area);
        dialog.draw(area, &mut buf);
        let row = |y| (0..size.0).map(|x| buf[(x, y)].symbol()).collect::<String>();
        (0..size.1).map(row).collect::<Vec<_>>().join("\n")
    }

    fn press(dialog: &mut TrustDialog, code: KeyCode) -> Option<Consent> {
        dialog.answer(KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn only_what_was_seen_to_its_end_is_trusted() {
        let mut dialog = dialog(30);
        let shown = draw(&mut dialog, (80, 24));
        assert!(
            shown.contains("/p/retake.toml") && shown.contains("more lines") && shown.contains("t  Read on")
        );
        // A jump to the end is no look at what lies between.
        press(&mut dialog, KeyCode::End);
        draw(&mut dialog, (80, 24));
        assert_eq!(press(&mut dialog, KeyCode::Char('t')), None);
        press(&mut dialog, KeyCode::Home);
        for _ in 0..10 {
            draw(&mut dialog, (80, 24));
            press(&mut dialog, KeyCode::PageDown);
        }
        let shown = draw(&mut dialog, (80, 24));
        assert!(
            shown.contains("keys.m30") && shown.contains("t  Trust it") && !shown.contains("more lines"),
            "{shown}"
        );
        assert_eq!(press(&mut dialog, KeyCode::Char('t')), Some(Consent::Given));
        assert_eq!(press(&mut dialog, KeyCode::Char('w')), Some(Consent::Withheld));
        assert_eq!(press(&mut dialog, KeyCode::Esc), Some(Consent::Leave));
        assert_eq!(press(&mut dialog, KeyCode::Enter), None);
    }

    #[test]
    fn it_is_drawn_at_every_size() {
        for width in 0..60 {
            for height in 0..30 {
                draw(&mut dialog(3), (width, height));
            }
        }
        assert!(draw(&mut dialog(3), (80, 24)).contains("line 3: keys.m3"));
    }
}
