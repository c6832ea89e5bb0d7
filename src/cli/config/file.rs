//! The configuration file: what it may hold, and what is wrong with one, with lines and the nearest valid key.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use super::keys;
use super::preset::Preset;
use super::privilege::{self, Found, Misplaced, Privilege};
use super::trust::Trust;
use super::{Icons, Theme};
use crate::engine::{FailurePolicy, OnExpired};
use crate::matching::{DatedModels, Ignore, MountNames, ScrubPattern};
use crate::model::{Latency, Mode, Playback, Strategy};
use crate::reading::{Price, sanitize, sanitize_lines};

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
    pub(super) public_url: Option<Spanned<String>>,
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
    pub(super) copy: Option<Spanned<String>>,
    pub(super) open: Option<Spanned<String>>,
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
    pub(super) limits: LimitsTable,
    #[serde(default)]
    pub(super) mounts: BTreeMap<String, Spanned<MountNames>>,
}

/// `[limits]`
#[derive(Debug, Default, Deserialize)]
pub(super) struct LimitsTable {
    pub(super) head: Option<Spanned<String>>,
    pub(super) body: Option<Spanned<String>>,
}

/// `[record]`
#[derive(Debug, Default, Deserialize)]
pub(super) struct RecordTable {
    #[serde(default)]
    pub(super) failures: FailurePolicy,
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

/// How many problems of one file are told; the others are counted.
const TOLD: usize = 20;
/// The longest name that is compared with those that are known, in bytes.
const COMPARED: usize = 40;

/// A file that was read: its name, and what it says.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// None where there is no file.
    pub(super) path: Option<PathBuf>,
    pub(super) text: String,
    /// Who vouches for it.
    pub(super) trust: Trust,
    /// Where its lines begin, once somebody asked.
    pub(super) lines: OnceLock<Vec<usize>>,
}

/// What a file says that is in force, and what it holds that only a trusted one may.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) file: File,
    /// All that only a trusted file may hold; of a file that nobody vouches for none of it is in `file`.
    pub(super) privileges: Vec<Privilege>,
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

    /// The folder that paths in it begin from.
    pub(super) fn folder(&self) -> &Path {
        self.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// The line of a byte, from 1.
    fn line(&self, at: usize) -> usize {
        let begins = |text: &str| text.match_indices('\n').map(|(at, _)| at).collect();
        self.lines.get_or_init(|| begins(&self.text)).partition_point(|end| *end < at) + 1
    }

    pub(super) fn problem(&self, at: Option<Range<usize>>, key: &str, text: impl fmt::Display) -> Problem {
        Problem {
            file: self.name(),
            line: at.map(|at| self.line(at.start)),
            key: (!key.is_empty()).then(|| sanitize(key).into_owned()),
            text: sanitize_lines(text.to_string().trim_end()).into_owned(),
            warning: false,
        }
    }

    /// What the file says, as far as somebody vouches for it.
    pub(super) fn parsed(&self) -> Result<Parsed, Vec<Problem>> {
        let broken = |error: &toml::de::Error| vec![self.problem(error.span(), "", error.message())];
        let mut table = DeTable::parse(&self.text).map_err(|error| broken(&error))?;
        let Found { misplaced, privileged } =
            privilege::found(table.get_ref(), &self.text, self.folder(), |at| self.line(at));
        if !misplaced.is_empty() {
            return Err(self.told(&misplaced));
        }
        let (places, privileges) = privileged.into_iter().unzip();
        if !self.trust.is_given() {
            privilege::take_out(table.get_mut(), &places);
        }
        let file = File::deserialize(toml::Deserializer::from(table)).map_err(|error| broken(&error))?;
        Ok(Parsed { file, privileges })
    }

    /// The first of so many, and how many more there are.
    fn told(&self, misplaced: &[Misplaced]) -> Vec<Problem> {
        let problem = |wrong: &Misplaced| {
            let text = match &wrong.unknown {
                Some((name, table)) => unknown(name, &keys::names(table).collect::<Vec<_>>()),
                None => "a table is expected here, such as [NAME] with a key = value in each line".into(),
            };
            self.problem(Some(wrong.at.clone()), &wrong.path, text)
        };
        let mut told: Vec<_> = misplaced.iter().take(TOLD).map(problem).collect();
        if let Some(more) = misplaced.len().checked_sub(TOLD + 1) {
            told.push(self.problem(None, "", format!("{} more keys are unknown", more + 1)));
        }
        told
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
    // The time that it takes grows with the length, and what is much longer than all that are known is near to none.
    let near = if name.len() > COMPARED { None } else { known.iter().min_by_key(distance) };
    let nearest = near.filter(|other| distance(other) <= (name.len() / 3).max(2));
    let nearest = nearest.map(|other| format!("did you mean `{other}`? ")).unwrap_or_default();
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("this key is unknown; {nearest}known are {}", known.join(", "))
}
