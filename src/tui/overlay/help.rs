//! The keys in force, explained; typing narrows them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::key_page::{self, OTHER_PLACES};
use crate::tui::input::keymap::Keymap;
use crate::tui::input::legend::LEGEND;
use crate::tui::input::tab::Tab;
use crate::tui::input::table::BINDINGS;
use crate::tui::widgets::line::{Tone, fit};
use crate::tui::widgets::{draw, layout, text_input};

/// The help: how far it is scrolled, and what was typed to narrow it.
#[derive(Clone, Debug, Default)]
pub struct HelpOverlay {
    /// The first line.
    pub at: usize,
    /// The words to look for; `None` while nobody looks for any.
    pub search: Option<Input>,
    /// True if it is being typed.
    pub typing: bool,
}

impl Overlay for HelpOverlay {
    fn scope(&self) -> KeyScope {
        if self.typing { KeyScope::Prompt } else { KeyScope::Help }
    }

    fn act(&mut self, action: Action, _context: &Context) -> ActionOutcome {
        match action {
            Action::Filter => {
                self.search.get_or_insert_default();
                self.typing = true;
            }
            Action::Open => self.typing = false,
            // First what was looked for goes, then the help.
            Action::Back if self.search.is_some() => *self = Self { at: self.at, ..Self::default() },
            Action::Back => return AppRequest::Close.into(),
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    /// Scrolls; the end is kept in when it is drawn.
    fn step(&mut self, by: isize, _context: &Context) -> ActionOutcome {
        self.at = self.at.saturating_add_signed(by).min(BINDINGS.len() + 16);
        ActionOutcome::done()
    }

    fn edit(&mut self, change: &mut dyn FnMut(&mut Input)) {
        if let Some(input) = &mut self.search {
            change(input);
            self.at = 0;
        }
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let wanted = self.search.as_ref().map(|input| input.value().to_lowercase()).unwrap_or_default();
        let lines = lines(&context.options.keymap, context.tab, context.in_detail, &wanted);
        let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX).min(area.height.saturating_sub(2));
        let mut inside = draw::window(theme, "Keys: / searches", area, (74, height), buf);
        let mut cursor = None;
        if let Some(input) = &self.search {
            let mut line = layout::from_top(&mut inside, 1);
            draw::write(buf, &mut line, "/ ", theme.tone(Tone::Accent));
            cursor = text_input::draw(input, line, theme, buf);
        }
        let keys_width = usize::from(inside.width / 3).clamp(8, 18);
        let at = self.at.min(lines.len().saturating_sub(usize::from(inside.height)));
        for (keys, help) in lines.iter().skip(at).take(usize::from(inside.height)) {
            let mut row = layout::from_top(&mut inside, 1);
            if help.is_empty() {
                draw::write(buf, &mut row, keys, theme.tone(Tone::Strong));
            } else {
                draw::write(buf, &mut row, &fit(keys, keys_width, false), theme.tone(Tone::Accent));
                draw::write(buf, &mut row, help, theme.tone(Tone::Plain));
            }
        }
        cursor
    }
}

/// Headings (with nothing to explain), and keys with what they do where the focus is.
fn lines(keymap: &Keymap, tab: Tab, in_detail: bool, wanted: &str) -> Vec<(String, &'static str)> {
    let here = (tab.title(), vec![tab.scope()]);
    let pane = if in_detail { ("In the detail", KeyScope::Detail) } else { ("In the list", KeyScope::List) };
    let mut groups = vec![here, (pane.0, vec![pane.1]), ("Everywhere", vec![KeyScope::Anywhere])];
    groups.extend(OTHER_PLACES.iter().map(|(name, scopes)| (*name, scopes.to_vec())));
    let mut lines = Vec::new();
    for (name, scopes) in groups {
        let rows = key_page::rows(keymap, &scopes).into_iter();
        let rows: Vec<_> = rows
            .filter(|(keys, help)| {
                keys.to_lowercase().contains(wanted) || help.to_lowercase().contains(wanted)
            })
            .map(|(keys, help)| (format!("  {keys}"), help))
            .collect();
        if rows.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push((String::new(), ""));
        }
        lines.push((name.to_owned(), ""));
        lines.extend(rows);
    }
    if tab == Tab::Recordings {
        let legend_row = |(flag, help): &(&str, &'static str)| (format!("  {flag}"), *help);
        let rows: Vec<_> = LEGEND.iter().map(legend_row).filter(|(_, help)| help.contains(wanted)).collect();
        if !rows.is_empty() {
            lines.push((String::new(), ""));
            lines.push(("Letters in the list".to_owned(), ""));
            lines.extend(rows);
        }
    }
    if lines.is_empty() {
        lines.push(("no such key".to_owned(), ""));
    }
    lines
}
