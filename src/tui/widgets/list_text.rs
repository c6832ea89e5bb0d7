//! Titles of lists, and what one without a result says.

use super::line::{Tone, Toned, thousands};
use crate::reading::sanitize;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::keymap::Keymap;
use crate::tui::listing::filter::Filter;

/// `Live 12 of 1,902 with "hat"`, and whether that is still so because another filter is wrong.
#[must_use]
pub fn title(name: &str, shown: usize, all: usize, filter: &Filter) -> String {
    let (shown, all) = (thousands(shown), thousands(all));
    let still = if filter.error().is_some() { " until the filter is right" } else { "" };
    if filter.text().is_empty() {
        return format!("{name} {all}{still}");
    }
    format!("{name} {shown} of {all} with \"{}\"{still}", sanitize(filter.text()))
}

/// The lines of a list whose filter matches nothing.
#[must_use]
pub fn no_result(keymap: &Keymap, filter: &Filter) -> Vec<Toned> {
    let before = if filter.error().is_some() { ", the filter from before" } else { "" };
    let nothing = format!("Nothing matches \"{}\"{before}.", sanitize(filter.text()));
    let nothing = Toned::of(Tone::Strong, nothing);
    if filter.input.is_some() {
        // These keys are letters now.
        return vec![nothing];
    }
    vec![
        nothing,
        Toned::default(),
        Toned::of(Tone::Accent, keymap.hint(KeyScope::List, Action::Back))
            .and(Tone::Dim, " clears the filter, ")
            .and(Tone::Accent, keymap.hint(KeyScope::List, Action::ToggleFilter))
            .and(Tone::Dim, " turns it off."),
    ]
}
