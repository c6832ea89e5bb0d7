//! Content encodings (RFC 9110, section 8.4): an answer was recorded in one that its first client took, and is replayed to
//! clients that may take another or none.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body::Frame;

use super::respond;
use crate::engine::{Answer, AnswerBody, Engine, Hold};
use crate::model::Headers;
use crate::upstream::UpstreamError;
use crate::wire::content_coding;

/// Headers that are not true of a body without its encoding; the `etag` is told separately.
const OF_ENCODED: [&str; 6] =
    ["content-encoding", "content-length", "content-md5", "digest", "content-digest", "repr-digest"];

/// The encodings that a client takes, in its own words.
pub(super) struct Accepts(Vec<HeaderValue>);

/// A decoded body, and the share of the memory that it takes.
struct Plain {
    bytes: Vec<u8>,
    _held: Hold,
}

impl AsRef<[u8]> for Plain {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Accepts {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get_all(header::ACCEPT_ENCODING).iter().cloned().collect())
    }

    /// True if it takes a body with this `content-encoding`. A client that says nothing takes none: it may be too
    /// simple to know of any.
    fn takes(&self, encoding: &str) -> bool {
        let lines = self.0.iter().filter_map(|line| line.to_str().ok());
        let accepts = lines.collect::<Vec<_>>().join(",");
        encoding.split(',').map(plain_name).all(|coding| {
            if matches!(coding.as_str(), "" | "identity") {
                return true;
            }
            let (mut named, mut any) = (None, false);
            for entry in accepts.split(',') {
                let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
                match plain_name(name) {
                    name if name == coding => named = Some(wanted(weight)),
                    name if name == "*" => any = wanted(weight),
                    _ => {}
                }
            }
            named.unwrap_or(any)
        })
    }
}

/// The name of a coding; `x-gzip` is `gzip`.
fn plain_name(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    name.strip_prefix("x-").map_or_else(|| name.clone(), str::to_owned)
}

/// True if a weight (`q=0.5`) is above zero.
fn wanted(weight: &str) -> bool {
    let value = weight.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.trim_start().strip_prefix('='));
    value.is_none_or(|value| value.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0))
}

/// The response that carries an answer, in an encoding that its client takes. What arrives from an upstream stays as that
/// sent it: it was told what the client takes.
pub(super) async fn suited(engine: &Engine, answer: Answer, method: &Method, accepts: &Accepts) -> Response {
    let Some(encoding) = answer.headers.get(header::CONTENT_ENCODING) else {
        return respond::response(answer);
    };
    let encoding = encoding.to_str().unwrap_or_default().to_owned();
    // A part of an encoded body cannot be decoded, and where there is no body there is nothing to decode.
    let whole = *method != Method::HEAD && !matches!(answer.status, 204 | 206 | 304);
    if accepts.takes(&encoding) || !whole {
        return respond::response(answer);
    }
    let Answer { status, mut headers, body } = answer;
    match body {
        AnswerBody::Whole(bytes) => {
            let plain = decoded(engine.clone(), bytes.clone(), encoding).await;
            let body = AnswerBody::Whole(plain.clone().unwrap_or(bytes));
            if plain.is_some() {
                undone(&mut headers);
            }
            respond::response(Answer { status, headers, body })
        }
        body @ AnswerBody::Paced(_) => {
            undone(&mut headers);
            let mut response =
                respond::response(Answer { status, headers, body: AnswerBody::Whole(Bytes::new()) });
            let gathered =
                Gathered { body, bytes: BytesMut::new(), decoding: None, engine: engine.clone(), encoding };
            *response.body_mut() = Body::new(gathered);
            response
        }
        body => respond::response(Answer { status, headers, body }),
    }
}

