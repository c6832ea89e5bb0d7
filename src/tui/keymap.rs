//! The one table of keys: it drives what keys do, the hints in the status line and the help.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In both lists and the detail pane.
    Anywhere,
    /// While a list has the focus.
    List,
    /// While the detail pane has it.
    Detail,
    /// In the live list and its detail.
    Live,
    /// In the list of recordings and its detail.
    Recordings,
    /// In a menu.
    Menu,
    /// In a question.
    Question,
    /// Asked whether to quit while calls are under way.
    Leaving,
    /// In the help.
    Help,
    /// While a filter is typed.
    Filter,
    /// While a picture fills the screen.
    Picture,
}

/// Keys, and what they mean.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Any of these; a sequence is written with blanks (`g g`).
    pub keys: &'static [&'static str],
    /// What they ask for.
    pub action: Action,
    /// Where.
    pub scope: Scope,
    /// What the help says.
    pub help: &'static str,
    /// What the status line says, and how early it is left out when room is short (0: last).
    pub hint: Option<(&'static str, u8)>,
}

/// What some keys mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This.
    Action(Action),
    /// The beginning of a sequence.
    Beginning,
    /// Nothing.
    Nothing,
}

const fn bind(scope: Scope, keys: &'static [&'static str], action: Action, help: &'static str) -> Binding {
    Binding { keys, action, scope, help, hint: None }
}

const fn hinted(binding: Binding, hint: &'static str, order: u8) -> Binding {
    Binding { hint: Some((hint, order)), ..binding }
}

/// All bindings, in the order of the help.
pub const BINDINGS: &[Binding] = {
    use Action as A;
    use Scope as S;
    &[
        bind(S::Anywhere, &["j", "down"], A::Down, "one row down"),
        bind(S::Anywhere, &["k", "up"], A::Up, "one row up"),
        bind(S::Anywhere, &["g g", "home"], A::First, "to the first row"),
        bind(S::Anywhere, &["G", "end"], A::Last, "to the last row (Live: and follow)"),
        bind(S::Anywhere, &["ctrl-d"], A::HalfDown, "half a page down"),
        bind(S::Anywhere, &["ctrl-u"], A::HalfUp, "half a page up"),
        bind(S::Anywhere, &["ctrl-f", "pagedown"], A::PageDown, "a page down"),
        bind(S::Anywhere, &["ctrl-b", "pageup"], A::PageUp, "a page up"),
        bind(S::Anywhere, &["H"], A::ScrollLeft, "scroll left"),
        bind(S::Anywhere, &["L"], A::ScrollRight, "scroll right"),
        bind(S::Anywhere, &["1"], A::Tab(0), "Live: calls as they happen"),
        bind(S::Anywhere, &["2"], A::Tab(1), "Recordings: what is stored"),
        bind(S::Anywhere, &["tab", "backtab"], A::OtherPane, "the other pane"),
        bind(S::Anywhere, &["h", "left"], A::ListPane, "to the list"),
        bind(S::Anywhere, &["l", "right"], A::DetailPane, "to the detail"),
        hinted(bind(S::List, &["enter"], A::Open, "look into what is selected"), "detail", 1),
        bind(S::List, &["esc"], A::Back, "close an error, clear the filter; never quits"),
        hinted(bind(S::Detail, &["esc"], A::Back, "back to the list"), "back", 1),
        bind(S::Detail, &["enter"], A::Open, "from a call to its recording"),
        hinted(bind(S::Detail, &["]"], A::NextPage, "next sub-tab"), "sub-tab", 2),
        bind(S::Anywhere, &["]"], A::NextPage, "next sub-tab of the detail"),
        bind(S::Anywhere, &["["], A::PreviousPage, "previous sub-tab of the detail"),
        bind(S::Anywhere, &["ctrl-o"], A::JumpBack, "back to where a jump began"),
        hinted(bind(S::Anywhere, &["/"], A::Filter, "filter the list"), "filter", 2),
        bind(S::Anywhere, &["\\"], A::ToggleFilter, "filter off and on"),
        hinted(bind(S::Live, &["F"], A::Follow, "follow the newest call"), "follow", 4),
        hinted(bind(S::Live, &["g d"], A::Jump, "to the call's recording"), "recording", 7),
        hinted(bind(S::Recordings, &["d"], A::Delete, "delete the recording, after asking"), "delete", 4),
        hinted(bind(S::Recordings, &["u"], A::Undo, "take the last deletion back"), "undo", 5),
        hinted(bind(S::Anywhere, &["i"], A::Picture, "the picture on the whole screen"), "image", 6),
        bind(S::Anywhere, &["."], A::NextPicture, "next picture"),
        bind(S::Anywhere, &[","], A::PreviousPicture, "previous picture"),
        hinted(bind(S::Anywhere, &["m"], A::Mode, "choose the proxy's mode"), "mode", 3),
        hinted(
            bind(S::Anywhere, &["+", "_"], A::Zoom, "the focused pane on the whole screen, and back"),
            "zoom",
            8,
        ),
        bind(S::Anywhere, &["ctrl-l"], A::Redraw, "draw everything anew"),
        hinted(bind(S::Anywhere, &["?"], A::Help, "explain the keys"), "help", 0),
        hinted(bind(S::Anywhere, &["q", "ctrl-c"], A::Quit, "quit (twice: at once)"), "quit", 0),
        bind(S::Menu, &["j", "down"], A::Down, "one row down"),
        bind(S::Menu, &["k", "up"], A::Up, "one row up"),
        hinted(bind(S::Menu, &["enter"], A::Open, "choose"), "choose", 0),
        hinted(bind(S::Menu, &["esc", "q", "ctrl-c"], A::Back, "leave it as it is"), "leave as it is", 0),
        hinted(bind(S::Question, &["x"], A::Confirm, "yes, do it"), "do it", 0),
        hinted(bind(S::Question, &["esc", "n", "q", "ctrl-c"], A::Back, "no, keep everything"), "keep", 0),
        hinted(bind(S::Leaving, &["q", "x", "ctrl-c"], A::Confirm, "quit at once"), "quit at once", 0),
        hinted(bind(S::Leaving, &["esc", "n"], A::Back, "stay"), "stay", 0),
        hinted(bind(S::Help, &["j", "down"], A::Down, "one row down"), "down", 1),
        hinted(bind(S::Help, &["k", "up"], A::Up, "one row up"), "up", 1),
        bind(S::Help, &["ctrl-d", "ctrl-f", "pagedown"], A::PageDown, "a page down"),
        bind(S::Help, &["ctrl-u", "ctrl-b", "pageup"], A::PageUp, "a page up"),
        bind(S::Help, &["g g", "home"], A::First, "to the top"),
        bind(S::Help, &["G", "end"], A::Last, "to the end"),
        hinted(bind(S::Help, &["esc", "?", "q", "enter", "ctrl-c"], A::Back, "close the help"), "close", 0),
        hinted(
            bind(S::Filter, &["enter", "esc"], A::Back, "keep the filter (Esc again clears it)"),
            "keep",
            0,
        ),
        bind(S::Filter, &["ctrl-c"], A::Quit, "quit"),
        bind(S::Filter, &["down"], A::Down, "one row down"),
        bind(S::Filter, &["up"], A::Up, "one row up"),
        hinted(bind(S::Picture, &["."], A::NextPicture, "next picture"), "next", 0),
        hinted(bind(S::Picture, &[","], A::PreviousPicture, "previous picture"), "previous", 0),
        hinted(
            bind(S::Picture, &["esc", "q", "i", "enter", "ctrl-c"], A::Back, "close the picture"),
            "close",
            0,
        ),
    ]
};

