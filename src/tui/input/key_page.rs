//! All keys on one page, which `retake help keys` prints and `docs/keys.md` holds.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::binding::KeyScope;
use super::keymap::Keymap;
use super::legend::LEGEND;
use super::spelling::shown;
use super::tab::Tab;

/// The places besides tabs, their lists and their details, each with its heading.
pub const OTHER_PLACES: [(&str, &[KeyScope]); 9] = [
    ("While typing a filter", &[KeyScope::Filter]),
    ("While finding a recording", &[KeyScope::Find]),
    ("On the contact sheet", &[KeyScope::Sheet]),
    (
        "Menus, questions and lines to type",
        &[KeyScope::Menu, KeyScope::Question, KeyScope::Leaving, KeyScope::Prompt],
    ),
    ("Match strategy (t)", &[KeyScope::Retag]),
    ("Edits", &[KeyScope::Draft]),
    ("Reviews", &[KeyScope::Reviews]),
    ("Trash", &[KeyScope::Trash]),
    ("Picture on the whole screen", &[KeyScope::Picture]),
];

/// The width of the column of keys.
const KEYS: usize = 18;

/// All keys in force, by the place where they hold.
#[must_use]
pub fn key_page(keymap: &Keymap) -> String {
    let everywhere: [(&str, &[KeyScope]); 3] = [
        ("Everywhere", &[KeyScope::Anywhere]),
        ("In a list", &[KeyScope::List]),
        ("In the detail", &[KeyScope::Detail]),
    ];
    let mut page = String::new();
    for (name, scopes) in everywhere {
        section(&mut page, name, &rows(keymap, scopes));
    }
    for tab in Tab::ALL {
        section(&mut page, tab.title(), &rows(keymap, &[tab.scope()]));
    }
    for (name, scopes) in OTHER_PLACES {
        section(&mut page, name, &rows(keymap, scopes));
    }
    section(&mut page, "In the help", &rows(keymap, &[KeyScope::Help]));
    let letters = LEGEND.map(|(letter, help)| (letter.to_owned(), help));
    section(&mut page, "Letters in the list of recordings", &letters);
    page
}

fn section(page: &mut String, name: &str, rows: &[(String, &str)]) {
    if rows.is_empty() {
        return;
    }
    let gap = if page.is_empty() { "" } else { "\n" };
    let _ = writeln!(page, "{gap}{name}");
    for (keys, help) in rows {
        let _ = writeln!(page, "  {keys}{}  {help}", " ".repeat(KEYS.saturating_sub(keys.width())));
    }
}

/// The keys of places, each as people read them, with what they do.
#[must_use]
pub fn rows(keymap: &Keymap, scopes: &[KeyScope]) -> Vec<(String, &'static str)> {
    let bound = keymap.bindings().filter(|bound| scopes.contains(&bound.scope) && !bound.keys.is_empty());
    bound
        .map(|bound| {
            let keys: Vec<String> = bound.keys.iter().map(|key| shown(key)).collect();
            (keys.join(" "), bound.help)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::input::table::BINDINGS;

    #[test]
    fn every_binding_stands_on_the_page() {
        let page = key_page(&Keymap::default());
        let rows = page.lines().filter(|line| line.starts_with("  ")).count();
        assert_eq!(rows, BINDINGS.len() + LEGEND.len());
        assert!(page.starts_with("Everywhere\n  j Down              "), "{page}");
    }
}
