//! The knowledge of a scrubber: the salt of placeholders, names of mounts, patterns of a project, headers that are
//! kept.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use hmac::{Hmac, Mac};
use regex::bytes::Regex;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::effort::Effort;
use super::identity::{keep_problem, says_who};
use super::secret;
use super::secret::SecretKind;
use super::secret_name::Folded;
use crate::model::{KEPT_HEADERS, bytes_pattern};

/// The salt that placeholders are derived from. It travels with a store and its fixtures, so that the same address gets
/// the same placeholder everywhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

/// Makes requests and answers storable.
#[derive(Clone)]
pub struct Scrubber {
    salt: Salt,
    keep_personal: bool,
    keep_answers: bool,
    patterns: Arc<[(String, Regex)]>,
    /// Headers that a configuration compares, so that they are kept.
    headers: Arc<[String]>,
    mounts: Arc<BTreeMap<String, MountNames>>,
    /// Finds the credentials of the configuration, which no request carries.
    configured: Option<Regex>,
    /// Credentials that the configuration holds.
    configured_keys: Arc<[Bytes]>,
    /// Headers of answers that are kept although they say who called.
    kept_identity: Arc<[String]>,
}

/// Names of a mount's own, of query parameters, form fields and JSON keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MountNames {
    /// Names that sound like credentials and are none: their values are stored as they are.
    pub public: Vec<String>,
    /// Names of credentials that nobody else knows.
    pub secret: Vec<String>,
}

/// Personal data of a project's own kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrubPattern {
    /// The word in the placeholders: small letters, digits and `-`.
    pub name: String,
    /// A regular expression for what is replaced.
    pub pattern: String,
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber(…)")
    }
}

impl Scrubber {
    /// A scrubber. With `keep_personal` email addresses stay; credentials never do.
    #[must_use]
    pub fn new(salt: Salt, keep_personal: bool) -> Self {
        let (patterns, mounts, headers) = (Arc::default(), Arc::default(), Arc::default());
        let (configured, configured_keys, kept_identity) = (None, Arc::default(), Arc::default());
        Self {
            salt,
            keep_personal,
            keep_answers: false,
            patterns,
            headers,
            mounts,
            configured,
            configured_keys,
            kept_identity,
        }
    }

    /// This scrubber, which keeps these headers (lower case) as well.
    #[must_use]
    pub fn keeping(self, headers: &Arc<[String]>) -> Self {
        Self { headers: Arc::clone(headers), ..self }
    }

    /// This scrubber, which leaves these headers in answers, although they say who called.
    ///
    /// # Errors
    /// The place of a name that cannot be among them, and a sentence about it.
    pub fn with_identity(mut self, headers: &[String]) -> Result<Self, (usize, String)> {
        let wrong = |(at, name): (usize, &String)| Some((at, format!("`{name}` {}", keep_problem(name)?)));
        if let Some(problem) = headers.iter().enumerate().find_map(wrong) {
            return Err(problem);
        }
        self.kept_identity = headers.iter().map(|name| name.to_ascii_lowercase()).collect();
        Ok(self)
    }

    /// True if a header of an answer is left out of what is stored, because it says who called.
    pub(crate) fn hides(&self, name: &str) -> bool {
        says_who(name) && !self.kept_identity.iter().any(|kept| kept == name)
    }

    pub(crate) fn keeps(&self, name: &str) -> bool {
        KEPT_HEADERS.contains(&name) || self.headers.iter().any(|own| own == name)
    }

    /// This scrubber; with `keep` it leaves personal data and what looks like a key in answers. Credentials that are
    /// known by their place, and echoes of the request's, never stay.
    #[must_use]
    pub fn keeping_answers(mut self, keep: bool) -> Self {
        self.keep_answers = keep;
        self
    }

    /// True if answers keep what only looks like a secret.
    pub(crate) fn keeps_answers(&self) -> bool {
        self.keep_answers
    }

    /// This scrubber, which knows names of some mounts' own.
    ///
    /// # Errors
    /// The mount, and a sentence about a name that cannot be public because it always is a credential's.
    pub fn with_names(mut self, mounts: &BTreeMap<String, MountNames>) -> Result<Self, (String, String)> {
        let folded = |names: &[String]| names.iter().map(folded).collect();
        for (mount, names) in mounts {
            if let Some(name) = names.public.iter().find(|name| secret::cannot_be_public(mount, name)) {
                return Err((
                    mount.clone(),
                    format!("`{name}` is the name of a credential there, whatever anybody says"),
                ));
            }
        }
        let names = mounts.iter().map(|(mount, MountNames { public, secret })| {
            (mount.clone(), MountNames { public: folded(public), secret: folded(secret) })
        });
        self.mounts = Arc::new(names.collect());
        Ok(self)
    }

