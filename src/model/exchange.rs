//! Exchanges: requests, responses, their headers and bodies with times.

use std::time::Duration;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Hash;

/// Headers that are stored: those that say how to read the body or change the answer. Neither `user-agent` nor
/// anything that names a person, an organization or a machine is among them.
pub const KEPT_HEADERS: &[&str] = &[
    "content-type",
    "content-encoding",
    "accept",
    "prefer",
    "openai-beta",
    "anthropic-version",
    "anthropic-beta",
    "range",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "x-amzn-bedrock-guardrailidentifier",
    "x-amzn-bedrock-guardrailversion",
    "x-amzn-bedrock-trace",
];

/// Header fields in order, names in lower case, values as bytes; a name may occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Headers(pub Vec<Header>);

/// One header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header(
    pub String,
    #[serde(with = "text_or_base64")]
    #[schemars(with = "BytesText")]
    pub Bytes,
);

/// A request as it reached the proxy. It may hold credentials, so it is never stored: [`Scrubbed`] is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The method, in upper case.
    pub method: String,
    /// The mount under which it came in, without slashes (`openai`).
    pub mount: String,
    /// Path and query behind the mount, percent-encoding untouched (`/v1/images/generations?dryRun=true`).
    pub target: String,
    /// End-to-end headers; hop-by-hop ones and retake's own are gone.
    pub headers: Headers,
    /// The body, de-chunked but not decoded.
    #[serde(with = "text_or_base64")]
    #[schemars(with = "BytesText")]
    pub body: Bytes,
}

/// A request that went through scrubbing and may be stored and shown: no credentials, only allow-listed headers,
/// placeholders for personal data.
///
/// It cannot be read from JSON by itself, so that nobody passes a request off as one: only as a part of a whole recording
/// or exchange, which the store and a running retake give out.
///
/// ```compile_fail
/// let forged: retake::model::Scrubbed = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Scrubbed(Request);

/// The answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// End-to-end headers as the upstream sent them, without `set-cookie`.
    pub headers: Headers,
    /// The body as it arrived, piece by piece.
    pub log: ByteLog,
}

/// The truth about a response body: its bytes, and when each piece of them arrived. Pieces are for pacing and for
/// reading; equality is by bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ByteLog {
    /// All bytes, content-encoding untouched.
    #[serde(with = "text_or_base64")]
    #[schemars(with = "BytesText")]
    pub bytes: Bytes,
    /// The pieces in order; their lengths add up to the bytes.
    pub pieces: Vec<Piece>,
}

/// One piece of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Piece {
    /// Length in bytes.
    pub len: u64,
    /// The time of its arrival, in microseconds after the request was sent.
    pub at: u64,
}

/// A request and its response, stored or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// The scrubbed request.
    #[serde(deserialize_with = "from_store")]
    pub request: Scrubbed,
    /// The response; `None` while it is awaited.
    pub response: Option<Response>,
}

/// Whether a text can be the name of a header (RFC 9110, section 5.1).
#[must_use]
pub fn is_header_name(name: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(token)
}

/// Whether a header belongs to one connection (RFC 9110, section 7.6.1).
#[must_use]
pub fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Whether a header is one that retake reads or sends itself.
#[must_use]
pub fn is_own(name: &str) -> bool {
    name.starts_with("x-retake-") || name.starts_with("x-lumenfall-") || name == "x-test-id"
}

/// Whether a header of a response speaks for the origin that it came from: who may read it and with what, what a browser
/// is to remember of that origin or to tell it. An answer that comes from the proxy must not say so of the proxy.
///
/// Policies that only take rights from a page (`content-security-policy`, `x-frame-options`) are none of them.
#[must_use]
pub fn speaks_for_origin(name: &str) -> bool {
    name.starts_with("access-control-")
        || name.starts_with("cross-origin-")
        || matches!(
            name,
            "timing-allow-origin"
                | "origin-agent-cluster"
                | "clear-site-data"
                | "strict-transport-security"
                | "alt-svc"
                | "service-worker-allowed"
                | "accept-ch"
                | "nel"
                | "report-to"
                | "reporting-endpoints"
        )
}

// === impl Headers ===

