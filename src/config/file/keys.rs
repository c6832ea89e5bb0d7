//! The keys of the configuration, and those values that only a trusted file may give them.
//!
//! A project's file comes with whatever repository was cloned: what it says is a stranger's word. A stranger may say how
//! calls are answered and compared, and what more is scrubbed; not where calls, keys and recordings go, what is kept of
//! secrets, or which programs and other files are used. Each key says at its type (`shape`) who may give it.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use serde::Serialize;
use toml::de::DeValue;

use crate::config::file::limits;
use crate::config::screen::ThemeChoice;
use crate::engine::{Settings, key_variables};
use crate::upstream::Base;

/// A key of the file.
pub(crate) struct ConfigKey {
    /// The table that it stands in, `""` for the file itself.
    pub(super) table: &'static str,
    /// Name as Rust spells it; `*` stands for one of people's own.
    pub(super) name: &'static str,
    pub(crate) rule: KeyRule,
}

/// The rule about who may give a key which value.
#[derive(Clone, Copy)]
pub(crate) enum KeyRule {
    /// Whoever wrote the file.
    Free,
    /// A table, or several, whose keys have rules of their own.
    Table,
    /// Only a trusted file, for the values of which the function says what they do; who would do it.
    Trusted(NeededBy, fn(&Given<'_>) -> Option<String>),
}

/// The verbs that would carry out a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NeededBy {
    Proxy,
    Screen,
}

/// A value in its place.
pub(crate) struct Given<'a> {
    /// The name of the key, which may be people's own: of a mount, of an action.
    pub(crate) name: &'a str,
    pub(crate) value: &'a DeValue<'a>,
    /// The folder of the file.
    pub(crate) folder: &'a Path,
}

/// The table of a mount's own names.
pub(super) const MOUNT: &str = "mounts.*";

/// A key that needs trust for the proxy's sake.
pub(super) const fn proxy(does: fn(&Given<'_>) -> Option<String>) -> KeyRule {
    KeyRule::Trusted(NeededBy::Proxy, does)
}

/// A key that needs trust for the screen's sake.
pub(super) const fn screen(does: fn(&Given<'_>) -> Option<String>) -> KeyRule {
    KeyRule::Trusted(NeededBy::Screen, does)
}

impl ConfigKey {
    /// Name as the file has it.
    pub(super) fn name(&self) -> &'static str {
        self.name.trim_start_matches("r#")
    }

    /// True if it may be a list of tables.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.name, "expiry" | "profile" | "route" | "ignore" | "scrub")
    }

    /// The table that its own keys stand in, for a key that is a table.
    pub(crate) fn inside(&self) -> &'static str {
        if self.table.is_empty() { self.name } else { MOUNT }
    }
}

// What values do that only a trusted file may hold; `None` for values that anybody may give. One of another type than the
// key has is not judged by what it says: it does what is worst.

pub(super) fn listens_beyond(given: &Given<'_>) -> Option<String> {
    let here = |text: &str| {
        let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
        text.parse::<SocketAddr>()
            .map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |to| to.ip().is_loopback())
    };
    let fine = given.value.as_str().is_some_and(here);
    (!fine).then(|| "other machines reach the proxy, its recordings and its upstreams".into())
}

pub(super) fn forwards_elsewhere(given: &Given<'_>) -> Option<String> {
    let name = given.name;
    let usual = Settings::default().upstreams;
    let is_usual = |text: &str| {
        let url: Option<Base> = text.parse().ok();
        // SDKs want the version in the URL, so people write it here, too.
        let bare = url.as_ref().map(|url| url.as_str().strip_suffix("/v1").unwrap_or(url.as_str()));
        usual.get(name).is_some_and(|usual| bare == Some(usual.as_str()))
    };
    let variables: Vec<_> = usual_variables(name).collect();
    let more = if variables.is_empty() { String::new() } else { format!(", and {}", variables.join(" or ")) };
    let fine = given.value.as_str().is_some_and(is_usual);
    (!fine).then(|| format!("calls to /{name} go there with the keys that clients send{more}"))
}

/// The variables in which the SDKs of a provider look for its key.
fn usual_variables(mount: &str) -> impl Iterator<Item = &'static str> {
    key_variables().filter(move |(known, _)| *known == mount).flat_map(|(_, variables)| variables).copied()
}

