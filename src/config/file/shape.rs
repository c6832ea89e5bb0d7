//! The tables of the configuration file: each key once, with its type and with who may give it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::keys::KeyRule::{Free, Table};
use super::keys::{
    ConfigKey, MOUNT, answers_to_names, asks_with_a_key, changes_a_key, forwards_elsewhere, is_public,
    keeps_answers, keeps_credentials, keeps_headers, keeps_personal, lets_pages_call, listens_beyond, proxy,
    reads_a_theme, reads_a_variable, screen, sends_a_variable, starts, waits_unusually,
};
use super::preset::Preset;
use crate::config::screen::Icons;
use crate::engine::{FailurePolicy, OnExpired};
use crate::matching::{DatedModels, Ignore, MountNames, ScrubPattern};
use crate::model::{Latency, Mode, Playback, Strategy};
use crate::reading::Price;

/// A table of the file: what serde reads, and who may give each key.
macro_rules! config_table {
    (
        $(#[$meta:meta])*
        struct $name:ident, keys $keys:ident of $table:literal:
        $($(#[$on_field:meta])* $field:ident: $type:ty => $rule:expr,)*
    ) => {
        #[derive(Debug, Deserialize)]
        $(#[$meta])*
        pub(crate) struct $name {
            $($(#[$on_field])* pub(crate) $field: $type,)*
        }

        const $keys: &[ConfigKey] = &[$(ConfigKey { table: $table, name: stringify!($field), rule: $rule },)*];
    };
}

config_table! {
/// Everything that the file may say.
#[serde(deny_unknown_fields)]
struct ConfigFile, keys FILE_KEYS of "":
    listen: Option<String> => proxy(listens_beyond),
    // How calls are answered. In all modes they go nowhere but to upstreams, with the keys of those who make them.
    preset: Option<Preset> => Free,
    mode: Option<Mode> => Free,
    r#match: Option<Spanned<Strategy>> => Free,
    playback: Option<Playback> => Free,
    latency: Option<Spanned<String>> => Free,
    // It lowers a ceiling; what would lift one is not obeyed.
    never_forward: Option<bool> => Free,
    scrub_personal: Option<bool> => proxy(keeps_personal),
    scrub_answers: Option<bool> => proxy(keeps_answers),
    miss_status: Option<Spanned<u16>> => Free,
    public_url: Option<Spanned<String>> => proxy(is_public),
    on_expired: Option<OnExpired> => Free,
    #[serde(default)]
    expiry: Vec<Spanned<ExpiryEntry>> => Table,
    #[serde(default)]
    keys: BTreeMap<String, Spanned<String>> => Table,
    #[serde(default)]
    prices: BTreeMap<String, Price> => Free,
    theme: Option<String> => screen(reads_a_theme),
    icons: Option<Icons> => Free,
    mouse: Option<bool> => Free,
    #[serde(default)]
    keymap: BTreeMap<String, Spanned<KeySpelling>> => Table,
    copy: Option<Spanned<String>> => screen(starts),
    open: Option<Spanned<String>> => screen(starts),
    #[serde(default)]
    origins: Vec<Spanned<String>> => proxy(lets_pages_call),
    #[serde(default)]
    hosts: Vec<Spanned<String>> => proxy(answers_to_names),
    #[serde(default)]
    upstreams: BTreeMap<String, Spanned<String>> => Table,
    #[serde(default)]
    aliases: BTreeMap<String, String> => Free,
    // Headers whose names say that they carry credentials are refused in every file.
    #[serde(default)]
    match_headers: Vec<Spanned<String>> => Free,
    #[serde(default)]
    keep_headers: Vec<Spanned<String>> => proxy(keeps_headers),
    #[serde(default)]
    dated_models: DatedModels => Free,
    #[serde(default)]
    profile: Vec<Spanned<ProfileEntry>> => Table,
    #[serde(default)]
    route: Vec<Spanned<RouteEntry>> => Table,
    #[serde(default)]
    ignore: Vec<Spanned<Ignore>> => Table,
    #[serde(default)]
    scrub: Vec<Spanned<ScrubPattern>> => Table,
    #[serde(default)]
    record: RecordTable => Table,
    #[serde(default)]
    limits: LimitsTable => Table,
    #[serde(default)]
    mounts: BTreeMap<String, Spanned<MountNames>> => Table,
}

config_table! {
/// `[limits]`
#[derive(Default)]
struct LimitsTable, keys LIMITS_KEYS of "limits":
    head: Option<Spanned<String>> => proxy(waits_unusually),
    body: Option<Spanned<String>> => proxy(waits_unusually),
}

config_table! {
/// `[record]`
#[derive(Default)]
struct RecordTable, keys RECORD_KEYS of "record":
    #[serde(default)]
    failures: FailurePolicy => Free,
}

config_table! {
/// `[[profile]]`
struct ProfileEntry, keys PROFILE_KEYS of "profile":
    name: String => Free,
    key: String => proxy(reads_a_variable),
    mode: Option<Mode> => Free,
    r#match: Option<Strategy> => Free,
    upstream_key: Option<String> => proxy(sends_a_variable),
}

config_table! {
/// `[[expiry]]`
struct ExpiryEntry, keys EXPIRY_KEYS of "expiry":
    tag: Option<String> => Free,
    max_age: String => Free,
}

config_table! {
/// `[[route]]`
struct RouteEntry, keys ROUTE_KEYS of "route":
    endpoint: Option<String> => Free,
    model: Option<String> => Free,
    mode: Option<Mode> => Free,
    r#match: Option<Strategy> => Free,
}

/// A key, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum KeySpelling {
    One(String),
    Several(Vec<String>),
}

const fn key(table: &'static str, name: &'static str, rule: super::keys::KeyRule) -> ConfigKey {
    ConfigKey { table, name, rule }
}

/// Keys of people's own (`*`), and those of tables that other modules read.
const OTHER_KEYS: &[ConfigKey] = &[
    key("keys", "*", proxy(asks_with_a_key)),
    key("upstreams", "*", proxy(forwards_elsewhere)),
    // `j` could remove what it was to pass by.
    key("keymap", "*", screen(changes_a_key)),
    key("ignore", "endpoint", Free),
    key("ignore", "field", Free),
    key("ignore", "pattern", Free),
    key("scrub", "name", Free),
    key("scrub", "pattern", Free),
    key("mounts", "*", Table),
    key(MOUNT, "public", proxy(keeps_credentials)),
    key(MOUNT, "secret", Free),
];

/// Every key that the file may hold.
fn all() -> impl Iterator<Item = &'static ConfigKey> + Clone {
    let tables = [FILE_KEYS, LIMITS_KEYS, RECORD_KEYS, PROFILE_KEYS, EXPIRY_KEYS, ROUTE_KEYS, OTHER_KEYS];
    tables.into_iter().flatten()
}

/// The key of a table with this name; none where it is not known.
pub(crate) fn key_named(table: &str, name: &str) -> Option<&'static ConfigKey> {
    all().find(|key| key.table == table && (key.name() == name || key.name == "*"))
}

/// The names of all keys of a table, people's own left out.
pub(crate) fn names(table: &str) -> impl Iterator<Item = &'static str> + Clone {
    all().filter(move |key| key.table == table && key.name != "*").map(ConfigKey::name)
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
