//! Keys with which upstreams are asked outside of any call. A call brings its own.

use super::profile::Secret;
use super::settings::Settings;
use super::verb_error::FetchError;
use crate::model::Request;

/// The variables that hold a mount's key, and the header in which it is sent, with what stands before it.
pub(super) const MOUNTS: [(&str, &[&str], &str, &str); 9] = [
    ("openai", &["OPENAI_API_KEY"], "authorization", "Bearer "),
    ("anthropic", &["ANTHROPIC_API_KEY"], "x-api-key", ""),
    ("gemini", &["GEMINI_API_KEY", "GOOGLE_API_KEY"], "x-goog-api-key", ""),
    ("azure", &["AZURE_OPENAI_API_KEY"], "api-key", ""),
    ("cohere", &["CO_API_KEY"], "authorization", "Bearer "),
    ("mistral", &["MISTRAL_API_KEY"], "authorization", "Bearer "),
    ("lumenfall", &["LUMENFALL_API_KEY"], "authorization", "Bearer "),
    ("fal", &["FAL_KEY"], "authorization", "Key "),
    ("replicate", &["REPLICATE_API_TOKEN"], "authorization", "Bearer "),
];

/// The environment variables in which the keys of known upstreams are looked for, by mount.
pub fn key_variables() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    MOUNTS.into_iter().map(|(mount, variables, ..)| (mount, variables))
}

/// A stored request with the key that its upstream wants. Mounts that are not known by name, and Ollama, want none unless
/// the configuration names one. A profile's key goes where a client with the profile's own key sends its calls; a stored
/// request has no client any more, and that other upstreams may have the key nobody said.
pub(super) fn keyed(settings: &Settings, request: &Request) -> Result<Request, FetchError> {
    let mut request = request.clone();
    let known = MOUNTS.iter().find(|(mount, ..)| *mount == request.mount);
    let named = settings.key_variables.get(&request.mount);
    let key = settings.keys.get(&request.mount);
    if known.is_none() && named.is_none() && key.is_none() {
        return Ok(request);
    }
    let (_, variables, header, scheme) = known.unwrap_or(&("", &[], "authorization", "Bearer "));
    let missing = || FetchError::NoKey {
        mount: request.mount.clone(),
        variable: named.cloned().unwrap_or_else(|| variables.first().copied().unwrap_or_default().to_owned()),
    };
    let Secret(key) = key.ok_or_else(missing)?;
    request.headers.push(header, format!("{scheme}{key}"));
    Ok(request)
}
