//! The verb of each action.

use super::selection::Selection;
use super::{delete, edit, external, fault, labels, rerecord, store};
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::overlay::reviews::ReviewOverlay;
use crate::tui::overlay::trash::TrashOverlay;
use crate::tui::protocol::mutation::Mutation;

/// Carries out a verb.
pub fn act(action: Action, selection: &Selection, context: &Context) -> ActionOutcome {
    match action {
        Action::Undo => return ActionOutcome::mutate(Mutation::Undo),
        Action::Redo => return ActionOutcome::mutate(Mutation::Redo),
        Action::Mode => return store::choose_mode(context),
        Action::Compact => return store::choose_compact(),
        Action::Purge => return store::ask_purge(),
        Action::Reviews => return ActionOutcome::open(ReviewOverlay::default()),
        Action::Trash => return ActionOutcome::open(TrashOverlay::default()),
        Action::Copy => return external::choose_part(selection.thing.as_ref(), context),
        Action::Outside => return external::open(selection, context),
        Action::Fire => return external::fire(selection.thing.as_ref()),
        Action::Retag => return AppRequest::Retag.into(),
        Action::Edit => return edit::choose(selection, context),
        Action::Derive => return fault::choose(&selection.recordings, context),
        Action::Rerecord => return rerecord::plan(&selection.recordings),
        _ => {}
    }
    let ids = &selection.recordings;
    let Some(first) = ids.first() else { return ActionOutcome::info("No recording is selected") };
    match action {
        Action::Delete => delete::ask(ids, context),
        Action::Protect => labels::protect(ids, context),
        Action::Tags => labels::ask_tags(ids),
        Action::Rename => labels::ask_name(ids, first, context),
        Action::Duplicate => ActionOutcome::mutate(Mutation::Duplicate(ids.clone())),
        _ => ActionOutcome::Ignored,
    }
}
