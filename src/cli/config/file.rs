//! The configuration file: what it may hold, and what is wrong with one, with lines and the nearest valid key.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::preset::Preset;
use super::{Icons, Theme};
use crate::engine::{FailurePolicy, OnExpired};
use crate::matching::{DatedModels, Ignore, MountNames, ScrubPattern};
use crate::model::{Latency, Mode, Playback, Strategy};
use crate::reading::Price;

/// Everything that the file may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) listen: Option<String>,
    pub(super) preset: Option<Preset>,
    pub(super) mode: Option<Mode>,
    pub(super) r#match: Option<Spanned<Strategy>>,
    pub(super) playback: Option<Playback>,
    pub(super) latency: Option<Spanned<String>>,
    pub(super) never_forward: Option<bool>,
    pub(super) scrub_personal: Option<bool>,
    pub(super) scrub_answers: Option<bool>,
    pub(super) miss_status: Option<Spanned<u16>>,
    pub(super) public_url: Option<String>,
    pub(super) on_expired: Option<OnExpired>,
    #[serde(default)]
    pub(super) expiry: Vec<Spanned<ExpiryEntry>>,
    #[serde(default)]
    pub(super) keys: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) prices: BTreeMap<String, Price>,
    pub(super) theme: Option<Theme>,
    pub(super) icons: Option<Icons>,
    pub(super) mouse: Option<bool>,
    #[serde(default)]
    pub(super) keymap: BTreeMap<String, Spanned<Keys>>,
    #[serde(default = "nothing")]
    pub(super) copy: Spanned<String>,
    #[serde(default = "nothing")]
    pub(super) open: Spanned<String>,
    #[serde(default)]
    pub(super) origins: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) hosts: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) upstreams: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) aliases: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) match_headers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) keep_headers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) dated_models: DatedModels,
    #[serde(default)]
    pub(super) profile: Vec<Spanned<ProfileEntry>>,
    #[serde(default)]
    pub(super) route: Vec<Spanned<RouteEntry>>,
    #[serde(default)]
    pub(super) ignore: Vec<Spanned<Ignore>>,
    #[serde(default)]
    pub(super) scrub: Vec<Spanned<ScrubPattern>>,
    #[serde(default)]
    pub(super) record: RecordTable,
    #[serde(default)]
    pub(super) mounts: BTreeMap<String, Spanned<MountNames>>,
}

/// `[record]`
#[derive(Debug, Default, Deserialize)]
pub(super) struct RecordTable {
    #[serde(default)]
    pub(super) failures: FailurePolicy,
}

fn nothing() -> Spanned<String> {
    Spanned::new(0..0, String::new())
}

/// A key, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Keys {
    One(String),
    Several(Vec<String>),
}

/// `[[profile]]`
#[derive(Debug, Deserialize)]
pub(super) struct ProfileEntry {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) mode: Option<Mode>,
    pub(super) r#match: Option<Strategy>,
    pub(super) upstream_key: Option<String>,
}

/// `[[expiry]]`
#[derive(Debug, Deserialize)]
pub(super) struct ExpiryEntry {
    pub(super) tag: Option<String>,
    pub(super) max_age: String,
}

/// `[[route]]`
#[derive(Debug, Deserialize)]
pub(super) struct RouteEntry {
    pub(super) endpoint: Option<String>,
    pub(super) model: Option<String>,
    pub(super) mode: Option<Mode>,
    pub(super) r#match: Option<Strategy>,
}

/// The keys below `[mounts.NAME]`, whose names are people's own.
const MOUNT: &str = "mounts.NAME";

/// The keys of each table; those of `upstreams`, `aliases`, `keys`, `prices`, `keymap` and `failures`
/// are people's own.
const KEYS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "listen",
            "preset",
            "mode",
            "match",
            "match_headers",
            "keep_headers",
            "dated_models",
            "playback",
            "latency",
            "never_forward",
            "scrub_personal",
            "scrub_answers",
            "miss_status",
            "public_url",
            "on_expired",
            "expiry",
            "keys",
            "prices",
            "theme",
            "icons",
            "mouse",
            "keymap",
            "copy",
            "open",
            "origins",
            "hosts",
            "upstreams",
            "aliases",
            "profile",
            "route",
            "ignore",
            "scrub",
            "record",
            "mounts",
        ],
    ),
    ("record", &["failures"]),
    ("profile", &["name", "key", "mode", "match", "upstream_key"]),
    ("expiry", &["tag", "max_age"]),
    ("route", &["endpoint", "model", "mode", "match"]),
    ("ignore", &["endpoint", "field", "pattern"]),
    ("scrub", &["name", "pattern"]),
    (MOUNT, &["public", "secret"]),
];

