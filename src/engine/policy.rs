//! Which mode decides, which strategy is stamped, and whose key goes to the upstream: profiles and routes.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use wildmatch::WildMatch;

use super::{FetchError, Settings};
use crate::model::{Hash, Headers, Mode, Request, Strategy};

/// What holds for the calls that carry one API key.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name, for people.
    pub name: Arc<str>,
    /// SHA-256 of the key that the client sends.
    pub key: Hash,
    /// The mode of its calls.
    pub mode: Option<Mode>,
    /// The strategy that is stamped on what they record.
    pub strategy: Option<Strategy>,
    /// The key that the upstream gets instead.
    pub upstream_key: Option<UpstreamKey>,
}

/// The key that an upstream gets in place of the client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamKey {
    /// This one.
    Known(Secret),
    /// One that cannot be had, and why. Only what would be sent with it fails.
    Missing(String),
}

/// What holds for the calls of some endpoints or models.
#[derive(Clone, Debug)]
pub struct Route {
    /// The endpoints, `images/*`; all without it.
    pub endpoint: Option<WildMatch>,
    /// The models, `gpt-4o*`; all without it.
    pub model: Option<WildMatch>,
    /// The mode of these calls.
    pub mode: Option<Mode>,
    /// The strategy that is stamped on what they record.
    pub strategy: Option<Strategy>,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl UpstreamKey {
    pub(super) fn known(&self) -> Option<&Secret> {
        match self {
            Self::Known(key) => Some(key),
            Self::Missing(_) => None,
        }
    }
}

/// Headers that carry an API key.
const KEYS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

impl Settings {
    /// The mode of a call: what its header says, else its profile, else its route; none leaves it to the proxy's.
    pub(super) fn mode_of(
        &self,
        header: Option<Mode>,
        profile: Option<&Profile>,
        endpoint: &str,
        model: Option<&str>,
    ) -> Option<Mode> {
        let route = || self.routes_of(endpoint, model).find_map(|route| route.mode);
        header.or_else(|| profile.and_then(|profile| profile.mode)).or_else(route)
    }

    /// The strategy of what a call records: what its header says, else its profile, else its route, else the proxy's.
    pub(super) fn strategy_of(
        &self,
        header: Option<&Strategy>,
        profile: Option<&Profile>,
        endpoint: &str,
        model: Option<&str>,
    ) -> Strategy {
        let profiled = || profile.and_then(|profile| profile.strategy.as_ref());
        let routed = || self.routes_of(endpoint, model).find_map(|route| route.strategy.as_ref());
        header.or_else(profiled).or_else(routed).unwrap_or(&self.strategy).clone()
    }

    fn routes_of(&self, endpoint: &str, model: Option<&str>) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(move |route| {
            route.endpoint.as_ref().is_none_or(|wanted| wanted.matches(endpoint))
                && route.model.as_ref().is_none_or(|wanted| model.is_some_and(|model| wanted.matches(model)))
        })
    }

    /// The profile of the key that a call carries.
    pub(super) fn profile(&self, headers: &Headers, target: &str) -> Option<&Arc<Profile>> {
        if self.profiles.is_empty() {
            return None;
        }
        let sent = KEYS.iter().filter_map(|name| headers.text(name));
        self.profile_of(sent, target)
    }

    /// The same for the headers as the server has them.
    pub(super) fn raw_profile(&self, headers: &HeaderMap, target: &str) -> Option<&Arc<Profile>> {
        if self.profiles.is_empty() {
            return None;
        }
        let sent = KEYS.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
        self.profile_of(sent, target)
    }

    fn profile_of<'a>(&self, sent: impl Iterator<Item = &'a str>, target: &'a str) -> Option<&Arc<Profile>> {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let in_query = query.split('&').filter_map(|pair| pair.strip_prefix("key="));
        sent.map(token).chain(in_query).find_map(|key| {
            let hash = Hash::of(key.as_bytes());
            self.profiles.iter().find(|profile| profile.key == hash)
        })
    }
}

/// The key in a header's value, without its scheme.
fn token(value: &str) -> &str {
    let scheme = value.get(..7).filter(|start| start.eq_ignore_ascii_case("bearer "));
    scheme.map_or(value, |_| &value[7..]).trim()
}

