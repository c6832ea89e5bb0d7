//! A response body on its way in.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body;
use hyper::body::Incoming;

use super::UpstreamError;
use super::error::root_cause;
use super::places::CallPlace;

/// A body that arrives piece by piece. Dropping it closes the connection to the upstream.
#[derive(Debug)]
pub struct Arriving {
    body: Incoming,
    /// Kept until the end of the body: then its connection is free for another call.
    place: Option<CallPlace>,
}

impl Arriving {
    pub(super) fn new(body: Incoming, place: CallPlace) -> Self {
        Self { body, place: Some(place) }
    }

    /// The next piece, none at the end. Trailers are passed over.
    ///
    /// # Errors
    /// [`UpstreamError::Cut`] when the upstream broke off.
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            match frame.map(|frame| frame.map(http_body::Frame::into_data)) {
                None => {
                    self.place = None;
                    return Poll::Ready(None);
                }
                Some(Ok(Ok(data))) => return Poll::Ready(Some(Ok(data))),
                Some(Ok(Err(_trailers))) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(UpstreamError::Cut(root_cause(&error))))),
            }
        }
    }

    /// The next piece, none at the end.
    ///
    /// # Errors
    /// [`UpstreamError::Cut`] when the upstream broke off.
    pub async fn piece(&mut self) -> Option<Result<Bytes, UpstreamError>> {
        std::future::poll_fn(|cx| self.poll_piece(cx)).await
    }

    /// The number of bytes that the upstream declared, where it did.
    #[must_use]
    pub fn declared_len(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }
}
