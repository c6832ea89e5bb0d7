//! Recordings: stored exchanges, whole and as the light row that lists show.

use serde::{Deserialize, Serialize};

use super::{Hash, MediaId, Playback, RecordingId, Response, Scrubbed, Strategy, Timestamp};

/// One stored exchange with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Its id.
    pub id: RecordingId,
    /// SHA-256 of the scrubbed request; never changes.
    pub hash: Hash,
    /// The scrubbed request.
    pub request: Scrubbed,
    /// The response, links untouched.
    pub response: Response,
    /// What it answers.
    pub strategy: Strategy,
    /// A name given by a person.
    #[serde(default)]
    pub name: Option<String>,
    /// Tags, sorted.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether prune and delete leave it alone.
    #[serde(default)]
    pub protected: bool,
    /// The scope it belongs to.
    #[serde(default)]
    pub scope: Option<String>,
    /// Which of the takes of its request answers, if it is the newest of them.
    #[serde(default)]
    pub playback: Playback,
    /// Whether the response arrived whole.
    pub completeness: Completeness,
    /// What was behind the links of the response.
    #[serde(default)]
    pub media: Vec<MediaRef>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// Whether a response arrived whole. Only whole ones are replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completeness {
    /// The terminator was seen, the declared length arrived, or the body of an endpoint without terminator ended cleanly.
    #[default]
    Whole,
    /// The upstream broke off.
    CutByUpstream,
    /// The client left and the rest did not arrive within the limit.
    CutByClient,
    /// It did not match its own request when it was verified.
    Unverified,
}

/// A file behind a link of a response, kept so that the link does not expire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRef {
    /// Under which `/__retake/media/<id>` serves it.
    pub id: MediaId,
    /// JSON pointer of the link in the response.
    pub field: String,
    /// The link as the provider sent it.
    pub url: String,
    /// The content type it was sent with.
    pub content_type: String,
    /// The body's SHA-256; none when the download failed.
    pub body: Option<Hash>,
    /// Length in bytes.
    pub len: u64,
    /// Why the download failed.
    pub problem: Option<String>,
}

/// Where a recording comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// When the call was made.
    pub recorded_at: Timestamp,
    /// The upstream's base URL; empty for authored and imported ones.
    pub upstream: String,
    /// The version of retake that stored it.
    pub version: String,
    /// Time to the first byte of the answer, in microseconds.
    pub first_byte: u64,
    /// Time to the last byte, in microseconds.
    pub total: u64,
}

/// How often and when a recording answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// How many calls it answered.
    pub hits: u64,
    /// When it last did.
    pub last_hit: Option<Timestamp>,
}

/// A recording as lists show it: everything but headers and bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its id.
    pub id: RecordingId,
    /// Its hash.
    pub hash: Hash,
    /// The request's method.
    pub method: String,
    /// The mount.
    pub mount: String,
    /// The endpoint as people say it: the path behind the API version (`images/generations`).
    pub endpoint: String,
    /// The model, where the request names one.
    pub model: Option<String>,
    /// The beginning of the prompt, of the last message or of the input: at most 160 characters, one line.
    pub prompt: Option<String>,
    /// What it answers.
    pub strategy: Strategy,
    /// A name given by a person.
    pub name: Option<String>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Whether prune and delete leave it alone.
    pub protected: bool,
    /// The scope it belongs to.
    pub scope: Option<String>,
    /// Which of the takes of its request answers, if it is the newest of them.
    #[serde(default)]
    pub playback: Playback,
    /// Whether the response arrived whole.
    pub completeness: Completeness,
    /// The response's status.
    pub status: u16,
    /// Whether the response is an event stream.
    pub streamed: bool,
    /// How many pictures the response holds or links to.
    pub images: u32,
    /// Length of request and response bodies and media, in bytes.
    pub size: u64,
    /// When the call was made.
    pub recorded_at: Timestamp,
    /// How long it took, in microseconds.
    pub total: u64,
    /// How often it answered.
    pub usage: Usage,
}

impl Row {
    /// Everything `/` looks at, in one line.
    #[must_use]
    pub fn haystack(&self) -> String {
        let parts = [
            self.id.as_str(),
            &self.hash.to_string(),
            &self.method,
            &self.mount,
            &self.endpoint,
            self.model.as_deref().unwrap_or_default(),
            self.prompt.as_deref().unwrap_or_default(),
            self.name.as_deref().unwrap_or_default(),
            &self.strategy.to_string(),
            &self.status.to_string(),
            &self.tags.join(" "),
        ];
        parts.join(" ")
    }
}

impl Completeness {
    /// The word lists show; empty for whole ones.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::CutByUpstream => "cut by the upstream",
            Self::CutByClient => "cut by the client",
            Self::Unverified => "failed verification",
        }
    }

    /// Whether a replay may use it.
    #[must_use]
    pub fn replayable(self) -> bool {
        self == Self::Whole
    }
}
