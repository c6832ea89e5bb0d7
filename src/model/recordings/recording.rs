//! Recordings: stored exchanges, whole and as the light row that lists show.

use std::cmp::Reverse;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    Hash, Latency, MediaId, Playback, RecordingId, Response, Scrubbed, Strategy, Timestamp, Usage,
};

/// One stored exchange with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recording {
    /// The recording's id.
    pub id: RecordingId,
    /// SHA-256 of the scrubbed request; never changes.
    pub hash: Hash,
    /// The scrubbed request.
    #[serde(deserialize_with = "crate::model::exchange::from_store")]
    pub request: Scrubbed,
    /// The response, links untouched.
    pub response: Response,
    /// The match strategy: which requests it answers.
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
    /// The playback of the takes of its request, if it is the newest of them.
    #[serde(default)]
    pub playback: Playback,
    /// Whether the response arrived whole.
    pub completeness: Completeness,
    /// The files behind the links of the response.
    #[serde(default)]
    pub media: Vec<MediaRef>,
    /// The provenance.
    pub provenance: Provenance,
    /// The end of its replay.
    #[serde(default)]
    pub ending: Ending,
    /// The pace of its replay, whatever the proxy's latency is; a call's own header goes before it. `None` leaves it to
    /// the proxy.
    #[serde(default)]
    pub pace: Option<Latency>,
    /// The recording that it was made from.
    #[serde(default)]
    pub source: Option<Source>,
    /// The recording that it was recorded anew for, while nobody has said which of the two is to stay. Until then it
    /// answers nothing.
    #[serde(default)]
    pub review: Option<RecordingId>,
    /// The answer as it came, where it was edited since.
    #[serde(default)]
    pub original: Option<Box<Original>>,
    /// The take before it that was no last word on its request: a read that was repeated, a call tried again after a
    /// failure. Such takes play in order.
    #[serde(default)]
    pub continues: Option<RecordingId>,
}

/// The answer of a recording before it was edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Original {
    /// The response.
    pub response: Response,
    /// The files behind its links.
    pub media: Vec<MediaRef>,
}

/// The end of a replay, when all its bytes are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// A clean end, as HTTP has it.
    #[default]
    Clean,
    /// The connection breaks.
    Cut,
    /// Silence: nothing more comes, and the connection stays open.
    Stall,
}

/// The origin of a recording that was made from another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The recording, which may be gone by now.
    pub recording: RecordingId,
    /// The way in which it was made.
    pub how: Derivation,
}

/// The way in which a recording is made from another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Derivation {
    /// Copied.
    Duplicate,
    /// Made to fail.
    Fault,
    /// Asked of the upstream once more.
    Rerecord,
}

/// The reason why an answer that arrived whole is none to build on: the upstream failed, and may not fail the next
/// time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerFailure {
    /// A status of 4xx or 5xx.
    Status,
    /// A success whose body, or an event of it, reports an error.
    ErrorEvent,
    /// A body that is not the JSON that its type says it is.
    Unparsable,
}

impl AnswerFailure {
    /// Whether an upstream that failed so may answer otherwise the next time, with the same request: with another key, with
    /// money on the account, when what is asked for exists, later (RFC 9110, section 15; 425 in RFC 8470; 529 is
    /// Anthropic's). `status` is that of the answer.
    #[must_use]
    pub fn may_pass(self, status: u16) -> bool {
        self != Self::Status || matches!(status, 401..=404 | 408 | 409 | 425 | 429 | 500..=599)
    }

    /// The failure as it stands behind `the upstream`; `status` is that of the answer.
    #[must_use]
    pub fn sentence(self, status: u16) -> String {
        match self {
            Self::Status => format!("answered with {status}"),
            Self::ErrorEvent => format!("reported an error in an answer with {status}"),
            Self::Unparsable => "sent something that is not the JSON it says it is".into(),
        }
    }
}

/// Whether a response arrived whole. Only whole ones are replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Completeness {
    /// The terminator was seen, the declared length arrived, or the body of an endpoint without terminator ended cleanly.
    #[default]
    Whole,
    /// The upstream broke off.
    CutByUpstream,
    /// The client left and the rest did not arrive within the limit.
    CutByClient,
    /// A mismatch with its own request when it was verified.
    Unverified,
}

/// A file behind a link of a response, kept so that the link does not expire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MediaRef {
    /// The id under which `/__retake/media/<id>` serves it.
    pub id: MediaId,
    /// JSON pointer of the link in the response.
    pub field: String,
    /// The link as the provider sent it.
    pub url: String,
    /// The content type it was sent with.
    pub content_type: String,
    /// The body's SHA-256; `None` when the download failed.
    pub body: Option<Hash>,
    /// Length in bytes.
    pub len: u64,
    /// The reason why the download failed; `None` where it did not.
    pub problem: Option<String>,
}

/// The origin of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// The time of the call.
    pub recorded_at: Timestamp,
    /// The time at which it came into this store, which is later for what was imported.
    #[serde(default)]
    pub stored_at: Timestamp,
    /// The upstream's base URL; empty for authored and imported ones.
    pub upstream: String,
    /// The version of retake that stored it.
    pub version: String,
    /// Time to the first byte of the answer, in microseconds.
    pub first_byte: u64,
    /// Time to the last byte, in microseconds.
    pub total: u64,
}

/// The numbers that an answer was billed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// Tokens sent, without those that the provider had in its cache.
    pub input: u64,
    /// Tokens sent that stood in the provider's cache.
    pub cached: u64,
    /// Tokens that came back, thoughts included.
    pub output: u64,
}

/// An amount of money, in millionths of a US dollar; written as dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(into = "f64", from = "f64")]
pub struct Usd(pub u64);