impl Headers {
    /// The first value of `name` (lower case).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|header| header.0 == name).map(|header| &header.1[..])
    }

    /// The first value of `name`, if it is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Adds a field at the end; the name is lowered.
    pub fn push(&mut self, name: &str, value: impl Into<Bytes>) {
        self.0.push(Header(name.to_ascii_lowercase(), value.into()));
    }

    /// Name and value of each field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.0.iter().map(|header| (header.0.as_str(), &header.1))
    }

    /// Keeps the fields whose name passes.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|header| keep(&header.0));
    }

    /// The media type of `content-type` in lower case, without parameters; empty where there is none.
    #[must_use]
    pub fn media_type(&self) -> String {
        media_type(self.text("content-type").unwrap_or_default())
    }
}

/// The media type of a `content-type` in lower case, without parameters.
#[must_use]
pub fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

impl<N: AsRef<str>, V: Into<Bytes>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self(
            fields
                .into_iter()
                .map(|(name, value)| Header(name.as_ref().to_ascii_lowercase(), value.into()))
                .collect(),
        )
    }
}

// === impl Request ===

impl Request {
    /// The target's path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The target's query, without the question mark.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// SHA-256 of method, mount, target and body: of a scrubbed request this is its recording's hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        use sha2::{Digest, Sha256};
        let mut digest = Sha256::new();
        for part in [&self.method, &self.mount, &self.target] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        Hash(digest.chain_update(&self.body).finalize().into())
    }
}

/// The bytes that the allocator and a shared pointer take beside those of one allocation, about.
const ALLOCATION: usize = 48;

impl Headers {
    /// The memory that they take, in bytes.
    fn memory(&self) -> usize {
        let one = |header: &Header| header.0.capacity() + header.1.len() + 2 * ALLOCATION;
        self.0.capacity() * size_of::<Header>() + self.0.iter().map(one).sum::<usize>()
    }
}

impl Request {
    /// The memory that it takes with a body in memory of its own, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.bare_memory() + self.body.len() + ALLOCATION
    }

    fn bare_memory(&self) -> usize {
        let texts = [&self.method, &self.mount, &self.target].map(|text| text.capacity() + ALLOCATION);
        size_of::<Self>() + texts.iter().sum::<usize>() + self.headers.memory()
    }

    /// The same request with its body in memory of its own: one as it came is a piece of a larger buffer, which would be
    /// kept with it.
    #[must_use]
    fn detached(&self) -> Self {
        Self { body: Bytes::copy_from_slice(&self.body), ..self.clone() }
    }
}

impl Response {
    fn memory(&self) -> usize {
        let pieces = self.log.pieces.capacity() * size_of::<Piece>();
        size_of::<Self>() + self.headers.memory() + pieces + self.log.bytes.len() + ALLOCATION
    }
}

impl Exchange {
    /// A copy to be kept for long: in memory of its own, with the request as it came, which shares the body where
    /// scrubbing changed nothing in it; and the memory that this takes, in bytes.
    #[must_use]
    pub(crate) fn into_compact(self, asked: Option<Request>) -> (Self, Option<Request>, usize) {
        let Self { request, mut response } = self;
        let request = request.detached();
        let mut memory = size_of::<Self>() + request.0.memory();
        let asked = asked.map(|asked| {
            if asked.body == request.0.body {
                memory += asked.bare_memory();
                return Request { body: request.0.body.clone(), ..asked };
            }
            memory += asked.memory();
            asked.detached()
        });
        if let Some(response) = &mut response {
            response.log.bytes = Bytes::copy_from_slice(&response.log.bytes);
            response.log.pieces.shrink_to_fit();
            memory += response.memory();
        }
        (Self { request, response }, asked, memory)
    }
}

// === impl Scrubbed ===

impl Scrubbed {
    /// Vouches that `request` was scrubbed. Only `matching::scrub` may call this; a test reads `src/` and holds it.
    pub(crate) fn vouched(request: Request) -> Self {
        Self(request)
    }

    /// The scrubbed request for reading.
    #[must_use]
    pub fn get(&self) -> &Request {
        &self.0
    }

    /// The same request with its body in memory of its own: one as it came is a piece of a larger buffer, which would be
    /// kept with it.
    #[must_use]
    pub(crate) fn detached(&self) -> Self {
        Self(self.0.detached())
    }

    /// The same request with another body of the same content: how the store puts a body back that it keeps apart. Only
    /// `store` may call this; a test reads `src/` and holds it.
    #[must_use]
    pub(crate) fn with_body(mut self, body: Bytes) -> Self {
        self.0.body = body;
        self
    }
}

