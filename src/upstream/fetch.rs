//! Fetching the file behind a link in an answer, so that a recording outlives the link.

use bytes::{Bytes, BytesMut};
use http::Uri;

use super::connect::Reach;
use super::reference::resolved;
use super::{Base, UpstreamClient, UpstreamError};
use crate::model::{Headers, Request};

/// The file behind a link.
#[derive(Clone, Debug)]
pub struct FetchedMedia {
    /// The content type it was sent with.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

impl UpstreamClient {
    /// The largest file that is fetched: 256 MiB.
    pub const FETCH_LIMIT: usize = 256 << 20;
    const REDIRECTS: usize = 5;

    /// Fetches a link that an answer of `upstream` held, without any credential, following up to five redirects.
    /// Links lead to public addresses or to the upstream's own origin: an answer must not make the proxy read from the
    /// network around it. Each redirect is judged by itself. `room` says whether there is memory for so
    /// many bytes of it.
    ///
    /// # Errors
    /// When the link must not be followed, does not answer with a success, or is larger than [`Self::FETCH_LIMIT`].
    pub async fn fetch(
        &self,
        url: &str,
        upstream: &Base,
        room: impl FnMut(usize) -> bool,
    ) -> Result<FetchedMedia, UpstreamError> {
        let refused = |reason: String| UpstreamError::Refused { url: url.into(), reason };
        let mut uri: Uri = url.parse().map_err(|_| refused("it cannot be read as a URL".into()))?;
        for _ in 0..=Self::REDIRECTS {
            if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
                return Err(refused("only http and https links are followed".into()));
            }
            let reach = if upstream.is_origin_of(&uri) { Reach::Anywhere } else { Reach::Public };
            let request = Request { method: "GET".into(), headers: Headers::default(), ..Request::default() };
            let answer = self.send(uri.clone(), &request, url, reach).await?;
            if (300..400).contains(&answer.status) {
                let location = answer
                    .headers
                    .text("location")
                    .ok_or_else(|| refused("a redirect without a location".into()))?;
                uri = resolved(&uri, location).ok_or_else(|| refused("a redirect to no URL".into()))?;
                continue;
            }
            if !(200..300).contains(&answer.status) {
                return Err(refused(format!("the answer was {}", answer.status)));
            }
            let content_type =
                answer.headers.text("content-type").unwrap_or("application/octet-stream").to_owned();
            return Ok(FetchedMedia { content_type, body: collect(answer.body, url, room).await? });
        }
        Err(refused("too many redirects".into()))
    }
}

async fn collect(
    mut body: super::Arriving,
    url: &str,
    mut room: impl FnMut(usize) -> bool,
) -> Result<Bytes, UpstreamError> {
    let refused = |reason: &str| UpstreamError::Refused { url: url.into(), reason: reason.into() };
    let mut whole = BytesMut::new();
    while let Some(piece) = body.piece().await {
        let piece = piece?;
        let len = whole.len() + piece.len();
        if len > UpstreamClient::FETCH_LIMIT {
            return Err(refused("it is larger than 256 MiB"));
        }
        if !room(len) {
            return Err(refused("there is no memory for it beside the bodies of other calls"));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}
