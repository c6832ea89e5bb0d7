//! A menu of all that can be done with the selection, with its keys.

use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::overlay::menu::{Menu, MenuItem};

const VERBS: [Action; 24] = [
    Action::Fix,
    Action::RecordNow,
    Action::Keep,
    Action::Jump,
    Action::Retag,
    Action::Tags,
    Action::Rename,
    Action::Protect,
    Action::Compare,
    Action::Edit,
    Action::Derive,
    Action::Duplicate,
    Action::Rerecord,
    Action::Fire,
    Action::Copy,
    Action::Outside,
    Action::Picture,
    Action::Delete,
    Action::Trash,
    Action::Reviews,
    Action::Compact,
    Action::Clear,
    Action::Presets,
    Action::Undo,
];

/// Offers the verbs that have a key in these scopes.
pub fn open(scopes: &[KeyScope], context: &Context) -> ActionOutcome {
    let item = |action: &Action| {
        let mut bindings = context.options.keymap.bindings().filter(|bound| scopes.contains(&bound.scope));
        let bound = bindings.find(|bound| bound.action == *action && !bound.keys.is_empty())?;
        let key = Some(&bound.keys[0]).filter(|key| key.chars().count() == 1);
        // Keys that move or leave stay what they are.
        let key = key.and_then(|key| key.chars().next()).filter(|key| !"jkq".contains(*key));
        let label = action.name().replace('-', " ");
        Some(MenuItem::without_key(label, bound.help, AppRequest::Act(*action)).with_key(key))
    };
    ActionOutcome::open(Menu::new("Actions", VERBS.iter().filter_map(item).collect()))
}
