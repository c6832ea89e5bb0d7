//! An edit before it is stored: what would differ, or what is wrong with it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::answers;
use crate::reading::sanitize;
use crate::tui::content::draft::{DraftOutcome, EditDraft, LINES};
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::line::{Tone, Toned};
use crate::tui::widgets::{draw, layout};

/// An edit that waits to be stored.
#[derive(Debug)]
pub struct DraftOverlay(Box<EditDraft>);

impl DraftOverlay {
    /// The dialog on a screen of so many columns. Long lines are broken once: what differs is seen wherever it stands, and
    /// drawing has little to do.
    #[must_use]
    pub fn new(mut draft: Box<EditDraft>, columns: u16) -> Self {
        if let DraftOutcome::Changed(lines) = &mut draft.outcome {
            let width = Self::width(columns);
            *lines = lines.iter().flat_map(|line| line.wrapped(width)).take(LINES).collect();
            // It begins at what differs first.
            let differs =
                |line: &Toned| line.0.iter().any(|(tone, _)| matches!(tone, Tone::Bad | Tone::Good));
            draft.at = lines.iter().position(differs).unwrap_or(0).saturating_sub(1);
        }
        Self(draft)
    }
}

impl DraftOverlay {
    /// Columns of its lines on a screen of so many.
    #[must_use]
    pub fn width(columns: u16) -> usize {
        usize::from(columns.saturating_sub(8).clamp(1, 104))
    }
}

impl Overlay for DraftOverlay {
    fn scope(&self) -> KeyScope {
        KeyScope::Draft
    }

    fn act(&mut self, action: Action, _context: &Context) -> ActionOutcome {
        match action {
            Action::Confirm => self.store(),
            Action::Edit => ActionOutcome::close_then(AppRequest::Effect(Effect::Editor(self.0.clone()))),
            Action::Back => ActionOutcome::close_then(AppRequest::Info(
                "Not stored; e goes on with what you wrote".into(),
            ))
            .and(AppRequest::SetDraftAside(Some(self.0.clone()))),
            _ => ActionOutcome::Ignored,
        }
    }

    fn step(&mut self, by: isize, _context: &Context) -> ActionOutcome {
        self.0.step(by);
        ActionOutcome::done()
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let draft = &self.0;
        let theme = &context.options.theme;
        let wrong = !matches!(draft.outcome, DraftOutcome::Changed(_));
        let width = Self::width(area.width);
        let lines: Vec<Toned> = match &draft.outcome {
            DraftOutcome::Changed(lines) => lines.iter().flat_map(|line| line.wrapped(width)).collect(),
            DraftOutcome::Unchanged => vec![Toned::of(Tone::Dim, "Nothing was changed.")],
            DraftOutcome::Wrong(why) => Toned::of(Tone::Bad, sanitize(why)).wrapped(width),
        };
        let title = if wrong { "This edit cannot be stored" } else { "Store this edit?" };
        let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX).min(area.height.saturating_sub(2));
        let mut inside =
            draw::window(theme, title, area, (u16::try_from(width + 4).unwrap_or(u16::MAX), height), buf);
        let mut ways = vec![
            (Action::Back, "Put aside", Tone::Strong),
            (Action::Confirm, "Store", Tone::Bad),
            (Action::Edit, "Back to the editor", Tone::Accent),
        ];
        ways.retain(|(action, ..)| !wrong || *action != Action::Confirm);
        let mut last = answers::draw(context, KeyScope::Draft, &ways, &mut inside, buf);
        let air = u16::from(inside.height > 4);
        layout::from_bottom(&mut inside, air);
        let rows = usize::from(inside.height);
        let at = draft.at.min(lines.len().saturating_sub(rows));
        draw::lines(buf, inside, lines.get(at..).unwrap_or_default(), theme);
        if lines.len() > rows {
            let shown = format!("{}/{}", (at + rows).min(lines.len()), lines.len());
            draw::write_right(buf, &mut last, &shown, theme.tone(Tone::Dim));
        }
        None
    }
}

impl DraftOverlay {
    fn store(&self) -> ActionOutcome {
        let Some(revision) = self.0.revision() else { return ActionOutcome::done() };
        let edit = AppRequest::mutate(Mutation::Edit(self.0.recording.clone(), vec![revision]));
        ActionOutcome::close_then(AppRequest::SetDraftAside(None)).and(edit)
    }
}
