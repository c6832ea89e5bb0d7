//! The mode and the strategy of a call: from its headers, its profile, its route, the configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;

use super::profile::{CallRoute, KEYS, Profile, token};
use super::settings::Settings;
use crate::model::{Hash, Headers, Mode, Strategy};

/// The mode in force, for the calls that come. Every call reads it, so it has no lock.
pub(super) struct ModeSwitch(AtomicUsize);

impl ModeSwitch {
    pub(super) fn new(mode: Mode) -> Self {
        Self(AtomicUsize::new(place(mode)))
    }

    pub(super) fn get(&self) -> Mode {
        Mode::ALL.get(self.0.load(Ordering::Acquire)).copied().unwrap_or_default()
    }

    /// Switches it. Only where that is announced as well.
    pub(super) fn set(&self, mode: Mode) {
        self.0.store(place(mode), Ordering::Release);
    }
}

/// The place of a mode in [`Mode::ALL`].
fn place(mode: Mode) -> usize {
    Mode::ALL.iter().position(|known| *known == mode).unwrap_or_default()
}

impl Settings {
    /// The mode of a call: what its header says, else its profile, else its route; `None` leaves it to the proxy's.
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

    fn routes_of(&self, endpoint: &str, model: Option<&str>) -> impl Iterator<Item = &CallRoute> {
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

    /// The profile of a call whose headers are as the server has them.
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

#[cfg(test)]
mod tests {
    use wildmatch::WildMatch;

    use super::*;
    use crate::engine::{Secret, UpstreamKey};
    use crate::model::Request;

    fn settings() -> Settings {
        let profile = Profile {
            name: "tests".into(),
            key: Hash::of(b"sk-dummy"),
            mode: Some(Mode::ReplayOrError),
            strategy: Some(Strategy::Pinned),
            upstream_key: Some(UpstreamKey::Known(Secret("sk-real".into()))),
        };
        let route = |endpoint: Option<&str>, model: Option<&str>, mode| CallRoute {
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
