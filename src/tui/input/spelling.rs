//! The spelling of keys: in the table, in a configuration, and for people.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// True if a text names a key, or a sequence of them, as the table spells it.
#[must_use]
pub fn is_spelled(text: &str) -> bool {
    const NAMED: [&str; 15] = [
        "space",
        "enter",
        "esc",
        "tab",
        "backtab",
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pageup",
        "pagedown",
        "backspace",
        "delete",
    ];
    let one = |key: &str| {
        let bare = key.strip_prefix("ctrl-").unwrap_or(key);
        let bare = bare.strip_prefix("alt-").unwrap_or(bare);
        NAMED.contains(&bare) || (bare.chars().count() == 1 && !bare.chars().any(char::is_whitespace))
    };
    !text.is_empty() && text.split(' ').all(one)
}

/// True if a key, or the first one of a sequence, is a part of a text.
pub(crate) fn is_text(key: &str) -> bool {
    key.split(' ').next().is_some_and(|first| first == "space" || first.chars().count() == 1)
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
