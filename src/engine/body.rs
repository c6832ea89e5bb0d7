//! Bodies of answers: at once, at a pace, or as they arrive from an upstream while being kept beside.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::tee::Tee;
use crate::model::{ByteLog, Latency};
use crate::upstream::UpstreamError;

/// The body of an [`Answer`](super::Answer).
pub enum AnswerBody {
    /// All of it, now.
    Whole(Bytes),
    /// Piece by piece at the recorded offsets.
    Paced(Paced),
    /// As it arrives from the upstream.
    Tee(Box<Tee>),
}

/// Pieces that are sent when they are due.
pub struct Paced {
    pieces: std::vec::IntoIter<(Duration, Bytes)>,
    waiting: Option<(Pin<Box<Sleep>>, Bytes)>,
    started: Instant,
    left: u64,
    /// Run when the last piece was handed over or the client left.
    ended: Option<Box<dyn FnOnce() + Send>>,
}

impl AnswerBody {
    /// A body that retake holds, sent at the pace that `latency` says; `ended` runs when it was sent.
    pub(super) fn held(
        bytes: Bytes,
        log: &ByteLog,
        latency: Latency,
        ended: impl FnOnce() + Send + 'static,
    ) -> Self {
        if latency == Latency::None {
            ended();
            return Self::Whole(bytes);
        }
        let pieces: Vec<_> = if bytes.len() == log.bytes.len() {
            let mut rest = bytes;
            let pieces = log.pieces.iter();
            pieces
                .map(|p| {
                    (due(latency, p.at), rest.split_to(usize::try_from(p.len).unwrap_or(0).min(rest.len())))
                })
                .collect()
        } else {
            // A rewritten body is sent in one piece when its original was complete.
            vec![(latency.due(log.ended()), bytes)]
        };
        let left = pieces.iter().map(|(_, piece)| piece.len() as u64).sum();
        let ended: Box<dyn FnOnce() + Send> = Box::new(ended);
        Self::Paced(Paced {
            pieces: pieces.into_iter(),
            waiting: None,
            started: Instant::now(),
            left,
            ended: Some(ended),
        })
    }
}

fn due(latency: Latency, micros: u64) -> Duration {
    latency.due(Duration::from_micros(micros))
}

impl Paced {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.waiting.is_none() {
            let Some((due, piece)) = self.pieces.next() else {
                self.end();
                return Poll::Ready(None);
            };
            let deadline = tokio::time::Instant::from_std(self.started + due);
            self.waiting = Some((Box::pin(tokio::time::sleep_until(deadline)), piece));
        }
        let Some((sleep, _)) = &mut self.waiting else { return Poll::Ready(None) };
        ready!(sleep.as_mut().poll(cx));
        let piece = self.waiting.take().map(|(_, piece)| piece);
        self.left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.left == 0 {
            // A client may stop reading after the last byte and never ask for the end.
            self.end();
        }
        Poll::Ready(piece)
    }

    fn end(&mut self) {
        if let Some(ended) = self.ended.take() {
            ended();
        }
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.end();
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let piece = match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => None,
            Self::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Self::Paced(paced) => ready!(paced.poll(cx)).map(Ok),
            Self::Tee(tee) => ready!(tee.poll_piece(cx)),
        };
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Paced(paced) => SizeHint::with_exact(paced.left),
            Self::Tee(tee) => tee.declared_len().map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}
