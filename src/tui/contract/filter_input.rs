//! A filter while it is typed: keys, text and completion, the same on all tabs.

use std::cell::Cell;

use tui_input::Input;

use super::context::Context;
use super::outcome::{ActionOutcome, AppRequest};
use crate::query::vocabulary;
use crate::query::{Key, QueryKind};
use crate::tui::input::action::Action;
use crate::tui::listing::filter::Filter;
use crate::tui::protocol::effect::Effect;

/// Carries out an action of a filter that is being typed.
pub fn act(filter: &mut Filter, action: Action, context: &Context) -> ActionOutcome {
    if filter.input.is_none() {
        return ActionOutcome::Ignored;
    }
    match action {
        // While it is wrong typing goes on, with what is wrong beside it.
        Action::Open if filter.error().is_some() => {}
        Action::Open | Action::Back => return keep(filter),
        Action::Complete => {
            return with_values(filter, context, |filter, values| filter.complete(true, values));
        }
        Action::CompleteBack => {
            return with_values(filter, context, |filter, values| filter.complete(false, values));
        }
        Action::Earlier => filter.recall(true),
        Action::Later => filter.recall(false),
        _ => return ActionOutcome::Ignored,
    }
    ActionOutcome::done()
}

/// Changes the text that is being typed.
pub fn edit(filter: &mut Filter, change: &mut dyn FnMut(&mut Input), context: &Context) -> ActionOutcome {
    with_values(filter, context, |filter, values| filter.change(change, values))
}

/// Ends typing; what was typed stays in force. What cannot be understood does not: a shorter filter that happened to be
/// right on the way there would let verbs act on strangers.
pub fn keep(filter: &mut Filter) -> ActionOutcome {
    match filter.keep() {
        Some(wrong) => ActionOutcome::info(format!("`{wrong}` is no filter; the one before it is back")),
        None => ActionOutcome::done(),
    }
}

/// Changes a filter by the values behind a key. Those of calls are at hand; a worker finds those of recordings, of which
/// there can be very many.
fn with_values(
    filter: &mut Filter,
    context: &Context,
    change: impl FnOnce(&mut Filter, &dyn Fn(Key) -> Option<Vec<String>>),
) -> ActionOutcome {
    let (kind, wanted) = (filter.kind(), Cell::new(None));
    change(filter, &|key| match kind {
        QueryKind::Calls => Some(vocabulary::of_calls(&context.world.calls, key)),
        QueryKind::Recordings => {
            wanted.set(Some(key));
            None
        }
    });
    wanted.get().map_or_else(ActionOutcome::done, |key| {
        AppRequest::Effect(Effect::Values(key, context.world.rows.clone())).into()
    })
}
