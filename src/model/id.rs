//! Identifiers of recordings, calls, bodies and pictures behind links.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Names one recording: `rec_` and 16 characters of base58. Random, so short prefixes are unique early.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordingId(Arc<str>);

/// Names one call within a run of the proxy, counting from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct CallId(pub u64);

impl From<u64> for CallId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// Names one downloaded picture or file: `med_`, what follows `rec_` in the recording's id, and a digest of the field
/// that held the link. So it is known before the download ends, and leads to its recording.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MediaId(Arc<str>);

/// A SHA-256. As a recording's *hash* it covers the scrubbed request (method, mount, target, body) and never changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[0-9a-f]{64}$"))]
pub struct Hash(pub [u8; 32]);

/// The version of the canonical form. It is part of every fingerprint: whoever keeps fingerprints recomputes them
/// from the stored requests when it changes.
pub const CANONICAL_VERSION: u32 = 5;

/// SHA-256 over a request's significant fields under one strategy; changes with the strategy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// A text that is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct ParseIdError {
    text: String,
    expected: &'static str,
}

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

impl RecordingId {
    /// The beginning of every recording id.
    pub const PREFIX: &'static str = "rec_";

    /// An id from 16 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let text: String = bytes.iter().map(|b| char::from(BASE58[usize::from(*b) % BASE58.len()])).collect();
        Self(format!("{}{text}", Self::PREFIX).into())
    }

    /// The whole id, `rec_…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MediaId {
    const PREFIX: &'static str = "med_";

    /// The id of the media behind `field` (a JSON pointer) of `recording`'s answer.
    #[must_use]
    pub fn of(recording: &RecordingId, field: &str) -> Self {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(field);
        let owner = recording.0.strip_prefix(RecordingId::PREFIX).unwrap_or_default();
        Self(format!("{}{owner}_{}", Self::PREFIX, hex(&digest[..4])).into())
    }

    /// The recording whose answer holds the link.
    #[must_use]
    pub fn recording(&self) -> RecordingId {
        let owner =
            self.0.strip_prefix(Self::PREFIX).and_then(|rest| rest.split('_').next()).unwrap_or_default();
        RecordingId(format!("{}{owner}", RecordingId::PREFIX).into())
    }

    /// The whole id, `med_…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Hash {
    /// The SHA-256 of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::{Digest, Sha256};
        Self(Sha256::digest(bytes).into())
    }

    /// The first eight hexadecimal digits, as lists show it.
    #[must_use]
    pub fn short(&self) -> String {
        hex(&self.0[..4])
    }
}

// === impl parsing and display ===

/// What is written is a whole id; of what is read the beginning is enough.
impl JsonSchema for RecordingId {
    fn schema_name() -> Cow<'static, str> {
        "RecordingId".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_deserialize() {
            let text = "The id of a recording, or the beginning of it where that is of no other; `rec_` may be left out.";
            return json_schema!({ "type": "string", "description": text, "x-may-be-abbreviated": true });
        }
        let text = "Names one recording: `rec_` and 16 characters of base58.";
        json_schema!({ "type": "string", "pattern": "^rec_[1-9A-HJ-NP-Za-km-z]{16}$", "description": text })
    }
}

impl FromStr for RecordingId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let rest = text.strip_prefix(Self::PREFIX).unwrap_or_default();
        let fine = (8..=64).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric());
        if fine {
            Ok(Self(text.into()))
        } else {
            Err(ParseIdError { text: text.into(), expected: "a recording id (`rec_…`)" })
        }
    }
}

impl FromStr for MediaId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let (owner, field) =
            text.strip_prefix(Self::PREFIX).and_then(|rest| rest.split_once('_')).unwrap_or_default();
        let fine = (8..=64).contains(&owner.len())
            && owner.bytes().all(|b| b.is_ascii_alphanumeric())
            && field.len() == 8
            && field.bytes().all(|b| b.is_ascii_hexdigit());
        if fine {
            Ok(Self(text.into()))
        } else {
            Err(ParseIdError { text: text.into(), expected: "a media id (`med_…`)" })
        }
    }
}

impl FromStr for Hash {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let wrong = || ParseIdError { text: text.into(), expected: "a SHA-256 in 64 hexadecimal digits" };
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call_{}", self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A hash is hexadecimal text where people read it (JSON) and raw bytes in the index.
impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Hash(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Hash::deserialize(deserializer).map(|hash| Self(hash.0))
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_through_text_and_wrong_ones_say_what_was_expected() {
        let id = RecordingId::from_random([7; 16]);
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        let media = MediaId::of(&id, "/data/0/url");
        assert_eq!(media.recording(), id);
        assert_eq!(media.as_str().parse(), Ok(media));
        let hash = Hash::of(b"x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for wrong in ["", "rec_", "rec_../../etc", "call_1"] {
            assert!(
                wrong.parse::<RecordingId>().unwrap_err().to_string().contains("recording id"),
                "{wrong}"
            );
        }
        assert!("zz".repeat(32).parse::<Hash>().is_err());
    }
}
