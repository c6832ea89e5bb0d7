//! Settings: flags before environment before file before defaults.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::Common;
use super::exit::Usage;
use super::flags::Layers;
use crate::engine::{Secret, Settings, key_variables};
use crate::matching::{Canon, MountNames, Salt, Scrubber, check_strategy_form};
use crate::model::{Level, Notice, Strategy};
use crate::proxy::Limits;
use crate::reading::{Prices, SMALL_FILE, human, regular_text};
use crate::retention::MaxAge;
use crate::upstream::Base;

mod askers;
mod callers;
mod file;
mod keys;
mod layer;
mod limits;
mod look;
mod preset;
mod privilege;
mod trust;
pub(super) mod verbs;
mod watch;

use askers::askers;
use callers::callers;
pub(super) use file::Problem;
use file::{ExpiryEntry, File, Parsed, Source};
pub(super) use layer::Deciders;
pub use privilege::Privilege;
pub(super) use trust::{Trust, Trusted, privileges, revoke};
pub(super) use watch::Watch;

/// Where the configuration is looked for.
pub(super) const FILE: &str = "retake.toml";
/// Where the proxy listens by default.
const LISTEN: &str = "127.0.0.1:4010";

/// What the flags, the environment and the file say together.
#[derive(Clone)]
pub(super) struct Config {
    pub(super) listen: SocketAddr,
    /// What clients are granted.
    pub(super) limits: Limits,
    pub(super) settings: Settings,
    /// What is to be said of a project that is not in the working directory.
    discovered: Option<String>,
    /// Who decided about calls.
    pub(super) deciders: Deciders,
    pub(super) public_url: Option<String>,
    pub(super) look: Look,
    /// What people should know and what does not stop anything.
    pub(super) warnings: Vec<Problem>,
    /// The file, to look whether it changed.
    pub(super) watch: Watch,
    /// The file's name.
    pub(super) file: String,
    /// Who vouches for the file.
    pub(super) trust: Trust,
    /// What to remember when somebody trusts it; none where there is no file.
    pub(super) trusted: Option<Trusted>,
    /// All that only a trusted file may hold; where nobody vouches for it, none of it is in force.
    pub(super) privileges: Vec<Privilege>,
}

/// What the screen looks and feels like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The colours.
    pub theme: Theme,
    /// Whether marks and frames are ASCII.
    pub ascii: bool,
    /// Whether the screen takes the mouse.
    pub mouse: bool,
    /// Keys that somebody chose.
    pub keymap: Vec<Keys>,
    /// The command that puts its input on the clipboard, with its arguments; empty asks the terminal to do it.
    pub copy: Vec<String>,
    /// The command that opens a file; empty takes the system's.
    pub open: Vec<String>,
}

/// Keys for an action, as the configuration says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The action's name.
    pub action: String,
    /// The keys.
    pub keys: Vec<String>,
    /// Where it says so.
    pub place: Place,
}

/// A line of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl Default for Look {
    fn default() -> Self {
        let (theme, keymap) = (Theme::Auto, Vec::new());
        Self { theme, ascii: false, mouse: true, keymap, copy: Vec::new(), open: Vec::new() }
    }
}

/// The colours of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Theme {
    /// As the terminal's background asks for.
    #[default]
    Auto,
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// None at all.
    Mono,
    /// Those that a file names.
    File(PathBuf),
}