/// What the keys typed so far mean where these scopes hold; an earlier scope wins.
#[must_use]
pub fn meaning(scopes: &[Scope], typed: &str) -> Meaning {
    let within = |scope: &Scope| {
        let scope = *scope;
        BINDINGS.iter().filter(move |binding| binding.scope == scope)
    };
    let found = scopes.iter().flat_map(within).find(|binding| binding.keys.contains(&typed));
    if let Some(binding) = found {
        return Meaning::Action(binding.action);
    }
    let begins = |keys: &&str| keys.strip_prefix(typed).is_some_and(|rest| rest.starts_with(' '));
    if scopes.iter().flat_map(within).any(|binding| binding.keys.iter().any(begins)) {
        return Meaning::Beginning;
    }
    Meaning::Nothing
}

/// A key's name as the table spells it.
#[must_use]
pub fn name(key: KeyEvent) -> String {
    let base = match key.code {
        KeyCode::Char(' ') => "space".into(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "enter".into(),
        KeyCode::Esc => "esc".into(),
        KeyCode::Tab => "tab".into(),
        KeyCode::BackTab => "backtab".into(),
        KeyCode::Up => "up".into(),
        KeyCode::Down => "down".into(),
        KeyCode::Left => "left".into(),
        KeyCode::Right => "right".into(),
        KeyCode::Home => "home".into(),
        KeyCode::End => "end".into(),
        KeyCode::PageUp => "pageup".into(),
        KeyCode::PageDown => "pagedown".into(),
        KeyCode::Backspace => "backspace".into(),
        KeyCode::Delete => "delete".into(),
        _ => "other".into(),
    };
    let with = |name: &str, held: KeyModifiers| {
        if key.modifiers.contains(held) { name.to_owned() } else { String::new() }
    };
    format!("{}{}{base}", with("ctrl-", KeyModifiers::CONTROL), with("alt-", KeyModifiers::ALT))
}

/// A key of the table as people read it: `Ctrl-D`, `Enter`, `gg`.
#[must_use]
pub fn shown(key: &str) -> String {
    let one = |key: &str| match key {
        "esc" => "Esc".into(),
        "enter" => "Enter".into(),
        "tab" => "Tab".into(),
        "backtab" => "S-Tab".into(),
        "pageup" => "PgUp".into(),
        "pagedown" => "PgDn".into(),
        "up" => "Up".into(),
        "down" => "Down".into(),
        "left" => "Left".into(),
        "right" => "Right".into(),
        "home" => "Home".into(),
        "end" => "End".into(),
        other => other
            .strip_prefix("ctrl-")
            .map_or_else(|| other.to_owned(), |c| format!("Ctrl-{}", c.to_uppercase())),
    };
    key.split(' ').map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_bindings_of_a_scope_share_a_key() {
        for (at, binding) in BINDINGS.iter().enumerate() {
            for other in &BINDINGS[at + 1..] {
                let shared = binding.keys.iter().any(|key| other.keys.contains(key));
                assert!(binding.scope != other.scope || !shared, "{binding:?} and {other:?}");
            }
        }
    }

    #[test]
    fn sequences_begin_and_end() {
        let scopes = [Scope::Live, Scope::Anywhere];
        assert_eq!(meaning(&scopes, "g"), Meaning::Beginning);
        assert_eq!(meaning(&scopes, "g g"), Meaning::Action(Action::First));
        assert_eq!(meaning(&scopes, "g d"), Meaning::Action(Action::Jump));
        assert_eq!(meaning(&scopes, "g x"), Meaning::Nothing);
        assert_eq!(name(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL)), "ctrl-d");
        assert_eq!(name(KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT)), "G");
        assert_eq!(shown("g g"), "gg");
    }
}
