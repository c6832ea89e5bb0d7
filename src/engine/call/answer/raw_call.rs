//! A call as the server has it, and the hash by which it is known again.

use std::hash::Hasher;
use std::sync::Arc;
use std::time::Instant;

use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::engine::call::answer::overrides::Overrides;
use crate::model::{CANONICAL_VERSION, KEPT_HEADERS};

/// The hash of all that can change which recording answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawKey(pub(crate) [u8; 32]);

/// A call as the server has it: nothing is copied out of it before it is clear that it was not seen before.
pub struct RawCall<'a> {
    /// The method.
    pub method: &'a str,
    /// The mount.
    pub mount: &'a str,
    /// The path and query behind the mount.
    pub target: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
    /// The call's own headers, understood.
    pub overrides: &'a Overrides,
    /// The proxy's base URL as the client knows it.
    pub base: &'a Arc<str>,
    /// The time of its arrival.
    pub started: Instant,
}

impl RawCall<'_> {
    /// The hash of the raw request with the headers that matter, and of what its own headers ask for, as no configuration
    /// looks at it.
    #[must_use]
    pub fn key(&self) -> RawKey {
        self.key_under(CANONICAL_VERSION, &[])
    }

    /// The hash under a configuration: `own` are the headers that matter because it says so.
    pub(crate) fn key_under(&self, version: u32, own: &[String]) -> RawKey {
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        // What was learned under one configuration is unknown under another, whichever headers that looks at.
        part(&version.to_le_bytes());
        part(self.mount.as_bytes());
        part(self.method.as_bytes());
        part(self.target.as_bytes());
        let counts = |name: &str| KEPT_HEADERS.contains(&name) || own.iter().any(|own| own == name);
        for (name, value) in self.headers.iter().filter(|(name, _)| counts(name.as_str())) {
            part(name.as_str().as_bytes());
            part(value.as_bytes());
        }
        part(b"");
        if let Some(strategy) = &self.overrides.strategy {
            part(strategy.to_string().as_bytes());
        }
        part(b"");
        part(self.overrides.recording.as_ref().map_or(b"", |id| id.as_str().as_bytes()));
        part(self.overrides.scope.as_deref().unwrap_or_default().as_bytes());
        part(self.body);
        RawKey(digest.finalize().into())
    }
}

impl std::hash::Hash for RawKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let first = self.0.first_chunk().copied().unwrap_or_default();
        state.write_u64(u64::from_le_bytes(first));
    }
}