pub(super) fn asks_with_a_key(given: &Given<'_>) -> Option<String> {
    let name = given.name;
    let variable = given.value.as_str().and_then(|text| text.strip_prefix("env:"));
    let usual = variable.is_some_and(|variable| usual_variables(name).any(|usual| usual == variable));
    let what = variable.map_or_else(|| "a key".into(), |variable| format!("the value of {variable}"));
    (!usual).then(|| format!("{what} goes to the upstream of /{name}"))
}

#[expect(clippy::unnecessary_wraps, reason = "a rule that lets no value pass")]
pub(super) fn sends_a_variable(given: &Given<'_>) -> Option<String> {
    let variable = given.value.as_str().and_then(|text| text.strip_prefix("env:"));
    let what = variable.map_or_else(|| "a key".into(), |variable| format!("the value of {variable}"));
    Some(format!("{what} goes to whichever upstream a call of this profile names"))
}

/// The variable of a provider is what its own SDK sends anyway.
pub(super) fn reads_a_variable(given: &Given<'_>) -> Option<String> {
    let Some(text) = given.value.as_str() else { return Some("calls are known by it".into()) };
    let variable = text.strip_prefix("env:")?;
    let usual = key_variables().any(|(_, variables)| variables.contains(&variable));
    (!usual).then(|| format!("calls are known by the value of {variable}"))
}

pub(super) fn keeps_personal(given: &Given<'_>) -> Option<String> {
    let fine = given.value.as_bool() == Some(true);
    (!fine).then(|| "personal data is stored as it is".into())
}

pub(super) fn keeps_answers(given: &Given<'_>) -> Option<String> {
    let fine = given.value.as_bool() == Some(true);
    (!fine).then(|| "answers are stored with personal data and with what looks like a key".into())
}

pub(super) fn keeps_headers(given: &Given<'_>) -> Option<String> {
    let none = given.value.as_array().is_some_and(|names| names.is_empty());
    (!none).then(|| "answers are stored with these headers, which tell who called".into())
}

pub(super) fn keeps_credentials(given: &Given<'_>) -> Option<String> {
    let none = given.value.as_array().is_some_and(|names| names.is_empty());
    (!none).then(|| "the values of these names are stored as they are, credentials or not".into())
}

pub(super) fn is_public(given: &Given<'_>) -> Option<String> {
    let fine = given.value.as_str().is_some_and(is_here);
    (!fine).then(|| "links in answers lead there, and calls under that name are taken".into())
}

pub(super) fn lets_pages_call(given: &Given<'_>) -> Option<String> {
    let here = |origin: &toml::Spanned<DeValue<'_>>| origin.get_ref().as_str().is_some_and(is_here);
    let fine = given.value.as_array().is_some_and(|origins| origins.iter().all(here));
    (!fine).then(|| "these web pages may call the proxy, read recordings and use upstreams".into())
}

pub(super) fn answers_to_names(given: &Given<'_>) -> Option<String> {
    let none = given.value.as_array().is_some_and(|names| names.is_empty());
    (!none).then(|| {
        "web pages under these names reach the proxy as if they were programs of this machine".into()
    })
}

pub(super) fn waits_unusually(given: &Given<'_>) -> Option<String> {
    let fine = given.value.as_str().and_then(limits::read).is_some_and(|time| limits::USUAL.contains(&time));
    (!fine).then(|| "clients may take less than 5s, or more than 5m, before they are given up".into())
}

/// True if a URL names this machine itself, and not by the address that means all of them.
fn is_here(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    !authority.contains('@')
        && (host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

pub(super) fn reads_a_theme(given: &Given<'_>) -> Option<String> {
    let fine = given.value.as_str().is_some_and(|name| {
        ThemeChoice::named(name).is_some() || lies_in(&given.folder.join(name), given.folder)
    });
    (!fine).then(|| "this file is read".into())
}

/// True if a file lies in a folder, with all links followed. One that is not there lies nowhere, and is not read
/// either.
fn lies_in(file: &Path, folder: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match (file.canonicalize(), folder.canonicalize()) {
        (Ok(file), Ok(folder)) => file.starts_with(folder),
        (Err(error), _) => error.kind() == std::io::ErrorKind::NotFound,
        (Ok(_), Err(_)) => false,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a rule that lets no value pass")]
pub(super) fn changes_a_key(_: &Given<'_>) -> Option<String> {
    Some("a key of the screen does something else".into())
}

pub(super) fn starts(given: &Given<'_>) -> Option<String> {
    (given.value.as_str() != Some("")).then(|| "the screen starts this program".into())
}
