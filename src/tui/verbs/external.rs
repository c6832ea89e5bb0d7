//! Verbs that take the selection elsewhere: to the clipboard, into another program, to the proxy once more.

use super::selection::Selection;
use crate::engine::{ExchangeRef, Fired};
use crate::model::Outcome;
use crate::tui::content::copy::CopyPart;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::overlay::menu::{Menu, MenuItem};
use crate::tui::protocol::effect::Effect;

/// Offers the parts that can be copied.
pub fn choose_part(thing: Option<&ExchangeRef>, context: &Context) -> ActionOutcome {
    let Some(thing) = thing else { return ActionOutcome::info("Nothing is selected") };
    let from = context.source(thing.clone());
    let item = |(key, part, note): (char, CopyPart, &str)| {
        MenuItem::new(key, part.name(), note, AppRequest::Effect(Effect::Copy(from.clone(), part)))
    };
    let items = CopyPart::MENU.into_iter().map(item).collect();
    ActionOutcome::open(Menu::new(format!("Copy from {thing}"), items))
}

/// Opens the part that the detail pane shows in another program.
pub fn open(selection: &Selection, context: &Context) -> ActionOutcome {
    let Some(thing) = selection.thing.clone() else { return ActionOutcome::info("Nothing is selected") };
    ActionOutcome::effect(Effect::OpenOutside(context.source(thing), selection.part.clone()))
}

/// Sends the request of a call or recording once more.
pub fn fire(thing: Option<&ExchangeRef>) -> ActionOutcome {
    match thing {
        Some(thing) => ActionOutcome::effect(Effect::Fire(thing.clone())),
        None => ActionOutcome::info("Select a call or a recording to send again"),
    }
}

/// The outcome of a request that was sent once more.
pub fn fired(fired: Fired) -> ActionOutcome {
    let call = fired.call.0;
    match (fired.outcome, fired.recording) {
        (Some(Outcome::Replay), Some(id)) => {
            ActionOutcome::info(format!("HIT: call {call} was answered by {id}"))
        }
        (outcome, _) => {
            let word = outcome.map_or("no answer", Outcome::label);
            let reason = fired.reason.unwrap_or_else(|| "nothing answers this request".into());
            let text = format!("{word}: {reason}");
            if outcome == Some(Outcome::Replay) {
                ActionOutcome::info(text)
            } else {
                AppRequest::Error(text).into()
            }
        }
    }
}
