//! The engine's settings, as the file gives them. What flags and environment say goes before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;

use crate::config::error::ConfigError;
use crate::config::file::limits::{POSSIBLE, read};
use crate::config::file::source::{ConfigProblem, ConfigSource};
use crate::config::file::{ConfigFile, ExpiryEntry};
use crate::engine::{Secret, Settings, key_variables};
use crate::matching::{Canon, MountNames, Salt, Scrubber, check_strategy_form};
use crate::model::Strategy;
use crate::proxy::Limits;
use crate::reading::{Prices, human};
use crate::retention::MaxAge;
use crate::upstream::Base;

pub(crate) mod deciders;
mod origins;
mod profiles;

use origins::origins;
use profiles::profiles;

/// The memory for bodies, which `RETAKE_MEMORY` gives in MiB, in bytes.
pub(crate) fn memory() -> Result<Option<usize>, ConfigError> {
    let Some(text) = std::env::var_os("RETAKE_MEMORY") else { return Ok(None) };
    let text = text.to_string_lossy();
    let fits = |mib: &usize| (16..=1 << 20).contains(mib);
    match text.trim().parse::<usize>().ok().filter(fits) {
        Some(mib) => Ok(Some(mib << 20)),
        None => Err(ConfigError(format!("RETAKE_MEMORY: `{text}` is no number of MiB from 16 on"))),
    }
}

/// The settings of the file about calls; its faults go to `problems`.
pub(crate) fn settled(
    source: &ConfigSource,
    file: &ConfigFile,
    problems: &mut Vec<ConfigProblem>,
) -> (Settings, Limits) {
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
    origins(source, file, &mut settings, problems);
    curated(source, file, &mut settings, problems);
    profiles(source, file, &mut settings, problems);
    compiled(source, file, &settings, problems);
    let limits = limits(source, file, problems);
    (settings, limits)
}

/// Names the patterns and headers among the settings that cannot be.
fn compiled(
    source: &ConfigSource,
    file: &ConfigFile,
    settings: &Settings,
    problems: &mut Vec<ConfigProblem>,
) {
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

/// The strategies of the file, once they name what can be fields; which request they are for is not known yet.
fn checked_strategies(
    source: &ConfigSource,
    file: &ConfigFile,
    headers: &[String],
    problems: &mut Vec<ConfigProblem>,
) {
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
fn names(
    source: &ConfigSource,
    file: &ConfigFile,
    problems: &mut Vec<ConfigProblem>,
) -> BTreeMap<String, MountNames> {
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

/// The settings of the file about curating: ages, prices, keys.
fn curated(
    source: &ConfigSource,
    file: &ConfigFile,
    settings: &mut Settings,
    problems: &mut Vec<ConfigProblem>,
) {
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
fn keys(
    source: &ConfigSource,
    file: &ConfigFile,
    settings: &mut Settings,
    problems: &mut Vec<ConfigProblem>,
) {
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

pub(crate) fn add_upstream(settings: &mut Settings, mount: &str, url: &str) -> Result<(), String> {
    let fine = !mount.is_empty()
        && mount.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if !fine || mount == "v1" {
        return Err(format!("`{mount}` cannot be a mount; use small letters, digits, - and _"));
    }
    let base: Base = url.parse().map_err(|error: crate::upstream::ParseBaseError| error.to_string())?;
    settings.upstreams.insert(mount.into(), base);
    Ok(())
}

/// The limits that the file grants clients; its faults go to `problems`.
fn limits(source: &ConfigSource, file: &ConfigFile, problems: &mut Vec<ConfigProblem>) -> Limits {
    let mut time = |key: &str, given: &Option<Spanned<String>>, usual: Duration| {
        let Some(given) = given else { return usual };
        read(given.get_ref()).filter(|time| POSSIBLE.contains(time)).unwrap_or_else(|| {
            let text = format!("`{}` is no time from 100ms to 1h, such as 30s or 5m", given.get_ref());
            problems.push(source.problem(Some(given.span()), key, text));
            usual
        })
    };
    let usual = Limits::default();
    let head = time("limits.head", &file.limits.head, usual.head);
    let body = time("limits.body", &file.limits.body, usual.body);
    Limits { head, body, ..usual }
}
