//! Profiles: settings for the calls that carry one API key, and the key that goes to the upstream instead.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use wildmatch::WildMatch;

use super::verb_error::FetchError;
use crate::model::{Hash, Mode, Request, Strategy};

/// Settings for the calls that carry one API key.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The profile's name, for people.
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
    /// A key that is known.
    Known(Secret),
    /// One that cannot be had, and why. Only what would be sent with it fails.
    Missing(String),
}

/// Settings for the calls of some endpoints or models.
#[derive(Clone, Debug)]
pub struct CallRoute {
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
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Known(key) => Some(key),
            Self::Missing(_) => None,
        }
    }
}

/// Headers that carry an API key.
pub(super) const KEYS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

/// The key in a header's value, without its scheme.
pub(super) fn token(value: &str) -> &str {
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