impl Profile {
    /// The request with the upstream's key in place of the client's, and that key, which must not be stored either; none
    /// where the client's goes there.
    ///
    /// # Errors
    /// Where the key cannot be had: the client's is not sent instead.
    pub(super) fn dressed(&self, request: &Request) -> Result<Option<(Request, Bytes)>, FetchError> {
        let Secret(own) = match &self.upstream_key {
            None => return Ok(None),
            Some(UpstreamKey::Known(own)) => own,
            Some(UpstreamKey::Missing(why)) => {
                return Err(FetchError::NoProfileKey { profile: Arc::clone(&self.name), why: why.clone() });
            }
        };
        let mut request = request.clone();
        for header in &mut request.headers.0 {
            let Some(value) = std::str::from_utf8(&header.1).ok().filter(|_| KEYS.contains(&&*header.0))
            else {
                continue;
            };
            let sent = token(value);
            if Hash::of(sent.as_bytes()) == self.key {
                header.1 = value.replacen(sent, own, 1).into();
            }
        }
        if let Some((path, query)) = request.target.split_once('?') {
            let pairs = query.split('&').map(|pair| match pair.strip_prefix("key=") {
                Some(sent) if Hash::of(sent.as_bytes()) == self.key => format!("key={own}"),
                _ => pair.to_owned(),
            });
            request.target = format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"));
        }
        Ok(Some((request, Bytes::from(own.clone()))))
    }
}

/// The variables that hold a mount's key, and the header in which it is sent, with what stands before it.
const MOUNTS: [(&str, &[&str], &str, &str); 9] = [
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let profile = Profile {
            name: "tests".into(),
            key: Hash::of(b"sk-dummy"),
            mode: Some(Mode::ReplayOrError),
            strategy: Some(Strategy::Pinned),
            upstream_key: Some(UpstreamKey::Known(Secret("sk-real".into()))),
        };
        let route = |endpoint: Option<&str>, model: Option<&str>, mode| Route {
            endpoint: endpoint.map(WildMatch::new),
            model: model.map(WildMatch::new),
            mode: Some(mode),
            strategy: Some(Strategy::Strict),
        };
        Settings {
            profiles: vec![Arc::new(profile)],
            routes: vec![
                route(Some("images/*"), None, Mode::Mock),
                route(None, Some("gpt-4o*"), Mode::ReplayOrRecord),
            ],
            ..Settings::default()
        }
    }

    fn request(name: &str, value: &str, target: &str) -> Request {
        let mut headers = Headers::default();
        headers.push(name, value.to_owned());
        Request { headers, target: target.into(), ..Request::default() }
    }

    #[test]
    fn the_first_that_speaks_decides() {
        let settings = settings();
        let profile =
            settings.profile(&request("authorization", "Bearer sk-dummy", "/x").headers, "/x").unwrap();
        let mode = |header, profile, endpoint, model| settings.mode_of(header, profile, endpoint, model);
        let profile = Some(&**profile);
        assert_eq!(mode(Some(Mode::Off), profile, "images/edits", None), Some(Mode::Off));
        assert_eq!(mode(None, profile, "images/edits", None), Some(Mode::ReplayOrError));
        assert_eq!(mode(None, None, "images/edits", Some("gpt-4o")), Some(Mode::Mock));
        assert_eq!(mode(None, None, "chat/completions", Some("gpt-4o-mini")), Some(Mode::ReplayOrRecord));
        assert_eq!(mode(None, None, "chat/completions", None), None);
        let plain = Strategy::STANDARD;
        let strategy = |header, profile, endpoint| settings.strategy_of(header, profile, endpoint, None);
        assert_eq!(strategy(Some(&plain), profile, "images/edits"), plain);
        assert_eq!(strategy(None, profile, "images/edits"), Strategy::Pinned);
        assert_eq!(strategy(None, None, "images/edits"), Strategy::Strict);
        assert_eq!(strategy(None, None, "x"), Strategy::STANDARD);
    }

    #[test]
    fn a_key_is_known_wherever_it_is_sent_and_replaced_there() {
        let settings = settings();
        for (name, value, target, dressed) in [
            ("authorization", "Bearer sk-dummy", "/v1/x", "Bearer sk-real"),
            ("authorization", "bearer  sk-dummy", "/v1/x", "bearer  sk-real"),
            ("x-api-key", "sk-dummy", "/v1/x", "sk-real"),
            ("x-goog-api-key", "sk-dummy", "/v1/x", "sk-real"),
            ("accept", "sk-dummy", "/v1/x?a=b&key=sk-dummy", "sk-dummy"),
        ] {
            let request = request(name, value, target);
            let profile = settings.profile(&request.headers, &request.target).unwrap();
            let (sent, own) = profile.dressed(&request).unwrap().unwrap();
            assert_eq!((sent.headers.text(name), &own[..]), (Some(dressed), &b"sk-real"[..]));
            assert_eq!(sent.target, target.replace("sk-dummy", "sk-real"));
        }
        assert!(settings.profile(&request("authorization", "Bearer sk-other", "/").headers, "/").is_none());
        assert!(!format!("{settings:?}").contains("sk-real"));
    }
}
