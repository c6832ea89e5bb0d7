//! Bodies of requests as they come: not slower than they may, and to their end even where nobody wants them.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::Instant;

/// Bytes that have to come in the time that [`Pace`] grants.
const STEP: usize = 64 << 10;
/// Limit of bytes that are read of a body that nobody wants.
const UNWANTED: usize = 1 << 30;

/// The body of a request. One that is dropped before its end is read to its end all the same, because a client that is
/// still sending does not read the answer, and loses it when the connection closes.
pub(super) struct Upload {
    body: Option<Incoming>,
    /// Time for each step of the rest; `None` where the client waits to be asked for the body.
    pace: Option<Duration>,
}

/// The reason why there is no more of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// A body that came too slowly.
    Slow,
    /// The connection ended before it did.
    Cut,
}

/// Takes care that a body comes fast enough: each 64 KiB of it, and the rest, in a time of its own.
pub(super) struct Pace {
    each: Duration,
    until: Instant,
    missing: usize,
}

impl Upload {
    pub(super) fn new(body: Incoming, pace: Option<Duration>) -> Self {
        Self { body: Some(body), pace }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        if let Poll::Ready(None | Some(Err(_))) = &polled {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let rest = self.body.take().filter(|body| !body.is_end_stream());
        if let (Some(body), Some(each), Ok(runtime)) =
            (rest, self.pace, tokio::runtime::Handle::try_current())
        {
            runtime.spawn(drain(body, each));
        }
    }
}

/// Reads what nobody wants.
async fn drain(mut body: Incoming, each: Duration) {
    let (mut pace, mut left) = (Pace::new(each), UNWANTED);
    while let Ok(Some(piece)) = pace.piece(&mut body).await
        && left > 0
    {
        left = left.saturating_sub(piece.len());
    }
}

impl Pace {
    pub(super) fn new(each: Duration) -> Self {
        Self { each, until: Instant::now() + each, missing: STEP }
    }

    /// The next piece of a body; none at its end. It may be empty.
    pub(super) async fn piece<B>(&mut self, body: &mut B) -> Result<Option<Bytes>, Broken>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let frame = tokio::time::timeout_at(self.until, body.frame()).await.map_err(|_| Broken::Slow)?;
        let Some(frame) = frame else { return Ok(None) };
        let piece = frame.map_err(|_| Broken::Cut)?.into_data().unwrap_or_default();
        self.missing = self.missing.saturating_sub(piece.len());
        if self.missing == 0 {
            self.again();
        }
        Ok(Some(piece))
    }

    /// Begins anew: for a while the body was not read.
    pub(super) fn again(&mut self) {
        *self = Self::new(self.each);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::StreamBody;

    use super::*;

    const EACH: Duration = Duration::from_secs(30);

    /// The end of a body of which a piece of `len` bytes comes every `seconds`, `pieces` times.
    async fn ended(pieces: usize, len: usize, seconds: u64) -> Result<usize, Broken> {
        let frames = stream::unfold(0, |at| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let frame = Frame::data(Bytes::from(vec![0; len]));
            (at < pieces).then_some((Ok::<_, Infallible>(frame), at + 1))
        });
        let (mut body, mut pace, mut whole) = (Box::pin(StreamBody::new(frames)), Pace::new(EACH), 0);
        while let Some(piece) = pace.piece(&mut body).await? {
            whole += piece.len();
        }
        Ok(whole)
    }

    #[tokio::test(start_paused = true)]
    async fn each_step_has_its_time_and_so_has_the_rest() {
        // As slow as may be, for an hour.
        assert_eq!(ended(120, STEP, 29).await, Ok(120 * STEP));
        assert_eq!(ended(240, STEP / 2, 14).await, Ok(120 * STEP));
        assert_eq!(ended(1, 10, 14).await, Ok(10));
        // A byte now and then is not enough.
        assert_eq!(ended(10_000, 1, 1).await, Err(Broken::Slow));
        assert_eq!(ended(120, STEP - 1, 29).await, Err(Broken::Slow));
        // The last step, too.
        assert_eq!(ended(1, STEP, 31).await, Err(Broken::Slow));
        assert_eq!(ended(1, STEP * 9, 29).await, Ok(STEP * 9));
    }
}
