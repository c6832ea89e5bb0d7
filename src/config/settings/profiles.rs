//! Profiles by key, and routes by endpoint and model.

use std::sync::Arc;

use wildmatch::WildMatch;

use crate::config::file::source::{ConfigProblem, ConfigSource};
use crate::config::file::{ConfigFile, ProfileEntry, RouteEntry};
use crate::engine::{CallRoute, Profile, Secret, Settings, UpstreamKey};
use crate::model::Hash;

/// The profiles and routes of a file; what is wrong with one goes to `problems`.
pub(crate) fn profiles(
    source: &ConfigSource,
    file: &ConfigFile,
    settings: &mut Settings,
    problems: &mut Vec<ConfigProblem>,
) {
    for entry in &file.profile {
        match profile(entry.get_ref()) {
            Ok(profile) => {
                if let Some(UpstreamKey::Missing(why)) = &profile.upstream_key {
                    let text = format!("{why}: no call of profile {} is forwarded", profile.name);
                    let problem = source.problem(Some(entry.span()), "profile.upstream_key", text);
                    problems.push(ConfigProblem { warning: true, ..problem });
                }
                settings.profiles.push(Arc::new(profile));
            }
            Err(ProfileProblem { key, text, warning }) => {
                let problem = source.problem(Some(entry.span()), key, text);
                problems.push(ConfigProblem { warning, ..problem });
            }
        }
    }
    for entry in &file.route {
        match route(entry.get_ref()) {
            Ok(route) => settings.routes.push(route),
            Err(text) => problems.push(source.problem(Some(entry.span()), "route", text)),
        }
    }
}

/// The reason why a profile is left out.
struct ProfileProblem {
    /// The key of the file that is to blame.
    key: &'static str,
    text: String,
    /// True if the rest can be used without it.
    warning: bool,
}

fn profile(entry: &ProfileEntry) -> Result<Profile, ProfileProblem> {
    let name = &entry.name;
    let wrong = |key, text: &str| ProfileProblem { key, text: text.to_owned(), warning: false };
    let unset = |variable: &str| format!("the environment variable {variable} is not set");
    let key = match (entry.key.strip_prefix("env:"), entry.key.strip_prefix("sha256:")) {
        (Some(variable), _) => {
            let key = std::env::var(variable).map_err(|_| {
                let text = format!("profile {name} is left out: {}", unset(variable));
                ProfileProblem { key: "profile.key", text, warning: true }
            })?;
            Hash::of(key.as_bytes())
        }
        (_, Some(hash)) => hash.parse().map_err(|_| {
            let text =
                "expected sha256: and 64 hexadecimal digits, as `printf %s KEY | sha256sum` gives them";
            wrong("profile.key", text)
        })?,
        _ if entry.key.is_empty() => return Err(wrong("profile.key", "it is empty")),
        _ => Hash::of(entry.key.as_bytes()),
    };
    let upstream_key = match entry.upstream_key.as_deref().map(|text| text.strip_prefix("env:")) {
        None => None,
        Some(None) => {
            let text =
                "a real key does not belong into a file; put it into the environment and write env:NAME";
            return Err(wrong("profile.upstream_key", text));
        }
        Some(Some(variable)) => Some(match std::env::var(variable) {
            // Shorter ones are not found again in what must not hold them.
            Ok(key) if (1..8).contains(&key.len()) => {
                UpstreamKey::Missing(format!("the key in {variable} has less than 8 characters"))
            }
            Ok(key) if !key.is_empty() => UpstreamKey::Known(Secret(key)),
            _ => UpstreamKey::Missing(unset(variable)),
        }),
    };
    let (mode, strategy) = (entry.mode, entry.r#match.clone());
    Ok(Profile { name: name.as_str().into(), key, mode, strategy, upstream_key })
}

fn route(entry: &RouteEntry) -> Result<CallRoute, String> {
    if entry.endpoint.is_none() && entry.model.is_none() {
        return Err("it names neither an endpoint nor a model; name one or both, such as \"images/*\"".into());
    }
    if entry.mode.is_none() && entry.r#match.is_none() {
        return Err("it sets nothing; give it a mode, a match, or both".into());
    }
    let glob = |text: &Option<String>| text.as_deref().map(WildMatch::new);
    let (endpoint, model) = (glob(&entry.endpoint), glob(&entry.model));
    Ok(CallRoute { endpoint, model, mode: entry.mode, strategy: entry.r#match.clone() })
}
