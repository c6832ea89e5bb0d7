//! A question before something is done; of very many the number has to be typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::answers;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::line::{Tone, Toned};
use crate::tui::widgets::{draw, layout};

/// Count of recordings from which on their number has to be typed.
const MANY: usize = 50;

/// A question.
#[derive(Debug)]
pub struct QuestionOverlay {
    title: String,
    /// The facts to decide by, line by line.
    lines: Vec<Toned>,
    /// The word for `x`.
    yes: String,
    mutation: Mutation,
    /// The text that has to be typed before it is done, and the one that was typed.
    typed: Option<(String, Input)>,
}

impl QuestionOverlay {
    /// The question about a change, which `yes` names.
    #[must_use]
    pub fn new(
        title: impl Into<String>,
        lines: Vec<Toned>,
        yes: impl Into<String>,
        mutation: Mutation,
    ) -> Self {
        Self { title: title.into(), lines, yes: yes.into(), mutation, typed: None }
    }

    /// This question, answered only when `text` was typed.
    #[must_use]
    pub fn typed(self, text: impl Into<String>) -> Self {
        Self { typed: Some((text.into(), Input::default())), ..self }
    }

    /// This question; where it is about very many recordings, their number has to be typed.
    #[must_use]
    pub fn typed_when_many(self, count: usize) -> Self {
        if count > MANY { self.typed(count.to_string()) } else { self }
    }

    /// True if `x` does it now.
    fn is_ready(&self) -> bool {
        self.typed.as_ref().is_none_or(|(wanted, input)| input.value().trim() == wanted)
    }
}

impl Overlay for QuestionOverlay {
    fn scope(&self) -> KeyScope {
        KeyScope::Question
    }

    fn act(&mut self, action: Action, _context: &Context) -> ActionOutcome {
        match (action, &self.mutation) {
            (Action::Confirm, _) if !self.is_ready() => ActionOutcome::done(),
            (Action::Confirm, Mutation::Remove(ids) | Mutation::Rerecord(ids)) if ids.is_empty() => {
                AppRequest::Close.into()
            }
            (Action::Confirm, mutation) => ActionOutcome::close_then(AppRequest::mutate(mutation.clone())),
            (Action::Back, _) => AppRequest::Close.into(),
            _ => ActionOutcome::Ignored,
        }
    }

    fn edit(&mut self, change: &mut dyn FnMut(&mut Input)) {
        if let Some((_, input)) = &mut self.typed {
            change(input);
        }
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let widest = self.lines.iter().map(|line| line.text().width()).max().unwrap_or(0);
        let width = widest.max(self.title.width() + 4).clamp(46, 96) + 4;
        let room = width.min(usize::from(area.width)).saturating_sub(4);
        let lines: Vec<Toned> = self.lines.iter().flat_map(|line| line.wrapped(room)).collect();
        let size = (
            u16::try_from(width).unwrap_or(u16::MAX),
            u16::try_from(lines.len() + 4 + usize::from(self.typed.is_some())).unwrap_or(u16::MAX),
        );
        let mut inside = draw::window(theme, &self.title, area, size, buf);
        // The answers are seen, however little room there is.
        let tone = if self.is_ready() { Tone::Bad } else { Tone::Dim };
        let ways = [(Action::Back, "Cancel", Tone::Strong), (Action::Confirm, &*self.yes, tone)];
        answers::draw(context, KeyScope::Question, &ways, &mut inside, buf);
        if let Some((wanted, input)) = &self.typed {
            let mut typing = layout::from_bottom(&mut inside, 1);
            draw::write(buf, &mut typing, &format!("Type {wanted} first: "), theme.tone(Tone::Warning));
            let text = sanitize(input.value());
            let cursor = theme.mark("▏", "_");
            draw::write(buf, &mut typing, &format!("{text}{cursor}"), theme.tone(Tone::Strong));
        }
        draw::lines(buf, inside, &fitting(lines, usize::from(inside.height)), theme);
        None
    }
}

/// The lines for so many rows. Where there are too few, blank ones go first; then those at the beginning, which say what is
/// asked about one by one: the sums stand at the end.
fn fitting(mut lines: Vec<Toned>, rows: usize) -> Vec<Toned> {
    if lines.len() <= rows {
        return lines;
    }
    lines.retain(|line| !line.text().trim().is_empty());
    if lines.len() > rows {
        let over = lines.len() + 1 - rows.min(lines.len());
        lines.drain(..over.min(lines.len()));
        lines.insert(0, Toned::of(Tone::Dim, format!("{over} more lines in a larger window")));
    }
    lines
}
