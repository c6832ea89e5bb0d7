//! Serving media: to anyone on this machine, because links in answers must work with a bare GET.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::shared::ProxyState;
use crate::engine::Media;

pub(super) async fn media(
    State(shared): State<Arc<ProxyState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match shared.engine.media(&id).await {
        Ok(Some(media)) => serve(media, &headers),
        Ok(None) => {
            plain(StatusCode::NOT_FOUND, "there is no media of this id; its recording may have been removed")
        }
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// The media that a GET asks for whose path was cut free of a scope.
pub(super) fn media_id(request: &Request) -> Option<String> {
    let id = request.uri().path().strip_prefix("/__retake/media/")?;
    (request.method() == Method::GET).then(|| id.to_owned())
}

/// Recorded bytes are hostile: no sniffing, no scripts, whatever the type says.
fn serve(media: Media, headers: &HeaderMap) -> Response {
    let whole = media.body.len();
    let (status, body, range) =
        match headers.get(header::RANGE).and_then(|v| v.to_str().ok()).map(|v| range(v, whole)) {
            Some(Ok(Some((from, to)))) => (
                StatusCode::PARTIAL_CONTENT,
                media.body.slice(from..to),
                Some(format!("bytes {from}-{}/{whole}", to - 1)),
            ),
            Some(Err(())) => {
                (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new(), Some(format!("bytes */{whole}")))
            }
            Some(Ok(None)) | None => (StatusCode::OK, media.body, None),
        };
    let mut response = plain(status, "");
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    let octets = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&media.content_type).unwrap_or(octets));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(range) = range.and_then(|range| HeaderValue::from_str(&range).ok()) {
        headers.insert(header::CONTENT_RANGE, range);
    }
    response
}

fn plain(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    response
}

/// The single range of a Range header (RFC 9110, section 14.2) as a half-open interval. `None` for all of it: several
/// ranges and other units may be ignored.
fn range(value: &str, len: usize) -> Result<Option<(usize, usize)>, ()> {
    let Some((from, to)) =
        value.strip_prefix("bytes=").filter(|v| !v.contains(',')).and_then(|v| v.split_once('-'))
    else {
        return Ok(None);
    };
    let (from, to) = match (from.trim().parse::<usize>(), to.trim().parse::<usize>()) {
        (Ok(from), Ok(to)) => (from, to.saturating_add(1).min(len)),
        (Ok(from), Err(_)) if to.trim().is_empty() => (from, len),
        (Err(_), Ok(last)) if from.trim().is_empty() => (len.saturating_sub(last), len),
        _ => return Ok(None),
    };
    if from < to { Ok(Some((from, to))) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (value, expected) in [
            ("bytes=0-3", Ok(Some((0, 4)))),
            ("bytes=8-", Ok(Some((8, 10)))),
            ("bytes=-3", Ok(Some((7, 10)))),
            ("bytes=2-99", Ok(Some((2, 10)))),
            ("bytes=10-", Err(())),
            ("bytes=5-2", Err(())),
            ("bytes=0-1,3-4", Ok(None)),
            ("lines=1-2", Ok(None)),
            ("bytes=x-y", Ok(None)),
        ] {
            assert_eq!(range(value, 10), expected, "{value}");
        }
    }
}
