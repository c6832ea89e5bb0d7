//! The configuration file: its keys, and its faults with lines and the nearest valid key.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use crate::config::screen::Icons;
use crate::engine::{FailurePolicy, OnExpired};
use crate::matching::{DatedModels, Ignore, MountNames, ScrubPattern};
use crate::model::{Latency, Mode, Playback, Strategy};
use crate::reading::Price;

pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod preset;
pub(crate) mod privilege;
pub(crate) mod source;

use preset::Preset;
use privilege::{KeyFindings, Misplaced, Privilege};
use source::{ConfigProblem, ConfigSource};

/// The whole content of a configuration file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    pub(crate) listen: Option<String>,
    pub(crate) preset: Option<Preset>,
    pub(crate) mode: Option<Mode>,
    pub(crate) r#match: Option<Spanned<Strategy>>,
    pub(crate) playback: Option<Playback>,
    pub(crate) latency: Option<Spanned<String>>,
    pub(crate) never_forward: Option<bool>,
    pub(crate) scrub_personal: Option<bool>,
    pub(crate) scrub_answers: Option<bool>,
    pub(crate) miss_status: Option<Spanned<u16>>,
    pub(crate) public_url: Option<Spanned<String>>,
    pub(crate) on_expired: Option<OnExpired>,
    #[serde(default)]
    pub(crate) expiry: Vec<Spanned<ExpiryEntry>>,
    #[serde(default)]
    pub(crate) keys: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(crate) prices: BTreeMap<String, Price>,
    pub(crate) theme: Option<String>,
    pub(crate) icons: Option<Icons>,
    pub(crate) mouse: Option<bool>,
    #[serde(default)]
    pub(crate) keymap: BTreeMap<String, Spanned<KeySpelling>>,
    pub(crate) copy: Option<Spanned<String>>,
    pub(crate) open: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) origins: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) hosts: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) upstreams: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(crate) aliases: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) match_headers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) keep_headers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) dated_models: DatedModels,
    #[serde(default)]
    pub(crate) profile: Vec<Spanned<ProfileEntry>>,
    #[serde(default)]
    pub(crate) route: Vec<Spanned<RouteEntry>>,
    #[serde(default)]
    pub(crate) ignore: Vec<Spanned<Ignore>>,
    #[serde(default)]
    pub(crate) scrub: Vec<Spanned<ScrubPattern>>,
    #[serde(default)]
    pub(crate) record: RecordTable,
    #[serde(default)]
    pub(crate) limits: LimitsTable,
    #[serde(default)]
    pub(crate) mounts: BTreeMap<String, Spanned<MountNames>>,
}

/// `[limits]`
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LimitsTable {
    pub(crate) head: Option<Spanned<String>>,
    pub(crate) body: Option<Spanned<String>>,
}

/// `[record]`
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RecordTable {
    #[serde(default)]
    pub(crate) failures: FailurePolicy,
}

/// A key, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum KeySpelling {
    One(String),
    Several(Vec<String>),
}

/// `[[profile]]`
#[derive(Debug, Deserialize)]
pub(crate) struct ProfileEntry {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) mode: Option<Mode>,
    pub(crate) r#match: Option<Strategy>,
    pub(crate) upstream_key: Option<String>,
}

/// `[[expiry]]`
#[derive(Debug, Deserialize)]
pub(crate) struct ExpiryEntry {
    pub(crate) tag: Option<String>,
    pub(crate) max_age: String,
}

/// `[[route]]`
#[derive(Debug, Deserialize)]
pub(crate) struct RouteEntry {
    pub(crate) endpoint: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) mode: Option<Mode>,
    pub(crate) r#match: Option<Strategy>,
}

/// Limit of problems of one file that are shown; the others are counted.
const TOLD: usize = 20;
/// The longest name that is compared with those that are known, in bytes.
const COMPARED: usize = 40;

/// The values of a file that are in force, and those that only a trusted one may hold.
#[derive(Debug)]
pub(crate) struct ParsedFile {
    pub(crate) file: ConfigFile,
    /// All values that only a trusted file may hold; of a file that nobody vouches for none of them is in `file`.
    pub(crate) privileges: Vec<Privilege>,
    /// Keys that mean nothing; the file is read without them.
    pub(crate) problems: Vec<ConfigProblem>,
}

impl ConfigSource {
    /// The values of the file, as far as somebody vouches for it, and the problems of its keys.
    ///
    /// # Errors
    /// All problems, where the rest of the file cannot be read either.
    pub(crate) fn parsed(&self) -> Result<ParsedFile, Vec<ConfigProblem>> {
        let broken = |error: &toml::de::Error| self.problem(error.span(), "", error.message());
        let mut table = DeTable::parse(&self.text).map_err(|error| vec![broken(&error)])?;
        let KeyFindings { misplaced, privileged } =
            privilege::key_findings(table.get_ref(), &self.text, self.folder(), |at| self.line(at));
        let mut problems = self.problems_of(&misplaced);
        let (places, privileges) = privileged.into_iter().unzip();
        if !self.trust.is_given() {
            privilege::take_out(table.get_mut(), &places);
        }
        privilege::take_out(table.get_mut(), &misplaced.into_iter().map(|wrong| wrong.value_at).collect());
        match ConfigFile::deserialize(toml::Deserializer::from(table)) {
            Ok(file) => Ok(ParsedFile { file, privileges, problems }),
            Err(error) => {
                problems.push(broken(&error));
                Err(problems)
            }
        }
    }

    /// The values of a file that has no problem.
    pub(crate) fn sound(&self) -> Result<ParsedFile, Vec<ConfigProblem>> {
        let parsed = self.parsed()?;
        if parsed.problems.is_empty() { Ok(parsed) } else { Err(parsed.problems) }
    }

    /// The first of so many, and how many more there are.
    fn problems_of(&self, misplaced: &[Misplaced]) -> Vec<ConfigProblem> {
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

impl ConfigFile {
    pub(crate) fn latency(&self) -> Result<Option<Latency>, (Range<usize>, String)> {
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
