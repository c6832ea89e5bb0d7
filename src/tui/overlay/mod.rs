//! What lies over the panes: help, menus, questions, lines to type, a picture.

mod answers;
mod draft;
mod fuzzy_finder;
mod help;
mod menu;
mod palette;
mod prompt;
mod question;
mod retag;
mod search_line;
mod shelf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use tui_input::Input;

pub use fuzzy_finder::FuzzyFinder;
pub use help::HelpOverlay;
pub use menu::{Menu, MenuChoice, MenuItem};
pub use palette::CommandPalette;
pub use prompt::{PromptOverlay, PromptPurpose, typed};
pub use question::QuestionOverlay;
pub use retag::{RetagOverlay, TOO_SMALL};
pub use shelf::{Kind as ShelfKind, Shelf};

use crate::tui::app::state::App;
use crate::tui::content::draft::EditDraft;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::recordings::contact_sheet::ContactSheet;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::layout;
use crate::tui::widgets::line::{Tone, Toned};

/// One of them lies on top, or none.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// The keys.
    Help(HelpOverlay),
    /// Things to choose from.
    Menu(Menu),
    /// Whether to do something.
    Question(Box<QuestionOverlay>),
    /// Something is typed.
    Prompt(Box<PromptOverlay>),
    /// A command is looked for.
    Palette(Box<CommandPalette>),
    /// Pictures as a contact sheet.
    Sheet(Box<ContactSheet>),
    /// A recording is looked for.
    Finder(Box<FuzzyFinder>),
    /// What recordings answer is chosen.
    Retag(Box<RetagOverlay>),
    /// An edit before it is stored.
    Draft(Box<EditDraft>),
    /// What lies in the trash, or waits for review.
    Shelf(Box<Shelf>),
    /// Whether to quit while calls are under way.
    Leaving,
    /// Whether to clear the list of calls.
    Clearing,
    /// The filter is being typed.
    Filter,
    /// A picture in half-blocks on the whole screen.
    Picture,
    /// Words are looked for in the detail.
    Search(Input),
}

impl Overlay {
    /// Whether it takes the whole screen and stays while verbs are done from it, so that what became of them has to be told
    /// on top of it.
    #[must_use]
    pub fn fills(&self) -> bool {
        matches!(self, Self::Sheet(_) | Self::Shelf(_) | Self::Picture)
    }

    /// Where its keys are looked up.
    #[must_use]
    pub fn scope(&self) -> KeyScope {
        match self {
            Self::Help(help) if help.typing => KeyScope::Prompt,
            Self::Help(_) => KeyScope::Help,
            Self::Menu(_) => KeyScope::Menu,
            Self::Question(_) | Self::Clearing => KeyScope::Question,
            Self::Prompt(_) | Self::Palette(_) | Self::Search(_) => KeyScope::Prompt,
            Self::Finder(_) => KeyScope::Find,
            Self::Sheet(_) => KeyScope::Sheet,
            Self::Retag(retag) if retag.typing => KeyScope::Prompt,
            Self::Retag(_) => KeyScope::Retag,
            Self::Draft(_) => KeyScope::Draft,
            Self::Shelf(pile) if pile.kind == ShelfKind::Trash => KeyScope::Trash,
            Self::Shelf(_) => KeyScope::Reviews,
            Self::Leaving => KeyScope::Leaving,
            Self::Filter => KeyScope::Filter,
            Self::Picture => KeyScope::Picture,
        }
    }

    /// Draws it; gives the place of the cursor where something is typed. The filter's line has its own place and is drawn
    /// with the panes.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        match self {
            Self::Help(help) => return help.draw(app, area, buf),
            Self::Menu(menu) => menu.draw(app, area, buf),
            Self::Question(question) => question.draw(app, area, buf),
            Self::Prompt(prompt) => return prompt.draw(app, area, buf),
            Self::Palette(palette) => return palette.draw(app, area, buf),
            Self::Sheet(sheet) => sheet.draw(app, area, buf),
            Self::Finder(finder) => return finder.draw(app, area, buf),
            Self::Retag(retag) => return retag.draw(app, area, buf),
            Self::Draft(draft) => draft.draw(app, area, buf),
            Self::Shelf(pile) => pile.draw(app, area, buf),
            Self::Leaving => leaving(app, area, buf),
            Self::Clearing => clearing(app, area, buf),
            Self::Filter => {}
            Self::Search(input) => return search_line::draw(app, input, area, buf),
            Self::Picture => crate::tui::detail::pane::full_screen(app, area, buf),
        }
        None
    }
}

/// A cleared and framed box in the middle; gives what is inside, with a column of air on each side.
pub fn window(app: &App, title: &str, area: Rect, size: (u16, u16), buf: &mut Buffer) -> Rect {
    let place = layout::middle(area, size.0, size.1);
    Clear.render(place, buf);
    let inner =
        PaneFrame { title, focused: true, ..PaneFrame::default() }.draw(&app.options.theme, place, buf);
    Rect { x: inner.x + u16::from(inner.width > 2), width: inner.width.saturating_sub(2), ..inner }
}

fn leaving(app: &App, area: Rect, buf: &mut Buffer) {
    let flying = app.world.counters.in_flight;
    let text = format!(
        "{flying} call{} still under way; the proxy stops with it.",
        if flying == 1 { " is" } else { "s are" }
    );
    let answers = [(Action::Back, "Stay", Tone::Strong), (Action::Confirm, "Quit at once", Tone::Bad)];
    either(app, ("Quit?", &text), (KeyScope::Leaving, &answers), area, buf);
}

fn clearing(app: &App, area: Rect, buf: &mut Buffer) {
    let text = "Only the list is emptied; recordings and history stay.";
    let answers = [(Action::Back, "No", Tone::Strong), (Action::Confirm, "Clear", Tone::Bad)];
    either(app, ("Clear the list?", text), (KeyScope::Question, &answers), area, buf);
}

/// A question with two answers.
fn either(
    app: &App,
    (title, text): (&str, &str),
    (scope, answers): (KeyScope, &[answers::Answer<'_>]),
    area: Rect,
    buf: &mut Buffer,
) {
    let lines = Toned::of(Tone::Plain, text).wrapped(usize::from(area.width.min(58).saturating_sub(4)));
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
    let mut inside = window(app, title, area, (58, height), buf);
    answers::draw(app, scope, answers, &mut inside, buf);
    draw::lines(buf, inside, &lines, &app.options.theme);
}