/// Reads back what was scrubbed when it was stored.
pub(super) fn from_store<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scrubbed, D::Error> {
    Request::deserialize(deserializer).map(Scrubbed)
}

impl std::ops::Deref for Scrubbed {
    type Target = Request;
    fn deref(&self) -> &Request {
        &self.0
    }
}

// === impl ByteLog ===

impl ByteLog {
    /// A body that arrived in one piece.
    #[must_use]
    pub fn whole(bytes: impl Into<Bytes>, at: Duration) -> Self {
        let bytes = bytes.into();
        let pieces = if bytes.is_empty() { Vec::new() } else { vec![Piece::new(bytes.len(), at)] };
        Self { bytes, pieces }
    }

    /// A body from its pieces.
    #[must_use]
    pub fn from_pieces<B: AsRef<[u8]>>(pieces: impl IntoIterator<Item = (Duration, B)>) -> Self {
        let mut bytes = Vec::new();
        let pieces = pieces.into_iter().filter(|(_, piece)| !piece.as_ref().is_empty()).map(|(at, piece)| {
            bytes.extend_from_slice(piece.as_ref());
            Piece::new(piece.as_ref().len(), at)
        });
        let pieces = pieces.collect();
        Self { bytes: bytes.into(), pieces }
    }

    /// The pieces with their bytes. Lengths that do not add up (a damaged log) end the list early, never panic.
    pub fn iter(&self) -> impl Iterator<Item = (Duration, Bytes)> + '_ {
        let mut rest = self.bytes.clone();
        self.pieces.iter().map(move |piece| {
            let len = usize::try_from(piece.len).unwrap_or(usize::MAX).min(rest.len());
            (Duration::from_micros(piece.at), rest.split_to(len))
        })
    }

    /// The time at which the first piece arrived.
    #[must_use]
    pub fn begins(&self) -> Duration {
        Duration::from_micros(self.pieces.first().map_or(0, |piece| piece.at))
    }

    /// The time at which the last piece arrived.
    #[must_use]
    pub fn ended(&self) -> Duration {
        Duration::from_micros(self.pieces.last().map_or(0, |piece| piece.at))
    }
}

impl Piece {
    /// A piece of `len` bytes that arrived `at` after the request was sent.
    #[must_use]
    pub fn new(len: usize, at: Duration) -> Self {
        Self { len: len as u64, at: u64::try_from(at.as_micros()).unwrap_or(u64::MAX) }
    }
}

/// The text, or `base64:` and the bytes where they are no text.
#[derive(JsonSchema)]
#[schemars(with = "String", rename = "Bytes")]
pub(crate) enum BytesText {}

/// Bytes in JSON: text as it is, all else as `base64:…`. In binary formats: bytes.
pub(crate) mod text_or_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    const MARK: &str = "base64:";

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return bytes.serialize(serializer);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.starts_with(MARK) => serializer.serialize_str(text),
            _ => serializer.serialize_str(&format!("{MARK}{}", STANDARD.encode(bytes))),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        if !deserializer.is_human_readable() {
            return Bytes::deserialize(deserializer);
        }
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix(MARK) {
            Some(encoded) => STANDARD.decode(encoded).map(Bytes::from).map_err(de::Error::custom),
            None => Ok(text.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_json_and_a_binary_format() {
        for body in [&b"plain"[..], b"", b"base64:AAAA", &[0xff, 0, 1]] {
            let request = Request { body: Bytes::copy_from_slice(body), ..Request::default() };
            let json = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<Request>(&json).unwrap(), request);
            let binary = postcard::to_stdvec(&request).unwrap();
            assert_eq!(postcard::from_bytes::<Request>(&binary).unwrap(), request);
        }
    }

    #[test]
    fn a_log_gives_its_pieces_back_and_a_damaged_one_does_not_panic() {
        let log = ByteLog::from_pieces([(Duration::from_millis(1), "ab"), (Duration::from_millis(3), "c")]);
        let pieces: Vec<_> = log.iter().map(|(at, piece)| (at.as_millis(), piece)).collect();
        assert_eq!(pieces, [(1, Bytes::from("ab")), (3, Bytes::from("c"))]);
        let damaged = ByteLog {
            bytes: "ab".into(),
            pieces: vec![Piece { len: 9, at: 0 }, Piece { len: u64::MAX, at: 0 }],
        };
        assert_eq!(damaged.iter().map(|(_, piece)| piece.len()).sum::<usize>(), 2);
    }
}