/// A file that was read: its name, and what it says.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// None where there is no file.
    pub(super) path: Option<PathBuf>,
    pub(super) text: String,
    /// Whether somebody chose it, on the command line or by its place; else it was found where the program runs.
    pub(super) named: bool,
}

/// Something wrong in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Problem {
    /// The file.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: Option<usize>,
    /// The key, where one is to blame.
    pub(crate) key: Option<String>,
    /// What is wrong, and what is expected.
    pub(crate) text: String,
    /// Whether the file can be used all the same.
    pub(crate) warning: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in {}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", key `{key}`")?;
        }
        write!(f, ": {}", self.text)
    }
}

impl Source {
    pub(super) fn name(&self) -> String {
        let default = Path::new(super::FILE);
        self.path.as_deref().unwrap_or(default).display().to_string()
    }

    pub(super) fn problem(&self, at: Option<Range<usize>>, key: &str, text: impl fmt::Display) -> Problem {
        let before = at.and_then(|at| self.text.get(..at.start));
        Problem {
            file: self.name(),
            line: before.map(|before| before.matches('\n').count() + 1),
            key: (!key.is_empty()).then(|| key.to_owned()),
            text: text.to_string().trim_end().to_owned(),
            warning: false,
        }
    }

    /// What the file says.
    pub(super) fn parsed(&self) -> Result<File, Vec<Problem>> {
        let broken = |error: &toml::de::Error| vec![self.problem(error.span(), "", error.message())];
        let table = DeTable::parse(&self.text).map_err(|error| broken(&error))?;
        let mut problems = Vec::new();
        self.unknown("", "", table.get_ref(), &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        toml::from_str(&self.text).map_err(|error| broken(&error))
    }

    /// Names keys of the table `shown` that mean nothing where the keys of `place` are known.
    fn unknown(&self, place: &str, shown: &str, table: &DeTable<'_>, problems: &mut Vec<Problem>) {
        let Some((_, known)) = KEYS.iter().find(|(name, _)| *name == place) else { return };
        for (key, value) in table {
            let name = key.get_ref().to_string();
            let whole = if shown.is_empty() { name.clone() } else { format!("{shown}.{name}") };
            if !known.contains(&name.as_str()) {
                problems.push(self.problem(Some(key.span()), &whole, unknown(&name, known)));
                continue;
            }
            match value.get_ref() {
                DeValue::Array(items) => {
                    for item in items {
                        if let DeValue::Table(table) = item.get_ref() {
                            self.unknown(&name, &name, table, problems);
                        }
                    }
                }
                DeValue::Table(mounts) if name == "mounts" => {
                    for (mount, value) in mounts {
                        if let DeValue::Table(table) = value.get_ref() {
                            self.unknown(MOUNT, &format!("{name}.{}", mount.get_ref()), table, problems);
                        }
                    }
                }
                DeValue::Table(table) => self.unknown(&name, &name, table, problems),
                _ => {}
            }
        }
    }
}

impl File {
    pub(super) fn latency(&self) -> Result<Option<Latency>, (Range<usize>, String)> {
        let parsed = self
            .latency
            .as_ref()
            .map(|text| text.get_ref().parse::<Latency>().map_err(|error| (text.span(), error.to_string())));
        parsed.transpose()
    }
}

/// A key that is not known, the nearest that is, and all of them.
fn unknown(name: &str, known: &[&str]) -> String {
    let distance = |other: &&&str| strsim::osa_distance(name, other);
    let nearest =
        known.iter().min_by_key(distance).filter(|other| distance(other) <= (name.len() / 3).max(2));
    let nearest = nearest.map(|other| format!("did you mean `{other}`? ")).unwrap_or_default();
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("this key is unknown; {nearest}known are {}", known.join(", "))
}
