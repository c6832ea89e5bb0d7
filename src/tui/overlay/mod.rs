//! What lies over the panes: help, menus, questions, lines to type, a picture.

mod draft;
mod help;
mod menu;
mod palette;
mod prompt;
mod question;
mod retag;
mod search;
mod shelf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use tui_input::Input;

pub use help::Help;
pub use menu::{Choice, Item, Menu};
pub use palette::Palette;
pub use prompt::{Prompt, Purpose, typed};
pub use question::Question;
pub use retag::Retag;
pub use shelf::{Kind as ShelfKind, Shelf};

use super::app::App;
use super::draft::Draft;
use super::keymap::Scope;
use super::layout;
use super::line::Tone;
use super::pane::draw::{self, Frame};

/// One of them lies on top, or none.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// The keys.
    Help(Help),
    /// Things to choose from.
    Menu(Menu),
    /// Whether to do something.
    Question(Box<Question>),
    /// Something is typed.
    Prompt(Box<Prompt>),
    /// A command is looked for.
    Palette(Box<Palette>),
    /// What recordings answer is chosen.
    Retag(Box<Retag>),
    /// An edit before it is stored.
    Draft(Box<Draft>),
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
    /// Where its keys are looked up.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Help(help) if help.typing => Scope::Prompt,
            Self::Help(_) => Scope::Help,
            Self::Menu(_) => Scope::Menu,
            Self::Question(_) | Self::Clearing => Scope::Question,
            Self::Prompt(_) | Self::Palette(_) | Self::Search(_) => Scope::Prompt,
            Self::Retag(retag) if retag.typing => Scope::Prompt,
            Self::Retag(_) => Scope::Retag,
            Self::Draft(_) => Scope::Draft,
            Self::Shelf(pile) if pile.kind == ShelfKind::Trash => Scope::Trash,
            Self::Shelf(_) => Scope::Reviews,
            Self::Leaving => Scope::Leaving,
            Self::Filter => Scope::Filter,
            Self::Picture => Scope::Picture,
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
            Self::Retag(retag) => return retag.draw(app, area, buf),
            Self::Draft(draft) => draft.draw(app, area, buf),
            Self::Shelf(pile) => pile.draw(app, area, buf),
            Self::Leaving => leaving(app, area, buf),
            Self::Clearing => clearing(app, area, buf),
            Self::Filter => {}
            Self::Search(input) => return search::draw(app, input, area, buf),
            Self::Picture => super::pane::detail::full_screen(app, area, buf),
        }
        None
    }
}

/// A cleared and framed box in the middle; gives what is inside, with a column of air on each side.
pub fn window(app: &App, title: &str, area: Rect, size: (u16, u16), buf: &mut Buffer) -> Rect {
    let place = layout::middle(area, size.0, size.1);
    Clear.render(place, buf);
    let inner = Frame { title, focused: true, ..Frame::default() }.draw(&app.options.theme, place, buf);
    Rect { x: inner.x + u16::from(inner.width > 2), width: inner.width.saturating_sub(2), ..inner }
}

fn leaving(app: &App, area: Rect, buf: &mut Buffer) {
    let flying = app.world.counters.in_flight;
    let text = format!(
        "{flying} call{} still under way; the proxy stops with it.",
        if flying == 1 { " is" } else { "s are" }
    );
    either(app, ("Quit?", &text, "[ Esc  Stay ]", "q  Quit at once"), area, buf);
}

fn clearing(app: &App, area: Rect, buf: &mut Buffer) {
    let text = "Only the list is emptied; recordings and history stay.";
    either(app, ("Clear the list?", text, "[ Esc  No ]", "x  Clear"), area, buf);
}

/// A question with two answers.
fn either(app: &App, (title, text, no, yes): (&str, &str, &str, &str), area: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    let mut inside = window(app, title, area, (58, 6), buf);
    let mut line = layout::from_top(&mut inside, 1);
    draw::write(buf, &mut line, text, theme.tone(Tone::Plain));
    layout::from_top(&mut inside, 1);
    let mut line = layout::from_top(&mut inside, 1);
    draw::write(buf, &mut line, no, theme.tone(Tone::Strong));
    draw::write(buf, &mut line, &format!("     {yes}"), theme.tone(Tone::Bad));
}