    /// This scrubber, which finds echoes of these credentials, too: those of the configuration.
    #[must_use]
    pub fn with_credentials<'a>(mut self, credentials: impl IntoIterator<Item = &'a str>) -> Self {
        let distinctive = credentials.into_iter().filter(|value| secret::is_distinctive(value.as_bytes()));
        let distinctive: Vec<_> = distinctive.collect();
        let all: Vec<_> = distinctive.iter().copied().map(regex::escape).collect();
        self.configured = (!all.is_empty()).then(|| Regex::new(&all.join("|")).ok()).flatten();
        self.configured_keys = distinctive.into_iter().map(|key| Bytes::from(key.to_owned())).collect();
        self
    }

    /// The credentials of the configuration that can be told from words.
    pub(crate) fn configured(&self) -> impl Iterator<Item = &[u8]> {
        self.configured_keys.iter().map(|key| &key[..])
    }

    /// This scrubber, which replaces what these patterns find as well.
    ///
    /// # Errors
    /// The place of a pattern that cannot be, and a sentence about it.
    pub fn with_patterns(mut self, patterns: &[ScrubPattern]) -> Result<Self, (usize, String)> {
        let compiled = patterns.iter().enumerate().map(|(at, ScrubPattern { name, pattern })| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if name.is_empty()
                || !name.bytes().all(fits)
                || !name.starts_with(|c: char| c.is_ascii_lowercase())
            {
                return Err((at, format!("the name `{name}` must be of small letters, digits and -")));
            }
            let found = bytes_pattern(pattern).map_err(|problem| (at, problem))?;
            if found.is_match(b"") {
                return Err((
                    at,
                    format!("the pattern `{pattern}` finds the empty text; let it find something"),
                ));
            }
            Ok((name.clone(), found))
        });
        self.patterns = compiled.collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// The names of a mount's own.
    pub(crate) fn names(&self, mount: &str) -> &MountNames {
        static NONE: MountNames = MountNames { public: Vec::new(), secret: Vec::new() };
        self.mounts.get(mount).unwrap_or(&NONE)
    }

    /// True if a search by shape can find anything in `bytes`. Never wrong when it says no.
    pub(crate) fn suspects(&self, bytes: &[u8], own: &[Bytes]) -> bool {
        !self.patterns.is_empty()
            || secret::suspicious(bytes, own)
            || self.configured.as_ref().is_some_and(|found| found.is_match(bytes))
    }

    /// Echoes of credentials, those of the configuration included; in order of what was found first.
    pub(crate) fn echoes(
        &self,
        text: &[u8],
        own: &[Bytes],
        effort: &Effort,
    ) -> Vec<(Range<usize>, SecretKind)> {
        let configured = self.configured.iter().flat_map(|found| found.find_iter(text));
        let all = secret::echoes(text, own).chain(configured.map(|there| there.range()));
        all.take(effort.enough()).map(|range| (range, SecretKind::Key)).collect()
    }

    /// The edits in a text by its shape: credentials and personal data first, then what the patterns find beside them.
    /// Placeholders that stand there already are left alone.
    pub(crate) fn find(
        &self,
        text: &[u8],
        own: &[Bytes],
        effort: &Effort,
    ) -> Vec<(Range<usize>, SecretKind)> {
        let mut found = secret::find(text, own, !self.keep_personal, effort);
        if self.patterns.is_empty() && self.configured.is_none() {
            return found;
        }
        let mut taken: BTreeMap<usize, usize> =
            found.iter().map(|(range, _)| (range.start, range.end)).collect();
        taken.extend(secret::placeholder_ranges(text).map(|range| (range.start, range.end)));
        let configured = self.configured.iter().map(|pattern| (pattern, SecretKind::Key));
        let own =
            self.patterns.iter().enumerate().map(|(nth, (_, pattern))| (pattern, SecretKind::Pattern(nth)));
        for (pattern, kind) in configured.chain(own) {
            for there in pattern.find_iter(text).filter(|there| !there.is_empty()) {
                if !effort.look() {
                    return found;
                }
                let next = taken.range(there.start()..).next();
                let last = taken.range(..there.start()).next_back();
                if next.is_none_or(|(start, _)| there.end() <= *start)
                    && last.is_none_or(|(_, end)| *end <= there.start())
                {
                    taken.insert(there.start(), there.end());
                    found.push((there.range(), kind));
                }
            }
        }
        found.sort_by_key(|(range, _)| range.start);
        found
    }

    /// `<email-1a2b3c4d>`, `<key-1a2b3c4d>`: the same for the same value under the same salt.
    pub(crate) fn placeholder(&self, kind: SecretKind, value: &[u8]) -> String {
        let word = match kind {
            SecretKind::Email => "email",
            SecretKind::Key => "key",
            SecretKind::Pattern(nth) => self.patterns.get(nth).map_or("", |(name, _)| name),
        };
        self.tag(word, value)
    }

    /// A placeholder of this word.
    pub(crate) fn tag(&self, word: &str, value: &[u8]) -> String {
        let [a, b, c, d, ..] = self.digest(value);
        format!("<{word}-{:08x}>", u32::from_be_bytes([a, b, c, d]))
    }

    /// HMAC-SHA-256 under the salt.
    pub(crate) fn digest(&self, value: &[u8]) -> [u8; 32] {
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.salt.0);
        mac.map_or([0; 32], |mac| mac.chain_update(value).finalize().into_bytes().into())
    }
}

fn folded(name: &String) -> String {
    String::from_utf8_lossy(Folded::of(name.as_bytes()).bytes()).into_owned()
}