/// A recording as lists show it: everything but headers and bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// The recording's id.
    pub id: RecordingId,
    /// The recording's hash.
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
    /// The match strategy: which requests it answers.
    pub strategy: Strategy,
    /// A name given by a person.
    pub name: Option<String>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Whether prune and delete leave it alone.
    pub protected: bool,
    /// The scope it belongs to.
    pub scope: Option<String>,
    /// The playback of the takes of its request, if it is the newest of them.
    #[serde(default)]
    pub playback: Playback,
    /// Whether the response arrived whole.
    pub completeness: Completeness,
    /// The response's status.
    pub status: u16,
    /// Whether the response is an event stream.
    pub streamed: bool,
    /// The number of pictures that the response holds or links to.
    pub images: u32,
    /// Length of request and response bodies and media, in bytes.
    pub size: u64,
    /// The time of the call.
    pub recorded_at: Timestamp,
    /// The time at which it came into this store.
    #[serde(default)]
    pub stored_at: Timestamp,
    /// Time to the last byte, in microseconds.
    pub total: u64,
    /// SHA-256 of the response's body.
    #[serde(default)]
    pub answer: Option<Hash>,
    /// The numbers that the answer was billed by; `None` where it does not say.
    #[serde(default)]
    pub tokens: Option<Tokens>,
    /// The end of its replay.
    #[serde(default)]
    pub ending: Ending,
    /// The recording that it was made from.
    #[serde(default)]
    pub source: Option<Source>,
    /// The recording that it was recorded anew for, while that is not decided.
    #[serde(default)]
    pub review: Option<RecordingId>,
    /// Whether its response was edited.
    #[serde(default)]
    pub edited: bool,
    /// The job that it submits or asks for, by the provider's id.
    #[serde(default)]
    pub job: Option<String>,
    /// The upstream's failure; `None` for good answers, and for failures that somebody made or edited on purpose.
    #[serde(default)]
    pub failure: Option<AnswerFailure>,
    /// The take that it plays behind.
    #[serde(default)]
    pub continues: Option<RecordingId>,
    /// The recording's use.
    pub usage: Usage,
}

impl Recording {
    /// A recording with nothing but an exchange, which answers what `standard` says.
    #[must_use]
    pub fn new(id: RecordingId, request: Scrubbed, response: Response, provenance: Provenance) -> Self {
        Self {
            id,
            hash: request.hash(),
            request,
            response,
            strategy: Strategy::STANDARD,
            name: None,
            tags: Vec::new(),
            protected: false,
            scope: None,
            playback: Playback::Newest,
            completeness: Completeness::Whole,
            media: Vec::new(),
            provenance,
            ending: Ending::Clean,
            pace: None,
            source: None,
            review: None,
            original: None,
            continues: None,
        }
    }

    /// Whether its answer is what an upstream sent, and not what somebody authored, edited or made to fail.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        let made = self.source.as_ref().is_some_and(|source| source.how == Derivation::Fault);
        !self.provenance.upstream.is_empty() && !made && self.original.is_none()
    }
}

impl Provenance {
    /// The provenance of what came from `upstream` (empty for authored ones), into this store at once; times in
    /// microseconds.
    #[must_use]
    pub fn new(recorded_at: Timestamp, upstream: &str, first_byte: u64, total: u64) -> Self {
        let version = env!("CARGO_PKG_VERSION").into();
        Self { recorded_at, stored_at: recorded_at, upstream: upstream.into(), version, first_byte, total }
    }
}

impl Row {
    /// Whether a replay may use it: it is whole, and no review of it is open.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.completeness.replayable() && self.review.is_none()
    }

    /// The key by which lists sort: the newest first.
    #[must_use]
    pub fn newest_first(&self) -> Reverse<(Timestamp, RecordingId)> {
        Reverse((self.recorded_at, self.id.clone()))
    }

    /// Whether a call in `scope` sees it: it belongs to that scope or to none. A call without a scope sees all.
    #[must_use]
    pub fn is_seen_in(&self, scope: Option<&str>) -> bool {
        scope.is_none() || self.scope.is_none() || self.scope.as_deref() == scope
    }

    /// Whether its answer means something only to who asked under the same condition (`if-none-match` and the like, which
    /// are fields): 304 and 412 (RFC 9110, section 13). Equal fields find it, and nothing less.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        matches!(self.status, 304 | 412)
    }
}

impl Tokens {
    /// All of them.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.input.saturating_add(self.cached).saturating_add(self.output)
    }
}

impl From<Usd> for f64 {
    #[expect(clippy::cast_precision_loss, reason = "sums up to nine billion dollars are exact")]
    fn from(amount: Usd) -> Self {
        amount.0 as Self / 1e6
    }
}

impl From<f64> for Usd {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is no amount becomes the nearest one"
    )]
    fn from(dollars: f64) -> Self {
        Self((dollars * 1e6).round() as u64)
    }
}

impl fmt::Display for Usd {
    /// `$4.21`; below a cent as many digits as it takes to show two that count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millionths = self.0;
        match millionths {
            0 => f.write_str("$0"),
            1..100 => write!(f, "$0.{millionths:06}"),
            100..10_000 => write!(f, "$0.{:04}", (millionths + 50) / 100),
            _ => {
                let cents = millionths.saturating_add(5_000) / 10_000;
                write!(f, "${}.{:02}", cents / 100, cents % 100)
            }
        }
    }
}

impl std::iter::Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.fold(0, |sum, amount| sum.saturating_add(amount.0)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_people_write_it() {
        let said = [0, 7, 120, 4_214, 9_999, 10_000, 4_214_999, 1_234_560_000].map(|n| Usd(n).to_string());
        assert_eq!(said, ["$0", "$0.000007", "$0.0001", "$0.0042", "$0.0100", "$0.01", "$4.21", "$1234.56"]);
    }
}
