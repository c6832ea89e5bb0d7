//! Values that only a trusted file may hold: found, shown to people, and taken out of a file that nobody vouches for.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::config::file::keys::{ConfigKey, Given, KeyRule, NeededBy};
use crate::config::file::shape;
use crate::reading::sanitize;
use crate::upstream::MaskedUrl;

/// The longest value that is shown, in characters.
const SHOWN: usize = 200;

/// A value that only a trusted file may hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Privilege {
    /// The line, from 1.
    pub line: usize,
    /// The key, `upstreams.gateway`.
    pub key: String,
    /// The value, as TOML, fit for a screen.
    pub value: String,
    /// Effect of the value, in half a sentence.
    pub does: String,
    /// The verbs that would carry it out.
    #[serde(skip)]
    pub(crate) needed_by: NeededBy,
    /// The value and what stands beside it, to tell whether another version of the file says the same.
    #[serde(skip)]
    pub(crate) exact: String,
}

impl std::fmt::Display for Privilege {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {} = {}: {}", self.line, self.key, self.value, self.does)
    }
}

/// A privileged value of a file.
#[derive(Debug, Default)]
pub(crate) struct KeyFindings {
    /// Keys that mean nothing, and what is no table where one has to be.
    pub(crate) misplaced: Vec<Misplaced>,
    /// Values that only a trusted file may hold, and where they stand.
    pub(crate) privileged: Vec<(Range<usize>, Privilege)>,
}

/// A key that means nothing where it stands, or something else than a table where one has to be.
#[derive(Debug)]
pub(crate) struct Misplaced {
    pub(crate) at: Range<usize>,
    /// Range of its value in the file.
    pub(crate) value_at: Range<usize>,
    /// `profile.keys`.
    pub(crate) path: String,
    /// `keys`, and the table whose keys are known; none where a table is missing.
    pub(crate) unknown: Option<(String, &'static str)>,
}

/// Looks through a file that lies in `folder`; `line` says in which line a byte stands.
pub(crate) fn key_findings(
    table: &DeTable<'_>,
    text: &str,
    folder: &Path,
    line: impl Fn(usize) -> usize,
) -> KeyFindings {
    let mut walk = Walk { text, folder, line, findings: KeyFindings::default() };
    walk.table("", "", table);
    // As people read the file.
    walk.findings.privileged.sort_by_key(|(at, _)| at.start);
    walk.findings
}

struct Walk<'a, L> {
    text: &'a str,
    folder: &'a Path,
    line: L,
    findings: KeyFindings,
}

impl<L: Fn(usize) -> usize> Walk<'_, L> {
    /// A table with the keys of `place`, which is called `shown`.
    fn table(&mut self, place: &'static str, shown: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let text = name.get_ref();
            let path = if shown.is_empty() { text.to_string() } else { format!("{shown}.{text}") };
            match shape::key_named(place, text) {
                None => {
                    let unknown = Some((text.to_string(), place));
                    let (at, value_at) = (name.span(), value.span());
                    self.findings.misplaced.push(Misplaced { at, value_at, path, unknown });
                }
                Some(key) => match key.rule {
                    KeyRule::Free => {}
                    KeyRule::Table => self.below(key, &path, value),
                    KeyRule::Trusted(needed_by, does) => {
                        let given = Given { name: text, value: value.get_ref(), folder: self.folder };
                        if let Some(does) = does(&given) {
                            // Who else stands in a profile decides for whom its key is.
                            let mut exact = String::new();
                            match place {
                                "profile" => write_table(table, &mut exact),
                                _ => write_value(value.get_ref(), &mut exact),
                            }
                            self.privileged(&path, value, (needed_by, does, exact));
                        }
                    }
                },
            }
        }
    }

    /// The table that a key is, or the tables of its list. Nothing else: serde would take a list for a table's values.
    fn below(&mut self, key: &ConfigKey, path: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(key.inside(), path, table),
            DeValue::Array(items) if key.is_list() => {
                for item in items {
                    match item.get_ref() {
                        DeValue::Table(table) => self.table(key.inside(), path, table),
                        _ => self.no_table(path, item.span()),
                    }
                }
            }
            _ => self.no_table(path, value.span()),
        }
    }

    fn no_table(&mut self, path: &str, at: Range<usize>) {
        let value_at = at.clone();
        self.findings.misplaced.push(Misplaced { at, value_at, path: path.into(), unknown: None });
    }

    fn privileged(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        (needed_by, does, exact): (NeededBy, String, String),
    ) {
        let at = value.span();
        let line = (self.line)(at.start);
        let written = self.text.get(at.clone()).unwrap_or_default();
        // A value may be a list of URLs.
        let value = written.split_inclusive('"').map(|part| MaskedUrl(part).to_string());
        let value: String = value.collect();
        let (key, value, does) = (shown(key), shown(&value), shown(&does));
        self.findings.privileged.push((at, Privilege { line, key, value, does, needed_by, exact }));
    }
}

/// A text of the file, fit for a screen and of bounded length.
fn shown(text: &str) -> String {
    let clean = sanitize(text);
    let mut short: String = clean.chars().take(SHOWN).collect();
    if short.len() < clean.len() {
        short.push('…');
    }
    short
}

/// A value without the places where it stands.
fn write_value(value: &DeValue<'_>, out: &mut String) {
    match value {
        DeValue::Table(table) => write_table(table, out),
        DeValue::Array(items) => {
            out.push('[');
            items.iter().for_each(|item| {
                write_value(item.get_ref(), out);
                out.push(',');
            });
            out.push(']');
        }
        _ => _ = write!(out, "{value:?}"),
    }
}

fn write_table(table: &DeTable<'_>, out: &mut String) {
    out.push('{');
    for (name, value) in table {
        _ = write!(out, "{:?}=", name.get_ref());
        write_value(value.get_ref(), out);
        out.push(',');
    }
    out.push('}');
}

/// Takes out the values at these places, of a list of tables the whole table: half of one may mean something else.
pub(crate) fn take_out(table: &mut DeTable<'_>, places: &HashSet<Range<usize>>) {
    let hit = |value: &Spanned<DeValue<'_>>| places.contains(&value.span());
    *table = std::mem::replace(table, DeTable::new()).into_iter().filter(|(_, value)| !hit(value)).collect();
    for (_, value) in table.iter_mut() {
        match value.get_mut() {
            DeValue::Table(below) => take_out(below, places),
            DeValue::Array(items) => {
                let whole = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
                    DeValue::Table(table) => !table.values().any(hit),
                    _ => true,
                };
                *items = std::mem::replace(items, DeArray::new())
                    .into_iter()
                    .filter(whole)
                    .collect::<DeArray<'_>>();
            }
            _ => {}
        }
    }
}
