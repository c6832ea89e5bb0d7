//! Verbs for the proxy and the store as a whole.

use crate::model::Mode;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::overlay::menu::{Menu, MenuItem};
use crate::tui::overlay::question::QuestionOverlay;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::line::{Tone, Toned};

/// Offers the modes of the proxy.
pub fn choose_mode(context: &Context) -> ActionOutcome {
    let item = |mode: Mode| {
        let request = AppRequest::mutate(Mutation::Mode(mode));
        MenuItem::without_key(mode.as_str(), mode.meaning(), request).current_if(mode == context.world.mode)
    };
    ActionOutcome::open(Menu::new("Mode: what happens to a call", Mode::ALL.into_iter().map(item).collect()))
}

/// Offers to compact the store, with the trash or without.
pub fn choose_compact() -> ActionOutcome {
    let compact = AppRequest::mutate(Mutation::Compact(false));
    let items = vec![
        MenuItem::new('c', "compact", "writes the store anew; the trash of the last 7 days stays", compact),
        MenuItem::new(
            'p',
            "purge",
            "the same without any trash: what lies there is gone for good",
            AppRequest::Act(Action::Purge),
        ),
    ];
    ActionOutcome::open(Menu::new("Compact the store?", items))
}

/// Asks before the trash is emptied.
pub fn ask_purge() -> ActionOutcome {
    let lines = vec![
        Toned::of(Tone::Plain, "Everything in the trash goes for good."),
        Toned::of(Tone::Warning, "It cannot be restored then, and deleting it cannot be undone."),
        Toned::of(Tone::Plain, "Other changes can be undone as before."),
        Toned::default(),
    ];
    let question =
        QuestionOverlay::new("Empty the trash for good?", lines, "Empty it", Mutation::Compact(true));
    ActionOutcome::open(question.typed("purge"))
}