/// A body without its encoding; none where it cannot be decoded, or there is no memory for that.
async fn decoded(engine: Engine, bytes: Bytes, encoding: String) -> Option<Bytes> {
    let headers = Headers::from_iter([("content-encoding", encoding)]);
    let mut held = engine.hold();
    if !held.cover(content_coding::decoded_len(&headers, bytes.len())) {
        return None;
    }
    let decode = move || {
        let plain = content_coding::decoded(&headers, &bytes)?.into_owned();
        held.shrink(plain.len());
        Some(Bytes::from_owner(Plain { bytes: plain, _held: held }))
    };
    tokio::task::spawn_blocking(decode).await.ok().flatten()
}

/// A body that is sent piece by piece, decoded when all of it is there: none of its pieces can be decoded alone.
struct Gathered {
    body: AnswerBody,
    bytes: BytesMut,
    decoding: Option<BoxFuture<'static, Option<Bytes>>>,
    engine: Engine,
    encoding: String,
}

impl http_body::Body for Gathered {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let this = &mut *self;
        while this.decoding.is_none() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(frame) => this.bytes.extend_from_slice(&frame?.into_data().unwrap_or_default()),
                None if this.bytes.is_empty() => return Poll::Ready(None),
                None => {
                    let bytes = std::mem::take(&mut this.bytes).freeze();
                    let encoding = std::mem::take(&mut this.encoding);
                    this.decoding = Some(Box::pin(decoded(this.engine.clone(), bytes, encoding)));
                }
            }
        }
        let Some(decoding) = &mut this.decoding else { return Poll::Ready(None) };
        let plain = ready!(decoding.as_mut().poll(cx));
        this.decoding = None;
        let broken = || UpstreamError::Cut("it is not in the encoding that it names".into());
        Poll::Ready(Some(plain.map(Frame::data).ok_or_else(broken)))
    }
}

/// The headers of an answer whose body was decoded.
fn undone(headers: &mut HeaderMap) {
    for name in OF_ENCODED {
        headers.remove(name);
    }
    // It means the same, but its bytes are others (RFC 9110, section 8.8.1).
    if let Some(tag) = headers.get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"))
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        headers.insert(header::ETAG, weak);
    }
    let varies = headers.get_all(header::VARY).iter().any(|line| {
        line.to_str()
            .is_ok_and(|line| line.split(',').any(|name| name.trim().eq_ignore_ascii_case("accept-encoding")))
    });
    if !varies {
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_takes() {
        for (accepts, encoding, takes) in [
            (None, "gzip", false),
            (None, "identity", true),
            (Some(""), "gzip", false),
            (Some("gzip"), "gzip", true),
            (Some("GZIP, br"), "x-gzip", true),
            (Some("x-gzip"), "gzip", true),
            (Some("br;q=1.0, gzip ; Q = 0.5"), "gzip", true),
            (Some("gzip;q=0"), "gzip", false),
            (Some("gzip;q=0.000, *"), "gzip", false),
            (Some("gzip;q=nonsense"), "gzip", false),
            (Some("*"), "zstd", true),
            (Some("*;q=0"), "zstd", false),
            (Some("identity;q=0"), "gzip", false),
            (Some("identity"), "gzip", false),
            (Some("gzip, br"), "gzip, br", true),
            (Some("gzip"), "gzip, br", false),
            (Some("gzipped"), "gzip", false),
        ] {
            assert_eq!(
                Accepts(accepts.map(HeaderValue::from_static).into_iter().collect()).takes(encoding),
                takes,
                "{accepts:?} {encoding}"
            );
        }
    }

    #[test]
    fn headers_of_a_decoded_body_are_true_of_it() {
        let pairs = [
            ("etag", "\"a\""),
            ("content-length", "3"),
            ("content-md5", "x"),
            ("vary", "origin"),
            ("x", "y"),
        ];
        let mut headers: HeaderMap = pairs
            .into_iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        headers.insert("content-encoding", HeaderValue::from_static("gzip"));
        undone(&mut headers);
        undone(&mut headers);
        let mut left: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        left.sort();
        assert_eq!(left, ["etag: W/\"a\"", "vary: accept-encoding", "vary: origin", "x: y"]);
    }
}