impl From<String> for Theme {
    fn from(text: String) -> Self {
        match text.as_str() {
            "auto" => Self::Auto,
            "dark" => Self::Dark,
            "light" => Self::Light,
            "mono" => Self::Mono,
            _ => Self::File(text.into()),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Icons {
    #[default]
    Unicode,
    Ascii,
}

/// The file that is read: the one that was named, or the one that may stand here.
fn file_of(common: &Common) -> (PathBuf, bool) {
    common.config.as_ref().map_or_else(|| (common.folder.join(FILE), false), |path| (path.clone(), true))
}

fn source(path: &Path, must: bool) -> Result<Source, Usage> {
    match regular_text(path, SMALL_FILE) {
        Ok(text) => {
            let trust = if must { Trust::Named } else { Trust::Nobody };
            let mut source = Source { path: Some(path.into()), text, trust, ..Source::default() };
            if !must && Trusted::of(&source).is_some_and(|trusted| trusted.is_granted()) {
                source.trust = Trust::Granted;
            }
            Ok(source)
        }
        Err(error) if !must && error.kind() == std::io::ErrorKind::NotFound => Ok(Source::default()),
        Err(error) => Err(Usage(format!("the configuration {} cannot be read: {error}", path.display()))),
    }
}

/// The file that is read, and who vouches for it.
fn found(common: &Common) -> Result<Source, Usage> {
    let (path, must) = file_of(common);
    let mut source = source(&path, must)?;
    if common.layers.flags.trust && !source.trust.is_given() {
        source.trust = Trust::ThisRun;
    }
    Ok(source)
}

/// This file, or the one that would be read.
pub(super) fn path(common: &Common, file: Option<PathBuf>) -> PathBuf {
    file.unwrap_or_else(|| file_of(common).0)
}

impl Config {
    /// Reads everything that decides how the proxy runs.
    pub(super) fn read(common: &Common) -> anyhow::Result<Self> {
        let (path, _) = file_of(common);
        let config = Self::from(&found(common)?, &look::own()?, &path, &common.layers)?;
        Ok(Self { discovered: common.found.clone(), ..config })
    }

    /// What people should know and what does not stop anything.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let discovered = self.discovered.iter().map(|text| Notice { level: Level::Info, text: text.clone() });
        let notice = |text: String| Notice { level: Level::Warning, text };
        let warnings = self.warnings.iter().map(ToString::to_string);
        let withheld = self
            .withheld()
            .iter()
            .map(|one| format!("{}, {one}; not in force, as it is not trusted", self.file));
        discovered.chain(warnings.chain(withheld).chain(self.under_ceiling()).map(notice)).collect()
    }

    /// What is to be said where somebody's mode would forward calls and somebody else's ceiling forbids that.
    fn under_ceiling(&self) -> Option<String> {
        let forbidden = self.settings.mode.forwards() && self.settings.never_forward;
        let words = self.deciders.words(self.settings.mode);
        forbidden.then(|| format!("{words}: calls that no recording answers are refused"))
    }

    fn from(source: &Source, own: &Source, path: &Path, layers: &Layers) -> anyhow::Result<Self> {
        let Parsed { file, privileges } = source.parsed().map_err(|problems| all(&problems))?;
        let mut problems = Vec::new();
        let (mut settings, limits) = settled(source, &file, &mut problems);
        let (wrong, warnings): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem| !problem.warning);
        if !wrong.is_empty() {
            return Err(all(&wrong).into());
        }
        let deciders = layer::decide(&mut settings, &file, source, layers)?;
        if let Some((strategy, name)) = layer::strategy(layers)? {
            check_strategy_form(&strategy, &settings.match_headers)
                .map_err(|problem| Usage(format!("{name}: {problem}")))?;
            settings.strategy = strategy;
        }
        settings.memory = memory()?.unwrap_or(settings.memory);
        let kept = layers.flags.no_scrub.or(layers.environment.no_scrub);
        settings.keep_personal = kept.unwrap_or(settings.keep_personal);
        for (pair, name) in layer::upstreams(layers) {
            let (mount, url) =
                pair.split_once('=').ok_or_else(|| Usage(format!("{name}: expected NAME=URL")))?;
            add_upstream(&mut settings, mount, url).map_err(|error| Usage(format!("{name}: {error}")))?;
        }
        let look = look::look(source, &file, own).map_err(|problems| all(&problems))?;
        let listen = layers.flags.listen.clone().or_else(|| layers.environment.listen.clone());
        let listen = address(&listen.or(file.listen).unwrap_or_else(|| LISTEN.into()))?;
        refuse_itself(&settings, listen)?;
        let watch = Watch::new(path, source, &privileges, layers);
        let public_url = file.public_url.map(Spanned::into_inner);
        let (trusted, trust, file) = (Trusted::of(source), source.trust, source.name());
        Ok(Self {
            listen,
            limits,
            settings,
            discovered: None,
            deciders,
            public_url,
            look,
            warnings,
            watch,
            file,
            trust,
            trusted,
            privileges,
        })
    }
}

/// The memory for bodies, which `RETAKE_MEMORY` gives in MiB, in bytes.
fn memory() -> Result<Option<usize>, Usage> {
    let Some(text) = std::env::var_os("RETAKE_MEMORY") else { return Ok(None) };
    let text = text.to_string_lossy();
    let fits = |mib: &usize| (16..=1 << 20).contains(mib);
    match text.trim().parse::<usize>().ok().filter(fits) {
        Some(mib) => Ok(Some(mib << 20)),
        None => Err(Usage(format!("RETAKE_MEMORY: `{text}` is no number of MiB from 16 on"))),
    }
}

/// What the file says about calls; what is wrong with it goes to `problems`.
fn settled(source: &Source, file: &File, problems: &mut Vec<Problem>) -> (Settings, Limits) {
    let defaults = Settings::default();
    let latency = file.latency().unwrap_or_else(|(at, text)| {
        problems.push(source.problem(Some(at), "latency", text));
        None
    });
    let status = file.miss_status.as_ref();
    if let Some(status) = status.filter(|status| !(400..=599).contains(status.get_ref())) {
        let text = "it must be an error status, 400 to 599";
        problems.push(source.problem(Some(status.span()), "miss_status", text));
    }
    let mut settings = Settings {
        strategy: file.r#match.as_ref().map_or(defaults.strategy.clone(), |own| own.get_ref().clone()),
        playback: file.playback.unwrap_or(defaults.playback),
        latency: latency.unwrap_or(defaults.latency),
        keep_personal: file.scrub_personal == Some(false),
        keep_answers: file.scrub_answers == Some(false),
        names: names(source, file, problems),
        miss_status: status.map_or(defaults.miss_status, |status| *status.get_ref()),
        aliases: file.aliases.clone(),
        match_headers: file.match_headers.iter().map(|name| name.get_ref().clone()).collect(),
        keep_headers: file.keep_headers.iter().map(|name| name.get_ref().clone()).collect(),
        dated_models: file.dated_models,
        ignores: file.ignore.iter().map(|entry| entry.get_ref().clone()).collect(),
        scrub: file.scrub.iter().map(|entry| entry.get_ref().clone()).collect(),
        failures: file.record.failures.clone(),
        ..defaults
    };
    checked_strategies(source, file, &settings.match_headers, problems);
    for (mount, url) in &file.upstreams {
        if let Err(error) = add_upstream(&mut settings, mount, url.get_ref()) {
            problems.push(source.problem(Some(url.span()), &format!("upstreams.{mount}"), error));
        }
    }
    if let Some(Err(error)) = file.public_url.as_ref().map(|url| url.get_ref().parse::<Base>()) {
        let at = file.public_url.as_ref().map(Spanned::span);
        problems.push(source.problem(at, "public_url", error));
    }
    askers(source, file, &mut settings, problems);
    curated(source, file, &mut settings, problems);
    callers(source, file, &mut settings, problems);
    compiled(source, file, &settings, problems);
    let limits = limits::limits(source, file, problems);
    (settings, limits)
}

/// Names the patterns and headers among the settings that cannot be.
fn compiled(source: &Source, file: &File, settings: &Settings, problems: &mut Vec<Problem>) {
    if let Err((at, text)) = Canon::new(&settings.aliases, &settings.ignores) {
        problems.push(source.problem(file.ignore.get(at).map(Spanned::span), "ignore", text));
    }
    if let Err((at, text)) = Canon::default().with_headers(&settings.match_headers) {
        problems.push(source.problem(file.match_headers.get(at).map(Spanned::span), "match_headers", text));
    }
    if let Err((at, text)) = Scrubber::new(Salt([0; 32]), false).with_identity(&settings.keep_headers) {
        let span = file.keep_headers.get(at).map(toml::Spanned::span);
        problems.push(source.problem(span, "keep_headers", text));
    }
    if let Err((at, text)) = Scrubber::new(Salt([0; 32]), false).with_patterns(&settings.scrub) {
        problems.push(source.problem(file.scrub.get(at).map(Spanned::span), "scrub", text));
    }
}

/// Whether the strategies of the file name what can be fields; which request they are for is not known yet.
fn checked_strategies(source: &Source, file: &File, headers: &[String], problems: &mut Vec<Problem>) {
    let mut check = |at: std::ops::Range<usize>, key: &str, strategy: Option<&Strategy>| {
        let problem = strategy.and_then(|strategy| check_strategy_form(strategy, headers).err());
        problems.extend(problem.map(|problem| source.problem(Some(at), key, problem.to_string())));
    };
    if let Some(own) = &file.r#match {
        check(own.span(), "match", Some(own.get_ref()));
    }
    for entry in &file.profile {
        check(entry.span(), "profile.match", entry.get_ref().r#match.as_ref());
    }
    for entry in &file.route {
        check(entry.span(), "route.match", entry.get_ref().r#match.as_ref());
    }
}

/// The names that are secrets on some mounts only, or on none.
fn names(source: &Source, file: &File, problems: &mut Vec<Problem>) -> BTreeMap<String, MountNames> {
    let mut names = BTreeMap::new();
    for (mount, given) in &file.mounts {
        let one = BTreeMap::from([(mount.clone(), given.get_ref().clone())]);
        match Scrubber::new(Salt([0; 32]), false).with_names(&one) {
            Ok(_) => names.extend(one),
            Err((_, text)) => {
                let key = format!("mounts.{mount}.public");
                problems.push(source.problem(Some(given.span()), &key, text));
            }
        }
    }
    names
}

/// What the file says about curating: ages, prices, keys.
fn curated(source: &Source, file: &File, settings: &mut Settings, problems: &mut Vec<Problem>) {
    settings.on_expired = file.on_expired.unwrap_or_default();
    for entry in &file.expiry {
        let ExpiryEntry { tag, max_age } = entry.get_ref();
        if let Some(millis) = human::read_age(max_age) {
            settings.max_ages.push(MaxAge { tag: tag.clone(), millis });
        } else {
            let text = format!("`{max_age}` is no age; write it like 90d, 12h or 2w");
            problems.push(source.problem(Some(entry.span()), "expiry.max_age", text));
        }
    }
    settings.prices = Arc::new(Prices::listed().with(file.prices.clone()));
    keys(source, file, settings, problems);
}

/// The keys with which upstreams are asked outside of any call: those that the file names, else those in the variables
/// that SDKs look into.
fn keys(source: &Source, file: &File, settings: &mut Settings, problems: &mut Vec<Problem>) {
    let set = |variable: &str| std::env::var(variable).ok().filter(|key| key.len() >= 8).map(Secret);
    let mut keys: BTreeMap<String, Secret> = BTreeMap::new();
    for (mount, variables) in key_variables() {
        keys.extend(variables.iter().find_map(|variable| Some((mount.to_owned(), set(variable)?))));
    }
    for (mount, named) in &file.keys {
        if let Some(variable) = named.get_ref().strip_prefix("env:") {
            // One that is not set is missed when it is needed, and not before; then no other takes its place.
            keys.remove(mount);
            settings.key_variables.insert(mount.clone(), variable.to_owned());
            keys.extend(set(variable).map(|key| (mount.clone(), key)));
        } else {
            let text =
                "a real key does not belong into a file; put it into the environment and write env:NAME";
            problems.push(source.problem(Some(named.span()), &format!("keys.{mount}"), text));
        }
    }
    settings.keys = keys;
}

/// All that is wrong, a line each.
fn all(problems: &[Problem]) -> Usage {
    Usage(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn flag<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    value: Option<&str>,
) -> Result<Option<T>, Usage> {
    value.map(|value| value.parse().map_err(|error| Usage(format!("{name}: {error}")))).transpose()
}

fn add_upstream(settings: &mut Settings, mount: &str, url: &str) -> Result<(), String> {
    let fine = !mount.is_empty()
        && mount.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if !fine || mount == "v1" {
        return Err(format!("`{mount}` cannot be a mount; use small letters, digits, - and _"));
    }
    let base: Base = url.parse().map_err(|error: crate::upstream::ParseBaseError| error.to_string())?;
    settings.upstreams.insert(mount.into(), base);
    Ok(())
}

/// An address to listen on; a host name is looked up.
pub(super) fn address(text: &str) -> anyhow::Result<SocketAddr> {
    let wrong = || Usage(format!("--listen {text}: expected ADDRESS:PORT, such as {LISTEN} or 127.0.0.1:0"));
    Ok(text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(wrong)?)
}

/// An upstream that is the proxy itself would go round for ever.
pub(super) fn refuse_itself(settings: &Settings, listen: SocketAddr) -> Result<(), Usage> {
    let own = settings.upstreams.iter().find(|(_, base)| base.is_loopback() && base.port() == listen.port());
    match own {
        Some((mount, base)) => Err(Usage(format!(
            "upstream {mount} ({base}) is this proxy itself; use another port with --listen"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod trust_tests;
