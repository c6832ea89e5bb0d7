//! Completions of the word at the cursor.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::key::{KEYS, Key, KeyEntry};
use super::parse::{ends_at, key_before_colon};
use super::subject::QueryKind;
use super::value::{OPERATORS, quoted};

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// The bytes of the text that it replaces.
    pub replace: Range<usize>,
    /// The text to insert.
    pub text: String,
    /// Meaning; empty for values that are known from recordings.
    pub note: String,
}

/// Completions of the word at the cursor (a byte of the text): keys of this kind, the words and examples of a key, and
/// what `values` knows of that key, such as the models that there are. What begins as the word does comes first.
/// Nothing inside a bare text in quotes.
pub fn complete(
    text: &str,
    cursor: usize,
    kind: QueryKind,
    values: &dyn Fn(Key) -> Vec<String>,
) -> Vec<Completion> {
    let cursor = (0..=cursor.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (mut start, part) = starts(&text[..cursor]);
    start += usize::from(text[start..cursor].starts_with('-'));
    let typed = &text[start..cursor];
    let Some(name) = key_before_colon(typed) else {
        return if typed.starts_with('"') { Vec::new() } else { keys(text, start..cursor, kind) };
    };
    let entry = KeyEntry::named(name).filter(|entry| entry.kinds.contains(&kind));
    let Some(entry) = entry else { return Vec::new() };
    let start = part.max(start + name.len() + 1);
    let end = cursor + word_end(&text[cursor..], text[start..cursor].starts_with('"'));
    let typed = unquoted(&text[start..cursor]);
    let note = |text: &str| (text.to_owned(), entry.help.to_owned());
    let mut known: Vec<_> = entry.values.words().iter().map(|(word, _)| note(word)).collect();
    known.extend(values(entry.key).into_iter().map(|value| (written(value), String::new())));
    if known.is_empty() || typed.is_empty() {
        known.extend(entry.examples.iter().map(|example| note(example)));
    }
    ranked(known, &typed, &(start..end))
}

fn keys(text: &str, typed: Range<usize>, kind: QueryKind) -> Vec<Completion> {
    let behind = &text[typed.end..];
    let name = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
    let end = typed.end + name + usize::from(behind[name..].starts_with(':'));
    let known = KEYS.iter().filter(|entry| entry.kinds.contains(&kind));
    let known = known.map(|entry| (format!("{}:", entry.name), entry.help.to_owned())).collect();
    ranked(known, &text[typed.clone()], &(typed.start..end))
}

/// The entries that begin as typed, then those that hold it, each once.
fn ranked(known: Vec<(String, String)>, typed: &str, replace: &Range<usize>) -> Vec<Completion> {
    let typed = typed.to_lowercase();
    let place = |text: &str| unquoted(text).to_lowercase().find(&typed);
    let mut ranked: Vec<_> =
        known.into_iter().filter_map(|(text, note)| Some((place(&text)? > 0, text, note))).collect();
    ranked.sort_by_key(|(within, ..)| *within);
    let mut completions: Vec<Completion> = Vec::new();
    for (_, text, note) in ranked {
        if completions.iter().all(|known| known.text != text) {
            completions.push(Completion { replace: replace.clone(), text, note });
        }
    }
    completions
}

/// A value as it has to be written.
fn written(value: String) -> String {
    let special = |c: char| ends_at(c) || matches!(c, ',' | '*' | '?' | '"');
    let operator = OPERATORS.iter().any(|(sign, _)| value.starts_with(sign));
    if value.is_empty() || operator || value.contains(special) { quoted(&value) } else { value }
}

fn unquoted(text: &str) -> String {
    text.strip_prefix('"').map_or_else(|| text.to_owned(), |rest| rest.replace(['\\', '"'], ""))
}

/// Start of the word in which the text ends, and of the part of it behind its last comma. Quotes hold words together
/// only where they start a text or a value.
fn starts(text: &str) -> (usize, usize) {
    let (mut word, mut part, mut inside, mut before) = (0, 0, false, ' ');
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if inside => drop(chars.next()),
            '"' if inside => inside = false,
            '"' => inside = ends_at(before) || ":,-<>=".contains(before),
            ',' if !inside => part = at + 1,
            c if !inside && ends_at(c) => (word, part) = (at + c.len_utf8(), at + c.len_utf8()),
            _ => {}
        }
        before = c;
    }
    (word, part)
}

/// Length in bytes of the rest of the value behind the cursor.
fn word_end(text: &str, in_quotes: bool) -> usize {
    let end = text.find(|c: char| if in_quotes { c == '"' } else { ends_at(c) || c == ',' });
    end.map_or(text.len(), |end| end + usize::from(in_quotes))
}
